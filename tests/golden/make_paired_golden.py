#!/usr/bin/env python3
"""The mean of two paired differences of scores and its bootstrap, from scikit-learn and plain NumPy. Writes paired_golden.txt.

Every resample draws rows once, for both sides of both pairs. The scores are made on both sides by formula.py; tests/score/planted_scores.h is
the other one."""
import pathlib

import numpy as np
from sklearn.metrics import average_precision_score, f1_score, hamming_loss

import formula

N, L, RESAMPLES, PAIRS = 300, 5, 2000, 2
SKILL = {"own": 0.40, "other": 0.385}


def scores(y, side, pair):
    u = formula.uniform(f"{side}{pair}.scores", N * L).reshape(N, L)
    return formula.f32(np.clip(0.5 + 0.5 * u + SKILL[side] * (y - 0.5), 0, 1))


def statistics(y, p):
    q = p >= 0.5
    macro_ap = np.mean([average_precision_score(y[:, j], p[:, j]) for j in range(L)])
    return np.array([f1_score(y, q, average="macro", zero_division=0), f1_score(y, q, average="micro", zero_division=0),
                     macro_ap, average_precision_score(y.ravel(), p.ravel()), hamming_loss(y, q)])


def difference(y, own, other):
    return np.mean([statistics(y, a) - statistics(y, b) for a, b in zip(own, other)], axis=0)


def main():
    y = formula.labels("a.labels", N, L, unknown=False)
    own, other = ([scores(y, side, pair) for pair in range(PAIRS)] for side in ("own", "other"))
    golden = formula.Golden(pathlib.Path(__file__).with_name("paired_golden.txt"), pathlib.Path(__file__).name)
    golden.add("value", difference(y, own, other))
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(RESAMPLES):
        i = rng.integers(0, N, N)
        drawn.append(difference(y[i], [p[i] for p in own], [p[i] for p in other]))
    drawn = np.array(drawn)
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    golden.add("low", low)
    golden.add("high", high)
    fewer = np.minimum((drawn <= 0).sum(0), (drawn >= 0).sum(0))
    golden.add("p", np.minimum(1, 2 * (fewer + 1) / (RESAMPLES + 1)))
    golden.write()


main()
