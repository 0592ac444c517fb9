"""Writes the hand-made seeds of the fuzz targets of src/io: corpus/<target>/seed-*.

Small files that reach every branch a good file can reach; none of them comes from real data. What fuzzing found beyond
them lies beside them under names of its own.

    python3 make_corpus.py
"""

import gzip
import io
import json
import struct
import sys
import tarfile
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "golden"))
import make_parquet_golden as parquet  # noqa: E402


def safetensors(entries, metadata=None, pad=True, data=None):
    header, at, body = {}, 0, b""
    if metadata:
        header["__metadata__"] = metadata
    for name, dtype, shape, item in entries:
        size = item
        for side in shape:
            size *= side
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
        body += bytes(range(256))[: size % 256] + bytes(size - size % 256)
    text = json.dumps(header, separators=(",", ":")).encode()
    if pad:
        text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + (body if data is None else data)


def safetensors_seeds():
    return {
        "s1": safetensors([("VH", "F32", [2, 3], 4), ("VV", "F32", [2, 3], 4)]),
        "s2": safetensors([("B01", "U16", [1, 1], 2), ("B02", "U16", [3, 3], 2)]),
        "metadata": safetensors([("a.b", "BF16", [2], 2)], {"format": "pt", "x": "\u00e9"}),
        "scalar": safetensors([("s", "U8", [], 1), ("e", "F64", [0, 4], 8), ("b", "BOOL", [1] * 8, 1)], pad=False),
        "empty": safetensors([]),
        "types": safetensors([(t, t, [1], n) for t, n in [("I8", 1), ("I16", 2), ("I32", 4), ("U32", 4), ("I64", 8)]]),
        "short": safetensors([("VH", "F32", [2, 3], 4)], data=b"1234"),
        "deep": struct.pack("<Q", 24) + b'{"a":[[[[[[[[[1]]]]]]]]]}',
    }


# LMDB with pages of 512 bytes: tests/fuzz/lmdb_fuzz.c accepts what liblmdb accepts, whatever the page size.
PAGE = 512


def lmdb_page(number, flags, nodes):
    """A branch or leaf: nodes packed from the end, as liblmdb packs them."""
    body, upper, pointers = bytearray(PAGE), PAGE, []
    for node in nodes:
        upper -= len(node) + len(node) % 2
        body[upper : upper + len(node)] = node
        pointers.append(upper)
    struct.pack_into("<QHHHH", body, 0, number, 0, flags, 16 + 2 * len(nodes), upper)
    struct.pack_into(f"<{len(nodes)}H", body, 16, *pointers)
    return bytes(body)


def leaf_node(key, value, page=None):
    size = len(value)
    head = struct.pack("<HHHH", size & 0xFFFF, size >> 16, 0 if page is None else 1, len(key))
    return head + key + (value if page is None else struct.pack("<Q", page))


def branch_node(key, page):
    return struct.pack("<HHHH", page & 0xFFFF, page >> 16 & 0xFFFF, page >> 32, len(key)) + key


def overflow(number, value):
    count = (16 + len(value) + PAGE - 1) // PAGE
    return (struct.pack("<QHHI", number, 0, 4, count) + value).ljust(count * PAGE, b"\0")


def tree(flags, depth, branches, leaves, spill, entries, root, pad=0):
    return struct.pack("<IHHQQQQQ", pad, flags, depth, branches, leaves, spill, entries, root)


NONE = 2**64 - 1


def lmdb(pages, main, free=None, transaction=3):
    """Transactions take turns at the two meta pages: the odd one, which is the newer, in the second."""
    last = 1 + sum(len(p) for p in pages) // PAGE
    out = b""
    for number in range(2):
        free_tree = tree(8, 0, 0, 0, 0, 0, NONE, PAGE) if free is None else free
        meta = struct.pack("<IIQQ", 0xBEEFC0DE, 1, 0, 1 << 20) + free_tree + main
        meta += struct.pack("<QQ", last, transaction - 1 + number)
        out += (struct.pack("<QHHI", number, 0, 8, 0) + meta).ljust(PAGE, b"\0")
    return out + b"".join(pages)


