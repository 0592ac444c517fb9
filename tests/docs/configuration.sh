#!/usr/bin/env bash
# docs/configuration.md is what the program says of itself.
mosaic=$1 source=$2
if ! "$mosaic" --schema=md | diff -u "$source/docs/configuration.md" -; then
    echo "FAILED: docs/configuration.md is stale; run: mosaic --schema=md > docs/configuration.md"
    exit 1
fi
