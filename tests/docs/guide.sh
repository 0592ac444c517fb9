#!/usr/bin/env bash
# Runs the command blocks of docs/guide.md, in order, in one empty folder.
set -u
mosaic=$1 source=$2
work=$(mktemp -d "${TMPDIR:-/tmp}/mosaic-guide.XXXXXX")
trap 'rm -rf "$work"' EXIT
PATH=$(dirname "$mosaic"):$PATH
cd "$work" || exit 1

real=no
[ -n "${MOSAIC_REAL_DATA:-}" ] && [ -d "$MOSAIC_REAL_DATA" ] && real=yes
[ $real = yes ] || echo "skipped: the blocks marked real (MOSAIC_REAL_DATA is not set)"

# One script file per block: block-NN.sh or block-NN.real.sh
awk '
    /^```sh$/ { n++; file = sprintf("block-%02d.sh", n); next }
    /^```sh real$/ { n++; file = sprintf("block-%02d.real.sh", n); next }
    /^```$/ { file = "" }
    file { print > file }
' "$source/docs/guide.md"

ran=0
for block in block-*.sh; do
    case $block in *.real.sh) [ $real = yes ] || continue ;; esac
    if ! bash -euo pipefail "$block" >output 2>&1 </dev/null; then
        echo "FAILED: this block of docs/guide.md:"
        sed 's/^/  | /' "$block"
        echo "said:"
        tail -n 30 output | sed 's/^/  | /'
        exit 1
    fi
    ran=$((ran + 1))
done
echo "$ran blocks ran"
[ $ran -ge 7 ]
