#!/usr/bin/env bash
# use.sh CONSUMER: what the installed packages are for: data, a training, a program in C, Python.
set -euxo pipefail
consumer=$1
cd "$(mktemp -d)"
mosaic doctor
mosaic -q data synth data --layout tree --patches 40 --size 24 --classes 3 --seed 1 --no-progress
cat >config.yaml <<END
data: {root: data}
method: mosaic-1
model: {encoder: resnet10-narrow, hidden: 16, latent: 8}
train: {epochs: 1, batch: 8, workers: 1}
END
mosaic -q train config.yaml --out run --max-steps 2
mosaic -q eval run --split test --pictures 0
test -s run/model/model.safetensors
# shellcheck disable=SC2046 # words
gcc -std=c17 -Wall -Werror "$consumer" -o consumer $(pkg-config --cflags --libs mosaic)
./consumer "$(pkg-config --modversion mosaic)"
cat >read.py <<END
import mosaic_eo
assert mosaic_eo.__file__.startswith("/usr/lib/python3/dist-packages/"), mosaic_eo.__file__
patches = mosaic_eo.Dataset("data")
assert len(patches) == 40, len(patches)
END
env -u MOSAIC_LIBRARY -u PYTHONPATH python3 read.py
for page in man/man1/mosaic-train.1.gz zsh/vendor-completions/_mosaic bash-completion/completions/mosaic fish/vendor_completions.d/mosaic.fish; do
  test -s "/usr/share/$page"
done
