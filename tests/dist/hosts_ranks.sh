#!/usr/bin/env bash
# shellcheck disable=SC2154 # scratch and killed_code are set by ranks_support.sh
# Two ranks that are on two hosts as far as they can tell: each has a host's name, a working folder and disks of its
# own (namespaces). What differs from ranks of one host: every rank updates all weights, each host stages its own
# copy of the data, and its disk can be full, its records unreadable.
#   hosts_ranks.sh NAME MOSAIC
set -euo pipefail
name=$1 mosaic=$2
. "$(dirname "$0")/ranks_support.sh"
unshare -u -m true 2>/dev/null || skip "this system gives a process no host name and no disks of its own"
begin "$name" 100

# hosts COMMAND...: rank r in folder node<r>, on host node<r>. Its folder `own`, where it has one, lies where the
# others see `data`.
mkdir node0 node1
hosts() {
  # shellcheck disable=SC2016 # for the rank's shell
  ranks 2 sh -c 'host=node${OMPI_COMM_WORLD_RANK:-$PMI_RANK}
    cd $host && exec unshare -u -m sh -c "hostname $host; [ ! -e own ] || mount --bind own ../data; exec \"\$@\"" sh "$@"' sh "$@"
}
# ends CODE WORDS COMMAND...: both hosts' ranks, with one message.
ends() {
  local want=$1 words=$2 code=0
  shift 2
  hosts "$@" >out.log 2>&1 || code=$?
  [ "$code" = "$want" ] || { cat out.log; fail "$*: exit code $code, wanted $want"; }
  [ "$(grep -cE "$words" out.log)" = 1 ] || { cat out.log; fail "$*: not one message with '$words'"; }
}

"$mosaic" -q data synth data --layout tree --patches 24 --size 24 --classes 3 --seed 3 --no-progress
# The same patches as a table: Sentinel-2 relative to it, Sentinel-1 by whole paths.
mkdir tables
/usr/bin/python3 - data tables/patches.csv <<'PYTHON'
import csv, glob, os, sys
root, table = sys.argv[1:]
paths = {os.path.basename(p)[:-4]: p for p in glob.glob(root + "/*/*/*/*.tif")}
with open(table, "w", newline="") as out:
    rows = csv.writer(out)
    bands = sorted({name.rsplit("_", 1)[1] for name in paths if "_B" in name[-4:]})
    rows.writerow(["id", "split", "labels", "s1:VH", "s1:VV"] + ["s2:" + band for band in bands])
    for row in csv.DictReader(open(root + "/metadata.csv")):
        s1 = [os.path.abspath(paths[f"{row['s1_name']}_{band}"]) for band in ("VH", "VV")]
        s2 = [os.path.relpath(paths[f"{row['patch_id']}_{band}"], "tables") for band in bands]
        rows.writerow([row["patch_id"], row["split"], row["labels"]] + s1 + s2)
PYTHON
for one in tree table; do
  root=data
  [ $one = tree ] || root=tables/patches.csv
  cat >$one.yaml <<CONFIG
method: supervised
data: { root: $root, policy: refuse }
model: { encoder: resnet10-narrow, hidden: 16, latent: 8 }
train: { epochs: 2, batch: 4, seed: 5, workers: 1, freeze_norms: true, clip: 0 }
CONFIG
done

# ---- a copy for each host, and the same model ----

ranks 2 "$mosaic" -q train "$scratch/tree.yaml" --out tree --threads 1 >/dev/null 2>out.log || { cat out.log; fail "one host"; }
hosts "$mosaic" train "$scratch/tree.yaml" --out ../apart --threads 1 --stage disk >/dev/null 2>out.log || { cat out.log; fail "two hosts"; }
grep -q "2 ranks on 2 hosts" out.log || { cat out.log; fail "not two hosts"; }
cmp tree/model/model.safetensors apart/model/model.safetensors || fail "ranks of two hosts train something else"
for node in node0 node1; do diff -r data $node/disk/data-*[0-9a-f] || fail "the copy of $node is no copy"; done

"$mosaic" -q train "$scratch/table.yaml" --out table --threads 1 >/dev/null
hosts "$mosaic" train "$scratch/table.yaml" --out ../far --threads 1 --stage disk --set train.batch_norm=global >/dev/null 2>out.log ||
  { cat out.log; fail "a table's files on two hosts"; }
wanted=$(find data/BigEarthNet-S[12] -name '*.tif' | wc -l)
grep -q "stage disk/patches.csv-files-.*: $wanted of $wanted files to copy" out.log || { cat out.log; fail "wanted $wanted files of a table copied"; }
for node in node0 node1; do
  for sensor in BigEarthNet-S1 BigEarthNet-S2; do
    diff -r "data/$sensor" $node/disk/patches.csv-files-*[0-9a-f]"$PWD/data/$sensor" || fail "the copy of $node lacks files of a table"
  done
