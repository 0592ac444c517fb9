#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# A sweep in one go, and the same sweep stopped, killed and finished in parts of an array: one table.
source "$(dirname "$0")/cli_support.sh"
unset "${!SLURM_@}"

cat >"$work/small.yaml" <<END
base:
  data: {labeled: {fraction: 0.5}}
  model: {encoder: resnet10-narrow, hidden: 16, latent: 8}
  loss: {anchor: shared}
  train: {epochs: 2, batch: 4, lr: 1e-3, keep: 1, precision: fp32}
synth: {patches: 24, size: 24, classes: 3, seed: 1}
variants:
  supervised: {method: supervised}
  contrast: {method: iai-simclr}
  broken: {method: supervised, data.modalities: {s9: }}
seeds: [0, 1]
reference: supervised
evaluate: [test]
END
sweep() {
    local folder=$1
    shift
    "$mosaic" sweep "$work/small.yaml" --out "$work/$folder" "$@"
}
# All that does not tell the time.
same_results() {
    same "$work/whole/table.tex" "$work/$1/table.tex"
    check "results.json of $1" diff <(grep -vE 'seconds"|message' "$work/whole/results.json") <(grep -vE 'seconds"|message' "$work/$1/results.json")
    cut -f2- "$work/whole/results.tsv" >"$work/whole.tsv"
    cut -f2- "$work/$1/results.tsv" >"$work/part.tsv"
    same "$work/whole.tsv" "$work/part.tsv"
}

# What will be done can be seen before it is done.
expect 0 "6 runs, 6 to train" sweep whole --dry-run
cp "$work/output" "$work/dry"
check "what cannot work is said before it fails" grep -q "2 of these runs will fail: the data set has none of their modalities" "$work/dry"
check "nothing is written by --dry-run" test ! -e "$work/whole"
sed 's/seeds:/sedes:/' "$work/small.yaml" >"$work/typo.yaml"
expect 2 "typo.yaml:11:1: .*did you mean 'seeds'" "$mosaic" sweep "$work/typo.yaml" --out "$work/no"
mkdir "$work/beside"
mkdir "$work/beside/tau"
expect 0 "16 runs" env --chdir="$work/beside" "$mosaic" sweep tau --seeds 0 --out tau --dry-run # a folder of that name is the sweep's own
expect 2 "did you mean 'ablation'" "$mosaic" sweep ablaton --out "$work/no"

# A failure does not stop the others and is listed with its reason.
begun=$(date +%s%N)
expect 1 "2 of 6 runs failed" sweep whole --threads 1
took=$(($(date +%s%N) - begun))
check "one run after the other: their seconds are no more than the whole's" /usr/bin/python3 - "$work/whole/results.json" "$took" <<'END'
import json, sys
seconds = [run["seconds"] for run in json.load(open(sys.argv[1]))["runs"]]
assert all(s > 0 for s in seconds) and sum(seconds) <= int(sys.argv[2]) * 1e-9, (seconds, sys.argv[2])
END
check "the reason is in results.csv" grep -q 'broken.*failed,2.*s9' "$work/whole/results.csv"
check "the reason is in table.html" grep -q 'failed with exit code 2' "$work/whole/table.html"
check "four runs complete" test "$(grep -l '^state complete' "$work"/whole/state/*.txt | wc -l)" = 4
check "a difference" grep -q '"p_holm"' "$work/whole/results.json"
check "patches and seeds are both asked" /usr/bin/python3 - "$work/whole/results.json" <<'END'
import json, math, sys
results = json.load(open(sys.argv[1]))
runs = {}
for run in results["runs"]:
    if "test" in run["scores"]:
        runs.setdefault(run["setting"], []).append((run["seed"], run["scores"]["test"]))
