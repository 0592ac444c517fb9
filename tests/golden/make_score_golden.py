#!/usr/bin/env python3
"""Intervals, calibration, curves, class confusion and lag trend, from scikit-learn, SciPy and plain NumPy. Writes score_golden.txt.

The scores are made on both sides by formula.py; tests/score/planted_scores.h is the other one."""
import pathlib

import numpy as np
from scipy.stats import norm, spearmanr
from sklearn.calibration import calibration_curve
from sklearn.metrics import (average_precision_score, brier_score_loss, f1_score, hamming_loss, precision_recall_curve,
                             roc_curve)

import formula

N, L, D, RESAMPLES, BINS, GROUPS = 300, 5, 6, 4000, 15, 200
THRESHOLD = 0.5


def scores(name, skill):
    y = formula.labels(f"{name}.labels", N, L, unknown=False)
    u = formula.uniform(f"{name}.scores", N * L).reshape(N, L)
    return y, formula.f32(np.clip(0.5 + 0.5 * u + skill * (y - 0.5), 0, 1))


def ap(y, p):
    return average_precision_score(y, p) if y.any() else np.nan


def statistics(y, p):
    q = p >= THRESHOLD
    per_class = [ap(y[:, j], p[:, j]) for j in range(L)]
    return [f1_score(y, q, average="macro", zero_division=0), f1_score(y, q, average="micro", zero_division=0),
            np.nanmean(per_class), ap(y.ravel(), p.ravel()), hamming_loss(y, q)]


def bootstrap(y, p):
    rng = np.random.default_rng(0)
    out = []
    for _ in range(RESAMPLES):
        i = rng.integers(0, N, N)
        out.append(statistics(y[i], p[i]))
    return bca(np.array(out), np.array(statistics(y, p)), np.array(left_out(y, p)))


def left_out(y, p):
    group = np.arange(N) % GROUPS
    return [statistics(y[group != g], p[group != g]) for g in range(GROUPS)]


def bca(resampled, value, without):
    """Bias-corrected and accelerated bounds (Efron & Tibshirani 1993, 14.3)."""
    share = ((resampled < value).sum(0) + 0.5 * (resampled == value).sum(0)) / len(resampled)
    bias = norm.ppf(share)
    d = without.mean(0) - without
    a = (d**3).sum(0) / (6 * (d**2).sum(0) ** 1.5)
    bounds = []
    for side in (0.025, 0.975):
        z = bias + norm.ppf(side)
        at = norm.cdf(bias + z / (1 - a * z))
        bounds.append([np.percentile(resampled[:, s], 100 * at[s]) for s in range(len(value))])
    return bounds


def confusion(y, p, x):
    rate, base, corr, cos = (np.full((L, L), np.nan) for _ in range(4))
    q = p >= THRESHOLD
    u = x / np.linalg.norm(x, axis=1, keepdims=True)
    mean = u.mean(0)
    for i in range(L):
        for j in range(L):
            if i == j:
                continue
            own, none = (y[:, i] == 1) & (y[:, j] == 0), (y[:, i] == 0) & (y[:, j] == 0)
            other = (y[:, i] == 0) & (y[:, j] == 1)
            rate[i, j], base[i, j] = q[own, j].mean(), q[none, j].mean()
            lacking = ~((y[:, i] == 1) & (y[:, j] == 1))
            corr[i, j] = np.corrcoef(p[lacking, i], p[lacking, j])[0, 1]
            a, b = u[own].mean(0) - mean, u[other].mean(0) - mean
            cos[i, j] = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    return [np.nan_to_num(m) for m in (rate, base, corr, cos)]


def main():
    golden = formula.Golden(pathlib.Path(__file__).with_name("score_golden.txt"), pathlib.Path(__file__).name)
    y, p = scores("a", 0.6)
    golden.add("value", statistics(y, p))
    low, high = bootstrap(y, p)
    golden.add("low", low)
    golden.add("high", high)

    frequency, confidence = calibration_curve(y.ravel(), p.ravel(), n_bins=BINS)
    golden.add("frequency", frequency)
    golden.add("confidence", confidence)
    golden.add("brier", brier_score_loss(y.ravel(), p.ravel()))

    ties = np.round(p[:, 0] * 16) / 16
    fpr, tpr, _ = roc_curve(y[:, 0], ties, drop_intermediate=False)
    precision, recall, threshold = precision_recall_curve(y[:, 0], ties)
    golden.add("fpr", fpr)
    golden.add("tpr", tpr)
    golden.add("precision", precision[::-1])
    golden.add("recall", recall[::-1])
    golden.add("threshold", threshold[::-1])

    x = formula.f32(formula.uniform("embedding", N * D).reshape(N, D) + 0.8 * y @ formula.uniform("mix", L * D).reshape(L, D))
    for name, values in zip(("rate", "base_rate", "correlation", "cosine"), confusion(y, p, x)):
        golden.add(name, values)

    lag = np.round(8 * (formula.uniform("lag", N) + 1)) / 2
    wrong = ((p >= THRESHOLD) != y).mean(1)
    golden.add("spearman", spearmanr(lag, wrong)[0])
    golden.write()


main()
