#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# A scene from rasters to scores: the patches of a procedural set laid side by side as virtual rasters, Sentinel-1 warped into degrees; the scene
# has the classes of the patches it was made of; split by blocks, packed, trained on, evaluated.
source "$(dirname "$0")/cli_support.sh"
for program in gdalwarp gdalbuildvrt; do
    command -v $program >/dev/null || { echo "skipped: no $program"; exit 77; }
done

check "a tree" "$mosaic" data synth "$work/tree" --layout tree --patches 64 --size 24 --classes 4 --seed 5 --no-progress
mkdir -p "$work/scene"

# mosaic_of NAME TYPE SIDE NODATA FILE...: 8 x 8 patches of SIDE px as one virtual raster of 1920 m, in the order of FILE.
mosaic_of() {
    local name=$1 type=$2 side=$3 nodata=$4 at=0 file
    shift 4
    {
        echo "<VRTDataset rasterXSize=\"$((8 * side))\" rasterYSize=\"$((8 * side))\"><SRS>EPSG:32633</SRS>"
        echo "<GeoTransform>600000,$((240 / side)),0,5300000,0,-$((240 / side))</GeoTransform><VRTRasterBand dataType=\"$type\" band=\"1\">$nodata"
        for file in "$@"; do
            echo "<SimpleSource><SourceFilename relativeToVRT=\"0\">$file</SourceFilename><SourceBand>1</SourceBand>" \
                "<SrcRect xOff=\"0\" yOff=\"0\" xSize=\"$side\" ySize=\"$side\"/>" \
                "<DstRect xOff=\"$((at % 8 * side))\" yOff=\"$((side * (at / 8)))\" xSize=\"$side\" ySize=\"$side\"/></SimpleSource>"
            at=$((at + 1))
        done
        echo "</VRTRasterBand></VRTDataset>"
    } >"$work/scene/$name.vrt"
}
# files FOLDER SUFFIX: one file for each patch, in the order of places, which both sensors' names end with.
files() {
    find "$work/tree/$1" -name "*$2.tif" | sed 's/.*_\(T\{0,1\}[0-9][0-9][A-Z]\{3\}\)_\([0-9]*\)_\([0-9]*\)_[A-Za-z0-9_]*\.tif$/\1 \2 \3 &/' |
        sed 's/^T//' | sort -k1,1 -k2,2n -k3,3n | sed 's/^[^ ]* [^ ]* [^ ]* //'
}
bands="B02 B03 B04 B05 B06 B07 B08 B8A B11 B12"
for band in $bands; do
    side=24
    case $band in B05 | B06 | B07 | B8A | B11 | B12) side=12 ;; esac
    # shellcheck disable=SC2046 # names of our own making hold no blanks
    mosaic_of "$band" UInt16 $side "" $(files BigEarthNet-S2 "_$band")
done
# shellcheck disable=SC2046
for band in VV VH; do mosaic_of $band Float32 24 "" $(files BigEarthNet-S1 "_$band"); done
# shellcheck disable=SC2046
mosaic_of map UInt16 24 "" $(files Reference_Maps _reference_map)
(
    cd "$work/scene" || exit 1
    gdalbuildvrt -q -separate whole.vrt VV.vrt VH.vrt
    gdal_translate -q -of VRT -srcwin 1 0 191 192 whole.vrt radar.vrt # a border without data in the west
    gdalwarp -q -t_srs EPSG:4326 -r bilinear -dstnodata -9999 radar.vrt s1.tif
) || exit 1

s2="s2: {files: {$(for band in $bands; do printf '%s: %s.vrt, ' "$band" "$band"; done)}, resampling: nearest, datetime: 2017-06-13T10:10:31}"
describe() {
    cat >"$work/scene/scene.yaml" <<END
grid: {size: 24, minimum_valid: 0.9}
modalities:
  s1: {file: s1.tif, bands: [VV, VH], datetime: 2017-06-15T16:50:43, nodata: -9999}
  $s2
land_cover: {file: map.vrt, classes: $1}
END
}
describe corine19
# counts FOLDER: how often each class occurs.
counts() {
    "$mosaic" data info "$1" --label_threshold 1e-6 2>/dev/null | awk '/^class/ { on = 1; next } /^country/ { on = 0 } on && $NF > 0 { print $NF }'
}
# Every class as often as in the tree: a patch's labels there are the classes of its reference map.
counts "$work/tree" >"$work/tree.counts"
counts "$work/scene" >"$work/scene.counts"
same "$work/tree.counts" "$work/scene.counts"
check "four classes" test "$(wc -l <"$work/scene.counts")" = 4
expect 0 "samples .* 64 +64" "$mosaic" data info "$work/scene"
expect 0 "scene, 64 samples \(64 with every modality\)" "$mosaic" data info "$work/scene/scene.yaml"
expect 0 "labelled  *0  *0  *0  *0  *0" "$mosaic" data info "$work/scene/scene.yaml" --grid labels=false

# Blocks of 2 x 2 patches, then training straight from the rasters and from the packed set: the same numbers.
expect 0 "" "$mosaic" data split "$work/scene" "$work/split.csv" --rule share --units block --block 480 --shares 0.5,0.25,0.25
expect 0 "verified 128" "$mosaic" data pack "$work/scene" "$work/packed" --verify --threads 1
check "places in the packed table" grep -q '^scene_r7_c7_x601680_y5298320,.*,EPSG:32633,601680,5298320,240,240,2017-06-15T16:50:43Z' "$work/packed/metadata.csv"
# Statistics: of all patches where nobody divided them, of the training split otherwise; those of the packed patches.
"$mosaic" data stats "$work/scene" >"$work/scene.stats" 2>"$work/scene.said"
check "all are taken, and it is said" grep -q "no sample has a split: statistics of all 64 samples" "$work/scene.said"
for split in all none; do
    "$mosaic" data stats "$work/scene" --split $split >"$work/$split.stats" 2>/dev/null
    same "$work/scene.stats" "$work/$split.stats"
