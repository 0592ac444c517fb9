#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# The words of the program: help on topics, subcommands, the nearest name at every level, flags spelled one way, and slips that are explained.
source "$(dirname "$0")/cli_support.sh"

# help
expect 0 "usage: mosaic" "$mosaic" help
expect 0 "usage: mosaic train .*CONFIG" "$mosaic" help train
expect 0 "usage: mosaic data pack" "$mosaic" help data pack
expect 0 "data split +" "$mosaic" help data
expect 0 "train.epochs: .*" "$mosaic" help train.epochs
expect 0 "loss.tau_ntx: " "$mosaic" help loss
expect 0 "^train.lr: " "$mosaic" help train.lr
expect 0 "^data.modalities.NAME.bands: " "$mosaic" help data.modalities
expect 0 "^data.modalities.NAME.kind: " "$mosaic" help data.modalities.s1.kind
expect 2 "did you mean 'data.modalities'" "$mosaic" help data.modalties
expect 2 "did you mean 'train.lr'" "$mosaic" help train.lrr
expect 2 "did you mean 'train.epochs'" "$mosaic" help train.epohcs
expect 2 "did you mean 'augment'" "$mosaic" help agument

expect 2 "did you mean 'report'" "$mosaic" help repotr
expect 2 "no command 'trian'; did you mean 'train'\?" "$mosaic" trian x
expect 2 "no command 'helpp'; did you mean 'help'\?" "$mosaic" helpp train
expect 2 "no command 'protocl list'; did you mean 'protocol list'\?" "$mosaic" protocl list
expect 2 "'data' wants one of: info, " "$mosaic" data xxxxxxxxx y
expect 2 "did you mean 'bench step'\?" "$mosaic" bench stpe
expect 2 "wants one of train, validation, test, none, found 'valid', did you mean 'validation'" "$mosaic" eval run --split valid
printf 'id,s1\na,a.tif\n' >"$work/table.csv"
expect 2 "table.csv.*is a table of patches: a configuration names it as data.root" "$mosaic" train "$work/table.csv" --out "$work/run"

# a group alone lists what it holds
expect 2 "data pack +" "$mosaic" data
expect 0 "data pack +" "$mosaic" data --help
expect 2 "did you mean 'data pack'" "$mosaic" data pakc x

# the nearest name at every level
cat >"$work/group.yaml" <<END
trian: {epochs: 3}
END
cat >"$work/key.yaml" <<END
metod: mosaic-1
END
cat >"$work/choice.yaml" <<END
method: mosiac-1
END
cat >"$work/deep.yaml" <<END
data: {labelled: {fraction: 0.1}}
END
expect 2 "group.yaml:1:1: unknown key 'trian'.*did you mean 'train'" "$mosaic" train "$work/group.yaml" --out "$work/run"
expect 2 "key.yaml:1:1: unknown key 'metod'.*did you mean 'method'" "$mosaic" train "$work/key.yaml" --out "$work/run"
expect 2 "did you mean 'mosaic-1'" "$mosaic" train "$work/choice.yaml" --out "$work/run"
expect 2 "unknown key 'data.labelled.*did you mean 'data.labeled" "$mosaic" train "$work/deep.yaml" --out "$work/run"
# key WRONG RIGHT YAML: below every group, and with --set
key() {
    printf '%s\n' "$3" >"$work/slip.yaml"
    expect 2 "slip.yaml:1:[0-9]+: .*$1.*did you mean '$2'\?" "$mosaic" train "$work/slip.yaml" --out "$work/run"
}
printf 'data: {root: x}\n' >"$work/plain.yaml"
key bnads bands 'data: {modalities: {s1: {bnads: [VV]}}}'
key rader radar 'data: {modalities: {s1: {kind: rader}}}'
key data.modalties data.modalities 'data: {modalties: {s1: {bands: [VV]}}}'
key data.labeled.fractoin data.labeled.fraction 'data: {labeled: {fractoin: 1}}'
key loss.weights.bec loss.weights.bce 'loss: {weights: {bec: 1}}'
key augment.blurr augment.blur 'augment: {blurr: 1}'
expect 2 "did you mean 'bands'" "$mosaic" train "$work/plain.yaml" --out "$work/run" --set data.modalities.s1.bnads=[VV]
for axis in "grid: {train.lrr: [1]}|train.lr" "set: {augmnet.blur: 0}|augment.blur" "variants: {a: {loss.weights.mcs: 0}}|loss.weights.msc" "gird: {train.lr: [1]}|grid"; do
    printf 'base: plain.yaml\n%s\n' "${axis%|*}" >"$work/sweep.yaml"
    expect 2 "sweep.yaml:2:[0-9]+: unknown key .*did you mean '${axis#*|}'" "$mosaic" sweep "$work/sweep.yaml" --out "$work/sweep" --dry-run
