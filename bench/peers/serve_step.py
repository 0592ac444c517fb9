#!/usr/bin/env python3
"""Serve timings of a peer to `mosaic bench step` and `mosaic bench infer`, so that both are measured in turn in one run.

The peer is a Python file with `build(mode, args)` that returns a function running one training step, or one batch of
inference; modes are {eager,compile}-{nchw,cl}-{fp32,bf16} and what the file adds. Protocol: prints "ready ...", which ends with
"parameters N" of one mode, then for every mode read from standard input runs one step and prints its seconds.
"""
import argparse
import gc
import importlib.util
import pathlib
import sys
import time

import torch


def load(path):
    spec = importlib.util.spec_from_file_location("peer", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def parameters():
    return sum(p.numel() for p in gc.get_objects() if type(p) is torch.nn.Parameter)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--module", default=pathlib.Path(__file__).with_name("torch_mosaic1.py"))
    p.add_argument("--modes", required=True)
    p.add_argument("--encoder", choices=("resnet18", "resnet34", "resnet50"), default="resnet34")
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--size", type=int, default=120)
    p.add_argument("--bands", type=lambda s: [int(v) for v in s.split(",")], default=[2, 12])
    p.add_argument("--classes", type=int, default=19)
    p.add_argument("--views", type=int, default=2)
    p.add_argument("--threads", type=int, default=2)
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    module = load(args.module)
    modes = args.modes.split(",")
    steps = {mode: module.build(mode, args) for mode in modes}
    greeting = f"ready torch {torch.__version__} threads {torch.get_num_threads()}"
    print(f"{greeting} parameters {parameters() // len(modes)}", flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        steps[line.strip()]()
        print(repr(time.perf_counter() - start), flush=True)


if __name__ == "__main__":
    main()
