#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# `mosaic import`: reBEN's models in both releases' band order against PyTorch, torchvision's state_dicts, and what is refused.
source "$(dirname "$0")/../cli/cli_support.sh"
source=$2
export PYTHONDONTWRITEBYTECODE=1
python=${PYTHON:-/usr/bin/python3}
if ! "$python" -W ignore -c 'import numpy, torch, torchvision; from osgeo import gdal' 2>/dev/null; then
    echo "skipped: needs Debian's python3-numpy, python3-torchvision and GDAL for Python"
    exit 77
fi
mkdir "$work/hub"
check "models as reBEN publishes them" "$python" "$source/tests/deploy/import_check.py" reben "$work/hub"
id=BIFOLD-BigEarthNetv2-0/resnet50-s2
for kind in s2 s1 all; do
    for release in v0.1.1 v0.2.0; do
        model=$work/$kind-$release
        expect 0 "head.weight from model.vision_encoder.fc.weight" "$mosaic" import "$work/hub/$kind" --layout reben --id "BIFOLD-BigEarthNetv2-0/resnet50-$kind-$release" --size 24 --out "$model.safetensors"
        expect 0 "3 of 3 patches" "$mosaic" predict "$model.safetensors" "$work/hub/$kind/table.csv" --threads 1 --out "$model"
        check "$kind $release: as PyTorch" "$python" "$source/tests/deploy/import_check.py" near "$work/hub/$kind" $release "$model/predictions.csv"
        rm "$model.safetensors"
    done
done
expect 2 "does not say which release.*order of the bands.*--release" "$mosaic" import "$work/hub/s2" --layout reben --out "$work/never"
expect 2 "--release says v0.1.1, .*v0.2.0' says v0.2.0" "$mosaic" import "$work/hub/s2" --layout reben --id $id-v0.2.0 --release v0.1.1 --out "$work/never"

# torchvision: bands and statistics are the user's to say
bands=B02,B03,B04,B05,B06,B07,B08,B8A,B11,B12
mean=438.3720703125,614.0556640625,588.4096069335938,942.8433227539062,1769.931640625,2049.551513671875,2193.2919921875,2235.556640625,1568.226806640625,997.7324829101562
sd=607.02685546875,603.2968139648438,684.56884765625,738.4326782226562,1100.4560546875,1275.805419921875,1369.3717041015625,1356.5440673828125,1070.1612548828125,813.5276489257812
tv() {
    "$mosaic" import "$work/hub/plain.safetensors" --modality s2 --bands $bands --mean=$mean --sd=$sd --size 24 "$@"
}
expect 0 "left out fc.weight: --classes names no classes" tv --out "$work/start.safetensors"
expect 0 "s2.safetensors" "$mosaic" export "$work/start.safetensors" --to safetensors --out "$work/back" --threads 1
check "what came in goes out" "$python" - "$work/hub/plain.safetensors" "$work/back/s2.safetensors" <<'END'
import json, struct, sys
def read(path):
    data = open(path, "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__", None)
    return {n: (t["dtype"], t["shape"], data[8 + size + t["data_offsets"][0]:8 + size + t["data_offsets"][1]]) for n, t in header.items() if not n.startswith("fc.")}
a, b = read(sys.argv[1]), read(sys.argv[2])
assert a == b and len(a) == 318, (len(a), len(b))
END
expect 2 "--classes names 2 classes, .* has 19" tv --classes Water,Trees --out "$work/never"
expect 2 "takes 10 channels.*--bands their 10 names, found 2" "$mosaic" import "$work/hub/plain.safetensors" --modality s2 --bands B02,B03 --out "$work/never"
expect 2 "--mean wants 10 numbers" "$mosaic" import "$work/hub/plain.safetensors" --modality s2 --bands $bands --mean=1,2 --out "$work/never"
expect 3 "tensor 'layer3.5.bn2.running_var' is missing" "$mosaic" import "$work/hub/lacking.safetensors" --modality s2 --bands $bands --mean=$mean --sd=$sd --out "$work/never"
printf 'PK\003\004aaaaaaaaaaaaaaaaaaaaaaaa' >"$work/model.pth"
expect 3 "model.pth.* is a PyTorch file .*save_file" "$mosaic" import "$work/model.pth" --layout reben --out "$work/never"
check "nothing is left of refused imports" test ! -e "$work/never"
finish
