#!/usr/bin/env python3
"""Multi-label metrics of scikit-learn on fixtures with ties, and classes that never or always occur.

Writes metrics_golden.txt: for each fixture the inputs and what scikit-learn says, one "key value..." a line.
"""
import pathlib
import warnings

import numpy as np
from sklearn import metrics as sk

warnings.filterwarnings("ignore")
OUT = pathlib.Path(__file__).with_name("metrics_golden.txt")


def fixture(name, n, l, seed, ties, absent, never_predicted):
    rng = np.random.default_rng(seed)
    y = (rng.random((n, l)) < 0.3).astype(int)
    p = np.clip(0.25 * y + 0.6 * rng.random((n, l)), 0, 1)
    if ties:
        p = np.round(p * 8) / 8
    for j in absent:
        y[:, j] = 0
    for j in never_predicted:
        p[:, j] *= 0.4
    return name, y, p.astype(np.float32)


def line(out, key, values):
    out.write(key + " " + " ".join(repr(float(v)) for v in np.ravel(values)) + "\n")


def write(out, name, y, p):
    n, l = y.shape
    q = (p.astype(np.float64) >= 0.5).astype(int)
    out.write(f"fixture {name} {n} {l}\n")
    line(out, "labels", y)
    line(out, "probability", p)
    for avg in ("micro", "macro", "samples"):
        pr, rc, f1, _ = sk.precision_recall_fscore_support(y, q, average=avg, zero_division=0)
        f2 = sk.fbeta_score(y, q, beta=2, average=avg, zero_division=0)
        line(out, avg, [pr, rc, f1, f2])
    pr, rc, f1, sup = sk.precision_recall_fscore_support(y, q, average=None, zero_division=0)
    f2 = sk.fbeta_score(y, q, beta=2, average=None, zero_division=0)
    line(out, "class_precision", pr)
    line(out, "class_recall", rc)
    line(out, "class_f1", f1)
    line(out, "class_f2", f2)
    line(out, "class_support", sup)
    ap = [sk.average_precision_score(y[:, j], p[:, j]) if y[:, j].any() else np.nan for j in range(l)]
    auc = [sk.roc_auc_score(y[:, j], p[:, j]) if 0 < y[:, j].sum() < n else np.nan for j in range(l)]
    line(out, "class_ap", ap)
    line(out, "class_auc", auc)
    line(out, "hamming", sk.hamming_loss(y, q))
    line(out, "subset", sk.accuracy_score(y, q))
    line(out, "micro_ap", sk.average_precision_score(y, p, average="micro"))
    line(out, "micro_auc", sk.roc_auc_score(y.ravel(), p.ravel()))
    # the mean over all classes as it stands, and over those with positives and negatives
    line(out, "macro_all_ap", sk.average_precision_score(y, p, average="macro"))
    told = (y.any(0)) & ~(y.all(0))
    line(out, "averaged", [told.sum()])
    if told.any():
        y, p, q = y[:, told], p[:, told], q[:, told]
        pr, rc, f1, _ = sk.precision_recall_fscore_support(y, q, average="macro", zero_division=0)
        f2 = sk.fbeta_score(y, q, beta=2, average="macro", zero_division=0)
        line(out, "macro_told", [pr, rc, f1, f2])
        line(out, "macro_told_ap", sk.average_precision_score(y, p, average="macro"))
        line(out, "macro_told_auc", sk.roc_auc_score(y, p, average="macro"))
    out.write("end\n")


with OUT.open("w") as out:
    write(out, *fixture("plain", 60, 5, 1, False, (), ()))
    write(out, *fixture("ties", 80, 6, 2, True, (), ()))
    write(out, *fixture("absent", 50, 7, 3, True, (2, 5), (0,)))
    name, y, p = fixture("never_and_always", 40, 6, 4, False, (1, 4), ())
    y[:, 3] = 1
    write(out, name, y, p)
    write(out, *fixture("single_row", 1, 4, 5, False, (), ()))
print(OUT)
