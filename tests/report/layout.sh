#!/usr/bin/env bash
# The pages of a made-up run with 19 classes, of a comparison and a sweep, laid out and printed by headless Chromium.
#   layout.sh MOSAIC SOURCE
# Skipped without chromium.
set -eu
mosaic=$1 source=$2
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$chromium" ]; then
    echo "skipped: the pages' layout needs chromium"
    exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/mosaic-layout.XXXXXX")
trap 'rm -rf "$work"' EXIT
python3 "$source/tests/report/sample_run.py" "$work/one"
python3 "$source/tests/report/sample_run.py" "$work/two" 1
"$mosaic" report "$work/one" >/dev/null
cp -r "$work/one" "$work/three"
rm "$work/three/eval/test/predictions.csv"
"$mosaic" compare "$work/one" "$work/two" "$work/three" --out "$work/compare.html" >/dev/null
grep -q "<b>three</b> not compared: no predictions" "$work/compare.html" || { echo "FAILED: the verdict leaves a run out in silence"; exit 1; }
python3 "$source/tests/report/sample_sweep.py" "$mosaic" "$work/sweep"
"$mosaic" data synth "$work/data" --patches 16 --size 24 --classes 4 --no-progress
printf 'data: {root: data, statistics: reben}\nmethod: mosaic-1\nmodel: {encoder: resnet18}\ntrain: {batch: 4}\n' >"$work/config.yaml"
"$mosaic" preview "$work/config.yaml" --patches 4 --out "$work/preview.html" >/dev/null
python3 "$source/tests/report/layout_check.py" "$chromium" "$work" "$work/one/report.html" 12 "$work/compare.html" 8 "$work/sweep/out/table.html" 8 "$work/preview.html" 6
