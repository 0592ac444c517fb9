#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# A map, polygons and probabilities in QGIS without a screen (Debian's python3-qgis).
source "$(dirname "$0")/../cli/cli_support.sh"
/usr/bin/python3 -c 'import qgis.core' 2>/dev/null || { echo "skipped: no python3-qgis"; exit 77; }
check "a data set" "$mosaic" data synth "$work/data" --patches 48 --size 24 --classes 5 --seed 3 --no-progress
check "a scene" "$mosaic" data synth "$work/scene" --layout scene --patches 30 --size 24 --classes 5 --seed 4 --no-progress
cat >"$work/config.yaml" <<END
data: {root: $work/data}
method: supervised
model: {encoder: resnet18, hidden: 16, latent: 8}
train: {epochs: 4, batch: 8, lr: 1e-3, keep: 1, log_every: 1, precision: fp32}
END
check "a model" "$mosaic" train "$work/config.yaml" --out "$work/run" --threads 2
check "a map" "$mosaic" predict "$work/run" "$work/scene" --out "$work/map"
check "polygons" "$mosaic" predict "$work/run" "$work/scene" --grid patch --out "$work/map/predictions.gpkg"
check "embeddings" "$mosaic" embed "$work/run" "$work/scene" --out "$work/rows" --threads 2
check "answers" "$mosaic" search "$work/rows" "$(sed -n 2p "$work/rows/embeddings.csv" | cut -d, -f1)" --gpkg --out "$work/map/found"
check "QGIS" /usr/bin/python3 "$(dirname "$0")/qgis_check.py" "$work/map"
if [ -n "${MOSAIC_PICTURES:-}" ]; then cp "$work"/map/qgis_*.png "$MOSAIC_PICTURES"; fi
finish
