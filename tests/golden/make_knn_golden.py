#!/usr/bin/env python3
"""Weighted multi-label k-NN with scikit-learn's neighbours and numpy's votes: the k-NN probe's judge. Writes
knn_golden.txt."""
import pathlib

import numpy as np
from sklearn.neighbors import NearestNeighbors

OUT = pathlib.Path(__file__).with_name("knn_golden.txt")
N, M, F, L = 50, 20, 6, 3

rng = np.random.default_rng(23)
base = (rng.standard_normal((N, F)) * rng.uniform(0.1, 5, (N, 1))).astype(np.float32)
query = (rng.standard_normal((M, F)) * rng.uniform(0.1, 5, (M, 1))).astype(np.float32)
labels = (base @ rng.standard_normal((F, L)) + rng.standard_normal((N, L)) > 0).astype(int)
labels[rng.random((N, L)) < 0.15] = -1  # unknown

with OUT.open("w") as out:
    out.write("# tests/golden/make_knn_golden.py\n")

    def block(name, values):
        values = np.asarray(values, dtype=np.float64).ravel()
        out.write(f"{name} {values.size}\n" + " ".join(repr(float(v)) for v in values) + "\n")

    block("base", base)
    block("query", query)
    block("labels", labels)
    for k, temperature in ((1, 0.07), (7, 0.07), (20, 0.5), (50, 0.02)):
        search = NearestNeighbors(n_neighbors=k, metric="cosine", algorithm="brute").fit(base.astype(np.float64))
        distance, index = search.kneighbors(query.astype(np.float64))
        weight = np.exp((1 - distance) / temperature)[:, :, None]
        near = labels[index]
        known = near >= 0
        total = (weight * known).sum(1)
        prior = np.array([(labels[:, j] == 1).sum() / (labels[:, j] >= 0).sum() for j in range(L)])
        with np.errstate(invalid="ignore"):
            p = np.where(total > 0, (weight * (near == 1)).sum(1) / total, prior)
        block(f"k{k}", p)
