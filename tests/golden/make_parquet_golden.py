"""Writes the small Parquet files of tests/golden/parquet that tests/io/parquet_test.c reads.

The expected values are formulas of the row number, repeated in the test. Needs pyarrow (made with 26.0.1), except for
the legacy list layouts, which no current writer produces: those are put together here byte by byte.

    python3 make_parquet_golden.py [FOLDER]
"""

import struct
import sys
import zlib
from pathlib import Path

ROWS, GROUP = 200, 70


def table():
    import pyarrow as pa

    rows = range(ROWS)
    labels = [None if i % 11 == 5 else [f"label {j * i % 13}, x" for j in range(i % 4)] for i in rows]
    return pa.table(
        {
            "name": pa.array([None if i % 7 == 3 else f"row-{i}" + "é" * (i % 3) for i in rows], pa.string()),
            "labels": pa.array(labels, pa.list_(pa.string())),
            "flag": pa.array([None if i % 5 == 1 else i % 3 == 0 for i in rows], pa.bool_()),
            "small": pa.array([i * i - 500 for i in rows], pa.int32()),
            "big": pa.array([None if i % 9 == 0 else i * 10**12 - 3 for i in rows], pa.int64()),
            "ratio": pa.array([i / 8 for i in rows], pa.float32()),
            "exact": pa.array([None if i % 4 == 2 else i / 3 for i in rows], pa.float64()),
            "count": pa.array([4294967295 - i for i in rows], pa.uint32()),
            "price": pa.array([i for i in rows], pa.decimal128(9, 2)),
            "kind": pa.array([["spring", "summer", "fall"][i % 3] for i in rows], pa.string()),
        }
    )


def write_pyarrow(folder):
    import pyarrow as pa
    import pyarrow.parquet as pq

    variants = {
        "snappy_v1_dictionary": dict(compression="snappy", data_page_version="1.0", use_dictionary=True),
        "zstd_v2_plain": dict(compression="zstd", data_page_version="2.0", use_dictionary=False),
        "gzip_v1_plain": dict(compression="gzip", data_page_version="1.0", use_dictionary=False),
        "none_v2_dictionary": dict(compression="none", data_page_version="2.0", use_dictionary=True),
        "zstd_v1_checksum": dict(compression="zstd", write_page_checksum=True, use_dictionary=["kind"]),
    }
    for name, options in variants.items():
        pq.write_table(
            table(), folder / f"{name}.parquet", row_group_size=GROUP, data_page_size=600, store_schema=False, **options
        )
    pq.write_table(table().slice(0, 0), folder / "no_rows.parquet", store_schema=False)
    lz4 = dict(compression="lz4", use_dictionary=False, store_schema=False)
    pq.write_table(pa.table({"name": ["a"]}), folder / "lz4.parquet", **lz4)
    delta = dict(column_encoding={"name": "DELTA_BYTE_ARRAY"}, use_dictionary=False, store_schema=False)
    pq.write_table(pa.table({"name": ["a"]}), folder / "delta.parquet", **delta)


# Thrift's compact protocol, as far as needed: values are ints (i32), I64s, bytes, lists of equal things, or structs as
# dictionaries {field id: value}.


class I64(int):
    pass


def varint(n):
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def kind(value):
    return {int: 5, I64: 6, bytes: 8, list: 9, dict: 12}[type(value)]


def thrift(value):
    if isinstance(value, int):
        return varint(value << 1)
    if isinstance(value, bytes):
        return varint(len(value)) + value
    if isinstance(value, list):
        inner = kind(value[0]) if value else 12
        head = bytes([len(value) << 4 | inner]) if len(value) < 15 else bytes([0xF0 | inner]) + varint(len(value))
        return head + b"".join(map(thrift, value))
    out, last = b"", 0
    for field, item in sorted(value.items()):
        assert field - last < 16
        out, last = out + bytes([field - last << 4 | kind(item)]) + thrift(item), field
    return out + b"\0"


