#!/usr/bin/env bash
# shellcheck disable=SC2154 # mpirun is set by ranks_support.sh
# A link that tc limits, in a network namespace of its own: what `bench ranks` fits to its calls is that link. Both
# directions of two ranks on one machine share the loopback, so a rank has half of the link.
#   link_real.sh NAME MOSAIC
set -euo pipefail
name=$1 mosaic=$2
. "$(dirname "$0")/ranks_support.sh"
[ "$name" = openmpi ] || skip "the way of choosing TCP is Open MPI's, built with $name"
for one in unshare ip tc; do
  command -v $one >/dev/null || skip "no $one (Debian: util-linux, iproute2)"
done
# The token bucket is full again after a pause, and what it holds passes at the speed of memory: it has to be small beside
# the messages, and no smaller than a packet, which the loopback's own MTU of 64 KiB would ask for.
limit_link="ip link set lo mtu 9000 up && tc qdisc add dev lo root tbf rate 1gbit burst 32kb latency 50ms"
why=$(unshare -n sh -c "$limit_link" 2>&1) || skip "no network namespace with a limited link here: $why"
[ "$(nproc)" -ge 2 ] || skip "two ranks need two processors"
begin "$name" 150
export OMPI_MCA_btl=self,tcp OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_oob_tcp_if_include=lo

# A roof that moves on a busy machine is no failure here.
unshare -n sh -c "$limit_link && exec timeout -k 5 $limit $mpirun -n 2 '$mosaic' -q bench ranks --encoder resnet10-narrow --batch 6 \
  --size 16 --rounds 3 --python '' --json" >out 2>log || true
/usr/bin/python3 - out <<'PYTHON' || { cat out log; fail "the link that was measured is not the one there is"; }
import json, sys
rows = {row["name"]: row for row in json.loads(open(sys.argv[1]).read())["rows"]}
half = 0.125 / 2  # GB/s
for call in "calls: gather (all-gather)", "calls: sum (all-reduce)":
    rate = rows[call]["gigabytes_per_s"]
    print(f"{call}: {rate:.3f} GB/s of {half:.3f}")
    assert 0.5 * half < rate < 1.15 * half, (call, rate)
PYTHON
