#!/usr/bin/env python3
"""A map of a scene in PyTorch as a user would write it; the peer of `mosaic bench predict`, which starts it.

Windows are read one by one through rasterio, in batches of 32; they are standardised, predicted, blended by Hann weights in numpy, and written as a
Cloud-Optimized GeoTIFF of all classes and one of the most probable class. The network has the weights of the model file; of PyTorch's ways to run it
(eager and frozen, norms fused, optimised for inference, compiled where there is torch.compile; NCHW and channels_last; with --precision bf16 also in
bfloat16) the fastest is measured first and taken. The first map is held against ours: it has to be the same, as far as the numbers go.

Protocol: prints "ready ...", then for every line on standard input makes the map and prints its seconds."""
import argparse
import copy
import json
import os
import struct
import sys
import time

try:
    import numpy as np
    import rasterio
    import torch
    from rasterio.shutil import copy as copy_raster
    from rasterio.windows import Window
except ImportError as missing:
    sys.exit(f"the peer is skipped: {missing}")

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from torch_infer import Model, fuse  # noqa: E402

RADAR = ["VV", "VH"]
OPTICAL = "B02 B03 B04 B05 B06 B07 B08 B8A B11 B12".split()
BATCH = 32


def load(args):
    """Tensors of the model file in its order, which is torchvision's and ours."""
    with open(args.model, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        head = json.loads(file.read(size))
        data = file.read()
    kinds = {"F32": np.float32, "I64": np.int64}

    def of(prefix):
        names = sorted((n for n in head if n.startswith(prefix)), key=lambda n: head[n]["data_offsets"])
        for name in names:
            begin, end = head[name]["data_offsets"]
            yield torch.from_numpy(np.frombuffer(data[begin:end], kinds[head[name]["dtype"]]).reshape(head[name]["shape"]).copy())

    classes = head["head.bias"]["shape"][0]
    model = Model(args.encoder, [len(RADAR), len(OPTICAL)], classes).eval()
    for part, prefix in ((model.encoders[0], "backbones.s1."), (model.encoders[1], "backbones.s2."), (model.head, "head.")):
        state, found = part.state_dict(), list(of(prefix))
        assert [tuple(t.shape) for t in state.values()] == [tuple(t.shape) for t in found], prefix
        part.load_state_dict(dict(zip(state, found)))
    return model, classes


def ways(model, args):
    """name, function of images, memory format, numbers."""
    for numbers in [torch.float32] + [torch.bfloat16] * (args.precision == "bf16"):
        for name, run, images, layout in ways_of(copy.deepcopy(model), numbers, args):
            yield f"{name} {'bf16' if numbers == torch.bfloat16 else 'fp32'}", run, images, layout, numbers


def ways_of(model, numbers, args):
    shown = [torch.randn(BATCH, b, args.size, args.size) for b in (len(RADAR), len(OPTICAL))]
    for name, layout in (("nchw", torch.contiguous_format), ("channels_last", torch.channels_last)):
        images = [x.to(numbers).contiguous(memory_format=layout) for x in shown]
        net = model.to(memory_format=layout)
        fused = fuse(copy.deepcopy(net)).to(numbers)
        net = copy.deepcopy(net).to(numbers)
        yield f"eager {name}", net, images, layout
        if hasattr(torch, "compile"):
            yield f"compiled {name}", torch.compile(net), images, layout
        frozen = torch.jit.freeze(torch.jit.trace(fused, images))
        yield f"frozen {name}", frozen, images, layout
        yield f"optimised {name}", torch.jit.optimize_for_inference(torch.jit.trace(fused, images)), images, layout


def fastest(model, args):
    best = None
    for name, run, images, layout, numbers in ways(model, args):
        times = []
        try:
            for _ in range(3):
                begin = time.perf_counter()
                run(*images)
                times.append(time.perf_counter() - begin)
        except RuntimeError as error:  # a way that this build of PyTorch lacks
            print(f"{name}: {str(error).splitlines()[0]}", file=sys.stderr)
            continue
        if best is None or min(times[1:]) < best[0]:
            best = min(times[1:]), name, run, layout, numbers
    return best[1:]


def starts(pixels, size, stride):
    at = list(range(0, pixels - size + 1, stride))
    return at if at[-1] + size == pixels else at + [pixels - size]


def write_cog(path, pixels, like, **about):
    profile = dict(driver="GTiff", width=like.width, height=like.height, count=len(pixels), crs=like.crs, transform=like.transform, **about)
    with rasterio.MemoryFile() as memory:
        with memory.open(**profile) as out:
            out.write(pixels)
        with memory.open() as source:
            copy_raster(source, path, driver="COG", compress="DEFLATE", level=1, num_threads=str(torch.get_num_threads()),
                        predictor="YES" if pixels.dtype == np.uint16 else "NO", overview_resampling="AVERAGE" if pixels.dtype == np.uint16 else "MODE")


def make_map(run, layout, numbers, classes, args):
    scales = [np.array([float(v) for v in text.split(",")], "f4")[:, None, None] for text in (args.mean, args.sd)]
    (mean1, mean2), (sd1, sd2) = [(n[:2], n[2:]) for n in scales]
    with rasterio.open(args.s1) as s1, rasterio.open(args.s2) as s2:
        radar = [s1.descriptions.index(b) + 1 for b in RADAR]
        optical = [s2.descriptions.index(b) + 1 for b in OPTICAL]
        size, wave = args.size, np.sin(np.pi * (np.arange(args.size) + 0.5) / args.size) ** 2
        weight = np.outer(wave, wave).astype("f4")
        top, bottom = np.zeros((classes, s2.height, s2.width), "f4"), np.zeros((s2.height, s2.width), "f4")
        places = [(x, y) for y in starts(s2.height, size, args.stride) for x in starts(s2.width, size, args.stride)]
        for first in range(0, len(places), BATCH):
            some = places[first:first + BATCH]
            windows = [Window(x, y, size, size) for x, y in some]
            images = [(np.stack([s1.read(radar, window=w) for w in windows]) - mean1) / sd1,
                      (np.stack([s2.read(optical, window=w) for w in windows]).astype("f4") - mean2) / sd2]
            images = [torch.from_numpy(a).to(numbers).contiguous(memory_format=layout) for a in images]
            answer = torch.sigmoid(run(*images).float()).numpy()
            for (x, y), p in zip(some, answer):
                top[:, y:y + size, x:x + size] += p[:, None, None] * weight
                bottom[y:y + size, x:x + size] += weight
        probability = top / bottom
        write_cog(args.out, np.rint(probability * 1e4).astype("u2"), s2, dtype="uint16", nodata=65535)
        write_cog(args.out + ".classes.tif", (probability.argmax(0) + 1).astype("u1")[None], s2, dtype="uint8", nodata=0)


def compare(args):
    with rasterio.open(args.out) as theirs, rasterio.open(args.expected) as ours:
        a, b = theirs.read().astype(int), ours.read().astype(int)
    most = 10 if args.precision == "fp32" else 300  # ten-thousandths
    if a.shape != b.shape or np.abs(a - b).max() > most:
        sys.exit(f"the maps differ: {a.shape} and {b.shape}, by {np.abs(a - b).max() * 1e-4 if a.shape == b.shape else '-'} at most")
    return np.abs(a - b).max() * 1e-4


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("model", "s1", "s2", "out", "expected", "mean", "sd"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--encoder", default="resnet18")
    for name, value in (("size", 120), ("stride", 60), ("threads", os.cpu_count())):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    with torch.inference_mode():
        model, classes = load(args)
        name, run, layout, numbers = fastest(model, args)
        print(f"ready torch {torch.__version__} {name}, rasterio {rasterio.__version__}, threads {torch.get_num_threads()}", flush=True)
        compared = False
        for _ in sys.stdin:
            begin = time.perf_counter()
            make_map(run, layout, numbers, classes, args)
            seconds = time.perf_counter() - begin
            if not compared:
                print(f"maps differ by {compare(args):.4f} at most", file=sys.stderr, flush=True)
                compared = True
            print(repr(seconds), flush=True)


if __name__ == "__main__":
    main()
