"""A map of a scene by `mosaic predict` and by PyTorch as a user would write it, in the same run: pixels read to Cloud-Optimized
GeoTIFF written, in windows a second, and how near the first comes to `mosaic bench infer`, which reads and writes nothing.

    python3 bench/peers/predict_scene.py --model RUN --s1 S1.tif --s2 S2.tif [--encoder resnet18] [--rounds 3]

The peer: the same encoders with norms fused, traced and frozen, channels_last, batches of 32; windows read one by one through GDAL,
the bands the model takes; Hann weights in numpy; a UInt16 COG of all classes. Needs torch and osgeo; says so and ends well without."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

try:
    import numpy as np
    import torch
    from osgeo import gdal
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(0)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from torch_infer import Model, fuse  # noqa: E402

BANDS = "B02 B03 B04 B05 B06 B07 B08 B8A B11 B12".split()


def starts(pixels, size, stride):
    at = list(range(0, pixels - size + 1, stride))
    return at if at[-1] + size == pixels else at + [pixels - size]


def build(args):
    model = fuse(Model(args.encoder, [2, len(BANDS)], args.classes).eval().to(memory_format=torch.channels_last))
    shown = [torch.randn(32, b, args.size, args.size).contiguous(memory_format=torch.channels_last) for b in (2, len(BANDS))]
    with torch.no_grad():
        return torch.jit.freeze(torch.jit.trace(model, shown))


def peer_map(model, args, out):
    s1, s2 = gdal.Open(args.s1), gdal.Open(args.s2)
    names = {s2.GetRasterBand(b + 1).GetDescription(): b + 1 for b in range(s2.RasterCount)}
    bands = [names[b] for b in BANDS]
    width, height, size = s2.RasterXSize, s2.RasterYSize, args.size
    places = [(x, y) for y in starts(height, size, args.stride) for x in starts(width, size, args.stride)]
    wave = np.sin(np.pi * (np.arange(size) + 0.5) / size) ** 2
    weight = np.outer(wave, wave).astype("f4")
    top, bottom = np.zeros((args.classes, height, width), "f4"), np.zeros((height, width), "f4")
    for first in range(0, len(places), 32):
        some = places[first:first + 32]
        radar = np.stack([s1.ReadAsArray(x, y, size, size) for x, y in some])
        optical = np.stack([s2.ReadAsArray(x, y, size, size, band_list=bands) for x, y in some]).astype("f4")
        images = [torch.from_numpy(a).contiguous(memory_format=torch.channels_last) for a in ((radar + 12) / 5, (optical - 1500) / 800)]
        with torch.no_grad():
            answer = torch.sigmoid(model(*images)).numpy()
        for (x, y), p in zip(some, answer):
            top[:, y:y + size, x:x + size] += p[:, None, None] * weight
            bottom[y:y + size, x:x + size] += weight
    raster = gdal.GetDriverByName("MEM").Create("", width, height, args.classes, gdal.GDT_UInt16)
    raster.SetGeoTransform(s2.GetGeoTransform())
    raster.SetSpatialRef(s2.GetSpatialRef())
    for c in range(args.classes):
        raster.GetRasterBand(c + 1).WriteArray(np.rint(top[c] / bottom * 1e4).astype("u2"))
    gdal.GetDriverByName("COG").CreateCopy(out, raster, options=["COMPRESS=DEFLATE", "LEVEL=1", "PREDICTOR=YES", "OVERVIEW_RESAMPLING=AVERAGE"])
    return len(places)


def our_map(args, out):
    subprocess.run([args.mosaic, "predict", args.model, "--s1", args.s1, "--s2", args.s2, "--stride", str(args.stride), "--out", out,
                    "--threads", str(args.threads), "--precision", "fp32", "--overwrite"], check=True, capture_output=True)


def infer_rate(args):
    answer = subprocess.run([args.mosaic, "bench", "infer", "--encoder", args.encoder, "--size", str(args.size), "--bands", f"2,{len(BANDS)}",
                             "--rounds", "3", "--no-bf16", "--peer-modes", "", "--threads", str(args.threads), "--json"], capture_output=True, text=True)
    for row in json.loads(answer.stdout)["rows"]:
        if row["name"] == "mosaic fp32":
            return 1e3 / (2 * row["ms_per_view"])
    raise SystemExit(answer.stdout + answer.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mosaic", default="build/release/cli/mosaic")
    for name in ("model", "s1", "s2"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--encoder", default="resnet18")
    for name, value in (("size", 120), ("stride", 60), ("classes", 19), ("threads", os.cpu_count()), ("rounds", 3)):
        parser.add_argument(f"--{name}", type=int, default=value)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    model = build(args)
    ours, theirs, rates = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(args.rounds):
            begin = time.perf_counter()
            our_map(args, f"{folder}/ours.tif")
            middle = time.perf_counter()
            count = peer_map(model, args, f"{folder}/theirs.tif")
            ours.append(count / (middle - begin))
            theirs.append(count / (time.perf_counter() - middle))
            rates.append(infer_rate(args))
    ratio = statistics.median(a / b for a, b in zip(ours, theirs))
    share = statistics.median(a / b for a, b in zip(ours, rates))
    print(f"{count} windows of {args.size} px, {args.encoder}, {args.threads} threads, torch {torch.__version__}, medians of {args.rounds} rounds")
    print(f"mosaic predict  {statistics.median(ours):8.2f} windows/s")
    print(f"PyTorch         {statistics.median(theirs):8.2f} windows/s   mosaic is {ratio:.2f} times as fast")
    print(f"mosaic infer    {statistics.median(rates):8.2f} patches/s   predict reaches {share:.2f} of it")


if __name__ == "__main__":
    main()
