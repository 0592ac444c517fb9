#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# Predictions of patch data sets: those of `eval`, in a table of their own, on the model's data and on others.
source "$(dirname "$0")/cli_support.sh"

check "a data set" "$mosaic" data synth "$work/data" --patches 40 --size 24 --classes 5 --seed 3 --no-progress
check "another" "$mosaic" data synth "$work/tree" --layout tree --patches 12 --size 24 --classes 5 --seed 8 --no-progress
cat >"$work/config.yaml" <<END
data: {root: $work/data}
method: supervised
model: {encoder: resnet10-narrow, hidden: 16, latent: 8}
train: {epochs: 1, batch: 8, lr: 1e-3, keep: 1, log_every: 1, precision: fp32}
END
run=$work/run
check "a model" "$mosaic" train "$work/config.yaml" --out "$run" --threads 1
check "its scores" "$mosaic" eval "$run" --split test --threads 1 --pictures 0

expect 2 "out is needed" "$mosaic" predict "$run"
expect 0 "40 of 40 patches predicted" "$mosaic" predict "$run" --out "$work/own" --threads 2
expect 0 "12 of 12 patches predicted" "$mosaic" predict "$run" "$work/tree" --out "$work/other" --threads 1
expect 0 "5 of 5 patches" "$mosaic" predict "$run" "$work/tree" --limit 5 --out "$work/few" --threads 1
# Nothing said of the training data holds for other data: a wrong offset there is no matter here.
expect 0 "12 of 12 patches predicted" "$mosaic" predict "$run" "$work/tree" --out "$work/again" --threads 2 --set data.boa_offset=auto
same "$work/other/predictions.csv" "$work/again/predictions.csv"
check "the same numbers as eval, decided by the model's thresholds" /usr/bin/env python3 - "$run" "$work/own" "$work/other" "$work/few" <<'END'
import csv, math, sys
run, own, other, few = sys.argv[1:]
table = lambda path: list(csv.DictReader(open(path)))
mine = {r["id"]: r for r in table(f"{own}/predictions.csv")}
judged = table(f"{run}/eval/test/predictions.csv")
assert len(judged) > 3
per_class = {r["class"]: r for r in table(f"{run}/eval/test/per_class.csv")}
for row in judged:
    keys = [k for k in row if k.startswith("probability:")]
    assert len(keys) == 19
    bits = 0
    for key in keys:
        name, p = key.split(":", 1)[1], float(row[key])
        assert mine[row["id"]][key] == row[key], (row["id"], key)
        threshold = float(next(v for k, v in per_class[name].items() if k.startswith("threshold[") and "class" in k))
        assert mine[row["id"]]["predicted:" + name] == str(int(p >= threshold)), (name, p, threshold)
        bits -= p * math.log2(p) + (1 - p) * math.log2(1 - p)
    assert abs(float(mine[row["id"]]["entropy"]) - bits / 19) < 1e-5
rows = table(f"{other}/predictions.csv")
assert len({r["id"] for r in rows}) == 12, rows
assert all(r["crs"].startswith("EPSG:32") and r["width"] == "240" for r in rows), rows[0]
assert table(f"{few}/predictions.csv") == rows[:5]
END
# Patches of several zones: polygons in degrees, each where its raster is.
if /usr/bin/python3 -c 'from osgeo import ogr' 2>/dev/null; then
    check "polygons" /usr/bin/python3 - "$work/other" <<'END'
import csv, sys
from osgeo import ogr, osr
folder = sys.argv[1]
rows = {r["id"]: r for r in csv.DictReader(open(f"{folder}/predictions.csv"))}
file = ogr.Open(f"{folder}/predictions.gpkg")
layer = file.GetLayerByName("predictions")
zones = {r["crs"] for r in rows.values()}
assert layer.GetFeatureCount() == 12 and len(zones) > 1 and layer.GetSpatialRef().GetAuthorityCode(None) == "4326"
degrees = osr.SpatialReference()
degrees.ImportFromEPSG(4326)
degrees.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
for feature in layer:
    row = rows[feature["id"]]
    zone = osr.SpatialReference()
    zone.ImportFromEPSG(int(row["crs"][5:]))
    zone.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    lon, lat, _ = osr.CoordinateTransformation(zone, degrees).TransformPoint(float(row["x"]) + 120, float(row["y"]) - 120)
    centre = feature.GetGeometryRef().Centroid()
    assert abs(centre.GetX() - lon) < 1e-5 and abs(centre.GetY() - lat) < 1e-5, (centre.ExportToWkt(), lon, lat)
    assert feature["valid"] is None and feature["lag_days"] is not None
END
fi
finish
