#!/usr/bin/env bash
# shellcheck disable=SC2154 # mosaic and work are set by cli_support.sh
# clusters.json and tsne.csv of a trained model, per modality and joint: scikit-learn and numpy, from embeddings.npy alone, say the same.
source "$(dirname "$0")/cli_support.sh"

check "a data set" "$mosaic" data synth "$work/data" --patches 240 --size 24 --classes 4 --seed 3 --missing-s1 0.1 --no-progress
cat >"$work/config.yaml" <<END
data: {root: $work/data, statistics: reben}
method: iai-simclr
model: {encoder: resnet10-narrow, hidden: 16, latent: 8}
train: {epochs: 1, batch: 8, lr: 1e-3, keep: 1}
END
expect 0 "model written" "$mosaic" train "$work/config.yaml" --out "$work/run" --threads 1 --max-steps 2
expect 0 "micro F1" "$mosaic" eval "$work/run" --split train --embeddings --tsne --pictures 0 --threads 2
check "scikit-learn says the same" /usr/bin/python3 - "$work/run/eval/train" <<'END'
import csv, json, sys
import numpy as np
from sklearn.manifold import trustworthiness
from sklearn.metrics import davies_bouldin_score, silhouette_score
from sklearn.metrics.pairwise import cosine_similarity
folder = sys.argv[1]
h = np.load(folder + "/embeddings.npy").astype(np.float64)
table = list(csv.DictReader(open(folder + "/predictions.csv")))
labels = np.array([[int(row[c]) for c in row if c.startswith("label:")] for row in table])
clusters = json.load(open(folder + "/clusters.json"))
size = h.shape[1] // 2
parts = {"s1": h[:, :size], "s2": h[:, size:]}
both = [np.linalg.norm(p, axis=1) > 0 for p in parts.values()]
assert 0 < (~both[0]).sum() < len(h) / 3
def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)
present = {"s1": both[0], "s2": both[1], "joint": both[0] & both[1]}
def near(name, found, wanted, tolerance=1e-5):
    assert abs(found - wanted) <= tolerance * max(1, abs(wanted)), (name, found, wanted)
seen = set()
for space in clusters["spaces"]:
    if space["kind"] != "feature":
        assert space["kind"] == "latent" and np.isfinite(space["rankme"]) and np.isfinite(space["uniformity"])
        seen.add(("latent", space["space"]))
        continue
    name = space["space"]
    seen.add(("feature", name))
    keep = present[name]
    x = unit(parts[name][keep]) if name != "joint" else unit(np.hstack([unit(p[keep]) for p in parts.values()]))
    y = labels[keep]
    assert space["rows"] == len(x)
    sets, which, count = np.unique(y, axis=0, return_inverse=True, return_counts=True)
    which = which.ravel()
    order = [s for s in np.argsort(-count, kind="stable") if count[s] >= 2]
    if len(order) <= 20 or count[order[19]] > count[order[20]]:  # no tie at the border
        rows = np.isin(which, order[:20])
        near("silhouette", space["silhouette"], silhouette_score(x[rows], which[rows], metric="cosine"))
        near("davies_bouldin", space["davies_bouldin"], davies_bouldin_score(x[rows], which[rows]))
    cosine = cosine_similarity(x)
    alone = cosine.copy()
    np.fill_diagonal(alone, -np.inf)
    nearest = np.argsort(-alone, axis=1, kind="stable")[:, :10]
    a, b = y[:, None, :], y[nearest]
    union = (a | b).sum(2)
    near("jaccard", space["neighbour_jaccard"], np.where(union > 0, (a & b).sum(2) / np.maximum(union, 1), 1).mean(), 2e-3)
    intra, inter = [], []
    off = ~np.eye(len(x), dtype=bool)
    for i in range(y.shape[1]):
        m = y[:, i] == 1
        if m.sum() >= 2:
            intra.append(cosine[np.ix_(m, m)][off[np.ix_(m, m)]].mean())
        for j in range(i):
            n = y[:, j] == 1
            pairs = off[np.ix_(m, n)]
            if pairs.any():
                inter.append(cosine[np.ix_(m, n)][pairs].mean())
    near("intra", space["intra_class_cosine"], np.mean(intra))
    near("inter", space["inter_class_cosine"], np.mean(inter))
    upper = np.triu_indices(len(x), 1)
    near("mean cosine", space["mean_cosine"], cosine[upper].mean())
    near("uniformity", space["uniformity"], np.log(np.exp(-2 * (2 - 2 * cosine[upper])).mean()), 1e-4)
    singular = np.linalg.svd(x, compute_uv=False)
    p = singular[singular > 0] / singular.sum()
    near("RankMe", space["rankme"], np.exp(-(p * np.log(p)).sum()), 1e-3)
