#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# `mosaic embed` and `mosaic search` against NumPy: every type, across modalities, filters, the contact sheet, what is refused.
# MOSAIC_PARQUET_PYTHON: a Python that has pyarrow, duckdb and NumPy (python3 -m venv FOLDER && FOLDER/bin/pip install pyarrow duckdb numpy).
source "$(dirname "$0")/../cli/cli_support.sh"
source=$2
export PYTHONDONTWRITEBYTECODE=1
python=${PYTHON:-/usr/bin/python3}
if ! "$python" -c 'import numpy; from osgeo import gdal' 2>/dev/null; then
    echo "skipped: needs Debian's python3-numpy and GDAL for Python"
    exit 77
fi
check "a data set" "$mosaic" data synth "$work/data" --patches 40 --size 24 --classes 4 --seed 3 --missing-s1 0.2 --no-progress
cat >"$work/config.yaml" <<END
data: {root: $work/data, statistics: reben}
method: mosaic-1
model: {encoder: resnet10-narrow, hidden: 16, latent: 8}
train: {epochs: 1, batch: 8, lr: 1e-3, precision: fp32}
END
expect 0 "model written" "$mosaic" train "$work/config.yaml" --out "$work/run" --threads 1 --max-steps 1
judge() {
    "$python" "$source/tests/deploy/embed_search_check.py" "$@"
}
embed() {
    local to=$1
    shift
    expect 0 "rows 40" "$mosaic" embed "$work/run" --threads 1 --out "$work/$to" "$@"
}
arrow=${MOSAIC_PARQUET_PYTHON:-}
[ -n "$arrow" ] || echo "skipped: pyarrow and DuckDB have not read GeoParquet (MOSAIC_PARQUET_PYTHON)"
formats() { # formats WHAT STORE [...]: what was written beside a store, by its readers
    check "$1 of $2" "$python" "$source/tests/deploy/embed_formats_check.py" "$1" "$work/$2" "${@:3}"
    if [ "$1" = parquet ] && [ -n "$arrow" ]; then check "pyarrow and DuckDB on $2" "$arrow" "$source/tests/deploy/parquet_judges.py" "$work/$2"; fi
}
embed latents --also parquet,gpkg
embed features --space features --type float16 --also parquet
embed bytes --space latents --type int8 --also parquet
formats gpkg latents
for store in latents features bytes; do formats parquet $store; done
check "what float16 and int8 lose is stated" "$python" - "$work" <<'END'
import json, sys, numpy as np
work = sys.argv[1]
exact = np.load(work + "/latents/embeddings.npy")
about = json.load(open(work + "/bytes/embeddings.json"))
stored = np.load(work + "/bytes/embeddings.npy")
assert stored.dtype == np.int8 and abs(stored).max() == 127
error = abs(stored.astype(np.float32) * np.float32(about["scale"]) - exact)
assert abs(error.max() - about["largest_error"]) < 1e-7 and 0 < error.max() <= about["scale"] / 2 + 1e-7, (error.max(), about)
assert abs(np.sqrt((error.astype(float) ** 2).mean()) - about["rms_error"]) < 1e-7
assert np.load(work + "/features/embeddings.npy").dtype == np.float16
END
mapfile -t ids < <(awk -F, 'NR > 1 && $8 == 1 { print $1 }' "$work/latents/embeddings.csv" | head -3)
mapfile -t lacking < <(awk -F, 'NR > 1 && $8 == 0 { print $1 }' "$work/latents/embeddings.csv" | head -1)
check "some patches lack s1" test -n "${lacking[0]}"
for store in latents features bytes; do
    for threads in 1 3; do
        expect 0 "" "$mosaic" search "$work/$store" "${ids[@]}" "${lacking[0]}" --threads $threads -k 7 --out "$work/found-$threads"
    done
    same "$work/found-1/results.csv" "$work/found-3/results.csv"
    check "$store as NumPy" judge "$work/$store" "$work/found-1/results.csv" all all "${ids[@]}" "${lacking[0]}"
done
expect 0 "" "$mosaic" search "$work/latents" "${ids[@]}" --by s1 --among s2 -k 40 --out "$work/across" --sheet --threads 1
check "radar asks, optical answers" judge "$work/latents" "$work/across/results.csv" s1 s2 "${ids[@]}"
check "the sheet has every picture" test "$(grep -c "data:image/png" "$work/across/sheet.html")" = 63
check "the sheet is a picture" "$python" -c "import sys; d = open(sys.argv[1], 'rb').read(); assert d[:4] == b'\x89PNG' and int.from_bytes(d[16:20], 'big') == 2100 and int.from_bytes(d[20:24], 'big') == 300" "$work/across/sheet.png"
"$python" -c "import sys, numpy as np; np.save(sys.argv[2], np.load(sys.argv[1] + '/embeddings.npy')[:2])" "$work/latents" "$work/vectors.npy"
expect 0 "^1,1,$(awk -F, 'NR == 3 { print $1 }' "$work/latents/embeddings.csv"),(1|0\.999999[0-9]*)," "$mosaic" search "$work/latents" --file "$work/vectors.npy" -k 1 --threads 1

