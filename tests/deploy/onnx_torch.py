"""An ONNX file computed with PyTorch, operator by operator: a judge that Debian has (python3-onnx, python3-torch)."""
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper


def keep(a):
    return bool(a.get("keepdims", 1))


def reduce_max(a, x):
    return x.amax(tuple(a["axes"]), keepdim=keep(a))


def unsqueeze(a, x, axes):
    for axis in sorted(axes.tolist()):
        x = x.unsqueeze(axis)
    return x


def conv(a, x, w):
    top, left, bottom, right = a["pads"]
    assert list(a["kernel_shape"]) == list(w.shape[2:])
    return F.conv2d(F.pad(x, (left, right, top, bottom)), w, stride=tuple(a["strides"]))


def max_pool(a, x):
    top, left, bottom, right = a["pads"]
    return F.max_pool2d(F.pad(x, (left, right, top, bottom), value=float("-inf")), tuple(a["kernel_shape"]), tuple(a["strides"]))


def gemm(a, x, w, c=None):
    assert a.get("transB") == 1
    return F.linear(x, w, c)


def cut(a, x, starts, ends, axes):
    for start, end, axis in zip(starts.tolist(), ends.tolist(), axes.tolist()):
        x = x.narrow(axis, start, end - start)
    return x


OPERATORS = {
    "Sub": lambda a, x, y: x - y, "Add": lambda a, x, y: x + y, "Mul": lambda a, x, y: x * y, "Div": lambda a, x, y: x / y,
    "Or": lambda a, x, y: x | y, "Not": lambda a, x: ~x, "IsNaN": lambda a, x: x.isnan(), "IsInf": lambda a, x: x.isinf(),
    "Cast": lambda a, x: x.float() if a["to"] == 1 else None, "Where": lambda a, c, x, y: torch.where(c, x, y),
    "ReduceMax": reduce_max, "ReduceSum": lambda a, x, axes: x.sum(tuple(axes.tolist()), keepdim=keep(a)),
    "Flatten": lambda a, x: x.flatten(1), "Conv": conv, "MaxPool": max_pool, "Gemm": gemm, "Relu": lambda a, x: x.relu(),
    "BatchNormalization": lambda a, x, g, b, m, v: F.batch_norm(x, m, v, g, b, eps=a.get("epsilon", 1e-5)),
    "GlobalAveragePool": lambda a, x: x.mean((2, 3), keepdim=True), "Concat": lambda a, *x: torch.cat(x, a["axis"]),
    "LpNormalization": lambda a, x: x / x.norm(p=a["p"], dim=a["axis"], keepdim=True), "Sigmoid": lambda a, x: x.sigmoid(),
    "Tanh": lambda a, x: x.tanh(), "Softmax": lambda a, x: x.softmax(a["axis"]), "Unsqueeze": unsqueeze,
    "Reshape": lambda a, x, shape: x.reshape(shape.tolist()), "Transpose": lambda a, x: x.permute(*a["perm"]) if "perm" in a else x.t(),
    "MatMul": lambda a, x, y: x @ y, "Slice": cut, "Gather": lambda a, x, i: x.index_select(a["axis"], i),
    "Expand": lambda a, x, shape: x.expand(torch.broadcast_shapes(tuple(x.shape), tuple(shape.tolist()))),
}


def run(path, images):
    """images: {name: array}; gives {name: array} of all outputs."""
    model = onnx.load(path)
    onnx.checker.check_model(model)
    assert model.ir_version == 8 and [(o.domain, o.version) for o in model.opset_import] == [("", 17)]
    known = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in model.graph.initializer}
    for value in model.graph.input:
        shape = value.type.tensor_type.shape.dim
        assert shape[0].dim_param == "batch"
        assert list(images[value.name].shape[1:]) == [d.dim_value for d in shape[1:]], (value.name, images[value.name].shape)
        known[value.name] = torch.from_numpy(images[value.name])
    for node in model.graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        known[node.output[0]] = OPERATORS[node.op_type](attributes, *(known[n] for n in node.input))
    return {o.name: known[o.name].numpy() for o in model.graph.output}
