#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# What scores are over: one set of classes for every macro mean, printed beside it, with scikit-learn as the judge of both means; tables that name
# fewer classes than the model; tables without labels; what training prints adds up.
source "$(dirname "$0")/cli_support.sh"

check "a data set" "$mosaic" data synth "$work/data" --patches 48 --size 24 --classes 5 --seed 3 --no-progress
cat >"$work/config.yaml" <<END
data: {root: $work/data, statistics: reben}
method: supervised
model: {encoder: resnet10-narrow, hidden: 16, latent: 8}
train: {epochs: 1, batch: 8, lr: 1e-3, keep: 1, log_every: 1, precision: fp32}
END
run=$work/run
expect 0 "validation macro AP .*\(([0-9]+) of 19 classes\)" "$mosaic" train "$work/config.yaml" --out "$run" --threads 1

# What training prints: terms times weights add up to the loss; the state before the first step; no step at all.
expect 0 "loss = 10 bce" "$mosaic" train "$work/config.yaml" --out "$work/initial" --threads 1 --max-steps 1 --save-initial
check "the model before the first step" test -s "$work/initial/model/initial.safetensors"
expect 0 "^memory +[0-9.]+ GB: views" "$mosaic" train "$work/config.yaml" --dry-run --threads 1 --out "$work/untouched"
cp "$work/output" "$work/plan"
check "a batch was loaded" grep -qE "^one batch +8 patches" "$work/plan"
check "nothing was written" test ! -e "$work/untouched"
sed 's/supervised/mosaic-1/' "$work/config.yaml" >"$work/contrast.yaml"
expect 0 "lowest mean training loss [0-9]|best validation macro AP" "$mosaic" train "$work/contrast.yaml" --out "$work/contrast" --threads 1 --set train.monitor=loss
cp "$work/output" "$work/said"
check "lowest loss is no negative score" grep -qE "^lowest mean training loss [0-9]" "$work/said"
check "terms times weights add up" /usr/bin/python3 - "$work/said" <<'END'
import re, sys
lines = re.findall(r"loss ([-0-9.e]+) \(((?:[a-z]+ [-0-9.e]+ ?)+)\)", open(sys.argv[1]).read())
assert lines
for total, terms in lines:
    parts = [float(v) for v in terms.split()[1::2]]
    assert len(parts) > 1 and abs(sum(parts) - float(total)) < 0.01 * abs(float(total)), (total, terms)
END

expect 0 "^macro F1 +0\.[0-9]+ \([0-9]+ classes with positives and negatives; 0\.[0-9]+ over all 19\)" "$mosaic" eval "$run" --threads 1 --pictures 0
cp "$work/output" "$work/scores"
check "macro AP says it too" grep -qE "^macro AP +0\.[0-9]+ \([0-9]+ classes with positives and negatives; 0\.[0-9]+ over all 19\)" "$work/scores"
cat >"$work/judge.py" <<'END'
import csv, json, sys, warnings
try:
    import numpy as np
    from sklearn import metrics as sk
except ImportError:
    print("skipped: no scikit-learn")
    sys.exit(0)
warnings.filterwarnings("ignore")
folder = sys.argv[1]
rows = list(csv.DictReader(open(folder + "/predictions.csv")))
names = [c[6:] for c in rows[0] if c.startswith("label:")]
y = np.array([[int(r["label:" + n]) for n in names] for r in rows])
p = np.array([[float(r["probability:" + n]) for n in names] for r in rows])
q = (p >= 0.5).astype(int)
found = json.load(open(folder + "/metrics.json"))
told = y.any(0) & ~y.all(0)
assert found["classes_averaged"] == told.sum(), (found["classes_averaged"], told.sum())
assert 0 < told.sum() < len(names) or len(sys.argv) > 2
half = found["thresholds"]["0.5"]
for key, use in (("macro", told), ("macro_all", np.ones(len(names), bool))):
    which = np.flatnonzero(use)  # class by class: of one column scikit-learn makes two classes
    mean = lambda score, of: np.mean([score(y[:, j], of[:, j], zero_division=0) for j in which])
    wanted = {"f1": mean(sk.f1_score, q), "precision": mean(sk.precision_score, q), "recall": mean(sk.recall_score, q),
              "average_precision": np.mean([sk.average_precision_score(y[:, j], p[:, j]) for j in which])}
    for name, value in wanted.items():
        assert abs(half[key][name] - value) < 1e-6, (key, name, half[key][name], value)
