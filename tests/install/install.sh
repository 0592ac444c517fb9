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
if [ -f "$build/pages.made" ]; then # not of cross and sanitized builds
  for page in man/man1/mosaic.1 man/man1/mosaic-train.1 bash-completion/completions/mosaic zsh/site-functions/_mosaic \
    fish/vendor_completions.d/mosaic.fish; do
    [ -s "$prefix/share/$page" ] || { echo "FAILED: no share/$page is installed"; exit 1; }
  done
fi
echo "installed, found by pkg-config, linked, run; doctor has no complaint"