done
(cd node0 && "$mosaic" train "$scratch/table.yaml" --out ../near --threads 1 --stage disk >/dev/null 2>../out.log) || { cat out.log; fail "a table's copy"; }
grep -q ": 0 of $wanted files to copy" out.log || { cat out.log; fail "files of a table are copied again"; }
cmp table/model/model.safetensors near/model/model.safetensors || fail "a table's copy trains something else"
grep -q "patches.csv" near/config.yaml && ! grep -q "node0/disk" near/config.yaml || fail "the run's configuration names the copy"
# It is the copy that is read: one of its files spoiled, though of the same size, stops the next run.
spoiled=$(find node0/disk/patches.csv-files-* -name '*_VV.tif' -print -quit)
/usr/bin/python3 -c 'import os, sys; open(sys.argv[1], "r+b").write(b"\0" * os.path.getsize(sys.argv[1]))' "$spoiled"
code=0
(cd node0 && "$mosaic" train "$scratch/table.yaml" --out ../near --overwrite --threads 1 --stage disk >/dev/null 2>../out.log) || code=$?
[ $code = 3 ] && grep -q "disk/patches.csv-files-.*$(basename "$spoiled")" out.log || { cat out.log; fail "the copy is not read: exit code $code"; }
# What lies beside a file and may say something of its pixels goes with it.
beside=$(find data -name '*_VV.tif' -print -quit).aux.xml
echo "<PAMDataset></PAMDataset>" >"$beside"
(cd node0 && "$mosaic" train "$scratch/table.yaml" --out ../near --overwrite --threads 1 --stage beside >/dev/null 2>../out.log) ||
  { cat out.log; fail "a file beside another"; }
cmp "$beside" "$(echo node0/beside/patches.csv-files-*[0-9a-f])$PWD/$beside" || fail "what lies beside a file is left behind"
rm "$beside"

# ---- what goes wrong on one host ----

# A disk that fills while one host copies: files that cannot be made there. With room it goes on where it was.
mkdir node1/full
if mount -t tmpfs -o size=64m,nr_inodes=60 none node1/full 2>/dev/null; then
  trap 'umount "$scratch/node1/full"; rm -rf "$scratch"' EXIT
  ends 1 "rank 1 of 2 \(node1\): .*No space left on device" "$mosaic" train "$scratch/tree.yaml" --out ../full --threads 1 --stage full
  [ ! -e full/checkpoints/last ] || fail "a run without its data"
  done_before=$(grep -c . node1/full/data-*.files)
  [ "$done_before" -gt 0 ] || fail "nothing was copied before the disk was full"
  mount -o remount,size=64m,nr_inodes=4000 none node1/full
  hosts "$mosaic" train "$scratch/tree.yaml" --out ../full --threads 1 --stage full >/dev/null 2>out.log || { cat out.log; fail "with room"; }
  diff -r data node1/full/data-*[0-9a-f] || fail "the copy that went on is no copy"
  [ "$(grep -c . node1/full/data-*.files)" = "$(grep -c . node0/full/data-*.files)" ] || fail "files that were there are copied again"
  umount node1/full
  mount -t tmpfs -o size=64k none node1/full
  ends 1 "rank 1 of 2 \(node1\): .*MiB are free" "$mosaic" train "$scratch/tree.yaml" --out ../none --threads 1 --stage full
  umount node1/full
  trap 'rm -rf "$scratch"' EXIT
else
  echo "skipped: a full disk: this system lets us mount none"
fi

# Asked to stop, or killed, while it copies a large file: nothing of that file is taken for done. All hosts
# hear of the stop of one.
truncate -s 400M data/large.bin
# struck SIGNAL RANK CODE: in the middle of a copy
struck() {
  local code=0
  rm -f node*/killed/data-*/large.bin.part
  hosts "$mosaic" train "$scratch/tree.yaml" --out ../killed --threads 1 --stage killed >out.log 2>&1 &
  job=$!
  # The rank is known before the copy begins, and no process is started between seeing it and striking: it takes a tenth of a second.
  until_so 60 eval '[ -n "$(rank_of '"$2"' --out ../killed)" ]' || { cat out.log; fail "no rank $2"; }
  rank=$(rank_of "$2" --out ../killed)
  SECONDS=0
  until compgen -G "node$2/killed/data-*/large.bin.part" >/dev/null; do
    [ $SECONDS -lt 60 ] || { cat out.log; fail "no copy under way"; }
  done
  kill "-$1" "$rank"
  wait $job || code=$?
  [ $code = "$3" ] || { cat out.log; fail "$1 while it copied: exit code $code, wanted $3"; }
  [ ! -e "$(echo node$2/killed/data-*[0-9a-f])/large.bin" ] && ! grep -q large.bin "node$2"/killed/data-*.files || fail "a part is taken for the file"
}
struck TERM 0 75
[ "$(grep -c "stage: stopped by signal 15" out.log)" = 1 ] || { cat out.log; fail "not one rank tells of the stop"; }
struck KILL 1 "$killed_code"
hosts "$mosaic" train "$scratch/tree.yaml" --out ../killed --threads 1 --stage killed >/dev/null 2>out.log || { cat out.log; fail "after a kill"; }
for node in node0 node1; do diff -r data $node/killed/data-*[0-9a-f] || fail "the copy of $node after a kill is no copy"; done
rm data/large.bin

# A record that one host cannot read.
patch=$(grep ',train,' data/metadata.csv | tail -n 1 | cut -d, -f1)
for rank in 0 1; do
  cp -r data node$rank/own
  victim=$(find node$rank/own -name "${patch}_B04.tif")
  head -c 300 "$victim" >start && cp start "$victim"
  ends 3 "rank $rank of 2 \(node$rank\): .*B04" "$mosaic" train "$scratch/tree.yaml" --out ../cut$rank --threads 1 --set train.epochs=100
  rm -r node$rank/own
done
