#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# Bad input and rude endings: a named error, the documented exit code, nothing lost.
source "$(dirname "$0")/cli_support.sh"

train() {
    local run=$1
    shift
    "$mosaic" train "$work/config.yaml" --out "$work/$run" --threads 1 "$@"
}
config() { # writes the configuration; arguments: lines that follow the data
    cat >"$work/config.yaml" <<END
data:
  root: $work/data
model: {encoder: resnet10-narrow, hidden: 32, latent: 16}
loss: {anchor: shared}
train: {epochs: 3, batch: 4, lr: 1e-3, keep: 1}
END
}
write() { printf '%s\n' "$@" >"$work/bad.yaml"; }
bad() { expect "$1" "$2" "$mosaic" train "$work/bad.yaml" --out "$work/bad-run" --threads 1; }

check "a data set" "$mosaic" data synth "$work/data" --patches 24 --size 24 --classes 4 --seed 1 --no-progress
check "a tree" "$mosaic" data synth "$work/tree" --patches 8 --size 24 --classes 4 --seed 1 --layout tree --no-progress
config

# --- configuration: exit 2, with the place and the nearest name
write "data: {root: $work/data}" "train:" "  epocs: 3"
bad 2 "bad.yaml:3:3:.*epocs.*(did you mean|nearest).*epochs"
write "data: {root: $work/data}" "train:" "  epochs: many"
bad 2 "bad.yaml:3:[0-9]+:.*epochs.*many"
write "data: {root: $work/data}" "train: {epochs: 0}"
bad 2 "bad.yaml:2:[0-9]+:.*epochs"
write "data: {root: $work/data" "train: {epochs: 3}"
bad 2 "bad.yaml:[0-9]+"
write "data: {root: $work/data}" "method: mosaic-9"
bad 2 "mosaic-9.*mosaic-1"
write "data: {root: $work/data}" "data: {root: $work/tree}"
bad 2 "bad.yaml:2:[0-9]+:.*data"
expect 2 "train.epocs.*train.epochs" train bad-run --set train.epocs=3
expect 2 "s3.*s1, s2" train bad-run --set method=supervised --set "data.modalities.s3.bands=[B02]"
expect 2 "compares modalities and 'data.modalities' has only 's2'" train bad-run --set "data.modalities.s2.bands=[B02,B03]"
expect "2|3" "B13" train bad-run --set "data.modalities.s2.bands=[B02,B13]"
expect "2|3" "B13" train bad-run --set method=supervised --set "data.modalities.s2.bands=[B02,B13]"
check "a refused run leaves no folder" test ! -e "$work/bad-run"
expect "1|2|3" "nowhere" train bad-run --set "data.root=$work/nowhere"

# --- run directories
expect 0 "model written" train whole
expect 2 "not empty.*--resume.*--overwrite" train whole
expect 5 "train.lr" train whole --resume --set train.lr=1e-2
mkdir "$work/precious"
echo "my thesis" >"$work/precious/thesis.txt"
expect 2 "thesis.txt|no config.yaml" train precious --overwrite
check "a folder that is no run is left alone" grep -q thesis "$work/precious/thesis.txt"

# --- interruption: SIGTERM, and kill -9 at random moments (the same MOSAIC_KILL_SEED repeats them)
model=model/model.safetensors
train term >"$work/term.log" 2>&1 --set train.checkpoint_every=1 --set train.epochs=200 &
pid=$!
for _ in $(seq 600); do
    ls "$work"/term/checkpoints/step-*.safetensors >/dev/null 2>&1 && break
    sleep 0.1
done
pkill -TERM -P $pid
wait $pid
code=$?
check "SIGTERM gives exit code 75, not $code" test "$code" = 75
check "SIGTERM is named" grep -q "signal 15" "$work/term.log"
check "SIGTERM leaves a checkpoint" test -s "$work/term/checkpoints/last"
rm -rf "$work/term"

long=(--set train.checkpoint_every=1 --set train.epochs=12 --set train.patience=0)
expect 0 "model written" train straight "${long[@]}"
kills=${MOSAIC_KILL_SEED:-$$}
echo "kills at moments of MOSAIC_KILL_SEED=$kills"
RANDOM=$kills
for _ in 1 2 3 4 5; do # each goes on where the one before was killed
    pause=$(printf '%d.%03d' 0 $((150 + RANDOM % 450)))
    train killed --resume "${long[@]}" >"$work/killed.log" 2>&1 &
    pid=$!
    sleep $pause
    pkill -KILL -P $pid
    wait $pid 2>/dev/null
done
expect 0 "model" train killed --resume "${long[@]}"
same "$work/straight/$model" "$work/killed/$model"
same "$work/straight/metrics.jsonl" "$work/killed/metrics.jsonl"
rm -rf "$work/killed"

