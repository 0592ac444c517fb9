#!/usr/bin/env bash
# shellcheck disable=SC2154 # scratch is set by ranks_support.sh
# A real slurmctld and slurmd in a temporary folder, one node with two tasks: the job script trains on two ranks what
# one process trains, and a job that Slurm signals writes a checkpoint and is put back in the queue.
#   slurm_real.sh NAME MOSAIC SOURCE_DIR
set -euo pipefail
name=$1 mosaic=$2 scripts=$3/scripts/slurm
. "$(dirname "$0")/ranks_support.sh"
for one in slurmctld slurmd srun sbatch; do
  command -v $one >/dev/null || skip "no $one (Debian: slurmctld, slurmd, slurm-client)"
done
[ "$(nproc)" -ge 2 ] || skip "two tasks need two processors"
case $name in openmpi) MPI_TYPE=pmix ;; mpich) MPI_TYPE=pmi2 ;; esac
begin "$name" 100
export MPI_TYPE

# ---- the daemons ----

host=$(hostname -s)
ports=$(/usr/bin/python3 -c 'import socket
held = [socket.socket() for _ in range(2)]
for one in held: one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in held))')
mkdir state spool
cat >slurm.conf <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/none
CredType=cred/none
SlurmctldPort=${ports% *}
SlurmdPort=${ports#* }
StateSaveLocation=$PWD/state
SlurmdSpoolDir=$PWD/spool
SlurmctldPidFile=$PWD/slurmctld.pid
SlurmdPidFile=$PWD/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES State=UP
CONF
export SLURM_CONF=$PWD/slurm.conf
slurmctld -D >slurmctld.out 2>&1 &
daemons=$!
slurmd -D >slurmd.out 2>&1 &
daemons="$daemons $!"
end() {
  scancel --state=RUNNING --state=PENDING --user="$(id -un)" 2>/dev/null || true
  sleep 1
  # shellcheck disable=SC2086 # two numbers
  kill $daemons 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$scratch"
}
trap end EXIT

idle() { sinfo -h -o %T | grep -q idle; }
until_so 30 idle || { cat slurmctld.out slurmd.out; skip "Slurm's daemons do not start here"; }
srun --mpi=list 2>&1 | grep -qw "$MPI_TYPE" || skip "this Slurm has no plugin $MPI_TYPE"

# ---- a training ----

mosaic=$(realpath "$mosaic")
export PATH="${mosaic%/*}:$PATH"
mosaic -q data synth data --patches 96 --size 24 --classes 4 --seed 3 --missing-s1 0.1 --no-progress
cat >config.yaml <<'CONFIG'
method: mosaic-1
data: { root: data }
model: { encoder: resnet10-narrow, hidden: 32, latent: 16 }
train: { epochs: 2, batch: 16, log_every: 1, seed: 5, workers: 1, checkpoint_every: 1, freeze_norms: true, precision: fp32 }
CONFIG
job_says() { scontrol show job "$1" | grep -qE "$2"; }
# submit RUN OPTIONS...: the job's number.
submit() {
  sbatch --parsable --nodes 1 --ntasks 2 --cpus-per-task 1 --output "$1.log" "$scripts/train.sbatch" config.yaml "$@" --threads 1
}

mosaic -q train config.yaml --out one --threads 1 >/dev/null
job=$(submit two)
until_so 100 job_says "$job" "JobState=(COMPLETED|FAILED|CANCELLED|NODE_FAIL)" || { cat two.log; fail "the job does not end"; }
job_says "$job" "JobState=COMPLETED" || { cat two.log; scontrol show job "$job"; fail "the job failed"; }
grep -q '"ranks": "2 ranks on 1 host' two/provenance.json || { cat two.log; fail "not two ranks"; }
/usr/bin/python3 - one two <<'PYTHON'
import json, sys
one, two = ([json.loads(line)["loss"] for line in open(f"{run}/metrics.jsonl") if '"step"' in line and '"loss"' in line]
            for run in sys.argv[1:])
assert len(one) == len(two) > 0 and all(abs(a - b) <= 1e-5 * abs(a) for a, b in zip(one, two)), (one, two)
PYTHON

# The signal of a time limit: a checkpoint, and the job waits in the queue for its next turn.
job=$(submit stopped --set train.epochs=4000)
until_so 60 test -e stopped/checkpoints/last || { cat stopped.log; fail "no checkpoint"; }
scancel --batch --signal=USR1 "$job" # to the script alone, as before a time limit
until_so 60 job_says "$job" "Restarts=1" || { cat stopped.log; scontrol show job "$job"; fail "the job is not put back in the queue"; }
[ "$(grep -c "stopped by signal" stopped.log)" = 1 ] || { cat stopped.log; fail "not one rank tells of the stop"; }
# The job goes on in its next turn (Slurm lets up to two minutes pass before it); ended for good, it writes a checkpoint.
scontrol update JobId="$job" StartTime=now 2>/dev/null || true
until_so 200 job_says "$job" "JobState=RUNNING" || { cat stopped.log; scontrol show job "$job"; fail "the job does not go on"; }
touch requeued
newer() { [ -n "$(find -L stopped/checkpoints -newer requeued -print -quit)" ]; }
until_so 100 newer || { cat stopped.log; fail "no checkpoint after the job was put back"; }
touch requeued
scancel "$job"
until_so 100 job_says "$job" "JobState=CANCELLED" || { scontrol show job "$job"; fail "the job is not cancelled"; }
until_so 100 newer || { cat stopped.log; fail "a cancelled job writes no checkpoint"; }
stopped_twice() { [ "$(grep -c "stopped by signal" stopped.log)" = 2 ]; }
until_so 60 stopped_twice || { cat stopped.log; fail "a cancelled job does not tell of its stop"; }
mosaic -q train config.yaml --out stopped --resume --threads 1 --set train.epochs=4000 --max-steps 1 >/dev/null ||
  fail "no checkpoint to go on from"
