#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# The first minute: a folder of rasters becomes a table and a configuration, and the commands that are printed work as they stand.
source "$(dirname "$0")/cli_support.sh"
if ! command -v gdal_translate >/dev/null; then
    echo "skipped: gdal_translate is not installed"
    exit 77
fi
cd "$work" || exit 1
mkdir bin && ln -s "$(realpath "$mosaic")" bin/mosaic
PATH=$work/bin:$PATH
"$mosaic" -q data synth scene --layout scene --patches 30 --size 24 --classes 3 --seed 4 --no-progress >/dev/null
mkdir -p own/SAR own/Optical own/notes
for x in 0 1 2 3 4; do
    for y in 0 1; do
        gdal_translate -q -srcwin $((24 * x)) $((24 * y)) 24 24 scene/s1.tif own/SAR/plot-$x$y.tif
        gdal_translate -q -srcwin $((24 * x)) $((24 * y)) 24 24 scene/s2.tif own/Optical/plot-$x$y.tif
    done
done
rm own/SAR/plot-41.tif
cp own/SAR/plot-00.tif own/notes/overview.tif

expect 0 "10 patches were told by the names of the files, 9 of them with a radar and an optical raster" mosaic init own
cp output said
check "the rest is said" grep -q '1 rasters were left out:.*own\|notes/overview.tif' said
check "few patches are said" grep -q '10 patches are too few' said
check "ids and paths" /usr/bin/python3 - <<'END'
import csv, os
rows = list(csv.DictReader(open("patches.csv")))
assert [row["id"] for row in rows] == sorted(f"plot_{x}{y}" for x in range(5) for y in range(2)), rows
for row in rows:
    name = row["id"].replace("_", "-")
    assert row["s2"] == os.path.realpath(f"own/Optical/{name}.tif")
    assert row["s1"] == ("" if name == "plot-41" else os.path.realpath(f"own/SAR/{name}.tif"))
    assert row["labels"] == ""
END
check "bands by name, two sensors without labels" grep -qzE '"s1": \{bands: \["VV", "VH"\]\}.*method: iai-simclr' config.yaml
expect 2 "'config.yaml' is there already: --overwrite replaces it" mosaic init own

# With classes in the table: mosaic-1, and the printed commands as they stand.
sed -i '2,$s/$/Pastures/; 3s/Pastures$/Coniferous forest/; 6s/Pastures$/Coniferous forest;Pastures/' patches.csv
expect 0 "csv, 10 patches, 2 modalities, 2 classes" mosaic init patches.csv --overwrite
sed -n '/^next:/,$s/^  //p' output >commands
check "three commands" test "$(wc -l <commands)" = 3
check "mosaic-1 where there are labels" grep -q '^method: mosaic-1 ' config.yaml
check "all labels: the preset is a remark" grep -q '^# preset: few-labels ' config.yaml
sed -E '4,$s/,[^,]*$/,/' patches.csv >few.csv
expect 0 "csv, 10 patches" mosaic init few.csv -o few.yaml
check "few labels: the preset is set" grep -q '^preset: few-labels ' few.yaml
expect 1 "data.split_file: .*split.csv' does not exist; 'mosaic data split config.yaml .*split.csv --rule share' makes it$" mosaic train config.yaml --out run
check "no run is begun" test ! -e run
sed -i 's/--out run/& --max-steps 1 --set model.hidden=8 --set model.latent=4/' commands
while read -r line; do
    expect 0 "" bash -c "$line"
done <commands
check "a report is there" test -s run/report.html

# Bands that no file names are guessed, and a person has to agree before anything is learnt.
mkdir -p plain/s1 plain/s2
for name in plot-00 plot-01 plot-10 plot-11; do
    gdal_translate -q -co PROFILE=BASELINE own/SAR/$name.tif plain/s1/$name.tif
    gdal_translate -q -co PROFILE=BASELINE -b 2 -b 3 -b 4 -b 5 -b 6 -b 7 -b 8 -b 9 -b 11 -b 12 own/Optical/$name.tif plain/s2/$name.tif
done
expect 0 "do not name their bands: look at 'bands' in plain.yaml and take its # away" mosaic init plain -o plain.yaml --table plain.csv
check "a line to agree to" grep -q '^  # bands: \["s1=VV,VH", "s2=B02,' plain.yaml
sed -i 's/^  # bands:/  bands:/' plain.yaml
check "agreed, nothing is guessed" bash -c "mosaic data info plain.yaml 2>&1 | grep -c guessed-bands | grep -qx 0"

# Two rasters of one sensor under one name want a table; a place without data says what was looked for.
cp -r own twice && cp -r twice/SAR twice/radar
expect 3 "are both the radar raster of 'plot_00': write a table" mosaic init twice -o twice.yaml
mkdir none && cp own/notes/overview.tif none
expect 3 "no known data set here.*no path of its rasters names a sensor.*overview.tif" mosaic init none -o none.yaml
expect 3 "nothing.*does not exist" mosaic init nothing -o none.yaml
check "nothing is written for them" test ! -e none.yaml

# An archive has splits of its own.
"$mosaic" -q data synth v2 --layout tree --patches 30 --size 24 --classes 3 --seed 4 --no-progress >/dev/null
# What init was told is in the configuration: the printed commands know that alone.
cp -r v2 apart && mkdir tables && mv apart/metadata.* tables
expect 0 "mosaic data check apart.yaml" mosaic init apart --metadata "tables/$(ls tables | head -n 1)" --out apart.yaml
check "the table is named" grep -q "  metadata: \".*/tables/metadata" apart.yaml
expect 0 "[0-9]+ training" mosaic train apart.yaml --dry-run
# A format's own folder without its table is that, and no folder of rasters.
cp -r v2 untold && rm untold/metadata.*
expect 3 "untold: no metadata.parquet.*data.metadata names it.*(init: --metadata PATH)" mosaic init untold --out untold.yaml
check "nothing is written then" test ! -e untold.yaml
expect 0 "mosaic data check v2.yaml" mosaic init v2 --out v2.yaml
check "no split file is wanted" bash -c '! grep -q split_file v2.yaml'
expect 0 "15 patches|[0-9]+ training" mosaic train v2.yaml --dry-run
finish