done
printf 'base: plain.yaml\n' >"$work/sweep.yaml"
expect 2 "did you mean 'train.lr'" "$mosaic" sweep "$work/sweep.yaml" --out "$work/sweep" --dry-run --grid "train.lrr=[1, 2]"
expect 2 "did you mean --max-lag" "$mosaic" data check x --max-leg 3
expect 2 "did you mean '--version'" "$mosaic" --verson

# flags are spelled as they are typed
for command in "data check" "data info" train eval probe sweep "data split"; do
    # shellcheck disable=SC2086
    "$mosaic" $command --help >"$work/help"
    check "$command: no flag with an underline" test -z "$(grep -oE '^ +(-., )?--[a-z-]*_' "$work/help")"
    check "$command: --set takes KEY=VALUE" test -z "$(grep -E -- '--set A,B' "$work/help")"
    check "$command: no default false" test -z "$(grep -E -- 'default (false|true)' "$work/help")"
done
expect 2 "^mosaic: usage error: --max-lag wants a number" "$mosaic" data check x --max-lag soon
expect 2 "^mosaic: usage error: --max_lag wants a number" "$mosaic" data check x --max_lag soon

# --set without an equals sign
for words in "train.epochs 20" "train.epochs: 20" "train.epochs =20"; do
    # shellcheck disable=SC2086
    expect 2 "--set wants KEY=VALUE, found 'train.epochs:?', did you mean --set train.epochs=20\?" "$mosaic" train "$work/key.yaml" --out "$work/run" --set $words
done
expect 2 "--set wants KEY=VALUE, found 'train.epochs'$" "$mosaic" train "$work/key.yaml" --out "$work/run" --set train.epochs
expect 2 "--set wants KEY=VALUE, found 'train.epochs'$" "$mosaic" sweep ablation --set=train.epochs --out "$work/run"
expect 2 "--set wants KEY=VALUE, found 'augment.blur', did you mean --set augment.blur=0\?" "$mosaic" preview "$work/key.yaml" --set augment.blur 0

# one name for a mean: macro F1, as the field writes it
check "no 'F1 macro'" test -z "$(grep -rnE '(F1|AP|precision|recall) (macro|micro)\b' "$2"/{src,cli,docs,examples,README.md})"

# a PyTorch file where safetensors is wanted
printf 'PK\003\004aaaaaaaaaaaaaaaaaaaaaaaa' >"$work/resnet34.pth"
expect 3 "resnet34.pth.* is a PyTorch file .*save_file" "$mosaic" eval "$work/resnet34.pth"

# tables
printf 'name,s1\na,a.tif\n' >"$work/patches.csv"
expect 3 "no column 'id'.*'name', 's1'" "$mosaic" data info "$work/patches.csv"
check "a patch for the tables" "$mosaic" data synth "$work/patch" --patches 1 --size 24 --layout tree --no-progress
find "$work/patch" -name '*_VV.tif' -exec cp {} "$work/a.tif" \;
printf 'id,s1,classes,split\na,a.tif,Water,train\n' >"$work/patches.csv"
expect 0 "column 'classes' holds no rasters and is not used; if it holds the labels, call it 'labels'" "$mosaic" data info "$work/patches.csv"
printf 'id,s1,classes,labels,split\na,a.tif,1,Water,train\n' >"$work/patches.csv"
expect 0 "column 'classes' holds no rasters and is not used$" "$mosaic" data info "$work/patches.csv"

