#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# data.policy and data.constant_bands in training, validation and evaluation: what is masked, filled, skipped or refused is counted by class in provenance.json and metrics.json.
source "$(dirname "$0")/cli_support.sh"

check "a tree" "$mosaic" data synth "$work/tree" --patches 16 --size 24 --classes 3 --seed 2 --layout tree --no-progress
# 8 training, 4 validation, 4 test patches: two batches an epoch, every patch is seen in each.
awk -F, 'BEGIN { OFS = "," } NR > 1 { $0 = $0; n = match($0, /,(train|validation|test),/); s = NR < 10 ? "train" : NR < 14 ? "validation" : "test"
    $0 = substr($0, 1, n) s substr($0, n + RLENGTH - 1) } { print }' "$work/tree/metadata.csv" >"$work/metadata.csv"
mv "$work/metadata.csv" "$work/tree/metadata.csv"
check "8 training patches" test "$(grep -c ',train,' "$work/tree/metadata.csv")" = 8
patch() { sed -n "$1p" "$work/tree/metadata.csv" | cut -d, -f1; } # of a line
file() { find "$1" -name "$2_$3.tif"; }                           # root, patch, band
s1_of() { grep "^$1," "$work/tree/metadata.csv" | grep -o 'S1[AB]_IW[A-Za-z0-9_]*' | head -n 1; }
poke() { printf "%b" "$3" | dd of="$1" bs=1 seek=$(($(stat -c %s "$1") - $2)) conv=notrunc status=none; } # file, bytes before its end, bytes

cp -r "$work/tree" "$work/gaps"
nan=$(patch 3) alone=$(patch 5) empty=$(patch 11)
vv=$(file "$work/gaps" "$(s1_of "$nan")" VV)
poke "$vv" 40 '\0000\0000\0300\0177\0000\0000\0200\0177' # NaN and infinity
poke "$(file "$work/gaps" "$empty" B04)" 40 '\0000\0000\0000\0000\0000\0000' # three pixels of no data
rm -r "$(dirname "$(file "$work/gaps" "$(s1_of "$alone")" VV)")"
poke "$(file "$work/gaps" "$(patch 15)" B11)" 40 '\0000\0000' # of the test split
flatten() { poke "$(file "$work/gaps" "$1" "$2")" 1152 "$(printf '\\0011\\0003%.0s' {1..576})"; } # patch, band: 777 in all 24 x 24 pixels
flat=$(patch 7)
flatten "$flat" B08
flatten "$(patch 12)" B02
flatten "$(patch 17)" B03
cat >"$work/config.yaml" <<END
data: {root: $work/gaps}
model: {encoder: resnet10-narrow, hidden: 32, latent: 16}
loss: {anchor: shared}
train: {epochs: 2, batch: 4, lr: 1e-3, keep: 1, patience: 0}
END
train() { # run, options
    local run=$1
    shift
    "$mosaic" train "$work/config.yaml" --out "$work/$run" --threads 1 "$@"
}
# counted RUN PART COUNTS: the numbers of the policy in provenance.json, in the order of the file.
counted() {
    checks=$((checks + 1))
    local found
    found=$(sed -n "/\"policy\": {/,/}\$/p" "$work/$1/provenance.json" | sed -nE "s/.*\"$2\": \{(.*)\}.*/\1/p" | grep -oE '[0-9]+' | xargs)
    [ "$found" = "$3" ] && return
    failures=$((failures + 1))
    echo "FAILED: $1, $2: not finite, no data, absent, skipped, unreadable, constant bands, skipped for one are '$found', wanted '$3'"
}
scored() { # RUN SPLIT KEY NUMBER
    check "$3 of $1 on $2 is $4" grep -qE "\"$3\": $4,?\$" "$work/$1/eval/$2/metrics.json"
}

for policy in mask fill-mean; do
    expect 0 "data.policy $policy, in all training steps: 4 pixels NaN or infinite, 0 no-data pixels, 2 absent modalities, 0 patches skipped" \
        train $policy --set data.policy=$policy
    check "the line is in the log" grep -q "data.policy $policy, in one validation: .*3 no-data" "$work/$policy/train.log"
    check "the policy has its name" grep -q "\"name\": \"$policy\"" "$work/$policy/provenance.json"
    counted $policy training "4 0 2 0 0 2 0"
    counted $policy validation "0 3 0 0 0 1 0"
    check "kept bands of one value are in the log" grep -q "data.constant_bands keep, in all training steps: 2 bands of one value, 0 patches" "$work/$policy/train.log"
    expect 0 "F1" "$mosaic" eval "$work/$policy" --split test --threads 1
    scored $policy test nodata_pixels 1
    scored $policy test not_finite_pixels 0
    scored $policy test constant_bands 1
    scored $policy test constant_band_policy '"keep"'
    expect 0 "F1" "$mosaic" eval "$work/$policy" --split train --threads 1
    scored $policy train not_finite_pixels 2
    scored $policy train absent_modalities 1
    check "the policy is in the scores" grep -q "\"policy\": \"$policy\"" "$work/$policy/eval/train/metrics.json"
