#!/usr/bin/env python3
"""Augmented batches a second into PyTorch: mosaic_eo, TorchGeo and ConfigILM (the loader of reBEN), side by side in one run.

    loader_race.py --mosaic build/release/cli/mosaic [--ways mosaic,torchgeo,configilm] [--rounds 5] [--json]

`mosaic_eo` is imported as everywhere (PYTHONPATH, MOSAIC_LIBRARY). The interpreter needs PyTorch; peers whose packages are missing are
skipped aloud. In a virtual environment (ConfigILM wants older versions of some; its loader runs with these):
    pip install torch torchvision torchgeo lmdb safetensors pyarrow appdirs "transformers<5" && pip install --no-deps configilm

One data set is made (`mosaic data synth`): BigEarthNet V2 as it is downloaded, a GeoTIFF per band of 120, 60 and 20 px, and its store, an LMDB of
safetensors as rico-hdl writes (`mosaic data pack`). TorchGeo reads the GeoTIFFs and ConfigILM the store, each with its own class. TorchGeo
reads a reference map for every patch too; here it does not (--maps), which is to its advantage. Ours reads the store, and the GeoTIFFs.

All make one view of every patch, 2 + 12 bands of 120 px, float32, standardised with the same numbers, in random order:
  geometry  random resized crop (area 0.3 to 0.9, sides 3:4 to 4:3, bilinear), mirrored both ways, turned by multiples of 90 degrees
  whole     also Gaussian blur (0.3 of the time, sigma 0.3 to 1.2), for optical bands gain and offset (0.8 of the time, 0.1 each) and noise
            (0.05 sd), for radar Gamma speckle of 8 looks and a shift of up to 1 dB: the defaults of `augment.*`
The peers make it with kornia or torchvision's transforms (v2) and plain PyTorch where these have nothing; their blur is 5 px wide, ours as
wide as sigma needs. Their settings: torchvision for each patch in the workers; kornia for whole batches in the workers; kornia for
whole batches in the main process, as TorchGeo's trainers do. The fastest is measured first and taken. They have two worker processes
(--threads), ours two threads; pixels come from the page cache. Every first batch is looked at: it has to be standardised.

A turn of a peer is one epoch of an even number of batches, so that no worker works for another's turn. The result is a table, or JSON."""
import argparse
import importlib
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

try:
    import numpy as np
    import torch
    from torch.utils.data import DataLoader, Sampler

    import mosaic_eo as mo
    from mosaic_eo.torch import MosaicBatches
except ImportError as missing:
    sys.exit(f"the race is skipped: {missing}")

RADAR = ["VV", "VH"]
OPTICAL = "B01 B02 B03 B04 B05 B06 B07 B08 B8A B09 B11 B12".split()
SIZE = 120
LEVELS = ("geometry", "whole")
PACKAGES = ("pandas", "pyarrow", "torchvision")  # that every peer needs
GEOMETRY_ONLY = {"augment.blur": 0, "augment.gain_probability": 0, "augment.noise": 0, "augment.speckle_looks": 0, "augment.shift_db": 0}


# ---- the augmentation of the peers: images [n, 14, h, w], VV and VH first ----


class Light:
    """What ours does to values, in PyTorch, and the standardisation."""

    def __init__(self, level, mean, sd):
        self.whole = level == "whole"
        self.mean, self.sd = (torch.tensor(v, dtype=torch.float32)[:, None, None] for v in (mean, sd))
        self.gamma = torch.distributions.Gamma(8.0, 8.0)

    def __call__(self, x):
        if self.whole:
            radar = x[:, :2]
            radar += 10 * torch.log10(self.gamma.sample(radar.shape)) + (2 * torch.rand(len(x), 1, 1, 1) - 1)
        x = x.sub_(self.mean).div_(self.sd)
        if self.whole:
            optical, bands = x[:, 2:], x.shape[1] - 2
            often = (torch.rand(len(x), 1, 1, 1) < 0.8).float() * 0.1
            gain, offset = (often * (2 * torch.rand(len(x), bands, 1, 1) - 1) for _ in range(2))
            base = (self.mean / self.sd)[2:]
            optical += gain * (optical + base) + offset
            optical += 0.05 * torch.randn_like(optical)
        return x


