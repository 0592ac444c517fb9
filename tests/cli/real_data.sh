#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# Real patches: BigEarthNet V2 pairs with the official metadata, an LMDB written by rico-hdl, a CSV of multi-band GeoTIFFs.
if [ -z "${MOSAIC_REAL_DATA:-}" ] || [ ! -d "$MOSAIC_REAL_DATA/bigearthnet_v2_pairs" ]; then
    echo "skipped: MOSAIC_REAL_DATA names no folder of real samples"
    exit 77
fi
source "$(dirname "$0")/cli_support.sh"
real=$MOSAIC_REAL_DATA
official=$real/bigearthnet_v2/metadata.parquet
small=(--set model.encoder=resnet10-narrow --set train.keep=1 --set train.patience=0)
train() {
    local run=$1
    shift
    "$mosaic" train "$work/config.yaml" --out "$work/$run" --threads 1 "$@"
}

# --- the tree of BigEarthNet V2
expect 0 "samples +3 +1 +1 +0 +5" "$mosaic" data info "$real/bigearthnet_v2_pairs" --metadata "$official"
expect 0 "480033 +row without files" "$mosaic" data info "$real/bigearthnet_v2_pairs" --metadata "$official"
expect 0 "missing partner \(no s2\).*T33UUP_70_48" "$mosaic" data info "$real/bigearthnet_v2" --metadata "$official"
cat >"$work/config.yaml" <<END
data: {format: bigearthnet-v2, root: $real/bigearthnet_v2_pairs, metadata: $official, size: 48}
loss: {anchor: shared}
train: {epochs: 3, batch: 3, lr: 1e-3}
END
expect 0 "model written" train ben "${small[@]}"
expect 0 "samples +1" "$mosaic" eval "$work/ben" --split test --threads 1
expect 0 "reduced" train stopped "${small[@]}" --max-steps 1
expect 0 "resuming at step 1" train stopped "${small[@]}" --resume
same "$work/ben/model/model.safetensors" "$work/stopped/model/model.safetensors"
rm -rf "$work/stopped" "$work/ben"

# --- the LMDB of rico-hdl: one S1 patch and one S2 patch, no pair, both of the validation split
expect 0 "missing partner \(no s2\).*70_48 wants S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_70_48" \
    "$mosaic" data info "$real/bigearthnet_v2_lmdb" --metadata "$official"
expect 0 "missing partner \(no s1\).*75_43 wants S1A_IW_GRDH_1SDV_20170613T165043_33UUP_75_43" \
    "$mosaic" data info "$real/bigearthnet_v2_lmdb" --metadata "$official"
cat >"$work/config.yaml" <<END
data: {format: bigearthnet-v2-lmdb, root: $real/bigearthnet_v2_lmdb, metadata: $official, size: 48}
loss: {anchor: shared}
train: {epochs: 1, batch: 2, lr: 1e-3}
END
expect 3 "bigearthnet_v2_lmdb.*(train|no )" train none "${small[@]}"
# The same two with a table of one's own that calls them training patches: each lacks one modality, which is masked.
cat >"$work/metadata.csv" <<END
patch_id,labels,split,country,s1_name,s2v1_name,contains_seasonal_snow,contains_cloud_or_shadow
S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_70_48,"['Arable land', 'Pastures']",train,Austria,S1A_IW_GRDH_1SDV_20170613T165043_33UUP_70_48,S2A_MSIL2A_20170613T101031_70_48,False,False
S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_75_43,"['Arable land', 'Coniferous forest']",train,Austria,S1A_IW_GRDH_1SDV_20170613T165043_33UUP_75_43,S2A_MSIL2A_20170613T101031_75_43,False,False
END
expect 0 "model written" train masked "${small[@]}" --set "data.metadata=$work/metadata.csv"
expect 0 "samples +2" "$mosaic" eval "$work/masked" --split train --threads 1
rm -rf "$work/masked"

# --- patches of one's own: the example's training set is learnt by heart, in two sittings
csv=$real/terramesh_patches/patches.csv
expect 0 "\+1000 offset, removed" "$mosaic" data info "$csv"
example=$2/examples/csv.yaml
own() {
    local run=$1
    shift
    "$mosaic" train "$example" --out "$work/$run" --set "data.root=$csv" --set train.keep=1 "$@"
}
expect 0 "reduced" own learnt --max-steps 9
expect 0 "resuming at step 9" own learnt --resume
expect 0 "micro F1 +(0\.9[5-9]|1\.0)" "$mosaic" eval "$work/learnt" --split train
# Two sittings leave what one does; six epochs of a smaller encoder show it too.
few=(--set model.encoder=resnet10-narrow --set train.epochs=6)
expect 0 "model written" own whole "${few[@]}"
expect 0 "reduced" own halves "${few[@]}" --max-steps 9
expect 0 "resuming at step 9" own halves "${few[@]}" --resume
same "$work/whole/model/model.safetensors" "$work/halves/model/model.safetensors"
same "$work/whole/metrics.jsonl" "$work/halves/metrics.jsonl"
finish
