#!/usr/bin/env python3
"""Logistic regression of scikit-learn on standardised features: the linear probe's judge. Writes probe_golden.txt."""
import pathlib

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

OUT = pathlib.Path(__file__).with_name("probe_golden.txt")
N, F, L, L2 = 60, 7, 3, 0.01

rng = np.random.default_rng(11)
x = (rng.standard_normal((N, F)) * rng.uniform(0.1, 10, F) + rng.uniform(-5, 5, F)).astype(np.float32)
w = rng.standard_normal((F, L))
y = (((x - x.mean(0)) / x.std(0)) @ w + rng.standard_normal((N, L)) > 0).astype(int)
z = StandardScaler().fit_transform(x.astype(np.float64))
p = np.empty((N, L))
for j in range(L):
    # scikit-learn minimises 0.5 |w|^2 + C sum loss; ours is mean loss + 0.5 l2 |w|^2
    m = LogisticRegression(C=1 / (L2 * N), tol=1e-10, max_iter=10000).fit(z, y[:, j])
    p[:, j] = m.predict_proba(z)[:, 1]
with OUT.open("w") as out:
    out.write(f"{N} {F} {L} {L2!r}\n")
    for block in (x, y, p):
        out.write(" ".join(repr(float(v)) for v in block.ravel()) + "\n")