rows = {row["setting"]: row for row in results["table"]}
cell = rows["contrast"]["test"]
assert cell["pairs"] == 2 and "difference" not in rows["supervised"]["test"]["macro_ap"]
for metric in ("macro_f1", "micro_f1", "macro_ap", "micro_ap", "hamming"):
    own, other = (dict(runs[name]) for name in ("contrast", "supervised"))
    d = [own[seed][metric] - other[seed][metric] for seed in sorted(own)]
    mean, found = sum(d) / 2, cell[metric]["difference"]
    sd = math.sqrt(sum((x - mean) ** 2 for x in d))
    assert abs(found["seeds_sd"] - sd) < 1e-6, (metric, found, d)
    if sd > 1e-6:
        p = 1 - 2 / math.pi * math.atan(abs(mean / (sd / math.sqrt(2))))
        assert abs(found["seeds_effect"] - mean / sd) < 1e-4 * (1 + abs(mean / sd)), (metric, found)
        assert abs(found["seeds_p"] - p) < 1e-4 and abs(found["seeds_p_holm"] - p) < 1e-4, (metric, found, p)
    assert found["differs"] == (found["p_holm"] < 0.05 and found["seeds_p_holm"] < 0.05)
END
check "the verdict claims only what both say" grep -qE "<b>contrast</b> .* against supervised: (differs, patches and seeds agree|other (patches|seeds) would agree.*no difference is claimed|neither patches nor seeds)" "$work/whole/table.html"
check "no wrong number" bash -c "! grep -qiE '>-?(nan|inf)<' '$work/whole/table.html'"

# compare knows trainings of one setting by their configurations, and asks the same two tests.
runs=$work/whole/runs
"$mosaic" compare "$runs"/supervised_f0.5_s{0,1} "$runs"/contrast_f0.5_s{1,0} "$runs"/contrast_f0.5_s0 --split test --threads 1 --out "$work/compared.html" >/dev/null
"$mosaic" compare "$runs"/supervised_f0.5_s0 "$runs"/contrast_f0.5_s{0,1} --split test --threads 1 --out "$work/alone.html" >/dev/null
cp -r "$runs/supervised_f0.5_s0" "$work/perfect" # its scores are its labels
/usr/bin/python3 - "$work/perfect/eval/test/predictions.csv" <<'END'
import csv, sys
rows = list(csv.reader(open(sys.argv[1])))
own, other = (rows[0].index(next(name for name in rows[0] if name.startswith(kind))) for kind in ("label", "prob"))
classes = sum(name.startswith("label") for name in rows[0])
for row in rows[1:]:
    row[other : other + classes] = row[own : own + classes]
csv.writer(open(sys.argv[1], "w", newline="")).writerows(rows)
END
"$mosaic" compare "$runs/supervised_f0.5_s0" "$work/perfect" --split test --threads 1 --out "$work/perfect.html" >/dev/null
check "of one training a side nothing is claimed" grep -qF "): ahead on other patches too; one training a side, no difference is claimed" "$work/perfect.html"
check "compare says what the sweep says" /usr/bin/python3 - "$work" <<'END'
import json, re, sys
work = sys.argv[1]
page, alone = (re.sub(r"\s+", " ", open(f"{work}/{name}.html", encoding="utf-8").read()) for name in ("compared", "alone"))
row = next(row for row in json.load(open(f"{work}/whole/results.json"))["table"] if row["setting"] == "contrast")["test"]
table = page[page.index("<h2>Over seeds</h2>"):].split("</table>")[0]
rows = [[re.sub("<[^>]*>", "", cell) for cell in re.findall("<t[dh][^>]*>(.*?)</t[dh]>", line)] for line in table.split("<tr>")[2:]]
number = lambda text: float(text.replace("\u2212", "-").replace("&lt; ", ""))
assert [line[1] for line in rows] == ["macro F1", "micro F1", "macro AP", "micro AP", "Hamming loss"], rows
for line, metric in zip(rows, ("macro_f1", "micro_f1", "macro_ap", "micro_ap", "hamming")):
    wanted = row[metric]["difference"]
    found = [number(line[2]), *map(number, line[3].split(" to "))]
    for own, other in zip(found, (wanted["value"], wanted["low"], wanted["high"])):
        assert abs(own - other) < 6e-4, (metric, line, wanted)
    for own, name in ((line[4], "p_holm"), (line[5], "seeds_p_holm")):
        assert abs(number(own) - wanted[name]) < 1.1e-3, (metric, line, wanted)
    assert abs(number(line[6]) - wanted["seeds_effect"]) < 0.06, (metric, line, wanted)
    assert line[7] == f"{wanted['seeds_better']} of 2" and (line[8] == "differs") == wanted["differs"], (line, wanted)