def lmdb_seeds():
    blob = safetensors([("VH", "F32", [10, 12], 4), ("VV", "F32", [10, 12], 4)])
    pages = (16 + len(blob) + PAGE - 1) // PAGE
    one = lmdb_page(2, 2, [leaf_node(b"a", b"small"), leaf_node(b"b", blob, 3)])
    branch = lmdb_page(2, 1, [branch_node(b"", 3), branch_node(b"m", 4)])
    leaves = lmdb_page(3, 2, [leaf_node(b"a", b"1"), leaf_node(b"k", b"")]) + lmdb_page(4, 2, [leaf_node(b"m", b"2")])
    freed = struct.pack("<QQQ", 2, 5, 4)
    free_leaf = lmdb_page(3, 2, [leaf_node(struct.pack("<Q", 2), freed)])
    free_tree = tree(8, 1, 0, 1, 0, 1, 3, PAGE)
    small = lmdb_page(2, 2, [leaf_node(b"key", b"v" * 40)])
    return {
        "one-leaf": lmdb([one, overflow(3, blob)], tree(0, 1, 0, 1, pages, 2, 2)),
        "branch": lmdb([branch, leaves], tree(0, 2, 1, 2, 0, 3, 2)),
        "free-list": lmdb([small, free_leaf, bytes(2 * PAGE)], tree(0, 1, 0, 1, 0, 1, 2), free_tree),
        "empty": lmdb([], tree(0, 0, 0, 0, 0, 0, NONE)),
        "beyond": lmdb([lmdb_page(2, 2, [leaf_node(b"b", blob, 900)])], tree(0, 1, 0, 1, pages, 1, 2)),
    }


def yaml_seeds():
    return {
        "config": b"data:\n  format: bigearthnet-v2 # x\n  bands: [B02, \"B03\", ~]\ntrain: {epochs: 100, lr: 1e-3}\n",
        "block": b"note: |\n  two\n  lines\nfold: >-\n  a\n  b\nlist:\n  - a\n  - b: 1\n    c:\n",
        "anchor": b"a: &x 1\nb: *x\nc: !!str 2\n",
        "twice": b"a: 1\na: 2\n",
        "documents": b"%YAML 1.1\n---\na: 1\n...\n---\nb: 2\n",
        "quotes": b"'it''s': \"\\u00e9\\n\\x41\"\n? key\n: value\n",
        "deep": b"[" * 40 + b"]" * 40,
        "bad": b"a: [1, 2\nb: \xff\n\tc: }",
    }


def csv_seeds():
    return {
        "quotes": b'\xef\xbb\xbfid,"label, all",x\r\np1,"a ""b"", c",\r\n\r\np2,"two\nlines",3\np3,,last',
        "tabs": b"id\tsplit\na\ttrain\nb\ttest\n",
        "semicolon": b"id;lat\na;1,5\n",
        "ragged": b"a,b\n1,2,3\n",
        "open": b'a,b\n1,"x\n\n',
        "return": b"a,b\n1,2\r3\n",
        "nul": b"a,b\n1,\0\n",
        "single": b"a\n\n1\n",
    }


def npy(header, data, version=1):
    text = header.encode()
    return b"\x93NUMPY" + struct.pack("<BBH" if version == 1 else "<BBI", version, 0, len(text)) + text + data


def npy_seeds():
    good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
    return {
        "matrix": npy(good + " \n", bytes(24)),
        "version2": npy(good, bytes(24), 2),
        "vector": npy("{'descr': '|u1', 'fortran_order': False, 'shape': (5,), }", b"12345"),
        "scalar": npy("{'descr': '<i8', 'fortran_order': False, 'shape': (), }", bytes(8)),
        "fortran": npy("{'descr': '<f8', 'fortran_order': True, 'shape': (0, 3), }", b""),
        "object": npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", b"x"),
        "record": npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", b"abcd"),
        "order": npy('{"shape": (1), "fortran_order": False, "descr": ">u2"}', b"ab"),
    }


