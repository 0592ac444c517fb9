#!/usr/bin/env python3
"""Makes step_golden.txt, ten_step_golden.txt and bottleneck_golden.txt: whole training steps in float64. Losses of every step, gradients of the first,
how far the weights moved and the running statistics after the last (sketches: norm and one projection of every tensor).
The ten steps take some minutes; names of files as arguments (step_golden) make only those."""
import os
import sys

import numpy as np
import torch

import formula
from margin import keep_clear
from torch_loss import Objective
from torch_model import Model, adamw

HIDDEN, LATENT, CLASSES, WEIGHT_DECAY = 32, 16, 5, 0.01

# The same list is in tests/model/step_golden_test.c. bands per modality; absent: (modality, sample) pairs.
SMALL = dict(encoder="resnet18", size=32, batch=4, steps=2, lr=1e-3, bands={"s1": 2, "s2": 3}, absent=(), inter=False, clear=True)
SCENARIOS = [
    ("mosaic-1", dict(SMALL), dict(method="mosaic-1")),
    ("mosaic-2", dict(SMALL, steps=1), dict(method="mosaic-2")),
    ("iai-simclr", dict(SMALL, steps=1, inter=True), dict(method="iai-simclr")),
    ("supcon", dict(SMALL, steps=1), dict(method="supcon")),
    ("absent", dict(SMALL, steps=1, batch=5, absent=((0, 3), (1, 1)), bands={"s1": 2, "s2": 3, "dem": 1}),
     dict(method="mosaic-1", shared_anchor=True)),
    ("ten", dict(SMALL, encoder="resnet34", size=64, batch=8, steps=10, lr=1e-3 * 8 / 512, bands={"s1": 2, "s2": 10}, clear=False),
     dict(method="mosaic-1")),
    ("bottleneck", dict(SMALL, encoder="resnet50", size=64, steps=1, clear=False), dict(method="mosaic-1")),
]
FILES = {"ten": "ten_step_golden", "bottleneck": "bottleneck_golden"}


def encode(model, m, images, rows, projectors):
    """Features and latents [batch, ...] of one view set; rows that are absent never reach the network."""
    h = model.backbones[m](images[rows])
    features = torch.zeros(len(images), h.shape[1], dtype=torch.float64)
    features = features.index_copy(0, rows, h)
    out = [features]
    for projector in projectors:
        z = model.latents(projector, m, h)
        out.append(torch.zeros(len(images), z.shape[1], dtype=torch.float64).index_copy(0, rows, z))
    return out


def add_sketches(golden, prefix, named):
    for name, values in named:
        golden.add(f"{prefix}.{name}", formula.sketch(name, np.asarray(values))[:2])


def passes(model, name, step, shape, objective, present):
    """Latents of every modality and view for the two kinds of contrast, and the logits."""
    batch, views = shape["batch"], objective.views
    # one projector pass when both are the same, so that its running statistics move once
    projectors = [model.projectors, model.projectors_inter] if shape["inter"] else [model.projectors]
    z, zi, h = [], [], []
    for m, modality in enumerate(model.names):
        images = torch.tensor(formula.image(f"{name}.images{step}.{modality}", views * batch, shape["bands"][modality],
                                            shape["size"], shape["size"]))
        rows = torch.from_numpy(np.flatnonzero(present[m]))
        found = [encode(model, modality, images[v * batch:(v + 1) * batch], rows, projectors) for v in range(views)]
        h.append(found[objective.anchor][0])
        z.append([f[1] for f in found])
        zi.append([f[-1] for f in found])
    return z, zi, model.head(torch.cat(h, 1))


def start_of(golden, name, shape, objective, present):
    """The model a scenario starts from: the formula's, with those parameters moved that would let a ReLU of the first step be near 0."""
    model = Model(shape["encoder"], shape["bands"], HIDDEN, LATENT, CLASSES, inter=shape["inter"]).train()
    if shape["clear"]:
        state = {n: t.clone() for n, t in model.named_buffers()}
        for parameter, pairs in keep_clear(model, lambda: passes(model, name, 0, shape, objective, present)).items():
            golden.add(f"{name}.start.{parameter}", pairs)
        for n, t in model.named_buffers():
            t.copy_(state[n])
    return model


def run(golden, name, shape, options):
    objective = Objective(**options)
    present = [np.array([(m, i) not in shape["absent"] for i in range(shape["batch"])]) for m in range(len(shape["bands"]))]
    model = start_of(golden, name, shape, objective, present)
    start = {n: t.detach().clone() for n, t in model.named_parameters()}
    optimizer = adamw(model, shape["lr"], WEIGHT_DECAY)
    for step in range(shape["steps"]):
        y = formula.labels(f"{name}.labels{step}", shape["batch"], CLASSES)
        total, report = objective(*passes(model, name, step, shape, objective, present), y, present)
        optimizer.zero_grad(set_to_none=False)
        total.backward()
        golden.add(f"{name}.report{step}", report)
        print(name, step, report[4], flush=True)
        if step == 0:
            add_sketches(golden, f"{name}.grad", [(n, p.grad.numpy() if p.grad is not None else np.zeros(p.shape))
                                                  for n, p in model.named_parameters()])
        optimizer.step()
    if shape["steps"] > 1:
        add_sketches(golden, f"{name}.moved", [(n, (p.detach() - start[n]).numpy()) for n, p in model.named_parameters()])
    add_sketches(golden, f"{name}.state", [(n, t.numpy()) for n, t in model.named_buffers()])


def main():
    torch.set_num_threads(2)
    folder = os.path.dirname(os.path.abspath(__file__))
    files = {name: formula.Golden(os.path.join(folder, f"{name}.txt"), "make_step_golden.py", digits=11)
             for name in sys.argv[1:] or ("step_golden", *FILES.values())}
    for name, shape, options in SCENARIOS:
        if FILES.get(name, "step_golden") in files:
            run(files[FILES.get(name, "step_golden")], name, shape, options)
    for golden in files.values():
        golden.write()


if __name__ == "__main__":
    main()
