#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# Every fusion from configuration to scores, with patches that lack a modality: trained, resumed bit for bit, evaluated.
source "$(dirname "$0")/cli_support.sh"

check "a data set" "$mosaic" data synth "$work/data" --patches 32 --size 24 --classes 4 --seed 3 --missing-s1 0.25 --no-progress
cat >"$work/config.yaml" <<END
data: {root: $work/data, statistics: reben}
method: supervised
model: {encoder: resnet10-narrow, hidden: 16, latent: 8, fusion_dim: 24, fusion_rank: 3, fusion_heads: 3}
train: {epochs: 1, batch: 8, lr: 1e-3, keep: 1, log_every: 1}
END
train() {
    local run=$1
    shift
    "$mosaic" train "$work/config.yaml" --out "$work/$run" --threads 1 "$@"
}

# Without weights of its own, concat is what every other test trains.
for fusion in gated bilinear cross-attention; do
    expect 0 "model written" train whole --set model.fusion=$fusion
    expect 0 "model written" train cut --set model.fusion=$fusion --max-steps 1
    expect 0 "model written" train cut --set model.fusion=$fusion --resume
    same "$work/whole/model/model.safetensors" "$work/cut/model/model.safetensors"
    same "$work/whole/metrics.jsonl" "$work/cut/metrics.jsonl"
    check "the card names $fusion" grep -q "\"fusion\": \"$fusion\"" "$work/whole/model/config.json"
    expect 0 "micro F1" "$mosaic" eval "$work/whole" --threads 1
    expect 0 "model written" train cut --set model.fusion=$fusion --set train.precision=fp32 --max-steps 1 --overwrite
    rm -rf "$work/whole" "$work/cut"
done

# One modality: a head with one token.
expect 0 "model written" train one --set model.fusion=cross-attention --set 'data.modalities.s2.bands=[B02,B03]' --max-steps 1
expect 2 "heads.*divisor" train never --set model.fusion=cross-attention --set model.fusion_heads=5
expect 2 "use concat" train never --set model.fusion=gated --set method=iai-simclr
check "no folder" test ! -e "$work/never"
finish