def snappy(data):
    """Literals only."""
    out = parquet.varint(len(data))
    for at in range(0, len(data), 60):
        part = data[at : at + 60]
        out += bytes([len(part) - 1 << 2]) + part
    return out


def zstd_raw(data):
    """A frame of one raw block (RFC 8878): single segment, one byte of content size."""
    return b"\x28\xb5\x2f\xfd\x20" + bytes([len(data)]) + (len(data) << 3 | 1).to_bytes(3, "little") + data


def parquet_seeds():
    seeds = {name: data for name, data in parquet.hand_made().items()}
    root = parquet.element(b"schema", children=1)
    texts = parquet.plain([b"a", b"bb", b"ccc"])

    def one(physical, data, values, codec=0, packed=None, converted=None, repetition=0, encoding=0):
        schema = [root, parquet.element(b"c", repetition, physical=physical, converted=converted)]
        body = parquet.page(data, values, packed=packed, encoding=encoding)
        return parquet.parquet(schema, [body], values, values, codec=codec, kind=physical)

    seeds["snappy"] = one(6, texts, 3, codec=1, packed=snappy(texts))
    seeds["zstd"] = one(6, texts, 3, codec=6, packed=zstd_raw(texts))
    seeds["gzip_member"] = one(6, texts, 3, codec=2, packed=gzip.compress(texts, mtime=0))
    seeds["int32"] = one(1, struct.pack("<3i", 1, -2, 3), 3)
    seeds["uint32"] = one(1, struct.pack("<3I", 1, 2**32 - 1, 3), 3, converted=13)
    seeds["int64"] = one(2, struct.pack("<2q", 1, -(2**60)), 2)
    seeds["float"] = one(4, struct.pack("<2f", 1.5, -2), 2)
    seeds["double"] = one(5, struct.pack("<2d", 1.5, -2), 2)
    seeds["bool"] = one(0, b"\x15", 5)
    seeds["bool_rle"] = one(0, parquet.levels([1, 0, 1, 1, 0], 1), 5, encoding=3)
    seeds["optional"] = one(2, parquet.levels([1, 0, 1], 1) + struct.pack("<2q", 7, 8), 3, repetition=1)
    v2 = {1: 3, 2: 3 + 14, 3: 3 + 14, 8: {1: 3, 2: 1, 3: 3, 4: 0, 5: 3, 6: 0}}
    body = parquet.thrift(v2) + parquet.levels([1, 0, 1], 1)[4:] + b"\0" + texts[:11].ljust(14, b"\0")
    optional = [root, parquet.element(b"c", 1, physical=6, converted=0)]
    seeds["v2"] = parquet.parquet(optional, [body], 3, 3)
    struct_schema = [root, parquet.element(b"c", 1, 2), parquet.element(b"x", 1, physical=1), parquet.element(b"y", 0, physical=6)]
    seeds["struct"] = parquet.parquet(struct_schema, [texts], 3, 3)
    return seeds


