#!/usr/bin/env bash
# What docs/install.md leads to: recipe, container files and packages agree with what is built.
#   install.sh MOSAIC SOURCE
set -euo pipefail
mosaic=$1 source=$2
python=${PYTHON:-/usr/bin/python3}
if ! "$python" -c 'import yaml' 2>/dev/null; then
    echo "skipped: reading the recipe needs python3-yaml"
    exit 77
fi
PYTHONDONTWRITEBYTECODE=1 "$python" "$source/tests/docs/install_check.py" "$source" "$(dirname "$(dirname "$mosaic")")"
