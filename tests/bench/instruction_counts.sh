#!/usr/bin/env bash
# Instructions of the hot scalar paths under callgrind against the stored counts: a regression that no noise hides.
#
#   instruction_counts.sh HOT_PATHS COUNTS COMPILER BUILD_TYPE            compares
#   instruction_counts.sh HOT_PATHS COUNTS COMPILER BUILD_TYPE --update   stores what was counted
#
# A path fails above its tolerance, and also when it has become so much cheaper that the stored count guards nothing.
set -euo pipefail
program=$1 counts=$2 compiler=$3 build=$4 mode=${5:-compare}

skip() {
    echo "skipped: $1"
    exit 77
}
for tool in valgrind nm; do
    command -v "$tool" >/dev/null || skip "instruction counts need $tool"
done
[ "$build" = Release ] || skip "instruction counts are those of a release build, this is '$build'"
stored=$(sed -n 's/^# compiler: //p' "$counts")
[ "$mode" = --update ] || [ "$compiler" = "$stored" ] || skip "instruction counts are those of $stored, this is $compiler"
grep -qw avx2 /proc/cpuinfo || skip "instruction counts are those of a processor with AVX2"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/run"
dumps=() # a wildcard does not dump
while read -r name; do dumps+=("--dump-after=$name"); done < <(nm "$program" | sed -n 's/^.* t \(hot_[a-z_]*\)$/\1/p')
valgrind --quiet --tool=callgrind --toggle-collect='hot_*' "${dumps[@]}" --callgrind-out-file="$work/out" \
    "$program" "$work/run" >"$work/log" 2>&1 || { cat "$work/log"; echo "FAILED: the program under callgrind"; exit 1; }

counted=$work/counted
for file in "$work"/out.*; do
    name=$(sed -n 's/^desc: Trigger: --dump-after=hot_//p' "$file")
    total=$(sed -n 's/^\(summary\|totals\): *\([0-9]*\).*/\2/p' "$file" | head -n 1)
    if [ -n "$name" ]; then echo "$name $total"; fi
done | sort >"$counted"
[ -s "$counted" ] || { cat "$work/log"; echo "FAILED: callgrind counted nothing"; exit 1; }

if [ "$mode" = --update ]; then
    {
        echo "# Instructions of tests/bench/hot_paths.c, made by tests/bench/instruction_counts.sh --update"
        echo "# compiler: $compiler"
        printf 'path\tinstructions\ttolerance_percent\n'
        while read -r name total; do
            tolerance=$(awk -F'\t' -v name="$name" '$1 == name { print $3 }' "$counts" 2>/dev/null || true)
            printf '%s\t%s\t%s\n' "$name" "$total" "${tolerance:-3}"
        done <"$counted"
    } >"$work/new"
    cp "$work/new" "$counts"
    exit 0
fi

failures=0
while IFS=$'\t' read -r name wanted tolerance; do
    total=$(awk -v name="$name" '$1 == name { print $2 }' "$counted")
    if [ -z "$total" ]; then
        echo "FAILED: $name was not counted"
        failures=$((failures + 1))
        continue
    fi
    change=$(awk -v a="$total" -v b="$wanted" 'BEGIN { printf "%+.2f", 100 * (a / b - 1) }')
    echo "$name: $total instructions, stored $wanted, $change %"
    if awk -v c="$change" -v t="$tolerance" 'BEGIN { exit !(c > t || c < -5 * t) }'; then
        echo "FAILED: $name is outside its tolerance of $tolerance %; if that is meant: cmake --build ... --target update_instruction_counts"
        failures=$((failures + 1))
    fi
done < <(grep -v '^#' "$counts" | tail -n +2)
while read -r name _; do
    grep -q "^$name	" "$counts" || { echo "FAILED: $name has no stored count"; failures=$((failures + 1)); }
done <"$counted"
echo "$(wc -l <"$counted") paths, $failures failed"
[ $failures = 0 ]
