#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# Neighbours of the inputs of cli/field_cases: other spellings, orders, types, levels and formats of the same mistakes,
# each with the right value. tests/cli/field_inputs.py makes them.
python=${PYTHON:-/usr/bin/python3}
if ! "$python" -c 'import numpy, osgeo.gdal' 2>/dev/null; then
    echo "skipped: $python has no numpy and GDAL"
    exit 77
fi
here=$(cd "$(dirname "$0")" && pwd)
source "$here/cli_support.sh"
cd "$work" || exit 1
"$python" "$here/field_inputs.py" in || exit 1
info() { "$mosaic" data info "$@"; }
stats() { "$mosaic" data stats "$@"; }
check_data() { "$mosaic" data check "$@" --ignore split-leakage,lag,no-data; }
# also PATTERN, never PATTERN: what the last command said holds it, or does not.
also() {
    checks=$((checks + 1))
    grep -qE -- "$1" "$work/output" && return
    failures=$((failures + 1))
    echo "FAILED: also $1"
}
never() {
    checks=$((checks + 1))
    grep -qE -- "$1" "$work/output" || return 0
    failures=$((failures + 1))
    echo "FAILED: never $1"
}
cat >tiny.yaml <<'Y'
data: {format: csv, root: in/good.csv, size: 16}
method: supervised
model: {encoder: resnet10-narrow, hidden: 16, latent: 8, stem_pool: false}
train: {epochs: 1, batch: 4, lr: 1e-3, seed: 0}
Y
train() {
    local run=$1
    shift
    "$mosaic" train tiny.yaml --out "$run" --overwrite --threads 1 --max-steps 1 "$@"
}
stats in/good.csv >good.txt 2>/dev/null
check "all of good.csv" grep -q "^s2,B12,.*,6144,0$" good.txt
# The statistics of both sets are the same numbers.
as_good() {
    check "$1 has the statistics of good.csv" diff good.txt <(stats "in/$1.csv" 2>/dev/null)
}

# --- R1, R8: other orders and spellings are joined; other names, another number or none at all are refused
as_good spelled
as_good spellings
expect 3 "p02_s2.tif: 13 bands, wanted the bands of s2" stats in/more_bands.csv
expect 3 "it describes .*B11 B10, wanted the bands of s2" stats in/other_name.csv
expect 3 "it describes no bands, as the first file does" stats in/undescribed_later.csv
expect 3 "swapped.*data\.accept" train swapped --set data.root=in/swapped_lower.csv
# --- R2: another type of the same numbers is fine, another unit never is
as_good int16
as_good float_digits
expect 3 "does not fit the U16 of the first file of s2: another unit" stats in/float_half.csv
expect 3 "wrong-type.*float_last/p11_s2.tif|unreadable.*float_last/p11_s2.tif" check_data in/float_last.csv
expect 3 "does not fit the U16 of the first file of s2" stats in/scale_later.csv
# --- R5: fills of other types and of radar
for name in fill_32767 fill_float fill_s1_9999; do
    expect 3 "fill-values.*data\.nodata" stats in/$name.csv
