"""Ten steps of every optimizer in float64: PyTorch's SGD, Adam and AdamW, and LARS by its formula.

Three segments of one flat block, with a gap between the second and the third: weights with decay, a bias without,
weights with decay. Starts and gradients are formula.uniform of "<case>.start" and "<case>.grads", both times 2.
Run: /usr/bin/python3 make_optimizer_golden.py
"""
import os

import numpy
import torch

from formula import Golden, uniform

SEGMENTS = [(0, 6, True), (6, 4, False), (12, 8, True)]
COUNT, STEPS = 20, 10

CASES = {  # kind, lr, beta1, beta2, eps, decay, nesterov
    "sgd": ("sgd", 0.1, 0.9, 0.0, 0.0, 0.01, False),
    "sgd_plain": ("sgd", 0.1, 0.0, 0.0, 0.0, 0.0, False),
    "nesterov": ("sgd", 0.05, 0.8, 0.0, 0.0, 0.02, True),
    "adam": ("adam", 0.01, 0.9, 0.999, 1e-8, 0.05, False),
    "adamw": ("adamw", 0.02, 0.85, 0.98, 1e-6, 0.1, False),
    "lars": ("lars", 0.5, 0.9, 0.0, 0.0, 0.001, False),
}
TRUST = 0.02
KINDS = {"sgd": 0, "adam": 1, "adamw": 2, "lars": 3}  # mos_optimizer_kind


def rate_at(lr, step):
    """The schedule is the caller's; here the rate halves after six steps."""
    return lr if step <= 6 else lr / 2


def torch_optimizer(kind, parts, lr, beta1, beta2, eps, decay, nesterov):
    groups = [
        {"params": [part], "weight_decay": decay if has_decay else 0.0}
        for part, (_, _, has_decay) in zip(parts, SEGMENTS)
    ]
    if kind == "sgd":
        return torch.optim.SGD(groups, lr=lr, momentum=beta1, nesterov=nesterov)
    maker = torch.optim.Adam if kind == "adam" else torch.optim.AdamW
    return maker(groups, lr=lr, betas=(beta1, beta2), eps=eps)


def by_torch(kind, start, grads, lr, *rest):
    parts = [torch.tensor(start[o : o + n], requires_grad=True) for o, n, _ in SEGMENTS]
    optimizer = torch_optimizer(kind, parts, lr, *rest)
    for step, grad in enumerate(grads, 1):
        for group in optimizer.param_groups:
            group["lr"] = rate_at(lr, step)
        for part, (o, n, _) in zip(parts, SEGMENTS):
            part.grad = torch.tensor(grad[o : o + n])
        optimizer.step()
        block = start.copy()
        for part, (o, n, _) in zip(parts, SEGMENTS):
            block[o : o + n] = part.detach().numpy()
        yield block


def by_lars(start, grads, lr, momentum, decay):
    """You, Gitman & Ginsburg 2017, algorithm 1."""
    block, velocity = start.copy(), numpy.zeros(COUNT)
    for step, grad in enumerate(grads, 1):
        for o, n, has_decay in SEGMENTS:
            w, g, v = block[o : o + n], grad[o : o + n], velocity[o : o + n]
            local, shrink = 1.0, 0.0
            if has_decay:
                norm_w, norm_g = numpy.linalg.norm(w), numpy.linalg.norm(g)
                local, shrink = TRUST * norm_w / (norm_g + decay * norm_w), decay
            v[:] = momentum * v + rate_at(lr, step) * local * (g + shrink * w)
            w -= v
        yield block.copy()


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    golden = Golden(os.path.join(folder, "optimizer_golden.txt"), "make_optimizer_golden.py")
    for name, (kind, lr, beta1, beta2, eps, decay, nesterov) in CASES.items():
        start = 2 * uniform(f"{name}.start", COUNT)
        grads = 2 * uniform(f"{name}.grads", STEPS * COUNT).reshape(STEPS, COUNT)
        if kind == "lars":
            blocks = by_lars(start, grads, lr, beta1, decay)
        else:
            blocks = by_torch(kind, start, grads, lr, beta1, beta2, eps, decay, nesterov)
        golden.add(f"{name}.rates", [rate_at(lr, step) for step in range(1, STEPS + 1)])
        golden.add(f"{name}.settings", [KINDS[kind], beta1, beta2, eps, decay, float(nesterov), TRUST])
        golden.add(f"{name}.params", list(blocks))
    golden.write()


if __name__ == "__main__":
    main()
