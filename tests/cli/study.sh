#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# The committed study: its plan as it stands, and its two stages on a set so small that it ends.
source "$(dirname "$0")/cli_support.sh"
unset "${!SLURM_@}"
bench=${2:?}/bench

expect 0 "468 runs" "$mosaic" sweep "$bench/study.yaml" --out "$work/study" --dry-run
check "settings, budgets, fractions and seeds" bash -c '"$1" sweep "$2/study.yaml" --out "$3/study" --dry-run 2>/dev/null | grep -c "^new .*epochs.*_f0.05_s2" | grep -qx 39' - "$mosaic" "$bench" "$work"
small=(--seeds 0 --fractions 0.5 --grid 'train.epochs=[1]' --set synth.patches=40 --set synth.size=24 --set synth.classes=3 --set train.batch=4 --set model.hidden=16 --set model.latent=8 --set train.precision=fp32)
expect 0 "complete 1" "$mosaic" sweep "$bench/study.yaml" --out "$work/tiny" --variants iai-simclr "${small[@]}" --threads 1
expect 1 "0 runs" bash "$bench/study_finetune.sh" "$work/none" "$mosaic"
expect 0 "1 runs of iai-simclr fine-tuned" bash "$bench/study_finetune.sh" "$work/tiny" "$mosaic" --epochs 1 --threads 1 --pictures 0
check "both stages are scored" bash -c 'test -s "$1"/finetuned/*/eval/test/metrics.json && test -s "$1"/runs/*/eval/test/metrics.json' - "$work/tiny"
expect 0 "1 runs" bash "$bench/study_finetune.sh" "$work/tiny" "$work/nothing-is-run-again"
finish
