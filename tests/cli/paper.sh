#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# The paper's tables on an archive of one's own: what they would cost, the runs with their pages, classes and clusters, and published figures beside them.
source "$(dirname "$0")/cli_support.sh"
unset "${!SLURM_@}"
cd "$work" || exit 1
"$mosaic" -q data synth v2 --layout tree --patches 48 --size 24 --classes 3 --seed 4 --no-progress >/dev/null

expect 2 "sweep paper names no data set: --data FOLDER gives one" "$mosaic" sweep paper --out no --dry-run
expect 1 "nowhere" "$mosaic" sweep paper --data nowhere --out no --dry-run
small=(--set model.encoder=resnet10-narrow --set train.epochs=1 --set train.batch=8 --set train.keep=1 --set train.precision=fp32)

# Every method of the paper, three fractions, three seeds; from steps measured now, hours and bytes of what is left.
expect 0 "63 runs, 63 to train" "$mosaic" sweep paper --data v2 --out tables --dry-run "${small[@]}"
cp output dry
check "all patches are counted" test "$(($(sed -n 's/^data *\([0-9]*\) training, \([0-9]*\) validation, \([0-9]*\) test.*/\1 + \2 + \3/p' dry)))" = 48
check "and their size" grep -qE '^data +[0-9]+ training, [0-9]+ validation, [0-9]+ test patches of 24 px' dry
check "a step of one modality, and one of two" test "$(grep -cE 'supervised, resnet10-narrow, [12] modalit(y|ies): [0-9.]+ ms a training patch, measured now' dry)" = 3
check "time and disk" grep -qzE 'time +about [0-9.]+ (min|h) on this machine for the 63 runs that are left.*disk +about [0-9.]+ (MB|GB)' dry
check "a dry run writes nothing" test ! -e tables

cat >theirs.csv <<'END'
data,method,modalities,labels,scored,source,macro_f1,micro_ap
BigEarthNet V2,"a <b>method</b>",s1+s2,1,test,"their paper, table 2",0.5,0.75
SEN12MS,another,s1+s2,1,test,elsewhere,0.1,0.2
END
chosen=(--seeds 0 --fractions 1 --variants supervised --variants simclr)
sed '2s/their paper, table 2//' theirs.csv >unsourced.csv
expect 3 "unsourced.csv: line 2: a figure without a source" "$mosaic" sweep paper --data v2 --out tables "${small[@]}" "${chosen[@]}" --published unsourced.csv
check "which is said before anything is trained" test ! -e tables
expect 0 "complete 2" "$mosaic" sweep paper --data v2 --out tables "${small[@]}" "${chosen[@]}" --threads 1 --published theirs.csv
check "nothing is left to estimate" bash -c "'$mosaic' sweep paper --data v2 --out tables ${small[*]} ${chosen[*]} --dry-run | grep -c measured | grep -qx 0"
check "the tables are the runs' own numbers" /usr/bin/python3 - <<'END'
import csv, json, re
rows = list(csv.DictReader(open("tables/classes.csv")))
details = {row["run"]: row for row in csv.DictReader(open("tables/details.csv"))}
assert len(rows) == 38 and len(details) == 2
for run, detail in details.items():
    folder = f"tables/runs/{run}/eval/test"
    metrics = json.load(open(folder + "/metrics.json"))
    own = [row for row in rows if row["run"] == run]
    assert [row["class"] for row in own] == [c["name"] for c in metrics["classes"]], own
    for row, c in zip(own, metrics["classes"]):
        assert int(row["positives"]) == c["positives"], (row, c)
    clusters = json.load(open(folder + "/clusters.json"))
    joint = [s for s in clusters["spaces"] if s["space"] == "joint" and s["kind"] == "feature"][0]
    for key in ("silhouette", "neighbour_jaccard", "rankme"):
        if joint[key] is None:
            assert detail[key] == ""
        else:
            assert abs(float(detail[key]) - joint[key]) < 1e-6 * max(1, abs(joint[key])), (run, key)
page = open("tables/table.html").read()
assert "runs/simclr_f1_s0/report.html" in page and 'href="details.csv"' in page
assert "a &lt;b&gt;method&lt;/b&gt;" in page and "their paper, table 2" in page and "elsewhere" not in page
assert "resnet50-all" in page and "0.644–0.657" in page
test = re.search(r"this sweep, test, (\d+) samples, mean of 1 seed<", page)
assert test and int(test.group(1)) == metrics["samples"], test
END
for run in supervised simclr; do
    check "report of $run, with its map" grep -q 'id="maps"\|t-SNE' "tables/runs/${run}_f1_s0/report.html"
done

# Two stages: contrast first, then its encoders are tuned on the labels; what cannot begin says why.
cat >stages.yaml <<'END'
base:
  data: {root: v2}
  model: {encoder: resnet10-narrow, hidden: 16, latent: 8}
  train: {epochs: 1, batch: 8, keep: 1, precision: fp32}
variants:
  tuned: {method: supervised}
  contrast: {method: iai-simclr}
  broken: {method: supervised, data.modalities: {s9: }}
  lost: {method: supervised, train.lr: 0.01}
start_from: {tuned: contrast, lost: broken}
evaluate: [test]
reference: contrast
END
expect 1 "2 of 4 runs failed" "$mosaic" sweep stages.yaml --out stages --threads 1
check "the second stage has the first one's encoders" grep -q '"init_from": ".*stages/runs/contrast_f1_s0/model/model.safetensors"' stages/runs/tuned_f1_s0/provenance.json
check "and says so" grep -qx '# starts from the encoders of contrast_f1_s0' stages/plan/tuned_f1_s0.yaml
check "a start that failed is the reason" grep -q 'lost.*failed,1.*it starts from run broken_f1_s0, which failed' stages/results.csv
check "the table has both" grep -q 'tuned' stages/table.html
expect 5 "run 'tuned_f1_s0' started from 'contrast_f1_s0', now it would from ''" "$mosaic" sweep <(sed '/^start_from/d; s|root: v2|root: '"$work"'/v2|' stages.yaml) --out stages

# Other archives go the same way.
real=${MOSAIC_REAL_DATA:-}
for archive in sen12ms bigearthnet_v1; do
    if [ -n "$real" ] && [ -d "$real/$archive" ]; then
        expect 0 "time +about" "$mosaic" sweep paper --data "$real/$archive" --out "$archive" --dry-run "${small[@]}" --set data.size=24 --variants supervised
    else
        echo "skipped: $archive, no real samples (MOSAIC_REAL_DATA)"
    fi
done
finish