# The second run named twice is one training; without the reference's second seed there is no pair of seeds.
assert "2 seeds," in page and "3 seeds," not in page
assert "Over seeds" not in alone and "the setting of <b>" not in alone
for text in (page, alone):
    verdict = text[text.index('id="verdict"'):].split("</section>")[0]
    claims = re.findall(r"<li><b>.*?</b> [^<]*\): ([^<]*)</li>", verdict)
    assert claims and all(c == "not told apart by these patches" or c.endswith("one training a side, no difference is claimed") for c in claims), verdict
END

# Done is done: nothing is trained again.
trained=$(grep -h '^\$ .* train ' "$work"/whole/logs/supervised*.log "$work"/whole/logs/contrast*.log | wc -l)
check "each run trained once" test "$trained" = 4
expect 1 "2 of 6 runs failed" sweep whole --threads 1
again=$(grep -h '^\$ .* train ' "$work"/whole/logs/supervised*.log "$work"/whole/logs/contrast*.log | wc -l)
check "and not again" test "$again" = 4

# Another configuration under the same name is refused by key.
expect 5 "loss.tau_ntx: 0.3, was 0.5" sweep whole --set loss.tau_ntx=0.3
expect 5 "synth.patches: 30, was patches: 24" sweep whole --set synth.patches=30

# Data may move, and may not be other data.
cp -r "$work/whole/data" "$work/moved"
"$mosaic" -q data synth "$work/other" --patches 24 --size 24 --classes 3 --seed 2 --no-progress
expect 5 "supervised_f0.5_s0' was trained on other data" sweep whole --threads 1 --set data.root="$work/other"
expect 1 "complete 4" sweep whole --threads 1 --set data.root="$work/moved"
expect 1 "complete 4" sweep whole --threads 1

# Stopped in the middle: checkpoints are written, the code says resumable.
wait_for() { # FILE PATTERN
    for _ in $(seq 2400); do
        compgen -G "$1" >/dev/null && return 0
        sleep 0.05
    done
    echo "FAILED: $1 did not appear"
    failures=$((failures + 1))
}
"$mosaic" sweep "$work/small.yaml" --out "$work/parts" --threads 2 --jobs 2 >"$work/output.stopped" 2>&1 </dev/null &
running=$!
wait_for "$work/parts/runs/*/checkpoints/step-*"
kill -TERM $running
wait $running
code=$?
check "exit code 75 after SIGTERM, not $code" test $code = 75

# Killed in the middle, with all its programs.
setsid "$mosaic" sweep "$work/small.yaml" --out "$work/parts" --threads 2 --jobs 2 >"$work/output.killed" 2>&1 </dev/null &
running=$!
wait_for "$work/parts/state/contrast*"
sleep 0.3
kill -KILL -- -$running 2>/dev/null
wait $running 2>/dev/null