# a scene: its windows as rows, and as rasters of vectors
check "a scene" "$mosaic" data synth "$work/scene" --layout scene --patches 30 --size 24 --classes 4 --seed 4 --no-progress
whole() { # whole STORE ROWS [...]: the scene in windows
    expect 0 "rows $2" "$mosaic" embed "$work/run" "$work/scene" --threads 1 --out "$work/$1" --also parquet,gpkg,raster "${@:3}"
    formats parquet "$1"
    formats gpkg "$1"
}
whole windows 208 --stride 8 --type int8
formats raster windows "$work/windows/synth_embeddings.tif" "$work/scene/s2.tif"
whole steps 143 --stride 10
formats raster steps "$work/steps/synth_embeddings.tif" "$work/scene/s2.tif"
whole part 40 --stride 12 --type float16 --aoi 400103,7099401,400907,7099899 --aoi-crs EPSG:32635
formats raster part "$work/part/synth_embeddings.tif" "$work/scene/s2.tif" 81x50
# Beside a new store nothing of the former one's stays, and everything of others.
cp "$work/scene/s2.tif" "$work/part/mine_embeddings.tif"
expect 0 "part/embeddings.gpkg: removed, it held the embeddings of an earlier run" "$mosaic" embed "$work/run" "$work/scene" --threads 1 --out "$work/part" --stride 12 --limit 5
check "a store alone" test "$(cd "$work/part" && echo *)" = "embeddings.csv embeddings.json embeddings.npy mine_embeddings.tif"
place=$(sed -n 2p "$work/windows/embeddings.csv" | cut -d, -f1)
expect 0 "208 rows searched" "$mosaic" search "$work/windows" "$place" --by s1 --among s2 -k 12 --threads 1 --out "$work/near" --gpkg --sheet
formats answers windows "$work/near"
coloured() { # coloured SHEET COUNT: every tile is a picture, none grey
    check "$2 pictures in $1" "$python" - "$work/$1" "$2" <<'END'
import sys
from osgeo import gdal
folder, count = sys.argv[1], int(sys.argv[2])
assert open(folder + "/sheet.html").read().count("data:image/png") == count
pixels = gdal.Open(folder + "/sheet.png").ReadAsArray()
for tile in range(count):
    assert pixels[:, 10:80, tile * 100 + 10:tile * 100 + 80].std() > 2, tile
END
}
coloured near 13
# The store says how its data were opened, wherever the search is: windows of this stride, rasters without a folder.
(cd "$work/scene" && "$mosaic" embed "$work/run" --s1 s1.tif --s2 s2.tif --stride 8 --threads 1 --out "$work/rasters" >"$work/out.txt" 2>&1)
check "rows of rasters" test -s "$work/rasters/embeddings.json"
expect 0 "208 rows searched" "$mosaic" search "$work/rasters" "$(sed -n 9p "$work/rasters/embeddings.csv" | cut -d, -f1)" -k 12 --threads 1 --out "$work/near-rasters" --sheet
coloured near-rasters 13
mv "$work/scene" "$work/moved"
expect 0 "208 rows searched" "$mosaic" search "$work/windows" "$place" -k 12 --threads 1 --out "$work/near-moved" --sheet --set data.root="$work/moved"
coloured near-moved 13
mv "$work/moved" "$work/scene"
expect 0 "" "$mosaic" search "$work/latents" "${ids[@]}" -k 5 --threads 1 --out "$work/far" --gpkg
formats answers latents "$work/far"
expect 2 "--gpkg wants --out" "$mosaic" search "$work/latents" "${ids[0]}" --gpkg
expect 2 "raster is for scenes, and '.*data' is bigearthnet-v2" "$mosaic" embed "$work/run" --also raster --out "$work/never"
expect 2 "no 'parket', wanted parquet, gpkg or raster" "$mosaic" embed "$work/run" --also parket --out "$work/never"
cp -r "$work/latents" "$work/before"
"$python" - "$work/before/embeddings.csv" <<'END'
import csv, sys
rows = list(csv.reader(open(sys.argv[1])))
csv.writer(open(sys.argv[1], "w", newline=""), lineterminator="\n").writerows(r[:rows[0].index("crs")] for r in rows)
END
expect 3 "no answer has a known place; the store was made before places were kept" "$mosaic" search "$work/before" "${ids[0]}" --threads 1 --gpkg --out "$work/never-found"

