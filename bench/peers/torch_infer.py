"""Inference in PyTorch and OpenVINO: patches of every modality through their ResNet, features into the head. The default
peer of `mosaic bench infer`; `build(mode, args)` returns a function that runs one batch. Modes:
{eager,frozen,compile}-{nchw,cl}-{fp32,bf16} (frozen: norms fused, traced and frozen) and openvino-{fp32,bf16}."""
import io

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from torch_mosaic1 import encoder, feature_size


class Model(nn.Module):
    def __init__(self, kind, bands, classes):
        super().__init__()
        self.encoders = nn.ModuleList(encoder(kind, b) for b in bands)
        self.head = nn.Linear(feature_size(kind) * len(bands), classes)

    def forward(self, *images):
        return self.head(torch.cat([f(x) for f, x in zip(self.encoders, images)], 1))


def fuse(module):
    """Every norm that follows its convolution directly is folded into it."""
    for name, child in list(module.named_children()):
        setattr(module, name, fuse(child))
    if not isinstance(module, nn.Sequential):
        return module
    layers = []
    for layer in module:
        if isinstance(layer, nn.BatchNorm2d) and layers and isinstance(layers[-1], nn.Conv2d):
            layers[-1] = fuse_conv_bn_eval(layers[-1], layer)
        else:
            layers.append(layer)
    return nn.Sequential(*layers)


def openvino_runner(model, images, dtype, args):
    import openvino as ov
    graph = io.BytesIO()
    torch.onnx.export(model, tuple(images), graph, opset_version=13)
    core = ov.Core()
    compiled = core.compile_model(core.read_model(graph.getvalue()), "CPU", {
        "INFERENCE_PRECISION_HINT": {"bf16": "bf16", "fp32": "f32"}[dtype], "INFERENCE_NUM_THREADS": args.threads,
        "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"})
    request = compiled.create_infer_request()
    arrays = [x.numpy() for x in images]
    return lambda: request.infer(arrays)


def build(mode, args):
    torch.manual_seed(0)
    model = Model(args.encoder, args.bands, args.classes).eval()
    images = [torch.randn(args.batch, b, args.size, args.size) for b in args.bands]
    kind, *layout, dtype = mode.split("-")
    if kind == "openvino":
        return openvino_runner(model, images, dtype, args)
    if layout == ["cl"]:
        model = model.to(memory_format=torch.channels_last)
        images = [x.contiguous(memory_format=torch.channels_last) for x in images]
    if kind == "frozen":
        model = fuse(model)
    number = torch.bfloat16 if dtype == "bf16" else torch.float32
    model, cast = model.to(number), [x.to(number) for x in images]
    with torch.no_grad():
        if kind == "frozen":
            model = torch.jit.freeze(torch.jit.trace(model, cast))
        if kind == "compile":
            model = torch.compile(model)

    def run():
        with torch.no_grad():
            return model(*(x.to(number) for x in images)).float().sum().item()

    return run
