#!/usr/bin/env bash
# Real patches and a real scene, end to end: two ranks train, and one and two ranks give the same scores and the same map.
#   real_ranks.sh NAME MOSAIC   (MOSAIC_REAL_DATA: the samples)
set -euo pipefail
name=$1 mosaic=$2
. "$(dirname "$0")/ranks_support.sh"
[ -d "${MOSAIC_REAL_DATA:-/nowhere}/terramesh_patches" ] || skip "the real patches (MOSAIC_REAL_DATA is not set)"
begin "$name" 120

"$mosaic" -q init "$MOSAIC_REAL_DATA/terramesh_patches" --out config.yaml >/dev/null
sed -i 's/^\( *\)# bands:/\1bands:/' config.yaml # guessed from their number, and right here
"$mosaic" -q data split config.yaml split.csv --rule share >/dev/null
ranks 2 "$mosaic" train config.yaml --out run --max-steps 4 --threads 1 --set model.encoder=resnet10-narrow --set data.size=48 ||
  fail "two ranks do not train on real patches"
grep -q '2 ranks on 1 host' run/train.log || { cat run/train.log; fail "the run knows nothing of two ranks"; }

# evaluate RANKS; the folder of its scores lies in the run's.
evaluate() {
  ranks "$1" "$mosaic" -q eval run --split test --threads 1 >"scores$1" || fail "eval on $1 ranks"
  mv run/eval/test "eval$1"
}
evaluate 1
evaluate 2
[ "$(wc -l <eval1/predictions.csv)" = 17 ] || fail "16 patches have not 16 predictions"
for file in predictions.csv metrics.json; do cmp "eval1/$file" "eval2/$file" || fail "$file of two ranks"; done
cmp <(grep -v '^written' scores1) <(grep -v '^written' scores2) || fail "scores of two ranks"

# map RANKS
map() {
  ranks "$1" "$mosaic" -q predict run --s1 "$MOSAIC_REAL_DATA"/terramesh_scene/s1/*.tif --s2 "$MOSAIC_REAL_DATA"/terramesh_scene/s2/*.tif --bands model --threads 1 --out "map$1" || fail "a map on $1 ranks"
}
map 1
map 2
for file in map1/*.tif; do cmp "$file" "map2/$(basename "$file")" || fail "$file of two ranks"; done
