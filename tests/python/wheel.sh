#!/usr/bin/env bash
# wheel.sh SOURCE [BUILD]: `pip` makes a wheel for every Python 3 out of the source (of a library that is built, from BUILD); it is
# installed into a virtual environment, and predicts there without a compiler. What is missing for a build is said.
set -euo pipefail
source=$1 build=${2:-}
python=/usr/bin/python3
if ! "$python" -c "import setuptools, wheel, pip, venv, numpy" 2>/dev/null; then
  echo "skipped: pip, venv, setuptools, wheel or NumPy is not installed (python3-pip, python3-venv, python3-numpy)"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/source"
for name in pyproject.toml setup.py CMakeLists.txt cmake cli docs include python scripts src; do cp -r "$source/$name" "$work/source"; done
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INDEX=1 PYTHONDONTWRITEBYTECODE=1
# A library that is not there, and no CMake: both are said. (Without pip, which takes its time.)
make_nothing() { (cd "$work/source" && "$python" setup.py -q build >"$work/said" 2>&1); }
if PKG_CONFIG_LIBDIR=/nonexistent PKG_CONFIG_PATH='' make_nothing; then echo "FAILED: a build without libraries"; exit 1; fi
grep -q 'scripts/setup.sh --minimal' "$work/said" && grep -q 'CMake says: .*yaml-0.1' "$work/said" || { cat "$work/said"; exit 1; }
mkdir "$work/bin"
for tool in python3 pkg-config protoc-c env sh uname; do ln -s "$(command -v $tool)" "$work/bin/$tool"; done
if PATH=$work/bin make_nothing; then echo "FAILED: a build without CMake"; exit 1; fi
grep -q 'Missing: cmake' "$work/said" || { cat "$work/said"; exit 1; }

rm -rf "$work/source/build"
# A whole build, with warnings as errors as in the suite, so that a compiler cache can serve it.
if [ -n "$build" ]; then export MOSAIC_BUILD=$build; else export CMAKE_ARGS=-DMOSAIC_WERROR=ON CCACHE_BASEDIR=$work/source; fi
"$python" -m pip wheel -q --no-build-isolation --no-deps -w "$work/wheels" "$work/source" >"$work/said" 2>&1 || { cat "$work/said"; exit 1; }
wheel=$(ls "$work"/wheels/*.whl)
case ${wheel##*/} in
  mosaic_eo-*-py3-none-linux_"$(uname -m)".whl) ;;
  *) echo "FAILED: the wheel is ${wheel##*/}"; exit 1 ;;
esac
if find "$work/source" -name '*.egg-info' -not -path '*/build/*' | grep .; then echo "FAILED: the source is littered"; exit 1; fi
"$python" -m venv --without-pip --system-site-packages "$work/venv"
"$python" -m pip --python "$work/venv/bin/python" install -q --no-deps "$wheel"
cat >"$work/try.py" <<'PYTHON'
import sys
from pathlib import Path

import numpy as np

import mosaic_eo as mo

folder = Path(sys.argv[1])
assert Path(mo.__file__).is_relative_to(folder / "venv"), mo.__file__
assert "mosaic_eo/lib/libmosaic.so" in Path("/proc/self/maps").read_text()
mo.set_verbosity(0)
mo.run("data synth", folder / "data", patches=16, size=24, seed=3, threads=1)
mo.train({"data.root": folder / "data", "method": "supervised", "model.encoder": "resnet10-narrow", "train.batch": 4,
          "train.epochs": 1, "train.precision": "fp32", "threads": 1}, folder / "run")
model = mo.Model(folder / "run", threads=1)
p = model.predict({m: np.full((2, len(bands), 24, 24), -10 if m == "s1" else 900) for m, bands in model.modalities.items()})
assert p.shape == (2, len(model.classes)) and (p > 0).all() and (p < 1).all() and (p[0] == p[1]).all()
print("predicted by", mo.__version__, "of", mo.__file__)
PYTHON
(cd / && env -i PATH=/nonexistent PYTHONDONTWRITEBYTECODE=1 "$work/venv/bin/python" "$work/try.py" "$work")
if [ -z "$build" ]; then # and the notebook that newcomers begin with
  (cd / && env -u MOSAIC_LIBRARY PYTHONPATH="$(echo "$work"/venv/lib/python3*/site-packages)" "$python" "$source/tests/python/notebook.py" \
    "$source/examples/first.ipynb") || { code=$?; [ $code = 77 ] || exit $code; }
fi
