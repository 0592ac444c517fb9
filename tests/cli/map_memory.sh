#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# A map of a whole tile in bounded memory: rasters of made size, sparse, so that little of them is computed. As map_memory_long the tile of
# Sentinel-2 itself, 10,980 px a side, in less than a gigabyte; else one of 2,600 px in less than that.
source "$(dirname "$0")/cli_support.sh"
/usr/bin/python3 -c 'from osgeo import gdal; import numpy' 2>/dev/null || { echo "skipped: no python3-gdal with numpy"; exit 77; }
side=2600 most=560
[ "${MOSAIC_LONG:-0}" = 1 ] && side=10980 most=1000

check "a data set" "$mosaic" data synth "$work/data" --patches 24 --size 24 --classes 5 --seed 3 --no-progress
cat >"$work/config.yaml" <<END
data: {root: $work/data}
method: supervised
model: {encoder: resnet18, hidden: 16, latent: 8}
train: {epochs: 1, batch: 8, lr: 1e-3, keep: 1, log_every: 1, precision: fp32}
END
check "a model" "$mosaic" train "$work/config.yaml" --out "$work/run" --threads 1
cat >"$work/make.py" <<'END'
import sys
import numpy as np
from osgeo import gdal, osr
gdal.UseExceptions()
work, side = sys.argv[1], int(sys.argv[2])
zone = osr.SpatialReference()
zone.ImportFromEPSG(32633)
rng = np.random.default_rng(0)
names = {"s1": ["VV", "VH"], "s2": "B01 B02 B03 B04 B05 B06 B07 B08 B8A B09 B11 B12".split()}
for name, bands in names.items():
    kind, nothing = (gdal.GDT_Float32, -9999) if name == "s1" else (gdal.GDT_UInt16, 0)
    out = gdal.GetDriverByName("GTiff").Create(f"{work}/{name}.tif", side, side, len(bands), kind, ["TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512", "SPARSE_OK=TRUE", "INTERLEAVE=BAND", "COMPRESS=ZSTD"])
    out.SetGeoTransform((600000, 10, 0, 5300000, 0, -10))
    out.SetSpatialRef(zone)
    for b, band in enumerate(bands):
        raster = out.GetRasterBand(b + 1)
        raster.SetDescription(band)
        raster.SetNoDataValue(nothing)
        for x, y in ((0, 0), (side - 60, side - 60)):
            pixels = rng.normal(-12 - 6 * b, 2, (60, 60)) if name == "s1" else rng.integers(300, 3000, (60, 60))
            raster.WriteArray(pixels, x, y)
END
check "rasters of $side px" /usr/bin/python3 "$work/make.py" "$work" "$side"
cat >"$work/run.py" <<'END'
import resource, subprocess, sys
most = int(sys.argv[1])
code = subprocess.run(sys.argv[2:], stderr=subprocess.STDOUT).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(f"{used:.0f} MB resident at most, of {most} allowed")
sys.exit(code if code != 0 else used > most)
END
check "a map of $side px in $most MB" /usr/bin/python3 "$work/run.py" "$most" "$mosaic" predict "$work/run" --s1 "$work/s1.tif" --s2 "$work/s2.tif" --stride 24 --out "$work/map" --threads 2
grep resident "$work/output"
check "both ends of it have values" /usr/bin/python3 - "$work" "$side" <<'END'
import sys
from osgeo import gdal
work, side = sys.argv[1], int(sys.argv[2])
raster = gdal.Open(f"{work}/map/s2_classes.tif")
assert (raster.RasterXSize, raster.RasterYSize) == (side, side)
for x, y, wanted in ((0, 0, True), (side - 60, side - 60, True), (side // 2, side // 2, False)):
    assert (raster.ReadAsArray(x, y, 60, 60) > 0).any() == wanted, (x, y)
assert (raster.ReadAsArray(0, 0, 48, 48) > 0).all()
END
finish
