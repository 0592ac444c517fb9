#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# Training in bf16 follows the curve of fp32: from the same seed, its total loss is on average over epochs nearer to fp32's than three
# fp32 seeds are to each other, and at no epoch farther off than the widest of their spreads.
source "$(dirname "$0")/../cli/cli_support.sh"

"$mosaic" doctor 2>/dev/null | grep -qE "^instruction set +(avx512_bf16|.* and amx)" || { echo "skipped: this processor has no bf16"; exit 77; }
check "a data set" "$mosaic" data synth "$work/data" --patches 160 --size 36 --classes 6 --seed 1 --no-progress
cat >"$work/config.yaml" <<END
data: {root: $work/data}
model: {encoder: resnet18, hidden: 64, latent: 32}
method: mosaic-1
loss: {anchor: shared}
train: {epochs: 4, batch: 16, lr: 1e-3, keep: 1, validate_every: 4}
END
# losses PRECISION SEED: one line an epoch
losses() {
    "$mosaic" -q train "$work/config.yaml" --out "$work/run" --overwrite --threads 1 --set train.precision="$1" --set train.seed="$2" \
        >"$work/output" 2>&1 || { sed 's/^/  | /' "$work/output" >&2; return 1; }
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } $at["kind"] == "epoch" { print $at["loss"] }' "$work/run/metrics.csv"
}
for seed in 0 1 2; do losses fp32 $seed >"$work/fp32-$seed"; done
losses bf16 0 >"$work/bf16"
paste "$work"/fp32-{0,1,2} "$work/bf16" >"$work/curves"
check "four epochs" test "$(wc -l <"$work/curves")" = 4
check "bf16 stays within the spread of fp32 seeds" awk '
    { low = high = $1
      for (i = 2; i <= 3; i++) { if ($i < low) low = $i; if ($i > high) high = $i }
      off = $4 > $1 ? $4 - $1 : $1 - $4
      printf "epoch %d: fp32 %.4f to %.4f, bf16 %.4f, off by %.4f\n", NR, low, high, $4, off
      spreads += high - low; offs += off
      if (high - low > widest) widest = high - low
      if (off > farthest) farthest = off }
    END { exit !(NR > 0 && offs <= spreads && farthest <= widest) }' "$work/curves"
cat "$work/output"
# Not the same numbers because of a silent fallback to fp32.
check "bf16 differs from fp32" test "$(cat "$work/bf16")" != "$(cat "$work/fp32-0")"
finish
