#!/usr/bin/env bash
# A run by two ranks from its data to its model: against one rank's, again, stopped, gone on with by as many ranks
# and by one, on a copy of the data.
#   train_ranks.sh NAME MOSAIC
set -euo pipefail
name=$1 mosaic=$2
. "$(dirname "$0")/ranks_support.sh"
begin "$name" 150

"$mosaic" -q data synth data --patches 96 --size 24 --classes 4 --seed 3 --missing-s1 0.1 --no-progress
cat >config.yaml <<'CONFIG'
method: mosaic-1
data: { root: data }
model: { encoder: resnet10-narrow, hidden: 32, latent: 16 }
loss: { msc_queue: 16 }
augment: { mix: cutmix, mix_alpha: 1 }
train: { epochs: 3, batch: 16, precision: fp32, log_every: 1, seed: 5, workers: 1, checkpoint_every: 1, freeze_norms: true }
CONFIG

# near ONE OTHER [TOLERANCE]: the losses of every step are the same to 1e-5 of them.
near() {
  /usr/bin/python3 - "$1/metrics.jsonl" "$2/metrics.jsonl" "${3:-1e-5}" <<'PYTHON'
import json, sys
def losses(path):
    rows = [json.loads(line) for line in open(path)]
    return [row["loss"] for row in rows if row["kind"] == "step"]
one, other = map(losses, sys.argv[1:3])
assert len(one) == len(other) == 9, (len(one), len(other))
worst = max(abs(a - b) / abs(a) for a, b in zip(one, other))
print(f"losses of {len(one)} steps differ by {worst:.2g}")
assert worst <= float(sys.argv[3]), worst
PYTHON
}

"$mosaic" -q train config.yaml --out one --threads 1 >/dev/null
ranks 2 "$mosaic" train config.yaml --out two --threads 1 >two.out 2>two.log || { cat two.log; fail "two ranks"; }
near one two || fail "two ranks train something else than one"
# Rows of a batch are summed in another order, which rounding to bf16 makes larger.
if [ -z "${MOSAIC_ISA:-}" ] && grep -q avx512_bf16 /proc/cpuinfo; then
  narrow=(--threads 1 --set train.precision=bf16)
  "$mosaic" -q train config.yaml --out one_bf16 "${narrow[@]}" >/dev/null
  ranks 2 "$mosaic" -q train config.yaml --out two_bf16 "${narrow[@]}" >/dev/null 2>bf16.log || { cat bf16.log; fail "two ranks in bf16"; }
  near one_bf16 two_bf16 2e-3 || fail "two ranks train something else than one in bf16"
fi
grep -q "2 ranks on 1 host" two.log || { cat two.log; fail "the log does not say who trains"; }
# Who works how long, and whether gradients travel during the backward pass, in a line of every epoch.
said="ranks: slowest [01] \\(.*\\), [0-9.]+ % of its steps its own work, quickest [01] .*; ([0-9]+) of [0-9]+ buckets"
[ "$(grep -cE "$said" two.log)" = 3 ] || { cat two.log; fail "no word of the slowest rank"; }
! grep -qE "; 0 of [0-9]+ buckets" two.log || { cat two.log; fail "no gradient travels during the backward pass"; }
[ "$(grep -c "^model " two.out)" = 1 ] || { cat two.out; fail "not one rank tells the result"; }
! grep -q "^mosaic: rank " two.log || { cat two.log; fail "the other rank speaks though nothing is wrong"; }
grep -q '"ranks": "2 ranks on 1 host' two/provenance.json || fail "provenance knows nothing of ranks"
grep -q "2 ranks on 1 host" two/model/README.md || fail "the model's card knows nothing of ranks"

# Asked to stop, by either signal, on the rank that writes or the other: a checkpoint, exit code 75, and on to the same bits. The signal is
# sent as soon as the run is under way; a run that it reaches too late, which ends with 0, is begun again.
# at_work FOLDER: waits until there is a checkpoint.
at_work() {
  until_so 60 test -e "$1/checkpoints/last" || fail "no checkpoint in $1"
}
stop() {
  local signal=$1 rank=$2 code=0 attempts=5
  run=stopped$rank
  while [ $code = 0 ] && [ $attempts != 0 ]; do
    attempts=$((attempts - 1))
    rm -rf "$run"
    ranks 2 "$mosaic" train config.yaml --out "$run" --threads 1 >stop.log 2>&1 &
    job=$!
    at_work "$run"
    kill "-$signal" "$(rank_of "$rank" --out $run)" || true
    wait $job || code=$?
  done
  [ $code = 75 ] || { cat stop.log; fail "$signal on rank $rank: exit code $code, wanted 75"; }
  [ "$(grep -c "stopped by signal" stop.log)" = 1 ] || { cat stop.log; fail "not one rank tells of the stop"; }
}
stop USR1 1
stop TERM 0
for more in alone four; do cp -r stopped1 $more; done
for run in stopped0 stopped1; do
  ranks 2 "$mosaic" -q train config.yaml --out $run --resume --threads 1 >/dev/null 2>resume.log || { cat resume.log; fail "resumed"; }
  cmp two/metrics.jsonl $run/metrics.jsonl || fail "a resumed run has other metrics"
  cmp two/model/model.safetensors $run/model/model.safetensors || fail "a resumed run has another model"
