#!/usr/bin/env bash
# sweep_tables.sh MOSAIC SOURCE: table.tex and table.html of a sweep say the same.
set -euo pipefail
mosaic=$1 source=$2
work=$(mktemp -d "${TMPDIR:-/tmp}/mosaic-tables.XXXXXX")
trap 'rm -rf "$work"' EXIT
PYTHONDONTWRITEBYTECODE=1 python3 "$source/tests/study/sweep_tables_check.py" "$mosaic" "$source" "$work"