# --- no room for a checkpoint: the earlier one stays, resume works
expect 0 "reduced" train full "${long[@]}" --max-steps 2
size=$(stat -c %s "$work"/full/checkpoints/step-*.safetensors | sort -n | tail -n 1)
limited() ( # files end at half a checkpoint; SIGXFSZ is ignored, so that write() answers EFBIG
    trap '' XFSZ
    ulimit -f $((size / 2048))
    train full --resume "${long[@]}"
)
expect 1 "step-[0-9]+.safetensors.*(large|space)" limited
check "the earlier checkpoint is there" test -s "$work/full/checkpoints/$(cat "$work/full/checkpoints/last")"
expect 0 "resuming at step 2" train full --resume "${long[@]}"
same "$work/straight/$model" "$work/full/$model"
rm -rf "$work/full" "$work/straight"

# --- weights
expect 3 "none|match|0 tensors" train init --init-from "$work/whole" --init-pattern 'nothing.*'
head -c 100000 "$work/whole/$model" >"$work/short.safetensors"
expect 3 "short.safetensors" "$mosaic" eval "$work/short.safetensors" --threads 1
expect 3 "short.safetensors" train init-short --init-from "$work/short.safetensors"
check "weights that do not fit leave no run behind" test ! -e "$work/init" -a ! -e "$work/init-short"

# --- other classes than the model's
if [ -n "${MOSAIC_REAL_DATA:-}" ] && [ -f "$MOSAIC_REAL_DATA/terramesh_patches/patches.csv" ]; then
    expect "2|3" "class" "$mosaic" eval "$work/whole" --threads 1 --set data.format=csv --set data.accept=guessed-bands \
        --set "data.root=$MOSAIC_REAL_DATA/terramesh_patches/patches.csv"
else
    echo "skipped: other classes than the model's (no MOSAIC_REAL_DATA)"
fi

# --- truncated files
cp -r "$work/data" "$work/cut"
truncate -s 20000 "$work/cut/data.mdb"
expect 3 "cut" "$mosaic" data info "$work/cut"
expect 3 "cut" train cut-run --set "data.root=$work/cut"
cp -r "$work/tree" "$work/cut-tree"
band=$(find "$work/cut-tree" -name '*_B08.tif' | sort | head -n 1)
truncate -s 300 "$band"
for tif in "$work"/cut-tree/BigEarthNet-S2/*/*/*_B08.tif; do truncate -s 300 "$tif"; done
expect 3 "_B08.tif|B08" train cut-run --set "data.root=$work/cut-tree" --set data.policy=refuse --set train.batch=2
if [ -n "${MOSAIC_REAL_DATA:-}" ] && [ -f "$MOSAIC_REAL_DATA/bigearthnet_v2/metadata.parquet" ]; then
    head -c 500000 "$MOSAIC_REAL_DATA/bigearthnet_v2/metadata.parquet" >"$work/short.parquet"
    expect 3 "short.parquet" "$mosaic" data info "$work/tree" --metadata "$work/short.parquet"
else
    echo "skipped: truncated Parquet (no MOSAIC_REAL_DATA)"
fi

# --- values that are not what they are taken for
if command -v gdal_translate >/dev/null; then
    cp -r "$work/tree" "$work/whole-db"
    for tif in "$work"/whole-db/BigEarthNet-S1/*/*/*.tif; do
        gdal_translate -q -ot Int16 "$work/tree/${tif#"$work/whole-db/"}" "$tif"
    done
    expect 3 "all whole numbers.*s1_scale" "$mosaic" data info "$work/whole-db"
    expect 3 "all whole numbers.*s1_scale" train whole-db-run --set "data.root=$work/whole-db"
    cp -r "$work/tree" "$work/linear"
    for tif in "$work"/linear/BigEarthNet-S1/*/*/*.tif; do
        gdal_translate -q -ot Float32 -scale -40 10 0.001 1.5 "$work/tree/${tif#"$work/linear/"}" "$tif"
    done
    expect "0|3" "linear" "$mosaic" data info "$work/linear"
    cp -r "$work/tree" "$work/offset"
    for tif in "$work"/offset/BigEarthNet-S2/*/*/*.tif; do
        gdal_translate -q -scale 0 10000 1000 11000 "$work/tree/${tif#"$work/offset/"}" "$tif"
    done
    expect 0 "\\+1000 offset" "$mosaic" data info "$work/offset"
else
    echo "skipped: whole decibels, linear power, +1000 offset (gdal_translate is missing)"
fi
cp -r "$work/tree" "$work/swapped"
for folder in "$work"/swapped/BigEarthNet-S1/*/*; do
    name=$folder/$(basename "$folder")
    mv "${name}_VV.tif" "$work/swap.tif"
    mv "${name}_VH.tif" "${name}_VV.tif"
    mv "$work/swap.tif" "${name}_VH.tif"
done
expect 0 "VV darker than VH" "$mosaic" data info "$work/swapped"

# --- a training that explodes stops and keeps the batch
expect 4 "nan|inf|finite" train nan --set train.lr=1e12 --set train.warmup=0 --set train.epochs=20
check "the batch is captured" bash -c "ls '$work'/nan/replay/* || ls '$work'/nan/replay*"
finish
