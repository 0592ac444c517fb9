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
finish
