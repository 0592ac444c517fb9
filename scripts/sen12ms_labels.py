#!/usr/bin/env python3
"""Turns SEN12MS's IGBP_probability_labels.pkl into the table that the reader takes. Standard library only.

    scripts/sen12ms_labels.py IGBP_probability_labels.pkl IGBP_probability_labels.tsv

This runs pickle on the file: use it on a file you trust. It knows lists, tuples and NumPy's arrays (without
NumPy) and refuses what else a pickle may call.
"""
import codecs
import pickle
import struct
import sys

CLASSES = 17
FORMATS = {"f2": "e", "f4": "f", "f8": "d", "i1": "b", "i2": "h", "i4": "i", "i8": "q",
           "u1": "B", "u2": "H", "u4": "I", "u8": "Q"}


class Type:
    """numpy.dtype: Type("f8", ...), then its state, whose second item is the byte order."""

    def __init__(self, code, *_):
        self.code, self.order = code, "<"

    def __setstate__(self, state):
        self.order = ">" if state[1] == ">" else "<"

    def values(self, data):
        if self.code not in FORMATS:
            raise pickle.UnpicklingError(f"an array of type '{self.code}'")
        data = data.encode("latin1") if isinstance(data, str) else data
        step = struct.Struct(self.order + FORMATS[self.code])
        return [value for value, in step.iter_unpack(data)]


class Array:
    """numpy.ndarray, as pickle builds it: empty, then its state; protocol 5: of a buffer."""

    def __init__(self, data=b"", kind=Type("u1"), *_):
        self.items = kind.values(data)

    def __setstate__(self, state):
        self.items = state[2].values(state[4])


class Labels(pickle.Unpickler):
    def find_class(self, module, name):
        what = (module.replace("numpy._core", "numpy.core"), name)
        known = {("numpy", "ndarray"): Array, ("numpy", "dtype"): Type,
                 ("numpy.core.multiarray", "_reconstruct"): lambda *_: Array(),
                 ("numpy.core.numeric", "_frombuffer"): Array,
                 ("numpy.core.multiarray", "scalar"): lambda kind, data: kind.values(data)[0],
                 ("_codecs", "encode"): codecs.encode}
        if what not in known:
            raise pickle.UnpicklingError(f"it wants {module}.{name}, which is no part of a list of numbers")
        return known[what]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    with open(sys.argv[1], "rb") as file:
        labels = Labels(file, encoding="latin1").load()
    if not isinstance(labels, dict):
        sys.exit(f"{sys.argv[1]}: holds a {type(labels).__name__}, wanted a dict of patch names and shares")
    rows = []
    for name, vector in labels.items():
        shares = vector.items if isinstance(vector, Array) else list(vector)
        if len(shares) != CLASSES:
            sys.exit(f"{sys.argv[1]}: '{name}' has {len(shares)} shares, wanted {CLASSES}")
        rows.append("\t".join([str(name), *(repr(float(share)) for share in shares)]) + "\n")
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write("\t".join(["name", *(f"igbp{k + 1}" for k in range(CLASSES))]) + "\n")
        file.writelines(rows)


if __name__ == "__main__":
    try:
        main()
    except (OSError, EOFError, pickle.UnpicklingError, struct.error,
            AttributeError, IndexError, KeyError, TypeError, ValueError) as error:  # damaged pickles
        sys.exit(f"sen12ms_labels: {sys.argv[1]}: {error}")
