#!/usr/bin/env bash
# types.sh PYTHON: the package is fully typed (mypy --strict).
set -euo pipefail
if ! /usr/bin/python3 -c "import mypy, numpy" 2>/dev/null; then
  echo "skipped: mypy or NumPy is not installed (python3-mypy, python3-numpy)"
  exit 77
fi
cache=$(mktemp -d)
trap 'rm -rf "$cache"' EXIT
cd "$1"
/usr/bin/python3 -m mypy --config-file ../pyproject.toml --cache-dir "$cache" mosaic_eo
