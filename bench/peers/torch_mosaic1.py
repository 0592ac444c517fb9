"""A MoSAiC-1 training step in PyTorch: two ResNet encoders, projectors, joint loss, AdamW. The default peer of
`mosaic bench step`; `build(mode, args)` returns a function that runs one step."""
import torch
from torch import nn
from torch.nn import functional as F

DEPTHS = {"resnet18": (2, 2, 2, 2), "resnet34": (3, 4, 6, 3), "resnet50": (3, 4, 6, 3)}


def conv_norm(inputs, outputs, kernel, stride):
    return [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs)]


class Residual(nn.Module):
    def __init__(self, inputs, width, stride, wide):
        super().__init__()
        outputs = width * wide
        if wide == 1:
            path = [*conv_norm(inputs, width, 3, stride), nn.ReLU(True), *conv_norm(width, width, 3, 1)]
        else:
            path = [*conv_norm(inputs, width, 1, 1), nn.ReLU(True), *conv_norm(width, width, 3, stride), nn.ReLU(True),
                    *conv_norm(width, outputs, 1, 1)]
        self.path = nn.Sequential(*path)
        self.skip = nn.Sequential(*conv_norm(inputs, outputs, 1, stride)) if inputs != outputs else nn.Identity()

    def forward(self, x):
        return F.relu(self.path(x) + self.skip(x), inplace=True)


def feature_size(kind):
    return 2048 if kind == "resnet50" else 512


def encoder(kind, bands):
    layers = [*conv_norm(bands, 64, 7, 2), nn.ReLU(True), nn.MaxPool2d(3, 2, 1)]
    inputs, wide = 64, feature_size(kind) // 512
    for stage, depth in enumerate(DEPTHS[kind]):
        for k in range(depth):
            layers.append(Residual(inputs, 64 << stage, 2 if stage > 0 and k == 0 else 1, wide))
            inputs = (64 << stage) * wide
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


class Model(nn.Module):
    def __init__(self, kind, bands, classes):
        super().__init__()
        width = feature_size(kind)
        self.encoders = nn.ModuleList(encoder(kind, b) for b in bands)
        self.projectors = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 512, bias=False), nn.BatchNorm1d(512), nn.ReLU(True), nn.Linear(512, 128))
            for _ in bands)
        self.head = nn.Linear(width * len(bands), classes)

    def forward(self, images):
        features = [[f(v) for v in views] for f, views in zip(self.encoders, images)]
        latents = [[F.normalize(g(h).float()) for h in views] for g, views in zip(self.projectors, features)]
        return latents, self.head(torch.cat([views[-1].float() for views in features], 1))


def nt_xent(a, b, tau):
    rows = torch.cat([a, b])
    similarity = rows @ rows.T / tau
    similarity.fill_diagonal_(float("-inf"))
    return F.cross_entropy(similarity, torch.arange(len(rows)).roll(len(a)))


def supervised(a, b, labels, tau):
    weights = labels @ (labels / labels.sum(0).clamp(min=1)).T
    return -(weights * F.log_softmax(a @ b.T / tau, 1)).sum() / weights.sum().clamp(min=1e-12)


def loss_of(latents, logits, labels):
    s1, s2 = latents[0][-1], latents[1][-1]
    intra = sum(nt_xent(views[0], views[1], 0.5) for views in latents)
    msc = (supervised(s1, s2, labels, 0.1) + supervised(s2, s1, labels, 0.1)) / 2
    return intra + nt_xent(s1, s2, 0.5) + msc + F.binary_cross_entropy_with_logits(logits, labels)


def build(mode, args):
    torch.manual_seed(0)
    kind, layout, dtype = mode.split("-")
    model = Model(args.encoder, args.bands, args.classes)
    images = [[torch.randn(args.batch, b, args.size, args.size) for _ in range(args.views)] for b in args.bands]
    if layout == "cl":
        model = model.to(memory_format=torch.channels_last)
        images = [[v.contiguous(memory_format=torch.channels_last) for v in views] for views in images]
    labels = (torch.rand(args.batch, args.classes) < 0.15).float()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    run = torch.compile(model) if kind == "compile" else model

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == "bf16"):
            latents, logits = run(images)
        loss = loss_of(latents, logits.float(), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step
