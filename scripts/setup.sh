#!/usr/bin/env bash
# Installs what building and testing need on Debian 12 (or a relative of it), and nothing that is there.
#
#   scripts/setup.sh            everything: libraries, developer tools, outside judges of the tests
#   scripts/setup.sh --minimal  only what building and running need
#   scripts/setup.sh --long     everything, and what the long tests need: a cross compiler, an emulator, QGIS
#
# The libraries are required. oneDNN, tools and judges are not: mosaic is built without oneDNN then, and the
# tests that use the others say that they are skipped.
set -euo pipefail

libraries=(build-essential cmake ninja-build pkg-config libgdal-dev liblmdb-dev libzstd-dev
           libsnappy-dev libyaml-dev libjansson-dev libprotobuf-c-dev protobuf-c-compiler libcmocka-dev
           zlib1g-dev libarchive-dev libtiff-dev)
tools=(ccache clang clang-format clang-tidy libclang-rt-14-dev libomp-dev llvm valgrind lmdb-utils locales
       python3 python3-yaml strace openmpi-bin libopenmpi-dev)
optional=(libdnnl-dev      # ahead in bf16 on matrix tiles
          libdeflate-dev)  # compresses maps faster than zlib
judges=(gdal-bin python3-numpy python3-rasterio python3-torch python3-torchvision python3-onnx python3-jsonschema python3-sklearn python3-protobuf chromium poppler-utils
        mandoc zsh fish mkdocs mypy abigail-tools python3-pip python3-venv python3-setuptools python3-wheel python3-xarray
        python3-nbclient python3-ipykernel)

case "${1:-}" in
  "") ;;
  --minimal) tools=() judges=() ;;
  --long) tools+=(debootstrap gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user slurmctld slurmd slurm-client iproute2) judges+=(python3-qgis) ;;
  -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *) echo "setup: unknown option '$1'" >&2; exit 2 ;;
esac

missing_of() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  echo "setup: no apt-get here; install what corresponds to: ${libraries[*]} ${tools[*]}" >&2
  exit 0 # the configuration step names whatever is really missing
fi

root=()
if [ "$(id -u)" != 0 ]; then root=(sudo); fi
updated=no

install() { # install PACKAGE...
  if [ ${#root[@]} != 0 ] && ! command -v sudo >/dev/null; then
    echo "setup: not root and no sudo: cannot install $*" >&2
    return 1
  fi
  echo "setup: installing $*"
  if [ $updated = no ]; then
    "${root[@]}" apt-get -o DPkg::Lock::Timeout=300 update -q || return 1
    updated=yes
  fi
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -q \
    --no-install-recommends "$@"
}

mapfile -t wanted < <(missing_of "${libraries[@]}")
if [ ${#wanted[@]} != 0 ] && ! install "${wanted[@]}"; then
  echo "setup: required packages could not be installed: ${wanted[*]}" >&2
  exit 1
fi

mapfile -t wanted < <(missing_of "${optional[@]}" "${tools[@]}" "${judges[@]}")
if [ ${#wanted[@]} != 0 ] && ! install "${wanted[@]}"; then
  for package in "${wanted[@]}"; do # one name that this release lacks must not cost the others
    install "$package" || echo "setup: going on without $package: what uses it is left out" >&2
  done
fi
echo "setup: ready"
