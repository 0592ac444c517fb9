"""Small layers and losses by PyTorch in float64, forward and backward: convolution, batch norm, max pool, bce, nt-xent.

The golden holds outputs only: inputs are formula.uniform of their names times 2, unless made below from it, rounded
to float32. Run: /usr/bin/python3 make_op_golden.py
"""
import os

import numpy
import torch
import torch.nn.functional as F

from formula import Golden, f32, labels, uniform


def values_of(name, *shape):
    return torch.tensor(uniform(name, int(numpy.prod(shape))).reshape(shape))


def draw(name, *shape):
    return (2 * values_of(name, *shape)).requires_grad_()


def positive(name, *shape):
    """In [0.25, 2.25)."""
    return torch.tensor(f32(1.25 + values_of(name, *shape)))


def add(golden, prefix, **tensors):
    for name, tensor in tensors.items():
        values = tensor.detach().numpy() if isinstance(tensor, torch.Tensor) else tensor
        golden.add(f"{prefix}.{name}", values)


CONVOLUTIONS = [  # n, ci, h, w, co, kernel, stride, pad, image
    (2, 16, 4, 5, 16, 3, 1, 1, 0),
    (1, 16, 5, 4, 16, 3, 2, 1, 0),
    (2, 16, 3, 5, 16, 1, 2, 0, 0),
    (1, 2, 9, 8, 16, 7, 2, 3, 1),
]


def convolutions(golden):
    for index, (n, ci, h, w, co, kernel, stride, pad, image) in enumerate(CONVOLUTIONS):
        x, weights = draw(f"conv{index}.x", n, ci, h, w), draw(f"conv{index}.w", co, ci, kernel, kernel)
        y = F.conv2d(x, weights, stride=stride, padding=pad)
        y.backward(draw(f"conv{index}.dy", *y.shape))
        add(golden, f"conv{index}", shape=[n, ci, h, w, co, kernel, stride, pad, image], y=y, dx=x.grad,
            dw=weights.grad)


NORMS = [  # n, c, h, w, groups, features, relu, skip
    (4, 16, 3, 2, 1, 0, 0, 0),
    (4, 16, 2, 3, 2, 0, 1, 1),
    (15, 5, 1, 1, 3, 1, 1, 0),
]


def norms(golden):
    for index, (n, c, h, w, groups, features, relu, skip) in enumerate(NORMS):
        name = f"norm{index}"
        layer = torch.nn.BatchNorm2d(c, dtype=torch.float64)
        with torch.no_grad():
            layer.weight.copy_(draw(f"{name}.gamma", c))
            layer.bias.copy_(draw(f"{name}.beta", c))
            layer.running_mean.copy_(draw(f"{name}.running_mean", c))
            layer.running_var.copy_(positive(f"{name}.running_var", c))
        x, extra = draw(f"{name}.x", n, c, h, w), draw(f"{name}.skip", n, c, h, w)
        y = torch.cat([layer(part) for part in x.chunk(groups)])
        y = y + extra if skip else y
        y = F.relu(y) if relu else y
        y.backward(draw(f"{name}.dy", n, c, h, w))
        running_mean, running_var = layer.running_mean.clone(), layer.running_var.clone()
        layer.eval()
        infer = layer(x) + extra if skip else layer(x)
        infer = F.relu(infer) if relu else infer
        add(golden, name, shape=[n, c, h, w, groups, features, relu, skip], y=y, running_mean=running_mean,
            running_var=running_var, infer=infer, dx=x.grad, dgamma=layer.weight.grad, dbeta=layer.bias.grad)
        if skip:
            add(golden, name, dskip=extra.grad)


POOLS = [(2, 16, 5, 4, 3, 2, 1), (1, 16, 4, 6, 2, 2, 0)]  # n, c, h, w, kernel, stride, pad


def pools(golden):
    for index, (n, c, h, w, kernel, stride, pad) in enumerate(POOLS):
        x = F.relu(draw(f"pool{index}.x", n, c, h, w)).detach().requires_grad_()  # ties, as after a ReLU
        y = F.max_pool2d(x, kernel, stride, pad)
        y.backward(draw(f"pool{index}.dy", *y.shape))
        add(golden, f"pool{index}", shape=[n, c, h, w, kernel, stride, pad], y=y, dx=x.grad)


def bce(golden):
    n, l = 5, 4
    for index, (weighted, mixed) in enumerate(((0, 0), (1, 0), (0, 1), (1, 1))):
        logits = draw(f"bce{index}.logits", n, l)
        wanted = torch.tensor(labels(f"bce{index}.labels", n, l), dtype=torch.float64)
        weight = positive(f"bce{index}.weight", l) if weighted else None
        known = wanted >= 0
        if mixed:  # targets of mixed patches
            quarters = (torch.arange(n * l) % 4).reshape(n, l)
            wanted = torch.where(wanted == 1, 1 - quarters / 4, torch.where(wanted == 0, quarters / 8, wanted))
        each = F.binary_cross_entropy_with_logits(logits, wanted.clamp(min=0), reduction="none", pos_weight=weight)
        loss = each[known].mean()
        loss.backward()
        add(golden, f"bce{index}", shape=[n, l, weighted, mixed], known=[known.sum().item()], loss=[loss.item()],
            dlogits=logits.grad)


def latent(golden):
    """x -> linear -> unit rows -> NT-Xent: the whole way of a latent, by autograd."""
    pairs, width, d, tau = 4, 6, 5, 0.5
    x, weights, bias = draw("latent.x", 2 * pairs, width), draw("latent.w", d, width), draw("latent.b", d)
    z = F.normalize(F.linear(x, weights, bias))
    similarity = (z @ z.T / tau).masked_fill(torch.eye(2 * pairs, dtype=torch.bool), -torch.inf)
    loss = F.cross_entropy(similarity, (torch.arange(2 * pairs) + pairs) % (2 * pairs))
    loss.backward()
    add(golden, "latent", shape=[pairs, width, d, tau], z=z, loss=[loss.item()], dx=x.grad, dw=weights.grad,
        db=bias.grad)


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    golden = Golden(os.path.join(folder, "op_golden.txt"), "make_op_golden.py", digits=13)
    convolutions(golden)
    norms(golden)
    pools(golden)
    bce(golden)
    latent(golden)
    golden.write()


if __name__ == "__main__":
    main()
