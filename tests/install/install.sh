#!/usr/bin/env bash
# install.sh BUILD SOURCE CC VERSION [FLAGS]: what `cmake --install` leaves is enough to build on.
set -euo pipefail
build=$1 source=$2 cc=$3 version=$4 flags=${5:-}
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
cmake --install "$build" --prefix "$prefix" >"$prefix/log" || { cat "$prefix/log"; exit 1; }
lib=$(dirname "$(find "$prefix" -name libmosaic.so)")
[ -d "$prefix/include/mosaic" ] && [ -x "$prefix/bin/mosaic" ]
# The .pc file names the configured prefix; here it moved.
variables=(--define-variable="prefix=$prefix")
export PKG_CONFIG_PATH=$lib/pkgconfig
[ "$(pkg-config --modversion mosaic)" = "$version" ]
# shellcheck disable=SC2046,SC2086
"$cc" -std=c17 -Wall -Wextra -Werror $flags $(pkg-config "${variables[@]}" --cflags mosaic) "$source" \
  -o "$prefix/consumer" $(pkg-config "${variables[@]}" --libs mosaic)
LD_LIBRARY_PATH=$lib "$prefix/consumer" "$version"
"$prefix/bin/mosaic" --help >/dev/null
(cd / && env -u LD_LIBRARY_PATH "$prefix/bin/mosaic" doctor >"$prefix/doctor") || { cat "$prefix/doctor"; exit 1; }
for module in "$build"/libmosaic_mpi_*.so; do # an installed library finds its modules; what they need may be missing
  [ -e "$module" ] || continue
  [ -e "$lib/mosaic/$(basename "$module")" ] || { echo "FAILED: $(basename "$module") is not installed in mosaic/"; exit 1; }
  name=$(basename "$module" .so)
  grep "^ranks " "$prefix/doctor" | grep -q "${name#libmosaic_mpi_}: [^n]" || { cat "$prefix/doctor"; echo "FAILED: doctor does not find $name"; exit 1; }
done
if [ -f "$build/pages.made" ]; then # not of cross and sanitized builds
  for page in man/man1/mosaic.1 man/man1/mosaic-train.1 bash-completion/completions/mosaic zsh/site-functions/_mosaic \
    fish/vendor_completions.d/mosaic.fish; do
    [ -s "$prefix/share/$page" ] || { echo "FAILED: no share/$page is installed"; exit 1; }
  done
fi
# find_package(mosaic): this version and lower patches of it, not another minor version, no components.
configure() { # configure ARGUMENT...
  cmake -S "$(dirname "$source")/cmake" -B "$prefix/cmake" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$cc" -DSOURCE="$source" \
    -DCMAKE_C_FLAGS="$flags" -DCMAKE_CXX_FLAGS="$flags" "$@" >"$prefix/cmake.log" 2>&1
}
if ! configure "-DWANTED=$version" || ! cmake --build "$prefix/cmake" >>"$prefix/cmake.log" 2>&1; then cat "$prefix/cmake.log"; exit 1; fi
"$prefix/cmake/consumer" "$version"
if [ -x "$prefix/cmake/consumer_cxx" ]; then "$prefix/cmake/consumer_cxx"; else echo "skipped: C++: no compiler"; fi
IFS=. read -r major minor _ <<<"$version"
refuses() { # refuses TEXT ARGUMENT...
  local text=$1
  shift
  if configure "$@"; then echo "FAILED: find_package(mosaic) took $*"; exit 1; fi
  grep -q "$text" "$prefix/cmake.log" || { cat "$prefix/cmake.log"; exit 1; }
}
refuses "considered but not accepted" "-DWANTED=$major.$((minor + 1))"
refuses "considered but not accepted" "-DWANTED=$((major + 1)).0"
refuses "mosaic has no component 'gpu'" "-DWANTED=$version" -DPARTS=gpu
echo "installed, found by pkg-config and by CMake, linked, run; doctor has no complaint"