# Finished in parts: every run by exactly one of them, tables by --collect.
expect "0|1" "runs 3" sweep parts --threads 1 --index 1 --count 2
check "a part writes no tables" test ! -e "$work/parts/table.tex"
SLURM_ARRAY_TASK_ID=5 SLURM_ARRAY_TASK_MIN=5 SLURM_ARRAY_TASK_STEP=2 SLURM_ARRAY_TASK_COUNT=2 expect "0|1" "part 1 of 2" sweep parts --threads 1
expect 2 "numbered from 0 to 1" sweep parts --index 2 --count 2
expect 1 "complete 4" sweep parts --collect
same_results parts
for run in "$work"/whole/runs/s*; do
    same "$run/eval/test/predictions.csv" "$work/parts/runs/${run##*/}/eval/test/predictions.csv"
done

# Floors: added to runs that are complete, once a seed, in every table; what does not beat them is said to have failed.
cp -r "$work/whole" "$work/floored"
expect 1 "complete 4" sweep floored --threads 1 --floors
check "nothing is trained again" test "$(grep -h '^\$ .* train ' "$work"/floored/logs/{supervised,contrast}*.log | wc -l)" = 4
check "probed once a seed, and at the reference" test "$(ls -d "$work"/floored/runs/*/eval/test-probe-{random,statistics,untrained} | wc -l):$(ls -d "$work"/floored/runs/supervised_*/eval/test-probe-* | wc -l)" = 6:6
cp -r "$work/floored" "$work/below"
/usr/bin/python3 - "$work"/below/runs/supervised_*/eval/test-probe-random/metrics.json <<'END'
import re, sys
for path in sys.argv[1:]: # a floor that nothing can beat
    text = open(path).read()
    open(path, "w").write(re.sub(r'("macro": \{[^{}]*"average_precision": )[-+.0-9e]+', r"\g<1>1", text))
END
expect 1 "complete 4" sweep below --collect --floors
check "floors in every table, and what is below them" /usr/bin/python3 - "$work" <<'END'
import csv, json, re, sys
work = sys.argv[1]
names = ("random", "statistics", "untrained")
plain = json.load(open(f"{work}/whole/results.json"))
assert "floors" not in plain and "floor:" not in open(f"{work}/whole/table.html").read()
for folder in ("floored", "below"):
    out = f"{work}/{folder}"
    results = json.load(open(f"{out}/results.json"))
    assert {r["setting"]: {k: v for k, v in r["test"].items() if k != "below_floor"} for r in results["table"]} == {
        r["setting"]: r["test"] for r in plain["table"]}, "floors changed the rows"
    floors = {floor["features"]: floor["test"] for floor in results["floors"]}
    assert tuple(floors) == names and all(f["seeds"] == 2 for f in floors.values()), floors
    means = {name: f["macro_ap"]["mean"] for name, f in floors.items()}
    for name in names: # the mean of what the probes wrote
        found = [json.load(open(f"{out}/runs/supervised_f0.5_s{seed}/eval/test-probe-{name}/metrics.json")) for seed in (0, 1)]
        wanted = sum(f["thresholds"]["0.5"]["macro"]["average_precision"] for f in found) / 2
        assert abs(wanted - means[name]) < 1e-6, (name, wanted, means)
    page = open(f"{out}/table.html", encoding="utf-8").read()
    failed = set(re.findall(r"<li><b>([^<]*)</b> has failed on test", page))
    rows = {r["setting"]: r["test"] for r in results["table"] if r["test"]["seeds"]}
    below = {s: max((n for n in names if means[n] >= r["macro_ap"]["mean"]), key=means.get, default=None) for s, r in rows.items()}
    assert {s: r.get("below_floor") for s, r in rows.items()} == below, (below, means)
    assert failed == {s for s, floor in below.items() if floor}, (failed, below)
    if folder == "below":
        assert set(below.values()) == {"random"} and "floor: random features, which nobody trained, has 1.000" in page, below
    for text in (page, open(f"{out}/table.tex").read()):
        assert all(f"floor: {title}" in text for title in ("random features", "band statistics", "untrained features"))
    tsv = [line.split("\t") for line in open(f"{out}/results.tsv")]
    assert [line[2] for line in tsv if line[2].startswith("floor")] == [f"floor: {name}" for name in names], tsv
    assert all(abs(float(line[12]) - means[line[2][7:]]) < 1e-4 for line in tsv if line[2].startswith("floor")), tsv
    lines = [line for line in csv.DictReader(open(f"{out}/results.csv")) if line["setting"].startswith("floor: ")]
    assert len(lines) == 6 and all(line["scorer"].startswith("linear probe") and line["run"].startswith("supervised") for line in lines)
