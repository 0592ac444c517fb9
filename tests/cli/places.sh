#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# Splits know the ground that `data check` knows, of every format: copies of one place stay in one split, blocks work, and what has no place is counted.
source "$(dirname "$0")/cli_support.sh"
real=${MOSAIC_REAL_DATA:-}
python=${PYTHON:-/usr/bin/python3}
if [ ! -d "$real/bigearthnet_v1" ] || [ ! -d "$real/sen12ms" ] || ! "$python" -c 'import numpy, osgeo.gdal' 2>/dev/null; then
    echo "skipped: real samples (MOSAIC_REAL_DATA) or GDAL for Python are not here"
    exit 77
fi
cd "$work" || exit 1
split() { "$mosaic" data split "$@" --overwrite; }
# split_of FILE ID: the split that a split file gives an id.
split_of() { awk -F, -v id="$2" '$1 == id { print $2 }' "$1"; }
# together SOURCE ID ID: whatever the seed, two samples have one split.
together() {
    local seed first second
    for seed in 1 2 3 4 5 6; do
        expect 0 "0 across splits" split "$1" s.csv --rule share --seed $seed --shares 0.4,0.3,0.3
        first=$(split_of s.csv "$2") second=$(split_of s.csv "$3")
        check "$2 and $3 are in one split of $1, not in '$first' and '$second'" test -n "$first" -a "$first" = "$second"
    done
}

# --- BigEarthNet V1: a pair copied under another date; its names have no tile
cp -r "$real/bigearthnet_v1" v1
chmod -R u+w v1
a=S2A_MSIL2A_20170613T101031_87_48
b=S2A_MSIL2A_20180630T101031_87_48
cp -r "v1/BigEarthNet-v1.0/$a" "v1/BigEarthNet-v1.0/$b"
(cd "v1/BigEarthNet-v1.0/$b" && for f in *; do mv "$f" "${f/$a/$b}"; done)
together v1 $a $b
expect 0 "[45] samples|units dealt" split v1 blocks.csv --rule share --units block --block 2000
check "a block holds both" test "$(split_of blocks.csv $a)" = "$(split_of blocks.csv $b)"
# The JSON without its coordinates: the rasters' own georeference tells the place.
cp -r v1 v1_bare
sed -i 's/"coordinates": {[^}]*}, //' v1_bare/BigEarthNet*/*/*.json
together v1_bare $a $b
# Archives, read in place.
mkdir v1_tar
tar -C v1 --sort=name -cf v1_tar/BigEarthNet-S2-v1.0.tar BigEarthNet-v1.0
tar -C v1 --sort=name -cf v1_tar/BigEarthNet-S1-v1.0.tar BigEarthNet-S1-v1.0
together v1_tar $a $b
# Compressed ones, packed while they stream by.
mkdir v1_gz
gzip -c v1_tar/BigEarthNet-S2-v1.0.tar >v1_gz/BigEarthNet-S2-v1.0.tar.gz
gzip -c v1_tar/BigEarthNet-S1-v1.0.tar >v1_gz/BigEarthNet-S1-v1.0.tar.gz
expect 0 "" "$mosaic" data pack v1_gz v1_pack --threads 1
together v1_pack $a $b

# --- SEN12MS: a patch under another number
cp -r "$real/sen12ms" sen12ms
chmod -R u+w sen12ms
for m in s1 s2; do
    cp sen12ms/ROIs1970_fall/${m}_139/ROIs1970_fall_${m}_139_p{839,7}.tif
done
together sen12ms ROIs1970_fall_s2_139_p839 ROIs1970_fall_s2_139_p7
expect 0 "1 overlapping pairs, 0 across" split sen12ms blocks.csv --rule share --units block --block-px 256

# --- a table: shifted copies, degrees, turned grids, no georeference, one file twice
cat >make.py <<'P'
import numpy as np
from osgeo import gdal, osr
gdal.UseExceptions()
def tif(name, transform, epsg):
    d = gdal.GetDriverByName("GTiff").Create(name, 64, 64, 2, gdal.GDT_Float32)
    if transform: d.SetGeoTransform(transform)
    if epsg:
        r = osr.SpatialReference(); r.ImportFromEPSG(epsg); d.SetProjection(r.ExportToWkt())
    for b, v in ((1, -11.25), (2, -17.25)):
        d.GetRasterBand(b).WriteArray(v + np.arange(4096).reshape(64, 64).astype("float32") % 7 / 4)
        d.GetRasterBand(b).SetDescription(("VV", "VH")[b - 1])
rows = {}
def table(name, patches):
    with open(name + ".csv", "w") as f:
        f.write("id,s1,labels,split\n")
        for i, (t, epsg) in enumerate(patches):
            tif(f"{name}_{i}.tif", t, epsg)
            f.write(f"{name}{i},{name}_{i}.tif,{'AB'[i % 2]},train\n")
utm = lambda x, y: ((x, 10, 0, y, 0, -10), 32633)
table("shifted", [utm(400000, 5300000), utm(400100, 5299950), utm(410000, 5300000), utm(420000, 5300000), utm(430000, 5300000)])
deg = lambda x, y, code: ((x, 1e-4, 0, y, 0, -1e-4), code)
table("degrees", [deg(14.1, 48.2, 4326), deg(14.1005, 48.2005, 4326), deg(14.2, 48.2, 4326), deg(14.3, 48.2, 4326), deg(14.4, 48.2, 4326)])
table("etrs", [deg(14.1, 48.2, 4258), deg(14.1005, 48.2005, 4258), deg(14.2, 48.2, 4258), deg(14.3, 48.2, 4258), deg(14.4, 48.2, 4258)])
turn = lambda x, y: ((x, 8, 6, y, 6, -8), 32633)
table("turned", [turn(400000, 5300000), turn(400010, 5300010), turn(410000, 5300000), turn(420000, 5300000), turn(430000, 5300000)])
table("bare", [(None, 0)] * 4)
open("twice.csv", "w").write("id,s1,labels,split\n" + "".join(f"t{i},bare_{(0, 0, 1, 2, 3)[i]}.tif,{'AB'[i % 2]},train\n" for i in range(5)))
P
check "tables" "$python" make.py
for t in shifted degrees etrs turned; do
    together $t.csv ${t}0 ${t}1
    expect 0 "" "$mosaic" data pack $t.csv pack_$t --threads 1
    together pack_$t ${t}0 ${t}1
done
together twice.csv t0 t1
expect 0 "4 samples without a place are not checked" split bare.csv s.csv --rule share
expect 3 "4 of 4 samples are like that.*--units location" split bare.csv s.csv --rule share --units block --block 1000
# Pixels in degrees are higher than wide: 64 of them are one patch's side, fewer are refused by name.
expect 0 "units dealt out" split degrees.csv s.csv --rule share --units block --block-px 64
expect 2 "--block-px at least 64" split degrees.csv s.csv --rule share --units block --block-px 40
expect 0 "units dealt out" split etrs.csv s.csv --rule share --units block --block 2000

finish
