#!/usr/bin/env bash
# shellcheck disable=SC2154 # root is set by debian_root.sh
# Debian 13 (gcc 14, GDAL 3.10, Python 3.13, NumPy 2; its oneDNN 3 is not used): the source archive builds there without a warning, and the
# normal suite passes, with the judges that the release has. A network and root are needed; two hours of two cores.
#
#   debian13.sh SOURCE [ROOMS]     ROOMS: an expression, as "base|io"; without it all
set -euo pipefail
source=$1
. "$(dirname "$0")/../support/debian_root.sh"
work=$(mktemp -d "${TMPDIR:-/tmp}/mosaic-debian13.XXXXXX")
trap 'rm -rf "$work"' EXIT
debian_root trixie "$work/root"

# The packages that scripts/setup.sh names for Debian 12 are there under the same names.
list() { sed -nE "/^$1=\(/,/\)/p" "$source/scripts/setup.sh" | sed -E "s/ +#.*//; s/^$1=\(//; s/\).*//" | tr '\n' ' '; }
wanted=()
for package in $(list libraries) $(list optional) $(list tools) $(list judges) libclang-rt-dev git iproute2; do
  if in_debian apt-cache show --no-all-versions "$package" >/dev/null 2>&1; then wanted+=("$package"); else echo "not in Debian 13: $package"; fi
done
debian_install "${wanted[@]}"

archive=$("$source/scripts/dist.sh" "$work")
rm -rf "$root/source" && mkdir -p "$root/source" "$root/build"
tar -xf "$archive" -C "$root/source" --strip-components=1
in_debian cmake -S /source -B /build -G Ninja -DCMAKE_BUILD_TYPE=Release -DMOSAIC_WERROR=ON | tee "$root.configured"
grep -q 'oneDNN 2 is not there' "$root.configured" || { echo "FAILED: oneDNN 3 was taken for oneDNN 2"; exit 1; }
in_debian ninja -C /build
in_debian /build/cli/mosaic doctor
in_debian bash -euc 'cd "$(mktemp -d)" && /build/cli/mosaic -q data synth data --patches 40 --size 24 --classes 3 --seed 1 --no-progress
  echo "{data: {root: data}, method: mosaic-1, model: {encoder: resnet10-narrow, hidden: 16, latent: 8}, train: {epochs: 1, batch: 8}}" >config.yaml
  /build/cli/mosaic -q train config.yaml --out run --max-steps 2 && test -s run/model/model.safetensors'
# What cannot run there says so; the count of those is part of the result.
in_debian ctest --test-dir /build --output-on-failure --no-tests=error -LE long ${2:+-R "^($2)/"}
