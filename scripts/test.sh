#!/usr/bin/env bash
# Builds and tests everything.
#
#   scripts/test.sh              the normal suite: release build, warnings are errors
#   scripts/test.sh --long       the tests with the label "long" as well
#   scripts/test.sh --sanitize   instead: address and undefined-behaviour sanitizers over all tests that are
#                                neither "long" nor "slow", thread sanitizer over the rooms with threads
#   scripts/test.sh --no-setup   does not look for packages first (may be combined)
#   scripts/test.sh --jobs N     compiles and tests with N at a time (default: number of processors)
#
# Real samples are looked for in $MOSAIC_REAL_DATA, then in ../shared/data; without them the tests that
# need them are skipped. Ends with a summary and is 0 only if every test that ran has passed.
set -euo pipefail
cd "$(dirname "$0")/.."

setup=yes sanitize=no long=no jobs=$(nproc)
while [ $# -gt 0 ]; do
  case "$1" in
    --long) long=yes ;;
    --sanitize) sanitize=yes ;;
    --no-setup) setup=no ;;
    --jobs) jobs=${2:?--jobs wants a number}; shift ;;
    -h | --help) sed -n '2,13s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "test: unknown option '$1'" >&2; exit 2 ;;
  esac
  shift
done

real_data=${MOSAIC_REAL_DATA:-}
if [ -z "$real_data" ] && [ -d ../shared/data ]; then real_data=$(cd ../shared/data && pwd); fi
if [ -n "$real_data" ]; then echo "test: real samples in $real_data"
else echo "test: no real samples (MOSAIC_REAL_DATA): the tests that need them are skipped"; fi

if [ $setup = yes ] && [ $long = yes ]; then ./scripts/setup.sh --long
elif [ $setup = yes ]; then ./scripts/setup.sh; fi

summary=() failed=no
# GDAL brings OpenBLAS, whose threads spin for a while beside every program that loads it, of which there are many.
export OPENBLAS_NUM_THREADS=${OPENBLAS_NUM_THREADS:-1}

# suite NAME PRESET CTEST-ARGUMENTS...: configure, build, test.
suite() {
  local name=$1 preset=$2 folder=build/$2 log=build/$2/ctest.log begin=$SECONDS built code=0
  shift 2
  local output
  output=$(mktemp)
  echo "== $name: configure and build (preset $preset)"
  cmake --preset "$preset" -DMOSAIC_REAL_DATA="$real_data" >"$output" 2>&1 ||
    { cat "$output"; rm -f "$output"; summary+=("$name: configuration failed"); failed=yes; return; }
  rm -f "$output"
  cmake --build --preset "$preset" --parallel "$jobs" ||
    { summary+=("$name: build failed"); failed=yes; return; }
  built=$SECONDS
  echo "== $name: tests"
  # Kernels that spread mappings widely leave the sanitizers of gcc 12 no room for their shadow.
  local runner=()
  if [ "$preset" != release ] && setarch -R true 2>/dev/null; then runner=(setarch -R); fi
  "${runner[@]}" ctest --test-dir "$folder" --output-on-failure --no-tests=error --parallel "$jobs" "$@" 2>&1 | tee "$log" || code=$?
  local closing
  closing=$(grep -E 'tests passed|No tests were found' "$log" || echo "ctest did not finish")
  summary+=("$name: $closing; build $((built - begin)) s, tests $((SECONDS - built)) s")
  if [ $code != 0 ]; then
    failed=yes
    while read -r line; do summary+=("  failed: $line"); done < <(sed -n 's/^\t *[0-9]* - \(.*\) (\(Failed\|Timeout\|SEGFAULT\|Subprocess aborted\|Not Run\|.*Exception.*\))$/\1 (\2)/p' "$log")
  fi
  while read -r line; do summary+=("  $line"); done < <(
    { sed -n 's/^\t *[0-9]* - \(.*\) (Skipped)$/skipped: \1/p' "$log"
      grep -ah '^skipped: ' "$folder/Testing/Temporary/LastTest.log" || true; } | sort | uniq -c | sed 's/^ *1 //; s/^ *\([0-9]*\) \(skipped: .*\)/\2 (\1 times)/')
}

if [ $sanitize = yes ]; then
  suite "address and undefined-behaviour sanitizers" asan-ubsan -LE 'long|slow'
  suite "thread sanitizer" tsan -LE 'long|slow' -R '^((base|io|data|loader)/|model/side_by_side|api/command_walk)'
elif [ $long = yes ]; then
  suite "all tests, long ones too" release
else
  suite "normal tests" release -LE long
fi

echo
echo "== summary"
printf '%s\n' "${summary[@]}"
[ $failed = no ] || { echo "FAILED"; exit 1; }
echo "PASSED"
