"""Procedural patches for cli/field_neighbours and cli/formats_golden: what people have on disk, right and wrong.

    python3 field_inputs.py OUT

Needs numpy and GDAL's Python bindings. Pixels come from integer arithmetic alone, so that every machine writes the same.
"""
import csv
import os
import sys
import tarfile

import numpy as np
from osgeo import gdal, osr

gdal.UseExceptions()
S2 = ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12"]
LEVEL = [300, 420, 640, 520, 940, 1900, 2250, 2350, 2450, 2420, 1600, 900]
TYPES = {"uint8": gdal.GDT_Byte, "uint16": gdal.GDT_UInt16, "int16": gdal.GDT_Int16, "float32": gdal.GDT_Float32}
NEW = "S2A_MSIL2A_20230613T101031_N0509_R022_T33UUP_20230613T160000"
L2A = "S2A_MSIL2A_20190613T101031_N0212_R022_T33UUP_20190613T160000"
L1C = L2A.replace("MSIL2A", "MSIL1C").replace("N0212", "N0207")
S1NAME = "S1A_IW_GRDH_1SDV_20190611T165043_20190611T165108_027634_031E8A_4E8D"
COLUMNS = ["id", "s1", "s2", "labels", "split"]
SIDE, COUNT = 32, 12


def noise(number, bands, low, high, side=SIDE):
    """[bands, side, side] whole numbers in [low, high), the same everywhere."""
    n = bands * side * side
    x = np.arange(n, dtype=np.uint64) + np.uint64(number + 1) * np.uint64(7919)
    x = x * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
    x ^= x >> np.uint64(31)
    x = x * np.uint64(0x9E3779B97F4A7C15)
    x ^= x >> np.uint64(29)
    return (x % np.uint64(high - low)).astype(np.int64).reshape(bands, side, side) + low


def optical(number, bands=None, shift=0):
    """Digital numbers: dark pixels at the left, a level of its own for every band."""
    level = np.array(LEVEL, np.int64)[:, None, None]
    pixels = level * (60 + 80 * noise(number, 1, 0, 2) + noise(number, 12, 0, 20)) // 100 + shift
    pixels[:, :, :4] = 40 + noise(number + 500, 12, 0, 60)[:, :, :4] + shift
    return (pixels if bands is None else pixels[bands]).astype(np.uint16)


def radar(number):
    """Decibels with fractions: VV, VH."""
    db = noise(number + 900, 2, -4000, 4000).astype(np.float32) / np.float32(1024)
    return db + np.array([-11, -18], np.float32)[:, None, None]


def write(path, pixels, names=None, corner=(300000, 5400000), step=(10, -10), epsg=32633, nodata=None, scale=None,
          offset=None, tags=None, alpha=None, driver="GTiff"):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    bands, height, width = pixels.shape
    memory = gdal.GetDriverByName("MEM" if driver != "GTiff" else "GTiff")
    data = memory.Create("" if driver != "GTiff" else path, width, height, bands, TYPES[str(pixels.dtype)])
    if corner is not None:
        data.SetGeoTransform((corner[0], step[0], 0, corner[1], 0, step[1]))
        reference = osr.SpatialReference()
        reference.ImportFromEPSG(epsg)
        data.SetProjection(reference.ExportToWkt())
    if tags:
        data.SetMetadata(tags)
    for b in range(bands):
        band = data.GetRasterBand(b + 1)
        band.WriteArray(pixels[b])
        if names:
            band.SetDescription(names[b])
        if nodata is not None:
            band.SetNoDataValue(nodata)
        if scale is not None:
            band.SetScale(scale)
        if offset is not None:
            band.SetOffset(offset)
        if alpha == b:
            band.SetColorInterpretation(gdal.GCI_AlphaBand)
    if driver != "GTiff":
        gdal.GetDriverByName(driver).CreateCopy(path, data, options=["WORLDFILE=NO"])
    data.FlushCache()
    del data


