#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# Protocols by name: rules make lists, lists of others are asked for and refused when they are not theirs.
source "$(dirname "$0")/cli_support.sh"

expect 0 "ben-v1-10-croma" "$mosaic" protocol list
check "eight protocols" test "$("$mosaic" protocol list | wc -l)" = 8
check "two lists go under one name" bash -c '"$1" protocol list | grep -c "^ben-v1-10-.*\(31166\|35420\) training" | grep -qx 2' - "$mosaic"
"$mosaic" protocol show ben-v1-10-smarties >"$work/shown" 2>"$work/errors"
check "counts, average and traps" bash -c 'grep -qx "train: 31166" "$1" && grep -qx "validation: 103943" "$1" && grep -qx "average: \"micro AP\"" "$1" && grep -q "^note: .*CROMA" "$1"' - "$work/shown"
check "its hash is of what stands above" bash -c '[ "$(grep -v "^sha256: " "$1" | sha256sum | cut -d" " -f1)" = "$(sed -n "s/^sha256: //p" "$1")" ]' - "$work/shown"
check "a mean over batches is said" bash -c '"$1" protocol show copernicus-bench-5 | grep -q "^over: .*batches of 64"' - "$mosaic"
check "exchanged polarisations are said" bash -c '"$1" protocol show geobench2-benv2 | grep -q "VV and VH are exchanged"' - "$mosaic"
expect 2 "did you mean 'ben-v2-10'" "$mosaic" protocol show ben-v2-10x

check "a data set" "$mosaic" data synth "$work/data" --patches 200 --size 24 --classes 4 --seed 3 --no-progress
# The rule on an archive of another size is refused, or said to be reduced; fractions are nested and labels drawn once.
expect 3 "protocol ben-v2-10 has 237871 samples in train, .* gives [0-9]+: it is another list" "$mosaic" protocol apply ben-v2-10 "$work/data" "$work/no.csv"
check "nothing is written then" test ! -e "$work/no.csv"
for percent in 1 10 100; do
    expect 0 "protocol ben-v2-$percent, reduced: 110 training" "$mosaic" -q protocol apply ben-v2-$percent "$work/data" "$work/$percent.csv" --reduced
    check "as before" bash -c '"$1" -q protocol apply ben-v2-$2 "$3/data" "$3/again.csv" --reduced --overwrite && cmp "$3/again.csv" "$3/$2.csv"' - "$mosaic" $percent "$work"
done
expect 2 "exists" "$mosaic" protocol apply ben-v2-10 "$work/data" "$work/10.csv" --reduced
expect 2 "made by a rule" "$mosaic" protocol apply ben-v2-10 "$work/data" "$work/no.csv" --reduced --train "$work/10.csv"
check "1 % within 10 % within training, without replacement" /usr/bin/python3 - "$work" <<'END'
import csv, sys
def read(percent):
    text = open(f"{sys.argv[1]}/{percent}.csv").read()
    assert f"protocol=ben-v2-{percent} reduced labeled_sha256=" in text
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
rows = {p: read(p) for p in (1, 10, 100)}
train = {r["id"] for r in rows[100] if r["split"] == "train"}
labelled = {1: {r["id"] for r in rows[1] if r["labeled"] == "0.01"}, 10: {r["id"] for r in rows[10] if r["labeled"] == "0.1"}}
assert labelled[1] < labelled[10] < train and len(labelled[10]) >= len(train) * 0.08
assert all(len({r["id"] for r in rows[p]}) == len(rows[p]) == 200 for p in rows)
END
cat >"$work/config.yaml" <<END
data: {root: $work/data, statistics: reben, split_file: $work/10.csv, labeled: {fraction: 0.1}}
method: supervised
model: {encoder: resnet10-narrow, hidden: 16, latent: 8}
train: {batch: 8}
END
expect 0 "labelled: each labelled patch" "$mosaic" train "$work/config.yaml" --dry-run --threads 1 --out "$work/no"

# Lists of others: asked for, counted, each id once and known.
expect 2 "has a train list of 31166 samples, which is not shipped" "$mosaic" protocol apply ben-v1-10-smarties "$work/data" "$work/no.csv"
awk -F, '!/^#/ && $2 == "train" { print $1 }' "$work/100.csv" >"$work/train.txt"
awk -F, '!/^#/ && $2 == "validation" { print $1 }' "$work/100.csv" >"$work/validation.txt"
expect 3 "has 31166 samples in train, .* gives [0-9]+: it is another list" "$mosaic" protocol apply ben-v1-10-smarties "$work/data" "$work/no.csv" --train "$work/train.txt" --validation "$work/validation.txt"
expect 2 "has no test list" "$mosaic" protocol apply ben-v1-10-smarties "$work/data" "$work/no.csv" --train "$work/train.txt" --validation "$work/validation.txt" --test "$work/train.txt"
expect 3 "train.txt:1: .* stands twice in the lists .before in train." "$mosaic" protocol apply ben-v1-10-smarties "$work/data" "$work/no.csv" --train "$work/train.txt" --validation "$work/train.txt"
echo nobody >"$work/wrong.txt"
expect 3 "wrong.txt:1: .* has no sample 'nobody'" "$mosaic" protocol apply ben-v1-10-smarties "$work/data" "$work/no.csv" --train "$work/wrong.txt" --validation "$work/validation.txt"
expect 2 "reduced is for protocols made by a rule" "$mosaic" protocol apply ben-v1-10-croma "$work/data" "$work/no.csv" --reduced
finish
