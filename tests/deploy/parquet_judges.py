"""GeoParquet of `embed --also parquet` as pyarrow and DuckDB read it, beside the store.   parquet_judges.py STORE"""
import csv
import json
import struct
import sys

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

store = sys.argv[1]
path = f"{store}/embeddings.parquet"
about = json.load(open(f"{store}/embeddings.json"))
stored = np.load(f"{store}/embeddings.npy")
table = list(csv.DictReader(open(f"{store}/embeddings.csv")))
SIDES = ("xmin", "ymin", "xmax", "ymax")

# pyarrow: types, values, the metadata of GeoParquet 1.1
read = parquet.read_table(path)
assert read.num_rows == len(table) == len(stored)
assert read.column_names == ["unique_id", "embedding", "timestamp", "product_id", "grid_cell", "grid_row_u", "grid_col_r", "geometry", "centre_lat",
                             "centre_lon", "utm_footprint", "utm_crs", "pixel_bbox", "bbox", "split", "country", "labels", "modalities"]
kind = {"float32": pa.float32(), "float16": pa.float16(), "int8": pa.int8()}[about["type"]]
assert read.schema.field("embedding").type.value_type == kind, read.schema.field("embedding")
values = read["embedding"].combine_chunks()
assert (values.flatten().to_numpy(zero_copy_only=False).reshape(stored.shape) == stored).all()
assert read["unique_id"].to_pylist() == [r["id"] for r in table]
for name, column in (("timestamp", "date"), ("product_id", "product"), ("split", "split"), ("country", "country"), ("labels", "labels")):
    assert read[name].to_pylist() == [r[column] or None for r in table], name
geo = json.loads(read.schema.metadata[b"geo"])
shape = geo["columns"][geo["primary_column"]]
assert geo["version"] == "1.1.0" and geo["primary_column"] == "geometry" and shape["encoding"] == "WKB", geo
assert shape["covering"] == {"bbox": {side: ["bbox", side] for side in SIDES}}
assert [f.name for f in read.schema.field("bbox").type] == list(SIDES)
boxes = np.array([[b[side] for side in SIDES] for b in read["bbox"].to_pylist()])
for wkb, box in zip(read["geometry"].to_pylist(), boxes):
    order, geometry, rings, points = struct.unpack("<BIII", wkb[:13])
    corners = np.array(struct.unpack(f"<{2 * points}d", wkb[13:])).reshape(points, 2)
    assert (order, geometry, rings, points) == (1, 3, 1, 5) and (corners[0] == corners[-1]).all()
    assert (box == [*corners.min(0), *corners.max(0)]).all()
    x, y = corners.T
    assert (x[:-1] * y[1:] - x[1:] * y[:-1]).sum() > 0, "against the clock, as its metadata say"
assert shape["bbox"] == [*boxes[:, :2].min(0), *boxes[:, 2:].max(0)]
print(f"{path}: as pyarrow {pa.__version__} reads it")

# DuckDB: the same numbers, and a box as a filter
rows = duckdb.sql(f"select unique_id, embedding, centre_lon from '{path}'").fetchall()
assert [r[0] for r in rows] == [r["id"] for r in table]
assert (np.array([r[1] for r in rows]).astype(stored.dtype) == stored).all()
west, south = float(np.median(boxes[:, 0])), float(boxes[:, 1].min())
found = duckdb.sql(f"select unique_id from '{path}' where bbox.xmin >= {west!r} and bbox.ymin >= {south!r}").fetchall()
assert {r[0] for r in found} == {r["id"] for r, box in zip(table, boxes) if box[0] >= west} and 0 < len(found) < len(table)
print(f"{path}: as DuckDB {duckdb.__version__} reads it")
