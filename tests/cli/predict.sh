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
    # Rasters without a georeference whose names are BigEarthNet's: polygons where those patches lie, by the rasters that BigEarthNet publishes.
    check "patches that only their names place" /usr/bin/python3 - "$work" <<'END'
import glob, os, sys
from osgeo import gdal
gdal.UseExceptions()
work = sys.argv[1]
names = "S2B_MSIL2A_20170924T093019_N9999_R136_T35VPK_69_24", "S2A_MSIL2A_20170617T113321_N9999_R080_T29UPU_04_55", "nowhere"
files = sorted(glob.glob(f"{work}/tree/**/*.tif", recursive=True))
os.makedirs(f"{work}/named")
table = open(f"{work}/named/table.csv", "w")
print("id,s1,s2", file=table)
radar = ["VV", "VH"]
optical = "B01 B02 B03 B04 B05 B06 B07 B08 B8A B09 B11 B12".split()
for number, name in enumerate(names):
    for sensor, bands, kind in (("s1", radar, gdal.GDT_Float32), ("s2", optical, gdal.GDT_UInt16)):
        out = gdal.GetDriverByName("GTiff").Create(f"{work}/named/{sensor}_{number}.tif", 24, 24, len(bands), kind)
        for b, band in enumerate(bands):
            file = [f for f in files if f.endswith(f"_{band}.tif")][number]
            pixels = gdal.Open(file).ReadAsArray()
            side = pixels.shape[0]
            out.GetRasterBand(b + 1).WriteArray(pixels.repeat(24 // side, 0).repeat(24 // side, 1))
            out.GetRasterBand(b + 1).SetDescription(band)
    print(f"{name},s1_{number}.tif,s2_{number}.tif", file=table)
END
    expect 0 "3 of 3 patches predicted" "$mosaic" predict "$run" "$work/named/table.csv" --out "$work/by_name" --threads 1
    check "where their names say" /usr/bin/python3 - "$work/by_name" <<'END'
import csv, sys
from osgeo import ogr, osr
folder = sys.argv[1]
rows = {r["id"].split("_")[-3]: r for r in csv.DictReader(open(f"{folder}/predictions.csv")) if "_" in r["id"]}
assert len(rows) == 2, rows
corners = {"T35VPK": (32635, 682800, 6971220), "T29UPU": (32629, 604800, 5834040)}
file = ogr.Open(f"{folder}/predictions.gpkg")
layer = file.GetLayerByName("predictions")
degrees = osr.SpatialReference()
degrees.ImportFromEPSG(4326)
degrees.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
seen = 0
for feature in layer:
    tile = next((t for t in corners if t in feature["id"]), None)
    if tile is None:
        assert feature.GetGeometryRef() is None, feature["id"]
        continue
    epsg, x, y = corners[tile]
    zone = osr.SpatialReference()
    zone.ImportFromEPSG(epsg)
    turn = osr.CoordinateTransformation(zone, degrees)
    wanted = [turn.TransformPoint(x + a, y - b)[:2] for a, b in ((0, 0), (1200, 0), (1200, 1200), (0, 1200))]
    found = feature.GetGeometryRef().GetGeometryRef(0).GetPoints()[:4]
    assert all(min(abs(p[0] - q[0]) + abs(p[1] - q[1]) for q in found) < 1e-6 for p in wanted), (wanted, found)
    seen += 1
assert seen == 2 and layer.GetFeatureCount() == 3, seen
END
fi
finish
