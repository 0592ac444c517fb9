"""Multi-label scores, as scikit-learn defines them."""

from __future__ import annotations

from ctypes import POINTER, byref, c_double, c_float, c_int8
from typing import Any

import numpy as np

from . import _library as lib
from ._library import UsageError, call


def _values(average: Any) -> dict[str, float]:
    return {name: float(getattr(average, name)) for name in lib.AVERAGES}


def scores(probability: Any, labels: Any, threshold: Any = None) -> dict[str, Any]:
    """Scores of probabilities [n, classes] against labels [n, classes], 1, 0 or -1 (unknown: left out). threshold: one,
    or [classes]; 0.5. micro, macro, sample and per_class hold precision, recall, f1, f2, average_precision, roc_auc."""
    p = np.ascontiguousarray(probability, dtype=np.float32)
    y = np.ascontiguousarray(labels, dtype=np.int8)
    if p.ndim != 2 or p.shape != y.shape:
        raise UsageError(f"probabilities {p.shape} and labels {y.shape}, want two of shape (n, classes)")
    n, classes = p.shape
    t = np.ascontiguousarray(np.broadcast_to(0.5 if threshold is None else threshold, (classes,)), dtype=np.float64)
    found, by_class = lib.Metrics(), (lib.Average * classes)()
    call("mosaic_metrics_compute", p.ctypes.data_as(POINTER(c_float)), y.ctypes.data_as(POINTER(c_int8)), n, classes,
         t.ctypes.data_as(POINTER(c_double)), byref(found), by_class)
    return {"micro": _values(found.micro), "macro": _values(found.macro), "sample": _values(found.sample),
            "macro_all": _values(found.macro_all), "hamming_loss": found.hamming_loss,
            "subset_accuracy": found.subset_accuracy, "known": found.known, "averaged": found.averaged,
            "per_class": [_values(by_class[i]) for i in range(classes)]}
