"""Parameters moved a little, so that no ReLU of a training step is near 0 and no maximum of the stem's pooling near a tie.

In float32 a ReLU whose input is within rounding of 0 falls on either side, and the gradients of all layers before it change with it, by up to some
percent of their norm. On which side depends on the order of the sums: on the processor and on the kernels. Steps whose inputs keep a margin have
gradients that rounding moves by rounding, so that a test can ask for that."""
import numpy as np
import torch
from torch import nn

import formula

RELU, TIE = 2e-4, 2e-5  # margins; float32 is up to about 1e-5 off in layers after the first, 2e-6 in the first
STEP = 1 / 64  # of the middle weight of a channel with a tie


def least_shift(values):
    """The shift nearest to 0 that leaves no value within the margin of 0."""
    values = np.sort(values)
    low = np.concatenate([[-np.inf], values]) + 1.01 * RELU
    high = np.concatenate([values, [np.inf]]) - 1.01 * RELU
    zero = np.clip(0.0, low, high)[low <= high]
    return -zero[np.argmin(np.abs(zero))]


def per_channel(inputs):
    return torch.cat([x.transpose(0, 1).reshape(x.shape[1], -1) for x in inputs], 1).numpy()


def narrowest_ties(inputs):
    """Per channel: the least gap between the two largest of a pooling window that a ReLU lets through."""
    gaps = []
    for x in inputs:
        n, c = x.shape[:2]
        windows = nn.functional.unfold(nn.functional.pad(x, (1, 1, 1, 1), value=-1e3), 3, stride=2).reshape(n, c, 9, -1)
        top = windows.topk(2, dim=2).values
        gap = torch.where(top[:, :, 1] > -0.1, top[:, :, 0] - top[:, :, 1], torch.ones(()).double())
        gaps.append(gap.transpose(0, 1).reshape(c, -1))
    return torch.cat(gaps, 1).min(1).values.numpy()


def inputs_of(modules, forward):
    """What every module was given in a pass, as {name: one tensor per call}."""
    seen = {name: [] for name in modules}
    handles = [module.register_forward_pre_hook(lambda _, inputs, name=name: seen[name].append(inputs[0]))
               for name, module in modules.items()]
    with torch.no_grad():
        forward()
    for handle in handles:
        handle.remove()
    return seen


def break_ties(modules, stems, forward):
    near = {stem: [0] for stem in stems}
    for _ in range(50):
        for stem, inputs in inputs_of({stem: modules[stem] for stem in stems if len(near[stem])}, forward).items():
            near[stem] = np.flatnonzero(narrowest_ties(inputs) < TIE)
            weight = modules[stem.replace("relu1", "conv1")].weight.detach()
            weight[near[stem], 0, 3, 3] = torch.from_numpy(formula.f32(weight[near[stem], 0, 3, 3].numpy() + STEP))
        if not any(len(channels) for channels in near.values()):
            return
    raise ValueError(f"pooling windows stay near a tie: {near}")


def norm_before(name):
    """The norm whose shift moves a ReLU's input: bn1 of relu1, and number 1 of a projector's number 2."""
    parent, _, last = name.rpartition(".")
    return f"{parent}.{last.replace('relu', 'bn') if last.startswith('relu') else int(last) - 1}"


def in_turn(relus, encoders):
    """Groups of ReLUs that do not see each other, in the order of the pass: the next one of every encoder, then the projectors'."""
    of_encoder = [[r for r in relus if r.startswith(f"backbones.{m}.")] for m in encoders]
    return list(zip(*of_encoder)) + [[r for r in relus if r.startswith("projectors")]]


def keep_clear(model, forward):
    """Moves parameters of `model`, whose step's passes `forward` runs; returns {name: flat (index, value) pairs}."""
    start = {n: p.detach().clone() for n, p in model.named_parameters()}
    modules = dict(model.named_modules())
    relus = {name: module for name, module in modules.items() if isinstance(module, nn.ReLU)}
    break_ties(modules, [f"backbones.{m}.relu1" for m in model.backbones], forward)
    for group in in_turn(relus, model.backbones):
        for name, inputs in inputs_of({name: relus[name] for name in group}, forward).items():
            bias, values = modules[norm_before(name)].bias.detach(), per_channel(inputs)
            for c in np.flatnonzero(np.abs(values).min(1) < RELU):
                bias[c] = float(formula.f32(bias[c].item() + least_shift(values[c])))
    for name, inputs in inputs_of(relus, forward).items():
        closest = np.abs(per_channel(inputs)).min()
        if closest < RELU:
            raise ValueError(f"{name}: an input is {closest} from 0")
    moved = {}
    for name, tensor in model.named_parameters():
        now, before = tensor.detach().numpy().reshape(-1), start[name].numpy().reshape(-1)
        index = np.flatnonzero(now != before)
        if index.size:
            moved[name] = np.stack([index, now[index]], 1)
    return moved
