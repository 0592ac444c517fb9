#!/usr/bin/env bash
# shellcheck disable=SC2154 # scratch is set by ranks_support.sh
# A program with MPI of its own gives its communicator to commands of the C API.
#   host_commands.sh NAME MOSAIC PROGRAM
set -euo pipefail
name=$1 mosaic=$2 program=$3
. "$(dirname "$0")/ranks_support.sh"
begin "$name" 120

"$mosaic" -q data synth data --patches 60 --size 24 --classes 4 --seed 3 --no-progress
cat >config.yaml <<END
data: {root: $scratch/data}
model: {encoder: resnet10-narrow}
method: mosaic-1
train: {epochs: 1, batch: 8, patience: 0, precision: fp32, workers: 1}
END
ranks 3 "$program" "$scratch" "$mosaic" || fail "commands of a program with MPI"
[ -s run/model/model.safetensors ] || fail "no model was trained"
grep -q '2 ranks on 1 host' run/train.log run/provenance.json || { cat run/train.log; fail "the run knows nothing of two ranks"; }
