#!/usr/bin/env bash
# docs/defects.md is what the program says of itself.
mosaic=$1 source=$2
if ! "$mosaic" data check --list-defects | diff -u "$source/docs/defects.md" -; then
    echo "FAILED: docs/defects.md is stale; run: mosaic data check --list-defects > docs/defects.md"
    exit 1
fi