confidence = found["confidence"]
assert confidence["method"].startswith("BCa")
assert abs(confidence["thresholds"]["0.5"]["macro_f1"]["value"] - half["macro"]["f1"]) < 1e-9
END
check "both means are scikit-learn's" /usr/bin/python3 "$work/judge.py" "$run/eval/test"

# Scores of groups: countries and seasons by themselves, clouds by a table; scikit-learn judges one group.
check "a data set with clouds" "$mosaic" data synth "$work/clouds" --patches 48 --size 24 --classes 5 --seed 3 --clouds 0.5 --no-progress
expect 0 "" "$mosaic" eval "$run" --threads 1 --pictures 0 --by "$work/clouds/clouds.csv" --out "$work/by" \
    --set data.root="$work/clouds" --set data.include_snow_cloud=true
printf 'id,x\nother,1\n' >"$work/other.csv"
expect 3 "other.csv: none of its 1 ids is a sample that was scored; the first is 'other'" "$mosaic" eval "$run" --threads 1 --pictures 0 \
    --by "$work/other.csv" --out "$work/by2"
check "groups are of their patches" /usr/bin/python3 - "$work/by" "$work/clouds/clouds.csv" <<'END'
import csv, sys
folder, clouds = sys.argv[1:]
groups = list(csv.DictReader(open(folder + "/groups.csv")))
cover = {r["id"]: float(r["cloud_cover"]) for r in csv.DictReader(open(clouds))}
rows = list(csv.DictReader(open(folder + "/predictions.csv")))
assert {"season", "cloud_cover"} <= {g["column"] for g in groups}, groups
for column in {g["column"] for g in groups}:
    assert sum(int(g["rows"]) for g in groups if g["column"] == column) == len(rows), column
clear = [g for g in groups if g["column"] == "cloud_cover" and g["value"] == "0"]
assert len(clear) == 1 and int(clear[0]["rows"]) == sum(cover[r["id"]] == 0 for r in rows) > 0, clear
assert sum(cover[r["id"]] > 0 for r in rows) > 0
END

# The arithmetic of scores is chosen and recorded, and said where thresholds were tuned in another.
check "the card says what thresholds were tuned in" grep -q '"precision": "fp32", "global"' "$run/model/config.json"
check "scores say what they were computed in" grep -qE '"arithmetic": ?"fp32"' "$run/eval/test/metrics.json"
mkdir -p "$work/narrow/model"
LC_ALL=C sed '1s/\\"precision\\": \\"fp32\\", \\"global/\\"precision\\": \\"bf16\\", \\"global/' \
    "$run/model/model.safetensors" >"$work/narrow/model/model.safetensors"
expect 0 "thresholds were tuned on scores computed in bf16, these are computed in fp32" \
    "$mosaic" eval "$work/narrow" --precision fp32 --threads 1 --pictures 0 --limit 8
expect 0 "thresholds were tuned on scores computed in bf16, these are computed in fp32" \
    "$mosaic" predict "$work/narrow" --precision fp32 --threads 1 --limit 8 --out "$work/narrow/predicted"
expect 0 "" "$mosaic" eval "$work/narrow" --precision fp32 --tune --threads 1 --pictures 0 --limit 8
check "thresholds tuned anew are of the same arithmetic" test -z "$(grep "were tuned on scores" "$work/output")"
"$mosaic" eval "$work/narrow" --threads 1 --pictures 0 --limit 8 --out "$work/narrow/auto" >"$work/output" 2>&1
if grep -qE '"arithmetic": ?"bf16"' "$work/narrow/auto/metrics.json"; then
    check "auto is what thresholds were tuned in" test -z "$(grep -E "no bf16|were tuned on scores" "$work/output")"
