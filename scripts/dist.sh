#!/usr/bin/env bash
# The source as one archive, mosaic-VERSION.tar.gz: the same bytes from the same files, whoever makes it. Prints its path.
#
#   scripts/dist.sh [FOLDER]     FOLDER: where it goes; by default build
#
# In a git checkout it holds the files that git knows, as they are now, and times are that of the last commit. Elsewhere, as
# in an unpacked archive, it holds all files but those of builds, and times are that of the file with the version.
# SOURCE_DATE_EPOCH sets the time.
set -euo pipefail
case "${1:-}" in
  -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
  -*) echo "dist: unknown option '$1'" >&2; exit 2 ;;
esac
source=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "${1:-$source/build}"
out=$(cd "${1:-$source/build}" && pwd)
cd "$source"
header=include/mosaic/version.h
version=$(sed -nE 's/^#define MOSAIC_VERSION_(MAJOR|MINOR|PATCH) ([0-9]+)$/\2/p' $header | paste -sd.)
name=mosaic-$version

list_files() {
  if [ -e .git ] && command -v git >/dev/null; then
    git ls-files -z
  else
    find . \( -path ./build -o -path ./debian -o -path ./.git -o -name __pycache__ -o -name .cache \) -prune -o \
      \( -type f -o -type l \) ! -name '*.o' -printf '%P\0'
  fi
}

if [ -e .git ] && command -v git >/dev/null; then
  time=$(git log -1 --format=%ct)
  changed=$(git status --porcelain --untracked-files=no | wc -l)
  [ "$changed" = 0 ] || echo "dist: $changed files are not as they were committed" >&2
else
  time=$(stat -c %Y $header)
fi
list_files | LC_ALL=C sort -z | tar --null --no-recursion --format=gnu --mtime="@${SOURCE_DATE_EPOCH:-$time}" \
  --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --transform="flags=r;s,^,$name/," --files-from=- -cf - | gzip -9n >"$out/$name.tar.gz.part"
mv "$out/$name.tar.gz.part" "$out/$name.tar.gz"
echo "$out/$name.tar.gz"
