#!/usr/bin/env bash
# comm.h under mpirun: the same checks on 1, 2 and 4 ranks, a failure that all agree on, ranks that go missing, a
# communicator of the caller's.
#   comm_ranks.sh NAME PROGRAM COMMUNICATOR_PROGRAM
set -euo pipefail
name=$1 program=$2 communicator=$3
. "$(dirname "$0")/ranks_support.sh"
find_mpirun "$name"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

for n in 1 2 4; do
  ranks "$n" "$program" all 0 "$name" || fail "all on $n ranks"
done

# One message with rank, host and cause, on every rank; the cause's exit code, though rank 0 was asked to stop.
code=0
ranks 4 "$program" fail 2 "$name" >"$scratch/out" 2>&1 || code=$?
[ "$code" = 3 ] || { cat "$scratch/out"; fail "a failing rank: exit code $code, wanted 3"; }
heard=$(grep -c "^heard: rank 2 of 4 ([^)]\+): record 'x' is unreadable" "$scratch/out")
[ "$heard" = 4 ] || { cat "$scratch/out"; fail "$heard of 4 ranks heard of the failure"; }

# One fails while the others are at work for long: it ends them.
code=0
ranks 2 "$program" work 1 "$name" >"$scratch/out" 2>&1 || code=$?
[ "$code" = 3 ] || { cat "$scratch/out"; fail "a failing rank while the other works: exit code $code, wanted 3"; }
[ "$(grep -c "^rank 1 of 2 ([^)]\+): record 'y' is unreadable" "$scratch/out")" = 1 ] ||
  { cat "$scratch/out"; fail "no word of why"; }

# Who leaves alone ends the others, with its own code and a line that says why.
code=0
ranks 2 "$program" leave 1 "$name" >"$scratch/out" 2>&1 || code=$?
[ "$code" = 4 ] || { cat "$scratch/out"; fail "a rank that left: exit code $code, wanted 4"; }
grep -q "^rank 1 of 2 ([^)]\+): a number that only this rank saw" "$scratch/out" || { cat "$scratch/out"; fail "no word of why"; }

# A killed rank ends all; 124: they waited for it.
code=0
ranks 2 "$program" kill 1 "$name" >"$scratch/out" 2>&1 || code=$?
[ "$code" != 0 ] && [ "$code" != 124 ] || { cat "$scratch/out"; fail "a killed rank: exit code $code"; }

ranks 3 "$communicator" "$name" || fail "a communicator of the caller's"
