#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# A disk that is full or too small is said before work is lost; what killed runs left is removed; patches of several sizes
# train where data.size is set; tables that are none say what they are.
source "$(dirname "$0")/cli_support.sh"
cd "$work" || exit 1
expect 0 "" "$mosaic" data synth set --layout tree --patches 12 --size 24 --classes 3 --seed 3
cat >tiny.yaml <<'Y'
data: {root: set, size: 24}
method: supervised
model: {encoder: resnet10-narrow, hidden: 16, latent: 8, stem_pool: false}
train: {epochs: 1, batch: 4, lr: 1e-3, seed: 0}
Y

# --- what a killed run left
expect 0 "a checkpoint takes [0-9]+ MiB, [0-9]+ MiB are free" "$mosaic" train tiny.yaml --out run --threads 1 --max-steps 1
touch run/checkpoints/step-9.safetensors.part-4711-3 run/config.yaml.part-12-0 run/checkpoints/mine.part-list
expect 0 "2 unfinished files of killed processes removed" "$mosaic" train tiny.yaml --out run --threads 1 --resume
check "gone" test ! -e run/checkpoints/step-9.safetensors.part-4711-3 -a ! -e run/config.yaml.part-12-0
check "what is no such file stays" test -e run/checkpoints/mine.part-list

# --- a small disk, where this system lets us make one
small() {
    if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size="$1" none disk 2>/dev/null; then
        shift
        expect "$@"
        umount disk
        return
    fi
    local size=$1
    shift
    local code=$1 words=$2
    shift 2
    # shellcheck disable=SC2016 # expanded by the inner shell
    expect "$code" "$words" unshare -rm bash -c 'mount -t tmpfs -o size="$0" none disk && "$@"' "$size" "$@"
}
mkdir disk
if ([ "$(id -u)" = 0 ] && mount -t tmpfs -o size=1m none disk 2>/dev/null && umount disk) || unshare -rm mount -t tmpfs -o size=1m none disk 2>/dev/null; then
    small 10m 1 "MiB are free, and two checkpoints of [0-9]+ MiB are wanted: the disk would be full" "$mosaic" train tiny.yaml --out disk/run --threads 1
    small 128k 1 "cannot write disk/pack: (a write was cut short: the disk is full|No space left on device)" "$mosaic" data pack set disk/pack --threads 1
    small 64k 1 "No space left on device|the disk is full|is the disk full" "$mosaic" data pack set disk/pack --threads 1
else
    echo "skipped: a full disk: this system lets us mount none"
fi
# A limit on the size of files is met in the same way.
expect "1|153" "cannot write packed.*(File too large|No space left|is the disk full|a limit on the size of files is reached)" bash -c 'trap "" XFSZ; ulimit -f 64; "$0" data pack set packed --threads 1' "$mosaic"

# --- tables
printf 'id,s2,labels\n' >header.csv
expect 3 "header.csv: a header and no rows: the table lists no samples" "$mosaic" data info header.csv
printf '\xff\xfei\0d\0,\0s\0002\0\n\0' >utf16.csv
expect 3 "utf16.csv: a table in UTF-16, wanted UTF-8" "$mosaic" data info utf16.csv
: >empty.csv
expect 3 "empty.csv: empty, wanted a header" "$mosaic" data info empty.csv

# --- patches of several sizes
python=${PYTHON:-/usr/bin/python3}
if "$python" -c 'import numpy, osgeo.gdal' 2>/dev/null; then
    cat >make.py <<'P'
import numpy as np
from osgeo import gdal
gdal.UseExceptions()
rng = np.random.default_rng(3)
with open("mixed.csv", "w") as f:
    f.write("id,s2,labels,split\n")
    for i in range(12):
        side = (24, 20, 31)[i % 3]
        d = gdal.GetDriverByName("GTiff").Create(f"m{i}.tif", side, side, 3, gdal.GDT_UInt16)
        for b, n in enumerate(("B02", "B03", "B04")):
            d.GetRasterBand(b + 1).WriteArray(rng.integers(100, 900, (side, side)).astype("uint16"))
            d.GetRasterBand(b + 1).SetDescription(n)
        f.write(f"m{i},m{i}.tif,{'AB'[i % 2]},{('train', 'train', 'test')[i // 4]}\n")
P
    check "patches of three sizes" "$python" make.py
    expect 3 "20 x 20 pixels, wanted 24 x 24" "$mosaic" data stats mixed.csv
    expect 3 "wrong-size,m1,s2" "$mosaic" data check mixed.csv
    expect 3 "pixels, wanted 24 x 24" "$mosaic" train tiny.yaml --out refused --threads 1 --set data.root=mixed.csv --set data.size=0
    expect 0 "" "$mosaic" train tiny.yaml --out mixed --threads 1 --set data.root=mixed.csv
    expect 0 "samples +4" "$mosaic" eval mixed --threads 1 --pictures 0
    sed 's/root: set/root: mixed.csv/' tiny.yaml >mixed.yaml
    expect 0 "s2,B04,[45][0-9][0-9]\..*,[0-9]+,0$" "$mosaic" data stats mixed.yaml --split all
    check "no wrong size" bash -c '! "$0" data check mixed.yaml 2>/dev/null | grep -q wrong-size' "$mosaic"
    expect 0 "" "$mosaic" data pack mixed.yaml pack_mixed --threads 1
    expect 0 "" "$mosaic" train tiny.yaml --out mixed_pack --threads 1 --set data.root=pack_mixed
    check "the pack trains as its table" cmp <(tail -c 1000000 mixed/model/model.safetensors) <(tail -c 1000000 mixed_pack/model/model.safetensors)
else
    echo "skipped: patches of several sizes: $python has no numpy and GDAL"
fi

finish
