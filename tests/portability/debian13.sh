#!/usr/bin/env bash
# shellcheck disable=SC2154 # root is set by debian_root.sh
# Debian 13 (gcc 14, GDAL 3.10; its oneDNN 3 is not used): the source archive builds there without a warning, and tests of the rooms that meet
# its libraries pass. A network and root are needed.
#
#   debian13.sh SOURCE
set -euo pipefail
source=$1
. "$(dirname "$0")/../support/debian_root.sh"
work=$(mktemp -d "${TMPDIR:-/tmp}/mosaic-debian13.XXXXXX")
trap 'rm -rf "$work"' EXIT
debian_root trixie "$work/root"

# The packages that scripts/setup.sh names for Debian 12 are there under the same names.
list() { sed -nE "/^$1=\(/,/\)/p" "$source/scripts/setup.sh" | sed -E "s/ +#.*//; s/^$1=\(//; s/\).*//" | tr '\n' ' '; }
# shellcheck disable=SC2046 # words
debian_install $(list libraries) $(list optional) ccache python3 python3-yaml python3-numpy gdal-bin libopenmpi-dev

archive=$("$source/scripts/dist.sh" "$work")
rm -rf "$root/source" && mkdir -p "$root/source" "$root/build"
tar -xf "$archive" -C "$root/source" --strip-components=1
in_debian cmake -S /source -B /build -G Ninja -DCMAKE_BUILD_TYPE=Release -DMOSAIC_WERROR=ON | tee "$root.configured"
grep -q 'oneDNN 2 is not there' "$root.configured" || { echo "FAILED: oneDNN 3 was taken for oneDNN 2"; exit 1; }
# The program and everything in it, and the tests of the rooms that meet the system's libraries.
rooms=(base io data config artifact deploy api score report)
targets=(mosaic_cli mosaic_pages)
for room in "${rooms[@]}"; do
  for test in "$source/tests/$room"/*_test.c; do
    name=$(basename "$test" .c)
    [[ $name == *_long_test ]] || targets+=("$name")
  done
done
in_debian ninja -C /build "${targets[@]}"
in_debian /build/cli/mosaic doctor
in_debian bash -euc 'cd "$(mktemp -d)" && /build/cli/mosaic -q data synth data --patches 40 --size 24 --classes 3 --seed 1 --no-progress
  echo "{data: {root: data}, method: mosaic-1, model: {encoder: resnet10-narrow, hidden: 16, latent: 8}, train: {epochs: 1, batch: 8}}" >config.yaml
  /build/cli/mosaic -q train config.yaml --out run --max-steps 2 && test -s run/model/model.safetensors'
in_debian ctest --test-dir /build --output-on-failure --no-tests=error -LE 'long|slow' -R "^($(IFS='|' && echo "${rooms[*]}"))/"
