#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# Manual pages and completion: one page a command, read without a warning; every shell that is here completes.
source "$(dirname "$0")/cli_support.sh"
pages=$work/pages
check "pages are written" "$mosaic" "--pages=$pages"
bash_file=$pages/bash-completion/completions/mosaic
# shellcheck disable=SC2034 # used by name
zsh_file=$pages/zsh/site-functions/_mosaic
fish_file=$pages/fish/vendor_completions.d/mosaic.fish

check "every option of every command is on its page" /usr/bin/python3 - "$mosaic" "$pages" <<'END'
import json, re, subprocess, sys
mosaic, pages = sys.argv[1:]
said = subprocess.run([mosaic, "--help"], capture_output=True, text=True, check=True).stdout
commands = re.findall(r"^  ([a-z]+(?: [a-z-]+)?) {2,}", said.split("commands:")[1].split("options:")[0], re.M)
assert len(commands) >= 30, commands
options = 0
for command in commands:
    usage = json.loads(subprocess.run([mosaic, *command.split(), "--json-usage"], capture_output=True, check=True).stdout)
    page = open(f"{pages}/man/man1/mosaic-{command.replace(' ', '-')}.1").read().replace("\\-", "-")
    assert f"\n.SH SYNOPSIS\nmosaic {command}" in page, command
    for option in usage["options"]:
        name = option["key"].replace("_", "-")
        lines = [line for line in page.split("\n") if re.search(rf"\\fB--(no-)?{name}\\fR", line)]
        assert len(lines) == 1, (command, name, lines)
        assert option["help"].replace("\\", "\\e")[:40] in page, (command, name)
        options += 1
assert options > 200, options
END
check "mosaic.1 names a page" grep -q 'mosaic\\-data\\-info.*(1)' "$pages/man/man1/mosaic.1"
if command -v mandoc >/dev/null; then
    # A date would change the bytes of every build.
    mandoc -T lint -W warning "$pages"/man/man1/*.1 | grep -v 'missing date' >"$work/lint"
    check "mandoc warns of nothing: $(head -n 3 "$work/lint")" test ! -s "$work/lint"
elif command -v man >/dev/null; then
    for page in "$pages"/man/man1/*.1; do
        LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" >/dev/null
    done 2>"$work/lint"
    check "man warns of nothing: $(head -n 3 "$work/lint")" test ! -s "$work/lint"
else
    echo "skipped: neither mandoc nor man is installed, the pages are not read"
fi

# completes WANTED WORD...: the last word begins one that is offered; "!": nothing is.
completes() {
    local wanted=$1
    shift
    local found
    found=$(bash --norc -c 'source "$1"; shift; COMP_WORDS=(mosaic "$@"); COMP_CWORD=$#; _mosaic; printf "%s " "${COMPREPLY[@]}"' - "$bash_file" "$@")
    check "bash: 'mosaic $*' has '$wanted', found '$found'" test "$found" = "$wanted"
}
completes 'train ' tra
completes 'info ' data inf
completes 'import-split ' data imp
completes '--device ' train --dev
completes '--sheet ' search --she
completes 'fp32 ' eval --precision fp3
completes 'fp32 ' eval --precision = fp3
completes '--seed ' data synth --see
completes 'train.epochs= ' train --set train.epo
completes 'avx2 ' --isa avx2
completes '--json --json-usage ' -q --isa avx2 data info --js
completes 'report ' help rep
completes 'few-labels ' help few
completes 'search ' help sear
completes ' ' report some/run
check "zsh: few-labels is one" grep -qE '^ +compadd .*-- .*few-labels' "$zsh_file"
for shell in zsh fish; do
    file=${shell}_file
    if ! command -v "$shell" >/dev/null; then
        echo "skipped: $shell is not installed, its completion is not read"
        continue
    fi
    check "$shell reads its completion" "$shell" -n "${!file}"
done
if command -v fish >/dev/null; then
    # offers PATTERN LINE: what fish offers at the end of the line.
    offers() {
        check "fish: '$2' has '$1'" bash -c 'HOME=$1 fish --no-config -c "source $2; complete -C \"$3\"" | grep -qE -- "$4"' - "$work" "$fish_file" "$2" "$1"
    }
    offers '^train\b' 'mosaic tra'
    offers '^stats\b' 'mosaic data st'
    offers '^--sheet\b' 'mosaic search --sh'
    offers '^few-labels\b.*few patches' 'mosaic help few'
    offers '^train\b' 'mosaic help tra'
    offers '^fp32\b' 'mosaic eval --precision fp'
fi
expect "1" "not a directory|Not a directory|exists|cannot" "$mosaic" "--pages=$bash_file"
expect 2 "unknown option '--pages'" "$mosaic" --pages
finish
