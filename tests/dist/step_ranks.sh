#!/usr/bin/env bash
# Ten steps of every method by 1, 2 and 4 ranks, against one.
#   step_ranks.sh NAME PROGRAM
set -euo pipefail
name=$1 program=$2
. "$(dirname "$0")/ranks_support.sh"
find_mpirun "$name"
export limit=250
for n in 1 2 4; do
  ranks "$n" "$program" "$name" || fail "steps of $n ranks"
done
