#!/usr/bin/env python3
"""The folder of a sweep whose runs are complete, made up (sample_run.py): `mosaic sweep --collect` makes its tables.

    sample_sweep.py MOSAIC FOLDER
"""
import csv
import pathlib
import subprocess
import sys

import sample_run

SPEC = """base: base.yaml
variants:
  mosaic-1: {method: mosaic-1}
  contrast without labels and a name that is rather long: {method: simclr}
reference: mosaic-1
grid: {train.lr: [0.0001, 0.01]}
fractions: [0.01, 1]
seeds: [0, 1]
"""


def make(mosaic, folder, spec, seed_of):
    """A finished sweep of the specification in FOLDER/out; seed_of(number, name): which made-up run a run is."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "base.yaml").write_text("data: {root: nowhere}\nmodel: {encoder: resnet18}\ntrain: {epochs: 2, batch: 8}\n")
    (folder / "sweep.yaml").write_text(spec)
    collect = [mosaic, "sweep", str(folder / "sweep.yaml"), "--out", str(folder / "out"), "--collect"]
    subprocess.run(collect, check=True, capture_output=True)
    with open(folder / "out/results.csv", newline="") as file:
        runs = {row["run"]: row["config_sha256"] for row in csv.DictReader(file)}
    for k, (name, digest) in enumerate(sorted(runs.items())):
        sample_run.write(folder / "out/runs" / name, seed_of(k, name))
        (folder / "out/state" / f"{name}.txt").write_text(f"config {digest}\nstate complete\ncode 0\nseconds 61\n")
    subprocess.run(collect, check=True, capture_output=True)


def main():
    make(sys.argv[1], pathlib.Path(sys.argv[2]), SPEC, lambda k, name: k % 5)


if __name__ == "__main__":
    main()
