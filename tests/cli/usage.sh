#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# Usage: every command explains itself, wrong words name the nearest right one, exit codes are the documented ones.
source "$(dirname "$0")/cli_support.sh"

expect 0 "usage: mosaic" "$mosaic" --help
expect 0 "^mosaic [0-9]+\.[0-9]+\.[0-9]+" "$mosaic" --version
expect 2 "usage: mosaic" "$mosaic"
expect 2 "unknown option '--frob'" "$mosaic" --frob
expect 2 "did you mean 'train'" "$mosaic" trian
expect 2 "did you mean 'data synth'" "$mosaic" data snyth x

expect 2 "no instruction set 'mmx'.*has: base" "$mosaic" --isa mmx --version
expect 2 "MOSAIC_ISA: no instruction set 'mmx'.*has: base" env MOSAIC_ISA=mmx "$mosaic" data info x
expect 0 "^mosaic [0-9]" "$mosaic" --isa=base --version
expect 0 "base used .capped" "$mosaic" --isa base doctor

mapfile -t commands < <("$mosaic" --help | sed -n '/^commands:/,/^options:/p' | sed -nE 's/^  ([a-z]+( [a-z]+)?) {2,}.*/\1/p')
[ ${#commands[@]} -ge 10 ] || { echo "FAILED: only ${#commands[@]} commands listed"; failures=$((failures + 1)); }
for command in "${commands[@]}"; do
    # shellcheck disable=SC2086 # a command is one or two words
    expect 0 "usage: mosaic $command" "$mosaic" $command --help
    # shellcheck disable=SC2086
    expect 0 '"key"|"protocol (list|show)", "options"' "$mosaic" $command --json-usage
    # shellcheck disable=SC2086
    expect 2 "frobnicate" "$mosaic" $command --frobnicate
done

expect 2 "--patches.*(number|integer|wanted)" "$mosaic" data synth "$work/a" --patches many
expect 2 "did you mean|nearest|patches" "$mosaic" data synth "$work/a" --patchs 10
expect 2 "missing argument" "$mosaic" data synth
expect 2 "unexpected argument 'b'" "$mosaic" report a b
expect 2 "run directory is needed" "$mosaic" train "$work/none.yaml"
expect 1 "none.yaml" "$mosaic" train "$work/none.yaml" --out "$work/run"
expect 0 '"\$schema"' "$mosaic" --schema
expect 0 'train.epochs' "$mosaic" --schema=md

# Topics: each explains itself, docs/topics.md is what the program says, and all options and keys that they name are there.
expect 0 "few-labels" "$mosaic" help
expect 0 "^maps: a map" "$mosaic" help maps
expect 0 "^search: places that look" "$mosaic" help search
expect 2 "did you mean 'few-labels'" "$mosaic" help few-lables
expect 2 "no help topic|unknown key" "$mosaic" help xyzzy
"$mosaic" help --markdown >"$work/topics.md"
cmp "$work/topics.md" "$2/docs/topics.md" || { echo "FAILED: docs/topics.md: mosaic help --markdown writes it"; failures=$((failures + 1)); }
"$mosaic" train --help >"$work/options"
for command in predict embed search probe "data check"; do
    # shellcheck disable=SC2086
    "$mosaic" $command --help >>"$work/options"
done
for option in $(grep -oE -- '--[a-z][a-z0-9-]+' "$work/topics.md" | grep -v -- --markdown | sort -u); do
    grep -qw -- "$option" "$work/options" || { echo "FAILED: topics name $option, which no command has"; failures=$((failures + 1)); }
done
for key in $(grep -oE '(train|data|loss|model)\.[a-z_]+(\.[a-z_]+)?' "$work/topics.md" | sort -u); do
    expect 0 "^$key" "$mosaic" help "$key"
done

# A key of the configuration that is typed as an option.
expect 2 "unknown option --epoch; .*write --set train.epochs=3$" "$mosaic" train --epoch 3
expect 2 "write --set train.epochs=3$" "$mosaic" train "$work/none.yaml" --epochs=3
expect 2 "write --set loss.tau_ntx=VALUE$" "$mosaic" train --tau_ntx
expect 2 "write --set loss.tau_ntx=0.2$" "$mosaic" train --loss.tau_ntx 0.2
expect 2 "write --set train.seed=3$" "$mosaic" train --seed 3 # not --set, though that is spelt nearly so
expect 2 "unknown option --ste, did you mean --set" "$mosaic" train --ste a
expect 2 "unknown option --frobnicate$" "$mosaic" train --frobnicate 3
finish
