"""Judges of what `mosaic export` writes.

    export_check.py data FOLDER                      a small data set: a CSV and its rasters
    export_check.py variants MODEL FOLDER            the same encoders with every other fusion, into FOLDER/<fusion>.safetensors
    export_check.py onnx FOLDER NAME...              NAME.onnx against FOLDER/eval-NAME and the pixels of FOLDER/data
    export_check.py huggingface EXPORTED EVALUATION FOLDER
    export_check.py torchvision EXPORTED RESNET      strict, both ways; writes <modality>-again.safetensors
    export_check.py stac FILE SCHEMA MODEL
"""
import csv
import hashlib
import importlib.util
import json
import os
import struct
import sys
import warnings

import numpy as np

warnings.filterwarnings("ignore")
CLASSES = ["Trees", "Water", 'Ä "b" <i>*, %s']  # names that every format has to quote
SIZE, BANDS = 24, {"s1": ["VV", "VH"], "s2": ["B02", "B03", "B04"]}


def make_data(folder):
    from osgeo import gdal
    gdal.UseExceptions()
    random = np.random.default_rng(3)
    levels = {"VV": (-11, 4), "VH": (-18, 4), "B02": (500, 200), "B03": (700, 200), "B04": (900, 300)}
    rows = []
    for i in range(20):
        row = {"id": f"p{i:02}", "labels": ["Water", "Trees", "Water;Trees", CLASSES[2]][i % 4], "split": ["train", "validation", "test"][i % 3]}
        for modality, bands in BANDS.items():
            row[modality] = f"{modality}_{i}.tif"
            if modality == "s1" and i in (2, 8):
                row[modality] = ""
                continue
            kind = gdal.GDT_Float32 if modality == "s1" else gdal.GDT_UInt16
            out = gdal.GetDriverByName("GTiff").Create(os.path.join(folder, row[modality]), SIZE, SIZE, len(bands), kind)
            for b, band in enumerate(bands):
                mean, sd = levels[band]
                pixels = random.normal(mean + i % 5 * sd / 3, sd, (SIZE, SIZE))
                if modality == "s1" and i == 5:
                    pixels[:4] = np.nan
                if modality == "s2":
                    pixels = np.clip(pixels, 1, 9000).round()
                out.GetRasterBand(b + 1).WriteArray(pixels)
                out.GetRasterBand(b + 1).SetDescription(band)
        rows.append(row)
    with open(os.path.join(folder, "table.csv"), "w", newline="") as stream:
        writer = csv.DictWriter(stream, ["id", "s1", "s2", "labels", "split"])
        writer.writeheader()
        writer.writerows(rows)


def make_variants(model, folder):
    """No training is needed to see whether a graph computes what the program computes."""
    random = np.random.default_rng(5)
    with open(model, "rb") as stream:
        header = json.loads(stream.read(struct.unpack("<Q", stream.read(8))[0]))
        data = stream.read()
    meta = header["__metadata__"]
    old, size = json.loads(meta["model"]), 512
    layers = {"gated": {"value": 24, "gate": 24}, "bilinear": {"factor": 72}, "cross-attention": {"token": 24}, "learned": {}}
    for fusion, own in layers.items():
        shapes = {f"fusion.{m}.{layer}": (rows, size) for m in BANDS for layer, rows in own.items()}
        if fusion == "cross-attention":
            shapes.update({f"fusion.{layer}": (24, 24) for layer in ("query", "key", "value", "out")})
        new = {n: t for n, t in header.items() if fusion == "learned" or not n.startswith("head.")}
        blobs, at = [data], len(data)
        tensors = {n + ".weight": s for n, s in shapes.items()}
        tensors.update({n + ".bias": s[:1] for n, s in shapes.items() if n.split(".")[-1] not in ("query", "key") and n != "fusion.value"})
        if fusion == "learned":
            tensors = {f"missing.{m}": (size,) for m in BANDS}
        else:
            tensors.update({"head.weight": (3, 24), "head.bias": (3,)})
            hole = [t["data_offsets"] for n, t in header.items() if n.startswith("head.")]
            begin, end = min(o[0] for o in hole), max(o[1] for o in hole)
            assert end == len(data), "the head is last"
            blobs, at = [data[:begin]], begin
        for name, shape in tensors.items():
            blob = (random.normal(0, 1, shape) / np.sqrt(shape[-1])).astype("<f4").tobytes()
            new[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, at + len(blob)]}
            blobs.append(blob)
            at += len(blob)
        card = dict(old, missing="learned") if fusion == "learned" else dict(old, fusion=fusion, fusion_dim=24, fusion_rank=3, fusion_heads=3)
        new["__metadata__"] = dict(meta, model=json.dumps(card))
        text = json.dumps(new).encode()
        with open(os.path.join(folder, fusion + ".safetensors"), "wb") as stream:
            stream.write(struct.pack("<Q", len(text)) + text)
            stream.writelines(blobs)


