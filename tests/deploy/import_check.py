"""Files of other programs, and their own answers, for import.sh.

    import_check.py reben FOLDER      models as reBEN publishes them (s1, s2, all), patches, and what PyTorch says of them
    import_check.py near FOLDER RELEASE PREDICTIONS
"""
import csv
import json
import os
import struct
import sys
import warnings

import numpy as np

warnings.filterwarnings("ignore")
SIZE = 24
OLD = ["B02", "B03", "B04", "B08", "B05", "B06", "B07", "B11", "B12", "B8A"]
WAVELENGTH = ["B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12"]
RADAR = ["VV", "VH"]
MEAN = dict(zip(RADAR + WAVELENGTH, [-12.643863677978516, -19.352558135986328, 438.3720703125, 614.0556640625, 588.4096069335938, 942.8433227539062, 1769.931640625, 2049.551513671875,
                             2193.2919921875, 2235.556640625, 1568.226806640625, 997.7324829101562]))
SD = dict(zip(RADAR + WAVELENGTH, [5.133493900299072, 5.590505599975586, 607.02685546875, 603.2968139648438, 684.56884765625, 738.4326782226562, 1100.4560546875, 1275.805419921875,
                           1369.3717041015625, 1356.5440673828125, 1070.1612548828125, 813.5276489257812]))


# channels by release, v0.1.1 and v0.2.0
KINDS = {"s2": (OLD, WAVELENGTH), "s1": (RADAR[::-1], RADAR), "all": (OLD + RADAR[::-1], RADAR + WAVELENGTH)}


def write(path, tensors):
    header, at = {}, 0
    for name, array in tensors.items():
        header[name] = {"dtype": {"float32": "F32", "int64": "I64"}[str(array.dtype)], "shape": list(array.shape), "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(header).encode()
    with open(path, "wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text)
        for array in tensors.values():
            stream.write(array.tobytes())


def patches(folder, kind):
    """Three patches of `kind`, bands named in the file, in an order that is no model's; pixels by band."""
    from osgeo import gdal
    gdal.UseExceptions()
    bands = sorted(KINDS[kind][1])
    random = np.random.default_rng(2)
    pixels = {b: random.normal(MEAN[b], SD[b] / 3, (3, SIZE, SIZE)) for b in bands}
    pixels = {b: (p if b in RADAR else p.clip(1, 9000).round()).astype(np.float32) for b, p in pixels.items()}
    with open(os.path.join(folder, "table.csv"), "w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", kind])
        for i in range(3):
            writer.writerow([f"p{i}", f"{i}.tif"])
            out = gdal.GetDriverByName("GTiff").Create(os.path.join(folder, f"{i}.tif"), SIZE, SIZE, len(bands), gdal.GDT_UInt16 if kind == "s2" else gdal.GDT_Float32)
            for b, band in enumerate(bands):
                out.GetRasterBand(b + 1).WriteArray(pixels[band][i])
                out.GetRasterBand(b + 1).SetDescription(band)
    return pixels


def make(folder):
    import torch
    import torchvision
    torch.manual_seed(1)
    model = torchvision.models.resnet50(weights=None, num_classes=19)
    model.fc.weight.data.normal_(0, .05)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, .1)
            module.running_var.uniform_(.8, 1.2)
            module.weight.data.uniform_(.8, 1.2)
    for kind, orders in KINDS.items():
        model.conv1 = torch.nn.Conv2d(len(orders[0]), 64, 7, 2, 3, bias=False)
        state = {"model.vision_encoder." + k: v.numpy().copy() for k, v in model.state_dict().items()}
        here = os.path.join(folder, kind)
        os.mkdir(here)
        write(os.path.join(here, "model.safetensors"), state)
        pixels = patches(here, kind)
        answers = {}
        for release, order in zip(("v0.1.1", "v0.2.0"), orders):
            x = torch.from_numpy(np.stack([(pixels[b] - MEAN[b]) / SD[b] for b in order], 1).astype(np.float32))
            with torch.no_grad():
                answers[release] = torch.sigmoid(model.eval()(x)).numpy().tolist()
        worst = abs(np.array(answers["v0.1.1"]) - np.array(answers["v0.2.0"])).max()
        assert .01 < worst, worst
        assert .05 < np.array(answers["v0.2.0"]).mean() < .95
        json.dump(answers, open(os.path.join(here, "answers.json"), "w"))
        if kind != "s2":
            continue
        plain = {k[len("model.vision_encoder."):]: v for k, v in state.items()}
        write(os.path.join(folder, "plain.safetensors"), plain)
        del plain["layer3.5.bn2.running_var"]
        write(os.path.join(folder, "lacking.safetensors"), plain)


def near(folder, release, predictions):
    wanted = np.array(json.load(open(os.path.join(folder, "answers.json")))[release])
    got = np.array([[float(v) for k, v in r.items() if k.startswith("probability:")] for r in csv.DictReader(open(predictions))])
    worst = abs(got - wanted).max()
    print(release, "within", worst)
    assert got.shape == (3, 19) and worst < 1e-4, worst


if __name__ == "__main__":
    {"reben": make, "near": near}[sys.argv[1]](*sys.argv[2:])
