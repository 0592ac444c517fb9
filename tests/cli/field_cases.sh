#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# Small inputs from public reports that were once computed wrongly without a word: each rule of the cases' README.md
# (R1..R14, S1..S9) has rows with the right answer here. MOSAIC_CASES names the folder of scripts that make the inputs.
cases=${MOSAIC_CASES:-$2/../shared/cases}
python=${PYTHON:-/usr/bin/python3}
if [ ! -f "$cases/common.py" ]; then
    echo "skipped: MOSAIC_CASES names no folder of case scripts, and ../shared/cases is none"
    exit 77
fi
if [ -z "${MOSAIC_REAL_DATA:-}" ] || [ ! -d "$MOSAIC_REAL_DATA/terramesh_patches" ]; then
    echo "skipped: MOSAIC_REAL_DATA names no folder of real samples"
    exit 77
fi
if ! "$python" -c 'import numpy, osgeo.gdal' 2>/dev/null; then
    echo "skipped: $python has no numpy and GDAL"
    exit 77
fi
source "$(dirname "$0")/cli_support.sh"
cases=$(cd "$cases" && pwd)
export PYTHONPATH=$cases PYTHONDONTWRITEBYTECODE=1 MOSAIC_REAL_DATA
cd "$work" || exit 1
for script in bands radar values scenes base tables; do
    folder=$script
    [ "$script" = tables ] && folder=base
    "$python" "$cases/$script.py" "$folder" || exit 1
done
cp "$cases/tiny.yaml" .

# later RULE CODE PATTERN COMMAND...: not mended yet. Says so, and fails once it is right, so that the row becomes `expect`.
later() {
    local rule=$1 before=$failures
    shift
    expect "$@" >/dev/null
    if [ "$failures" -gt "$before" ]; then
        failures=$before
        echo "not right yet: $rule: ${*:3}"
    else
        failures=$((failures + 1))
        echo "FAILED: $rule is right now, and still marked as not mended: ${*:3}"
    fi
}
# equal COMMAND -- COMMAND: both print the same to standard output.
equal() {
    local first=()
    while [ "$1" != -- ]; do
        first+=("$1")
        shift
    done
    shift
    check "the same output: ${first[*]} and $*" diff <("${first[@]}" 2>/dev/null) <("$@" 2>/dev/null)
}
info() { "$mosaic" data info "$@"; }
stats() { "$mosaic" data stats "$@"; }
# leakage between neighbouring patches of the real sample is no subject here
check_data() { "$mosaic" data check "$@" --ignore split-leakage,lag; }
train() {
    local run=$1
    shift
    "$mosaic" train tiny.yaml --out "$run" --overwrite --threads 1 --set model.encoder=resnet10-narrow --set train.epochs=1 "$@"
}

# --- R1: bands by name in every file
expect 0 "s2,B12,1055\.7" stats bands/mixed_order.csv
expect 0 "s1,VV,-1[0-3]\." stats radar/mixed.csv
# --- R2: units per file
expect 3 "mixed-units" info values/float_first.csv
# --- R4: harmonised already
expect 3 "baseline 0509.*data\.(boa_offset|accept)" stats values/harmonised.csv
# --- R5: fill values without a tag
expect 3 "fill-values.*-9999" check_data values/minus9999.csv
expect 3 "65535.*data\.nodata" stats values/fill65535.csv
expect 3 "-9999.*data\.nodata" stats radar/fill.csv
expect 3 "edge-values" check_data radar/border_db.csv
# --- R6: masks, alpha, scale
expect 0 "s2,B04,6[0-9][0-9]\." stats values/masked.csv
expect 0 "B09 B11 B12$" info bands/alpha.csv
expect 0 "s2,B04,6[0-9][0-9]\." stats values/scale40.csv
# --- R7: guessed names
expect 3 "B10.*B09.*data\.bands" info bands/euro.csv
expect "0|3" "guess" info bands/ten.csv
# --- R8: spelling
expect 0 "linear power: converted" info radar/power_angle.csv
expect 3 "whole numbers" info radar/whole_lower.csv
expect 0 "linear power: converted" info radar/power_lower.csv
# --- R9: a check that could not open anything
expect 3 "unreadable,.*have no names" check_data bands/rgb_only.csv
expect 3 "not judged  pixels of 16 of 16 samples" check_data bands/rgb_only.csv
# --- R3: what is skipped enters no score
expect 0 "" train clean --set data.root=base/patches.csv
expect 0 "" "$mosaic" eval clean --threads 1 --pictures 0 --out skipped --set data.root=base/nan_pixels.csv --set data.policy=skip
check "14 samples, 2 skipped" grep -q '"samples": 14,' skipped/metrics.json
check "2 skipped" grep -q '"skipped_samples": 2,' skipped/metrics.json
check "14 predictions" test "$(tail -n +2 skipped/predictions.csv | wc -l)" = 14
# --- R11: labels
expect 0 "two classes that differ by one letter, as in 'Trees' and 'Tress'" info base/typo.csv
expect 0 "class whose name says that there is none, as in 'nan'" info base/nan.csv
expect 0 "several, comma between, as in 'Crops,Built area'" info base/comma.csv
expect 0 "3 x two classes that differ in case or blanks" info base/case.csv
expect 0 "samples +8 " info base/onehot.csv
sed 's/,nan,/,no label,/' base/nan.csv >base/no_label.csv
expect 0 "class whose name says that there is none, as in 'no label'" info base/no_label.csv
sed '5s/Built area/Built\xc2\xa0area/' base/patches.csv >base/nbsp.csv
expect 0 "two classes that differ in case or blanks alone" info base/nbsp.csv
expect 0 "label-names,.*Trees" check_data base/typo.csv
expect 0 "no positive among the 8 labelled training patches.*'Snow' \(4 in validation\)" train never --set data.root=base/never.csv
expect 0 "none of the 4 validation patches has a label: best and early stop go by the training loss" train unlabelled --set data.root=base/unlabelled_validation.csv
expect 0 "1 of the 7 classes of .*never.csv' are none of the model's, as 'Snow': they are in no score" "$mosaic" eval clean --threads 1 --pictures 0 --limit 2 --out strange --split validation --set data.root=base/never.csv
expect 3 "modality 's1' occurs in none of the 8 training patches" train no_s1 --set data.root=base/no_s1_in_train.csv
# --- R12: swapped polarisations
expect 3 "VV.*VH.*data\.accept" train swapped --set data.root=radar/vhvv_unnamed.csv --set data.bands=s1=VV,VH,s2=B01,B02,B03,B04,B05,B06,B07,B08,B8A,B09,B11,B12
# --- R13: scenes
expect 3 "edge-values" check_data scenes/s1-s2_edge.yaml
expect 0 "s1 +12 of 12" info scenes/s1_zero-s2.yaml
expect 0 "s2,B04,315[0-9]\." stats scenes/s1-s2_bright.yaml
expect 3 "boa-offset-conflict" check_data scenes/s1-s2_tag.yaml

finish
