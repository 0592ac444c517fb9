#!/usr/bin/env bash
# Rows that ranks share: files and answers are one rank's to the byte, with no sample twice and none left out.
#   share_ranks.sh NAME MOSAIC
set -euo pipefail
name=$1 mosaic=$2
. "$(dirname "$0")/ranks_support.sh"
begin "$name" 100
export OGR_CURRENT_DATE=2000-01-01T00:00:00.000Z # a GeoPackage says when it was written

# A few patches are spoiled, so that a check finds something and a part of the rows is missing. More patches, quickly
# read, are several rounds of a prediction by two ranks.
"$mosaic" -q data synth data --layout tree --patches 64 --size 24 --classes 4 --seed 3 --missing-s1 0.1 --no-progress
victims=$(find data -name '*_B04.tif' | sort | sed -n '5p;30p;60p')
for one in $victims; do head -c 300 "$one" >start && cp start "$one"; done
"$mosaic" -q data synth many --patches 280 --size 24 --classes 4 --seed 4 --no-progress
cat >config.yaml <<'CONFIG'
method: iai-simclr
data: { root: data, policy: skip }
model: { encoder: resnet10-narrow, hidden: 16, latent: 8 }
train: { epochs: 1, batch: 16, seed: 5, workers: 1, probe_limit: 40, online_probe: knn, freeze_norms: true }
CONFIG

# same N WHAT COMMAND...: what N ranks write (to `out`) and print is what one rank does; want: its exit code, else 0.
same() {
  local n=$1 what=$2 code1=0 code2=0
  shift 2
  rm -rf out one
  "$mosaic" "$@" --threads 1 >one.out 2>one.log || code1=$?
  if [ -e out ]; then mv out one; else mkdir one; fi
  ranks "$n" "$mosaic" "$@" --threads 1 >two.out 2>two.log || code2=$?
  [ -e out ] || mkdir out
  find one out -name lock.mdb -delete # it names the process that opened the store last
  [ $code1 = "${want:-0}" ] || { cat one.log; fail "$what: exit code $code1"; }
  [ $code1 = $code2 ] || { cat two.log; fail "$what on $n ranks: exit code $code2, one rank's is $code1"; }
  cmp one.out two.out || fail "$what on $n ranks prints something else"
  diff -r one out || fail "$what on $n ranks writes something else"
  ! grep -q "done by rank 0 alone" two.log || { cat two.log; fail "$what is not shared"; }
}

# Training shares the validation: a method without labels in its loss needs a probe for it.
"$mosaic" -q train config.yaml --threads 1 --out run >/dev/null
ranks 2 "$mosaic" -q train config.yaml --threads 1 --out run2 >/dev/null 2>two.log || { cat two.log; fail "training"; }
/usr/bin/python3 - run/metrics.jsonl run2/metrics.jsonl <<'PYTHON'
import json, sys
def scores(path):
    rows = [json.loads(line) for line in open(path)]
    return [{k: v for k, v in row.items() if isinstance(v, float) and ("ap" in k or "f1" in k)}
            for row in rows if row["kind"] == "epoch"]
one, two = map(scores, sys.argv[1:])
assert one and one[0], "an epoch without scores"
for a, b in zip(one, two):
    assert a.keys() == b.keys(), (a, b)
    for key in a:
        assert abs(a[key] - b[key]) < 0.02, (key, a[key], b[key])
PYTHON

same 2 "eval of 21, with thresholds" eval run --split train --limit 23 --tune --embeddings --out out # two are spoiled
[ "$(wc -l <out/predictions.csv)" = 22 ] || fail "21 samples are $(wc -l <out/predictions.csv) lines with the header"
same 4 "eval of 3" eval run --split test --limit 3 --out out
same 2 "embed" embed run data --out out
same 2 "predict" predict run many --out out
[ "$(wc -l <out/predictions.csv)" = 281 ] || fail "280 patches are $(wc -l <out/predictions.csv) lines with the header"
want=3 same 3 "data check" data check data
grep -q unreadable two.out || { head two.out; fail "the check found nothing"; }

same 2 "data stats" data stats many
same 3 "data stats of spoiled patches" data stats data --policy skip
same 2 "probe" probe run --limit 23 --out out
# Each rank writes its shards: the same LMDB files, and every record made once in all.
same 2 "data pack" data pack many out --shards 3 --verify
grep -q "^content" two.out || fail "no hash of a pack"
[ "$(find out -name data.mdb | wc -l)" = 3 ] || fail "a pack of 3 shards: $(find out -name data.mdb)"

# What is not shared rank 0 does alone, says so, and does as one process does.
"$mosaic" -q data info many >one.out
ranks 2 "$mosaic" data info many >two.out 2>two.log || { cat two.log; fail "data info on 2 ranks"; }
cmp one.out two.out || fail "data info on 2 ranks prints something else"
[ "$(grep -c "done by rank 0 alone" two.log)" = 1 ] || { cat two.log; fail "data info: no word of who does it"; }

# A model that is not there: one message, its exit code, and nobody waits.
code=0
ranks 2 "$mosaic" eval nowhere >out.log 2>&1 || code=$?
[ $code != 0 ] && [ $code != 124 ] || { cat out.log; fail "no model: exit code $code"; }
[ "$(grep -c "nowhere" out.log)" = 1 ] || { cat out.log; fail "no model: not one message"; }
