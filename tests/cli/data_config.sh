#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# Commands on data take a training configuration: what is looked at is what will be trained. Shared lists become split files.
source "$(dirname "$0")/cli_support.sh"
cd "$work" || exit 1
expect 0 "" "$mosaic" data synth set --layout tree --patches 24 --size 24 --classes 4 --seed 3
mkdir configs
cat >configs/run.yaml <<'Y'
data: {root: ../set, limit: 3, policy: skip, size: 16}
method: supervised
model: {encoder: resnet10-narrow, hidden: 16, latent: 8, stem_pool: false}
train: {epochs: 1, batch: 2, lr: 1e-3, seed: 0}
Y
for command in info stats check; do
    check "$command of a configuration" diff <("$mosaic" data $command configs/run.yaml 2>/dev/null | sed "s#$work/##; s#configs/\.\./##g") <("$mosaic" data $command set --limit 3 --policy skip 2>/dev/null)
done
check "the command line is stronger" diff <("$mosaic" data stats configs/run.yaml --limit 0) <("$mosaic" data stats set --policy skip)
check "as strong as a default" diff <("$mosaic" data info configs/run.yaml --limit=0 | tail -n +2) <("$mosaic" data info set | tail -n +2)
expect 0 "samples 9" "$mosaic" data pack configs/run.yaml packed --threads 1
expect 2 "unknown key 'data.polcy'.*data.policy" bash -c 'echo "data: {polcy: skip}" >bad.yaml; "$0" data info bad.yaml' "$mosaic"
expect 2 "data.root is not set" bash -c 'echo "data: {policy: skip}" >bare.yaml; "$0" data info bare.yaml' "$mosaic"
# A scene file stays one.
expect 1 "cannot open .*none.tif" bash -c 'echo "modalities: {s2: {file: none.tif}}" >scene.yaml; "$0" data info scene.yaml' "$mosaic"

# --- lists that people share
ids=$("$mosaic" data stats set >/dev/null 2>&1; tail -n +2 set/metadata.csv | cut -d, -f1 | tr -d '"')
[ "$(wc -l <<<"$ids")" = 24 ] || { echo "FAILED: ids of the made set"; exit 1; }
part() { awk -v a="$1" -v b="$2" 'NR >= a && NR <= b' <<<"$ids"; }
import() { "$mosaic" data import-split "$@" --overwrite; }
{ echo patch_id,subset; part 1 12 | sed 's/$/,TRAIN/'; part 13 18 | sed 's/$/,val/'; part 19 24 | sed 's/$/,test/'; } >list.csv
import set list.csv s.csv >said 2>&1
check "12, 6, 6" bash -c 'tr "\n" "." <said | grep -qE "^train +12\.validation +6\.test +6\.none +0"'
expect 0 "" "$mosaic" train configs/run.yaml --dry-run --threads 1 --set data.split_file=s.csv --set data.limit=0
expect 0 "samples +12 +6 +6 +0 +24" "$mosaic" data info set --split_file s.csv
cp s.csv first.csv
# without a header, the other way round, as paths with extensions, as a folder of lists
tail -n +2 list.csv | awk -F, '{ print tolower($2) ",somewhere/" $1 ".tif" }' >bare.csv
import set bare.csv s.csv >/dev/null 2>&1
same s.csv first.csv
mkdir lists && part 1 12 >lists/train.csv && part 13 18 >lists/val.txt && { echo name; part 19 24; } >lists/test.csv
import set lists s.csv >/dev/null 2>&1
same s.csv first.csv
# The missing, the doubled and the unknown are named; the rest is taken.
{ echo id,split; part 1 10 | sed 's/$/,train/'; part 2 2 | sed 's/$/,train/'; echo stranger,test; part 13 24 | sed 's/$/,test/'; } >torn.csv
expect 0 "1 ids are not in the data set, as in stranger" import set torn.csv torn_split.csv
expect 0 "doubled +1, as in $(part 2 2)" import set torn.csv torn_split.csv
expect 0 "missing +2, as in $(part 11 11), $(part 12 12)" import set torn.csv torn_split.csv
expect 0 "samples +10 +0 +12 +2 +24" "$mosaic" data info set --split_file torn_split.csv
# Refused: one id for two splits, nothing known, no columns, a split that is none, a plain list as split file.
expect 3 "both.csv:3: sample .* is for test here, and for train further up" bash -c '{ echo id,split; echo "$2,train"; echo "$2,test"; } >both.csv; "$0" data import-split "$1" both.csv x.csv' "$mosaic" set "$(part 1 1)"
expect 3 "none of its 2 ids is a sample of .*, as 'a'; a sample there is '$(part 1 1)'" bash -c 'printf "id,split\na,train\nb,test\n" >other.csv; "$0" data import-split set other.csv x.csv' "$mosaic"
expect 3 "wanted a column id" bash -c 'printf "a,b\n1,2\n" >odd.csv; "$0" data import-split set odd.csv x.csv' "$mosaic"
expect 3 "split 'fold1' is none of train" bash -c 'printf "id,split\n%s,fold1\n" "$1" >fold.csv; "$0" data import-split set fold.csv x.csv' "$mosaic" "$(part 1 1)"
expect 3 "no list in this folder" bash -c 'mkdir -p none; "$0" data import-split set none x.csv' "$mosaic"
expect 3 "data import-split. makes one of a plain list" "$mosaic" data info set --split_file list.csv
expect 2 "exists; --overwrite replaces it" "$mosaic" data import-split set list.csv s.csv
check "nothing was written where it failed" test ! -e x.csv
# A configuration's own split file is what is made here, not what is read.
sed 's/limit: 3/split_file: made.csv/' configs/run.yaml >configs/made.yaml
expect 0 "written to configs/made.csv" import configs/made.yaml list.csv configs/made.csv
same configs/made.csv first.csv
expect 0 "samples +12 +6 +6 +0 +24" "$mosaic" data info configs/made.yaml
rm configs/made.csv
expect 0 "written to configs/made.csv" "$mosaic" data split configs/made.yaml configs/made.csv --rule share --allow-overlap

finish
