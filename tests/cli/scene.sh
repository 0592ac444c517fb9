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
    gdalbuildvrt -q -separate radar.vrt VV.vrt VH.vrt
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

# Blocks of 2 x 2 patches, then training straight from the rasters and from the packed set: the same numbers.
expect 0 "" "$mosaic" data split "$work/scene" "$work/split.csv" --rule share --units block --block 480 --shares 0.5,0.25,0.25
expect 0 "verified 128" "$mosaic" data pack "$work/scene" "$work/packed" --verify --threads 1
check "places in the packed table" grep -q '^scene_r7_c7_x601680_y5298320,.*,EPSG:32633,601680,5298320,240,240,2017-06-15T16:50:43Z' "$work/packed/metadata.csv"
cat >"$work/config.yaml" <<END
data: {root: $work/scene, split_file: $work/split.csv, label_threshold: 0.1}
model: {encoder: resnet18}
loss: {anchor: shared}
train: {epochs: 1, batch: 16, lr: 1e-3, workers: 2, log_every: 1}
END
for from in scene packed; do
    expect 0 "model written" "$mosaic" train "$work/config.yaml" --out "$work/run-$from" --threads 1 --set "data.root=$work/$from"
    expect 0 "F1 micro" "$mosaic" eval "$work/run-$from" --split test --threads 1
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
