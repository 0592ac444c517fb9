#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# data check on a sound data set and on one with planted defects: rows, exit codes, selection, and the same output for any number of threads.
source "$(dirname "$0")/cli_support.sh"

header="severity,defect,sample,modality,band,found,wanted,file"
check "a tree" "$mosaic" data synth "$work/tree" --patches 12 --size 24 --classes 4 --seed 1 --layout tree --no-progress
check "a store" "$mosaic" data synth "$work/lmdb" --patches 12 --size 24 --classes 4 --seed 1 --no-progress

# --- nothing to find: the header, exit code 0, what could not be judged said
for data in tree lmdb; do
    expect 0 "0 errors, 0 warnings" "$mosaic" data check "$work/$data" --out "$work/$data.csv"
    check "only the header for $data" test "$(cat "$work/$data.csv")" = "$header"
done
expect 0 "not judged  grid-mismatch: it needs two georeferenced files" "$mosaic" data check "$work/lmdb"
expect 0 "0\.\.\.10\.\.\.20\.\.\.30.*100 done" "$mosaic" data check "$work/lmdb"
expect 0 "reduced by data.limit: 3 of 12" "$mosaic" data check "$work/lmdb" --limit 1
expect 0 '"reduced": true' "$mosaic" data check "$work/lmdb" --limit 1 --json

# --- planted: a truncated file, a missing partner, swapped polarisations, an orphan, a stray file, unknown labels
cp -r "$work/tree" "$work/bad"
mapfile -t s2 < <(find "$work/bad/BigEarthNet-S2" -mindepth 2 -maxdepth 2 -type d | sort)
mapfile -t s1 < <(find "$work/bad/BigEarthNet-S1" -mindepth 2 -maxdepth 2 -type d | sort)
cut=${s2[3]}/$(basename "${s2[3]}")_B04.tif
truncate -s 300 "$cut"
rm "${s2[4]}/$(basename "${s2[4]}")_B08.tif"
name=${s1[5]}/$(basename "${s1[5]}")
mv "${name}_VV.tif" "$work/swap.tif" && mv "${name}_VH.tif" "${name}_VV.tif" && mv "$work/swap.tif" "${name}_VH.tif"
rm -r "${s1[6]}"
mkdir "${s1[7]}-copy"
sed -i '2s/^\([^,]*\),[^,]*,/\1,Meadow,/' "$work/bad/metadata.csv"
expect 3 "errors in the data" "$mosaic" data check "$work/bad" --threads 1 --out "$work/bad.csv"
row() { check "row $1" grep -qE "$1" "$work/bad.csv"; }
row "^error,unreadable,$(basename "${s2[3]}"),s2,B04,.*,$cut\$"
row "^error,unreadable,$(basename "${s2[4]}"),s2,B08,No such file or directory,,"
row "^error,vv-below-vh,[^,]*,s1,,\"mean VV"
row "^error,unknown-label,[^,]*_T33UUP_00_41,,,row 2: 'Meadow'"
row "^warning,missing-partner,[^,]*,s1,,nothing,$(basename "${s1[6]}"),"
row "^warning,stray,,,,folder that is no patch of its parent,,.*-copy\$"
check "six rows and a header" test "$(wc -l <"$work/bad.csv")" = 7
for threads in 2 5; do
    expect 3 "" "$mosaic" data check "$work/bad" --threads $threads --out "$work/bad-$threads.csv"
    same "$work/bad.csv" "$work/bad-$threads.csv"
done
"$mosaic" data check "$work/bad" >"$work/stdout.csv" 2>/dev/null
same "$work/bad.csv" "$work/stdout.csv"
expect 3 '"class": "unreadable",' "$mosaic" data check "$work/bad" --json
check "JSON that Python reads" bash -c "'$mosaic' data check '$work/bad' --json 2>/dev/null | python3 -c 'import json, sys; assert json.load(sys.stdin)[\"errors\"] >= 3'"

# --- selection of classes
expect 0 "" "$mosaic" data check "$work/bad" --defect lag --defect missing-partner --out "$work/some.csv"
check "one row" test "$(wc -l <"$work/some.csv")" = 2
expect 3 "" "$mosaic" data check "$work/bad" --ignore unreadable,stray --out "$work/most.csv"
check "ignored ones are not there" bash -c "! grep -E 'unreadable|stray' '$work/most.csv'"
expect 3 "missing-partner" "$mosaic" data check "$work/bad" --defect missing-partner --policy refuse
expect 2 "did you mean 'lag'" "$mosaic" data check "$work/bad" --defect lga
expect 2 "missing argument" "$mosaic" data check
expect 3 "does not exist" "$mosaic" data check "$work/nowhere"
expect 0 "split-leakage" "$mosaic" data check --list-defects
finish
