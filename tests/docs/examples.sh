#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# examples/*.c as built against the library: they train, predict what `mosaic eval` predicts, and read a data set.
source "$(dirname "$0")/../cli/cli_support.sh"
programs=$3

check "a data set" "$mosaic" data synth "$work/data" --patches 32 --size 24 --classes 4 --seed 5 --no-progress
cat >"$work/config.yaml" <<END
data: {root: $work/data, statistics: reben}
method: supervised
model: {encoder: resnet10-narrow, hidden: 16, latent: 8}
train: {epochs: 1, batch: 8, lr: 1e-3, precision: fp32, workers: 1}
END
expect 0 "loss" "$programs/example_train" "$work/config.yaml" "$work/run"
check "it left a model" test -s "$work/run/model/model.safetensors"
expect 2 "usage: train" "$programs/example_train"
echo "data: {rot: x}" >"$work/wrong.yaml"
expect 2 "data.rot.*did you mean" "$programs/example_train" "$work/wrong.yaml" "$work/none"

expect 0 "32 patches, 19 classes" "$programs/example_read_dataset" auto "$work/data"
cp "$work/output" "$work/read"
check "bands at their own sizes" grep -qE "s2 B01 +4 x 4, mean [0-9]" "$work/read"
check "radar in decibels" grep -qE "s1 VV +24 x 24, mean -[0-9]" "$work/read"
expect "1|3" "error: .*run" "$programs/example_read_dataset" bigearthnet-v2 "$work/run"

expect 0 "1 batches of 8 patches, 2 views" "$programs/example_loader" auto "$work/data" simclr
cp "$work/output" "$work/batches"
check "a line a batch" grep -qE "^batch 0 begins with .*: s1 mean -?[0-9.]+ s2 mean -?[0-9.]+$" "$work/batches"
expect 2 "did you mean" "$programs/example_loader" auto "$work/data" simclrr

expect 0 "F1" "$mosaic" eval "$work/run" --threads 1 --pictures 0
"$programs/example_predict" "$work/run" auto "$work/data" test >"$work/predicted" 2>"$work/output" || failures=$((failures + 1))
check "the same as mosaic eval" /usr/bin/python3 - "$work/predicted" "$work/run/eval/test/predictions.csv" <<'END'
import csv, sys
mine = {line.split()[0]: [float(v) for v in line.split()[1:]] for line in open(sys.argv[1])}
rows = list(csv.DictReader(open(sys.argv[2])))
assert len(mine) == len(rows) > 0, (len(mine), len(rows))
for row in rows:
    theirs = [float(v) for k, v in row.items() if k.startswith("probability:")]
    assert len(theirs) == len(mine[row["id"]]) == 19
    assert max(abs(a - b) for a, b in zip(mine[row["id"]], theirs)) < 1e-4, row["id"]
    assert max(theirs) - min(theirs) > 1e-3
END
expect "1|3" "nothing" "$programs/example_predict" "$work/nothing" auto "$work/data" test
finish