def corner(number):
    """Patches of places of their own, 3 km apart."""
    return 300000 + 3000 * (number % 4), 5400000 - 3000 * (number // 4)


def rows(count=COUNT, names=lambda n: f"p{n:02d}"):
    return [{"id": names(n), "labels": "Water" if n % 3 == 0 else "Crops;Trees" if n % 3 == 1 else "Trees",
             "split": ["train", "train", "validation", "test"][n % 4], "n": n} for n in range(count)]


def table(path, entries, columns=COLUMNS):
    with open(path, "w", newline="") as stream:
        writer = csv.DictWriter(stream, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(entries)


class Folder:
    """One csv set: both modalities of every row, changed by `s1` and `s2` (pixels, options of write)."""

    def __init__(self, out):
        self.out = out

    def __call__(self, name, s1=None, s2=None, more=None, columns=None, count=COUNT, folder=None):
        entries = rows(count)
        for row in entries:
            n = row["n"]
            first = {"pixels": radar(n), "names": ["VV", "VH"], "corner": corner(n)}
            second = {"pixels": optical(n), "names": S2, "corner": corner(n)}
            for made, change in ((first, s1), (second, s2)):
                if change:
                    made.update(change(n))
            place = (folder(n) if folder else name) + "/"
            row["s1"] = first.pop("path", f"{name}/{row['id']}_s1.tif")
            row["s2"] = second.pop("path", f"{place}{row['id']}_s2.tif")
            write(os.path.join(self.out, row["s1"]), **first)
            write(os.path.join(self.out, row["s2"]), **second)
            if more:
                row.update(more(n))
        table(os.path.join(self.out, name + ".csv"), entries, columns or COLUMNS)


def bands_and_units(make):
    order = [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    odd = lambda n, change: change if n % 3 == 2 else {}
    make("good")
    # R1: another order in some files, under other spellings; one file with a band more; one that repeats a name
    make("spelled", s2=lambda n: odd(n, {"pixels": optical(n, order), "names": [f"S2_{S2[b].lower()}_refl".replace("_refl", "_SR") for b in order]}))
    make("more_bands", s2=lambda n: odd(n, {"pixels": np.concatenate([optical(n), optical(n)[:1]]), "names": S2 + ["B10"]}))
    make("other_name", s2=lambda n: odd(n, {"names": S2[:11] + ["B10"]}))
    make("undescribed_later", s2=lambda n: odd(n, {"names": None}))
    # R2: unit by file: reflectance last, percent, float digital numbers
    make("float_last", s2=lambda n: {"pixels": (optical(n) / 10000).astype(np.float32)} if n == COUNT - 1 else {})
    make("float_half", s2=lambda n: odd(n, {"pixels": (optical(n) / 10000).astype(np.float32)}))
    make("float_digits", s2=lambda n: odd(n, {"pixels": optical(n).astype(np.float32)}))
    make("int16", s2=lambda n: odd(n, {"pixels": optical(n).astype(np.int16)}))
    # R5: fill values of other types and modalities
    make("fill_32767", s2=lambda n: {"pixels": np.where(np.arange(SIDE)[None, :, None] < 6, 32767, optical(n)).astype(np.int16)})
    make("fill_float", s2=lambda n: {"pixels": np.where(np.arange(SIDE)[None, :, None] < 6, -9999, optical(n) / 10000).astype(np.float32)})
    make("fill_s1_9999", s1=lambda n: {"pixels": np.where(np.arange(SIDE)[None, :, None] < 6, np.float32(9999), radar(n))})
    # R6: alpha first or in the middle, a band called dataMask, scale and offset of S1, a scale of one file alone
    clear = lambda n: np.where(np.arange(SIDE)[None, None, :] < 8, 0, 65535).astype(np.uint16).repeat(SIDE, 1)
    make("alpha_first", s2=lambda n: {"pixels": np.concatenate([clear(n), optical(n)]), "names": [""] + S2, "alpha": 0})
    make("data_mask", s2=lambda n: {"pixels": np.concatenate([optical(n), clear(n) // 65535]), "names": S2 + ["dataMask"]})
    make("alpha_rgb", s2=lambda n: {"pixels": np.concatenate([optical(n, [3, 2, 1]), clear(n)]), "names": ["B04", "B03", "B02", ""], "alpha": 3})
    make("s1_scaled", s1=lambda n: {"pixels": np.round((radar(n) + 50) * 500).astype(np.uint16), "scale": 0.002, "offset": -50.0})
    make("scale_later", s2=lambda n: odd(n, {"scale": 40.0}))
    # R8: spellings; R12: swapped in lower case
    make("spellings", s1=lambda n: {"names": [["VV", "VH"], ["vv", "vh"], ["Sigma0_VV", "Sigma0_VH"], ["S1_VV_dB", "S1_VH_dB"]][n % 4]})
    make("swapped_lower", s1=lambda n: {"names": ["vh", "vv"]})
    # S7: whole numbers of radar
    make("s1_digits", s1=lambda n: {"pixels": (1000 + 200 * (radar(n) + 30)).astype(np.uint16)})


def units_and_offsets(make):
    last = lambda n, change: change if n == COUNT - 1 else {}
    top = np.arange(SIDE)[None, :, None] < 6
    product = {"columns": COLUMNS + ["product"]}
    new = dict(product, more=lambda n: {"product": NEW})
    nir = lambda n, shift: {"pixels": optical(n, [7, 8, 10], shift), "names": ["B08", "B8A", "B11"]}
    # R2: eight bits in the last file alone
    make("eight_bits_last", s2=lambda n: last(n, {"pixels": (optical(n) // 40 + 2).astype(np.uint8)}))
    # R4: without a visible band; in lower case; as floats of either unit; a name of an old baseline
    make("nir_harmonised", s2=lambda n: nir(n, 0), **new)
    make("nir_shifted", s2=lambda n: nir(n, 1000), **new)
    make("nir_unnamed", s2=lambda n: nir(n, 1000))
    make("product_lower", more=lambda n: {"product": NEW.lower()}, **product)
    make("float_shifted", s2=lambda n: {"pixels": optical(n, shift=1000).astype(np.float32)}, **new)
    make("reflectance_shifted", s2=lambda n: {"pixels": (optical(n, shift=1000) / 10000).astype(np.float32)}, **new)
    make("reflectance_unnamed", s2=lambda n: {"pixels": (optical(n, shift=1000) / 10000).astype(np.float32)})
    make("old_shifted", s2=lambda n: {"pixels": optical(n, shift=1000)}, more=lambda n: {"product": L2A}, **product)
    # R5: a tag that the type cannot hold, and what such a fill turns into
    make("wrapped", s2=lambda n: {"nodata": -9999, "pixels": np.where(top, 55537, optical(n)).astype(np.uint16)})
    make("zero_wrong_tag", s2=lambda n: {"nodata": -9999, "pixels": np.where(top, 0, optical(n)).astype(np.uint16)})
    make("hole", s1=lambda n: {"pixels": np.where(top & (np.arange(SIDE)[None, None, :] > 3) & (np.arange(SIDE)[None, :, None] > 1), np.float32(0), radar(n))})
    make("float_floor", s1=lambda n: {"pixels": np.where(top, np.float32(-3.4028235e38), radar(n))})
    # R6: what stands beside a file
    for name, option in (("mask_beside", "NO"), ("mask_inside", "YES")):
        make(name, count=2)
        gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", option)
        data = gdal.Open(os.path.join(make.out, name, "p01_s2.tif"), gdal.GA_Update)
        data.CreateMaskBand(gdal.GMF_PER_DATASET)
        data.GetRasterBand(1).GetMaskBand().WriteArray(np.where(np.arange(SIDE)[:, None] < 8, 0, 255).repeat(SIDE, 1).astype(np.uint8))
        data = None
    make("scale_beside", count=2)
    make("statistics_beside", count=2)
    for name, text in (("scale_beside", "<Offset>0</Offset><Scale>40</Scale>"), ("statistics_beside", '<Metadata><MDI key="STATISTICS_MEAN">5</MDI></Metadata>')):
        with open(os.path.join(make.out, name, "p01_s2.tif.aux.xml"), "w") as stream:
            stream.write(f'<PAMDataset><PAMRasterBand band="1">{text}</PAMRasterBand></PAMDataset>')
    # R7: the other way round; R8: some names of a file
    make("reversed", s2=lambda n: {"pixels": optical(n, [11, 10, 8, 7, 6, 5, 4, 3, 2, 1]), "names": None})
    make("half_named", s1=lambda n: {"pixels": 10 ** (radar(n) / 10), "names": ["VV", "VH_foo"]})
    make("gdal_names", s2=lambda n: {"names": [f"{b.replace('B0', 'B')}, central wavelength {490 + 40 * i} nm" for i, b in enumerate(S2)]})


def levels_and_times(make):
    product = lambda name: lambda n: {"product": name}
    more = COLUMNS + ["product"]
    make("l2a", more=product(L2A), columns=more)
    make("l1c", more=product(L1C), columns=more)
    make("level_mixed", more=lambda n: {"product": L1C if n % 3 == 2 else L2A}, columns=more)
    make("level_path", folder=lambda n: "level_path/L1C")
    make("level_tag", s2=lambda n: {"tags": {"PROCESSING_LEVEL": "Level-1C", "PRODUCT_TYPE": "S2MSI1C"}})
    make("level_tag_mixed", s2=lambda n: {"tags": {"PRODUCT_TYPE": "S2MSI1C" if n % 3 == 2 else "S2MSI2A"}})
    make("cirrus_l2a", s2=lambda n: {"pixels": np.concatenate([optical(n), np.full((1, SIDE, SIDE), 12, np.uint16) + noise(n, 1, 0, 5).astype(np.uint16)]),
                                     "names": S2 + ["B10"]}, more=product(L2A), columns=more)
    # S6: the product is a folder of the path
    make("time_folder", s1=lambda n: {"path": f"time_folder/{S1NAME}/p{n:02d}.tif"}, folder=lambda n: f"time_folder/{L2A}")
    make("time_lower", s1=lambda n: {"path": f"time_lower/{S1NAME.lower()}/p{n:02d}.tif"}, folder=lambda n: f"time_lower/{L2A.lower()}",
         s2=lambda n: {"pixels": (optical(n) / 10000).astype(np.float32)}, count=2)
    make("time_far", more=lambda n: {"datetime_s2": "2018-01-01T00:00:00Z"}, columns=COLUMNS + ["datetime_s2"], folder=lambda n: f"time_far/{L2A}")
    # S2: cut from one raster, bright and dark, no name anywhere: one decision for all of them
    make("bright", s2=lambda n: {"pixels": optical(n, shift=1000) if n % 2 else (optical(n) // 10 * 2 + 7000).astype(np.uint16), "corner": (300000 + 320 * n, 5400000)},
         s1=lambda n: {"corner": (300000 + 320 * n, 5400000)})
    make("bright_plain", s2=lambda n: {"pixels": optical(n) if n % 2 else (optical(n) // 10 + 1100).astype(np.uint16), "corner": (300000 + 320 * n, 5400000)},
         s1=lambda n: {"corner": (300000 + 320 * n, 5400000)})
    # S5: 8 bits, false colour
    png = lambda n: {"pixels": np.minimum(optical(n, [10, 7, 2]) // 12, 255).astype(np.uint8), "names": None, "driver": "PNG", "path": f"png/p{n:02d}.png"}
    make("png", s2=png)


def closer_looks(make):
    """Neighbours that came to light later, small ones."""
    top = np.arange(SIDE)[None, :, None] < 6
    few = {"count": 6}
    power = lambda n: 10 ** (radar(n) / 10)
    # R1, R8: prefixes of platforms, names longer than any band's; one name twice
    make("prefixed", s1=lambda n: {"names": ["Gamma0_VV_linear", "Gamma0_VH_linear"]}, s2=lambda n: {"names": [f"sentinel2:{b}" for b in S2]})
    make("twice_named", s2=lambda n: {"names": S2[:11] + ["B04"]} if n == 2 else {}, **few)
    # R4: short-wave infrared alone has the offset of its product too
    make("swir", s2=lambda n: {"pixels": optical(n, [10, 11], 1000), "names": ["B11", "B12"]}, columns=COLUMNS + ["product"], more=lambda n: {"product": NEW}, **few)
    # R5: any value that all bands hold from the edge on; a negative fill among power; negatives that are no fill
    make("edge_9999", s2=lambda n: {"pixels": np.where(top, 9999, optical(n)).astype(np.uint16)}, **few)
    make("edge_two", s2=lambda n: {"pixels": np.where(top, 2, optical(n) / 10000).astype(np.float32)}, **few)
    make("edge_db", s1=lambda n: {"pixels": np.where(top, np.float32(-30), radar(n))}, **few)
    make("shifted_fill", s2=lambda n: {"pixels": np.where(np.arange(SIDE)[None, :, None] % 8 == 3, -0.1, optical(n) / 10000).astype(np.float32)}, **few)
    make("power_fill", s1=lambda n: {"pixels": np.where(top, -1, power(n)).astype(np.float32)}, **few)
    make("twice_subtracted", s2=lambda n: {"pixels": optical(n).astype(np.int16) - 90}, **few)
    # S6: files of a radar product have hyphens
    make("time_hyphens", s1=lambda n: {"path": f"time_hyphens/s1a-iw-grd-vv-20190611t165043-20190611t165108-027634-031e8a-{n:03d}.tif"},
         folder=lambda n: f"time_hyphens/{L2A}", count=2)
    # S9: formats that are not read, in the column of a sensor
    for name, kind, head in (("jpg", "jpg", b"\xff\xd8\xff\xe0"), ("grib", "grib", b"GRIB"), ("lfs", "tif", b"version https://git-lfs.github.com/spec/v1"), ("zarr", "zarr", b"none"), ("pickle", "pkl", b"\x80\x04")):
        with open(f"{make.out}/foreign_{name}.{kind}", "wb") as stream:
            stream.write(head + bytes(60))
        table(f"{make.out}/foreign_{name}.csv", [{"id": "a", "s2": f"foreign_{name}.{kind}", "labels": "Water", "split": "train"}], ["id", "s2", "labels", "split"])
    # R9: every file of a table is gone
    table(os.path.join(make.out, "all_gone.csv"), [dict(r, s1=f"gone/{r['id']}_1.tif", s2=f"gone/{r['id']}_2.tif") for r in rows(4)])
    # R2, R8: the root of power
    make("amplitude", s1=lambda n: {"pixels": np.sqrt(power(n)).astype(np.float32)}, **few)
    make("power", s1=lambda n: {"pixels": power(n).astype(np.float32)}, **few)
    # R6: tags that say nothing, differ or contradict each other
    make("scale_zero", s2=lambda n: {"scale": 0.0}, **few)
    for name, change in (("scale_unlike", lambda band, b: band.SetScale(1e-4 if b % 2 else 1.0)),
                         ("scale_of_one", lambda band, b: band.SetScale(40.0 if b == 3 else 1.0)),
                         ("offset_of_some", lambda band, b: (band.SetScale(1e-4), band.SetOffset(-0.1 if b < 6 else 0)))):
        make(name, **few)
        for n in range(6):
            data = gdal.Open(os.path.join(make.out, name, f"p{n:02d}_s2.tif"), gdal.GA_Update)
            for b in range(12):
                change(data.GetRasterBand(b + 1), b)
            data = None
    # R7: numbers of positions that read as names; thirteen bands with the offset, over water
    make("numbered", s2=lambda n: {"names": [f"B{b + 1}" for b in range(12)]}, **few)
    water = lambda n: np.concatenate([optical(n)[:10] // 20, noise(n, 1, 10, 15).astype(np.uint16), optical(n)[10:] // 20]) + 1000
    make("water_13", s2=lambda n: {"pixels": water(n), "names": None}, **few)
    # R12: HH and HV
    make("swapped_hh", s1=lambda n: {"pixels": radar(n)[::-1], "names": ["HH", "HV"]}, **few)
    # Grids: from south to north, and in another zone
    make("south_up", s2=lambda n: {"step": (10, 10), "corner": (corner(n)[0], corner(n)[1] - 10 * SIDE), "pixels": optical(n)[:, ::-1]}, **few)
    make("other_zone", s2=lambda n: {"epsg": 32632} if n < 2 else {}, **few)


def swapped_shares(out, make):
    """R12 at its bound: 2, 3 and 4 of 6 patches with VV and VH exchanged, in every format."""
    for wrong in (2, 3, 4):
        db = lambda n: radar(n)[::-1] if n < wrong else radar(n)
        make(f"swapped_{wrong}", s1=lambda n: {"pixels": db(n)}, count=6)
        bigearthnet(out, f"ben_swapped_{wrong}", lambda n, b, o: dict(o, pixels=o["pixels"] - np.float32({"VV": 14, "VH": 0}[b])) if n < wrong and b in ("VV", "VH") else o, 6)
        for n in range(6):
            base = f"{out}/sen_swapped_{wrong}/ROIs1158_spring"
            write(f"{base}/s2_1/ROIs1158_spring_s2_1_p{n + 30}.tif", np.concatenate([optical(n)[:10], noise(n, 1, 10, 15).astype(np.uint16), optical(n)[10:]]), corner=corner(n))
            write(f"{base}/s1_1/ROIs1158_spring_s1_1_p{n + 30}.tif", db(n), corner=corner(n))
        folder = os.path.join(out, "scenes")
        os.makedirs(folder, exist_ok=True)
        write(os.path.join(folder, f"swapped_{wrong}.tif"), np.concatenate([np.concatenate([db(3 * r + c) for c in range(3)], 2) for r in range(2)], 1), ["VV", "VH"])
        with open(os.path.join(folder, f"swapped_{wrong}.yaml"), "w") as stream:
            stream.write(f"grid: {{size: 32}}\nmodalities:\n  s1: {{file: swapped_{wrong}.tif}}\n")


def scenes(out):
    folder = os.path.join(out, "scenes")
    side = 96
    pixels = np.concatenate([np.concatenate([optical(20 + 3 * r + c) for c in range(3)], 2) for r in range(3)], 1)
    db = np.concatenate([np.concatenate([radar(20 + 3 * r + c) for c in range(3)], 2) for r in range(3)], 1)
    degrees = {"corner": (10.0, 50.0), "step": (0.000125, -0.00009), "epsg": 4326}
    write(os.path.join(folder, "s2_degrees.tif"), pixels, S2, **degrees)
    write(os.path.join(folder, "s1_degrees.tif"), db, ["VV", "VH"], **degrees)
    write(os.path.join(folder, "s2.tif"), pixels, S2)
    write(os.path.join(folder, "s1.tif"), db, ["VV", "VH"])
    write(os.path.join(folder, L2A, "B.tif"), pixels, S2)
    write(os.path.join(folder, "l1c.tif"), pixels, S2, tags={"PROCESSING_LEVEL": "Level-1C"})
    order = [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    write(os.path.join(folder, "s2_order.tif"), pixels[order], [S2[b].lower() for b in order], corner=(310000, 5400000))
    write(os.path.join(folder, "s1_east.tif"), db, ["VV", "VH"], corner=(310000, 5400000))
    cover = (noise(1, 1, 0, 2, side) * 10 + 10).astype(np.int16)
    cover[:, :30, :30] = -1
    write(os.path.join(folder, "cover.tif"), cover)
    save = lambda name, text: open(os.path.join(folder, name + ".yaml"), "w").write("grid: {size: 32}\n" + text)
    one = lambda s2, s1="s1.tif": f"modalities:\n  s2: {{file: {s2}}}\n  s1: {{file: {s1}}}\n"
    save("plain", one("s2.tif"))
    save("degrees", one("s2_degrees.tif", "s1_degrees.tif"))
    save("product_folder", one(L2A + "/B.tif"))
    save("l1c", one("l1c.tif"))
    save("cover", one("s2.tif") + "land_cover: {file: cover.tif, minimum_share: 0, classes: {10: Trees, 20: Water}}\n")
    edge = pixels.copy()
    edge[:, :40] = 1
    write(os.path.join(folder, "edge.tif"), edge, S2, nodata=0)
    save("edge", one("edge.tif"))
    save("orders", "scenes:\n- name: a\n  modalities: {s2: {file: s2.tif}, s1: {file: s1.tif}}\n"
         "- name: b\n  modalities: {s2: {file: s2_order.tif}, s1: {file: s1_east.tif}}\n")


SIDE_BEN = {b: {"B01": 20, "B09": 20}.get(b, 60 if b in ("B05", "B06", "B07", "B8A", "B11", "B12") else 120) for b in S2}


def bigearthnet(out, name, change, count=2):
    """Patches of a V2 tree; change(patch, band, options) may bend the file of one band."""
    root = os.path.join(out, name)
    entries = []
    for n in range(count):
        s2 = f"S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_{20 + n}_57"
        s1 = f"S1A_IW_GRDH_1SDV_20170613T165043_33UUP_{20 + n}_57"
        for b, band in enumerate(S2):
            side = SIDE_BEN[band]
            pixels = (np.full((1, side, side), LEVEL[b], np.int64) + noise(n, 1, 0, 50, side)).astype(np.uint16)
            pixels[:, :4] = (90 + noise(n + 20 + b, 1, 0, 9, side))[:, :4]
            options = change(n, band, {"pixels": pixels, "names": None})
            write(f"{root}/BigEarthNet-S2/{s2[:-6]}/{s2}/{s2}_{band}.tif", step=(1200 / side, -1200 / side), **options)
        for b, band in enumerate(("VV", "VH")):
            pixels = noise(n + 50, 1, -4000, 4000, 120).astype(np.float32) / np.float32(1024) - np.float32((11, 18)[b])
            options = change(n, band, {"pixels": pixels, "names": None})
            write(f"{root}/BigEarthNet-S1/{s1[:-12]}/{s1}/{s1}_{band}.tif", **options)
        entries.append({"patch_id": s2, "labels": "Arable land", "split": "train", "country": "Austria", "s1_name": s1})
    table(os.path.join(root, "metadata.csv"), entries, list(entries[0]))


def bent(patch, band, more):
    """A change of one file of the second patch."""
    return lambda n, b, options: dict(options, **more(options)) if n == 1 and b == band else options


def trees(out):
    bigearthnet(out, "ben", lambda n, band, options: options)
    bigearthnet(out, "ben_named", lambda n, band, options: dict(options, names=[band.lower()]))
    bigearthnet(out, "ben_other", bent(1, "VV", lambda o: {"names": ["VH"]}))
    bigearthnet(out, "ben_two", bent(1, "VV", lambda o: {"pixels": np.concatenate([o["pixels"] - 7, o["pixels"]])}))
    bigearthnet(out, "ben_two_named", bent(1, "VV", lambda o: {"pixels": np.concatenate([o["pixels"] - 7, o["pixels"]]), "names": ["VH", "VV"]}))
    bigearthnet(out, "ben_scaled", bent(1, "B04", lambda o: {"scale": 40.0}))

    def gaps(options):
        pixels = options["pixels"].copy()
        pixels[:, :20] = -9999
        return {"pixels": pixels, "nodata": -9999}
    bigearthnet(out, "ben_gaps", bent(1, "VV", gaps))
    with tarfile.open(os.path.join(out, "ben_other_tar.tar"), "w") as archive:
        archive.add(os.path.join(out, "ben_other", "BigEarthNet-S1"), "BigEarthNet-S1")
    names = ["B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B10", "B11", "B12"]
    order = list(range(12, -1, -1))
    for name in ("sen", "sen_order", "sen_names", "sen_masked"):
        for n in range(2):
            base = f"{out}/{name}/ROIs1158_spring"
            pixels = np.concatenate([optical(n)[:10], noise(n, 1, 10, 15).astype(np.uint16), optical(n)[10:]])
            more = {}
            if name == "sen_order" and n == 1:
                pixels, more = pixels[order], {"names": [names[b] for b in order]}
            if name == "sen_names" and n == 1:
                more = {"names": names[:12] + ["B13"]}
            if name == "sen_masked" and n == 1:
                more = {"nodata": 65535}
                pixels[:, :8] = 65535
            write(f"{base}/s2_1/ROIs1158_spring_s2_1_p{n + 30}.tif", pixels, corner=corner(n), **more)
            write(f"{base}/s1_1/ROIs1158_spring_s1_1_p{n + 30}.tif", radar(n), corner=corner(n))


def main():
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    make = Folder(out)
    bands_and_units(make)
    units_and_offsets(make)
    levels_and_times(make)
    closer_looks(make)
    scenes(out)
    trees(out)
    swapped_shares(out, make)
    with open(os.path.join(out, "chip.nc"), "wb") as stream:
        stream.write(b"CDF\x01" + bytes(60))
    write(os.path.join(out, "gone", "a.tif"), optical(0), S2)
    with open(os.path.join(out, "gone", "a.tif"), "r+b") as stream:
        stream.truncate(3000)
    table(os.path.join(out, "truncated.csv"), [{"id": "a", "s2": "gone/a.tif", "labels": "Water", "split": "train"}], ["id", "s2", "labels", "split"])
    table(os.path.join(out, "netcdf.csv"), [{"id": "a", "s2": "chip.nc", "labels": "Water", "split": "train"}], ["id", "s2", "labels", "split"])


main()