done
expect 0 "s2,B04,.*,4992,1152$" stats in/fill_32767.csv --nodata s2=32767
expect 3 "p11_s2.tif: 8 bits a pixel without a scale, the first file of s2 holds U16: another unit" stats in/eight_bits_last.csv
# --- R4: no visible band, lower case, floats, an old name: said, and never subtracted twice
expect 3 "% of B08 are below 500: it was removed before" stats in/nir_harmonised.csv
expect 0 "s2,B08,2256\.0693359375,.*,6144,0$" stats in/nir_shifted.csv
expect 0 "no visible band tells of \+1000: kept" stats in/nir_unnamed.csv
expect 3 "baseline 0509, but 55 % of B02 are below 500" stats in/product_lower.csv
expect 3 "by data.boa_offset remove, but .* below 500" stats in/good.csv --boa_offset remove
expect 3 "floats that begin above 1000 in all .*data\.scale s2=1,-1000 subtracts it" stats in/float_shifted.csv
expect 0 "s2,B04,505\.0183919270833,.*,6144,0$" stats in/float_shifted.csv --scale s2=1,-1000
expect 3 "^error,boa-offset-conflict,.*floats that begin above 0\.1" check_data in/reflectance_shifted.csv
expect 0 "s2,B04,0\.150501839" stats in/reflectance_shifted.csv --boa_offset keep
expect 0 "^warning,boa-offset,.*begins above 0\.1; data\.scale s2=1,-0\.1" check_data in/reflectance_unnamed.csv
expect 2 "data.boa_offset remove subtracts from whole numbers, and s2 comes as floats" stats in/reflectance_unnamed.csv --boa_offset remove
expect 0 "old baseline by name, \+1000 by pixels: kept" stats in/old_shifted.csv
# --- R5: a wrong tag, what a fill turns into, holes, and numbers that the advice says in full
expect 3 "192 pixels such as 55537" stats in/wrapped.csv
expect 0 "s2,B04,506\.2327724358974,.*,4992,1152$" stats in/zero_wrong_tag.csv
expect 3 "s1 is 0 in 112 pixels, from the edge on or in a hole" stats in/hole.csv
expect 3 "data.nodata s1=-3.4028234663852886e\+38 masks it" stats in/float_floor.csv
expect 0 "s1,VV,-11\..*,4992,1152$" stats in/float_floor.csv --nodata s1=-3.4028234663852886e+38
# --- R6: what stands beside a file is refused, or settled by a key
expect 3 "p01_s2.tif: its mask is a file of its own, .msk, which is not read" stats in/mask_beside.csv --split all
expect 0 "s2,B04,.*,1024,0$|s2,B04,.*,2048,0$" stats in/mask_beside.csv --split all --nodata s2=none
expect 0 "s2,B04,.*,1792,256$" stats in/mask_inside.csv --split all
expect 3 "p01_s2.tif: a scale or an offset stands in its .aux.xml" stats in/scale_beside.csv --split all
expect 0 "s2,B04,.*,2048,0$" stats in/statistics_beside.csv --split all
# --- R7, R8
expect 3 "unnatural-bands.*B04 and B05 much brighter than B02 and B08" info in/reversed.csv
expect 0 "'VH_foo' is no name of a band of Sentinel-1 or Sentinel-2: its values are taken as they are" info in/half_named.csv
as_good gdal_names
# --- R6: transparency first, last, called dataMask, beside three bands: no band, said, and no measurement where it is 0
for name in alpha_first data_mask alpha_rgb; do
    expect 0 "is transparency, no band of s2: pixels where it is 0 are no data" stats in/$name.csv
    also "^s2,B04,566\.9559461805.*,4608,1536$"