done

# A resumed run has counted what the first sitting saw.
expect 0 "reduced" train halves --max-steps 1
expect 0 "resuming at step 1" train halves --resume
counted halves training "4 0 2 0 0 2 0"

# refuse: the missing partner while opening; the NaN where it is read, in training, validation and evaluation.
expect 3 "$alone.*has no s1.*refuse" train refused --set data.policy=refuse
grep -v "^$alone," "$work/gaps/metadata.csv" >"$work/without.csv"
expect 3 "$nan.*s1 band VV has 2 invalid pixels" train refused-nan --set data.policy=refuse --set "data.metadata=$work/without.csv" --set train.batch=7
grep -v "^$nan,\|^$alone," "$work/gaps/metadata.csv" >"$work/without.csv"
expect 3 "$empty.*s2 band B04 has 3 invalid pixels" train refused-valid --set data.policy=refuse --set "data.metadata=$work/without.csv" --set train.batch=2
expect 3 "s2 band B11 has 1 invalid pixels" "$mosaic" eval "$work/mask" --split test --threads 1 --set data.policy=refuse --set "data.metadata=$work/without.csv"

# skip: the one without partner goes while opening; one that cannot be read gives its place to the next.
cp -r "$work/tree" "$work/broken"
rm -r "$(dirname "$(file "$work/broken" "$(s1_of "$alone")" VV)")"
truncate -s 600 "$(file "$work/broken" "$(patch 3)" B03)"
truncate -s 600 "$(file "$work/broken" "$(patch 16)" B03)"
expect 3 "$(patch 3)_B03.tif" train masked-broken --set "data.root=$work/broken"
expect 0 "2 patches skipped \(2 of them unreadable\)" train skipped --set "data.root=$work/broken" --set data.policy=skip --set train.batch=7
counted skipped training "0 0 0 2 2 0 0"
counted skipped validation "0 0 0 0 0 0 0"
check "the patch is named" grep -q "skipped: .*$(patch 3)_B03.tif" "$work/skipped/train.log"
check "the missing partner is counted" grep -qE 'skipped for a missing modality", "count": 1' "$work/skipped/provenance.json"
expect 0 "F1" "$mosaic" eval "$work/skipped" --split test --threads 1
scored skipped test skipped_samples 1
scored skipped test unreadable_samples 1

# data.constant_bands: masked, the patch skipped, refused; the choice of the run is evaluation's.
expect 0 "data.constant_bands mask, in all training steps: 2 bands of one value" train flat-masked --set data.constant_bands=mask
counted flat-masked training "4 0 2 0 0 2 0"
check "the choice is in the provenance" grep -q '"constant_bands": "mask"' "$work/flat-masked/provenance.json"
expect 0 "F1" "$mosaic" eval "$work/flat-masked" --split test --threads 1
scored flat-masked test constant_bands 1
scored flat-masked test constant_band_policy '"mask"'
check "a masked band changes scores" bash -c "! cmp '$work/flat-masked/eval/test/predictions.csv' '$work/mask/eval/test/predictions.csv'"
expect 0 "data.constant_bands skip, in one validation: 0 bands of one value, 1 patches skipped for one" train flat-skipped --set data.constant_bands=skip --set train.batch=7
counted flat-skipped validation "0 3 0 1 0 0 1"
check "patches skipped in training" grep -qE '"training": \{.*"skipped": 2, "unreadable": 0, "constant_bands": 0, "constant_skipped": 2\}' "$work/flat-skipped/provenance.json"
expect 0 "^skipped +1 without a prediction, in no score" "$mosaic" eval "$work/flat-skipped" --split test --threads 1
expect 0 "" "$mosaic" compare "$work/mask" "$work/flat-skipped" --out "$work/compared.html" --threads 1
expect 0 "flat-skipped: read with data.constant_bands skip .there keep." "$mosaic" compare "$work/mask" "$work/flat-skipped" --out "$work/compared.html" --threads 1
check "and so does the page" grep -q "not on the same ground: read with data.constant_bands skip" "$work/compared.html"
check "the page says that the samples differ" grep -q "Not over the same samples:</b>" "$work/compared.html"
check "skipped ones have a place in the table" grep -q ">1 skipped</span>" "$work/compared.html"
check "classes of the means" grep -qE '<td class="n">[0-9]+ of [0-9]+</td>' "$work/compared.html"
scored flat-skipped test skipped_samples 1
scored flat-skipped test constant_skipped_samples 1
expect 3 "$flat.*s2 band B08 has one value in all its valid pixels, and data.constant_bands is refuse" train flat-refused --set data.constant_bands=refuse --set train.batch=7
expect 3 "error,constant-band,$flat,s2,B08" "$mosaic" data check "$work/gaps" --defect constant-band --constant-bands refuse
expect 0 "warning,constant-band,$flat,s2,B08" "$mosaic" data check "$work/gaps" --defect constant-band
finish
