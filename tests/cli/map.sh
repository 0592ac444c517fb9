#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# Maps of scenes, judged by GDAL and numpy: georeference to the bit, the same answers as `eval` on the same windows, edges, seams, any number of
# threads, a run that was killed, what is refused.
source "$(dirname "$0")/cli_support.sh"
/usr/bin/python3 -c 'from osgeo import gdal; import numpy' 2>/dev/null || { echo "skipped: no python3-gdal with numpy"; exit 77; }

check "a data set" "$mosaic" data synth "$work/data" --patches 40 --size 24 --classes 5 --seed 3 --no-progress
check "a scene" "$mosaic" data synth "$work/scene" --layout scene --patches 30 --size 24 --classes 5 --seed 4 --no-progress --threads 1
check "the same scene" "$mosaic" data synth "$work/twin" --layout scene --patches 30 --size 24 --classes 5 --seed 4 --no-progress --threads 2
for name in s1.tif s2.tif land_cover.tif scene.yaml truth.json; do same "$work/scene/$name" "$work/twin/$name"; done
expect 0 "labelled .* 30 " "$mosaic" data info "$work/scene"
cat >"$work/config.yaml" <<END
data: {root: $work/data}
method: supervised
model: {encoder: resnet10-narrow, hidden: 16, latent: 8}
train: {epochs: 10, batch: 8, lr: 3e-3, validate_every: 10, patience: 0, keep: 1, log_every: 1, precision: fp32}
END
run=$work/run
check "a model" "$mosaic" train "$work/config.yaml" --out "$run" --threads 1
predict() { "$mosaic" predict "$run" "$@"; }

# Rasters at odd places, of a size that no stride divides, with corners that one or both lack.
cat >"$work/make.py" <<'END'
import sys
import numpy as np
from osgeo import gdal
gdal.UseExceptions()
work = sys.argv[1]
transform = (600000.123456789, 10, 0, 5300000.987654321, 0, -10)
def write(name, source, change=None, kind=None, tags=(1, 0), product=None, bands=None):
    image = gdal.Open(f"{work}/scene/{source}.tif")
    pixels = image.ReadAsArray()[:, :115, :130]
    names = [image.GetRasterBand(i + 1).GetDescription() for i in range(len(pixels))]
    if change: pixels = change(pixels.copy())
    out = gdal.GetDriverByName("GTiff").Create(f"{work}/{name}.tif", 130, 115, len(pixels), kind or image.GetRasterBand(1).DataType)
    out.SetGeoTransform(transform)
    out.SetSpatialRef(image.GetSpatialRef())
    for b in range(len(pixels)):
        band = out.GetRasterBand(b + 1)
        band.SetDescription((bands or names)[b])
        if tags != (1, 0): band.SetScale(tags[0]), band.SetOffset(tags[1])
        band.WriteArray(pixels[b])
def corners(value, wide):
    def change(p):
        p[:, :30, :30] = value
        p[:, 100:, wide:] = value
        return p
    return change