def labels_json_seeds():
    place = {"coordinates": {"ulx": 604800, "uly": 5834040, "lrx": 606000, "lry": 5832840}, "projection": 'PROJCS["x",1]'}
    names = ["Transitional woodland/shrub", "Beaches, dunes, sands"]
    s2 = {"labels": names, **place, "tile_source": "S2A_MSIL1C_20170617T113321_N0205_R080_T29UPU.SAFE"}
    s1 = {"labels": names, **place, "scene_source": "S1A", "acquisition_time": "2017-06-17T06:47:24"}
    seeds = {
        "s2": {**s2, "acquisition_date": "2017-06-17 11:33:21"},
        "s1": {**s1, "corresponding_s2_patch": "S2A_MSIL2A_20170617T113321_4_55"},
        "bare": {"labels": []},
        "escapes": {"labels": ["a\u00e9\n\"b"], "acquisition_date": "2017-06-17  9:41:61"},
        "many": {"labels": ["x"] * 65},
        "long": {"labels": ["x" * 201]},
        "types": {"labels": ["x", 1, None], "tile_source": 3},
        "list": ["labels"],
    }
    texts = {name: json.dumps(seed) for name, seed in seeds.items()}
    texts["twice"] = '{"labels": [], "labels": []}'
    texts["deep"] = '{"labels": ' + "[" * 9 + "]" * 9 + "}"
    texts["cut"] = texts["s1"][:70]
    return {name: text.encode() for name, text in texts.items()}


def patch_name_seeds():
    texts = {
        "s2": "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_75_43",
        "s1": "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_70_8",
        "s2_v1": "S2B_MSIL2A_20170613T94161_4_55",
        "sen12ms": "ROIs1158_spring_s2_124_p100.tif",
        "scene": "ROIs1970_fall/s1_120",
        "product": "S2A_MSIL1C_20170617T113321_N0205_R080_T29UPU_20170617T113319.SAFE",
        "time": "2017-06-13 9:41:61",
        "member": "BigEarthNet-S1/S1A_IW_GRDH_1SDV_20170613T165043/S1A_IW_GRDH_1SDV_20170613T165043_33UUP_70_48/"
        "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_70_48_VH.tif",
        "map": "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP/S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_75_43/"
        "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_75_43_reference_map.tif",
    }
    return {name: text.encode() for name, text in texts.items()}


