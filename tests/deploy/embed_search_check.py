"""The same search in NumPy.   embed_search_check.py STORE RESULTS BY AMONG [QUERY...]"""
import csv
import json
import os
import sys

import numpy as np

store, results, by, among, *queries = sys.argv[1:]
about = json.load(open(os.path.join(store, "embeddings.json")))
values = np.load(os.path.join(store, "embeddings.npy")).astype(np.float64) * about["scale"]
table = list(csv.DictReader(open(os.path.join(store, "embeddings.csv"))))
names, size = about["modalities"], about["size"]
assert values.shape == (len(table), len(names) * size)


def unit(modality):
    block = values[:, names.index(modality) * size:][:, :size]
    there = np.array([r["has:" + modality] == "1" for r in table])
    lengths = np.linalg.norm(block, axis=1)
    assert ((lengths > 0) == there).all()
    if about["space"] == "latents" and about["type"] == "float32":
        assert abs(lengths[there] - 1).max() < 1e-5
    return block / np.where(there, lengths, 1)[:, None], there


pairs = [(n, n) for n in names] if by == "all" else [(by, among)]
rows = list(csv.DictReader(open(results)))
assert [r["query"] for r in rows[::len(rows) // len(queries)]] == queries
for query in queries:
    q = [r["id"] for r in table].index(query)
    asked = [(unit(b)[0][q], *unit(a)) for b, a in pairs if table[q]["has:" + b] == "1"]
    cosine = sum(block @ v for v, block, _ in asked) / len(asked)
    for _, _, there in asked:
        cosine[~there] = -9
    if by == among:
        cosine[q] = -9
    found = [r for r in rows if r["query"] == query]
    order = np.argsort(-cosine, kind="stable")[:len(found)]
    wanted = cosine[order]
    got = np.array([float(r["cosine"]) for r in found])
    assert abs(got - wanted).max() < 2e-6, (query, got, wanted)
    assert [int(r["rank"]) for r in found] == list(range(1, len(found) + 1))
    for r, w in zip(found, wanted):
        assert abs(cosine[[t["id"] for t in table].index(r["id"])] - w) < 2e-6
print("as NumPy")
