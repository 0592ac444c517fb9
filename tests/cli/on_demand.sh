#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# GDAL is loaded by what reads or writes a raster and by nothing else; where it is missing or another one, that is said.
source "$(dirname "$0")/cli_support.sh"

# opened FILE COMMAND...: what the dynamic loader opens while the command runs, in FILE.
opened() {
    local file=$1
    shift
    rm -f "$work"/loader.*
    check "$*" env LD_DEBUG=files LD_DEBUG_OUTPUT="$work/loader" "$@"
    cat "$work"/loader.* >"$file"
}
lacks() { ! grep "$1" "$2"; }
with_gdal() {
    opened "$work/opened" "$@"
    check "$* loads GDAL" grep -q 'libgdal\.so' "$work/opened"
}
without_gdal() {
    opened "$work/opened" "$@"
    check "the loader speaks of $*" grep -q 'libmosaic\.so' "$work/opened"
    check "$* loads no GDAL" lacks libgdal "$work/opened"
}

with_gdal "$mosaic" -q data synth "$work/data" --layout tree --patches 40 --size 24 --classes 3 --seed 1 --no-progress
soname=$(grep -oE 'libgdal\.so\.[0-9.]*[0-9]' "$work/opened" | head -n 1)
check "GDAL has a name: '$soname'" test -n "$soname"
"$mosaic" -q data pack "$work/data" "$work/pack" >"$work/output" || { echo "FAILED: data pack"; exit 1; }
cat >"$work/config.yaml" <<END
data: {root: $work/pack}
method: mosaic-1
model: {encoder: resnet10-narrow, hidden: 16, latent: 8}
train: {epochs: 1, batch: 8, workers: 1}
END

without_gdal "$mosaic" --version
without_gdal "$mosaic" help maps
without_gdal "$mosaic" train --help
without_gdal "$mosaic" --schema
without_gdal "$mosaic" data info "$work/pack"
without_gdal "$mosaic" data stats "$work/pack"
without_gdal "$mosaic" -q train "$work/config.yaml" --out "$work/run" --max-steps 2
without_gdal "$mosaic" -q eval "$work/run" --split test --pictures 0
without_gdal "$mosaic" -q report "$work/run"
without_gdal "$mosaic" -q embed "$work/run" --out "$work/embedded"
with_gdal "$mosaic" -q predict "$work/run" --out "$work/predicted"

# Before the system's own there is another file of that name.
mkdir "$work/other"
said='GDAL, which reads and writes rasters, cannot be loaded: .*'
other=(env LD_LIBRARY_PATH="$work/other${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}")
echo "not a library" >"$work/other/$soname"
expect 1 "${said}$soname: .*install it .Debian: libgdal[0-9]+, conda-forge: libgdal-core" "${other[@]}" "$mosaic" data synth "$work/none" --layout tree --patches 8 --size 24
expect 0 "GDAL +not there: ${said}$soname" "${other[@]}" "$mosaic" doctor
check "a training without GDAL" "${other[@]}" "$mosaic" -q train "$work/config.yaml" --out "$work/alone" --max-steps 2
if command -v cc >/dev/null && cc -shared -fPIC -o "$work/other/$soname" -x c /dev/null; then
    expect 1 "${said}$soname has no function [A-Z]\w+; install it" "${other[@]}" "$mosaic" data synth "$work/none" --layout tree --patches 8 --size 24 --overwrite
else
    echo "skipped: no compiler makes another $soname"
fi
finish
