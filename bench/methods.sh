#!/usr/bin/env bash
# Every method on one procedural data set with few labels, several seeds: one row a method for bench/results.tsv.
#
#   bench/methods.sh MOSAIC FOLDER [METHOD ...]      methods default to all of the table, and supervised on S1 and S2 alone
#
# Options by environment: PATCHES, SIZE, CLASSES, FRACTION, SEEDS ("0 1 2"), EPOCHS, BATCH, ENCODER, THREADS, SET (more --set words).
# On a shared machine several of these with THREADS=1 and methods of their own are faster than one with all threads.
# Runs that are complete are not repeated. Scores are on the test split, thresholds tuned per class on validation.
set -euo pipefail
mosaic=$1 out=$2
shift 2
methods=("$@")
[ $# -gt 0 ] || methods=(supervised supervised-s1 supervised-s2 simclr dual-simclr iai-simclr supcon mosaic-1 mosaic-2)
patches=${PATCHES:-1600} size=${SIZE:-48} classes=${CLASSES:-10} fraction=${FRACTION:-0.1} seeds=${SEEDS:-0 1 2}
epochs=${EPOCHS:-15} batch=${BATCH:-32} encoder=${ENCODER:-resnet18} threads=${THREADS:-0}
read -ra more <<<"${SET:-}"

mkdir -p "$out"
[ -f "$out/data/metadata.csv" ] ||
    "$mosaic" -q data synth "$out/data" --patches "$patches" --size "$size" --classes "$classes" --seed 0
cat >"$out/config.yaml" <<EOF
data:
  format: bigearthnet-v2-lmdb
  root: data
  labeled: {fraction: $fraction, use_unlabeled: true, per_batch: 0.25}
model: {encoder: $encoder}
loss: {anchor: shared}
train: {epochs: $epochs, batch: $batch, lr: 1e-3, patience: 0, validate_every: 5}
EOF

# The words that make a method of the table, or a subset of its modalities.
words() {
    case $1 in
    supervised-s1) echo "--set method=supervised --set data.modalities={s1:{bands:[VV,VH]}}" ;;
    supervised-s2) echo "--set method=supervised --set data.modalities={s2:{bands:[B02,B03,B04,B05,B06,B07,B08,B8A,B11,B12]}}" ;;
    *) echo "--set method=$1" ;;
    esac
}

field() { sed -nE "s/^$2 +([0-9.]+)$/\1/p" "$1"; }

for method in "${methods[@]}"; do
    read -ra chosen <<<"$(words "$method")"
    rows=
    for seed in $seeds; do
        run=$out/$method-$seed
        if [ ! -f "$run/score" ]; then
            echo "methods: $method, seed $seed" >&2
            "$mosaic" -q train "$out/config.yaml" --out "$run" --overwrite --threads "$threads" "${chosen[@]}" "${more[@]}" \
                --set train.seed="$seed" --set data.labeled.seed="$seed" >"$run.log"
            "$mosaic" -q eval "$run" --split test --threads "$threads" >"$run/score.part"
            mv "$run/score.part" "$run/score"
            rm -rf "$run/checkpoints"
        fi
        rows+="$(field "$run/score" 'F1 macro, tuned') $(field "$run/score" 'F1 micro, tuned') $(field "$run/score" 'Hamming, tuned') $(field "$run/score" 'AP macro')"$'\n'
    done
    echo "$rows" | awk -v method="$method" -v set="synth patches=$patches size=$size classes=$classes seed=0" -v fraction="$fraction" \
        -v setting="$encoder, $epochs epochs, batch $batch, shared anchor${SET:+, $SET}" '
        NF == 4 { n++; for (i = 1; i <= 4; i++) { sum[i] += $i; square[i] += $i * $i } }
        END {
            printf "%s\t%s\t%s\t%s\t%d", set, method, fraction, setting, n
            for (i = 1; i <= 4; i++) {
                mean = sum[i] / n; spread = n > 1 ? sqrt((square[i] - n * mean * mean) / (n - 1) + 1e-15) : 0
                printf "\t%.4f\t%.4f", mean, spread
            }
            printf "\n"
        }'
done
