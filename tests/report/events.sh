#!/usr/bin/env bash
# The event files of an interrupted and resumed run, read by others: Google's protobuf, and TensorBoard where there is one.
#   events.sh MOSAIC SOURCE
# MOSAIC_TENSORBOARD_PYTHON: a Python that has tensorboard (python3 -m venv FOLDER && FOLDER/bin/pip install tensorboard).
set -u
mosaic=$1 source=$2
work=$(mktemp -d "${TMPDIR:-/tmp}/mosaic-events.XXXXXX")
trap 'rm -rf "$work"' EXIT
export PYTHONDONTWRITEBYTECODE=1

python3=/usr/bin/python3 # the one that Debian's packages are for
[ -x $python3 ] || python3=$(command -v python3)
if [ -z "$python3" ]; then
    echo "skipped: reading event files needs python3"
    exit 77
fi
"$mosaic" data synth "$work/data" --patches 24 --size 24 --classes 4 --seed 3 --no-progress || exit 1
cat >"$work/config.yaml" <<END
data: {root: $work/data, statistics: reben}
method: mosaic-1
model: {encoder: resnet10-narrow, hidden: 16, latent: 8}
train: {epochs: 2, batch: 4, lr: 1e-3, keep: 1, log_every: 1}
END
"$mosaic" train "$work/config.yaml" --out "$work/run" --threads 1 --max-steps 2 >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
"$mosaic" train "$work/config.yaml" --out "$work/run" --threads 1 --resume >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }

read_by=0 failed=0
for reader in protobuf tensorboard; do
    python=$python3
    [ $reader = tensorboard ] && python=${MOSAIC_TENSORBOARD_PYTHON:-$python3}
    "$python" "$source/tests/report/events_check.py" $reader "$work/run"
    case $? in
        0) read_by=$((read_by + 1)) ;;
        77) ;;
        *) failed=1 ;;
    esac
done
[ $failed = 0 ] || exit 1
[ $read_by != 0 ] || exit 77