def make_refused(model, folder):
    """The model without its head, and one of patches that are no squares."""
    with open(model, "rb") as stream:
        header = json.loads(stream.read(struct.unpack("<Q", stream.read(8))[0]))
        data = stream.read()
    meta = header["__metadata__"]
    heads = [t["data_offsets"][0] for n, t in header.items() if n.startswith("head.")]
    bare = {n: t for n, t in header.items() if not n.startswith("head.")}
    bare["__metadata__"] = dict(meta, classes="[]", thresholds="null")
    oblong = dict(header, __metadata__=dict(meta, input=json.dumps(dict(json.loads(meta["input"]), width=SIZE + 8))))
    for name, new, blob in (("bare", bare, data[:min(heads)]), ("oblong", oblong, data)):
        text = json.dumps(new).encode()
        with open(os.path.join(folder, name + ".safetensors"), "wb") as stream:
            stream.write(struct.pack("<Q", len(text)) + text + blob)


def expected(run, folder):
    """Ids, raw pixels and the program's own answers of the test split."""
    from osgeo import gdal
    rows = list(csv.DictReader(open(os.path.join(run, "predictions.csv"))))
    table = {r["id"]: r for r in csv.DictReader(open(os.path.join(folder, "table.csv")))}
    ids = [r["id"] for r in rows]
    assert len(ids) == 6 and "p02" in ids and "p05" in ids, ids
    images = {}
    for modality, bands in BANDS.items():
        images[modality] = np.full((len(ids), len(bands), SIZE, SIZE), np.nan, np.float32)
        for i, name in enumerate(ids):
            if table[name][modality]:
                images[modality][i] = gdal.Open(os.path.join(folder, table[name][modality])).ReadAsArray()
    probabilities = np.array([[float(v) for k, v in r.items() if k.startswith("probability:")] for r in rows])
    assert probabilities.shape == (6, 3) and probabilities.std() > 0
    return images, probabilities, np.load(os.path.join(run, "embeddings.npy"))


def near(what, got, wanted):
    worst = abs(got - wanted).max() / max(1, abs(wanted).max())
    assert got.shape == wanted.shape and worst < 1e-4, (what, got.shape, wanted.shape, worst)
    print(f"{what}: within {worst:.1e}")


def check_outputs(what, outputs, probabilities, features):
    near(what + " probabilities", outputs["probabilities"], probabilities)
    near(what + " features", outputs["features"], features)
    latents = outputs["latents"].reshape(6, 2, -1)
    norms = np.linalg.norm(latents, axis=2)
    there = np.array([[i not in (0, 2), True] for i in range(6)])  # p02 and p08 have no s1
    assert abs(norms - there).max() < 1e-5, norms


def check_onnx(work, *names):
    for name in names:
        print(name)
        check_one(os.path.join(work, name + ".onnx"), *expected(os.path.join(work, "eval-" + name), os.path.join(work, "data")))


def check_one(path, images, probabilities, features):
    import onnx
    meta = {p.key: p.value for p in onnx.load(path).metadata_props}
    assert json.loads(meta["classes"]) == CLASSES, meta["classes"]
    assert json.loads(meta["card"])["modalities"][0]["bands"] == BANDS["s1"]
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import onnx_torch
    check_outputs("by PyTorch", onnx_torch.run(path, images), probabilities, features)
    try:
        import onnxruntime
    except ImportError:
        print("skipped: no ONNX Runtime in this Python (MOSAIC_ONNX_PYTHON names one)")
        return
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    check_outputs("by ONNX Runtime", dict(zip(names, session.run(names, images))), probabilities, features)


def check_deepness(path, run, folder):
    """As the plugin does it: metadata read as JSON, one raster's pixels times 1/255, the first channel of every output as a layer."""
    import onnx
    images, probabilities, _ = expected(run, folder)
    meta = {p.key: p.value for p in onnx.load(path).metadata_props}
    names = [names["0"] for names in json.loads(meta["class_names"])]
    assert json.loads(meta["model_type"]) == "Regressor" and names == CLASSES, meta
    assert json.loads(meta["tile_size"]) == json.loads(meta["tiles_size"]) == SIZE and json.loads(meta["tiles_overlap"]) == 50
    assert json.loads(meta["standardization_mean"]) == [0] * 5 and json.loads(meta["standardization_std"]) == [1] * 5
    assert "resolution" not in meta and float(meta["reg_output_scaling"]) == 1  # the rasters of the test have no georeference
    image = np.concatenate(list(images.values()), axis=1)
    given = {"image": np.float32((image.astype(np.float64) * 1. / 255.))}
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import onnx_torch

    def check(what, outputs):
        assert list(outputs) == [f"class_{c}" for c in range(len(names))], list(outputs)
        layers = np.stack([outputs[f"class_{c}"][:, 0] for c in range(len(names))], axis=1)
        near(what, layers, np.broadcast_to(probabilities[:, :, None, None], (6, 3, SIZE, SIZE)))
    check("layers by PyTorch", onnx_torch.run(path, given))
    try:
        import onnxruntime
    except ImportError:
        print("skipped: no ONNX Runtime in this Python (MOSAIC_ONNX_PYTHON names one)")
        return
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert len(session.get_inputs()) == 1
    outputs = [o.name for o in session.get_outputs()]
    check("layers by ONNX Runtime", dict(zip(outputs, session.run(None, given))))