class Torchvision:
    """For each patch."""

    def __init__(self, level, mean, sd):
        from torchvision.transforms import v2

        self.steps = [v2.RandomResizedCrop(SIZE, scale=(0.3, 0.9), ratio=(3 / 4, 4 / 3), antialias=False), v2.RandomHorizontalFlip(),
                      v2.RandomVerticalFlip()]
        self.blur = v2.RandomApply([v2.GaussianBlur(5, (0.3, 1.2))], 0.3) if level == "whole" else None
        self.light = Light(level, mean, sd)

    def __call__(self, x):
        for step in self.steps:
            x = step(x)
        x = torch.rot90(x, int(torch.randint(4, ())), (-2, -1))
        if self.blur is not None:
            x = torch.cat([self.blur(x[:2]), self.blur(x[2:])])
        return self.light(x[None].contiguous())[0]


class Kornia:
    """For a batch."""

    def __init__(self, level, mean, sd):
        import kornia.augmentation as K

        self.geometry = torch.nn.Sequential(K.RandomResizedCrop((SIZE, SIZE), (0.3, 0.9), (3 / 4, 4 / 3), cropping_mode="resample"),
                                            K.RandomHorizontalFlip(), K.RandomVerticalFlip(), K.RandomRotation90((0, 3), p=1.0))
        self.blur = K.RandomGaussianBlur((5, 5), (0.3, 1.2), p=0.3) if level == "whole" else None
        self.light = Light(level, mean, sd)

    @torch.no_grad()
    def __call__(self, x):
        x = self.geometry(x)
        if self.blur is not None:
            x = torch.cat([self.blur(x[:, :2]), self.blur(x[:, 2:])], 1)
        return self.light(x.contiguous())


# ---- the peers' data sets: (image [14, h, w], label) ----


def torchgeo_data(paths, maps):
    from torchgeo import __version__
    from torchgeo.datasets import BigEarthNetV2

    class Pairs(BigEarthNetV2):
        def __getitem__(self, index):
            sample = super().__getitem__(index)
            # TorchGeo sorts files by name: VH before VV.
            return torch.cat([sample["image_s1"].flip(0), sample["image_s2"]]), sample["label"]

        def _load_map(self, index):
            return super()._load_map(index) if maps else torch.zeros(0)

    return Pairs(str(paths["tree"]), "train", bands="all"), f"torchgeo {__version__}"


def configilm_data(paths, maps):
    from configilm import __version__
    from configilm.extra.DataSets.BENv2_DataSet import BENv2DataSet

    places = {"images_lmdb": paths["store"], "metadata_parquet": paths["tree"] / "metadata.parquet", "metadata_snow_cloud_parquet": paths["snow"]}
    return BENv2DataSet(places, "train", img_size=(14, SIZE, SIZE)), f"configilm {__version__}"


class Rows(torch.utils.data.Dataset):
    def __init__(self, data, transform):
        self.data, self.transform = data, transform

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        image, label = self.data[index]
        return (image if self.transform is None else self.transform(image)), label


class Drawn(Sampler):
    """`count` random indices; count can be changed between epochs."""

    def __init__(self, size, count):
        self.size, self.count = size, count

    def __len__(self):
        return self.count

    def __iter__(self):
        return itertools.islice(itertools.chain.from_iterable(torch.randperm(self.size).tolist() for _ in itertools.count()), self.count)


class Collate:
    def __init__(self, transform):
        self.transform = transform

    def __call__(self, rows):
        images, labels = (torch.stack(part) for part in zip(*rows))
        return (images if self.transform is None else self.transform(images)), labels


class Peer:
    def __init__(self, data, setting, level, mean, sd, args):
        each = Torchvision(level, mean, sd) if setting == "torchvision in workers" else None
        batch = Kornia(level, mean, sd) if setting == "kornia in workers" else None
        self.after = Kornia(level, mean, sd) if setting == "kornia in the main process" else None
        self.batch, self.sampler = args.batch, Drawn(len(data), 2 * args.threads * args.batch)
        self.loader = DataLoader(Rows(data, each), args.batch, sampler=self.sampler, num_workers=args.threads, persistent_workers=True,
                                 collate_fn=Collate(batch), drop_last=True)

    def epoch(self, batches):
        """Images of each batch."""
        self.sampler.count = batches * self.batch
        for images, _ in self.loader:
            yield images if self.after is None else self.after(images)

    def turn(self, seconds, rate):
        """Batches a second. rate: a guess, or None."""
        workers = self.loader.num_workers
        batches = 2 * workers if rate is None else max(2 * workers, workers * round(seconds * rate / workers))
        begin = time.perf_counter()
        count = sum(1 for _ in self.epoch(batches))
        assert count == batches, (count, batches)
        return batches / (time.perf_counter() - begin)

    def close(self):
        self.loader._iterator = None


