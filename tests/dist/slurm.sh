#!/usr/bin/env bash
# What the job scripts start, with stand-ins for srun, mpirun, scontrol, apptainer and mosaic that write down how they were
# called. Slurm itself is not needed.
#   slurm.sh SOURCE_DIR
set -euo pipefail
scripts=$1/scripts/slurm
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
mkdir bin
for name in srun mpirun scontrol apptainer mosaic; do
  printf '#!/bin/sh\necho "%s $*" >>"%s/calls"\nexit "${CODE:-0}"\n' $name "$scratch" >bin/$name
done
sed -i 's/^exit .*/exit 0/' bin/scontrol
chmod +x bin/*
PATH=$scratch/bin:$PATH

# expect CODE CALLS COMMAND...: exit code, and what was called, lines joined by "; ".
expect() {
  local code=$1 calls=$2 got=0
  shift 2
  rm -f calls
  "$@" >out 2>&1 || got=$?
  [ "$got" = "$code" ] || { cat out; echo "FAILED: $*: exit code $got, wanted $code" >&2; exit 1; }
  touch calls
  got=$(paste -sd';' calls | sed 's/;/; /g')
  [ "$got" = "$calls" ] || { printf 'FAILED: %s\n called %s\n wanted %s\n' "$*" "$got" "$calls" >&2; exit 1; }
}

unset IMAGE BIND LAUNCHER MPI_TYPE STAGE SLURM_NTASKS SLURM_CPUS_PER_TASK SLURM_JOB_ID SLURM_ARRAY_TASK_ID
train="train c.yaml --out run"
expect 0 "srun --mpi=pmix --kill-on-bad-exit=1 mosaic $train --set train.epochs=3" \
  bash "$scripts/train.sbatch" c.yaml run --set train.epochs=3
expect 0 "srun --mpi=pmi2 --kill-on-bad-exit=1 apptainer exec --bind $scratch,/data m.sif mosaic $train" \
  env MPI_TYPE=pmi2 IMAGE=m.sif BIND=/data bash "$scripts/train.sbatch" c.yaml run
expect 0 "srun --mpi=pmix --kill-on-bad-exit=1 --cpus-per-task=16 mosaic $train --stage /local/me" \
  env SLURM_CPUS_PER_TASK=16 STAGE=/local/me bash "$scripts/train.sbatch" c.yaml run
expect 0 "srun --mpi=pmix --kill-on-bad-exit=1 apptainer exec --bind $scratch,/local/me,/data m.sif mosaic $train --stage /local/me" \
  env STAGE=/local/me IMAGE=m.sif BIND=/data bash "$scripts/train.sbatch" c.yaml run
expect 2 "" env LAUNCHER=other bash "$scripts/train.sbatch" c.yaml run
mkdir run && touch run/config.yaml
expect 75 "srun --mpi=pmix --kill-on-bad-exit=1 mosaic $train --resume; scontrol requeue 42" \
  env CODE=75 SLURM_JOB_ID=42 bash "$scripts/train.sbatch" c.yaml run
expect 3 "srun --mpi=pmix --kill-on-bad-exit=1 mosaic $train --resume" \
  env CODE=3 SLURM_JOB_ID=42 bash "$scripts/train.sbatch" c.yaml run
expect 75 "mpirun -n 8 --bind-to none mosaic $train --resume; scontrol requeue 42" \
  env CODE=75 LAUNCHER=mpirun SLURM_NTASKS=8 SLURM_JOB_ID=42 bash "$scripts/train.sbatch" c.yaml run
expect 75 "mosaic sweep s.yaml --out out; scontrol requeue 43" \
  env CODE=75 SLURM_JOB_ID=43 SLURM_ARRAY_TASK_ID=2 bash "$scripts/sweep.sbatch" s.yaml out
expect 3 "mosaic sweep s.yaml --out out" \
  env CODE=3 SLURM_JOB_ID=43 SLURM_ARRAY_TASK_ID=2 bash "$scripts/sweep.sbatch" s.yaml out
expect 0 "mosaic sweep s.yaml --out out" env SLURM_ARRAY_TASK_ID=2 bash "$scripts/sweep.sbatch" s.yaml out
expect 0 "mosaic sweep s.yaml --out out --collect" bash "$scripts/sweep.sbatch" s.yaml out
printf 'a/first.SAFE\nsecond/\n' >scenes.txt
expect 0 "mosaic predict run second/ --out maps/second --stride 30" \
  env SLURM_ARRAY_TASK_ID=2 bash "$scripts/predict.sbatch" run scenes.txt maps --stride 30
expect 2 "" env SLURM_ARRAY_TASK_ID=3 bash "$scripts/predict.sbatch" run scenes.txt maps
expect 75 "mosaic predict run second/ --out maps/second; scontrol requeue 44" \
  env CODE=75 SLURM_JOB_ID=44 SLURM_ARRAY_TASK_ID=2 bash "$scripts/predict.sbatch" run scenes.txt maps

# The signal before a time limit comes to the script alone. Stand-ins that work until they get it end with 75.
for name in srun mpirun mosaic; do
  printf '%s\n' '#!/bin/bash' "trap 'exit 75' USR1" "echo $name >>'$scratch/calls'" \
    'for ((i = 0; i < 600; i++)); do sleep 0.05; done' 'exit 1' >bin/$name
done
# signalled SIGNAL CALLS COMMAND...: the script gets the signal as soon as its program is at work; exit code 75.
signalled() {
  local signal=$1 calls=$2 pid i got=0
  shift 2
  rm -f calls
  SLURM_JOB_ID=42 SLURM_ARRAY_TASK_ID=1 "$@" >out 2>&1 &
  pid=$!
  for ((i = 0; i < 600; i++)); do
    [ ! -s calls ] || break
    sleep 0.05
  done
  if [ "$signal" = TERM ]; then # as Slurm does, which tells the ranks too
    kill -TERM $pid
    sleep 0.2
    pkill -USR1 -P $pid
  else
    kill -USR1 $pid
  fi
  wait $pid || got=$?
  got="$got: $(paste -sd';' calls | sed 's/;/; /g')"
  [ "$got" = "75: $calls" ] || { cat out; printf 'FAILED: %s, %s\n got %s\n wanted 75: %s\n' "$signal" "$*" "$got" "$calls" >&2; exit 1; }
}
signalled USR1 "srun; scontrol requeue 42" bash "$scripts/train.sbatch" c.yaml run
signalled USR1 "mpirun; scontrol requeue 42" env LAUNCHER=mpirun bash "$scripts/train.sbatch" c.yaml run
signalled USR1 "mosaic; scontrol requeue 42" bash "$scripts/sweep.sbatch" s.yaml out
signalled USR1 "mosaic; scontrol requeue 42" bash "$scripts/predict.sbatch" run scenes.txt maps
signalled TERM "srun" bash "$scripts/train.sbatch" c.yaml run
signalled TERM "mosaic" bash "$scripts/sweep.sbatch" s.yaml out
