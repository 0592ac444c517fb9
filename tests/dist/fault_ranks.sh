#!/usr/bin/env bash
# shellcheck disable=SC2154 # scratch and killed_code are set by ranks_support.sh
# What goes wrong on one of two ranks ends both soon, with the exit code of the cause and one message, and the last
# checkpoint can be gone on from by as many ranks and by others.
#   fault_ranks.sh NAME MOSAIC
set -euo pipefail
name=$1 mosaic=$2
. "$(dirname "$0")/ranks_support.sh"
begin "$name" 100

# Patches are packed, which ranks open quickly, but where one of their files is spoiled.
"$mosaic" -q data synth data --patches 48 --size 24 --classes 3 --seed 3 --no-progress
"$mosaic" -q data synth tree --layout tree --patches 24 --size 24 --classes 3 --seed 3 --no-progress
cat >config.yaml <<'CONFIG'
method: supervised
data: { root: data, policy: refuse }
model: { encoder: resnet10-narrow, hidden: 16, latent: 8 }
train: { epochs: 4000, batch: 8, log_every: 1, seed: 5, workers: 1, checkpoint_every: 1, patience: 0, monitor: loss, lr: 1e-3 }
CONFIG

now_ms() {
  echo $((${EPOCHREALTIME/./} / 1000))
}
# What starting and ending takes here: the 10 s below are those of a quiet machine.
begun=$(now_ms)
ranks 2 "$mosaic" -q train config.yaml --out base --threads 1 --max-steps 2 >/dev/null
soon=$((10000 + 2 * ($(now_ms) - begun)))

# ends CODE WORDS COMMAND...: of two ranks; 124 is a rank that waited for the other until the time was over.
ends() {
  local want=$1 words=$2 code=0
  shift 2
  ranks 2 "$@" >out.log 2>&1 || code=$?
  [ "$code" = "$want" ] || { cat out.log; fail "$*: exit code $code, wanted $want"; }
  [ "$(grep -cE "$words" out.log)" = 1 ] || { cat out.log; fail "$*: not one message with '$words'"; }
}
# goes_on RUN RANKS: its last checkpoint is whole, and a step can be done from there.
goes_on() {
  local at
  at=$(sed 's/[^0-9]//g' "$1/checkpoints/last")
  ranks "$2" "$mosaic" -q train "${3:-config.yaml}" --out "$1" --resume --threads 1 --max-steps $((at + 1)) >gone.out 2>gone.log ||
    { cat gone.log; fail "$1 does not go on with $2 ranks"; }
  grep -q "^steps $((at + 1))$" gone.out || { cat gone.out; fail "$1 did no step from step $at with $2 ranks"; }
}
resume=(train config.yaml --resume --threads 1)
at_step() { [ "$(wc -l <"$1/metrics.jsonl")" -gt 3 ]; }
# ended RUN SINCE: no rank is left, and none waited.
ended() {
  local took=$(($(now_ms) - $2))
  [ $took -lt $soon ] || fail "$1: $took ms until all ranks had ended, wanted $soon"
  ! rank_of '[01]' --out "$1" | grep -q . || fail "$1: a rank is still there"
  echo "$1: ended after $took ms"
}
# strike SIGNAL RANK CODE: one of two ranks in the middle of a run.
strike() {
  local signal=$1 rank=$2 want=$3 run=$1$2 code=0 since
  cp -r base "$run"
  ranks 2 "$mosaic" "${resume[@]}" --out "$run" >out.log 2>&1 &
  job=$!
  until_so 60 at_step "$run" || { cat out.log; fail "$run does not begin"; }
  since=$(now_ms)
  kill "-$signal" "$(rank_of "$rank" --out "$run")"
  wait $job || code=$?
  [ $code = "$want" ] || { cat out.log; fail "$signal on rank $rank: exit code $code, wanted $want"; }
  ended "$run" "$since"
}
for rank in 0 1; do
  strike KILL $rank "$killed_code"
  for signal in TERM USR1; do
    strike $signal $rank 75
    [ "$(grep -c "stopped by signal" out.log)" = 1 ] || { cat out.log; fail "$signal on rank $rank: not one rank tells of the stop"; }
  done
  goes_on KILL$rank $((2 + 2 * rank))
done
goes_on TERM0 1

# A rank that ends before it could be heard, for whatever reason, ends the other, which waits for it: with its own code.
for rank in 0 1; do
  # shellcheck disable=SC2016 # for the rank's shell
  ends 2 "rank $rank of 2 \\([^)]+\\): --out: a run directory is needed" \
    sh -c 'out="--out unheard"; [ "${OMPI_COMM_WORLD_RANK:-$PMI_RANK}" != '$rank' ] || out=; exec "$0" train config.yaml --threads 1 $out' "$mosaic"
done

# Rank 0's disk is full in the middle of a run: somebody else's file takes what the next checkpoint needs.
mkdir disk
if mount -t tmpfs -o size=64m none disk 2>/dev/null; then
  trap 'umount "$scratch/disk"; rm -rf "$scratch"' EXIT
  cp -r base disk/full
  code=0
  ranks 2 "$mosaic" "${resume[@]}" --out disk/full >out.log 2>&1 &
  job=$!
  until_so 60 at_step disk/full || { cat out.log; fail "a run on a small disk does not begin"; }
  cat /dev/zero >disk/filler 2>/dev/null || true
  since=$(now_ms)
  wait $job || code=$?
  [ $code = 1 ] || { cat out.log; fail "a full disk: exit code $code, wanted 1"; }
  grep -qE "rank 0 of 2 .*(No space left on device|the disk (is|would be) full)" out.log || { cat out.log; fail "a full disk: no word of it"; }
  ended disk/full "$since"
  rm disk/filler
  goes_on disk/full 2
else
  echo "skipped: a full disk: this system lets us mount none"
fi

# A record that one of them cannot read.
sed 's/root: data/root: tree/' config.yaml >tree.yaml
"$mosaic" -q train tree.yaml --out cut --threads 1 --max-steps 1 >/dev/null
patch=$(grep ',train,' tree/metadata.csv | tail -n 1 | cut -d, -f1)
victim=$(find tree -name "${patch}_B04.tif")
cp "$victim" kept
head -c 300 kept >"$victim"
ends 3 "rank [01] of 2 \([^)]+\): .*B04" "$mosaic" train tree.yaml --resume --threads 1 --out cut
cp kept "$victim"
goes_on cut 2 tree.yaml

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
