#!/usr/bin/env bash
# shellcheck disable=SC2154 # scratch is set by ranks_support.sh
# bench ranks: what it says, small, and what it refuses.
#   bench_ranks.sh NAME MOSAIC
set -euo pipefail
name=$1 mosaic=$2
. "$(dirname "$0")/ranks_support.sh"
begin "$name" 100

code=0
"$mosaic" bench ranks >out 2>&1 || code=$?
[ $code = 2 ] && grep -q "mpirun -n 2 --bind-to none" out || { cat out; fail "one rank: exit code $code"; }
code=0
ranks 2 "$mosaic" bench ranks --batch 5 --python "" >out 2>&1 || code=$?
[ $code = 2 ] && [ "$(grep -c "wanted a multiple of 2" out)" = 1 ] || { cat out; fail "a batch of 5: exit code $code"; }
[ "$(nproc)" -ge 2 ] || skip "the rest needs two processors"

# A roof that moves on a busy machine is no failure here.
ranks 2 "$mosaic" -q bench ranks --encoder resnet10-narrow --batch 8 --size 32 --rounds 3 --python "" --json >out 2>log || true
/usr/bin/python3 - out <<'PYTHON' || { cat out log; fail "bench ranks says something else"; }
import json, sys
report = json.loads(open(sys.argv[1]).read())
rows = {row["name"]: row for row in report["rows"]}
for way in "ranks", "ranks, sums behind the backward pass", "ranks, norms of each":
    assert rows[way]["ms"] > 0 and rows[way]["x_one_rank"] > 0 and 0 < rows[way]["own_ms"] <= rows[way]["ms"], rows[way]
for call in "calls: gather (all-gather)", "calls: sum (all-reduce)":
    assert rows[call]["gigabytes_per_s"] > 0, rows[call]
assert rows["a step's gathers of norms"]["calls"] > 0 and rows["a step's sums"]["megabytes_sent"] > 0, rows
alone = rows["model: 1 ranks, 1 nodes, 25 Gbit/s"]
many = rows["model: 512 ranks, 256 nodes, 25 Gbit/s"]
# What is fitted to the times of a busy machine may be anything.
assert report["roof_moved_percent"] > 5 or alone["efficiency"] == 1 and 0 < many["efficiency"] < 1 and many["hours"] > 0, (alone, many)
PYTHON
