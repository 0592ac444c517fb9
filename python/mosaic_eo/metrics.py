"""Multi-label scores, as scikit-learn defines them, and statistics of results and embeddings, on arrays."""

from __future__ import annotations

from ctypes import POINTER, byref, c_double, c_float, c_int8, sizeof
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np
import numpy.typing as npt

from . import _library as lib
from ._library import UsageError, call
from ._work import ProgressHook, work


@dataclass(frozen=True)
class Interval:
    """A score (or the difference of two) with its bounds; p: two-sided probability of no difference, NaN of one score."""

    value: float
    low: float
    high: float
    p: float


def _floats(array: npt.NDArray[np.float32]) -> Any:
    return array.ctypes.data_as(POINTER(c_float))


def _doubles(array: npt.NDArray[np.float64]) -> Any:
    return array.ctypes.data_as(POINTER(c_double))


def _pair(probability: Any, labels: Any) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int8]]:
    p = np.ascontiguousarray(probability, dtype=np.float32)
    y = _labels(labels)
    if p.ndim != 2 or p.shape != y.shape:
        raise UsageError(f"probabilities {p.shape} and labels {y.shape}, want two of shape (n, classes)")
    return p, y


def _labels(labels: Any) -> npt.NDArray[np.int8]:
    """What is no whole number of eight bits stays none."""
    given = np.asarray(labels)
    y = np.ascontiguousarray(given, dtype=np.int8)
    if not np.array_equal(y, given):
        raise UsageError("labels are 1, 0 or -1 (unknown)")
    return y


def _rows(x: Any, name: str) -> npt.NDArray[np.float32]:
    rows = np.ascontiguousarray(x, dtype=np.float32)
    if rows.ndim != 2:
        raise UsageError(f"{name} of shape {rows.shape}, want (n, d)")
    return rows


def _thresholds(threshold: Any, classes: int) -> npt.NDArray[np.float64]:
    return np.ascontiguousarray(np.broadcast_to(0.5 if threshold is None else threshold, (classes,)), dtype=np.float64)


def _values(average: Any) -> dict[str, float]:
    return {name: float(getattr(average, name)) for name in lib.AVERAGES}


def scores(probability: Any, labels: Any, threshold: Any = None) -> dict[str, Any]:
    """Scores of probabilities [n, classes] against labels [n, classes], 1, 0 or -1 (unknown: left out). threshold: one,
    or [classes]; 0.5. micro, macro, sample and per_class hold precision, recall, f1, f2, average_precision, roc_auc."""
    p, y = _pair(probability, labels)
    n, classes = p.shape
    t = _thresholds(threshold, classes)
    found, by_class = lib.Metrics(struct_size=sizeof(lib.Metrics)), (lib.Average * classes)()
    call("mosaic_metrics_compute", _floats(p), y.ctypes.data_as(POINTER(c_int8)), n, classes, _doubles(t), byref(found), by_class)
    return {"micro": _values(found.micro), "macro": _values(found.macro), "sample": _values(found.sample),
            "macro_all": _values(found.macro_all), "hamming_loss": found.hamming_loss,
            "subset_accuracy": found.subset_accuracy, "known": found.known, "averaged": found.averaged,
            "per_class": [_values(by_class[i]) for i in range(classes)]}


def tune_thresholds(probability: Any, labels: Any) -> tuple[npt.NDArray[np.float64], float]:
    """Thresholds with the best F1: [classes], and the one of all classes together, which a class with few known labels
    takes. probability and labels as of `scores`."""
    p, y = _pair(probability, labels)
    n, classes = p.shape
    by_class, together = np.empty(classes, dtype=np.float64), c_double()
    call("mosaic_thresholds_tune", _floats(p), y.ctypes.data_as(POINTER(c_int8)), n, classes, _doubles(by_class),
         byref(together))
    return by_class, float(together.value)


def bootstrap(probability: Any, labels: Any, other: Any = None, *, threshold: Any = None, resamples: int = 500,
              level: float = 0.95, seed: int = 0, threads: int = 0) -> dict[str, Interval]:
    """Bootstrap intervals (BCa) of macro_f1, micro_f1, macro_ap, micro_ap and hamming_loss; with `other` probabilities of
    the same rows, of the first minus the second (percentiles, and p). The same seed gives the same intervals."""
    p, y = _pair(probability, labels)
    n, classes = p.shape
    t = _thresholds(threshold, classes)
    out = lib.Bootstrap(struct_size=sizeof(lib.Bootstrap))
    rest = (y.ctypes.data_as(POINTER(c_int8)), n, classes, _doubles(t), resamples, level, seed, threads, byref(out))
    if other is None:
        work(lambda: call("mosaic_bootstrap_scores", _floats(p), *rest))
    else:
        q, _ = _pair(other, labels)
        work(lambda: call("mosaic_bootstrap_paired", _floats(p), _floats(q), *rest))
    found = {name: getattr(out, name) for name in lib.BOOTSTRAPPED}
    return {name: Interval(i.value, i.low, i.high, i.p) for name, i in found.items()}


def clusters(x: Any, labels: Any, pair: Any = None, *, top_sets: int = 10, neighbours: int = 10,
             threads: int = 0) -> dict[str, float]:
    """How well embeddings [n, d] cohere by labels [n, classes]: silhouette, davies_bouldin, neighbour_jaccard, rankme and
    the others of mosaic_clusters; NaN for what cannot be measured. pair [n, d]: the same rows by another modality, for
    `alignment`."""
    rows, y = _rows(x, "embeddings"), _labels(labels)
    if y.ndim != 2 or len(y) != len(rows):
        raise UsageError(f"embeddings {rows.shape} and labels {y.shape}, want (n, d) and (n, classes)")
    others = None if pair is None else _rows(pair, "pair")
    if others is not None and others.shape != rows.shape:
        raise UsageError(f"embeddings {rows.shape} and pair {others.shape}, want the same")
    out = lib.Clusters(struct_size=sizeof(lib.Clusters))
    call("mosaic_clusters_measure", _floats(rows), None if others is None else _floats(others),
         y.ctypes.data_as(POINTER(c_int8)), *rows.shape, y.shape[1], top_sets, neighbours, threads, byref(out))
    return {name: getattr(out, name) for name, *_ in lib.Clusters._fields_ if name != "struct_size"}


def tsne(x: Any, *, perplexity: float = 0, iterations: int = 0, threads: int = 0,
         progress: Optional[ProgressHook] = None) -> tuple[npt.NDArray[np.float64], dict[str, float]]:
    """A map [n, 2] of rows [n, d] by Barnes-Hut t-SNE, and what is known of it: kl_divergence, trustworthiness, explained,
    perplexity, iterations, degenerate. 0: perplexity 30, 1,000 iterations. The same rows give the same map. progress: called
    with a `Progress` of iterations."""
    rows = _rows(x, "rows")
    points = np.empty((len(rows), 2), dtype=np.float64)
    out = lib.TsneReport(struct_size=sizeof(lib.TsneReport))
    work(lambda: call("mosaic_tsne", _floats(rows), *rows.shape, perplexity, iterations, threads, _doubles(points), byref(out)),
         progress)
    return points, {name: getattr(out, name) for name, *_ in lib.TsneReport._fields_ if name != "struct_size"}
