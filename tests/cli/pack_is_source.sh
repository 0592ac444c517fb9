#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# A pack is its source: info, check, split, stats, train and eval of it say what those of the source say, for every format.
source "$(dirname "$0")/cli_support.sh"
real=${MOSAIC_REAL_DATA:-}
python=${PYTHON:-/usr/bin/python3}
if [ ! -d "$real/bigearthnet_v1" ] || ! "$python" -c 'import numpy, osgeo.gdal' 2>/dev/null; then
    echo "skipped: real samples (MOSAIC_REAL_DATA) or GDAL for Python are not here"
    exit 77
fi
cd "$work" || exit 1
cat >tiny.yaml <<'Y'
data: {size: 16}
method: supervised
model: {encoder: resnet10-narrow, hidden: 16, latent: 8, stem_pool: false}
train: {epochs: 1, batch: 4, lr: 1e-3, seed: 0}
Y
# What a command says of a data set, less its own name and format, and what was met while its files were looked for.
said() {
    sed -E "s#^$1:? [a-z0-9-]+, #SET #; s#$1#SET#g; s#^((error|warning),.*),[^,]*\$#\1#; s#[^ ,\"]+: (s[12]: names guessed from the number of bands, [0-9]+)(, when it was packed|, as s[12]=[A-Z0-9,]+)?(; its descriptions, as '[^']*', name none, or not all)?#\1#" |
        grep -vE 'not judged  grid|not judged, as said|missing modality|rows of metadata|defects met while opening|missing partner|orphan|labels unknown|row.without.files|far from the name|no-label|bytes|sha256|^ids|removed|^(statistics|check|pack):'
}
# alike SOURCE PACK COMMAND...: the two answer alike; %s is the data set.
alike() {
    local from=$1 to=$2
    shift 2
    check "$* of $to says what that of $from says" diff <("$mosaic" "${@//%s/$from}" 2>&1 | said "$from") <("$mosaic" "${@//%s/$to}" 2>&1 | said "$to")
}
# walk SOURCE [BATCH [METHOD]]: every command on the source and on its pack; BATCH 0: no training, METHOD: without labels, so no evaluation.
walk() {
    local from=$1 batch=${2:-4} method=${3:-} to=pack_$1 own=()
    to=${to//[.\/]/_}
    expect 0 "" "$mosaic" data pack "$from" "$to" --threads 1
    alike "$from" "$to" data stats %s
    alike "$from" "$to" data info --verbose %s
    alike "$from" "$to" data check %s --ignore missing-partner,orphan,no-label,row-without-files,acquisition-time
    alike "$from" "$to" data split %s s.csv --overwrite --rule share --shares 0.5,0.25,0.25 --allow-overlap
    [ -n "$method" ] && own=(--set method="$method")
    cp s.csv pack.csv
    "$mosaic" data split "$from" s.csv --overwrite --rule share --shares 0.5,0.25,0.25 --allow-overlap >/dev/null 2>&1
    same s.csv pack.csv
    [ "$batch" = 0 ] && return
    for root in "$from" "$to"; do
        expect 0 "" "$mosaic" train tiny.yaml --out "run_${root//\//_}" --overwrite --threads 1 --set "data.root=$root" --set data.split_file=s.csv --set train.batch="$batch" --set data.accept=guessed-bands "${own[@]}"
    done
    check "bands of $to" diff <(grep -A3 'modalities:' "run_${from//\//_}/config.yaml") <(grep -A3 'modalities:' "run_$to/config.yaml")
    check "weights of $to" "$python" - "run_${from//\//_}" "run_$to" <<'P'
import sys, json, struct
def tensors(run):
    b = open(run + "/model/model.safetensors", "rb").read()
    n = struct.unpack("<Q", b[:8])[0]
    head = json.loads(b[8:8 + n])
    head.pop("__metadata__", None)
    return head, b[8 + n:]
a, b = (tensors(r) for r in sys.argv[1:])
assert len(a[0]) > 20 and a[0].keys() == b[0].keys() and a == b, "weights differ"
P
    [ -n "$method" ] && return
    for root in "$from" "$to"; do
        expect 0 "" "$mosaic" eval "run_${from//\//_}" --threads 1 --pictures 0 --out "eval_${root//\//_}" --split validation --set "data.root=$root"
    done
    same "eval_${from//\//_}/predictions.csv" "eval_$to/predictions.csv"
}

cat >make.py <<'P'
import csv, os, sys
import numpy as np
from osgeo import gdal, osr
gdal.UseExceptions()
real = os.environ["MOSAIC_REAL_DATA"] + "/terramesh_patches/"
S2 = "B01 B02 B03 B04 B05 B06 B07 B08 B8A B09 B11 B12".split()
def copy(source, to, names, dx=0, drop=False, bands=None, kind=None):
    a = gdal.Open(source)
    p = a.ReadAsArray()
    p = p.astype(kind) if kind else p
    bands = range(len(names)) if bands is None else bands
    types = {"float32": gdal.GDT_Float32, "uint16": gdal.GDT_UInt16, "int16": gdal.GDT_Int16, "float64": gdal.GDT_Float64}
    d = gdal.GetDriverByName("GTiff").Create(to, p.shape[2], p.shape[1], len(bands), types[str(p.dtype)])
    if not drop:
        t = list(a.GetGeoTransform()); t[0] += dx
        d.SetGeoTransform(t); d.SetProjection(a.GetProjection())
    for k, b in enumerate(bands):
        d.GetRasterBand(k + 1).WriteArray(p[b]); d.GetRasterBand(k + 1).SetDescription(names[b])
os.makedirs("tables", exist_ok=True)
rows = [r for r in csv.DictReader(open(real + "patches.csv")) if r["id"].startswith(("282D", "637U"))][::2][:14]
for i, r in enumerate(rows):
    copy(real + r["s1"], f"tables/{i}_s1.tif", ["VV", "VH"], drop=i == 3, kind="float32")
    # number 2 lies elsewhere in s2, number 5 has no georeference at all, number 3 only in s2
    copy(real + r["s2"], f"tables/{i}_s2.tif", S2, dx=5000 if i == 2 else 0, drop=i in (5,), kind="uint16")
    if i == 5: copy(real + r["s1"], f"tables/{i}_s1.tif", ["VV", "VH"], drop=True, kind="float32")
    for b in (1, 3): copy(real + r["s2"], f"tables/{i}_{S2[b]}.tif", S2, dx=600 * (b == 3 and i == 4), bands=[b], kind="uint16")
with open("tables/patches.csv", "w") as f:
    f.write("id,s1,s2,labels,split,country,location,datetime_s1,datetime_s2\n")
    for i, r in enumerate(rows):
        f.write(f"p{i},{i}_s1.tif,{'' if i == 6 else f'{i}_s2.tif'},\"{r['labels']}\",{['train', 'validation', 'test'][i % 3]},Land,{'here' if i in (7, 11) else ''},2019-06-01,2019-06-{1 + i:02d}\n")
with open("tables/per_band.csv", "w") as f:
    f.write("id,s1,s2:B02,s2:B04,labels,split\n")
    for i, r in enumerate(rows):
        f.write(f"p{i},{i}_s1.tif,{i}_B02.tif,{i}_B04.tif,\"{r['labels']}\",{['train', 'validation', 'test'][i % 3]}\n")
P
check "tables" "$python" make.py
walk tables
check "12 bands, as the table" grep -q "B01.*B09" run_pack_tables/config.yaml
expect 3 "grid-mismatch,p2,s2" "$mosaic" data check pack_tables
expect 3 "grid-mismatch,p4,s2,B04" "$mosaic" data check tables/per_band.csv
walk tables/per_band.csv 0
expect 3 "grid-mismatch,p4,s2,B04" "$mosaic" data check pack_tables_per_band_csv
check "the place a table names is packed" grep -qE "^p7,.*,here,EPSG" pack_tables/metadata.csv
# A pack of the pack is still the source.
expect 0 "" "$mosaic" data pack pack_tables again --threads 1
same pack_tables/metadata.csv again/metadata.csv
same pack_tables/bands.csv again/bands.csv

cp -r "$real/bigearthnet_v1" v1 && chmod -R u+w v1
walk v1 2
# The records of BigEarthNet V2 are those of rico-hdl, which have no georeference: their names are their place.
cp -r "$real/bigearthnet_v2_pairs" v2 && chmod -R u+w v2
cp "$real/bigearthnet_v2/metadata.parquet" v2
walk v2 2
# An LMDB that rico-hdl wrote is a source like any other: here one patch without Sentinel-2, one without Sentinel-1.
mkdir hdl && cp "$real/bigearthnet_v2_lmdb/data.mdb" hdl
s2=S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP s1=S1A_IW_GRDH_1SDV_20170613T165043_33UUP
printf 'patch_id,labels,split,country,s1_name\n%s,Pastures,train,Austria,%s\n%s,Pastures,test,Austria,%s\n' ${s2}_70_48 ${s1}_70_48 ${s2}_75_43 ${s1}_75_43 >hdl/metadata.csv
expect 0 "" "$mosaic" data pack hdl pack_hdl --threads 1
# Nothing but the name differs: what is missing, and how long after, is told of the pack too.
exact() {
    check "$* of the pack of rico-hdl's" diff <("$mosaic" "${@//%s/hdl}" 2>&1) <("$mosaic" "${@//%s/pack_hdl}" 2>&1 | sed 's/pack_hdl/hdl/g')
}
exact data stats %s --split all
exact data info --verbose %s
exact data check %s
exact data check %s --defect lag,missing-partner
check "the absent partner has a name" grep -q "${s2}_75_43,.*,${s1}_75_43$" pack_hdl/metadata.csv
cp -r pack_hdl old_hdl && sed -i "s/,${s1}_75_43//" old_hdl/metadata.csv && sed -i "/75_43/s/$/,/" old_hdl/metadata.csv
expect 0 "missing partner \(no s1\), as in ${s2}_75_43 wants one that the table does not name" "$mosaic" data info old_hdl
exact data split %s s.csv --overwrite --rule share --shares 0.5,0.25,0.25 --allow-overlap
check "the LMDB's pixels" grep -q "^s2,B12,.*,3600,0$" <("$mosaic" data stats hdl --split all 2>/dev/null)
cp -r "$real/sen12ms" sen12ms && chmod -R u+w sen12ms
walk sen12ms 0
"$python" - <<'P' || exit 1
import os, numpy as np
from osgeo import gdal
gdal.UseExceptions()
real = os.environ["MOSAIC_REAL_DATA"] + "/sen12ms/ROIs1970_fall/"
for m in ("s1", "s2"):
    source = gdal.Open(f"{real}{m}_139/ROIs1970_fall_{m}_139_p839.tif")
    pixels, place = source.ReadAsArray()[:, :32, :32], source.GetGeoTransform()
    os.makedirs(f"sen_eight/ROIs1970_fall/{m}_139", exist_ok=True)
    for n in range(8):
        out = gdal.GetDriverByName("GTiff").Create(f"sen_eight/ROIs1970_fall/{m}_139/ROIs1970_fall_{m}_139_p{n + 1}.tif", 32, 32, len(pixels), source.GetRasterBand(1).DataType)
        out.SetGeoTransform((place[0] + 4000 * n, *place[1:]))
        out.SetProjection(source.GetProjection())
        for b, band in enumerate(pixels):
            out.GetRasterBand(b + 1).WriteArray(np.roll(band, 3 * n, 1))
P
walk sen_eight 2 simclr
s1=$(echo "$real"/terramesh_scene/s1/*.tif) s2=$(echo "$real"/terramesh_scene/s2/*.tif)
# Its rasters name no bands: the names are guesses, in the pack as in the source.
echo "grid: {size: 56}
modalities:
  s2: {file: $s2}
  s1: {file: $s1}" >scene.yaml
walk scene.yaml 2 simclr
expect 0 "guessed-bands, as in .*bands.csv: s2: names guessed from the number of bands, 12, when it was packed" "$mosaic" data info pack_scene_yaml

# A pack of an earlier version opens and says what it lacks.
cp -r pack_tables old && rm old/bands.csv
"$python" - <<'P'
import csv
rows = list(csv.reader(open("old/metadata.csv")))
keep = [k for k, name in enumerate(rows[0]) if not name.startswith(("ground:", "crs", "x", "y", "width", "height", "location"))]
csv.writer(open("old/metadata.csv", "w"), lineterminator="\n").writerows([[r[k] for k in keep] for r in rows])
P
expect 0 "packed by an earlier version" "$mosaic" data info old
check "values of an old pack" diff <("$mosaic" data stats old 2>/dev/null) <("$mosaic" data stats tables 2>/dev/null)

finish