SETTINGS = ("torchvision in workers", "kornia in workers", "kornia in the main process")


def fastest(data, level, mean, sd, args):
    """The peer in its best setting, its name and its rate."""
    best = None
    for setting in SETTINGS:
        try:
            peer = Peer(data, setting, level, mean, sd, args)
            peer.turn(args.seconds, None)  # workers start here
            rate = peer.turn(args.seconds, None)
        except ImportError as missing:
            print(f"skipped: {setting}: {missing}", file=sys.stderr)
            continue
        if best is None or rate > best[2]:
            if best is not None:
                best[0].close()
            best = peer, setting, rate
        else:
            peer.close()
    return best


# ---- ours ----


class Ours:
    def __init__(self, root, level, args):
        config = {"data.root": root, "data.modalities.s1.bands": RADAR, "data.modalities.s2.bands": OPTICAL, "method": "supervised",
                  "train.batch": args.batch, **(GEOMETRY_ONLY if level == "geometry" else {})}
        self.batches = MosaicBatches(config, threads=args.threads, rank=0, ranks=1)
        self.loader = DataLoader(self.batches, batch_size=None)

    def epoch(self, _=None):
        for batch in self.loader:
            yield torch.cat([batch["image_s1"], batch["image_s2"]], 1)

    def turn(self, seconds, _):
        """Whole epochs, for at least so long."""
        begin, count = time.perf_counter(), 0
        while time.perf_counter() - begin < seconds:
            for _ in self.loader:
                count += 1
        return count / (time.perf_counter() - begin)


# ---- the race ----


def make_data(args, folder):
    paths = {"tree": Path(folder) / "tree", "store": Path(folder) / "store", "snow": Path(folder) / "snow.parquet"}
    if not paths["store"].exists():
        for command in (["data", "synth", paths["tree"], "--layout", "tree", "--patches", args.patches], ["data", "pack", paths["tree"], paths["store"]]):
            subprocess.run([args.mosaic, "-q", *map(str, command)], check=True, stdout=subprocess.DEVNULL)
    return paths


def write_parquet(paths):
    """The archive has parquet where synth writes csv; the peers read nothing else. Nothing has snow or clouds."""
    import pandas as pd

    table = pd.read_csv(paths["tree"] / "metadata.csv", keep_default_na=False)
    table["labels"] = [text.split(";") for text in table["labels"]]
    table.to_parquet(paths["tree"] / "metadata.parquet")
    table[:0].to_parquet(paths["snow"])


def is_standardised(name, images):
    """The first batches of everybody: float32 [batch, 14, 120, 120], mean near 0 and deviation near 1 in every band."""
    images = torch.cat(images)
    mean, sd = images.mean((0, 2, 3)), images.std((0, 2, 3))
    if images.dtype != torch.float32 or images.shape[1:] != (14, SIZE, SIZE) or mean.abs().max() > 0.7 or sd.min() < 0.4 or sd.max() > 1.8:
        sys.exit(f"{name}: batches {images.dtype} {tuple(images.shape)}, means {mean.tolist()}, deviations {sd.tolist()}")


def same_pixels(name, data, paths):
    """A patch of the peer is one of the data set: bands of 10 m equal, whatever their order."""
    image, _ = data[0]
    wanted = {tuple(v for v in image[2 + OPTICAL.index(band)].flatten()[:8].tolist()) for band in ("B02", "B08")}
    with mo.Dataset(paths["store"]) as ours:
        for i in range(len(ours)):
            if ours.split(i) == "train" and {tuple(ours.band(i, "s2", band)[0].ravel()[:8].tolist()) for band in ("B02", "B08")} == wanted:
                radar = np.stack([ours.band(i, "s1", band)[0] for band in RADAR])
                off = float(np.abs(image[:2].numpy() - radar).max())
                return f"Sentinel-1 off by up to {off:.2f} dB" if off > 1e-3 else "pixels as ours"
    sys.exit(f"{name}: its first patch is none of ours")


