#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# A probe that looks on while a run trains: its scores are logged, the weights are those without it to the bit, and a resumed
# run logs what the whole one does.
source "$(dirname "$0")/cli_support.sh"

check "a data set" "$mosaic" data synth "$work/data" --patches 48 --size 24 --classes 4 --seed 3 --no-progress
cat >"$work/config.yaml" <<END
data: {root: $work/data, statistics: reben, labeled: {fraction: 0.5}}
method: supervised
model: {encoder: resnet10-narrow, hidden: 16, latent: 8}
train: {epochs: 3, batch: 8, lr: 1e-3, keep: 1, log_every: 1}
END
train() {
    local run=$1
    shift
    "$mosaic" train "$work/config.yaml" --out "$work/$run" --threads 1 "$@"
}

expect 0 "model written" train plain
check "no probe, no column" bash -c "! grep -q online '$work/plain/metrics.csv'"
for kind in linear knn; do
    on=(--set "train.online_probe=$kind" --set train.online_probe_every=2)
    expect 0 "on-line probe macro AP" train whole "${on[@]}"
    expect 0 "reduced run" train cut "${on[@]}" --max-steps 5
    expect 0 "model written" train cut "${on[@]}" --resume
    same "$work/whole/metrics.jsonl" "$work/cut/metrics.jsonl"
    same "$work/whole/metrics.csv" "$work/cut/metrics.csv"
    check "$kind: the same weights and lines as without it" /usr/bin/python3 - "$work/plain" "$work/whole" <<'END'
import json, struct, sys
def tensors(run):
    data = open(run + "/model/model.safetensors", "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__")
    return {name: data[8 + size + t["data_offsets"][0]:8 + size + t["data_offsets"][1]] for name, t in header.items()}
plain, probed = (tensors(run) for run in sys.argv[1:])
assert plain == probed and len(plain) > 100
def lines(run):
    return [json.loads(line) for line in open(run + "/metrics.jsonl")]
def flat(value, prefix=""):
    if not isinstance(value, dict):
        return {prefix: value}
    return {k: v for name, part in value.items() for k, v in flat(part, prefix + "." + name if prefix else name).items()}
with_probe = [flat(line) for line in lines(sys.argv[2])]
without = [{k: v for k, v in line.items() if "online" not in k} for line in with_probe]
assert without == [flat(line) for line in lines(sys.argv[1])]
scored = [line for line in with_probe if any("online" in k for k in line)]
assert len(scored) == 2, scored  # epoch 2, and the last
for line in scored:
    values = [v for k, v in line.items() if "online" in k]
    assert len(values) == 4 and all(0 <= v <= 1 for v in values), values
END
    expect 0 "report.html" "$mosaic" report "$work/whole"
    check "$kind: drawn" grep -q "On-line probe of the features" "$work/whole/report.html"
    rm -rf "$work/whole" "$work/cut"
done
check "a split without validation" "$mosaic" data split "$work/data" "$work/split.csv" --rule share --shares 0.8,0,0.2 --allow-overlap
expect 3 "needs labelled training and validation" "$mosaic" train "$work/config.yaml" --out "$work/never" --threads 1 \
    --set method=simclr --set train.online_probe=knn --set data.split_file="$work/split.csv" --max-steps 1
finish
