#!/usr/bin/env python3
"""Makes feature_golden.txt: features and latents of ResNet-34 with formula weights, in float64, for formula images (both modes)
and, given the folder of real samples, for two real patches (inference mode)."""
import csv
import os
import sys

import numpy as np
import torch

import formula
from torch_model import Model

BANDS, HIDDEN, LATENT, CLASSES, SIZE, BATCH = {"s1": 2, "s2": 12}, 32, 16, 5, 120, 2
REAL = 2
# Standardisation of the real patches: (value - middle) / spread, in float64, then float32.
STANDARD = {"s1": (-14.0, 6.0), "s2": (1500.0, 1200.0)}


def real_patches(folder, modality):
    from osgeo import gdal
    gdal.UseExceptions()
    root = os.path.join(folder, "terramesh_patches")
    with open(os.path.join(root, "patches.csv"), newline="", encoding="utf-8") as table:
        rows = [row for _, row in zip(range(REAL), csv.DictReader(table))]
    middle, spread = STANDARD[modality]
    patches = [gdal.Open(os.path.join(root, row[modality])).ReadAsArray().astype(np.float64) for row in rows]
    return formula.f32((np.stack(patches) - middle) / spread)


def main():
    golden = formula.Golden(os.path.join(os.path.dirname(os.path.abspath(__file__)), "feature_golden.txt"),
                            "make_feature_golden.py", digits=11)
    torch.set_num_threads(2)
    with torch.no_grad():
        for m, bands in BANDS.items():
            model = Model("resnet34", BANDS, HIDDEN, LATENT, CLASSES).eval()
            images = torch.tensor(formula.image(f"feature.{m}", BATCH, bands, SIZE, SIZE))
            h = model.backbones[m](images)
            golden.add(f"eval.{m}.features", h.numpy())
            golden.add(f"eval.{m}.latents", model.latents(model.projectors, m, h).numpy())
            if len(sys.argv) > 1:
                patches = torch.tensor(real_patches(sys.argv[1], m))
                golden.add(f"real.{m}.features", model.backbones[m](patches).numpy())
            model.train()
            h = model.backbones[m](images)
            golden.add(f"train.{m}.features", h.numpy())
            golden.add(f"train.{m}.latents", model.latents(model.projectors, m, h).numpy())
    golden.write()


if __name__ == "__main__":
    main()
