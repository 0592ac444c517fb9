#!/usr/bin/env bash
# What the job scripts start, with stand-ins for srun, scontrol, apptainer and mosaic that write down how they were
# called. Slurm itself is not needed.
#   slurm.sh SOURCE_DIR
set -euo pipefail
scripts=$1/scripts/slurm
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
mkdir bin
for name in srun scontrol apptainer mosaic; do
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

unset IMAGE BIND MPI_TYPE STAGE SLURM_CPUS_PER_TASK SLURM_JOB_ID SLURM_ARRAY_TASK_ID
train="train c.yaml --out run"
expect 0 "srun --mpi=pmix --kill-on-bad-exit=1 mosaic $train --set train.epochs=3" \
  bash "$scripts/train.sbatch" c.yaml run --set train.epochs=3
expect 0 "srun --mpi=pmi2 --kill-on-bad-exit=1 apptainer exec --bind $scratch,/data m.sif mosaic $train" \
  env MPI_TYPE=pmi2 IMAGE=m.sif BIND=/data bash "$scripts/train.sbatch" c.yaml run
expect 0 "srun --mpi=pmix --kill-on-bad-exit=1 --cpus-per-task=16 mosaic $train --stage /local/me" \
  env SLURM_CPUS_PER_TASK=16 STAGE=/local/me bash "$scripts/train.sbatch" c.yaml run
mkdir run && touch run/config.yaml
expect 75 "srun --mpi=pmix --kill-on-bad-exit=1 mosaic $train --resume; scontrol requeue 42" \
  env CODE=75 SLURM_JOB_ID=42 bash "$scripts/train.sbatch" c.yaml run
expect 3 "srun --mpi=pmix --kill-on-bad-exit=1 mosaic $train --resume" \
  env CODE=3 SLURM_JOB_ID=42 bash "$scripts/train.sbatch" c.yaml run
expect 0 "mosaic sweep s.yaml --out out" env SLURM_ARRAY_TASK_ID=2 bash "$scripts/sweep.sbatch" s.yaml out
expect 0 "mosaic sweep s.yaml --out out --collect" bash "$scripts/sweep.sbatch" s.yaml out
printf 'a/first.SAFE\nsecond/\n' >scenes.txt
expect 0 "mosaic predict run second/ --out maps/second --stride 30" \
  env SLURM_ARRAY_TASK_ID=2 bash "$scripts/predict.sbatch" run scenes.txt maps --stride 30
expect 2 "" env SLURM_ARRAY_TASK_ID=3 bash "$scripts/predict.sbatch" run scenes.txt maps