done
"$mosaic" data stats "$work/packed" >"$work/packed.stats" 2>/dev/null
same "$work/scene.stats" "$work/packed.stats"
expect 3 "no sample in split test for statistics; train has 0, validation 0, test 0, and 64 are in none" "$mosaic" data stats "$work/scene" --split test
for at in scene packed; do "$mosaic" data stats "$work/$at" --split-file "$work/split.csv" >"$work/$at.train" 2>/dev/null; done
same "$work/scene.train" "$work/packed.train"
check "of the training patches" grep -q "^s2,B02,.*,$(($(cut -d, -f2 "$work/split.csv" | grep -c '^train') * 576)),0\$" "$work/scene.train"
sed 's/,none,/,test,/' "$work/packed/metadata.csv" >"$work/tested.csv"
expect 3 "no sample in split train for statistics; train has 0, validation 0, test 64" "$mosaic" data stats "$work/packed" --metadata "$work/tested.csv"

# Judged by GDAL's warper and numpy: each band by its resampling, over its valid pixels.
if /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
    to_grid() { # FILE RESAMPLING OPTION...
        local file=$1 how=$2
        shift 2
        gdalwarp -q -overwrite -of ENVI -wo UNIFIED_SRC_NODATA=NO -t_srs EPSG:32633 -te 600000 5298080 601920 5300000 -tr 10 10 -r "$how" -et 0 "$@" "$work/scene/$file" "$work/$file.raw"
    }
    # The size of a radar pixel on the grid: gdalwarp's own guess depends on the window.
    scale=$(cd "$work/scene" && gdalinfo s1.tif | sed -n 's/^Size is \([0-9]*\), \([0-9]*\)/\1 \2/p' |
        awk '{ x = $1 / 2; y = $2 / 2; print x, y; print x + 1, y; print x, y + 1 }' | gdaltransform -output_xy -t_srs EPSG:32633 s1.tif |
        awk '{ x[NR] = $1; y[NR] = $2 } function far(i) { return sqrt((x[i] - x[1]) ^ 2 + (y[i] - y[1]) ^ 2) / 10 }
            END { printf "-wo XSCALE=%.4g -wo YSCALE=%.4g", far(2), far(3) }')
    # shellcheck disable=SC2086 # options are words of their own
    to_grid s1.tif bilinear -dstnodata -9999 $scale
    for band in B04 B05; do to_grid $band.vrt near -srcnodata 0 -dstnodata 0; done
    cat >"$work/judge.py" <<'END'
import csv, sys
import numpy as np
work = sys.argv[1]
rows = {(r["modality"], r["band"]): r for r in csv.DictReader(open(f"{work}/scene.stats"))}
s1 = np.fromfile(f"{work}/s1.tif.raw", "<f4").reshape(2, -1)
bands = {("s1", "VV"): s1[0], ("s1", "VH"): s1[1]}
for name in ("B04", "B05"):
    bands["s2", name] = np.fromfile(f"{work}/{name}.vrt.raw", "<u2")
for key, values in bands.items():
    empty = values == (-9999 if key[0] == "s1" else 0)
    valid = values[~empty].astype(np.float64)
    wanted = {"mean": valid.mean(), "sd": valid.std(), "minimum": valid.min(), "maximum": valid.max(),
              "valid_pixels": valid.size, "invalid_pixels": empty.sum()}
    for name, value in wanted.items():
        found = float(rows[key][name])
        assert abs(found - value) <= 1e-6 * max(1, abs(value)), (key, name, found, value)
    for share in (1, 50, 99):
        found, value = float(rows[key][f"p{share}"]), np.percentile(valid, share)
        assert abs(found - value) <= 0.01 * abs(value), (key, share, found, value)
    assert key[0] == "s2" or (valid.size < values.size and empty.sum() > 0), "no border to leave out"
print("judged", len(bands))
END
    expect 0 "judged 4" /usr/bin/python3 "$work/judge.py" "$work"
else
    echo "skipped: the judge (no numpy)"
fi
cat >"$work/config.yaml" <<END
data: {root: $work/scene, split_file: $work/split.csv, label_threshold: 0.1}
model: {encoder: resnet10-narrow}
loss: {anchor: shared}
train: {epochs: 1, batch: 16, lr: 1e-3, workers: 2, log_every: 1}
END
for from in scene packed; do
    expect 0 "model written" "$mosaic" train "$work/config.yaml" --out "$work/run-$from" --threads 1 --set "data.root=$work/$from"
    expect 0 "micro F1" "$mosaic" eval "$work/run-$from" --split test --threads 1
done
same "$work/run-scene/eval/test/predictions.csv" "$work/run-packed/eval/test/predictions.csv"

# Mistakes: exit code, and what to do about it.
describe corine20
expect 2 "land_cover.classes is 'corine20'.*is 'corine19' meant" "$mosaic" data info "$work/scene"
describe "{311: Wood}"
expect 0 "land-cover value without a class.*map.vrt: [0-9]+ pixels of" "$mosaic" data info "$work/scene"
sed -i 's/size: 24/size: 24, strid: 3/' "$work/scene/scene.yaml"
expect 2 "scene.yaml:1:18: unknown key 'strid' in grid, did you mean 'stride'" "$mosaic" data info "$work/scene"
finish
