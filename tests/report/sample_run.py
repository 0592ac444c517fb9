#!/usr/bin/env python3
"""A run directory as a normal training and its evaluations leave it, made up: 19 classes, seven of them rare, one absent, a head
and two probes. Nothing is trained, so the pages about it can be looked at in seconds. Standard library only.

    sample_run.py FOLDER [SEED]
"""
import json
import math
import pathlib
import random
import struct
import sys
import zlib

CLASSES = [
    "Agro-forestry areas", "Arable land", "Beaches, dunes, sands", "Broad-leaved forest", "Coastal wetlands",
    "Complex cultivation patterns", "Coniferous forest", "Industrial or commercial units", "Inland waters",
    "Inland wetlands",
    "Land principally occupied by agriculture, with significant areas of natural vegetation",
    "Marine waters", "Mixed forest", "Moors, heathland and sclerophyllous vegetation",
    "Natural grassland and sparsely vegetated areas", "Pastures", "Permanent crops",
    "Transitional woodland, shrub", "Urban fabric"]
PATCHES, STEPS, EPOCHS = 300, 120, 12


def quoted(text):
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n') else text


def table(path, header, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [",".join(quoted(str(c)) for c in row) for row in [header, *rows]]
    path.write_text("\n".join(lines) + "\n")


def png(side, pixel):
    raw = b"".join(b"\0" + bytes(v for x in range(side) for v in pixel(x, y)) for y in range(side))
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def curve(scores, labels):
    """(recall, false positive rate, precision) from the highest score down, thinned."""
    order = sorted(zip(scores, labels), reverse=True)
    positives, negatives = sum(labels), len(labels) - sum(labels)
    points, hit, false = [(0.0, 0.0, 1.0)], 0, 0
    for k, (_, label) in enumerate(order):
        hit, false = hit + label, false + 1 - label
        if label or k % 12 == 0 or k == len(order) - 1:
            points.append((hit / max(positives, 1), false / max(negatives, 1), hit / (k + 1)))
    return points


def average_precision(scores, labels):
    order, hit, total = sorted(zip(scores, labels), reverse=True), 0, 0.0
    for k, (_, label) in enumerate(order):
        hit += label
        total += label * hit / (k + 1)
    return total / hit if hit else None


def counts(scores, labels, threshold):
    tp = sum(1 for s, y in zip(scores, labels) if s >= threshold and y)
    fp = sum(1 for s, y in zip(scores, labels) if s >= threshold and not y)
    return tp, fp, sum(labels) - tp


def prf(tp, fp, fn):
    p, r = tp / (tp + fp) if tp + fp else 0.0, tp / (tp + fn) if tp + fn else 0.0
    return {"precision": p, "recall": r, "f1": 2 * p * r / (p + r) if p + r else 0.0,
            "f2": 5 * p * r / (4 * p + r) if p + r else 0.0}


def around(value, width=0.03):
    return {"value": value, "low": max(value - width, 0), "high": min(value + width, 1)}


def evaluation(rng, run, folder, scorer, skill, labels, split):
    n, l = len(labels), len(CLASSES)
    out = run / "eval" / folder
    out.mkdir(parents=True, exist_ok=True)
    share = [sum(row[j] for row in labels) / n for j in range(l)]
    scores = [[sigmoid(math.log((share[j] + .01) / (1.01 - share[j])) + skill * (2.2 * row[j] - 1) + rng.gauss(0, 1))
               for j in range(l)] for row in labels]
    columns = [([s[j] for s in scores], [y[j] for y in labels]) for j in range(l)]
    tuned = [max((0.1, 0.2, 0.3, 0.4, 0.5), key=lambda t, c=c: prf(*counts(*c, t))["f1"]) for c in columns]
    sets = {"0.5": [0.5] * l, "global": [0.3] * l, "per_class": tuned}
    aps = [average_precision(*c) for c in columns]
    flat_scores, flat_labels = [v for s in scores for v in s], [v for y in labels for v in y]
    micro_ap = average_precision(flat_scores, flat_labels)
    thresholds, per = {}, {}
    for name, t in sets.items():
        tallies = [counts(*columns[j], t[j]) for j in range(l)]
        per[name] = [prf(*c) for c in tallies]
        micro = prf(*[sum(c[k] for c in tallies) for k in range(3)])
        seen = [p for p, a in zip(per[name], aps) if a is not None]
        macro = {k: sum(p[k] for p in seen) / len(seen) for k in per[name][0]}
        whole = {k: sum(p[k] for p in per[name]) / l for k in per[name][0]}
        whole["average_precision"], whole["roc_auc"] = sum(a or 0 for a in aps) / l, None
        wrong = sum(c[1] + c[2] for c in tallies) / (n * l)
        macro["average_precision"] = sum(a for a in aps if a is not None) / max(sum(a is not None for a in aps), 1)
        micro["average_precision"], macro["roc_auc"], micro["roc_auc"] = micro_ap, .8, .85
        thresholds[name] = {"micro": micro, "macro": macro, "macro_all": whole, "sample": dict(macro), "hamming_loss": wrong,
                            "subset_accuracy": .21}
    classes = []
    for j, name in enumerate(CLASSES):
        entry = {"name": name, "positives": sum(columns[j][1]), "negatives": n - sum(columns[j][1]),
                 "average_precision": aps[j], "roc_auc": .5 + .2 * skill}
        for s, t in sets.items():
            entry[s] = {"threshold": t[j], **{k: per[s][j][k] for k in ("precision", "recall", "f1")}}
        classes.append(entry)
    intervals = lambda s: {
        "macro_f1": around(thresholds[s]["macro"]["f1"]), "micro_f1": around(thresholds[s]["micro"]["f1"]),
        "macro_average_precision": around(thresholds[s]["macro"]["average_precision"]),
        "micro_average_precision": around(micro_ap), "hamming_loss": around(thresholds[s]["hamming_loss"], .004)}
    bins = [{"confidence": (b + .5) / 10, "frequency": min(1, ((b + .5) / 10) ** 1.3 + rng.random() * .05),
             "count": int(4000 / (b + 1) ** 2) + 3} for b in range(10)]
    (out / "metrics.json").write_text(json.dumps({
        "model": "model.safetensors", "method": "mosaic-1", "scorer": scorer, "split": split, "reduced": False,
        "samples": n, "known_labels": n * l, "classes_averaged": sum(a is not None for a in aps), "skipped_samples": 0, "invalid_pixels": 0, "thresholds": thresholds,
        "classes": classes, "confidence": {
            "level": .95, "resamples": 1000, "thresholds": {"0.5": intervals("0.5"), "per_class": intervals("per_class")},
            "classes": [{"name": c["name"], "f1": around(c["per_class"]["f1"], .07),
                         "average_precision": around(c["average_precision"] or 0, .06)} for c in classes]},
        "calibration": {"ece": .031, "brier": .084, "bins": bins}}, indent=1))
    table(out / "predictions.csv", ["id"] + ["label:" + c for c in CLASSES] + ["probability:" + c for c in CLASSES],
          [[f"patch_{i:04d}", *labels[i], *[f"{v:.6f}" for v in scores[i]]] for i in range(n)])
    table(out / "per_class.csv", ["class", "positives"], [[c["name"], c["positives"]] for c in classes])
    table(out / "calibration.csv", ["class", "confidence", "frequency", "count"],
          [["(micro)", b["confidence"], b["frequency"], b["count"]] for b in bins])
    if folder == "test":
        analyses(rng, out, labels, scores, columns)
    return thresholds


def analyses(rng, out, labels, scores, columns):
    n, l = len(labels), len(CLASSES)
    rows = []
    for j in range(l):
        rows += [[CLASSES[j], f"{r:.4f}", f"{f:.4f}", f"{p:.4f}"] for r, f, p in curve(*columns[j])]
    flat = [v for s in scores for v in s], [v for y in labels for v in y]
    rows += [["(micro)", f"{r:.4f}", f"{f:.4f}", f"{p:.4f}"] for r, f, p in curve(*flat)[::9]]
    table(out / "curves.csv", ["class", "recall", "false_positive_rate", "precision"], rows)
    pairs = []
    for a in range(l):
        for b in range(l):
            here = [i for i in range(n) if labels[i][a] and not labels[i][b]]
            base = [i for i in range(n) if not labels[i][a] and not labels[i][b]]
            hit = [i for i in here if scores[i][b] >= .3]
            if a == b or not here or not base:
                continue
            rate, quiet = len(hit) / len(here), max(sum(scores[i][b] >= .3 for i in base) / len(base), .004)
            pairs.append((rate - quiet, [CLASSES[a], CLASSES[b], len(here), len(hit), f"{rate:.4f}", f"{quiet:.4f}",
                                         f"{rate / quiet:.3f}", f"{rng.uniform(-.4, .5):.3f}", f"{rng.uniform(.1, .9):.3f}",
                                         *([f"patch_{i:04d}" for i in hit[:2]] + ["", ""])[:2]]))
    pairs.sort(key=lambda p: -p[0])
    table(out / "confusability.csv", ["rank", "true_class", "predicted_class", "rows", "confused", "rate", "base_rate", "lift",
                                      "score_correlation", "prototype_cosine", "example_1", "example_2"],
          [[k + 1, *p[1]] for k, p in enumerate(pairs)])
    points = []
    for name in ("joint", "s1", "s2", "shared"):
        for m in (("s1", "s2") if name == "shared" else (name,)):
            for i in range(n):
                first = next(j for j in range(l) if labels[i][j])
                points.append([name, m, f"patch_{i:04d}", f"{10 * math.cos(first) + rng.gauss(0, 2):.3f}",
                               f"{10 * math.sin(1.7 * first) + rng.gauss(0, 2):.3f}",
                               ";".join(CLASSES[j] for j in range(l) if labels[i][j])])
    table(out / "tsne.csv", ["map", "modality", "id", "x", "y", "labels"], points)
    (out / "tsne.json").write_text(json.dumps({"maps": [
        {"map": m, "trustworthiness": .91, "kl_divergence": 1.1, "collapsed": False} for m in ("joint", "s1", "s2", "shared")]}))
    (out / "clusters.json").write_text(json.dumps({
        "spaces": [{"space": s, "kind": k, "rows": n, "silhouette": .11, "davies_bouldin": 2.31, "neighbour_jaccard": .41,
                    "intra_class_cosine": .52, "inter_class_cosine": .31, "uniformity": -1.9, "rankme": 11.2,
                    "collapsed": False} for s in ("s1", "s2", "joint") for k in ("feature", "latent")],
        "alignment": [{"kind": "latent", "a": "s1", "b": "s2", "rows": n, "alignment": .71, "centre_gap": .22,
                       "a_finds_b": .31, "b_finds_a": .28}]}))
    table(out / "clusters.csv", ["space"], [["s1"], ["s2"]])
    table(out / "class_alignment.csv", ["kind", "a", "b", "class", "other", "class_rows", "other_rows", "pair_cosine",
                                        "within_cosine", "across_cosine", "margin", "told_apart_by_b", "told_apart_by_a"],
          [["latent", "s1", "s2", CLASSES[j], CLASSES[j + 1], 40, 31, .5, .4, .2, f"{.02 + .01 * j:.3f}", .61, .58]
           for j in range(l - 1)])
    table(out / "modality_ablation.csv",
          ["modalities", "mismatched", "samples", "lacking"] +
          [f"{m}{e}" for m in ("macro_f1", "micro_f1", "macro_average_precision") for e in ("", "_low", "_high")],
          [["s1, s2", 0, n, 0, .51, .48, .54, .66, .64, .68, .55, .52, .58], ["s1", 0, n, 0, .31, .28, .34, .5, .48, .52, .35, .32, .38],
           ["s2", 0, n, 0, .47, .44, .5, .62, .6, .64, .51, .48, .54],
           ["s1, s2 of another sample", 1, n, 0, .29, .26, .32, .45, .43, .47, .33, .3, .36]])
    table(out / "lag.csv", ["low_days", "high_days", "rows", "mean_days", "micro_f1", "micro_f1_low", "micro_f1_high"],
          [[0, 1, 140, .5, .67, .64, .7], [1, 2, 90, 1.4, .66, .62, .7], [2, 4, 70, 2.8, .64, .59, .69]])
    table(out / "groups.csv",
          ["column", "value", "rows", "classes_averaged"] +
          [f"{m}{e}" for m in ("micro_f1", "macro_average_precision") for e in ("", "_low", "_high")],
          [["country", c, 40 + 9 * k, min(l, 3 + k), .7 - .04 * k, .66 - .05 * k, .74 - .03 * k, .6, .5, .7]
           for k, c in enumerate(("Austria", "Kosovo", "Serbia", "unknown"))] +
          [["season", s, 70, l, .6 + .02 * k, .55, .7, .5, .4, .6] for k, s in enumerate(("spring", "winter"))] +
          [["cloud_cover", c, 60, l, .7 - .1 * k, .6 - .1 * k, .75 - .1 * k, .5, .4, .6]
           for k, c in enumerate(("0", "0.052 to 0.31", "0.312 to 0.97"))])
    patches = []
    for k in range(24):
        i, role = k * 7, k // 8
        names = {m: f"patches/{k:03d}-{j}.png" for j, m in enumerate(("s1", "s2"))}
        for j, name in enumerate(names.values()):
            (out / name).parent.mkdir(exist_ok=True)
            (out / name).write_bytes(png(24, lambda x, y, j=j, k=k: ((x * 9 + k * 5) % 200, (y * 8 + 60 * j) % 200, (x * y + k) % 160)))
        have = [CLASSES[j] for j in range(l) if labels[i][j]]
        say = [CLASSES[j] for j in range(l) if scores[i][j] >= .3]
        rank = ["", "", ""]
        rank[role] = k % 8 + 1
        patches.append([f"patch_{i:04d}", *rank, .4, .3, ";".join(have), ";".join(say), ";".join(set(have) - set(say)),
                        ";".join(set(say) - set(have)), names["s1"], "radar", names["s2"], "natural colour"])
    table(out / "patches.csv", ["id", "best", "worst", "uncertain", "error", "entropy", "labels", "predicted", "missed",
                                "wrong", "s1", "s1 shows", "s2", "s2 shows"], patches)


def training(rng, run):
    losses = ["loss", "intra", "inter", "msc", "msc_floor", "bce", "gradient_norm"]
    health = [f"health.{m}.{k}" for m in ("s1", "s2") for k in ("spread", "mean_cosine", "rankme", "uniformity", "view_alignment", "modality_alignment")]
    scores = [f"validation.{k}" for k in ("macro_ap", "micro_ap", "macro_f1", "micro_f1")]
    rows = []
    for step in range(1, STEPS + 1):
        fall = math.exp(-step / 50)
        rows.append(["step", step, (step - 1) * EPOCHS // STEPS + 1, f"{1e-3 * (1 - step / STEPS):.6f}"] +
                    [f"{v * (.4 + fall) + rng.gauss(0, .05):.4f}" for v in (12, 5, 3, 2, .3, .5, 90)] + [""] * (len(health) + len(scores)))
        if step % 10 == 0:
            rows.append(["health", step, step // 10, ""] + [""] * 7 +
                        [f"{v * (1 + .1 * rng.random()):.4f}" for v in (.7, .4, 9, -1.9, .8, .6) * 2] + [""] * len(scores))
            rows.append(["epoch", step, step // 10, ""] + [""] * (7 + len(health)) +
                        [f"{v * (1 - .5 * fall):.4f}" for v in (.55, .7, .5, .65)])
    table(run / "metrics.csv", ["kind", "step", "epoch", "lr", *losses, *health, *scores], rows)


def describe(run, labels, seed):
    l = len(CLASSES)
    together = [[sum(1 for y in labels if y[a] and y[b]) for b in range(l)] for a in range(l)]
    (run / "data.json").write_text(json.dumps({
        "samples": 1200, "complete_samples": 1200, "splits": {"train": 600, "validation": 300, "test": 300},
        "labelled": {"train": 60, "validation": 300, "test": 300},
        "classes": [{"name": CLASSES[j], "positives": {"train": 2 * together[j][j], "validation": together[j][j],
                                                       "test": together[j][j]}} for j in range(l)],
        "cooccurrence": together, "seasons": {"winter": {"train": 200}, "spring": {"train": 300}, "summer": {"train": 700}},
        "lag_days": {"0": 500, "1": 400, "2": 300}, "countries": {c: {"train": 1200 // (k + 2)} for k, c in enumerate(
            ("Austria", "Belgium", "Finland", "Ireland", "Kosovo", "Lithuania", "Luxembourg", "Portugal", "Serbia", "Switzerland"))}}))
    (run / "provenance.json").write_text(json.dumps({
        "format": "mosaic-provenance-1", "mosaic_version": "0.1.0", "status": "complete", "written": "2026-11-29T13:54:23Z",
        "method": "mosaic-1", "config_sha256": "edf5ae4236e969d4cbacdce702d6abc505d616fd9ec11def2473e50e7a2f71f2", "seed": seed,
        "device": "cpu oneDNN 2.6.3 avx2, 16 threads, fp32", "precision": "fp32", "threads": 16, "data": {
            "format": "bigearthnet-v2", "root": "/data/BigEarthNet", "fingerprint": "a05cc0842684c52435bd8adfdd3d90ee" * 2,
            "split_train": 600, "split_validation": 300, "split_test": 300, "classes": l, "trained_on": 600, "labeled": 60,
            "labeled_fraction": 0.1, "defects": [{"kind": "missing partner", "count": 2, "examples": ["patch_0007"]}],
            "policy": {"name": "mask", "constant_bands": "keep", "offsets_removed": 0,
                       "training": {"nodata_pixels": 12}, "validation": {"nodata_pixels": 0}}},
        "steps": STEPS, "epochs": EPOCHS, "best_epoch": 11, "best_score": .52, "score": "macro AP on validation", "reduced": False}))
    (run / "config.yaml").write_text(
        "data:\n  root: /data/BigEarthNet\n  labeled: {fraction: 0.1, seed: 0}\nmethod: mosaic-1\n"
        f"model: {{encoder: resnet18}}\ntrain: {{epochs: {EPOCHS}, batch: 64, seed: {seed}}}\n")


def write(run, seed):
    run.mkdir(parents=True, exist_ok=True)
    truth, rng = random.Random(1), random.Random(seed + 2)  # the same labels in every run
    share = [.02, .35, .013, .3, 0, .2, .3, .03, .1, .04, .28, .12, .33, .03, .02, .22, .05, .31, .15]
    labels = []
    for _ in range(PATCHES):
        row = [int(truth.random() < s) for s in share]
        row[truth.choice((1, 3, 6, 12, 17))] = 1
        labels.append(row)
    describe(run, labels, seed)
    training(rng, run)
    evaluation(rng, run, "test", "head", .75 + .1 * seed, labels, "test")
    evaluation(rng, run, "test-probe", "linear probe", 1.15, labels, "test")
    evaluation(rng, run, "test-knn", "k-NN probe", .8, labels, "test")
    evaluation(rng, run, "validation", "head", .8, labels[:150], "validation")


def main():
    write(pathlib.Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)


if __name__ == "__main__":
    main()
