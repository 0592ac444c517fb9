#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# Probes of a trained encoder: linear and k-NN, on all modalities and on one, their files, and numpy as the judge of the votes.
source "$(dirname "$0")/cli_support.sh"

check "a data set" "$mosaic" data synth "$work/data" --patches 64 --size 24 --classes 4 --seed 3 --no-progress
cat >"$work/config.yaml" <<END
data: {root: $work/data, statistics: reben, labeled: {fraction: 0.5}}
method: iai-simclr
model: {encoder: resnet10-narrow, hidden: 16, latent: 8}
train: {epochs: 1, batch: 8, lr: 1e-3, keep: 1, log_every: 1, precision: fp32}
END
expect 0 "model written" "$mosaic" train "$work/config.yaml" --out "$work/run" --threads 1
run=$work/run

expect 0 "micro F1" "$mosaic" probe "$run" --threads 1
check "the record" grep -q '"kind": "linear"' "$run/eval/test-probe/probe.json"
check "penalties to choose from" test "$(grep -c '"l2"' "$run/eval/test-probe/probe.json")" = 6
check "scores" grep -q '"scorer": "linear probe"' "$run/eval/test-probe/metrics.json"
expect 0 "micro F1" "$mosaic" probe "$run" --threads 1 --solver adamw --epochs 5 --l2 0.01 --modalities s2 --write-model "$work/probed.safetensors"
check "its own folder" test -s "$run/eval/test-probe-s2/predictions.csv"
# The model file that was written scores as the probe did.
expect 0 "micro F1" "$mosaic" eval "$work/probed.safetensors" --out "$work/again" --threads 1 --set data.root="$work/data"
check "thresholds and scores of the written model" /usr/bin/python3 - "$run/eval/test-probe-s2/predictions.csv" "$work/again/predictions.csv" <<'END'
import csv, sys
a, b = ([row for row in csv.DictReader(open(path))] for path in sys.argv[1:])
columns = [c for c in a[0] if c.startswith("probability:")]
assert len(a) == len(b) > 0 and columns
numbers = 0
for x, y in zip(a, b):
    for c in columns:
        try:
            left, right = float(x[c]), float(y[c])
        except ValueError:
            continue
        numbers += 1
        assert abs(left - right) < 1e-4, (c, left, right)
assert numbers > 10
END

expect 0 "micro F1" "$mosaic" probe "$run" --kind knn --neighbours 3,7 --temperature 0.1,0.3 --threads 1
check "the record" grep -q '"kind": "knn"' "$run/eval/test-knn/probe.json"
for split in train test; do
    expect 0 "micro F1" "$mosaic" eval "$run" --split $split --embeddings --threads 1
done
check "numpy votes the same" /usr/bin/python3 - "$run" <<'END'
import csv, json, sys
import numpy as np
run = sys.argv[1]
labelled = {line.strip() for line in open(run + "/labeled.txt") if not line.startswith("#")}
def read(folder):
    return list(csv.DictReader(open(f"{run}/eval/{folder}/predictions.csv")))
record = json.load(open(run + "/eval/test-knn/probe.json"))
k, temperature = record["chosen"]["neighbours"], record["chosen"]["temperature"]
best = max(record["candidates"], key=lambda c: c["validation_macro_ap"])
assert record["chosen"]["validation_macro_ap"] == best["validation_macro_ap"] and len(record["candidates"]) == 4
rows = read("train")
keep = [i for i, row in enumerate(rows) if row["id"] in labelled]
assert len(keep) == record["labelled_rows"] and 0 < len(keep) < len(rows)
base, query = (np.load(f"{run}/eval/{s}/embeddings.npy").astype(np.float64) for s in ("train", "test"))
base = base[keep]
unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (base, query)]
cosine = unit[1] @ unit[0].T
near = np.argsort(-cosine, axis=1, kind="stable")[:, :k]
weight = np.exp(np.take_along_axis(cosine, near, 1) / temperature)
found = read("test-knn")
names = [c for c in rows[0] if c.startswith("label:")]
assert names
for name in names:
    truth = np.array([float(rows[i][name]) for i in keep])
    votes = (weight * truth[near]).sum(1) / weight.sum(1)
    column = name.replace("label:", "probability:")
    assert np.abs(votes - [float(row[column]) for row in found]).max() < 1e-4, name
END
# Floors: what a trained encoder has to beat, in folders and under names of their own.
for floor in untrained random statistics; do
    expect 0 "micro F1" "$mosaic" probe "$run" --features $floor --threads 1 --pictures 0
    check "the record of $floor" grep -q "\"features\": \"$floor\"" "$run/eval/test-probe-$floor/probe.json"
