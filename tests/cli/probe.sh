#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# Probes of a trained encoder: linear and k-NN, on all modalities and on one, their files, and numpy as the judge of the votes.
source "$(dirname "$0")/cli_support.sh"

check "a data set" "$mosaic" data synth "$work/data" --patches 64 --size 24 --classes 4 --seed 3 --no-progress
cat >"$work/config.yaml" <<END
data: {root: $work/data, statistics: reben, labeled: {fraction: 0.5}}
method: iai-simclr
model: {encoder: resnet18, hidden: 16, latent: 8}
train: {epochs: 1, batch: 8, lr: 1e-3, keep: 1, log_every: 1, precision: fp32}
END
expect 0 "model written" "$mosaic" train "$work/config.yaml" --out "$work/run" --threads 1
run=$work/run

expect 0 "F1 micro" "$mosaic" probe "$run" --threads 1
check "the record" grep -q '"kind": "linear"' "$run/eval/test-probe/probe.json"
check "penalties to choose from" test "$(grep -c '"l2"' "$run/eval/test-probe/probe.json")" = 6
check "scores" grep -q '"scorer": "linear probe"' "$run/eval/test-probe/metrics.json"
expect 0 "F1 micro" "$mosaic" probe "$run" --threads 1 --solver adamw --epochs 5 --l2 0.01 --modalities s2 --write-model "$work/probed.safetensors"
check "its own folder" test -s "$run/eval/test-probe-s2/predictions.csv"
# The model file that was written scores as the probe did.
expect 0 "F1 micro" "$mosaic" eval "$work/probed.safetensors" --out "$work/again" --threads 1 --set data.root="$work/data"
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

expect 0 "F1 micro" "$mosaic" probe "$run" --kind knn --neighbours 3,7 --temperature 0.1,0.3 --threads 1
check "the record" grep -q '"kind": "knn"' "$run/eval/test-knn/probe.json"
for split in train test; do
    expect 0 "F1 micro" "$mosaic" eval "$run" --split $split --embeddings --threads 1
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
expect 2 "no modality 's3'" "$mosaic" probe "$run" --modalities s3 --threads 1
expect 2 "whole numbers" "$mosaic" probe "$run" --kind knn --neighbours 2.5 --threads 1
expect 2 "write-model wants a linear probe" "$mosaic" probe "$run" --kind knn --write-model "$work/no.safetensors" --threads 1
expect 0 "report.html" "$mosaic" report "$run"
finish
