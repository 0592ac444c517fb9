#!/usr/bin/env bash
# Runs a test under a cap on the instruction set: with_isa.sh MOSAIC SET PROGRAM [arguments]. What the
# processor lacks is skipped, and so is its own set, which the test without a cap runs on.
mosaic=$1 isa=$2
shift 2
possible=$("$mosaic" --isa none --version 2>&1 | sed -n 's/.*this processor has: //p' | tr -d ,)
[ -n "$possible" ] || { echo "FAILED: $mosaic names no instruction sets"; exit 1; }
if ! grep -qw -- "$isa" <<<"$possible"; then
    echo "skipped: this processor lacks $isa"
    exit 77
fi
if [ "${possible##* }" = "$isa" ] && ! grep -qw amx_bf16 /proc/cpuinfo; then
    echo "skipped: $isa is all this processor has: the test without a cap"
    exit 77
fi
MOSAIC_ISA=$isa exec "$@"
