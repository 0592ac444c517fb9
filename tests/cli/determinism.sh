#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# One configuration, one result: run twice, with any number of loader workers, in a locale with a decimal comma, without the network.
source "$(dirname "$0")/cli_support.sh"

check "a data set" "$mosaic" data synth "$work/data" --patches 32 --size 24 --classes 4 --seed 3 --no-progress
check "the same data set" "$mosaic" data synth "$work/again" --patches 32 --size 24 --classes 4 --seed 3 --threads 2 --no-progress
same "$work/data/metadata.csv" "$work/again/metadata.csv"
same "$work/data/truth.json" "$work/again/truth.json"

cat >"$work/config.yaml" <<END
data: {root: $work/data, labeled: {fraction: 0.5}}
model: {encoder: resnet10-narrow, hidden: 32, latent: 16}
loss: {anchor: shared}
train: {epochs: 2, batch: 4, lr: 1e-3, keep: 1, log_every: 1}
END
train() {
    local run=$1
    shift
    "$mosaic" train "$work/config.yaml" --out "$work/$run" --threads 1 "$@"
}
# Every output that does not tell the time. `metrics.jsonl` has no times in it: they are in timing.csv.
compare() {
    same "$work/first/metrics.jsonl" "$work/$1/metrics.jsonl"
    same "$work/first/metrics.csv" "$work/$1/metrics.csv"
    same "$work/first/labeled.txt" "$work/$1/labeled.txt"
    same "$work/first/statistics.csv" "$work/$1/statistics.csv"
    check "equal tensors in first and $1" same_tensors "$work/first/model/model.safetensors" "$work/$1/model/model.safetensors"
}
# The header carries the configuration, in which train.workers differs: the tensors are what follows it.
same_tensors() {
    cmp <(tail -c +$((9 + $(od -An -tu8 -N8 "$1"))) "$1") <(tail -c +$((9 + $(od -An -tu8 -N8 "$2"))) "$2")
}

expect 0 "model written" train first
expect 0 "model written" train second
compare second
same "$work/first/model/model.safetensors" "$work/second/model/model.safetensors"
expect 0 "micro F1" "$mosaic" eval "$work/first" --threads 1
rm -rf "$work/second"

for workers in 1 2 4; do
    expect 0 "model written" train workers --set train.workers=$workers
    compare workers
    rm -rf "$work/workers"
done

# A decimal comma. The locale is an installed one, or made here.
if ! LC_ALL=de_DE.UTF-8 locale decimal_point 2>/dev/null | grep -q , && command -v localedef >/dev/null; then
    mkdir "$work/locales"
    localedef -f UTF-8 -i de_DE "$work/locales/de_DE.UTF-8" >/dev/null 2>&1 && export LOCPATH=$work/locales
fi
if LC_ALL=de_DE.UTF-8 locale decimal_point 2>/dev/null | grep -q ,; then
    export LC_ALL=de_DE.UTF-8
    expect 0 "model written" train german
    expect 0 "micro F1 +0\.|micro F1 +1\." "$mosaic" eval "$work/german" --threads 1
    expect 0 "written|report" "$mosaic" report "$work/german"
    check "a data set in German" "$mosaic" data synth "$work/german-data" --patches 32 --size 24 --classes 4 --seed 3 --no-progress
    "$mosaic" data stats "$work/data" >"$work/german.stats" 2>/dev/null
    unset LC_ALL
    "$mosaic" data stats "$work/data" >"$work/plain.stats" 2>/dev/null
    compare german
    same "$work/first/model/model.safetensors" "$work/german/model/model.safetensors"
    same "$work/first/config.yaml" "$work/german/config.yaml"
    for file in per_class.csv predictions.csv; do
        same "$work/first/eval/test/$file" "$work/german/eval/test/$file"
    done
    same "$work/data/metadata.csv" "$work/german-data/metadata.csv"
    same "$work/data/truth.json" "$work/german-data/truth.json"
    same "$work/plain.stats" "$work/german.stats"
    check "statistics are printed" grep -q VV "$work/plain.stats"
    rm -rf "$work/german"
else
    echo "skipped: no locale with a decimal comma and none can be made (package locales)"
fi

# No network: only sockets of the machine itself (name service caches) may be asked for.
if command -v strace >/dev/null && strace -f -e trace=socket true >/dev/null 2>&1; then
    check "strace of a run" strace -f -e trace=socket,connect -o "$work/trace" \
        "$mosaic" train "$work/config.yaml" --out "$work/traced" --threads 1 --max-steps 2
    check "strace saw the run" grep -q exited "$work/trace"
    check "no network socket" bash -c "! grep -E 'AF_INET|AF_INET6|AF_PACKET|AF_NETLINK' '$work/trace'"
else
    echo "skipped: sockets are not watched (strace is missing or may not trace)"
fi
finish
