#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# Three modalities, any of them missing: every method trains, every subset is scored, partners are exchanged.
source "$(dirname "$0")/cli_support.sh"
cd "$work" || exit 1
expect 0 '' "$mosaic" data synth tree --patches 90 --size 24 --classes 4 --seed 3 --layout tree

# A table over the same files: s1, three bands of s2, and a band of 60 m in the part of a terrain model. Of each modality
# some are missing; three patches each share a place, and two of the three a day.
python3 - tree >patches.csv <<'END'
import csv, re, sys
root = sys.argv[1]
out = csv.writer(sys.stdout, lineterminator="\n")
out.writerow("id s1:VV s1:VH s2:B02 s2:B03 s2:B04 dem:height labels split location datetime_s1 datetime_s2".split())
splits = ["train", "train", "train", "validation", "test", "test"]
for i, row in enumerate(csv.DictReader(open(f"{root}/metadata.csv"))):
    s2, s1 = row["patch_id"], row["s1_name"]
    tile, scene = s2.rsplit("_", 2)[0], s1.rsplit("_", 3)[0]
    radar = [f"{root}/BigEarthNet-S1/{scene}/{s1}/{s1}_{b}.tif" for b in ("VV", "VH")]
    optical = [f"{root}/BigEarthNet-S2/{tile}/{s2}/{s2}_{b}.tif" for b in ("B02", "B03", "B04", "B09")]
    if i % 5 == 1: radar = ["", ""]
    if i % 7 == 2: optical[:3] = ["", "", ""]
    if i % 3 == 0 or i % 35 == 1: optical[3] = ""
    day = 10 + (i % 3 > 0) * (1 + i % 9)
    out.writerow([f"p{i:02d}", *radar, *optical, row["labels"], splits[i // 3 % 6], f"place {i // 3}",
                  f"2017-06-{day:02d}", "2017-06-10"])
END
cat >config.yaml <<'END'
data: {format: csv, root: patches.csv, size: 24, labeled: {fraction: 0.5}}
model: {encoder: resnet10-narrow, hidden: 32, latent: 16, stem_pool: false}
train: {epochs: 1, batch: 12, precision: fp32, lr: 1e-3}
END
expect 0 'dem +' "$mosaic" data info patches.csv
for method in mosaic-1 mosaic-2 iai-simclr simclr dual-simclr supcon supervised; do
    expect 0 '' "$mosaic" train config.yaml --out "$method" --set method="$method" --max-steps 2 --threads 1
done
expect 0 '' "$mosaic" train config.yaml --out learned --set model.missing=learned --max-steps 2 --threads 1

expect 0 'lack modalities' "$mosaic" eval mosaic-1 --modalities s1 --threads 1
check 'folder of the part' test -f mosaic-1/eval/test-s1/metrics.json
expect 2 "no 's3', only: s1, s2, dem" "$mosaic" eval mosaic-1 --modalities s3
expect 2 'ablation and --repair-lag want all' "$mosaic" eval mosaic-1 --modalities s1 --ablation
for run in mosaic-1 learned; do
    expect 0 '' "$mosaic" eval "$run" --ablation --repair-lag --threads 1
    check "subsets of $run" python3 - "$run" <<'END'
import csv, json, sys
folder = f"{sys.argv[1]}/eval/test"
table = list(csv.DictReader(open("patches.csv")))
rows = [r for r in table if r["split"] == "test" and (r["s1:VV"] or r["s2:B02"] or r["dem:height"])]
has = lambda r, m: bool(r[{"s1": "s1:VV", "s2": "s2:B02", "dem": "dem:height"}[m]])
ablation = json.load(open(f"{folder}/metrics.json"))["modality_ablation"]["rows"]
subsets = [r for r in ablation if not r["mismatched"]]
assert [r["name"] for r in subsets] == ["s1", "s2", "dem", "s1+s2", "s1+dem", "s2+dem", "s1+s2+dem"], subsets
for r in subsets:
    wanted = sum(all(has(x, m) for m in r["name"].split("+")) for x in rows)
    assert r["samples"] == wanted and r["lacking"] == len(rows) - wanted, r
    assert 0 < wanted < len(rows) and r["macro_f1"]["low"] <= r["macro_f1"]["value"] <= r["macro_f1"]["high"]
assert sum(r["mismatched"] for r in ablation) == 3
lines = list(csv.DictReader(open(f"{folder}/modality_ablation.csv")))
assert [l["modalities"] for l in lines] == [r["name"] for r in ablation]
# One modality alone is what --modalities scores.
if sys.argv[1] == "mosaic-1":
    alone = json.load(open("mosaic-1/eval/test-s1/metrics.json"))
    assert alone["samples"] == subsets[0]["samples"] and alone["lacking_modalities"] == subsets[0]["lacking"]
    key = "per_class" if "per_class" in alone["thresholds"] else "0.5"
    assert abs(alone["thresholds"][key]["macro"]["f1"] - subsets[0]["macro_f1"]["value"]) < 1e-12
# Partners: of every sample with both, the others of its place on another day.
lag = json.load(open(f"{folder}/metrics.json"))["lag"]["repaired"]
both = [r for r in rows if has(r, "s1") and has(r, "s2")]
partners = {r["id"]: {p["datetime_s1"] for p in rows if has(p, "s1") and p["location"] == r["location"]} - {r["datetime_s1"]}
            for r in both}
assert lag["samples"] == sum(bool(p) for p in partners.values()) > 3, lag
assert lag["without_partner"] == sum(not p for p in partners.values())
assert sum(int(l["pairs"]) for l in csv.DictReader(open(f"{folder}/lag_repair.csv"))) == lag["pairs"] > 0
END
    expect 0 '' "$mosaic" report "$run"
    check "report of $run" grep -q 'id="modalities"' "$run/report.html"
done
finish