def levels(values, width):
    """Bit-packed hybrid run with the length prefix of v1 pages."""
    padded = values + [0] * (-len(values) % 8)
    bits = sum(v << i * width for i, v in enumerate(padded))
    run = varint(len(padded) // 8 << 1 | 1) + bits.to_bytes(len(padded) * width // 8, "little")
    return struct.pack("<I", len(run)) + run


def plain(texts):
    return b"".join(struct.pack("<I", len(t)) + t for t in texts)


def page(body, values, kind=0, encoding=0, packed=None, crc=None):
    packed = body if packed is None else packed
    head = {1: kind, 2: len(body), 3: len(packed)}
    head[5 if kind == 0 else 7] = {1: values, 2: encoding, 3: 3, 4: 3} if kind == 0 else {1: values, 2: encoding}
    return thrift(head) + packed


def parquet(schema, pages, values, rows, codec=0, path=(b"c",), kind=6):
    data = b"".join(pages)
    size = I64(len(data))
    meta = {1: kind, 2: [0], 3: list(path), 4: codec, 5: I64(values), 6: size, 7: size, 9: I64(4)}
    group = {1: [{2: I64(4), 3: meta}], 2: size, 3: I64(rows)}
    footer = {1: 1, 2: schema, 3: I64(rows), 4: [group], 6: b"hand"}
    body = thrift(footer)
    return b"PAR1" + data + body + struct.pack("<I", len(body)) + b"PAR1"


def element(name, repetition=None, children=None, physical=None, converted=None):
    fields = {1: physical, 3: repetition, 4: name, 5: children, 6: converted}
    return {k: v for k, v in fields.items() if v is not None}


def hand_made():
    """Name -> bytes. The lists hold, row by row: [a, bb], [], (null where the layout can say so, else []), [ccc]."""
    root = element(b"schema", children=1)
    texts = plain([b"a", b"bb", b"ccc"])
    leaf = dict(physical=6, converted=0)
    two_level = [root, element(b"c", 1, 1, converted=3), element(b"array", 2, **leaf)]
    bare = [root, element(b"c", 2, **leaf)]
    spark = [root, element(b"c", 1, 1, converted=3), element(b"bag", 2, 1), element(b"array_element", 1, **leaf)]
    deep = (b"c", b"bag", b"array_element")
    rep = levels([0, 1, 0, 0, 0], 1)
    required = [root, element(b"c", 0, **leaf)]
    return {
        "list_two_level": parquet(two_level, [page(rep + levels([2, 2, 1, 0, 2], 2) + texts, 5)], 5, 4, path=(b"c", b"array")),
        "list_bare": parquet(bare, [page(rep + levels([1, 1, 0, 0, 1], 1) + texts, 5)], 5, 4),
        "list_three_level": parquet(spark, [page(rep + levels([3, 3, 1, 0, 3], 2) + texts, 5)], 5, 4, path=deep),
        "list_null_item": parquet(spark, [page(rep + levels([3, 2, 1, 0, 3], 2) + texts, 5)], 5, 4, path=deep),
        "required": parquet(required, [page(texts, 3)], 3, 3),
        "two_pages": parquet(required, [page(plain([b"a"]), 1), page(plain([b"bb", b"ccc"]), 2)], 3, 3),
        "gzip": parquet(required, [page(texts, 3, packed=zlib.compress(texts))], 3, 3, codec=2),
        "dictionary": parquet(
            required, [page(texts, 3, kind=2), page(b"\2" + levels([0, 1, 2], 2)[4:], 3, encoding=8)], 3, 3
        ),
        "bomb": parquet(required, [page(bytes(200 << 20), 3, packed=b"\x28\xb5\x2f\xfd" * 4)], 3, 3, codec=6),
        "bad_index": parquet(
            required, [page(texts, 3, kind=2), page(b"\2" + levels([0, 1, 3], 2)[4:], 3, encoding=8)], 3, 3
        ),
        "far_text": parquet(required, [page(struct.pack("<I", 1 << 31) + b"abcd", 1)], 1, 1),
        "too_many_values": parquet(required, [page(texts, 3)], 3, 2),
    }


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "parquet")
    folder.mkdir(exist_ok=True)
    for name, data in hand_made().items():
        (folder / f"{name}.parquet").write_bytes(data)
    write_pyarrow(folder)


if __name__ == "__main__":
    main()
