#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# Fine-tuning: an ordinary run from a model's encoders, resumed bit for bit; what is frozen is the source's to the bit.
source "$(dirname "$0")/cli_support.sh"

check "a data set" "$mosaic" data synth "$work/data" --patches 48 --size 24 --classes 4 --seed 3 --no-progress
cat >"$work/config.yaml" <<END
data: {root: $work/data, labeled: {fraction: 0.5}}
method: iai-simclr
model: {encoder: resnet10-narrow, hidden: 16, latent: 8}
train: {epochs: 1, batch: 8, lr: 1e-3, keep: 1, log_every: 1}
END
expect 0 "model written" "$mosaic" train "$work/config.yaml" --out "$work/source" --threads 1
tune() {
    local run=$1
    shift
    "$mosaic" probe "$work/source" --kind finetune --out "$work/$run" --epochs 2 --batch 4 --threads 1 --pictures 0 "$@"
}
cat >"$work/compare.py" <<'END'
"""compare.py SOURCE TUNED SAME: tensors whose names match SAME (a regular expression) are equal, all others of the encoders are not."""
import json, re, struct, sys
def tensors(run):
    data = open(run + "/model/model.safetensors", "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__")
    return {name: data[8 + size + t["data_offsets"][0]:8 + size + t["data_offsets"][1]] for name, t in header.items()}
source, tuned = tensors(sys.argv[1]), tensors(sys.argv[2])
assert source["head.weight"] != tuned["head.weight"]
names = [name for name in tuned if name.startswith("backbones.")]
same = {name for name in names if source[name] == tuned[name]}
wanted = {name for name in names if re.search(sys.argv[3], name)}
assert names and same == wanted, sorted(same ^ wanted)[:8]
END
compare() {
    check "$1: the same are $2" /usr/bin/python3 "$work/compare.py" "$work/source" "$work/$1" "$2"
}

expect 0 "micro F1" tune whole
compare whole '^$'
check "the source is named" grep -q "\"init_from\": \"$work/source/model/model.safetensors\"" "$work/whole/provenance.json"
check "scores" test -s "$work/whole/eval/test/metrics.json"
check "only labelled patches" grep -q '"trained_on": 12' "$work/whole/provenance.json"
check "the source's statistics" bash -c "cut -d, -f1-4 '$work/whole/statistics.csv' | grep -vxFf <(cut -d, -f1-4 '$work/source/statistics.csv') | wc -l | grep -qx 0"
expect 0 "reduced" tune cut --max-steps 2
expect 0 "micro F1" tune cut --resume
same "$work/whole/model/model.safetensors" "$work/cut/model/model.safetensors"
same "$work/whole/metrics.jsonl" "$work/cut/metrics.jsonl"
expect 5 "train.encoder_lr|train.lr" tune cut --resume --lr 0.5
rm -rf "$work/whole" "$work/cut"

expect 0 "micro F1" tune stages --freeze-stages 3
compare stages '^backbones\.s[12]\.(conv1|bn1|layer[12])\.'
rm -rf "$work/stages"
expect 0 "micro F1" tune norms --freeze-norms
compare norms '(bn[12]|downsample\.1)\.'
rm -rf "$work/norms"
expect 0 "micro F1" tune all --freeze-stages 5 --modalities s2
compare all '.'
check "one modality" bash -c "grep -q '\"s2\"' '$work/all/model/config.json' && ! grep -q '\"s1\"' '$work/all/model/config.json'"
expect 2 "out RUN is wanted" "$mosaic" probe "$work/source" --kind finetune
expect 2 "s3" tune never --modalities s3
check "no folder" test ! -e "$work/never"
expect 2 "wants a model to start from" "$mosaic" train "$work/config.yaml" --out "$work/never" --set data.statistics=model --threads 1
finish