done
expect 0 "s2,B04,505\.0183919270.*,6144,0$" stats in/alpha_first.csv --nodata s2=none
expect 0 "s1,VV,-11\.0030791.*,6144,0$" stats in/s1_scaled.csv
# --- S7: whole numbers of radar are scaled values, no decibels
expect 3 "whole numbers up to 5[0-9]*, which are no decibels but scaled; data.scale s1=" stats in/s1_digits.csv
never "s1_scale db"
expect 3 "fill-values.*VV|VV.*no measurement" stats in/s1_digits.csv --s1-scale db
expect 0 "s1,VV,-11\.0[0-9]*,.*,6144,0$" stats in/s1_digits.csv --scale s1=0.005,-35
# --- S5: 8 bits: 0 is black, unless a key says otherwise
expect 0 "s2,B03,51\.21728515625,.*,6144,0$" stats in/png.csv --bands s2=B11,B08,B03
expect 0 "s2,B03,.*,[0-9]*,[1-9][0-9]*$" stats in/png.csv --bands s2=B11,B08,B03 --nodata s2=3
# --- S2: one decision for all patches of one raster: bright ones share it with the dark ones
expect 0 "12 x .1000 offset, removed" stats in/bright.csv
also "s2,B04,3299\.746419270"
expect 0 "s2,B04,824\.365559895" stats in/bright_plain.csv
never "removed"
# --- S6: times are read from the folders that are named after products
expect 0 "^  2: 12$" info in/time_folder.csv
also "^  summer +6 +3 +3"
expect 0 "^  2: 2$" info in/time_lower.csv
expect 0 "acquisition-time,p00" check_data in/time_far.csv
expect 0 "^  summer +0 +0 +0 +9 " info in/scenes/product_folder.yaml
# --- R14: product levels by column, path, tag and cirrus; mixed ones stop training, a model knows its own
expect 3 "product-level.*data\.accept product-level goes on" train mixed --set data.root=in/level_mixed.csv
expect 3 "level 1C by their tags" train mixed --set data.root=in/level_tag_mixed.csv
expect 3 "cirrus, B10" train mixed --set data.root=in/cirrus_l2a.csv
expect 3 "^error,product-level.*4 samples are of level 1C by their names, as 'p02', 8 of level 2A" check_data in/level_mixed.csv
expect 0 "" train mixed --set data.root=in/level_mixed.csv --set data.accept=product-level
expect 0 "" train l2a --set data.root=in/l2a.csv
check "the model knows its level" grep -q '"level": "L2A"' l2a/model/config.json
score() { "$mosaic" eval l2a --threads 1 --pictures 0 --out scores --set "data.root=$1" "${@:2}"; }
for name in l1c level_path level_tag; do
    expect 3 "is L1C, by .*was trained on L2A.*data\.accept product-level" score in/$name.csv
done
expect 0 "" score in/l1c.csv --set data.accept=product-level
expect 0 "" score in/good.csv
expect 3 "is L1C, by .*was trained on L2A" train tuned --set data.root=in/l1c.csv --init-from l2a
expect 0 "not judged  product-level: it needs names" check_data in/good.csv
# --- R1, S8, S9 in scenes
scene() { stats "in/scenes/$1.yaml" --split all 2>/dev/null; }
scene plain >plain.txt
check "all bands, every pixel" grep -q "^s2,B12,.*,9216,0$" plain.txt
check "bands of a second scene come by name" diff <(awk -F, '{ printf "%s %s %.6s\n", $1, $2, $3 }' plain.txt) \
    <(scene orders | awk -F, '{ printf "%s %s %.6s\n", $1, $2, $3 }')
