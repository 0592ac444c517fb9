#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# Band identities: shown by info, kept by packs and models, compared wherever data meet a model; old packs and models
# open and say what they lack; a run is watched for the sample that leaves what the first ones promised.
source "$(dirname "$0")/cli_support.sh"
python=${PYTHON:-/usr/bin/python3}
if ! "$python" -c 'import numpy, osgeo.gdal' 2>/dev/null; then
    echo "skipped: $python has no numpy and GDAL"
    exit 77
fi
cd "$work" || exit 1
cat >tiny.yaml <<'Y'
data: {size: 16}
method: supervised
model: {encoder: resnet10-narrow, hidden: 16, latent: 8, stem_pool: false}
train: {epochs: 1, batch: 4, lr: 1e-3, seed: 0}
Y
cat >make.py <<'P'
import numpy as np
from osgeo import gdal
gdal.UseExceptions()
rng = np.random.default_rng(7)
S2 = ["B02", "B03", "B04", "B11", "B12"]
def tif(name, planes, names, kind, nodata=None):
    d = gdal.GetDriverByName("GTiff").Create(name, 20, 20, len(planes), kind)
    for k, p in enumerate(planes):
        b = d.GetRasterBand(k + 1)
        b.WriteArray(p)
        if names: b.SetDescription(names[k])
        if nodata is not None: b.SetNoDataValue(nodata)
texture = lambda low, high: (low + (high - low) * rng.random((20, 20))).astype("float32")
def table(name, count, change=lambda i, s1, s2: (s1, s2), kind=gdal.GDT_UInt16, named=True):
    with open(name + ".csv", "w") as f:
        f.write("id,s1,s2,labels,split\n")
        for i in range(count):
            s1 = [texture(-14, -8), texture(-22, -15)]
            s2 = [np.round(texture(150 + 20 * b, 900 + 100 * b)) for b in range(5)]
            s1, s2 = change(i, s1, s2)
            tif(f"{name}_{i}_s1.tif", s1, ["VV", "VH"] if named else None, gdal.GDT_Float32)
            tif(f"{name}_{i}_s2.tif", s2, S2 if named else None, kind)
            f.write(f"p{i},{name}_{i}_s1.tif,{name}_{i}_s2.tif,{'AB'[i % 2]},{('train', 'train', 'test', 'validation')[i % 4]}\n")