END

# Side by side.
runs=$work/whole/runs
expect 0 "side.html" "$mosaic" compare "$runs/supervised_f0.5_s0" "$runs/supervised_f0.5_s1" "$runs/contrast_f0.5_s0/" --out "$work/side.html" --reference supervised_f0.5_s1 --threads 1
for section in verdict scores differences classes curves configuration origins; do
    check "section $section" grep -q "<section id=\"$section\">" "$work/side.html"
done
check "the keys that differ" grep -q '<th scope="row">train.seed</th><td>0</td><td>1</td><td>0</td>' "$work/side.html"
check "and no others" bash -c "! grep -q '<th scope=\"row\">train.epochs</th>' '$work/side.html'"
check "a paired difference" grep -qE 'supervised_f0.5_s0(</[a-z]+>)*</th><td class="n">[+-][0-9.]+</td><td><svg' "$work/side.html"
expect 2 "did you mean 'supervised_f0.5_s0'" "$mosaic" compare "$runs/supervised_f0.5_s0" "$runs/contrast_f0.5_s0" --out "$work/no.html" --reference supervised_f0.5_so
expect 2 "no run has an evaluation 'tset', did you mean 'test'" "$mosaic" compare "$runs/supervised_f0.5_s0" "$runs/contrast_f0.5_s0" --out "$work/no.html" --split tset
expect 2 "missing argument|wanted 2" "$mosaic" compare "$runs/supervised_f0.5_s0" --out "$work/no.html"
# A sample less on one side: not compared, and said so.
cp -r "$runs/contrast_f0.5_s0" "$work/fewer"
sed -i '$d' "$work/fewer/eval/test/predictions.csv"
expect 0 "side2.html" "$mosaic" compare "$runs/supervised_f0.5_s0" "$work/fewer" --out "$work/side2.html"
check "other samples are said" grep -q 'cannot be compared sample by sample: other samples' "$work/side2.html"

# Pages are whole documents that need nothing from elsewhere, and open in a browser without a complaint.
cat >"$work/page.py" <<'END'
import html.parser, sys
void = {"meta", "link", "br", "hr", "img", "input", "col"}
class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.sections = [], 0
    def handle_starttag(self, tag, attributes):
        # links stay in the page or go to a file beside it
        assert not any(k == "src" or k == "href" and (":" in v or v.startswith("/")) for k, v in attributes), attributes
        assert tag not in ("iframe", "object", "embed"), tag  # the one script is inline: it has no src
        self.sections += tag == "section"
        if tag not in void:
            self.open.append(tag)
    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, (tag, self.getpos())
for path in sys.argv[1:]:
    page = Page()
    page.feed(open(path, encoding="utf-8").read())
    page.close()
    assert not page.open and page.sections >= 4, (path, page.open, page.sections)
END
if command -v python3 >/dev/null; then
    check "pages are whole" python3 "$work/page.py" "$work/side.html" "$work/side2.html" "$work/whole/table.html"
else
    echo "skipped: pages are checked with python3"
fi
if command -v chromium >/dev/null; then
    for page in side.html whole/table.html; do
        timeout 60 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$work/browser" --enable-logging=stderr --dump-dom "file://$work/$page" >"$work/dom" 2>"$work/said"
        check "$page opens in a browser" grep -q '<section id="verdict">' "$work/dom"
        check "$page: no console message" bash -c "! grep -q CONSOLE '$work/said'"
    done
else
    echo "skipped: pages are opened in chromium"
fi
finish