def tar(members, form=tarfile.GNU_FORMAT, end=True):
    """A tar of (name, bytes) or TarInfo."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for member in members:
            info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member[0])
            data = b"" if isinstance(member, tarfile.TarInfo) else member[1]
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    data = out.getvalue().rstrip(b"\0")
    return data + bytes(-len(data) % 512 + (1024 if end else 0))


def tar_seeds():
    patch = "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_70_48"
    plain = [(f"BigEarthNet-S1/{patch[:-9]}/{patch}/{patch}_{band}.tif", band.encode() * 9) for band in ("VH", "VV")]

    def odd(kind, target=""):
        info = tarfile.TarInfo("a/b")
        info.type, info.linkname = kind, target
        return info

    good = tar(plain)
    return {
        "gnu": good,
        "pax": tar(plain, tarfile.PAX_FORMAT),
        "ustar": tar(plain, tarfile.USTAR_FORMAT),
        "long": tar([("x/" * 3 + "y" * 200, b"1"), ("z" * 120, b"")]),
        "pax_long": tar([("\u00e9" * 130, b"1")], tarfile.PAX_FORMAT),
        "folder": tar([odd(tarfile.DIRTYPE), ("a/c", b"2")]),
        "link": tar([odd(tarfile.SYMTYPE, "/etc/passwd")]),
        "hard": tar([("c", b"1"), odd(tarfile.LNKTYPE, "c")]),
        "fifo": tar([odd(tarfile.FIFOTYPE)]),
        "sparse": tar([odd(tarfile.GNUTYPE_SPARSE)]),
        "absolute": tar([("/a", b"1")]),
        "up": tar([("a/../b", b"1")]),
        "dots": tar([("./a", b"1"), ("./b/c", b"2")]),
        "deep": tar([("a/" * 9 + "b", b"1")]),
        "empty": tar([]),
        "no_end": tar(plain, end=False),
        "two": good + tar([("a", b"1")]),
        "behind": good + b"more",
        "cut": good[:700],
        "gzip": gzip.compress(good, mtime=0),
        "gzip_cut": gzip.compress(good, mtime=0)[:-30],
        "zstd": b"\x28\xb5\x2f\xfd\x60" + struct.pack("<H", len(good) - 256) + (len(good) << 3 | 1).to_bytes(3, "little") + good,
        "nothing": b"",
    }


def tiff(width, height, code, compression=1, predictor=None, rows=None, big=False, more=(), cut=0):
    """One band in strips; code: struct code of a pixel."""
    order, rows = ">" if big else "<", rows or height
    bits, form = 8 * struct.calcsize("=" + code), {"B": 1, "H": 1, "h": 2, "f": 3}[code]
    strips = []
    for top in range(0, height, rows):
        values = [(top * width + i) % 200 for i in range(width * min(rows, height - top))]
        if predictor == 2:
            values = [v if i % width == 0 else (v - values[i - 1]) % 256 for i, v in enumerate(values)]
        raw = struct.pack(f"{order}{len(values)}{code}", *values)
        strips.append(zlib.compress(raw) if compression in (8, 32946) else raw)
    tags = [(256, 3, [width]), (257, 3, [height]), (258, 3, [bits]), (259, 3, [compression]), (262, 3, [1]), (273, 4, None),
            (277, 3, [1]), (278, 3, [rows]), (279, 4, [len(s) for s in strips]), (339, 3, [form]), *more]
    if predictor:
        tags.append((317, 3, [predictor]))
    tags.sort()
    at = 8 + 2 + 12 * len(tags) + 4
    offsets, extra = [], b""
    for strip in strips:
        offsets.append(at + len(extra))
        extra += strip
    entries = b""
    for tag, kind, values in tags:
        values = offsets if values is None else values
        data = struct.pack(f"{order}{len(values)}{'H' if kind == 3 else 'I'}", *values)
        if len(data) > 4:
            place = at + len(extra)
            extra += data
            data = struct.pack(order + "I", place)
        entries += struct.pack(order + "HHI", tag, kind, len(values)) + data.ljust(4, b"\0")
    whole = (b"MM" if big else b"II") + struct.pack(order + "HIH", 42, 8, len(tags)) + entries + bytes(4) + extra
    return whole[:len(whole) - cut]


def tiff_plain_seeds():
    return {
        "uint16": tiff(20, 20, "H"),
        "uint16_strips": tiff(8, 8, "H", rows=3),
        "int16": tiff(6, 4, "h"),
        "float32": tiff(6, 4, "f"),
        "uint8": tiff(1, 1, "B"),
        "deflate": tiff(20, 20, "H", 8),
        "old_deflate": tiff(8, 8, "f", 32946, rows=4),
        "predictor": tiff(8, 8, "B", 8, predictor=2),
        "big_endian": tiff(6, 4, "H", big=True),
        "planar": tiff(6, 4, "H", more=[(284, 3, [2])]),
        "nodata": tiff(6, 4, "H", more=[(42113, 3, [48])]),
        "cut": tiff(20, 20, "H", cut=100),
        "no_strips": tiff(6, 4, "H", more=[(322, 3, [16]), (323, 3, [16])]),
    }


def split_file_seeds():
    ids = b"# ids=" + b"0" * 64
    rows = [(b"a", b"train"), (b"b", b"validation"), (b"c", b"test"), (b'"d,""1"""', b"train")]

    def table(settings, header, more, fold=b"00"):
        lines = [ids + b" samples=4 " + settings, header]
        lines += [b",".join((name, split) + tail) for (name, split), tail in zip(rows, more)]
        return fold + b"\n".join(lines) + b"\n"

    plain = table(b"folds=0 fractions= rule=own seed=0", b"id,split", [()] * 4)
    folds = [(b"0",), (b"1",), (b"2",), (b"",)]
    labels = [(b"0.01",), (b"",), (b"",), (b"1",)]
    both = [a + b for a, b in zip(folds, labels)]
    return {
        "plain": plain,
        "folds": table(b"folds=3 fractions= rule=share", b"id,split,fold", folds, b"20"),
        "held": table(b"folds=3 fractions= rule=share", b"id,split,fold", folds, b"11"),
        "fractions": table(b"folds=0 fractions=0.01;0.1 rule=own", b"id,split,labeled", labels),
        "both": table(b"folds=5 fractions=0.01;0.5", b"id,split,fold,labeled", both),
        "short": plain[:-8],
        "twice": plain.replace(b"b,val", b"a,val"),
        "stranger": plain.replace(b"c,test", b"e,test"),
        "falling": table(b"folds=0 fractions=0.1;0.01", b"id,split,labeled", labels),
        "head": b"00" + ids + b"\n",
    }