def reflect(i, s1, s2): return s1, [b / 10000 for b in s2]
# The 32 samples looked at while opening are those p * 44 // 32: 4, 8, 15, 19 and others are not among them.
looked = {p * 44 // 32 for p in range(32)}
late = [i for i in range(44) if i not in looked and i % 4 < 2]
def planted(i, s1, s2):
    if i == late[0]: s2 = [b + 1000 for b in s2]
    if i == late[1]: s1 = [s1[0], np.full((20, 20), -20, "float32")]
    if i == late[2]: s2 = s2[:2] + [s2[2] * 0] + s2[3:]
    if i == late[3]: s2 = [b + 900 * (k + 1) for k, b in enumerate(s2)] # sand: every band begins above 1000
    return s1, s2
table("dn", 44)
table("reflectance", 16, reflect, gdal.GDT_Float32)
table("planted", 44, planted)
print(*(f"p{i}" for i in late[:3]))
P
check "inputs" "$python" make.py
read -r shifted constant empty <"$work/output"
train() {
    local run=$1
    shift
    "$mosaic" train tiny.yaml --out "$run" --overwrite --threads 1 "$@"
}

# --- shown
expect 0 "s1 +VH \(description\) +radar, VH +dB \(pixels\)" "$mosaic" data info --verbose dn.csv
expect 0 "s2 +B02 \(description\) +blue, 490 nm +DN \(pixels\) +- +0 \(format\)" "$mosaic" data info --verbose dn.csv
expect 0 "B12 \(description\) +short-wave infrared, 2190 nm +reflectance \(pixels\)" "$mosaic" data info --verbose reflectance.csv
expect 0 '"named_by": "description"' "$mosaic" data info --json dn.csv
expect 0 "B03 \(description\).* 0.5, 3 \(a key\) +-9 \(a key\)" "$mosaic" data info --verbose dn.csv --scale s2=0.5,3 --nodata s2=-9

# --- kept by packs, guesses too
for source in dn reflectance; do
    expect 0 "" "$mosaic" data pack $source.csv pack_$source --threads 1
    check "identities of pack_$source" diff <("$mosaic" data info --verbose $source.csv | sed '1,/and who says so/d') <("$mosaic" data info --verbose pack_$source | sed '1,/and who says so/d')
done
cat >names.py <<'P'
# names.py PACK COLUMN VALUE: what bands.csv says of every optical band.
import csv, sys
path = sys.argv[1] + "/bands.csv"
rows = list(csv.reader(open(path)))
at = rows[0].index(sys.argv[2])
for r in rows[1:]:
    if r[0] == "s2": r[at] = sys.argv[3]
csv.writer(open(path, "w"), lineterminator="\n").writerows(rows)
P
cp -r pack_dn guessed && "$python" names.py guessed named_by "a guess"
expect 0 "guessed-bands, as in .*when it was packed" "$mosaic" data info guessed
expect 3 "guessed from the number of bands, 5, when it was packed.*data.accept guessed-bands" train run_guessed --set data.root=guessed
expect 0 "" train run_guessed --dry-run --set data.root=guessed --set data.accept=guessed-bands
cp -r pack_dn old && cut -d, -f1-5 pack_dn/bands.csv >old/bands.csv
expect 0 "packed by an earlier version: it does not say which names of its bands were guessed" "$mosaic" data info old
check "values of an old pack" diff <("$mosaic" data stats old 2>/dev/null) <("$mosaic" data stats dn.csv 2>/dev/null)
cp -r pack_dn broken && "$python" names.py broken unit_by nonsense
expect 3 "bands.csv:4: 'nonsense' is no unit_by of a band" "$mosaic" data info broken

# --- kept by models, and compared
expect 0 "" train run --set data.root=dn.csv
check "the model's card names units" grep -q '"unit": "DN", "unit_by": "pixels"' run/model/config.json
check "the card for people" grep -q "| s2 | B02 | blue, 490 nm | description | DN |" run/model/README.md
expect 0 "" "$mosaic" eval run --threads 1 --pictures 0 --out plain
other="unit of B02 of s2 is reflectance, by pixels; .* was trained on DN, by pixels.*other-identity.*data.accept other-identity goes on"
expect 3 "$other" "$mosaic" eval run --threads 1 --pictures 0 --set data.root=pack_reflectance
expect 3 "$other" "$mosaic" probe run --threads 1 --set data.root=reflectance.csv
expect 3 "$other" train other --set data.root=reflectance.csv --init-from run
expect 0 "" "$mosaic" eval run --threads 1 --pictures 0 --limit 2 --out accepted --set data.root=reflectance.csv --set data.accept=other-identity,mixed-units
expect 0 "" "$mosaic" eval run --threads 1 --pictures 0 --limit 2 --out scaled --set data.root=reflectance.csv --set data.scale=s2=10000
# edited RUN FIELD VALUE: a copy of the run whose model says something else of its optical bands; without FIELD, what models
# of earlier versions said.
cat >card.py <<'P'
import json, os, struct, sys
os.makedirs(sys.argv[1] + "/model")
data = open("run/model/model.safetensors", "rb").read()
size = struct.unpack("<Q", data[:8])[0]
head = json.loads(data[8:8 + size])
modalities = json.loads(head["__metadata__"]["modalities"])
for m in modalities:
    if len(sys.argv) == 2: del m["identities"]
    for band in m.get("identities", []):
        if m["name"] == "s2": band.update(zip(sys.argv[2::2], sys.argv[3::2]))
head["__metadata__"]["modalities"] = json.dumps(modalities)
text = json.dumps(head).encode()
text += b" " * (-len(text) % 8)
open(sys.argv[1] + "/model/model.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + data[8 + size:])
P
check "models" bash -c '"$0" card.py run_old && "$0" card.py run_l2a level L2A level_by product && "$0" card.py run_guessed named_by "a guess" && "$0" card.py run_broken unit_by nonsense' "$python"
cp -r pack_dn l1c && "$python" names.py l1c level L1C && "$python" names.py l1c level_by product
expect 3 "product level of B02 of s2 is L1C, by product; .* was trained on L2A, by product.*data.accept product-level" "$mosaic" eval run_l2a --threads 1 --pictures 0 --set data.root=l1c
expect 0 "" "$mosaic" eval run_l2a --threads 1 --pictures 0 --limit 2 --set data.root=l1c --set data.accept=product-level
expect 0 "names of 5 of its bands were guessed" "$mosaic" eval run_guessed --threads 1 --pictures 0 --limit 2
expect 3 "'nonsense' is no unit_by of a band" "$mosaic" eval run_broken --threads 1
expect 0 "a model of an earlier version: it does not say in which unit" "$mosaic" eval run_old --threads 1 --pictures 0 --out from_old
same plain/predictions.csv from_old/predictions.csv

# --- a run is watched: each of the three once, with sample and band
expect 0 "" train watched --set data.root=planted.csv --set train.epochs=2
check "offset: $shifted" grep -qE "sample '$shifted': B0[2-4] of s2 begins at .*\+1000 of baseline" watched/train.log
check "constant: $constant" grep -q "sample '$constant': VH of s1 is -20 everywhere" watched/train.log
check "no data: $empty" grep -q "sample '$empty': B04 of s2 is all no-data" watched/train.log
check "three, once each" test "$(grep -c "warning: sample 'p" watched/train.log)" = 3
check "kept for the report" grep -q "sample '$shifted'" watched/provenance.json
check "nothing of a good set" bash -c '! grep -q "warning: sample" run/train.log'

finish