# many rows: memory does not grow with their number; killed, then started again, with other threads: the same bytes
cat >"$work/run.py" <<'END'
import resource, subprocess, sys
code = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL).returncode
open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
END
many=("$mosaic" embed "$work/run" "$work/scene" --stride 1 --space features --also "parquet,gpkg")
check "few rows" "$python" "$work/run.py" "$work/few.kb" "${many[@]}" --limit 1500 --threads 2 --out "$work/few"
check "four times as many" "$python" "$work/run.py" "$work/many.kb" "${many[@]}" --limit 6000 --threads 2 --out "$work/many"
grown=$(($(cat "$work/many.kb") - $(cat "$work/few.kb")))
echo "4,500 rows of 1 KB more take $grown kB more than $(cat "$work/few.kb")"
check "memory of more rows, a row group of Parquet among it" test $grown -lt 9000
check "nothing but whole files" test "$(cd "$work/many" && echo *)" = "embeddings.csv embeddings.gpkg embeddings.json embeddings.npy embeddings.parquet"
check "a raster of 256 bands" "$python" "$work/run.py" "$work/raster.kb" "$mosaic" embed "$work/run" "$work/scene" --stride 1 --space features --also raster --limit 1500 --threads 2 --out "$work/drawn"
drawn=$(($(cat "$work/raster.kb") - $(cat "$work/few.kb")))
echo "a raster of 121 x 97 vectors takes $drawn kB more"
check "memory of a raster" test $drawn -lt 200000
"${many[@]}" --limit 6000 --threads 2 --out "$work/killed" >/dev/null 2>&1 &
victim=$!
part=$work/killed/embeddings.part
for _ in $(seq 6000); do [ "$(stat -c %s "$part" 2>/dev/null || echo 0)" -gt 600000 ] && break; sleep 0.01; done
kill -9 $victim
wait $victim 2>/dev/null
check "no final name" test "$(cd "$work/killed" && echo *)" = embeddings.part
truncate -s -3 "$part" # the last block was cut short: it is computed again
expect 5 "embeddings.part: an unfinished run of another model, other data or other settings; --overwrite" "${many[@]}" --limit 5999 --threads 1 --out "$work/killed"
expect 5 "another model, other data or other settings" "${many[@]}" --limit 6000 --modality s1 --threads 1 --out "$work/killed"
expect 0 "[1-9][0-9]* of 6000 patches were done before" "${many[@]}" --limit 6000 --threads 1 --out "$work/killed"
for name in npy csv json parquet; do same "$work/many/embeddings.$name" "$work/killed/embeddings.$name"; done
check "the same polygons" "$python" "$source/tests/cli/same_tables.py" "$work/many/embeddings.gpkg" "$work/killed/embeddings.gpkg"
check "no part is left" test ! -e "$part"

# filters
label=$(awk -F, 'NR == 2 { split($7, l, ";"); print l[1] }' "$work/latents/embeddings.csv" | tr -d '"')
expect 0 "" "$mosaic" search "$work/latents" "${ids[0]}" -k 40 --label "$label" --threads 1 --out "$work/label"
check "a label" "$python" - "$work/label/results.csv" "$work/latents/embeddings.csv" "$label" "${ids[0]}" <<'END'
import csv, sys
found, table, label, query = sys.argv[1:]
rows = list(csv.DictReader(open(table)))
has = next(r for r in rows if r["id"] == query)["has:s1"]
wanted = {r["id"] for r in rows if label in r["labels"].split(";") and r["id"] != query and r["has:s1"] >= has}
got = {r["id"] for r in csv.DictReader(open(found))}
assert got == wanted and 0 < len(got) < len(rows) - 1, (len(got), len(wanted))
END
expect 3 "none of the 40 rows .*passes the filters" "$mosaic" search "$work/latents" "${ids[0]}" --to 1990 --threads 1
expect 3 "none of the 40 rows" "$mosaic" search "$work/latents" "${ids[0]}" --country Nowhere --threads 1
expect 3 "none of the 40 rows" "$mosaic" search "$work/latents" "${ids[0]}" --box=-179,-89,-178,-88 --threads 1
expect 2 "--box wants west,south,east,north" "$mosaic" search "$work/latents" "${ids[0]}" --box 1,2

# refusals
expect 2 "features of 's1' and 's2' share no space" "$mosaic" search "$work/features" "${ids[0]}" --by s1 --among s2
expect 3 "query 1 has no numbers" "$mosaic" search "$work/latents" "${lacking[0]}" --by s1 --among s2
expect 2 "no row of id 'nowhere'" "$mosaic" search "$work/latents" nowhere
expect 2 "no modality 's3'.*did you mean 's[12]'" "$mosaic" search "$work/latents" "${ids[0]}" --by s3
expect 2 "wants ids or --file" "$mosaic" search "$work/latents"
expect 1 "is no store of embeddings" "$mosaic" search "$work/run" x
expect 2 "no modality 'sar'" "$mosaic" embed "$work/run" --modality sar --out "$work/never"
cp -r "$work/latents" "$work/cut"
truncate -s -4 "$work/cut/embeddings.npy"
expect 3 "not what its shape needs" "$mosaic" search "$work/cut" "${ids[0]}"
finish