assert seen == {(kind, name) for kind in ("feature", "latent") for name in ("s1", "s2", "joint")}, seen
pair = [unit(p[present["joint"]]) for p in parts.values()]
kinds = {entry["kind"]: entry for entry in clusters["alignment"]}
assert set(kinds) == {"feature", "latent"}
near("alignment", kinds["feature"]["alignment"], ((pair[0] - pair[1]) ** 2).sum(1).mean())
near("gap", kinds["feature"]["centre_gap"], np.linalg.norm(pair[0].mean(0) - pair[1].mean(0)))
x, y = pair
cross = x @ y.T
own = np.diag(cross)
near("pair cosine", kinds["feature"]["pair_cosine"], own.mean())
near("other cosine", kinds["feature"]["other_cosine"], (cross.sum() - own.sum()) / (len(x) * (len(x) - 1)))
near("partner found", kinds["feature"]["a_finds_b"], (cross.argmax(1) == np.arange(len(x))).mean(), 2e-2)
near("partner found back", kinds["feature"]["b_finds_a_among_10"], ((cross > own).sum(0) < 10).mean(), 2e-2)
names = [c[len("label:"):] for c in table[0] if c.startswith("label:")]
both_labels = labels[present["joint"]]
lines = [row for row in csv.DictReader(open(folder + "/class_alignment.csv")) if row["kind"] == "feature"]
assert lines and {(row["a"], row["b"]) for row in lines} == {("s1", "s2")}
for row in lines:
    i, j = names.index(row["class"]), names.index(row["other"])
    p, q = [np.flatnonzero((both_labels[:, k] == 1) & (both_labels[:, m] == 0)) for k, m in ((i, j), (j, i))]
    assert (len(p), len(q)) == (int(row["class_rows"]), int(row["other_rows"]))
    if min(len(p), len(q)) < 2:
        continue
    def other_patches(rows):
        block = cross[np.ix_(rows, rows)]
        return block[~np.eye(len(rows), dtype=bool)].mean()
    within = (other_patches(p) + other_patches(q)) / 2
    across = (cross[np.ix_(p, q)].mean() + cross[np.ix_(q, p)].mean()) / 2
    near("within", float(row["within_cosine"]), within)
    near("across", float(row["across_cosine"]), across)
    near("margin", float(row["margin"]), within - across)
near("latent alignment is a squared distance of unit rows", kinds["latent"]["alignment"], 2, 1)
maps = {m["map"]: m for m in json.load(open(folder + "/tsne.json"))["maps"]}
points = list(csv.DictReader(open(folder + "/tsne.csv")))
ids = [row["id"] for row in table]
for name in ("s1", "s2"):
    rows = [p for p in points if p["map"] == name]
    at = [ids.index(p["id"]) for p in rows]
    xy = np.array([[float(p["x"]), float(p["y"])] for p in rows])
    assert len(rows) == present[name].sum() == maps[name]["points"]
    assert maps[name]["trustworthiness"] > 0.8 and np.isfinite(xy).all()
    near("trustworthiness", maps[name]["trustworthiness"], trustworthiness(parts[name][at], xy, n_neighbors=5), 0.02)
END
finish
