#!/usr/bin/env python3
"""Cluster measures, principal components and t-SNE of scikit-learn on planted clusters. Writes embedding_golden.txt.

The rows are made on both sides by formula.py; tests/score/planted_rows.h is the other one."""
import pathlib

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, trustworthiness
from sklearn.metrics import davies_bouldin_score, jaccard_score, silhouette_score
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

import formula

N, D, L = 400, 24, 6
SETS = [0b000001, 0b000010, 0b000011, 0b000100, 0b001100, 0b110000, 0b100000, 0b010101, 0b000000]


def rows(name, noise):
    """[N, D] around one centre per label set, and the labels [N, L]; later sets are rarer."""
    k = formula.bits24(f"{name}.set", N) % 100
    which = np.minimum((k * k) // 1000, 8)
    centre = formula.uniform(f"{name}.centre", 9 * D).reshape(9, D)
    x = centre[which] + noise * formula.uniform(f"{name}.noise", N * D).reshape(N, D) + 0.25
    labels = np.array([[(SETS[w] >> j) & 1 for j in range(L)] for w in which])
    return formula.f32(x), labels, which


def class_cosines(u, y):
    cos = u @ u.T
    intra, inter = [], []
    for a in range(L):
        ia = np.flatnonzero(y[:, a])
        if len(ia) >= 2:
            block = cos[np.ix_(ia, ia)]
            intra.append((block.sum() - np.trace(block)) / (len(ia) * (len(ia) - 1)))
        for b in range(a):
            ib = np.flatnonzero(y[:, b])
            block = cos[np.ix_(ia, ib)]
            other = ia[:, None] != ib[None, :]
            if other.any():
                inter.append(block[other].mean())
    return np.mean(intra), np.mean(inter)


def neighbour_jaccard(u, y, k):
    index = NearestNeighbors(n_neighbors=k, metric="cosine", algorithm="brute").fit(u).kneighbors(return_distance=False)
    total = []
    for i in range(N):
        for j in index[i]:
            both_empty = y[i].sum() == 0 and y[j].sum() == 0
            total.append(1.0 if both_empty else jaccard_score(y[i], y[j]))
    return np.mean(total)


def main():
    golden = formula.Golden(pathlib.Path(__file__).with_name("embedding_golden.txt"), pathlib.Path(__file__).name)
    for name, noise in (("tight", 0.6), ("loose", 2.5)):
        x, y, which = rows(name, noise)
        u = normalize(x)
        sets, counts = np.unique(which, return_counts=True)
        assert len(set(counts)) == len(counts), "equal sizes: which sets are kept would depend on their order"
        for top in (3, 20):
            keep = sets[np.argsort(-counts)][:top]
            keep = [s for s in keep if (which == s).sum() >= 2]
            chosen = np.isin(which, keep)
            golden.add(f"{name}.sets{top}", [len(keep), chosen.sum()])
            golden.add(f"{name}.silhouette{top}", silhouette_score(x[chosen], which[chosen], metric="cosine"))
            golden.add(f"{name}.davies_bouldin{top}", davies_bouldin_score(u[chosen], which[chosen]))
        golden.add(f"{name}.jaccard", neighbour_jaccard(u, y, 10))
        intra, inter = class_cosines(u, y)
        golden.add(f"{name}.class_cosine", [intra, inter])
        values = np.linalg.eigvalsh(np.cov(u.T, bias=True))[::-1]
        singular = np.linalg.svd(u, compute_uv=False)
        p = singular[singular > 0] / singular.sum()
        golden.add(f"{name}.rankme", np.exp(-(p * np.log(p)).sum()))
        golden.add(f"{name}.eigenvalues", values)
        squared = 2 - 2 * (u @ u.T)[np.triu_indices(N, 1)]
        golden.add(f"{name}.uniformity", np.log(np.exp(-2 * squared).mean()))
        pca = PCA(n_components=8, svd_solver="full").fit(x)
        golden.add(f"{name}.variance", pca.explained_variance_)
        golden.add(f"{name}.share", pca.explained_variance_ratio_.sum())
        golden.add(f"{name}.coordinates", formula.sketch("coordinates", pca.transform(x)))
        tsne = TSNE(n_components=2, perplexity=30, init="pca", learning_rate="auto", random_state=0)
        points = tsne.fit_transform(x.astype(np.float32))
        golden.add(f"{name}.kl", tsne.kl_divergence_)
        golden.add(f"{name}.trustworthiness", trustworthiness(x, points, n_neighbors=5))
        still = formula.uniform("map", 2 * N).reshape(N, 2)
        golden.add(f"{name}.trustworthiness_of_noise", trustworthiness(x, still, n_neighbors=7))
    golden.write()


main()