def scene_file_seeds():
    return {
        "one": b"grid: {size: 56, minimum_valid: 0.9, origin: [300000, 5400000], crs: EPSG:32633}\n"
        b"modalities:\n  s1: {file: s1.tif, resampling: bilinear, nodata: -9999}\n"
        b"  s2: {files: {B02: b2.tif, B03: b3.tif}, datetime: 2022-06-12T05:09:11Z}\n"
        b"land_cover:\n  file: lc.tif\n  classes: {1: Water, 2.5: Trees}\n  ignore: [0, 255]\n",
        "many": b"land_cover: {classes: worldcover, band: 2}\nscenes:\n"
        b"  - name: june\n    split: test\n    modalities: {s2: {files: [a.tif, b.tif], bands: [B02, B03]}}\n"
        b"    land_cover: worldcover.tif\n"
        b"  - {country: Peru, modalities: {s1: {file: /x/s1.tif, crs: EPSG:4326, resolution: 20}}}\n",
        "unknown": b"grid: {strid: 3}\nmodalities: {s1: {file: s1.tif}}\n",
        "none": b"scenes: []\n",
        "list": b"- 1\n",
    }


def label_text_seeds():
    return {
        "semicolons": b"Pastures; Coniferous forest;Inland waters",
        "json": b'["Land principally occupied by agriculture, with significant areas", "Moors"]',
        "python": b"['Pastures', \"Farmer's\"]",
        "numpy": b"['Pastures' 'Moors'\n 'Peatbogs']",
        "escapes": b'["a\\"b\\\\c\\/d"]',
        "last": b"A;",
        "hole": b"A;;B",
        "open": b"['A",
        "empty": b"  ",
    }


def crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def row_journal_seeds():
    head = b"mosaic rows 1 " + b"0123456789abcdef" * 4 + b"\n"

    def block(first, count, size=13):
        parts = [struct.pack("<qq", first, count), bytes(range(size)) * count]
        return b"".join(parts) + struct.pack("<I", crc32c(struct.pack("<2I", *map(crc32c, parts))))

    return {
        "empty": b"",
        "head": head,
        "whole": head + block(0, 3) + block(3, 5),
        "part": head + block(0, 3) + block(3, 2)[:-7],
        "sum": head + block(0, 3)[:-1] + b"x",
        "order": head + block(0, 3) + block(4, 2),
        "long": head + block(0, 9),
        "other": head.replace(b"0123", b"3210") + block(0, 3),
        "huge": head + struct.pack("<qq", 0, 2**62),
        "negative": head + struct.pack("<qq", 0, -1),
    }


def main():
    corpus = Path(__file__).parent / "corpus"
    makers = {
        "parquet": parquet_seeds,
        "safetensors": safetensors_seeds,
        "lmdb": lmdb_seeds,
        "yaml": yaml_seeds,
        "csv": csv_seeds,
        "npy": npy_seeds,
        "labels_json": labels_json_seeds,
        "tar": tar_seeds,
        "tiff_plain": tiff_plain_seeds,
        "patch_name": patch_name_seeds,
        "split_file": split_file_seeds,
        "scene_file": scene_file_seeds,
        "label_text": label_text_seeds,
        "row_journal": row_journal_seeds,
    }
    for target, make in makers.items():
        folder = corpus / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in make().items():
            (folder / f"seed-{name}").write_bytes(data)


if __name__ == "__main__":
    main()
