#!/usr/bin/env bash
# The source archive: the same bytes every time, from git and from an archive that was unpacked, and all that a build needs.
#
#   source.sh SOURCE [build]     build: build it, install it and run what was installed
set -euo pipefail
source=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/mosaic-source.XXXXXX")
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

first=$("$source/scripts/dist.sh" "$work/first")
(umask 077 && TZ=Asia/Tokyo LC_ALL=C "$source/scripts/dist.sh" "$work/second" >/dev/null)
cmp "$first" "$work/second/$(basename "$first")" || fail "a second archive has other bytes"
version=$(basename "$first" .tar.gz) && version=${version#mosaic-}
mkdir "$work/unpacked" && tar -xf "$first" -C "$work/unpacked"
tree=$work/unpacked/mosaic-$version
[ "$(ls "$work/unpacked")" = "mosaic-$version" ] || fail "the archive does not unpack into mosaic-$version"
for name in CMakeLists.txt LICENSE include/mosaic/version.h packaging/debian/rules python/mosaic_eo/__init__.py tests/lint/lint.py; do
  [ -s "$tree/$name" ] || fail "no $name in the archive"
done
[ -x "$tree/scripts/setup.sh" ] || fail "scripts/setup.sh cannot be run"
mkdir -p "$tree/build/x" && touch "$tree/build/x/left" # what a build leaves is none of it
again=$(GIT_CEILING_DIRECTORIES=$work "$tree/scripts/dist.sh" "$work/again")
cmp "$first" "$again" || fail "an archive made of the unpacked one has other bytes"
if [ "${2:-}" = build ]; then
  export CCACHE_BASEDIR=$tree GIT_CEILING_DIRECTORIES=$work
  (cd "$tree" && cmake --preset release -DBUILD_TESTING=OFF && cmake --build build/release)
  bash "$tree/tests/install/install.sh" "$tree/build/release" "$tree/tests/install/consumer.c" cc "$version"
  [ "$("$tree/build/release/cli/mosaic" --version | head -n 1)" = "mosaic $version" ] || fail "the program says another version"
fi
echo "one archive, $(wc -c <"$first") bytes, whoever makes it"
