#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# The Python of docs/own_code.md against the program's own probabilities.
source "$(dirname "$0")/../cli/cli_support.sh"
source=$2
python=${PYTHON:-/usr/bin/python3}
if ! "$python" -c 'import torch, numpy; from osgeo import gdal' 2>/dev/null || [ ! -d "${MOSAIC_REAL_DATA:-/none}/terramesh_patches" ]; then
    echo "skipped: needs PyTorch, GDAL for Python and MOSAIC_REAL_DATA"
    exit 77
fi
"$python" - "$MOSAIC_REAL_DATA/terramesh_patches" "$work/table.csv" <<'END'
import csv, os, sys
source, out = sys.argv[1:]
rows = [r for r in csv.DictReader(open(source + "/patches.csv")) if not r["id"].startswith("433D")][:10]
with open(out, "w", newline="") as stream:
    writer = csv.writer(stream)
    writer.writerow(["id", "s1", "s2", "labels", "split"])
    for i, r in enumerate(rows):
        writer.writerow([r["id"], os.path.join(source, r["s1"]), os.path.join(source, r["s2"]), r["labels"], "train" if i < 8 else "test"])
END
cat >"$work/config.yaml" <<END
data: {root: $work/table.csv, bands: ["s1=VV,VH", "s2=B01,B02,B03,B04,B05,B06,B07,B08,B8A,B09,B11,B12"]}
method: supervised
model: {encoder: resnet10-narrow, hidden: 16, latent: 8}
train: {epochs: 1, batch: 4, lr: 1e-3, precision: fp32}
END
expect 0 "model written" "$mosaic" train "$work/config.yaml" --out "$work/run" --threads 1
expect 0 "micro F1" "$mosaic" eval "$work/run" --threads 1 --pictures 0
awk '/^```python$/ { on = 1; next } /^```$/ { on = 0 } on' "$source/docs/own_code.md" >"$work/own.py"
check "the document has a program" test -s "$work/own.py"
"$python" "$work/own.py" "$work/run/model/model.safetensors" "$work/table.csv" >"$work/own.txt" || failures=$((failures + 1))
check "the same to 1e-4" "$python" - "$work/own.txt" "$work/run/eval/test/predictions.csv" <<'END'
import csv, sys
own = {line.split()[0]: [float(v) for v in line.split()[1:]] for line in open(sys.argv[1])}
rows = list(csv.DictReader(open(sys.argv[2])))
assert rows
for row in rows:
    theirs = [float(v) for k, v in row.items() if k.startswith("probability:")]
    assert len(theirs) == len(own[row["id"]]) == 6 or len(theirs) == len(own[row["id"]])
    for a, b in zip(own[row["id"]], theirs):
        assert abs(a - b) < 1e-4, (row["id"], own[row["id"]], theirs)
END
finish