check "unequal degrees are the grid's own: nothing is resampled" diff plain.txt <(scene degrees)
expect 0 "900 pixels of -1; land_cover.ignore: \[-1\] says that it is none" info in/scenes/cover.yaml
expect 3 "chip.nc: netCDF, which is not read as a raster; first: gdal_translate .*NETCDF" info in/netcdf.csv
# --- R1, R6 in BigEarthNet's trees and tars, and in SEN12MS: every file's own words count
all() { stats "in/$1" --split all 2>/dev/null; }
all ben >ben.txt
check "all of a tree" grep -q "^s1,VV,.*,28800,0$" ben.txt
check "bands described as their files are named" diff ben.txt <(all ben_named)
check "of two bands the one described as the file is named" diff ben.txt <(all ben_two_named)
expect 3 "_VV.tif: it describes its band as VH, its place says VV of s1; data.accept band-conflict" stats in/ben_other --split all
expect 3 "describes its band as VH" stats in/ben --s1 in/ben_other_tar.tar --split all
expect 3 "_VV.tif: 2 bands, and none is described as VV" stats in/ben_two --split all
expect 3 "_B04.tif: a tag gives it scale 40 and offset 0.*data.accept mixed-units" stats in/ben_scaled --split all
expect 0 "^s1,VV,-1[01]\.[0-9]*,.*,26400,2400$" stats in/ben_gaps --split all
expect 0 "^s1,VV,-22\.[0-9]*,.*,28800,0$" stats in/ben --split all --scale s1=2,0
expect 2 "data.bands: s1=VH,VV: format bigearthnet-v2 knows the bands" stats in/ben --bands s1=VH,VV
all sen >sen.txt
check "all of SEN12MS" grep -q "^s2,B12,.*,2048,0$" sen.txt
check "SEN12MS: bands by the descriptions of a later file" diff sen.txt <(all sen_order)
expect 3 "p31.tif: it describes .*B13, wanted the bands of s2" stats in/sen_names --split all
expect 3 "p31.tif: no-data value 65535, but the first file of s2 has another.*data.nodata" stats in/sen_masked --split all
expect 0 "^s2,B04,.*,1792,256$" stats in/sen_masked --split all --nodata s2=65535
# --- R1, R8: prefixes and long names; R4: bands that no visible one stands beside
as_good prefixed
expect 3 "it describes some of its bands alone, or two alike, wanted the bands of s2" info in/twice_named.csv
expect 0 "^s2,B11,1540\.38[0-9]*,.*,4096,0$" stats in/swir.csv
# --- R5: whatever value all bands hold from the edge on; fills among power and after the offset
expect 3 "s2 is 9999 in 192 pixels, from the edge on.*data\.nodata s2=9999" stats in/edge_9999.csv
expect 3 "s2 is 2 in 192 pixels, from the edge on" stats in/edge_two.csv
expect 3 "s1 is -30 in 192 pixels, from the edge on" stats in/edge_db.csv
expect 0 "^s1,VV,-11\.[0-9]*,.*,3328,768$" stats in/edge_db.csv --nodata s1=-30
expect 3 "128 pixels such as -0\.1, which is no measurement" stats in/shifted_fill.csv
expect 3 "VV has 192 pixels such as -1, which is no measurement" stats in/power_fill.csv
expect 0 "^s1,VV,-11\.[0-9]*,.*,3328,768$" stats in/power_fill.csv --nodata s1=-1
expect 3 "pixels below 0, of many values down to -50: no fill" stats in/twice_subtracted.csv
# --- R2, R8: amplitude halves every decibel: said by those that look, no ground for training; the key converts it
stats in/power.csv >power.txt 2>/dev/null
expect 3 "VH would be -8\.[0-9]* dB, only 3\.[0-9]* dB below: amplitude.*data\.s1_scale" train root --set data.root=in/amplitude.csv
expect 0 "amplitude, as in s1 is never negative" info in/amplitude.csv
expect 3 "^error,amplitude," check_data in/amplitude.csv
check "amplitude gives the decibels of power" diff <(cut -c1-9 power.txt) <(stats in/amplitude.csv --s1-scale amplitude 2>/dev/null | cut -c1-9)
check "as many of them" grep -qE "^s1,VV,-10\.99[0-9]*,.*,4096,0$" power.txt
# --- R6: tags without a meaning, unlike or contradicting each other
expect 3 "a tag gives band 1 scale 0 and offset 0, of which no value follows; data.scale s2=1,0" stats in/scale_zero.csv
expect 0 "^s2,B04,506\.82[0-9]*,.*,4096,0$" stats in/scale_zero.csv --scale s2=1,0
expect 0 "scale 1 and offset 0 of B01, but 0.0001 and 0 of B02: both are taken as digital numbers" stats in/scale_unlike.csv
expect 0 "scale 40 and offset 0 of B04, but 1 and 0 of B01: each band's own are applied" stats in/scale_of_one.csv
expect 3 "tags of scale and offset say \+1000 of some bands of s2, and none of others" stats in/offset_of_some.csv
# --- R7: names that somebody gave are held against the pixels where cirrus tells; 1000 more is no brightness
expect 3 "names of s2 as they are given, and the pixels contradict them: B10 nearly as bright as B09 in 6 of 6" info in/numbered.csv
expect 0 "" info in/numbered.csv --bands "s2=$(echo B0{1..8} B8A B09 B11 B12 | tr ' ' ,)" --accept band-conflict
expect 0 "names guessed from the number of bands, 13" info in/water_13.csv
never "contradict"
# --- R12: HH and HV; the bound itself in every format: half of the probed patches stops, fewer are said
expect 3 "HH darker than HV: swapped\? 6 of 6 probed patches" train swapped --set data.root=in/swapped_hh.csv
"$mosaic" data split in/sen_swapped_2 sen_split.csv --rule share >/dev/null 2>&1
"$mosaic" data split in/scenes/swapped_2.yaml scene_split.csv --rule share >/dev/null 2>&1
for set in swapped_%.csv ben_swapped_% sen_swapped_% scenes/swapped_%.yaml; do
    own=()
    [[ $set = sen* ]] && own=(--set data.split_file=sen_split.csv)
    [[ $set = scenes* ]] && own=(--set data.split_file=scene_split.csv)
    try() { "$mosaic" train tiny.yaml --out never --dry-run --threads 1 --set data.format=auto --set method=simclr "${own[@]}" --set "data.root=in/${set//%/$1}" "${@:2}"; }
    expect 0 "VV darker than VH: swapped\?, as in 2 of 6 probed patches" try 2
    expect 3 "VV darker than VH: swapped\? 3 of 6 probed patches of s1.*data.accept vv-below-vh" try 3
    expect 3 "VV darker than VH: swapped\? 4 of 6 probed patches" try 4
    expect 0 "" try 3 --set data.accept=vv-below-vh