done
check "their names" grep -q '"scorer": "linear probe, untrained encoder"' "$run/eval/test-probe-untrained/metrics.json"
check "features are not those of the encoder" bash -c '! cmp -s "$1/test-probe/predictions.csv" "$1/test-probe-untrained/predictions.csv"' - "$run/eval"
expect 0 "micro F1" "$mosaic" probe "$run" --features random --threads 2 --pictures 0 --out "$work/again-random"
check "random features are the same for any threads" cmp "$run/eval/test-probe-random/predictions.csv" "$work/again-random/predictions.csv"
expect 0 "micro F1" "$mosaic" probe "$run" --features random --seed 5 --fraction 0.5 --threads 1 --pictures 0 --out "$work/other-random"
check "another seed, other filters" bash -c '! cmp -s "$1" "$2"' - "$run/eval/test-probe-random/predictions.csv" "$work/other-random/predictions.csv"
# The encoder before training is the one that --save-initial keeps.
expect 0 "model written" "$mosaic" train "$work/config.yaml" --out "$work/kept" --threads 1 --save-initial
expect 0 "micro F1" "$mosaic" probe "$work/kept" --features untrained --threads 1 --pictures 0
check "drawn anew or kept: the same" cmp "$run/eval/test-probe-untrained/predictions.csv" "$work/kept/eval/test-probe-untrained/predictions.csv"
# A run below a floor is said to be, by report and compare; the floor's score is planted.
expect 0 "micro F1" "$mosaic" probe "$work/kept" --threads 1 --pictures 0
plant() {
    for folder in random statistics untrained; do
        rm -rf "$work/kept/eval/test-probe-$folder"
    done
    cp -r "$run/eval/test-probe-random" "$work/kept/eval/test-probe-random"
    /usr/bin/python3 - "$work/kept/eval/test-probe-random/metrics.json" "$1" <<'END'
import json, sys
scores = json.load(open(sys.argv[1]))
for thresholds in scores["thresholds"].values():
    thresholds["macro"]["average_precision"] = float(sys.argv[2])
json.dump(scores, open(sys.argv[1], "w"))
END
    "$mosaic" report "$work/kept" --out "$work/kept.html" >/dev/null 2>&1
    "$mosaic" compare "$work/kept" "$work/kept" --out "$work/compared.html" >/dev/null 2>&1
}
plant 0.999
check "the report says that features are below the floor" grep -q "Below random features on test" "$work/kept.html"
check "so does the comparison" grep -q "below random features (macro AP 0.999)" "$work/compared.html"
plant 0.001
check "no word above it" bash -c '! grep -qi "below random" "$1" "$2"' - "$work/kept.html" "$work/compared.html"
expect 2 "wants features of an encoder" "$mosaic" probe "$run" --features random --write-model "$work/no.safetensors" --threads 1
expect 2 "trains the encoder" "$mosaic" probe "$run" --kind finetune --features random --out "$work/no" --threads 1

# C of scikit-learn, and a second fit on labelled and validation rows: logged, and scored as scikit-learn's.
expect 0 "micro F1" "$mosaic" probe "$run" --C 0.1,1 --refit --iterations 2000 --threads 1 --pictures 0 --out "$work/refit"
expect 0 "micro F1" "$mosaic" eval "$run" --split validation --embeddings --threads 1
check "C, penalty and rows" /usr/bin/python3 - "$run" "$work/refit" <<'END'
import csv, json, sys
import numpy as np
run, refit = sys.argv[1:]
record = json.load(open(refit + "/probe.json"))
n, valid = record["labelled_rows"], len(list(csv.DictReader(open(run + "/eval/validation/predictions.csv"))))
assert [c["C"] for c in record["candidates"]] == [1, 0.1] or [c["C"] for c in record["candidates"]] == [0.1, 1], record
for c in record["candidates"]:
    assert abs(c["l2"] - 1 / (c["C"] * n)) < 1e-9
assert record["refit"]["n"] == n + valid
l2 = record["refit"]["l2"]
assert abs(l2 - 1 / (record["chosen"]["C"] * (n + valid))) < 1e-9
# numpy fits the same problem by Newton's method
def read(folder):
    return list(csv.DictReader(open(f"{run}/eval/{folder}/predictions.csv"))), np.load(f"{run}/eval/{folder}/embeddings.npy").astype(float)
labelled = {line.strip() for line in open(run + "/labeled.txt") if not line.startswith("#")}
rows, x = read("train")
keep = [i for i, row in enumerate(rows) if row["id"] in labelled]
rows, x = [rows[i] for i in keep], x[keep]
more, y = read("validation")
rows, x = rows + more, np.vstack([x, y])
_, test = read("test")
mean, sd = x.mean(0), x.std(0)
sd[sd < 1e-12] = 1
x, test = (x - mean) / sd, (test - mean) / sd
found = list(csv.DictReader(open(refit + "/predictions.csv")))
checked = 0
for name in [c for c in rows[0] if c.startswith("label:")]:
    truth = np.array([float(row[name]) for row in rows])
    if truth.min() == truth.max():
        continue
    # the dual of the rows is small: w = x.T a
    design = np.hstack([x, np.ones((len(x), 1))])
    w = np.zeros(design.shape[1])
    penalty = np.full(design.shape[1], l2)
    penalty[-1] = 0
    for _ in range(100):
        p = 1 / (1 + np.exp(-design @ w))
        gradient = design.T @ (p - truth) / len(truth) + penalty * w
        hessian = (design.T * (p * (1 - p))) @ design / len(truth) + np.diag(penalty + 1e-12)
        step = np.linalg.solve(hessian, gradient)
        w -= step
        if np.abs(step).max() < 1e-12:
            break
    wanted = 1 / (1 + np.exp(-(np.hstack([test, np.ones((len(test), 1))]) @ w)))
    column = name.replace("label:", "probability:")
    got = np.array([float(row[column]) for row in found])
    assert np.abs(wanted - got).max() < 5e-3, (name, np.abs(wanted - got).max())
    checked += 1
assert checked > 1
END
expect 2 "refit wants a linear probe" "$mosaic" probe "$run" --kind knn --refit --threads 1
expect 2 "no modality 's3'" "$mosaic" probe "$run" --modalities s3 --threads 1
expect 2 "whole numbers" "$mosaic" probe "$run" --kind knn --neighbours 2.5 --threads 1
expect 2 "write-model wants a linear probe" "$mosaic" probe "$run" --kind knn --write-model "$work/no.safetensors" --threads 1
expect 0 "report.html" "$mosaic" report "$run"
finish