# label cells that are likely not what was meant
cells() { # CELL...: a table with these labels
    echo id,s1,labels,split >"$work/patches.csv"
    for cell in "$@"; do echo "p$((++rows)),a.tif,\"$cell\",train"; done >>"$work/patches.csv"
}
rows=0
cells '10|30|80' 10
expect 3 "label '10\|30\|80' looks like several with '\|' between them: wanted ';'" "$mosaic" data info "$work/patches.csv"
cells 'Trees/Crops' Trees Crops 'Built up'
expect 0 "1 x class whose parts are classes, as in 'Trees/Crops', wanted A;B" "$mosaic" data info "$work/patches.csv"
check "nothing else is" test -z "$(grep "Built up'" "$work/output")"
cells '10 30' '10 80'
expect 0 "2 x class whose parts are classes, as in '10 30', wanted A;B" "$mosaic" data info "$work/patches.csv"
cells '10;30' '80'
expect 0 "codes of ESA WorldCover; data.nomenclature=worldcover" "$mosaic" data info "$work/patches.csv"
expect 0 "Permanent water bodies" "$mosaic" data info "$work/patches.csv" --nomenclature worldcover
cells '1;2' '3'
expect 0 "labels are numbers and no codes of ESA WorldCover: classes are called '1'" "$mosaic" data info "$work/patches.csv"
printf 'id,VV,VH,labels,split\na,a.tif,b.tif,Water,train\n' >"$work/patches.csv"
expect 3 "column 'VV' is named like a band.*call the columns <modality>:<band>, here 's1:VV'" "$mosaic" data info "$work/patches.csv"

# a configuration where a data set is wanted
printf 'data: {root: here/patches.csv}\nmethod: supervised\n' >"$work/mine.yaml"
expect 3 "/here/patches.csv: data.root does not exist" "$mosaic" data check "$work/mine.yaml"
printf 'data: {root: mine.yaml}\n' >"$work/twice.yaml"
expect 2 "mine.yaml is a configuration of training, wanted a data set: its data.root is 'here/patches.csv'" "$mosaic" data check "$work/twice.yaml"

# a table without splits: what divides it, and that it does
check "a tree of rasters" "$mosaic" -q data synth "$work/tree" --patches 6 --size 24 --classes 2 --layout tree --no-progress
(
    echo 'id,s2:B02,s2:B03,s2:B04,labels'
    find "$work/tree/BigEarthNet-S2" -name '*_B02.tif' | sort | awk -F_B02 '{ printf "p%d,%s_B02%s,%s_B03%s,%s_B04%s,%s\n", NR, $1, $2, $1, $2, $1, $2, NR % 2 ? "Water" : "Land" }'
) >"$work/own.csv"
printf 'data: {root: own.csv, format: csv, statistics_limit: 2}\nmethod: supervised\nmodel: {encoder: resnet10-narrow}\ntrain: {batch: 2, epochs: 1}\n' >"$work/own.yaml"
expect 3 "none of its 6 samples is in a split. 'mosaic data split .*own.csv split.csv --rule share' divides them, and data.split_file=split.csv" "$mosaic" train "$work/own.yaml" --out "$work/run"
expect 0 "no sample is in a split: --rule share divides them" "$mosaic" data split "$work/own.csv" "$work/split.csv"
expect 0 "written to" "$mosaic" data split "$work/own.csv" "$work/split.csv" --rule share --overwrite
check "nothing is missing then" test -z "$(grep 'no sample is in a split' "$work/output")"
expect 0 "^one batch +2 patches" "$mosaic" train "$work/own.yaml" --out "$work/run" --dry-run --threads 1 --set data.split_file="$work/split.csv"
finish
