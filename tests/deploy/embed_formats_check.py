"""What `embed --also` writes, beside its store: GeoParquet by a reader of our own (parquet_judges.py: by others), polygons and rasters
by GDAL.   embed_formats_check.py parquet|gpkg|raster|answers STORE ..."""
import csv
import json
import math
import os
import struct
import sys
import zlib

import numpy as np
from osgeo import gdal, ogr, osr

gdal.UseExceptions()
what, store = sys.argv[1:3]
about = json.load(open(f"{store}/embeddings.json"))
stored = np.load(f"{store}/embeddings.npy")
values = stored.astype(np.float64) * about["scale"]
table = list(csv.DictReader(open(f"{store}/embeddings.csv")))
assert len(table) == len(stored) == about["rows"]
SIZE = about["size"]


# ---- Parquet: Thrift's compact protocol, PLAIN pages of version 1, gzip ----

class Thrift:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def varint(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def signed(self):
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def value(self, kind):
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            self.at += 1
            return self.data[self.at - 1]
        if kind in (4, 5, 6):
            return self.signed()
        if kind == 8:
            size = self.varint()
            self.at += size
            return self.data[self.at - size:self.at]
        if kind == 9:
            head = self.data[self.at]
            self.at += 1
            count = head >> 4
            if count == 15:
                count = self.varint()
            return [self.value(head & 15) for _ in range(count)]
        assert kind == 12, kind
        fields, last = {}, 0
        while True:
            head = self.data[self.at]
            self.at += 1
            if head == 0:
                return fields
            last = last + (head >> 4) if head >> 4 else self.signed()
            fields[last] = self.value(head & 15)


def levels(data, count):
    at, out = Thrift(data), []
    while len(out) < count:
        head = at.varint()
        assert head & 1 == 0, "runs, as our writer makes them"
        out += [at.data[at.at]] * (head >> 1)
        at.at += 1
    assert len(out) == count and at.at == len(data)
    return out


def leaves(schema):
    """Of every column: path, physical type, logical type, converted type, whether it is a list."""
    out, at = [], 1

    def walk(path, count, repeated):
        nonlocal at
        for _ in range(count):
            element = schema[at]
            at += 1
            here, again = path + [element[4].decode()], repeated or element[3] == 2
            if 5 in element:
                walk(here, element[5], again)
            else:
                out.append((here, element[1], element.get(10, {}), element.get(6), again))
    walk([], schema[0][5], False)
    assert at == len(schema)
    return out


def read_parquet(path):
    data = open(path, "rb").read()
    assert data[:4] == data[-4:] == b"PAR1"
    size = struct.unpack("<I", data[-8:-4])[0]
    footer = Thrift(data[-8 - size:-8]).value(12)
    columns = {".".join(p): [] for p, *_ in leaves(footer[2])}
    for group in footer[4]:
        for chunk, (path, physical, logical, converted, repeated) in zip(group[1], leaves(footer[2])):
            meta = chunk[3]
            assert [p.decode() for p in meta[3]] == path and meta[1] == physical
            thrift = Thrift(data, meta[9])
            page = thrift.value(12)
            assert page[1] == 0 and page[5][2] == 0 and page[5][1] == meta[5]
            body = data[thrift.at:thrift.at + page[3]]
            assert thrift.at + page[3] - meta[9] == meta[7]
            if meta[4] == 2:
                body = zlib.decompress(body, 31)
            assert len(body) == page[2]
            both = []
            for _ in range(2 if repeated else 1):
                length = struct.unpack("<I", body[:4])[0]
                both.append(levels(body[4:4 + length], meta[5]))
                body = body[4 + length:]
            there, full = both[-1], 2 if repeated else 1
            count = sum(level == full for level in there)
            if physical == 6:
                cells, at = [], 0
                for _ in range(count):
                    length = struct.unpack("<I", body[at:at + 4])[0]
                    cells.append(body[at + 4:at + 4 + length])
                    at += 4 + length
                assert at == len(body)
                if converted == 0:
                    cells = [c.decode() for c in cells]
            else:
                kind = {1: "<i4", 4: "<f4", 5: "<f8", 7: "<f2"}[physical]
                assert physical != 7 or 15 in logical
                cells = np.frombuffer(body, kind).tolist()
                assert len(cells) == count
            cells = iter(cells)
            column = columns[".".join(path)]
            for again, level in zip(both[0] if repeated else [0] * len(there), there):
                value = next(cells) if level == full else None
                if not repeated:
                    column.append(value)
                elif again:
                    column[-1].append(value)
                else:
                    column.append(None if level == 0 else [] if level == 1 else [value])
    rows = sum(group[3] for group in footer[4])
    assert rows == footer[3] and all(len(c) == rows for c in columns.values())
    return columns, {pair[1].decode(): pair[2].decode() for pair in footer[5]}, len(footer[4])


def turn(crs):
    systems = []
    for name in (crs, "EPSG:4326"):
        system = osr.SpatialReference()
        system.SetFromUserInput(name)
        system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
        systems.append(system)
    return osr.CoordinateTransformation(*systems)


def major_tom(latitude, longitude):
    """The last grid point below and to the left, among all of them (10 km, rows and columns counted from 0 N 0 E)."""
    radius = 6378.137
    count = math.ceil(math.pi * radius / 10)
    rows = np.sort(np.mod(np.linspace(-90, 90, count + 1)[:-1], 180) - 90)
    row = np.searchsorted(rows, latitude) - 1
    count = math.ceil(2 * math.pi * radius * math.cos(math.radians(rows[row])) / 10)
    columns = np.sort(np.mod(np.linspace(-180, 180, count + 1)[:-1], 360) - 180)
    column = np.searchsorted(columns, longitude) - 1
    return int(row - np.argmin(abs(rows))), int(column - np.argmin(abs(columns)))


def square(row):
    return tuple(float(row[k]) for k in ("x", "y", "width", "height"))


def parquet():
    path = f"{store}/embeddings.parquet"
    columns, keys, groups = read_parquet(path)
    kind = {"float32": "f4", "float16": "f2", "int8": "i1"}[about["type"]]
    assert (np.array(columns["embedding.list.element"]).astype(kind) == stored).all()
    for name, column in (("unique_id", "id"), ("timestamp", "date"), ("product_id", "product"), ("split", "split"), ("country", "country"), ("labels", "labels")):
        assert columns[name] == [r[column] or None for r in table], name
    assert columns["modalities"] == [";".join(m for m in about["modalities"] if r["has:" + m] == "1") for r in table]
    geo = json.loads(keys["geo"])
    shape = geo["columns"]["geometry"]
    assert geo["version"] == "1.1.0" and geo["primary_column"] == "geometry" and shape["encoding"] == "WKB" and shape["geometry_types"] == ["Polygon"]
    assert shape["covering"]["bbox"] == {k: ["bbox", k] for k in ("xmin", "ymin", "xmax", "ymax")}
    boxes, turns = [], {}
    for i, r in enumerate(table):
        x, y, width, height = square(r)
        ring = [(x, y), (x, y - height), (x + width, y - height), (x + width, y), (x, y)]
        there = turns.setdefault(r["crs"], turn(r["crs"])) if r["crs"] not in turns else turns[r["crs"]]
        wanted = np.array([there.TransformPoint(*p)[:2] for p in ring])
        polygon = ogr.CreateGeometryFromWkb(columns["geometry"][i])
        assert polygon.GetGeometryName() == "POLYGON" and polygon.IsValid()
        got = np.array(polygon.GetGeometryRef(0).GetPoints())[:, :2]
        assert abs(got - wanted).max() < 1e-9, (got, wanted)
        box = [*got.min(0), *got.max(0)]
        assert [columns["bbox." + k][i] for k in ("xmin", "ymin", "xmax", "ymax")] == box
        boxes.append(box)
        assert columns["centre_lat"][i] == float(r["latitude"]) and columns["centre_lon"][i] == float(r["longitude"])
        assert box[0] < columns["centre_lon"][i] < box[2] and box[1] < columns["centre_lat"][i] < box[3]
        up, right = columns["grid_row_u"][i], columns["grid_col_r"][i]
        assert (up, right) == major_tom(columns["centre_lat"][i], columns["centre_lon"][i])
        assert columns["grid_cell"][i] == f"{abs(up)}{'D' if up < 0 else 'U'}_{abs(right)}{'L' if right < 0 else 'R'}"
        assert columns["utm_crs"][i] == r["crs"]  # the data of the test lie in zones
        assert ogr.CreateGeometryFromWkt(columns["utm_footprint"][i]).GetEnvelope() == (x, x + width, y - height, y)
        assert columns["pixel_bbox.list.element"][i] == ([int(v) for v in r["pixel_bbox"].split()] or None)
    boxes = np.array(boxes)
    assert shape["bbox"] == [*boxes[:, :2].min(0), *boxes[:, 2:].max(0)]
    own = json.loads(keys["mosaic"])
    assert own["scale"] == about["scale"] and own["largest_error"] == about["largest_error"] and "model" not in own and "data" not in own
    print(f"{path}: {len(table)} rows in {groups} row groups")
    if gdal.GetDriverByName("Parquet") is None:
        print("skipped: this GDAL has no Parquet driver, it has not read the file")
    else:
        assert gdal.OpenEx(path).GetLayer(0).GetFeatureCount() == len(table)


def gpkg():
    layer = (source := gdal.OpenEx(f"{store}/embeddings.gpkg")).GetLayer(0)
    system = layer.GetSpatialRef().GetAuthorityCode(None)
    crs = {r["crs"] for r in table}
    assert system == (crs.pop()[5:] if len(crs) == 1 else "4326"), (system, crs)
    assert layer.GetFeatureCount() == len(table)
    for i, (f, r) in enumerate(zip(layer, table)):
        assert (f["id"], f["split"], f["labels"] or "") == (r["id"], r["split"], r["labels"])
        assert abs(np.array(json.loads(f["embedding"])) - values[i]).max() < 1e-7
        west, east, south, north = f.GetGeometryRef().GetEnvelope()
        x, y, width, height = square(r)
        if system == "4326":
            assert west < float(r["longitude"]) < east and south < float(r["latitude"]) < north
        else:
            assert (west, east, south, north) == (x, x + width, y - height, y)
    del source


def raster():
    """Every pixel from the store's rows: Hann-weighted over its middle, of length one; overviews from the level below."""
    path, scene = sys.argv[3:5]
    image, whole = gdal.Open(path), gdal.Open(scene)
    cell = int(image.GetMetadataItem("CELL_PIXELS"))
    a, b = image.GetGeoTransform(), whole.GetGeoTransform()
    assert a[1] == b[1] * cell and a[5] == b[5] * cell and image.GetSpatialRef().IsSame(whole.GetSpatialRef())
    left, top = round((a[0] - b[0]) / b[1]), round((a[3] - b[3]) / b[5])
    assert (a[0], a[3]) == (b[0] + left * b[1], b[3] + top * b[5])
    width, height = (int(v) for v in sys.argv[5].split("x")) if len(sys.argv) > 5 else (whole.RasterXSize, whole.RasterYSize)
    assert (image.RasterXSize, image.RasterYSize) == (-(-width // cell), -(-height // cell))
    boxes = np.array([[int(v) for v in r["pixel_bbox"].split()] for r in table])
    byte = about["type"] == "int8"
    if about["type"] == "float32":
        error = 1e-6
    else:  # windows are blended before they are rounded, the store's rows are rounded themselves
        error = about["largest_error"] * 4 + (.5 / 127 if byte else 2 ** -11)

    def numbers(bands):
        out = np.stack([band.ReadAsArray().astype(np.float64) for band in bands])
        if not byte:
            return out
        assert bands[0].GetNoDataValue() == 0
        return np.where(out == 0, np.nan, out * image.GetRasterBand(1).GetScale() + image.GetRasterBand(1).GetOffset())
    bands = [image.GetRasterBand(i + 1) for i in range(image.RasterCount)]
    assert [band.GetDescription() for band in bands] == [f"{m}:{k}" for m in about["modalities"] for k in range(SIZE)]
    got = numbers(bands)
    for i in range(image.RasterYSize):
        for j in range(image.RasterXSize):
            x = left + (j * cell + min((j + 1) * cell, width)) / 2
            y = top + (i * cell + min((i + 1) * cell, height)) / 2
            inside = (boxes[:, 0] < x) & (x < boxes[:, 2]) & (boxes[:, 1] < y) & (y < boxes[:, 3])
            weight = np.where(inside, np.sin(np.pi * (x - boxes[:, 0]) / (boxes[:, 2] - boxes[:, 0])) ** 2
                              * np.sin(np.pi * (y - boxes[:, 1]) / (boxes[:, 3] - boxes[:, 1])) ** 2, 0)
            for m in range(len(about["modalities"])):
                part = slice(m * SIZE, (m + 1) * SIZE)
                vector = weight @ values[:, part]
                length = np.sqrt(vector @ vector)
                assert length == 0 and np.isnan(got[part, i, j]).all() or abs(got[part, i, j] - vector / length).max() < error, (i, j, m)
    count = bands[0].GetOverviewCount()
    longer = max(image.RasterXSize, image.RasterYSize)
    assert count == max(0, math.ceil(math.log2(longer / 16))), (count, longer)
    for level in range(count):
        below, got = got, numbers([band.GetOverview(level) for band in bands])
        wanted = np.zeros_like(got)
        for i in range(got.shape[1]):
            for j in range(got.shape[2]):
                wanted[:, i, j] = np.nansum(below[:, 2 * i:2 * i + 2, 2 * j:2 * j + 2], (1, 2))
        for m in range(len(about["modalities"])):
            part = wanted[m * SIZE:(m + 1) * SIZE]
            part /= np.sqrt((part ** 2).sum(0))
        plain = abs(np.sqrt((got[:SIZE] ** 2).sum(0)) - 1).max()
        assert abs(got - wanted).max() < (.51 / 127 if byte else 2e-6) and plain < .03, (level, abs(got - wanted).max(), plain)
    from osgeo_utils.samples import validate_cloud_optimized_geotiff as judge
    assert judge.validate(path, full_check=True)[1] == []
    print(f"{path}: {image.RasterXSize} x {image.RasterYSize} vectors, {count} overviews")


def answers():
    folder = sys.argv[3]
    rows = list(csv.DictReader(open(f"{folder}/results.csv")))
    layer = (source := gdal.OpenEx(f"{folder}/results.gpkg")).GetLayerByName("answers")
    assert layer.GetFeatureCount() == len(rows) > 0
    places = {r["id"]: r for r in table}
    degrees = layer.GetSpatialRef().GetAuthorityCode(None) == "4326"
    for f, r in zip(layer, rows):
        assert (f["query"], f["id"], int(f["rank"])) == (r["query"], r["id"], int(r["rank"])) and abs(f["cosine"] - float(r["cosine"])) < 1e-6
        west, east, south, north = f.GetGeometryRef().GetEnvelope()
        at = places[r["id"]]
        x, y = (float(at["longitude"]), float(at["latitude"])) if degrees else (float(at["x"]) + 1, float(at["y"]) - 1)
        assert west < x < east and south < y < north
    assert source.GetLayerByName("layer_styles").GetNextFeature()["styleQML"].count("<range ") == 5
    del source


{"parquet": parquet, "gpkg": gpkg, "raster": raster, "answers": answers}[what]()