def enter(args, paths, level):
    """name -> (contestant, in words, rate or None)"""
    entered = {"mosaic": (Ours(paths["store"], level, args), f"mosaic_eo {mo.__version__}, store, {args.threads} threads", None)}
    if "mosaic-tree" in args.ways:
        entered["mosaic-tree"] = Ours(paths["tree"], level, args), f"mosaic_eo {mo.__version__}, GeoTIFFs, {args.threads} threads", None
    loader = mo.Loader(entered["mosaic"][0].batches.arguments["config"], threads=1)
    mean, sd = (np.concatenate([v["s1"], v["s2"]]) for v in (loader.mean, loader.sd))
    loader.close()
    for name, make in (("torchgeo", torchgeo_data), ("configilm", configilm_data)):
        if name not in args.ways:
            continue
        try:
            for package in PACKAGES:
                importlib.import_module(package)
            if not (paths["tree"] / "metadata.parquet").exists():
                write_parquet(paths)
            data, version = make(paths, args.maps)
        except ImportError as missing:
            print(f"skipped: {name}: {missing}", file=sys.stderr)
            continue
        pixels = same_pixels(name, data, paths)
        found = fastest(data, level, mean, sd, args)
        if found is not None:
            entered[name] = found[0], f"{version}, {found[1]}, {args.threads} workers, {pixels}", found[2]
    return entered


def race(args, paths, level):
    entered = enter(args, paths, level)
    for name, (way, _, _) in entered.items():
        epoch = way.epoch(2 * args.threads)
        is_standardised(name, [batch.clone() for batch in epoch])
        way.turn(0.2, None)
    rates = {name: [] for name in entered}
    for _ in range(args.rounds):
        for name, (way, _, rate) in entered.items():
            rates[name].append(way.turn(args.seconds, rates[name][-1] if rates[name] else rate))
    rows = []
    for name, (way, words, _) in entered.items():
        ratio = statistics.median(ours / theirs for ours, theirs in zip(rates["mosaic"], rates[name]))
        rows.append({"level": level, "name": name, "what": words, "batches_per_s": statistics.median(rates[name]), "least": min(rates[name]),
                     "most": max(rates[name]), "mosaic_is_times": ratio})
        if isinstance(way, Peer):
            way.close()
    return rows


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mosaic", default="mosaic", help="the program that makes the data")
    parser.add_argument("--ways", default="mosaic,mosaic-tree,torchgeo,configilm")
    parser.add_argument("--levels", default=",".join(LEVELS))
    parser.add_argument("--folder", help="where the data set is made and kept; by default in memory, and removed")
    for name, value in (("patches", 1024), ("batch", 32), ("threads", 2), ("rounds", 5)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--seconds", type=float, default=2.0, help="of a turn")
    parser.add_argument("--maps", action="store_true", help="TorchGeo reads the reference maps too")
    parser.add_argument("--json", action="store_true", help="a line of JSON for each row")
    args = parser.parse_args(arguments)
    args.ways, args.levels = args.ways.split(","), args.levels.split(",")
    torch.manual_seed(1)
    torch.set_num_threads(args.threads)
    mo.set_verbosity(0)
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="mosaic-race-", dir=memory) as scratch:
        paths = make_data(args, args.folder or scratch)
        rows = [row for level in args.levels for row in race(args, paths, level)]
    print(f"# {args.patches} patches, batch {args.batch}, {args.rounds} rounds of {args.seconds:g} s, torch {torch.__version__}", file=sys.stderr)
    if not args.json:
        print("level\tname\tbatches/s\tleast\tmost\tmosaic is times\twhat")
    for row in rows:
        print(json.dumps(row) if args.json else f"{row['level']}\t{row['name']}\t{row['batches_per_s']:.2f}\t{row['least']:.2f}\t{row['most']:.2f}\t"
              f"{row['mosaic_is_times']:.1f}\t{row['what']}")


if __name__ == "__main__":
    main()
