#!/usr/bin/env bash
# shellcheck disable=SC2154 # scratch is set by ranks_support.sh
# What goes wrong on one of two ranks ends both, with the exit code of the cause and one message, and the last
# checkpoint can be gone on from.
#   fault_ranks.sh NAME MOSAIC
set -euo pipefail
name=$1 mosaic=$2
. "$(dirname "$0")/ranks_support.sh"
begin "$name" 100

"$mosaic" -q data synth data --layout tree --patches 48 --size 24 --classes 3 --seed 3 --no-progress
cat >config.yaml <<'CONFIG'
method: supervised
data: { root: data, policy: refuse }
model: { encoder: resnet10-narrow, hidden: 16, latent: 8 }
train: { epochs: 4000, batch: 8, log_every: 1, seed: 5, workers: 1, checkpoint_every: 1, patience: 0, monitor: loss, lr: 1e-3 }
CONFIG
"$mosaic" -q train config.yaml --out one --threads 1 --max-steps 2 >/dev/null
cp -r one base
"$mosaic" -q eval base --split train --out train >/dev/null # who is trained on

# ends CODE WORDS COMMAND...: of two ranks; 124 is a rank that waited for the other until the time was over.
ends() {
  local want=$1 words=$2 code=0
  shift 2
  ranks 2 "$@" >out.log 2>&1 || code=$?
  [ "$code" = "$want" ] || { cat out.log; fail "$*: exit code $code, wanted $want"; }
  [ "$(grep -cE "$words" out.log)" = 1 ] || { cat out.log; fail "$*: not one message with '$words'"; }
}
# goes_on RUN: its last checkpoint is whole.
goes_on() {
  "$mosaic" -q train config.yaml --out "$1" --resume --threads 1 --max-steps 3 >/dev/null || fail "$1 does not go on"
}
resume=(train config.yaml --resume --threads 1)

# Rank 0's disk is full in the middle of a run: somebody else's file takes what the next checkpoint needs.
mkdir disk
if mount -t tmpfs -o size=64m none disk 2>/dev/null; then
  trap 'umount "$scratch/disk"; rm -rf "$scratch"' EXIT
  cp -r base disk/full
  code=0
  ranks 2 "$mosaic" "${resume[@]}" --out disk/full >out.log 2>&1 &
  job=$!
  for _ in $(seq 600); do
    [ "$(wc -l <disk/full/metrics.jsonl)" -le 3 ] || break
    sleep 0.05
  done
  cat /dev/zero >disk/filler 2>/dev/null || true
  wait $job || code=$?
  [ $code = 1 ] || { cat out.log; fail "a full disk: exit code $code, wanted 1"; }
  grep -qE "rank 0 of 2 .*(No space left on device|the disk (is|would be) full)" out.log || { cat out.log; fail "a full disk: no word of it"; }
  rm disk/filler
  goes_on disk/full
else
  echo "skipped: a full disk: this system lets us mount none"
fi

# A record that one of them cannot read.
cp -r base cut
patch=$(tail -n 2 train/predictions.csv | head -n 1 | cut -d, -f1)
victim=$(find data -name "${patch}_B04.tif")
cp "$victim" kept
head -c 300 kept >"$victim"
ends 3 "rank [01] of 2 \([^)]+\): .*B04" "$mosaic" "${resume[@]}" --out cut
cp kept "$victim"
goes_on cut

# Weights beyond numbers: both see the same loss, and one tells.
ends 4 "not finite" "$mosaic" train config.yaml --threads 1 --out huge --set train.lr=1e12 --set train.warmup=0 --set train.clip=0

# Weights that decay to nothing: rank 0 judges the embedding, and both end.
ends 4 "has collapsed" "$mosaic" train config.yaml --threads 1 --out collapsed --fail-on-collapse --set method=dual-simclr \
  --set train.optimizer=sgd --set train.momentum=0 --set train.lr=0.1 --set train.weight_decay=9.9 --set train.warmup=0 \
  --set train.schedule=constant --set train.health_every=1

# No better score: both stop where one rank does. The weights stay as they are, and the loss is that of the views.
still=(train config.yaml --threads 1 --set train.lr=1e-12 --set train.patience=1)
"$mosaic" -q "${still[@]}" --out early1 >early1.out
ranks 2 "$mosaic" "${still[@]}" --out early2 >early2.out 2>early.log || { cat early.log; fail "early stop"; }
[ "$(grep -c "stopping early" early.log)" = 1 ] || { cat early.log; fail "no early stop"; }
[ "$(grep "^steps" early1.out)" = "$(grep "^steps" early2.out)" ] || { cat early1.out early2.out; fail "another last step"; }
