#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# What `mosaic export` writes, by its readers: every fusion as ONNX in PyTorch and in ONNX Runtime, torchvision's strict
# loading both ways, a Hugging Face folder, a STAC item.
#   export.sh MOSAIC SOURCE
# MOSAIC_ONNX_PYTHON: a Python that has onnx, onnxruntime, NumPy, PyTorch, GDAL, and best safetensors too
# (/usr/bin/python3 -m venv --system-site-packages FOLDER && FOLDER/bin/pip install onnxruntime safetensors 'numpy<2').
source "$(dirname "$0")/../cli/cli_support.sh"
source=$2
export PYTHONDONTWRITEBYTECODE=1
python=${PYTHON:-/usr/bin/python3}
if ! "$python" -c 'import numpy, torch; from osgeo import gdal' 2>/dev/null; then
    echo "skipped: needs Debian's python3-numpy, python3-torch and GDAL for Python"
    exit 77
fi
judge() {
    "$python" "$source/tests/deploy/export_check.py" "$@"
}
has() { # has MODULE...: is it there for the judge? Says so when not.
    local module
    for module in "$@"; do
        "$python" -c "import $module" 2>/dev/null || { echo "skipped: no python3-$module here, what it judges is not judged"; return 1; }
    done
}
onnx=no
if [ -n "${MOSAIC_ONNX_PYTHON:-}" ]; then
    "$MOSAIC_ONNX_PYTHON" -c 'import onnx, onnxruntime, torch; from osgeo import gdal' || exit 1
    python=$MOSAIC_ONNX_PYTHON
fi
"$python" -W ignore -c 'import onnx' 2>/dev/null && onnx=yes
[ $onnx = yes ] || echo "skipped: no python3-onnx here, ONNX files are not judged"

mkdir "$work/data"
check "a data set" judge data "$work/data"
cat >"$work/config.yaml" <<END
data: {root: $work/data/table.csv}
method: supervised
model: {encoder: resnet18, hidden: 16, latent: 8, fusion_dim: 24, fusion_rank: 3, fusion_heads: 3}
train: {epochs: 1, batch: 4, lr: 1e-3, precision: fp32}
END
expect 0 "model written" "$mosaic" train "$work/config.yaml" --out "$work/run" --threads 1
check "every fusion" judge variants "$work/run/model/model.safetensors" "$work"
cp "$work/run/model/model.safetensors" "$work/concat.safetensors"
ort=${MOSAIC_ONNX_PYTHON:-}
[ -n "$ort" ] || echo "skipped: exports do not run themselves in ONNX Runtime (MOSAIC_ONNX_PYTHON)"
names=(concat gated bilinear cross-attention learned)
for name in "${names[@]}"; do
    expect 0 "micro F1" "$mosaic" eval "$work/$name.safetensors" --out "$work/eval-$name" --threads 1 --pictures 0 --embeddings
    expect 0 "${ort:+gives what this program does.*}" "$mosaic" export "$work/$name.safetensors" --to onnx --out "$work/$name.onnx" --threads 1 --python "$ort"
done
[ $onnx = no ] || check "ONNX files" judge onnx "$work" "${names[@]}"
expect 0 "was not run: '$work/no-python' has no ONNX Runtime" "$mosaic" export "$work/run" --to onnx --out "$work/run.onnx" --threads 1 --python "$work/no-python"
mkdir -p "$work/run/eval"
cp -r "$work/eval-concat" "$work/run/eval/test"

# QGIS's plugin Deepness: one raster in, a layer for each class out
pattern="set the resolution in Deepness to that of the training data"
[ -z "$ort" ] || pattern="gives what this program does"
expect 0 "$pattern" "$mosaic" export "$work/learned.safetensors" --profile deepness --out "$work/deepness.onnx" --threads 1 --python "$ort"
[ $onnx = no ] || check "a model for Deepness" judge deepness "$work/deepness.onnx" "$work/eval-learned" "$work/data"
check "what the plugin cannot draw" judge refused "$work/run/model/model.safetensors" "$work"
expect 1 "it draws a layer for each class, and '$work/bare.safetensors' has no classification head: .mosaic probe. makes a model with one" \
    "$mosaic" export "$work/bare.safetensors" --profile deepness --out "$work/never" --threads 1
expect 1 "its tiles are square, and the patches of '$work/oblong.safetensors' are 24 x 32; use mosaic predict" \
    "$mosaic" export "$work/oblong.safetensors" --profile deepness --out "$work/never" --threads 1
for name in bare oblong; do # not because of something else
    expect 0 "" "$mosaic" export "$work/$name.safetensors" --to onnx --out "$work/$name.onnx" --threads 1 --python "$work/no-python"
done

# PyTorch and the hub
expect 0 "modeling.py" "$mosaic" export "$work/run" --to huggingface --out "$work/hub" --threads 1
check "a Hugging Face folder" judge huggingface "$work/hub" "$work/eval-concat" "$work/data"
same "$work/hub/model.safetensors" "$work/run/model/model.safetensors"
expect 1 "fusion 'gated' is not in the PyTorch program" "$mosaic" export "$work/gated.safetensors" --to huggingface --out "$work/never" --threads 1
expect 0 "s2.safetensors" "$mosaic" export "$work/run" --to safetensors --out "$work/tv" --threads 1
if has torchvision; then
    check "strict loading in torchvision" judge torchvision "$work/tv" resnet18
fi

# STAC
expect 0 "item.json" "$mosaic" export "$work/run" --to stac --out "$work/item.json" --threads 1
if has jsonschema; then
    check "a STAC item" judge stac "$work/item.json" "$source/tests/deploy/mlm_item.schema.json" "$work/run/model/model.safetensors"
fi

# refusals
expect 2 "profile is for --to onnx, found --to stac" "$mosaic" export "$work/run" --to stac --profile deepness --out "$work/never"
cp -r "$work/run/model" "$work/kept"
expect 2 "model.safetensors is of the model itself: give another name" "$mosaic" export "$work/run" --to stac --out "$work/run/model/model.safetensors"
expect 2 "model/config.json is of the model itself" "$mosaic" export "$work/run" --to huggingface --out "$work/run/model"
expect 2 "is of the model itself" "$mosaic" export "$work/run/model/model.safetensors" --to onnx --out "$work/run/model/README.md"
check "the model as it was" diff -r "$work/run/model" "$work/kept"
expect 2 "export wants --out FILE" "$mosaic" export "$work/run"
expect 2 "wants one of safetensors, onnx, huggingface, stac, found 'onx', did you mean 'onnx'" "$mosaic" export "$work/run" --to onx --out "$work/never"
printf 'PK\003\004aaaaaaaaaaaaaaaaaaaaaaaa' >"$work/model.pth"
expect 3 "model.pth.* is a PyTorch file .*save_file" "$mosaic" export "$work/model.pth" --out "$work/never"
check "nothing is left of refused exports" test ! -e "$work/never"
finish
