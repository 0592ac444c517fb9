#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# BigEarthNet V2 in archives, as it is downloaded: the same records and the same table as from the unpacked tree, whatever the archive; damage is
# named; a pack that was killed goes on.
source "$(dirname "$0")/cli_support.sh"

check "a tree" "$mosaic" data synth "$work/tree" --layout tree --patches 40 --size 24 --classes 4 --seed 5 --missing-s1 0.1 --no-progress
stems="BigEarthNet-S1 BigEarthNet-S2 Reference_Maps"

# archive KIND: all three archives, and the metadata beside them, in $work/KIND.
archive() {
    local kind=$1 stem
    mkdir -p "$work/$kind"
    cp "$work/tree/metadata.csv" "$work/$kind"
    for stem in $stems; do
        local at=$work/$kind/$stem.tar
        case $kind in
            tar) tar --sort=name --format=gnu -C "$work/tree" -cf "$at" "$stem" ;;
            pax) tar --sort=name --format=pax -C "$work/tree" -cf "$at" "$stem" ;;
            inner) tar --sort=name -C "$work/tree/$stem" -cf "$at" . ;;
            gz) gzip -c "$work/tar/$stem.tar" >"$at.gz" ;;
            zst) zstd -q "$work/tar/$stem.tar" -o "$at.zst" ;;
            split) split -b 20000 "$work/gz/$stem.tar.gz" "$at.gz" ;;
            # bands of all patches first, then the next band's
            shuffled) (cd "$work/tree" && find "$stem" -name '*.tif' | sort -t_ -k12,12r -k2 | tar -cf - -T -) | gzip >"$at.gz" ;;
        esac
    done
}
# packed_as_tree KIND: the same records (their hash) and the same table as the tree gives.
packed_as_tree() {
    same "$work/tree-packed/metadata.csv" "$1/metadata.csv"
    check "the records of $1" grep -qx "$(grep ^content "$work/tree.out")" "$1.out"
}
pack() {
    "$mosaic" data pack --threads 1 --verify "$@"
}

pack "$work/tree" "$work/tree-packed" >"$work/tree.out" 2>/dev/null
check "every folder of a patch is a record" test "$(find "$work/tree" -mindepth 3 -maxdepth 3 -type d | wc -l)" = "$(sed -n "s/^verified //p" "$work/tree.out")"

kinds="tar pax inner gz split shuffled"
if command -v zstd >/dev/null; then kinds="$kinds zst"; else echo "skipped: .tar.zst (no zstd)"; fi
for kind in $kinds; do
    archive "$kind"
    pack "$work/$kind" "$work/$kind-packed" >"$work/$kind-packed.out" 2>"$work/$kind-packed.err"
    packed_as_tree "$work/$kind-packed"
done
same "$work/tree-packed/data.mdb" "$work/tar-packed/data.mdb"

# A plain tar is read in place; a compressed one is refused with the command to run, which works.
for command in info stats check; do
    "$mosaic" data $command "$work/tree" 2>/dev/null | sed "s|$work/tree|SET|" >"$work/tree.$command"
    "$mosaic" data $command "$work/tar" 2>/dev/null | sed "s|$work/tar|SET|" >"$work/tar.$command"
    same "$work/tree.$command" "$work/tar.$command"
done
cat >"$work/config.yaml" <<END
data: {format: bigearthnet-v2}
model: {encoder: resnet10-narrow, hidden: 16, latent: 8}
loss: {anchor: shared}
train: {epochs: 1, batch: 4, keep: 1, log_every: 1}
END
for source in tree tar; do
    expect 0 "" "$mosaic" train "$work/config.yaml" --out "$work/run-$source" --threads 1 --max-steps 2 --set data.root="$work/$source"
done
same "$work/run-tree/metrics.jsonl" "$work/run-tar/metrics.jsonl"
expect 2 "pack it first: *mosaic data pack '$work/gz' FOLDER" "$mosaic" data info "$work/gz"
expect 2 "--s1 '$work/gz/BigEarthNet-S1.tar.gz' --metadata" "$mosaic" data stats "$work/nowhere" --format bigearthnet-v2 \
    --s1 "$work/gz/BigEarthNet-S1.tar.gz" --metadata "$work/gz/metadata.csv"