else
    check "no bf16 here, and that is said" test "$(grep -cE "no bf16 arithmetic|these are computed in fp32" "$work/output")" = 2
fi
expect 2 "precision.*fp16|fp16.*precision" "$mosaic" probe "$run" --precision fp16
expect 0 "" "$mosaic" probe "$run" --precision fp32 --l2 0.01 --iterations 5 --limit 8 --threads 1 --pictures 0 --out "$work/probed" --write-model "$work/probed.safetensors"
check "a probe says what its features were computed in" grep -qE '"arithmetic": ?"fp32"' "$work/probed/probe.json"
check "and so does the model it becomes" grep -qa 'precision[^,]*fp32[^,]*, [^,]*global' "$work/probed.safetensors"

# Tables of one's own: patches of the same content, a table that names two of the model's classes, and one that names none.
mkdir "$work/own"
if [ -n "${MOSAIC_REAL_DATA:-}" ] && [ -d "$MOSAIC_REAL_DATA/terramesh_patches" ]; then
    /usr/bin/python3 - "$MOSAIC_REAL_DATA/terramesh_patches" "$work/own" <<'END'
import csv, os, sys
source, out = sys.argv[1:]
rows = list(csv.DictReader(open(source + "/patches.csv")))
for r in rows:
    for c in ("s1", "s2"):
        r[c] = os.path.join(source, r[c])
def save(name, rows, columns):
    with open(f"{out}/{name}.csv", "w", newline="") as stream:
        writer = csv.DictWriter(stream, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
columns = ["id", "s1", "s2", "labels", "split"]
save("all", rows, columns)
few = [dict(r, split="test") for r in rows if set(r["labels"].split(";")) <= {"Crops", "Trees", "Rangeland"}][:8]
save("few", few, columns)
save("bare", [dict(r, split="test") for r in rows[:4]], ["id", "s1", "s2", "split"])
save("empty", [dict(r, split="test", labels="") for r in rows[:4]], columns)
END
    cat >"$work/tiny.yaml" <<END
data: {format: csv, root: $work/own/all.csv, size: 16, bands: ["s1=VV,VH", "s2=B01,B02,B03,B04,B05,B06,B07,B08,B8A,B09,B11,B12"]}
method: supervised
model: {encoder: resnet10-narrow, hidden: 16, latent: 8, stem_pool: false}
train: {epochs: 1, batch: 8, lr: 1e-3, seed: 0}
END
    expect 0 "model written|best" "$mosaic" train "$work/tiny.yaml" --out "$work/csv" --threads 1
    expect 0 "over all 6\)" "$mosaic" eval "$work/csv" --threads 1 --pictures 0 --out "$work/few" --set data.root="$work/own/few.csv"
    cp "$work/output" "$work/scores"
    check "absent from every labelled patch" grep -q "count as absent from every labelled sample" "$work/scores"
    check "all of the model's classes are scored" /usr/bin/python3 "$work/judge.py" "$work/few" few
    for table in bare empty; do
        expect 0 "^no labels: predictions only" "$mosaic" eval "$work/csv" --threads 1 --pictures 0 --out "$work/$table" --set data.root="$work/own/$table.csv"
        check "no scores are printed" test -z "$(grep -E '^(macro|micro|Hamming)' "$work/output")"
        check "predictions are written" test "$(wc -l <"$work/$table/predictions.csv")" = 5
        check "no score is 0" test -z "$(grep -E '"f1": 0' "$work/$table/metrics.json")"
    done
    cut -d, -f1-4 "$work/own/all.csv" >"$work/own/undivided.csv"
    expect 3 "no samples in split 'test': all of it is in none, and --split none takes that" "$mosaic" eval "$work/csv" --threads 1 --set data.root="$work/own/undivided.csv"
fi
finish
