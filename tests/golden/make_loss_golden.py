#!/usr/bin/env python3
"""Makes loss_golden.txt: every method, row set and rule for positives on given latents, losses and gradients."""
import os

import numpy as np
import torch

import formula
from torch_loss import Objective

BATCH, LATENT, CLASSES = 7, 8, 5

# name, modalities, absent (modality, row) pairs, options. The same list is in tests/objective/loss_golden_test.c.
CASES = [(f"method.{m}", 2, (), dict(method=m)) for m in
         ("mosaic-1", "mosaic-2", "iai-simclr", "simclr", "dual-simclr", "supcon", "supervised")]
CASES += [(f"positives.{p}", 2, (), dict(method="mosaic-2", positives=p, tau_msc=0.3))
          for p in ("mulsupcon", "all", "any", "jaccard", "soft")]
CASES += [(f"rows.{r}", 2, (), dict(method="mosaic-1", rows=(r,))) for r in ("cross", "views", "joint")]
CASES += [(f"absent.{m}", 3, ((0, 1), (1, 1), (1, 4), (2, 6)), dict(method=m))
          for m in ("mosaic-1", "mosaic-2", "supcon")]
CASES += [
    ("three", 3, (), dict(method="mosaic-1")),
    ("one", 1, (), dict(method="supcon")),
    ("anchored", 2, (), dict(method="mosaic-1", anchor_weighting=True)),
    ("shared", 2, (), dict(method="mosaic-1", shared_anchor=True)),
    ("weighted", 2, (), dict(method="mosaic-1", weights=(0.5, 2.0, 0.25, 10.0), tau_ntx=0.2)),
    ("posweight", 2, (), dict(method="supervised", pos_weight=[1.0, 2.0, 0.5, 3.0, 1.5])),
    ("softabsent", 3, ((0, 1), (1, 1), (1, 4), (2, 6)), dict(method="mosaic-1", positives="soft",
                                                             anchor_weighting=True)),
    ("nomsc", 2, (), dict(method="mosaic-1", weights=(1, 1, 0, 1))),
]


def main():
    golden = formula.Golden(os.path.join(os.path.dirname(os.path.abspath(__file__)), "loss_golden.txt"),
                            "make_loss_golden.py")
    for name, modalities, absent, options in CASES:
        objective = Objective(**options)
        rows = objective.views * BATCH
        present = [np.array([(m, i) not in absent for i in range(BATCH)]) for m in range(modalities)]
        z = [torch.tensor(formula.unit_rows(f"{name}.z{m}", rows, LATENT), requires_grad=True) for m in range(modalities)]
        zi = [torch.tensor(formula.unit_rows(f"{name}.zi{m}", rows, LATENT), requires_grad=True) for m in range(modalities)]
        logits = torch.tensor(formula.f32(2 * formula.uniform(f"{name}.logits", BATCH * CLASSES)).reshape(BATCH, CLASSES),
                              requires_grad=True)
        y = formula.labels(f"{name}.labels", BATCH, CLASSES)
        split = [[zm[v * BATCH:(v + 1) * BATCH] for v in range(objective.views)] for zm in z]
        split_inter = [[zm[v * BATCH:(v + 1) * BATCH] for v in range(objective.views)] for zm in zi]
        total, report = objective(split, split_inter, logits, y, present)
        total.backward()
        golden.add(f"{name}.report", report)
        for what, tensors in (("z", z), ("zi", zi), ("logits", [logits])):
            for m, t in enumerate(tensors):
                grad = t.grad if t.grad is not None else torch.zeros_like(t)
                golden.add(f"{name}.d{what}{m}", formula.sketch(f"{name}.d{what}{m}", grad.numpy()))
    golden.write()


if __name__ == "__main__":
    main()
