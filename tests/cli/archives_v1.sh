#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# BigEarthNet v1.0 in archives: the same records and the same table as from the unpacked folders, read in place or streamed; what is damaged is named;
# a pack that was killed goes on. Made patches, and the real ones where they are.
source "$(dirname "$0")/cli_support.sh"

# as_v1 V2-TREE V1-TREE: the same patches as V1 has them, split lists beside them.
as_v1() {
    local id labels split s1 v1 file list
    mkdir -p "$2/BigEarthNet-v1.0" "$2/BigEarthNet-S1-v1.0"
    while IFS=, read -r id labels split _ s1 v1 _; do
        local to=$2/BigEarthNet-v1.0/$v1
        labels=${labels//\"/}
        list="\"labels\": [\"${labels//;/\", \"}\"]"
        mv "$1/BigEarthNet-S2/${id%_??_??}/$id" "$to"
        for file in "$to"/*.tif; do mv "$file" "$to/${v1}_${file##*_}"; done
        echo "{$list, \"acquisition_date\": \"${v1:11:4}-${v1:15:2}-${v1:17:2} 9:40:61\"}" >"$to/${v1}_labels_metadata.json"
        split=${split/validation/val}
        echo "$v1" >>"$2/$split.csv"
        to=$2/BigEarthNet-S1-v1.0/$s1
        [ -d "$1/BigEarthNet-S1/${s1%_*_*_*}/$s1" ] || continue
        mv "$1/BigEarthNet-S1/${s1%_*_*_*}/$s1" "$to"
        echo "{$list, \"corresponding_s2_patch\": \"$v1\"}" >"$to/${s1}_labels_metadata.json"
    done < <(tail -n +2 "$1/metadata.csv")
}
# archive SOURCE KIND: both archives, and the lists beside them, in SOURCE-KIND.
archive() {
    local at=$1-$2 m folder
    mkdir -p "$at"
    cp "$1"/*.csv "$at" 2>/dev/null
    for m in S1 S2; do
        folder=BigEarthNet-$m-v1.0
        [ $m = S2 ] && folder=BigEarthNet-v1.0
        case $2 in
            tar) tar --sort=name -C "$1" -cf "$at/BigEarthNet-$m-v1.0.tar" $folder ;;
            gz) tar --sort=name -C "$1" -czf "$at/BigEarthNet-$m-v1.0.tar.gz" $folder ;;
            zst) zstd -q "$1-tar/BigEarthNet-$m-v1.0.tar" -o "$at/BigEarthNet-$m-v1.0.tar.zst" ;;
            split) split -b 100000 "$1-gz/BigEarthNet-$m-v1.0.tar.gz" "$at/BigEarthNet-$m-v1.0.tar.gz" ;;
            inner) tar -C "$1/$folder" -czf "$at/BigEarthNet-$m-v1.0.tar.gz" . ;;
        esac
    done
}
pack() {
    "$mosaic" data pack --threads 1 --verify "$@"
}
# packed_as FIRST SECOND: two packs hold the same.
packed_as() {
    same "$1/metadata.csv" "$2/metadata.csv"
    check "the records of $2" grep -qx "$(grep ^content "$1.out")" "$2.out"
}

check "a tree" "$mosaic" data synth "$work/v2" --layout tree --patches 30 --size 24 --classes 4 --seed 5 --missing-s1 0.1 --no-progress
as_v1 "$work/v2" "$work/made"
sources=$work/made
if [ -d "${MOSAIC_REAL_DATA:-}/bigearthnet_v1" ]; then
    cp -r "$MOSAIC_REAL_DATA/bigearthnet_v1" "$work/real"
    chmod -R u+w "$work/real"
    sources="$sources $work/real"
else
    echo "skipped: the real patches (MOSAIC_REAL_DATA is not set)"
fi
kinds="tar gz split inner"
if command -v zstd >/dev/null; then kinds="$kinds zst"; else echo "skipped: .tar.zst (no zstd)"; fi
for source in $sources; do
    pack "$source" "$source-packed" >"$source-packed.out" 2>/dev/null
    check "every patch is a record" test "$(find "$source" -mindepth 2 -type d | wc -l)" = "$(sed -n "s/^verified //p" "$source-packed.out")"
    for kind in $kinds; do
        archive "$source" "$kind"
        pack "$source-$kind" "$source-$kind-packed" >"$source-$kind-packed.out" 2>"$work/errors"
        packed_as "$source-packed" "$source-$kind-packed"
    done
    same "$source-packed/data.mdb" "$source-tar-packed/data.mdb"
    pack "$source-gz" "$source-43" --classes 43 --shards 3 >"$source-43.out" 2>/dev/null
    check "43 classes" test "$(head -n 1 "$source-43/metadata.csv" | grep -o ',"\?class:' | wc -l)" = 43

    # A plain tar is as good as the tree to every command.
    split=train
    [ -f "$source/train.csv" ] || split=none
    for command in info "stats --split $split" check; do
        # shellcheck disable=SC2086 # the option is a word of its own
        "$mosaic" data $command "$source" 2>/dev/null | sed "s|$source|SET|" >"$work/tree.said"
        # shellcheck disable=SC2086
        "$mosaic" data $command "$source-tar" 2>/dev/null | sed "s|$source-tar|SET|" >"$work/tar.said"
        check "something is said" test -s "$work/tree.said"
        same "$work/tree.said" "$work/tar.said"
    done
done
cat >"$work/config.yaml" <<END
data: {format: bigearthnet-v1}
model: {encoder: resnet10-narrow, hidden: 16, latent: 8}
loss: {anchor: shared}
train: {epochs: 1, batch: 4, keep: 1, log_every: 1}
END
for at in made made-tar made-gz-packed; do
    expect 0 "" "$mosaic" train "$work/config.yaml" --out "$work/run-$at" --threads 1 --max-steps 2 --set data.root="$work/$at" --set data.format=auto
done
same "$work/run-made/metrics.jsonl" "$work/run-made-tar/metrics.jsonl"
same "$work/run-made/metrics.jsonl" "$work/run-made-gz-packed/metrics.jsonl"

# Compressed: the command that does it is named, and does it, wherever the archives lie.
gz=$work/made-gz
expect 2 "pack it first: *mosaic data pack '$gz' FOLDER" "$mosaic" data info "$gz"
expect 2 "--s2 '$gz/BigEarthNet-S2-v1.0.tar.gz' --metadata '$gz' --format bigearthnet-v1 FOLDER" "$mosaic" data stats "$work/nowhere" \
    --format bigearthnet-v1 --s2 "$gz/BigEarthNet-S2-v1.0.tar.gz" --metadata "$gz"
pack "$work/nowhere" "$work/given" --s2 "$gz/BigEarthNet-S2-v1.0.tar.gz" --s1 "$work/made-tar/BigEarthNet-S1-v1.0.tar" --metadata "$gz" \
    --format bigearthnet-v1 >"$work/given.out" 2>&1
packed_as "$work/made-packed" "$work/given"
# S2 alone: each partner that never came is counted.
count=$(find "$work/made/BigEarthNet-v1.0" -mindepth 1 -type d | wc -l)
expect 0 "$count x missing partner \(no s1\)" "$mosaic" data pack "$work/nowhere" "$work/alone" --s2 "$gz/BigEarthNet-S2-v1.0.tar.gz" --metadata "$gz" \
    --format bigearthnet-v1
# A policy that wants both: what came without its partner goes again, as from the tree.
for at in made made-gz; do pack "$work/$at" "$work/$at-skip" --policy skip >"$work/$at-skip.out" 2>&1; done
packed_as "$work/made-skip" "$work/made-gz-skip"
check "some were taken out" grep -qx "removed [1-9][0-9]*" "$work/made-gz-skip.out"
expect 3 "has no s1 and data.policy is refuse" "$mosaic" data pack "$gz" "$work/refused" --policy refuse
expect 2 "'Peru' does not occur" "$mosaic" data pack "$gz" "$work/refused" --countries Peru
# A limit picks the same samples as from the tree, of either nomenclature, with the same records and no others.
for classes in 19 43; do
    for at in made made-gz made-split; do
        pack "$work/$at" "$work/$at-limit-$classes" --limit 3 --classes $classes >"$work/$at-limit-$classes.out" 2>&1
        packed_as "$work/made-limit-$classes" "$work/$at-limit-$classes"
        check "nothing was taken out again" grep -qx "removed 0" "$work/$at-limit-$classes.out"
    done
done
check "fewer samples" test "$(wc -l <"$work/made-limit-19/metadata.csv")" -lt "$(wc -l <"$work/made-packed/metadata.csv")"
# Snow: the lists' patches are in neither.
head -n 2 "$work/made/train.csv" >"$work/made/patches_with_seasonal_snow.csv"
cp "$work/made/patches_with_seasonal_snow.csv" "$gz"
for at in made made-gz; do pack "$work/$at" "$work/$at-snow" >"$work/$at-snow.out" 2>&1; done
packed_as "$work/made-snow" "$work/made-gz-snow"
check "two fewer" test "$(wc -l <"$work/made-snow/metadata.csv")" = $(($(wc -l <"$work/made-packed/metadata.csv") - 2))
rm "$work/made/patches_with_seasonal_snow.csv" "$gz/patches_with_seasonal_snow.csv"

# Archives that were cut off, hostile names, a JSON that is none.
mkdir "$work/cut"
head -c $(($(stat -c %s "$gz/BigEarthNet-S2-v1.0.tar.gz") / 2)) "$gz/BigEarthNet-S2-v1.0.tar.gz" >"$work/cut/BigEarthNet-S2-v1.0.tar.gz"
expect 3 "BigEarthNet-S2-v1.0.tar.gz: .*member 'BigEarthNet-v1.0/S2.*at byte .*truncated" "$mosaic" data pack "$work/cut" "$work/cut-packed"
mkdir "$work/hostile"
tar -C "$work/made" -cPzf "$work/hostile/BigEarthNet-S2-v1.0.tar.gz" --transform 's|^Big|../Big|' BigEarthNet-v1.0
expect 3 "name with '\.\.'" "$mosaic" data pack "$work/hostile" "$work/hostile-packed"
cp -r "$work/made" "$work/odd"
json=$(find "$work/odd/BigEarthNet-v1.0" -name '*.json' | sort | head -n 1)
head -c 100000 /dev/zero | tr '\0' '[' >"$json"
archive "$work/odd" gz
for at in odd odd-gz; do pack "$work/$at" "$work/$at-packed" >"$work/$at-packed.out" 2>"$work/$at.err"; done
packed_as "$work/odd-packed" "$work/odd-gz-packed"
expect 0 "1 x labels_metadata.json unreadable, as in .*$(basename "$json"): 100000 bytes of JSON" cat "$work/odd-gz.err"

# Killed again and again: what is there stays, the rest comes.
RANDOM=7
killed=0
for _ in 1 2 3 4 5 6; do
    "$mosaic" data pack --threads 1 "$gz" "$work/killed" --shards 2 >/dev/null 2>&1 &
    job=$!
    sleep "0.0$((RANDOM % 60 + 10))"
    kill -9 $job 2>/dev/null && killed=$((killed + 1))
    wait $job 2>/dev/null
done
check "some were killed ($killed)" test $killed -ge 1
pack "$gz" "$work/killed" --shards 2 >"$work/killed.out" 2>&1
packed_as "$work/made-packed" "$work/killed"
finish
