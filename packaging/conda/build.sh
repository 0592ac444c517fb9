#!/usr/bin/env bash
# Run by conda-build, with its compilers, flags and prefix in the environment.
set -euo pipefail
cmake -S . -B build/conda -G Ninja \
  -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_INSTALL_PREFIX="$PREFIX" \
  -DCMAKE_PREFIX_PATH="$PREFIX" \
  -DCMAKE_INSTALL_LIBDIR=lib \
  -DMOSAIC_ONEDNN=OFF \
  -DBUILD_TESTING=OFF
cmake --build build/conda -j "${CPU_COUNT:-2}"
cmake --install build/conda
