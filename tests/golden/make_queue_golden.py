#!/usr/bin/env python3
"""Makes queue_golden.txt: three batches after one another with a queue of labelled latents that runs over."""
import os

import numpy as np
import torch

import formula
from torch_loss import Objective

BATCH, LATENT, CLASSES, STEPS = 6, 7, 4, 3

# name, modalities, absent (modality, row) pairs, options. The same list is in tests/objective/label_queue_test.c.
CASES = [
    ("cross", 2, (), dict(method="mosaic-1", queue=8)),
    ("views", 2, (), dict(method="mosaic-2", queue=4, tau_msc=0.3)),
    ("joint", 3, ((0, 1), (1, 1), (1, 4), (2, 5)), dict(method="supcon", queue=10)),
    ("soft", 2, ((0, 1), (1, 4)), dict(method="mosaic-1", positives="soft", queue=8)),
    ("anchored", 2, (), dict(method="mosaic-1", anchor_weighting=True, positives="jaccard", queue=100)),
]


def labels_of(name):
    """Row 3 is unlabelled: it never enters the queue."""
    y = formula.labels(name, BATCH, CLASSES)
    y[3] = -1
    return y


def main():
    golden = formula.Golden(os.path.join(os.path.dirname(os.path.abspath(__file__)), "queue_golden.txt"),
                            "make_queue_golden.py")
    for case, modalities, absent, options in CASES:
        objective = Objective(weights=(0, 0, 1, 0), **options)
        rows = objective.views * BATCH
        present = [np.array([(m, i) not in absent for i in range(BATCH)]) for m in range(modalities)]
        for step in range(STEPS):
            name = f"{case}.{step}"
            z = [torch.tensor(formula.unit_rows(f"{name}.z{m}", rows, LATENT), requires_grad=True)
                 for m in range(modalities)]
            y = labels_of(f"{name}.labels")
            split = [[zm[v * BATCH:(v + 1) * BATCH] for v in range(objective.views)] for zm in z]
            total, report = objective(split, split, None, y, present)
            total.backward()
            golden.add(f"{name}.report", [report[2], report[5], report[6], report[7]])
            for m, t in enumerate(z):
                golden.add(f"{name}.dz{m}", formula.sketch(f"{name}.dz{m}", t.grad.numpy()))
    golden.write()


if __name__ == "__main__":
    main()