done
"$mosaic" -q train config.yaml --out alone --resume --threads 1 >/dev/null || fail "one rank goes on where two were"
near two alone || fail "one rank goes on otherwise"
ranks 4 "$mosaic" -q train config.yaml --out four --resume --threads 1 >/dev/null 2>four.log || { cat four.log; fail "four ranks go on where two were"; }
near two four || fail "four ranks go on otherwise"

# Norms of each rank, or of groups of ranks: the model's card says whose.
# norms RANKS CHOICE
norms() {
  ranks "$1" "$mosaic" -q train config.yaml --out "norms$1" --overwrite --threads 1 --max-steps 2 --set train.freeze_norms=false --set "train.batch_norm=$2" >norms.log 2>&1
}
norms 2 local || { cat norms.log; fail "norms of each rank"; }
grep -q "the patches of each 1 rank as a batch of their own (train.batch_norm: local)" norms2/model/README.md || fail "the card knows nothing of norms of each rank"
norms 4 'group(2)' || { cat norms.log; fail "norms of two ranks each"; }
grep -q "the patches of each 2 ranks as a batch of their own (train.batch_norm: group(2))" norms4/model/README.md || fail "the card knows nothing of groups"
code=0
norms 2 'group(3)' || code=$?
[ $code = 2 ] || { cat norms.log; fail "groups of three of two ranks: exit code $code, wanted 2"; }
grep -q "2 ranks do not make such groups" norms.log || { cat norms.log; fail "groups of three of two ranks: no word of it"; }

# What cannot be shared is refused, with one message.
code=0
ranks 3 "$mosaic" train config.yaml --out three --threads 1 >three.log 2>&1 || code=$?
[ $code = 2 ] || { cat three.log; fail "a batch of 16 by 3 ranks: exit code $code, wanted 2"; }
[ "$(grep -c "cannot be shared equally by 3" three.log)" = 1 ] || { cat three.log; fail "not one message"; }
[ ! -e three ] || fail "a refused run left its folder"

# A copy on the machine's own disk: one rank makes it, all read it, and the run is the same but for where its patches lay.
ranks 2 "$mosaic" train config.yaml --out staged --stage node --threads 1 >staged.out 2>staged.log || { cat staged.log; fail "a staged run"; }
cmp two/model/model.safetensors staged/model/model.safetensors || fail "a staged run trains something else"
files=$(find data -type f ! -name lock.mdb | wc -l)
[ "$(grep -c "stage node/data-.*: $files of $files files to copy" staged.log)" = 1 ] || { cat staged.log; fail "not one copy of $files files"; }
diff -r data node/data-*[0-9a-f] || fail "the copy is no copy"
grep -q "root:.*data" staged/config.yaml && ! grep -q "node/data" staged/config.yaml || fail "the run's configuration names the copy"
# A kill leaves a line cut off and a file half written; a file of the copy was damaged, one has changed at the source.
# again WANTED: the next run copies so many files, and its copy is whole.
again() {
  rm -rf again
  "$mosaic" train config.yaml --out again --stage node --threads 1 --max-steps 1 >/dev/null 2>again.log || { cat again.log; fail "staged again"; }
  grep -q "stage node/data-.*: $1 of $files files to copy" again.log || { cat again.log; fail "wanted $1 files copied again"; }
  diff -r data node/data-*[0-9a-f] || fail "the copy is no copy any more"
}
again 0
list=$(ls node/data-*.files)
truncate -s -9 "$list"
again 1
printf x >>"$(find node/data-*[0-9a-f] -name metadata.csv)"
touch data/data.mdb
again 2
code=0
"$mosaic" train config.yaml --out again --overwrite --stage "$list" --threads 1 --max-steps 1 >/dev/null 2>again.log || code=$?
[ $code != 0 ] && grep -q "$list" again.log || { cat again.log; fail "a stage that is a file: exit code $code"; }