write("s2", "s2", corners(0, 115))
write("s1", "s1", corners(np.nan, 125))
write("clean2", "s2"), write("clean1", "s1")
write("power1", "s1", lambda p: 10 ** (p / 10))
write("whole1", "s1", np.round)
write("swapped1", "s1", bands=["VH", "VV"])
write("reflectance2", "s2", lambda p: p / 1e4, gdal.GDT_Float32)
write("byte2", "s2", lambda p: p // 40, gdal.GDT_Byte)
write("shifted2", "s2", lambda p: p + 1000, tags=(1e-4, -0.1))
write("lying2", "s2", tags=(1e-4, -0.1))
image = gdal.Open(f"{work}/scene/s2.tif")
write("unnamed2", "s2", lambda p: p[::-1], bands=[""] * 12)
order = [image.GetRasterBand(b + 1).GetDescription() for b in range(12)]
natural = [order.index(b) for b in "B01 B02 B03 B04 B05 B06 B07 B08 B8A B09 B11 B12".split()]
write("plain2", "s2", lambda p: p[natural], bands=[""] * 12)
eleven = [b for b in natural if order[b] != "B8A"]
write("lacking2", "s2", lambda p: p[eleven], bands=[order[b] for b in eleven])
ten = [order.index(b) for b in "B02 B03 B04 B05 B06 B07 B08 B8A B11 B12".split()]  # what the model takes
write("ten2", "s2", lambda p: p[ten], bands=[""] * 10)
write("S2A_MSIL1C_20170613T101031_N0205_R022_T33UUP_20170613T101608", "s2")
write("shuffled2", "s2", lambda p: p[::-1], bands=[image.GetRasterBand(b).GetDescription() for b in range(12, 0, -1)])
gdal.Translate(f"{work}/coarse2.tif", f"{work}/clean2.tif", xRes=20, yRes=20, resampleAlg="average", projWin=[transform[0], transform[3], transform[0] + 1300, transform[3] - 1140])
gdal.BuildVRT(f"{work}/clean2.vrt", f"{work}/clean2.tif")
mask = gdal.GetDriverByName("GTiff").Create(f"{work}/mask.tif", 65, 58)
mask.SetGeoTransform((transform[0], 20, 0, transform[3], 0, -20))
mask.SetSpatialRef(image.GetSpatialRef())
codes = np.full((58, 65), 4, "u1")
codes[20:40, 20:40] = 9
mask.GetRasterBand(1).WriteArray(codes)
beside = gdal.GetDriverByName("GTiff").CreateCopy(f"{work}/beside.tif", mask)
beside.SetGeoTransform((transform[0] + 5000, 20, 0, transform[3], 0, -20))
del beside
two = gdal.GetDriverByName("GTiff").Create(f"{work}/two.tif", 65, 58, 2)
two.SetGeoTransform(mask.GetGeoTransform())
two.SetSpatialRef(image.GetSpatialRef())
del two
# the scene in degrees, square ones and those of 10 m, and in Web Mercator, whose metres are none here
warp = lambda name, system, width, height: gdal.Warp(f"{work}/{name}.tif", f"{work}/clean2.tif", dstSRS=system, xRes=width, yRes=height, dstNodata=0)
warp("square2", "EPSG:4326", 9e-5, 9e-5)
warp("fitting2", "EPSG:4326", 1.338e-4, 8.99e-5)
warp("web2", "EPSG:3857", 10, 10)
open(f"{work}/junk.tif", "w").write("no raster at all, but long enough to be looked at")
# a triangle on the scene, in degrees
from osgeo import ogr, osr
here = gdal.Open(f"{work}/scene/s2.tif")
zone, degrees = osr.SpatialReference(here.GetProjection()), osr.SpatialReference()
degrees.ImportFromEPSG(4326)
for system in (zone, degrees): system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
x, y = here.GetGeoTransform()[0], here.GetGeoTransform()[3]
corners = [(x + 400, y - 200), (x + 1100, y - 300), (x + 600, y - 900), (x + 400, y - 200)]
ring = ogr.Geometry(ogr.wkbLinearRing)
for corner in corners: ring.AddPoint_2D(*corner)
triangle = ogr.Geometry(ogr.wkbPolygon)
triangle.AddGeometry(ring)
triangle.Transform(osr.CoordinateTransformation(zone, degrees))
open(f"{work}/area.geojson", "w").write('{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": %s}]}' % triangle.ExportToJson())
geopackage = ogr.GetDriverByName("GPKG").CreateDataSource(f"{work}/area.gpkg")
layer = geopackage.CreateLayer("area", degrees, ogr.wkbPolygon)
feature = ogr.Feature(layer.GetLayerDefn())
feature.SetGeometry(triangle)
layer.CreateFeature(feature)
END
check "rasters" /usr/bin/python3 "$work/make.py" "$work"

expect 2 "out is needed" predict "$work/scene"
expect 2 "s1 and --s2 are rasters of one scene" predict "$work/scene" --s2 "$work/s2.tif" --out "$work/x"
expect 2 "none may be left out" predict "$work/scene" --stride 25 --out "$work/x"
expect 2 "no layer 'clases'" predict "$work/scene" --layers clases --out "$work/x"
expect 2 "mask and mask_values go together" predict "$work/scene" --mask "$work/mask.tif" --out "$work/x"
expect 3 "beside.tif: lies beside scene 'synth' .EPSG:326" predict "$work/scene" --mask "$work/beside.tif" --mask-values 9 --out "$work/x"
expect 2 "two.tif: has 2 bands, and a mask has one" predict "$work/scene" --mask "$work/two.tif" --mask-values 9 --out "$work/x"
for option in "--of GTiff" "--of COG" "--co COMPRESS=LZW" "--type byte" "--type uint16" "--blend mean" "--blend hann" "--layers classes" \
    "--layers probabilities,classes,quality" "--grid pixel"; do
    # shellcheck disable=SC2086 # two words
    expect 2 "${option%% *}.* is for maps, and '.*x.gpkg' is to be a table" predict "$work/scene" $option --out "$work/x.gpkg"
done
for command in predict embed; do
    expect 3 "junk.tif: neither a data set .* nor a raster: .*not a raster of a known format" "$mosaic" $command "$run" "$work/junk.tif" --out "$work/x"
    expect 3 "clean2.tif: a raster of 130 x 115 pixels in 12 bands, and no data set: .*--s1, --s2" "$mosaic" $command "$run" "$work/clean2.tif" --out "$work/x"
done
expect 2 "creation option 'COMPRESS=NOSUCH': COG has no such option" predict "$work/scene" --co COMPRESS=NOSUCH --out "$work/x"
expect 2 "wants KEY=VALUE, found 'LZW'" predict "$work/scene" --of GTiff --co LZW --out "$work/x"
expect 2 "stride is for scenes" predict "$work/data" --stride 12 --out "$work/x"
expect 2 "is one file" predict "$work/scene" --layers classes,quality --out "$work/x.tif"
expect 3 "the model needs modality 's1' .VV, VH., the data have 's2' .B0[^)]*.; .predict --without s1. answers from the others" predict --s2 "$work/s2.tif" --out "$work/x"

expect 0 "99 of 99 patches predicted" predict "$work/scene" --out "$work/map" --threads 1
expect 2 "synth_probabilities.tif exists; --overwrite" predict "$work/scene" --out "$work/map" --threads 1
cp "$work/clean2.tif" "$work/kept2.tif"
expect 2 "kept2.tif is an input: give the output another name" predict --s1 "$work/clean1.tif" --s2 "$work/kept2.tif" --layers classes --out "$work/kept2.tif" --overwrite
same "$work/clean2.tif" "$work/kept2.tif"
expect 0 "99 of 99" predict "$work/scene/scene.yaml" --out "$work/map2" --threads 3
for layer in probabilities classes quality; do same "$work/map/synth_$layer.tif" "$work/map2/synth_$layer.tif"; done
same "$work/map/synth_classes.tif.aux.xml" "$work/map2/synth_classes.tif.aux.xml"
# A map needs no labels: land cover is not looked at.
mkdir "$work/unlabelled"
cp "$work/scene/"s?.tif "$work/unlabelled"
sed 's/land_cover.tif/nowhere.tif/' "$work/scene/scene.yaml" >"$work/unlabelled/scene.yaml"
expect 1 "nowhere.tif" "$mosaic" data info "$work/unlabelled"
expect 0 "99 of 99" predict "$work/unlabelled" --out "$work/map3" --layers classes
same "$work/map/synth_classes.tif.aux.xml" "$work/map3/synth_classes.tif.aux.xml"
check "nothing but whole files" test "$(find "$work/map" -type f | wc -l)" = 9
expect 0 "86 of 86" predict --s1 "$work/s1.tif" --s2 "$work/s2.tif" --out "$work/odd" --threads 2
expect 0 "" predict --s1 "$work/s1.tif" --s2 "$work/s2.tif" --out "$work/odd/float.tif" --type float32 --of GTiff --co COMPRESS=LZW --threads 2
expect 0 "[1-7]. of [1-7]. patches" predict --s1 "$work/s1.tif" --s2 "$work/s2.tif" --minimum-valid 1 --layers classes --out "$work/odd/whole.tif" --threads 2
expect 0 "" predict --s1 "$work/s1.tif" --s2 "$work/s2.tif" --out "$work/odd/masked.tif" --mask "$work/mask.tif" --mask-values 8,9 --threads 2
# The same windows, one by one: touching ones as `eval` has them, and those of the map as a table.
expect 0 "30 of 30" predict "$work/scene" --stride 24 --out "$work/touching" --layers probabilities --threads 2
expect 0 "" "$mosaic" eval "$run" --split none --out "$work/judged" --pictures 0 --threads 1 --set data.root="$work/scene" --set data.format=scene
expect 0 "99 of 99" predict "$work/scene" --stride 12 --grid patch --out "$work/table" --threads 2
expect 0 "" predict "$work/scene" --out "$work/steps.tif" --blend mean --type float32 --threads 2
# What a file says of itself counts, wherever it says it; what it cannot be is refused.
for name in clean1-clean2 clean1-shifted2 power1-clean2; do
    expect 0 "90 of 90" predict --s1 "$work/${name%-*}.tif" --s2 "$work/${name#*-}.tif" --out "$work/$name.tif" --threads 2
done
expect 0 "90 of 90" predict --s1 "$work/clean1.tif" --s2 "$work/shuffled2.tif" --out "$work/clean1-shuffled2.tif" --type byte --threads 2
expect 0 "coarse2.tif: pixels of 20 m are resampled to 10 m" predict --s1 "$work/clean1.tif" --s2 "$work/coarse2.tif" --out "$work/coarse.tif" --threads 2
for name in square2 web2; do
    expect 0 "$name.tif: pixels of 6.7[0-9]*( x 10.[0-9]*)? m .*resampled to 10" predict --s1 "$work/clean1.tif" --s2 "$work/$name.tif" --out "$work/$name" --threads 2
done
expect 0 "patches predicted" predict --s1 "$work/clean1.tif" --s2 "$work/fitting2.tif" --out "$work/fitting" --threads 2
mkdir "$work/fewer"
expect 0 "patches predicted" predict --s1 "$work/clean1.tif" --s2 "$work/clean2.tif" --out "$work/fewer" --threads 2
# Layers of an earlier run would be taken for this run's: they go, with what lies beside them. What somebody else wrote stays.
/usr/bin/python3 -c "from osgeo import gdal; gdal.Translate('$work/fewer/clean2_quality.tif', '$work/clean2.tif')"
cp "$work/fewer/clean2_quality.tif" "$work/foreign.tif"
cp "$work/fewer/clean2_classes.png" "$work/fewer/mine.png"
expect 0 "clean2_classes.tif: removed, it was of an earlier run" predict --s1 "$work/clean1.tif" --s2 "$work/clean2.tif" --out "$work/fewer" --layers probabilities --overwrite --threads 2
same "$work/fewer/clean2_quality.tif" "$work/foreign.tif"
check "what was written, and what is not ours" test "$(cd "$work/fewer" && echo *)" = "clean2_probabilities.qml clean2_probabilities.tif clean2_quality.qml clean2_quality.tif mine.png"
expect 0 "clean2_quality.tif: stays, it does not say that mosaic wrote it" predict --s1 "$work/clean1.tif" --s2 "$work/clean2.tif" --out "$work/fewer" --layers probabilities --overwrite --threads 2
# Names that no file gives: guessed, refused, and given by an option.
bands=$(/usr/bin/python3 -c "from osgeo import gdal; d = gdal.Open('$work/shuffled2.tif'); print(','.join(d.GetRasterBand(b + 1).GetDescription() for b in range(12)))")
expect 3 "guessed from the number of bands, 12.*predict. has --bands or --allow guessed-bands" predict --s1 "$work/clean1.tif" --s2 "$work/plain2.tif" --out "$work/x"
expect 3 "guessed from the number of bands, and the pixels contradict them" predict --s1 "$work/clean1.tif" --s2 "$work/unnamed2.tif" --out "$work/x"
expect 0 "90 of 90" predict --s1 "$work/clean1.tif" --s2 "$work/unnamed2.tif" --bands "s2=$bands" --out "$work/named.tif" --type byte --threads 2
expect 0 "90 of 90" predict --s1 "$work/clean1.tif" --s2 "$work/ten2.tif" --bands model --type byte --out "$work/model_order.tif" --threads 2
expect 2 "12 bands, but data.bands names them" predict --s1 "$work/clean1.tif" --s2 "$work/unnamed2.tif" --bands s2=B02,B03 --out "$work/x"
expect 3 "needs band 'B8A' of modality 's2', the data have B01, B02, [B0-9, ]*B12; where the files name their bands otherwise, data.bands: .s2=NAME,.... gives the names" \
    predict --s1 "$work/clean1.tif" --s2 "$work/lacking2.tif" --out "$work/x"
# The level of a product, by its name.
level1="$work/S2A_MSIL1C_20170613T101031_N0205_R022_T33UUP_20170613T101608.tif"
expect 3 "product level of B0. of s2 is L1C, by product; .* was trained on L2A.*has --allow product-level" predict --s1 "$work/clean1.tif" --s2 "$level1" --out "$work/x"
expect 0 "90 of 90" predict --s1 "$work/clean1.tif" --s2 "$level1" --allow product-level --layers classes --out "$work/level1.tif" --threads 2
# An area: its windows alone, the same pixels as in the map of all.
expect 0 "of [2-6].[0-9]* patches predicted" predict "$work/scene" --aoi "$work/area.geojson" --out "$work/area" --threads 2
expect 0 "" predict "$work/scene" --aoi "$work/area.gpkg" --grid patch --stride 12 --out "$work/area_table" --threads 2
expect 3 "no patch of scene 'synth' touches it" predict "$work/scene" --aoi 1,2,3,4 --out "$work/x"
expect 2 "no degrees; .*aoi-crs" predict "$work/scene" --aoi 500000,0,500100,100 --out "$work/x"
expect 3 "no such file" predict "$work/scene" --aoi "$work/nothing.gpkg" --out "$work/x"
expect 2 "aoi is for scenes" predict "$work/data" --aoi 1,2,3,4 --out "$work/x"
expect 0 "learned no stand-in for a modality" predict --s2 "$work/clean2.tif" --without s1 --out "$work/alone.tif" --threads 2
expect 3 "all whole numbers" predict --s1 "$work/whole1.tif" --s2 "$work/clean2.tif" --out "$work/x"
expect 3 "VV darker than VH: swapped.*vv-below-vh" predict --s1 "$work/swapped1.tif" --s2 "$work/clean2.tif" --out "$work/x"
expect 3 "unit of B02 of s2 is reflectance, by pixels; .*was trained on DN" predict --s1 "$work/clean1.tif" --s2 "$work/reflectance2.tif" --out "$work/x"
expect 3 "unit of B02 of s2 is 8-bit, by pixels; .*was trained on DN" predict --s1 "$work/clean1.tif" --s2 "$work/byte2.tif" --out "$work/x"
expect 3 "it was removed before.*boa-offset-conflict" predict --s1 "$work/clean1.tif" --s2 "$work/lying2.tif" --out "$work/x"
# A download that broke off, in the header or among the pixels: said before anything is computed, of the source of a VRT too.
for bytes in 150 900 40000; do
    head -c $bytes "$work/clean2.tif" >"$work/cut2.tif"
    expect 3 "cut2.tif: cut off: the file has $bytes bytes, and its directory names some up to [0-9]*; copy it again" \
        predict --s1 "$work/clean1.tif" --s2 "$work/cut2.tif" --out "$work/x"
done
sed "s/clean2.tif/cut2.tif/" "$work/clean2.vrt" >"$work/cut2.vrt"
expect 3 "cut2.tif: cut off" predict --s1 "$work/clean1.tif" --s2 "$work/cut2.vrt" --out "$work/x"
expect 2 "leaves the model no modality" predict --s2 "$work/clean2.tif" --without s1,s2 --out "$work/x"
check "nothing is left of what was refused" test ! -e "$work/x"
cat >"$work/judge.py" <<'END'
import csv, sys
import numpy as np
from osgeo import gdal
gdal.UseExceptions()
work = sys.argv[1]
open_ = lambda name: gdal.Open(f"{work}/{name}")
names = [r["class"] for r in csv.DictReader(open(f"{work}/judged/per_class.csv"))]
wire = lambda raster, b: raster.GetRasterBand(b).ReadAsArray()
# georeference, size, bands, metadata
for name, source in (("map/synth", "scene/s2.tif"), ("odd/s2", "s2.tif")):
    source = open_(source)
    for layer in ("probabilities", "classes", "quality"):
        raster = open_(f"{name}_{layer}.tif")
        assert raster.GetGeoTransform() == source.GetGeoTransform(), raster.GetGeoTransform()
        assert raster.GetSpatialRef().IsSame(source.GetSpatialRef())
        assert (raster.RasterXSize, raster.RasterYSize) == (source.RasterXSize, source.RasterYSize)
        assert raster.GetMetadataItem("LAYOUT", "IMAGE_STRUCTURE") == "COG"
raster = open_("odd/s2_probabilities.tif")
assert [raster.GetRasterBand(b + 1).GetDescription() for b in range(19)] == names
band = raster.GetRasterBand(1)
assert (band.DataType, band.GetScale(), band.GetOffset(), band.GetNoDataValue()) == (gdal.GDT_UInt16, 1e-4, 0, 65535)
facts = raster.GetMetadata()
assert facts["SOURCES"] == "s1.tif; s2.tif" and len(facts["MODEL_SHA256"]) == 64 and facts["MODALITIES"] == "s1+s2", facts
assert f"{names[0]}=0." in facts["THRESHOLDS"] and facts["SOFTWARE"].startswith("mosaic ") and "stride=12" in facts["WINDOWS"]
# no data: only where neither sensor measured; a corner that one of them lacks has a value
whole = raster.ReadAsArray()
empty = (whole == 65535).all(0)
wanted = np.zeros((115, 130), bool)
wanted[:30, :30] = True
wanted[100:, 125:] = True
windows_out = empty & ~wanted  # no window with enough in it
assert empty[wanted].all() and not windows_out[30:100].any() and not windows_out[:, 30:115].any(), windows_out.sum()
assert ((whole == 65535).any(0) == empty).all() and whole[:, ~empty].max() <= 10000
# types
byte, real = open_("clean1-shuffled2.tif"), open_("odd/float.tif")
assert byte.GetRasterBand(1).GetNoDataValue() == 255 and byte.GetRasterBand(1).GetScale() == 0.01
assert np.isnan(real.GetRasterBand(1).GetNoDataValue()) and real.GetMetadataItem("COMPRESSION", "IMAGE_STRUCTURE") == "LZW"
values = real.ReadAsArray()
assert (np.isnan(values).all(0) == empty).all()
assert np.abs(values[:, ~empty] - whole[:, ~empty] * 1e-4).max() <= 0.5001e-4
# the offset is removed, power becomes decibels, bands go by their names
clean = open_("clean1-clean2.tif").ReadAsArray().astype(float)
assert (open_("clean1-shifted2.tif").ReadAsArray() == clean).all() and (clean <= 10000).all()
assert np.abs(open_("power1-clean2.tif").ReadAsArray() - clean).max() <= 20
assert np.abs(byte.ReadAsArray() * 0.01 - clean * 1e-4).max() <= 0.5051e-2
coarse = open_("coarse.tif")
assert coarse.GetGeoTransform()[1] == 10 and (coarse.RasterXSize, coarse.RasterYSize) == (130, 114)
assert np.abs(coarse.ReadAsArray() - clean[:, :114]).mean() < 300
# ten metres on the ground, whatever the scene counts in; what is that already is left alone
clear = open_("clean1-clean2.tif").ReadAsArray()
for name, pixel in (("square2", (1.336e-4, 8.994e-5)), ("web2", (14.9, 14.9)), ("fitting2", None)):
    raster = open_(f"{name.replace('fitting2', 'fitting')}/{name}_probabilities.tif")
    found = raster.GetGeoTransform()
    if pixel is None:
        assert found == open_("fitting2.tif").GetGeoTransform(), found
    else:
        assert abs(found[1] / pixel[0] - 1) < 0.005 and abs(-found[5] / pixel[1] - 1) < 0.005, found
    back = gdal.Warp("", raster, format="MEM", dstSRS=open_("clean2.tif").GetProjection(), outputBounds=(600000.123456789, 5300000.987654321 - 1150, 600000.123456789 + 1300, 5300000.987654321), xRes=10, yRes=10).ReadAsArray()
    both = (back != 65535) & (clear != 65535)
    assert both.mean() > 0.5 and np.abs(back[both].astype(int) - clear[both].astype(int)).mean() < 500, (name, both.mean(), np.abs(back[both].astype(int) - clear[both].astype(int)).mean())
facts = open_("alone.tif").GetMetadata()
assert facts["WITHOUT"] == "s1" and facts["MODALITIES"] == "s2", facts
for name in ("named", "model_order"):
    assert (open_(f"{name}.tif").ReadAsArray() == byte.ReadAsArray()).all(), name
# an area: the pixels of the map of all where its centre is inside, no data elsewhere, cropped to its box
part, all_ = open_("area/synth_probabilities.tif"), open_("map/synth_probabilities.tif")
a, b = part.GetGeoTransform(), all_.GetGeoTransform()
left, top = (a[0] - b[0]) / 10, (b[3] - a[3]) / 10
assert (left, top, part.RasterXSize, part.RasterYSize) == (40, 20, 70, 70), (left, top, part.RasterXSize, part.RasterYSize)
cols, rows_ = np.meshgrid(np.arange(70) + 40.5, np.arange(70) + 20.5)
edge = lambda p, q: (q[0] - p[0]) * (rows_ - p[1]) - (q[1] - p[1]) * (cols - p[0])
three = [edge(*pair) for pair in (((40, 20), (110, 30)), ((110, 30), (60, 90)), ((60, 90), (40, 20)))]
inside, sure = np.min(three, 0) > 0, np.abs(three).min(0) > 1  # degrees bend the sides by a hair
pixels = part.ReadAsArray()
assert (((pixels != 65535).all(0) == inside) | ~sure).all() and sure.mean() > 0.9
shown = pixels[0] != 65535
assert (pixels[:, shown] == all_.ReadAsArray(40, 20, 70, 70)[:, shown]).all()
assert "area=" in part.GetMetadataItem("WINDOWS")
touching_rows = list(csv.DictReader(open(f"{work}/area_table/predictions.csv")))
assert 20 < len(touching_rows) < 80 and {r["id"] for r in touching_rows} < {r["id"] for r in csv.DictReader(open(f"{work}/table/predictions.csv"))}
# dominant class and its names
coded = open_("odd/s2_classes.tif")
classes = coded.GetRasterBand(1)
codes = classes.ReadAsArray()
assert ((codes == 0) == empty).all() and (codes[~empty] == values[:, ~empty].argmax(0) + 1).all()
assert classes.GetRasterColorInterpretation() == gdal.GCI_PaletteIndex and classes.GetColorTable().GetColorEntry(1 + names.index("Coniferous forest"))[:3] == (0, 166, 0)
table = classes.GetDefaultRAT()
assert [table.GetValueAsString(i, 1) for i in range(19)] == names and [table.GetValueAsInt(i, 0) for i in range(19)] == list(range(1, 20))
assert classes.GetCategoryNames()[1:] == names
# a picture of it, and how much each class covers
table = list(csv.DictReader(open(f"{work}/odd/s2_classes.csv")))
assert [r["class"] for r in table] == names and [int(r["pixels"]) for r in table] == [(codes == c + 1).sum() for c in range(19)]
assert abs(sum(float(r["share"]) for r in table) - 1) < 1e-4
picture = open_("odd/s2_classes.png").ReadAsArray()
colours = np.array([[int(r[k]) for k in ("red", "green", "blue")] for r in table])
assert picture.shape == (3, 115, 130) and (picture[:, ~empty] == colours[codes[~empty] - 1].T).all() and (picture[:, empty] == 238).all()
# valid fraction and entropy
valid, entropy = open_("odd/s2_quality.tif").ReadAsArray() * 1e-4
p = np.clip(values[:, ~empty].astype("f8"), 1e-9, 1 - 1e-9)
assert entropy[~empty].min() > 0.1 and entropy[~empty].max() <= 1 and 0.5 <= valid[~empty].min() < 0.99 and valid[60, 60] == 1
# mask
masked = open_("odd/masked.tif").ReadAsArray()
assert (masked[:, 40:80, 40:80] == 65535).all() and ((masked == 65535).all(0) >= empty).all() and (masked[:, 90:95, 20:90] != 65535).all()
# each window as eval has it
rows = list(csv.DictReader(open(f"{work}/judged/predictions.csv")))
touching = open_("touching/synth_probabilities.tif").ReadAsArray()
assert len(rows) == 30
for row in rows:
    r, c = (int(part[1:]) for part in row["id"].split("_")[1:3])
    wanted = np.array([float(row["probability:" + n]) for n in names])[:, None, None]
    got = touching[:, r * 24:r * 24 + 24, c * 24:c * 24 + 24] * 1e-4
    assert np.abs(got - wanted).max() <= 0.5001e-4, (row["id"], np.abs(got - wanted).max())
# against what was planted: blended over the ground of a patch, a map ranks classes as well as the patch itself
def average_precision(score, truth):
    order_ = np.argsort(-score.ravel(), kind="stable")
    hits = truth.ravel()[order_]
    return (np.cumsum(hits) / np.arange(1, hits.size + 1))[hits == 1].mean()
truth = np.array([[int(row["label:" + n]) for n in names] for row in rows])
whole_map = open_("map/synth_probabilities.tif").ReadAsArray() * 1e-4
by_map, by_patch = np.zeros(truth.shape), np.array([[float(row["probability:" + n]) for n in names] for row in rows])
for i, row in enumerate(rows):
    r, c = (int(part[1:]) for part in row["id"].split("_")[1:3])
    by_map[i] = whole_map[:, r * 24:r * 24 + 24, c * 24:c * 24 + 24].mean((1, 2))
scores = average_precision(by_map, truth), average_precision(by_patch, truth), truth.mean()
assert scores[0] > scores[1] - 0.03 and scores[0] > 1.5 * scores[2], scores
# the whole map from its windows, in numpy
table = list(csv.DictReader(open(f"{work}/table/predictions.csv")))
raster_of_scene = open_("map/synth_probabilities.tif")
smooth, steps = raster_of_scene.ReadAsArray() * 1e-4, open_("steps.tif").ReadAsArray()
gt = raster_of_scene.GetGeoTransform()
for result, weight in ((smooth, np.sin(np.pi * (np.arange(24) + 0.5) / 24) ** 2), (steps, np.ones(24))):
    top, bottom = np.zeros((19, 120, 144)), np.zeros((120, 144))
    square = np.outer(weight, weight)
    for row in table:
        x, y = round((float(row["x"]) - gt[0]) / 10), round((gt[3] - float(row["y"])) / 10)
        top[:, y:y + 24, x:x + 24] += square * np.array([float(row["probability:" + n]) for n in names])[:, None, None]
        bottom[y:y + 24, x:x + 24] += square
    assert np.abs(result - top / bottom).max() < 0.501e-4, np.abs(result - top / bottom).max()
# the same rows as polygons, with a style that QGIS takes by itself
from osgeo import ogr
patches = ogr.Open(f"{work}/table/predictions.gpkg")
layer = patches.GetLayerByName("predictions")
assert layer.GetFeatureCount() == len(table) == 99 and layer.GetSpatialRef().IsSame(raster_of_scene.GetSpatialRef())
for row, feature in zip(table, layer):
    p = {n: float(row["probability:" + n]) for n in names}
    assert feature["id"] == row["id"] and feature["dominant"] == max(p, key=p.get) and abs(feature["entropy"] - float(row["entropy"])) < 1e-5
    assert feature["labels"] == "; ".join(n for n in names if row["predicted:" + n] == "1") and feature["valid"] == float(row["valid"]) == 1
    assert all(abs(feature["probability:" + n] - p[n]) < 1e-8 for n in names)
    x, y = float(row["x"]), float(row["y"])
    assert feature.GetGeometryRef().GetEnvelope() == (x, x + 240, y - 240, y)
style = patches.GetLayerByName("layer_styles").GetNextFeature()
assert style["f_table_name"] == "predictions" and style["f_geometry_column"] == "geom" and style["useAsDefault"] == 1
import xml.etree.ElementTree as xml
tree = xml.fromstring(style["styleQML"])
assert [c.get("value") for c in tree.iter("category")] == names and len([s for s in tree.iter("symbol") if s.get("type") == "fill"]) == 19
# seams: the mean steps where windows begin, Hann's map no more there than elsewhere
def seam(image):
    jump = np.abs(np.diff(image, axis=2))[:, 12:-12]
    at = np.arange(jump.shape[2]) % 12 == 11
    return jump[:, :, at].mean(), jump[:, :, ~at].mean()
at, elsewhere = seam(smooth)
assert at <= 1.05 * elsewhere, (at, elsewhere)
at, elsewhere = seam(steps)
assert at > 5 * max(elsewhere, 1e-7), (at, elsewhere)
END
check "maps" /usr/bin/python3 "$work/judge.py" "$work"
if /usr/bin/python3 -c 'import osgeo_utils.samples.validate_cloud_optimized_geotiff' 2>/dev/null; then
    for layer in probabilities classes quality; do
        expect 0 "is a valid cloud optimized GeoTIFF" /usr/bin/python3 -m osgeo_utils.samples.validate_cloud_optimized_geotiff "$work/map/synth_$layer.tif"
    done
else
    echo "skipped: no validator of cloud-optimized GeoTIFF"
fi

# Killed, then started again: the same bytes, and what was answered is not asked again.
expect 0 "285 of 285" predict "$work/scene" --stride 7 --layers classes --out "$work/undisturbed.tif" --threads 2
"$mosaic" predict "$run" "$work/scene" --stride 7 --layers classes --out "$work/killed.tif" --threads 2 >/dev/null 2>&1 &
victim=$!
part=$work/killed.tif.answers.part
for _ in $(seq 6000); do [ "$(stat -c %s "$part" 2>/dev/null || echo 0)" -gt 1000 ] && break; sleep 0.01; done
kill -9 $victim
wait $victim 2>/dev/null
check "no final name" test ! -e "$work/killed.tif"
check "answers so far" test -s "$part"
truncate -s -3 "$part" # the last block was cut short: it is asked again
expect 5 "another model, other data or other settings" predict "$work/scene" --stride 8 --layers classes --out "$work/killed.tif" --threads 2
expect 5 "another model, other data or other settings" predict "$work/scene" --stride 7 --limit 284 --layers classes --out "$work/killed.tif" --threads 2
printf 'half a block' >>"$part"
expect 0 "285 of 285" predict "$work/scene" --stride 7 --layers classes --out "$work/killed.tif" --threads 2
same "$work/undisturbed.tif" "$work/killed.tif"
check "no part is left" test ! -e "$part"

# The same of polygons: their content, for the file says when it was written. What a writer that was killed left behind is none of the new file's.
polygons=("$mosaic" predict "$run" "$work/scene" --grid patch --stride 6 --threads 2 --out)
expect 0 "357 of 357" "${polygons[@]}" "$work/patches.gpkg"
"${polygons[@]}" "$work/halved.gpkg" >/dev/null 2>&1 &
victim=$!
part=$work/halved.gpkg.answers.part
for _ in $(seq 6000); do [ "$(stat -c %s "$part" 2>/dev/null || echo 0)" -gt 1000 ] && break; sleep 0.01; done
kill -9 $victim
wait $victim 2>/dev/null
check "no final name" test ! -e "$work/halved.gpkg"
check "a writer that is killed" /usr/bin/python3 - "$work/halved.gpkg.part.gpkg" <<'END'
import os, signal, subprocess, sys
code = """
import os, signal, sqlite3, sys
file = sqlite3.connect(sys.argv[1], isolation_level=None)
file.execute("create table predictions (a)")
file.execute("pragma cache_size = 1")
file.executemany("insert into predictions values (?)", [("x" * 3000,)] * 200)
file.execute("begin")
file.execute("update predictions set a = ?", ("y" * 3000,))
os.kill(os.getpid(), signal.SIGKILL)
"""
assert subprocess.run([sys.executable, "-c", code, sys.argv[1]]).returncode == -signal.SIGKILL
assert os.path.getsize(sys.argv[1] + "-journal") > 100000
END
expect 0 "[1-9][0-9]* of 357 patches were done before" "${polygons[@]}" "$work/halved.gpkg"
check "the same polygons" /usr/bin/python3 "$(dirname "$0")/same_tables.py" "$work/patches.gpkg" "$work/halved.gpkg"
check "nothing beside them" test "$(cd "$work" && echo halved*)" = halved.gpkg
finish