# Given one by one: the first part, the parts' common name, a list.
parts=("$work"/split/BigEarthNet-S1.tar.gz??)
for s1 in "$work/split/BigEarthNet-S1.tar.gzaa" "$work/split/BigEarthNet-S1.tar.gz" \
    "$work/split/BigEarthNet-S1.tar.gzaa$(printf ',%s' "${parts[@]:1}")"; do
    rm -rf "$work/given"
    pack "$work" "$work/given" --format bigearthnet-v2 --metadata "$work/tar/metadata.csv" --s1 "$s1" --s2 "$work/tar/BigEarthNet-S2.tar" \
        --reference-maps "$work/gz/Reference_Maps.tar.gz" >"$work/given.out" 2>&1
    packed_as_tree "$work/given"
done

# A limit picks the same samples as from the tree: of the table's splits or a split file's, under a policy, with empty rows.
check "a split file" "$mosaic" data split "$work/tree" "$work/split.csv" --rule share --shares 0.5,0.25,0.25
limits=("--limit 4" "--limit 3 --policy skip" "--limit 2 --split-file $work/split.csv" "--limit 5 --rows-without-files keep")
for i in "${!limits[@]}"; do
    for source in tree shuffled split; do
        # shellcheck disable=SC2086 # options are words of their own
        pack "$work/$source" "$work/$source-limit$i" ${limits[i]} >"$work/$source-limit$i.out" 2>"$work/errors"
    done
    check "some samples, not all" test "$(sed -n 's/^samples //p' "$work/tree-limit$i.out")" -lt 40
    for source in shuffled split; do
        same "$work/tree-limit$i/metadata.csv" "$work/$source-limit$i/metadata.csv"
        check "the records of $source, ${limits[i]}" grep -qx "$(grep ^content "$work/tree-limit$i.out")" "$work/$source-limit$i.out"
    done
done

# A part that is missing, and archives that were cut off, at a member's border too.
mv "$work/split/BigEarthNet-S1.tar.gzab" "$work/kept"
expect 3 "BigEarthNet-S1.tar.gzab: no such part" pack "$work/split" "$work/bad"
mv "$work/kept" "$work/split/BigEarthNet-S1.tar.gzab"
rm "${parts[-1]}"
expect 3 "BigEarthNet-S1.tar.gzaa: (after )?member '[^']+_V[VH].tif', at byte [0-9]+ of the tar: [Tt]runcated" pack "$work/split" "$work/bad2"
size=$(stat -c %s "$work/tar/BigEarthNet-S2.tar")
for cut in 700 $((size / 2)) $((size - 10240)); do
    mkdir -p "$work/cut"
    cp "$work"/tar/BigEarthNet-S1.tar "$work/tar/metadata.csv" "$work/cut"
    head -c "$cut" "$work/tar/BigEarthNet-S2.tar" >"$work/cut/BigEarthNet-S2.tar"
    expect 3 "BigEarthNet-S2.tar: .*(truncated|cut off)" "$mosaic" data info "$work/cut"
done

# Names that would leave the folder, links, and what follows the end.
hostile() { # hostile PATTERN TAR-OPTION...: an archive made so is refused
    local pattern=$1
    shift
    rm -rf "$work/hostile"
    mkdir -p "$work/hostile"
    cp "$work/tar/metadata.csv" "$work/hostile"
    tar -C "$work/tree" -cPf "$work/hostile/BigEarthNet-S1.tar" "$@"
    expect 3 "$pattern" "$mosaic" data info "$work/hostile"
}
ln -sf /etc/passwd "$work/tree/link.tif"
hostile "link.tif', at byte .* link; only files and folders" BigEarthNet-S1 link.tif
hostile "absolute name" --transform 's|^Big|/Big|' BigEarthNet-S1
hostile "name with '\.\.'" --transform 's|^Big|../Big|' BigEarthNet-S1
hostile "over 511 bytes" --transform "s|^Big|$(printf 'x%.0s' {1..200})/$(printf 'x%.0s' {1..200})/$(printf 'x%.0s' {1..200})/Big|" BigEarthNet-S1
hostile "more than 8 deep" --transform 's|^Big|a/b/c/d/e/f/g/Big|' BigEarthNet-S1
cat "$work/tar/BigEarthNet-S1.tar" - >"$work/hostile/BigEarthNet-S1.tar" <<<"and more"
expect 3 "BigEarthNet-S1.tar: .*byte" "$mosaic" data info "$work/hostile"
# Two archives in a row are both read.
cp -r "$work/tar" "$work/two"
cat "$work/tar/BigEarthNet-S1.tar" "$work/tar/BigEarthNet-S2.tar" >"$work/two/BigEarthNet-S1.tar"
expect 0 "480 x member that is no file of a patch" "$mosaic" data info "$work/two"

