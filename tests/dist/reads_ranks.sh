#!/usr/bin/env bash
# Who reads which record how often, in a run by 1, 2 and 4 ranks: over all ranks each training record once for the
# statistics and once an epoch, each validation record once an epoch and once for the thresholds. Every rank looks at
# one patch more, to know how large patches are. And a stop that one rank alone hears of while records are read.
#   reads_ranks.sh NAME PROGRAM MOSAIC
set -euo pipefail
name=$1 program=$2 mosaic=$3
. "$(dirname "$0")/ranks_support.sh"
begin "$name" 100

"$mosaic" -q data synth data --patches 64 --size 24 --classes 3 --seed 3 --no-progress
cat >config.yaml <<'CONFIG'
method: supervised
data: { root: data }
model: { encoder: resnet10-narrow, hidden: 16, latent: 8 }
train: { epochs: 3, batch: 8, seed: 5, workers: 2, prefetch: 2, freeze_norms: true }
CONFIG
for n in 1 2 4; do
  ranks "$n" "$program" config.yaml "run$n" "list$n" 2>log || { cat log; fail "a training by $n ranks"; }
  /usr/bin/python3 - "$n" list"$n".* <<'PYTHON' || fail "records read by $n ranks"
import collections, sys
epochs, batch, ranks, lists = 3, 8, int(sys.argv[1]), sys.argv[2:]
assert len(lists) == ranks, lists
each = [collections.Counter(tuple(line.split()) for line in open(path)) for path in lists]
reads = sum(each, collections.Counter())
first = min(key[1] for key in reads if key[0] == "train" and reads[key] > 1 + epochs)
for key in [key for key in reads if key[1] == first]:
    reads[key] -= ranks
of = {split: {key: n for key, n in reads.items() if key[0] == split} for split in ("train", "validation", "test")}
records, modalities = len(of["train"]), len({key[2] for key in reads})
patches = records // modalities
steps = patches // batch  # of an epoch: what does not fill a batch waits for the next epoch
print(f"{ranks} ranks: {records} training records read {sum(of['train'].values())} times, "
      f"{len(of['validation'])} of validation {sum(of['validation'].values())} times")
assert patches > batch and of["validation"] and not of["test"], of
# statistics, and epochs
assert all(1 <= n <= 1 + epochs for n in of["train"].values()), of["train"]
assert sum(of["train"].values()) == records + epochs * steps * batch * modalities
assert set(of["validation"].values()) == {epochs + 1}, of["validation"]
# and every rank its part
for split, count in ("train", records), ("validation", len(of["validation"])):
    mine = [sum(n for key, n in own.items() if key[0] == split) for own in each]
    assert max(mine) - min(mine) <= (epochs + 1) * modalities, (split, mine)
PYTHON
done

# Rank 1 is asked to stop while both read for the statistics, and while they run over validation patches: they do not
# read to the end, and what goes on comes to the bits of a run that was not stopped.
"$mosaic" -q data synth large --patches 800 --size 24 --classes 3 --seed 3 --no-progress
cat >large.yaml <<'CONFIG'
method: supervised
data: { root: large }
model: { encoder: resnet10-narrow, hidden: 16, latent: 8 }
train: { epochs: 1, batch: 80, log_every: 1, seed: 5, workers: 1, freeze_norms: true }
CONFIG
# stopped RUN READS: after so many reads of rank 1
stopped() {
  local code=0
  ranks 2 "$program" large.yaml "$1" "list$1" "$2" 2>log || code=$?
  [ $code = 75 ] || { cat log; fail "$1: exit code $code, wanted 75"; }
  [ "$(grep -c "stopped by signal 10" log)" = 1 ] || { cat log; fail "$1: no word of the stop"; }
}
ranks 2 "$program" large.yaml whole listwhole 2>log || { cat log; fail "a training that is not stopped"; }
train=$(grep -c "^train " listwhole.1) all=$(wc -l <listwhole.1)
stopped statistics 100
[ "$(wc -l <liststatistics.0)" -lt $((train / 2)) ] || fail "the other rank reads all for the statistics"
stopped validation $((train + 2))
for rank in 0 1; do
  read=$(wc -l <listvalidation.$rank)
  [ "$read" -gt "$train" ] && [ "$read" -lt "$all" ] || fail "rank $rank read $read records until it stopped, of $all"
done
! grep -qE '"kind": ?"epoch"' validation/metrics.jsonl || fail "an epoch was closed though its validation was stopped"
ranks 2 "$mosaic" -q train large.yaml --out validation --resume --threads 1 >/dev/null 2>log || { cat log; fail "gone on"; }
cmp whole/metrics.jsonl validation/metrics.jsonl || fail "a run that went on has other metrics"
cmp whole/model/model.safetensors validation/model/model.safetensors || fail "a run that went on has another model"