def check_huggingface(exported, run, folder):
    import torch
    images, probabilities, _ = expected(run, folder)
    config = json.load(open(os.path.join(exported, "config.json")))
    assert config["problem_type"] == "multi_label_classification" and config["id2label"] == {str(i): n for i, n in enumerate(CLASSES)}
    assert [m["bands"] for m in config["modalities"]] == list(BANDS.values())
    card = open(os.path.join(exported, "README.md")).read()
    scores = json.load(open(os.path.join(run, "metrics.json")))
    index = card.split("---")[1]
    assert "model-index:" in index and 'split: "test"' in index
    value = float(index.split("micro AP\"\n      value: ")[1].split("\n")[0])
    assert value == scores["thresholds"]["0.5"]["micro"]["average_precision"], (value, scores)
    assert "n = 6" in card
    assert '| Ä "b" &lt;i>\\*, %s | ' in card and "- sentinel-1\n- sentinel-2\n" in index, card
    spec = importlib.util.spec_from_file_location("modeling", os.path.join(exported, "modeling.py"))
    modeling = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(modeling)
    model = modeling.Model(exported)
    weights = os.path.join(exported, "model.safetensors")
    check_library(weights, read_safetensors(weights)[1])
    with torch.no_grad():
        near("Hugging Face folder", model({k: torch.from_numpy(v) for k, v in images.items()}).numpy(), probabilities)


def read_safetensors(path):
    import torch
    kinds = {"F32": torch.float32, "I64": torch.int64}
    with open(path, "rb") as stream:
        header = json.loads(stream.read(struct.unpack("<Q", stream.read(8))[0]))
        data = bytearray(stream.read())
    meta = header.pop("__metadata__")
    return meta, {n: torch.frombuffer(data[slice(*t["data_offsets"])], dtype=kinds[t["dtype"]]).reshape(t["shape"]) for n, t in header.items()}


def check_library(path, tensors):
    """The same file by the library that the format comes from."""
    try:
        from safetensors.torch import load_file
    except ImportError:
        print("skipped: no safetensors in this Python (MOSAIC_ONNX_PYTHON names one), its library has not read the file")
        return
    found = load_file(path)
    assert found.keys() == tensors.keys() and all(found[n].dtype == t.dtype and (found[n] == t).all() for n, t in tensors.items())
    print(f"{os.path.basename(path)}: {len(found)} tensors as safetensors reads them")


def write_safetensors(path, tensors):
    import torch
    kinds = {torch.float32: "F32", torch.int64: "I64"}
    header, blobs, at = {}, [], 0
    for name, tensor in tensors.items():
        blob = tensor.contiguous().numpy().tobytes()
        header[name] = {"dtype": kinds[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header).encode()
    with open(path, "wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def check_torchvision(exported, name):
    import torch
    import torchvision
    for modality, bands in BANDS.items():
        meta, tensors = read_safetensors(os.path.join(exported, modality + ".safetensors"))
        assert meta["format"] == "pt" and [b["name"] for b in json.loads(meta["input"])["bands"]] == bands
        model = getattr(torchvision.models, name)(weights=None)
        model.conv1 = torch.nn.Conv2d(len(bands), 64, 7, 2, 3, bias=False)
        model.fc = torch.nn.Identity()
        model.load_state_dict(tensors, strict=True)
        check_library(os.path.join(exported, modality + ".safetensors"), tensors)
        assert list(model.eval()(torch.zeros(1, len(bands), 64, 64)).shape) == [1, 512]
        write_safetensors(os.path.join(exported, modality + "-again.safetensors"), model.state_dict())
        print(f"{modality}: {len(tensors)} tensors, strict")


def check_stac(path, schema, model):
    import jsonschema
    item = json.load(open(path))
    jsonschema.validate(item, json.load(open(schema)))
    asset = item["assets"]["model"]
    assert asset["file:size"] == os.path.getsize(model)
    assert asset["file:checksum"] == "1220" + hashlib.sha256(open(model, "rb").read()).hexdigest()
    assert [c["name"] for c in item["properties"]["mlm:output"][0]["classification:classes"]] == CLASSES
    assert [i["bands"] for i in item["properties"]["mlm:input"]] == list(BANDS.values())


if __name__ == "__main__":
    {"data": make_data, "variants": make_variants, "refused": make_refused, "onnx": check_onnx, "deepness": check_deepness, "huggingface": check_huggingface, "torchvision": check_torchvision,
     "stac": check_stac}[sys.argv[1]](*sys.argv[2:])
