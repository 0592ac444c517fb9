#!/usr/bin/env bash
# shellcheck disable=SC2154 # root is set by debian_root.sh
# The Debian packages: built in a Debian with nothing installed but what they name, without a complaint of lintian, and used in
# another one, into which apt-get puts nothing but them and what they ask for. A network and root are needed.
#
#   deb.sh SOURCE
set -euo pipefail
source=$1
. "$(dirname "$0")/../support/debian_root.sh"
work=$(mktemp -d "${TMPDIR:-/tmp}/mosaic-package.XXXXXX")
trap 'rm -rf "$work"' EXIT
debian_root bookworm "$work/build"

# Build-Depends and no more; ccache only makes it quicker where the system is kept.
debian_install build-essential debhelper ccache lintian
rm -rf "$root/source" "$root/packages" && mkdir -p "$root/source" "$root/packages"
tar -xf "$("$source/scripts/dist.sh" "$work")" -C "$root/source" --strip-components=1
mkdir -p "$root/wanted/debian" && cp "$root/source/packaging/debian/control" "$root/wanted/debian"
in_debian apt-get build-dep -y -q --no-install-recommends /wanted >"$root.log" 2>&1 ||
  { tail -n 20 "$root.log"; echo "FAILED: Build-Depends cannot be installed"; exit 1; }
in_debian /source/scripts/deb.sh /packages
if ! in_debian bash -c 'lintian --allow-root --fail-on error,warning --display-level ">=warning" /packages/*.changes'; then
  echo "FAILED: lintian complains"
  exit 1
fi
packages=$(cd "$root/packages" && echo *.deb)
for name in libmosaic0 mosaic libmosaic-dev python3-mosaic-eo; do
  [[ " $packages" == *" ${name}_"* ]] || { echo "FAILED: no package $name in $packages"; exit 1; }
done
requires() { # requires PACKAGE FIELD PATTERN
  in_debian bash -c "dpkg-deb -f /packages/$1_*.deb $2" | grep -qE "$3" || { echo "FAILED: $1: $2 lacks $3"; exit 1; }
}
requires libmosaic0 Depends 'libgdal32 '
requires libmosaic0 Suggests libopenmpi3
if in_debian bash -c 'dpkg-deb -f /packages/libmosaic0_*.deb Depends' | grep -q openmpi; then echo "FAILED: libmosaic0 wants an MPI"; exit 1; fi
requires mosaic Depends 'libmosaic0 \(= '

# Used where nothing was built.
built=$root
MOSAIC_DEBIAN_ROOTS='' debian_root bookworm "$work/use"
mkdir "$root/packages" && cp "$built"/packages/*.deb "$root/packages"
wanted=()
for name in libmosaic0 mosaic libmosaic-dev python3-mosaic-eo; do wanted+=("/packages/$(basename "$(ls "$root/packages/$name"_*.deb)")"); done
debian_install "${wanted[@]}" gcc libc6-dev pkg-config
cp "$source/tests/package/use.sh" "$source/tests/install/consumer.c" "$root"
in_debian bash /use.sh /consumer.c
echo "built, no complaint of lintian, installed, used"