# A damaged GeoTIFF: named, and left out where the policy says so.
mkdir -p "$work/damaged"
cp "$work/tree/metadata.csv" "$work/damaged"
cp -r "$work/tree/BigEarthNet-S2" "$work/damaged"
victim=$(find "$work/damaged" -name '*_B05.tif' | sort | sed -n 7p)
head -c 300 "$victim" >"$work/short" && mv "$work/short" "$victim"
tar -C "$work/damaged" -czf "$work/damaged/BigEarthNet-S2.tar.gz" BigEarthNet-S2
rm "$victim"
mkdir "$work/partly"
cp "$work/tree/metadata.csv" "$work/partly"
tar -C "$work/damaged" -czf "$work/partly/BigEarthNet-S2.tar.gz" BigEarthNet-S2
rm -r "$work/damaged/BigEarthNet-S2"
for kind in damaged partly; do
    expect 3 "BigEarthNet-S2.tar.gz: $(basename "$victim")" "$mosaic" data pack "$work/$kind" "$work/$kind-refused"
    expect 0 "skipped 1" "$mosaic" data pack "$work/$kind" "$work/$kind-packed" --policy skip --include-snow-cloud=false
done

# Shards: the same records, found again; their number is the store's.
for source in tree gz; do
    pack "$work/$source" "$work/$source-sharded" --shards 3 >"$work/$source-sharded.out" 2>/dev/null
    packed_as_tree "$work/$source-sharded"
    check "three shards" test -f "$work/$source-sharded/shard-002/data.mdb"
done
"$mosaic" data stats "$work/gz-sharded" >"$work/sharded.stats" 2>/dev/null
same "$work/tree.stats" "$work/sharded.stats"
expect 2 "a store of 3 shards, wanted 2" "$mosaic" data pack "$work/tree" "$work/tree-sharded" --shards 2
sed -i 's/shard-001/..\/other/' "$work/tree-sharded/shards.csv"
expect 3 "shards.csv:3: shard '../other'" "$mosaic" data info "$work/tree-sharded"

# Killed at moments that can be repeated, again and again: what is there stays, the rest comes.
check "a larger tree" "$mosaic" data synth "$work/big" --layout tree --patches 400 --size 24 --classes 4 --seed 6 --no-progress
mkdir "$work/biggz"
cp "$work/big/metadata.csv" "$work/biggz"
for stem in $stems; do tar -C "$work/big" -czf "$work/biggz/$stem.tar.gz" "$stem"; done
pack "$work/big" "$work/big-packed" >"$work/tree.out" 2>/dev/null
cp "$work/big-packed/metadata.csv" "$work/tree-packed/metadata.csv"
RANDOM=7
for source in big biggz; do
    killed=0
    for _ in 1 2 3 4 5 6; do
        "$mosaic" data pack --threads 1 "$work/$source" "$work/$source-killed" --shards 2 >/dev/null 2>&1 &
        job=$!
        sleep "0.0$((RANDOM % 90 + 10))"
        kill -9 $job 2>/dev/null && killed=$((killed + 1))
        wait $job 2>/dev/null
    done
    check "some were killed ($killed)" test $killed -ge 1
    pack "$work/$source" "$work/$source-killed" --shards 2 >"$work/$source-killed.out" 2>&1
    packed_as_tree "$work/$source-killed"
done

# How fast: that it runs, and says what it compares.
expect 0 "^naive .*GDAL opens every band" "$mosaic" bench pack --patches 4 --size 24 --rounds 1 --threads 1
expect 0 '"touched":.*"ratio"' "$mosaic" bench read --patches 4 --size 24 --rounds 1 --json
finish
