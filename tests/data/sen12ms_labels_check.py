#!/usr/bin/env python3
"""scripts/sen12ms_labels.py MOSAIC: shares come through exactly, from lists and from NumPy's arrays in every
protocol; the reader takes the table; a pickle that calls something else is refused."""
import os
import pickle
import subprocess
import sys
import tempfile

script, mosaic = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
try:
    import numpy
except ImportError:
    numpy = None
    print("skipped: arrays (no numpy)")


class Call:
    def __reduce__(self):
        return os.mkdir, ("called",)


def convert(labels, protocol=pickle.DEFAULT_PROTOCOL):
    with open("labels.pkl", "wb") as file:
        pickle.dump(labels, file, protocol)
    return subprocess.run([sys.executable, script, "labels.pkl", "labels.tsv"], capture_output=True, text=True)


def expect(labels, protocol):
    done = convert(labels, protocol)
    assert done.returncode == 0, done.stderr
    with open("labels.tsv", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    assert rows[0] == ["name"] + [f"igbp{k}" for k in range(1, 18)], rows[0]
    assert [row[0] for row in rows[1:]] == list(labels)
    for row in rows[1:]:
        assert [float(cell) for cell in row[1:]] == [float(share) for share in labels[row[0]]], row


def main():
    shares = [0.1, 1 / 3] + [0.0] * 14 + [0.5]
    names = ["ROIs1970_fall_s2_139_p839.tif", "ROIs1158_spring_s2_1_p30.tif"]
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        expect({names[0]: shares, names[1]: tuple(shares)}, protocol)
        for kind in ("<f8", ">f8", "<f4") if numpy else ():
            expect({names[0]: numpy.array(shares, kind), names[1]: list(numpy.array(shares, kind))}, protocol)

    real = os.path.join(os.environ.get("MOSAIC_REAL_DATA", ""), "sen12ms")
    if os.path.isabs(real):
        told = subprocess.run([mosaic, "data", "info", real, "--metadata", "labels.tsv"], capture_output=True,
                              text=True)
        assert told.returncode == 0, told.stderr
        labelled = [line.split() for line in told.stdout.splitlines() if line.split()[:1] == ["labelled"]]
        assert labelled[0][-1] == "1", told.stdout
    else:
        print("skipped: the reader (MOSAIC_REAL_DATA is not set)")

    for labels, part in (({names[0]: Call()}, "mkdir"), ({names[0]: shares[1:]}, "16 shares"), ([], "a list")):
        done = convert(labels)
        assert done.returncode == 1 and part in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert not os.path.exists("called")


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    main()
    os.chdir("/")