done
# --- grids that do not fit are known to every command, not to the check alone; half of them stop training
expect 3 "run the other way, in 6 of 6 probed samples.*data.accept grid-mismatch" train south --set data.root=in/south_up.csv
expect 0 "grid-mismatch, as in .*6 of 6 probed samples" stats in/south_up.csv
expect 0 "modalities or bands on other ground, as in 2 of 6 probed samples, p00" train zones --dry-run --set data.root=in/other_zone.csv
expect 3 "^error,grid-mismatch,p01,s2" check_data in/other_zone.csv
# --- R9: nothing to open is an error of every command; R13: a whole patch of a fill is no other unit
expect 3 "all_gone.csv: no sample with a file$" info in/all_gone.csv
expect 3 "no sample with a file: nothing to pack" "$mosaic" data pack in/all_gone.csv gone_pack
check "no pack of nothing" test ! -e gone_pack
expect 3 "no training patches: no sample with a file" train gone --set data.root=in/all_gone.csv
expect 3 "s2 is 1 in .*data\.nodata s2=1 masks it \(edge-values\)" stats in/scenes/edge.yaml --split all
never "another unit"
expect 0 "^s2,B04,505\.91015625,.*,3072,0$" stats in/scenes/edge.yaml --split all --nodata s2=1
# --- S6: files of radar products; S9: formats that are not read are named, with the way round
expect 0 "^  2: 2$" info in/time_hyphens.csv
expect 3 "foreign_jpg.jpg: JPEG, which is not read as a raster; first: gdal_translate -of GTiff in/foreign_jpg.jpg OUT.tif" info in/foreign_jpg.csv
expect 3 "foreign_grib.grib: GRIB, which is not read" info in/foreign_grib.csv
expect 3 "foreign_lfs.tif: a pointer of Git LFS, .*first: git lfs pull" info in/foreign_lfs.csv
for name in zarr pickle; do
    expect 3 "foreign_$name\.[a-z]*: not a raster of a known format .*gdal_translate -of GTiff makes one" info in/foreign_$name.csv
done
# --- item 6: exit code 3 only where something that was asked for needed files
expect 3 "nothing was checked: no file of 1 samples" "$mosaic" data check in/truncated.csv --defect no-data
expect 3 "12  classes were not judged" check_data in/truncated.csv
expect 0 "" "$mosaic" data check in/truncated.csv --defect label-names,no-label
finish
