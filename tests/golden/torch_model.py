"""The model of the goldens in PyTorch, float64, with the product's parameter names."""
import numpy as np
import torch
from torch import nn

import formula

DEPTH = {"resnet18": (2, 2, 2, 2), "resnet34": (3, 4, 6, 3), "resnet50": (3, 4, 6, 3)}


class Block(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu2 = nn.ReLU()
        if stride != 1 or inputs != width:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, width, 1, stride=stride, bias=False),
                                            nn.BatchNorm2d(width))

    def forward(self, x):
        skip = self.downsample(x) if hasattr(self, "downsample") else x
        y = self.relu1(self.bn1(self.conv1(x)))
        return self.relu2(self.bn2(self.conv2(y)) + skip)


class Bottleneck(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu2 = nn.ReLU()
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.relu3 = nn.ReLU()
        if stride != 1 or inputs != 4 * width:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, 4 * width, 1, stride=stride, bias=False),
                                            nn.BatchNorm2d(4 * width))

    def forward(self, x):
        skip = self.downsample(x) if hasattr(self, "downsample") else x
        y = self.relu1(self.bn1(self.conv1(x)))
        y = self.relu2(self.bn2(self.conv2(y)))
        return self.relu3(self.bn3(self.conv3(y)) + skip)


def feature_size(kind):
    return 2048 if kind == "resnet50" else 512


class Encoder(nn.Module):
    def __init__(self, kind, bands, stem_pool=True):
        super().__init__()
        self.conv1 = nn.Conv2d(bands, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu1 = nn.ReLU()
        self.pool = nn.MaxPool2d(3, stride=2, padding=1) if stem_pool else nn.Identity()
        inputs, block = 64, Bottleneck if kind == "resnet50" else Block
        for stage, depth in enumerate(DEPTH[kind]):
            width = 64 << stage
            blocks = nn.Sequential()
            for k in range(depth):
                blocks.append(block(inputs, width, 2 if stage > 0 and k == 0 else 1))
                inputs = width * feature_size(kind) // 512
            self.add_module(f"layer{stage + 1}", blocks)

    def forward(self, x):
        y = self.pool(self.relu1(self.bn1(self.conv1(x))))
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            y = stage(y)
        return y.mean(dim=(2, 3))


def projector(features, hidden, latent):
    return nn.Sequential(nn.Linear(features, hidden, bias=False), nn.BatchNorm1d(hidden), nn.ReLU(),
                         nn.Linear(hidden, latent))


class Model(nn.Module):
    def __init__(self, kind, modalities, hidden, latent, classes, inter=False, stem_pool=True):
        """modalities: name to number of bands."""
        super().__init__()
        self.names, features = list(modalities), feature_size(kind)
        self.backbones = nn.ModuleDict({m: Encoder(kind, b, stem_pool) for m, b in modalities.items()})
        self.projectors = nn.ModuleDict({m: projector(features, hidden, latent) for m in modalities})
        self.projectors_inter = nn.ModuleDict({m: projector(features, hidden, latent) for m in modalities if inter})
        self.head = nn.Linear(features * len(modalities), classes)
        self.double()
        with torch.no_grad():
            for name, tensor in self.state_dict().items():
                if not name.endswith("num_batches_tracked"):
                    tensor.copy_(torch.from_numpy(formula.parameter(name, tuple(tensor.shape))))

    def latents(self, projectors, m, h):
        return nn.functional.normalize(projectors[m](h), dim=1)


def trainable(model):
    return [(name, p) for name, p in model.named_parameters()]


def decays(name, tensor):
    return tensor.dim() > 1


def adamw(model, lr, weight_decay):
    groups = [{"params": [p for n, p in trainable(model) if decays(n, p)], "weight_decay": weight_decay},
              {"params": [p for n, p in trainable(model) if not decays(n, p)], "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.999), eps=1e-8)

