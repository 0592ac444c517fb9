#!/usr/bin/env bash
# From nothing to a report: builds mosaic, makes a small procedural data set with known truth, trains on
# it, evaluates, draws a map of a scene, and writes a report. Everything goes below demo/ (or the folder given).
#
#   scripts/demo.sh [FOLDER]
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
case "${1:-}" in
  -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac
out=${1:-$here/demo}
patches=${MOSAIC_DEMO_PATCHES:-900}
mkdir -p "$out"
out=$(cd "$out" && pwd)

step() { echo; echo "== $*"; "$@"; }

"$here/scripts/setup.sh" --minimal
begin=$SECONDS
cd "$here"
echo "== building"
cmake --preset release -DBUILD_TESTING=OFF -B build/demo >/dev/null
cmake --build build/demo
mosaic=build/demo/cli/mosaic

rm -rf "$out/data" "$out/run" "$out/scene"
step "$mosaic" data synth "$out/data" --patches "$patches" --size 120 --seed 0 --layout lmdb
step "$mosaic" data info "$out/data"
step "$mosaic" train examples/demo.yaml --out "$out/run" --set data.root="$out/data"
step "$mosaic" eval "$out/run" --split test --embeddings --tsne
# A place that training has not seen: a map of it beside the report, and the patches most like one of it.
step "$mosaic" data synth "$out/scene" --patches 16 --size 120 --seed 1 --layout scene
step "$mosaic" predict "$out/run" "$out/scene" --out "$out/run/map"
step "$mosaic" embed "$out/run" --split test --out "$out/run/embeddings"
query=$(sed -n 2p "$out/run/embeddings/embeddings.csv" | cut -d, -f1)
step "$mosaic" search "$out/run/embeddings" "$query" --sheet --out "$out/run/search"
step "$mosaic" report "$out/run"

echo
echo "demo: done in $((SECONDS - begin)) s; open the report: $out/run/report.html"
