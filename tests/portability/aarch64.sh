#!/usr/bin/env bash
# The rooms base, compute, model and objective built for 64-bit Arm, where the kernels' vectors become
# NEON's, and their tests, the golden ones too, run under qemu-user.
#
#   aarch64.sh SOURCE BUILD
set -euo pipefail
source=$1 build=$2

skip() { echo "skipped: $*"; exit 77; }
for tool in aarch64-linux-gnu-gcc qemu-aarch64 dpkg-deb apt-get; do
  command -v $tool >/dev/null || skip "no $tool (scripts/setup.sh --long)"
done

# cmocka for that processor, from package lists of its own: this machine's stay as they are.
sysroot=$build/sysroot
if [ ! -d "$sysroot/usr" ]; then
  lists=$(mktemp -d)
  trap 'rm -rf "$lists"' EXIT
  mkdir -p "$lists/lists/partial" "$build"
  arm=(-o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State::Lists="$lists/lists"
       -o Dir::Cache="$lists" -o APT::Sandbox::User="$(id -un)")
  apt-get "${arm[@]}" update -q >/dev/null 2>&1 || skip "no package lists for arm64"
  (cd "$lists" && apt-get "${arm[@]}" download -q libcmocka-dev libcmocka0 >/dev/null 2>&1) || skip "no cmocka for arm64"
  for package in "$lists"/*.deb; do dpkg-deb -x "$package" "$sysroot.part"; done
  mv "$sysroot.part" "$sysroot"
fi
export PKG_CONFIG_LIBDIR=$sysroot/usr/lib/aarch64-linux-gnu/pkgconfig PKG_CONFIG_SYSROOT_DIR=$sysroot
export MOSAIC_EMULATED=1 # tests leave out what the emulator cannot do, and say so
export QEMU_SET_ENV=LD_LIBRARY_PATH=$sysroot/usr/lib/aarch64-linux-gnu

cmake -S "$source" -B "$build" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$source/cmake/aarch64-linux-gnu.cmake" \
  -DCMAKE_BUILD_TYPE=Release -DMOSAIC_WERROR=ON -DMOSAIC_CORE=ON -DMOSAIC_ONEDNN=OFF
cmake --build "$build"
# Without "long": those are tests once more on a device made late, in code that is the same on any processor.
ctest --test-dir "$build" --parallel "$(nproc)" --output-on-failure --no-tests=error --timeout 3000 -LE long
