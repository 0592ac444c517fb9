#!/usr/bin/env bash
# Two stages: every iai-simclr run of a study, fine-tuned on its labelled patches and scored. Goes on where it was.
#
#   bench/study_finetune.sh STUDY [MOSAIC [PROBE OPTION...]]
set -eu
study=$1
mosaic=${2:-mosaic}
shift $(($# < 2 ? $# : 2))
found=0
for run in "$study"/runs/iai-simclr*; do
    [ -e "$run/model/model.safetensors" ] || continue
    found=$((found + 1))
    out=$study/finetuned/${run##*/}
    [ -e "$out/eval/test/metrics.json" ] && continue
    mkdir -p "$study/finetuned"
    again=()
    [ -e "$out" ] && again=(--resume)
    "$mosaic" probe "$run" --kind finetune --split test --out "$out" "${again[@]}" "$@"
done
echo "$found runs of iai-simclr fine-tuned under $study/finetuned"
[ "$found" -gt 0 ]
