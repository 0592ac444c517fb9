#!/usr/bin/env bash
# Debian's packages of this source, for the Debian that it runs on: libmosaic0, mosaic, libmosaic-dev, python3-mosaic-eo, and
# the source package. Nothing is written into the source.
#
#   scripts/deb.sh [FOLDER]     FOLDER: where they go; by default build/deb
#
# What it needs: apt-get install dpkg-dev && apt-get build-dep (or install) what Build-Depends in packaging/debian/control lists.
set -euo pipefail
case "${1:-}" in
  -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
  -*) echo "deb: unknown option '$1'" >&2; exit 2 ;;
esac
source=$(cd "$(dirname "$0")/.." && pwd)
command -v dpkg-buildpackage >/dev/null || { echo "deb: no dpkg-buildpackage (Debian: dpkg-dev)" >&2; exit 1; }
mkdir -p "${1:-$source/build/deb}"
out=$(cd "${1:-$source/build/deb}" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/mosaic-deb.XXXXXX")
trap 'rm -rf "$work"' EXIT
if command -v ccache >/dev/null; then # debhelper gives the build a home of its own
  export CCACHE_DIR=${CCACHE_DIR:-$(ccache --get-config cache_dir)} CCACHE_BASEDIR=$work
fi
archive=$("$source/scripts/dist.sh" "$work")
name=$(basename "$archive" .tar.gz)
mv "$archive" "$work/mosaic_${name#mosaic-}.orig.tar.gz"
tar -xf "$work/mosaic_${name#mosaic-}.orig.tar.gz" -C "$work"
cp -r "$work/$name/packaging/debian" "$work/$name/debian"
(cd "$work/$name" && dpkg-buildpackage -us -uc -F) >"$out/log" 2>&1 || { tail -n 40 "$out/log" >&2; exit 1; }
find "$work" -maxdepth 1 -type f -exec mv -t "$out" {} +
ls "$out"/*.deb
