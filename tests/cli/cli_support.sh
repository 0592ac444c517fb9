# shellcheck shell=bash disable=SC2034 # what is set here is used by those who source it
# Helpers of the command line tests. Each test sources this with the program in $mosaic and ends with `finish`.
set -u
mosaic=$1
# Checkpoints are written to the disk before a run goes on: in memory, where there is room, a test waits for no disk.
if [ -z "${TMPDIR:-}" ] && [ "$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')" -gt 4000000 ] 2>/dev/null && [ -w /dev/shm ]; then
    TMPDIR=/dev/shm
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/mosaic-cli.XXXXXX")
trap 'rm -rf "$work"' EXIT
failures=0 checks=0

# expect CODE PATTERN COMMAND...: runs the command; its exit code ("1|2": either) and a pattern in stdout + stderr must match ("" matches all).
expect() {
    local code=$1 pattern=$2 got
    shift 2
    "$@" >"$work/output" 2>&1 </dev/null
    got=$?
    checks=$((checks + 1))
    if ! [[ "$got" =~ ^($code)$ ]] || ! grep -qiE -- "$pattern" "$work/output"; then
        failures=$((failures + 1))
        echo "FAILED: $*"
        echo "  exit code $got, wanted $code; output wanted to match: $pattern"
        sed 's/^/  | /' "$work/output" | head -n 20
    fi
}

# check WHAT COMMAND...: the command must succeed.
check() {
    local what=$1
    shift
    checks=$((checks + 1))
    if ! "$@" >"$work/output" 2>&1; then
        failures=$((failures + 1))
        echo "FAILED: $what"
        sed 's/^/  | /' "$work/output" | head -n 20
    fi
}

# same FILE FILE: equal bytes.
same() {
    check "$1 equals $2" cmp "$1" "$2"
}

finish() {
    echo "$checks checks, $failures failed"
    [ "$failures" = 0 ]
}
