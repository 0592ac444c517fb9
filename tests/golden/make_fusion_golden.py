#!/usr/bin/env python3
"""Makes fusion_golden.txt: every fusion under a linear head, forward and gradients, with one to three modalities of which
samples lack some. PyTorch's own layers judge: MultiheadAttention with a padding mask, softmax over masked gates."""
import os

import numpy as np
import torch
from torch import nn

import formula

# The same numbers are in tests/model/fusion_test.c.
BATCH, SIZE, CLASSES, DIM, RANK, HEADS = 6, 10, 3, 8, 3, 2
NAMES = ("s1", "s2", "dem")
KINDS = ("concat", "gated", "bilinear", "cross-attention")


def presence(modalities, absent):
    """[modalities, batch]; sample 1 has the first alone; in "absent" nobody has the second."""
    p = np.ones((modalities, BATCH), dtype=bool)
    p[1:, 1] = False
    for m in range(1, modalities):
        for i in range(2, BATCH):
            p[m, i] = (m + i) % 3 != 0
    if modalities > 1:
        p[0, 3] = False
        p[1, 3] = True
    if absent:
        p[1, :] = False
        p[0, 3] = True
    return p


class Weights:
    def __init__(self):
        self.all = {}

    def __call__(self, name, *shape):
        t = torch.tensor(formula.parameter(name, shape), requires_grad=True)
        self.all[name] = t
        return t

    def linear(self, x, prefix, outputs):
        return nn.functional.linear(x, self(f"{prefix}.weight", outputs, x.shape[-1]), self(f"{prefix}.bias", outputs))


def concat(w, h, present):
    return torch.cat([x * p[:, None] for x, p in zip(h, present)], 1)


def gated(w, h, present):
    value = torch.stack([torch.tanh(w.linear(x, f"fusion.{n}.value", DIM)) for n, x in zip(NAMES, h)])
    gate = torch.stack([w.linear(x, f"fusion.{n}.gate", DIM) for n, x in zip(NAMES, h)])
    gate = gate.masked_fill(~present[:, :, None], float("-inf")).softmax(0)
    return (gate * value).sum(0)


def bilinear(w, h, present):
    f = torch.stack([w.linear(x, f"fusion.{n}.factor", RANK * DIM) for n, x in zip(NAMES, h)])
    f = f.masked_fill(~present[:, :, None], 1.0)
    return f.prod(0).view(BATCH, RANK, DIM).sum(1)


def attention(w, h, present):
    u = torch.stack([w.linear(x, f"fusion.{n}.token", DIM) for n, x in zip(NAMES, h)], 1)  # [batch, modalities, dim]
    parts = [w(f"fusion.{n}.weight", DIM, DIM) for n in ("query", "key", "value")]
    out, bias = w("fusion.out.weight", DIM, DIM), w("fusion.out.bias", DIM)
    answer, _ = nn.functional.multi_head_attention_forward(
        *[u.transpose(0, 1)] * 3, DIM, HEADS, torch.cat(parts), None, None, None, False, 0.0, out, bias,
        training=True, key_padding_mask=~present.T, need_weights=False)
    y = (u + answer.transpose(0, 1)) * present.T[:, :, None]
    return y.sum(1) / present.T.sum(1, keepdim=True)


def main():
    golden = formula.Golden(os.path.join(os.path.dirname(os.path.abspath(__file__)), "fusion_golden.txt"),
                            "make_fusion_golden.py", digits=13)
    for kind, fuse in zip(KINDS, (concat, gated, bilinear, attention)):
        for modalities, absent in ((1, False), (2, False), (3, False), (3, True)):
            case = f"{kind}.{modalities}{'absent' if absent else ''}"
            present = torch.tensor(presence(modalities, absent))
            h = [torch.tensor(formula.f32(2 * formula.uniform(f"{case}.h{m}", BATCH * SIZE)).reshape(BATCH, SIZE),
                              requires_grad=True) for m in range(modalities)]
            w = Weights()
            logits = w.linear(fuse(w, h, present), "head", CLASSES)
            dlogits = torch.tensor(formula.uniform(f"{case}.dlogits", BATCH * CLASSES).reshape(BATCH, CLASSES))
            logits.backward(dlogits)
            golden.add(f"{case}.logits", logits.detach().numpy().reshape(-1))
            for m, x in enumerate(h):
                golden.add(f"{case}.dh{m}", formula.sketch(f"{case}.dh{m}", x.grad.numpy()))
            for name, t in w.all.items():
                golden.add(f"{case}.{name}", formula.sketch(name, t.grad.numpy()))
    golden.write()


if __name__ == "__main__":
    main()
