"""The losses of the goldens in PyTorch: everything materialised, loops where they are plainer than algebra."""
import collections

import numpy as np
import torch
import torch.nn.functional as F

METHODS = {  # intra, inter, row sets of the supervised term, bce
    "mosaic-1": (True, True, ("cross",), True),
    "mosaic-2": (False, True, ("views", "cross"), True),
    "iai-simclr": (True, True, (), False),
    "simclr": (True, False, (), False),
    "dual-simclr": (False, True, (), False),
    "supcon": (False, False, ("joint",), True),
    "supervised": (False, False, (), True),
}


def label_weights(kind, ya, yr, allowed):
    """W [anchors, references]; ya, yr int arrays with 1, 0, -1; allowed: may p be a reference of i."""
    w = np.zeros(allowed.shape)
    sets_a = [frozenset(np.flatnonzero(row == 1)) for row in ya]
    sets_r = [frozenset(np.flatnonzero(row == 1)) for row in yr]
    for i, a in enumerate(sets_a):
        refs = [p for p in range(len(sets_r)) if allowed[i, p]]
        if kind == "mulsupcon":
            for label in a:
                positives = [p for p in refs if label in sets_r[p]]
                for p in positives:
                    w[i, p] += 1 / len(positives)
            continue
        for p in refs:
            b = sets_r[p]
            if kind == "all":
                w[i, p] = bool(a) and a == b
            elif kind == "any":
                w[i, p] = bool(a & b)
            elif kind == "jaccard":
                w[i, p] = len(a & b) / len(a | b) if a | b else 0
        if w[i].sum() > 0:
            w[i] /= w[i].sum()
    return w


def contrast(za, zr, w, allowed, tau, anchor_weighting=False):
    """-1/N sum W (S - lse) over the allowed references; returns loss, floor, anchors with and without positives."""
    w = np.array(w, dtype=np.float64)
    r = w.sum(1)
    used = np.flatnonzero(r > 0)
    exists = allowed.any(1)
    without = int((exists & (r == 0)).sum())
    if used.size == 0:
        return za.sum() * 0, 0.0, 0, without
    if anchor_weighting:
        w[used] /= r[used, None]
        r = w.sum(1)
    s = za[used] @ zr.T / tau
    s = s.masked_fill(~torch.from_numpy(allowed[used]), float("-inf"))
    log_p = torch.where(torch.from_numpy(w[used] > 0), s - torch.logsumexp(s, 1, keepdim=True), torch.zeros_like(s))
    n = w.sum()
    share = w[used] / r[used, None]
    floor = -(w[used] * np.log(np.where(share > 0, share, 1))).sum() / n
    return -(torch.from_numpy(w[used]) * log_p).sum() / n, float(floor), int(used.size), without


def soft_contrast(za, zr, ya, yr, allowed, tau, anchor_weighting):
    """Binary cross entropy of sigmoid similarities with the cosines of the label vectors as targets."""
    pairs = []
    for i, p in zip(*np.nonzero(allowed)):
        known = (ya[i] >= 0) & (yr[p] >= 0)
        if known.any():
            target = F.cosine_similarity(torch.tensor(1.0 * ya[i][known]), torch.tensor(1.0 * yr[p][known]), dim=0)
            pairs.append((i, p, min(float(target), 1.0)))
    anchors = sorted({i for i, _, _ in pairs})
    without = int(allowed.any(1).sum()) - len(anchors)
    if not pairs:
        return za.sum() * 0, 0.0, 0, without
    target = torch.tensor([t for _, _, t in pairs], dtype=torch.float64)
    s = torch.stack([za[i] @ zr[p] / tau for i, p, _ in pairs])
    count = {i: sum(j == i for j, _, _ in pairs) for i in anchors}
    weight = torch.tensor([1 / count[i] if anchor_weighting else 1.0 for i, _, _ in pairs], dtype=torch.float64)
    each = F.binary_cross_entropy_with_logits(s, target, reduction="none")
    least = F.binary_cross_entropy(target, target, reduction="none")
    return (weight * each).sum() / weight.sum(), float((weight * least).sum() / weight.sum()), len(anchors), without


def square_allowed(present):
    allowed = np.outer(present, present)
    np.fill_diagonal(allowed, False)
    return allowed


def nt_xent(a, b, present_a, present_b, tau):
    n = len(a)
    allowed = square_allowed(np.concatenate([present_a, present_b]))
    w = np.zeros(allowed.shape)
    for i in range(n):
        if present_a[i] and present_b[i]:
            w[i, n + i] = w[n + i, i] = 1
    z = torch.cat([a, b])
    return contrast(z, z, w, allowed, tau)[0]


class Objective:
    def __init__(self, method, weights=(1, 1, 1, 1), tau_ntx=0.5, tau_msc=0.1, rows=None, positives="mulsupcon",
                 anchor_weighting=False, shared_anchor=False, pos_weight=None, queue=0):
        self.queue = collections.deque(maxlen=queue)  # of (rows by modality, labels, presence by modality)
        self.intra, self.inter, self.rows, self.bce = METHODS[method]
        if rows is not None:
            self.rows = rows
        self.weights, self.tau_ntx, self.tau_msc = weights, tau_ntx, tau_msc
        self.positives, self.anchor_weighting = positives, anchor_weighting
        self.pos_weight = pos_weight
        strong = (self.intra and weights[0]) or ("views" in self.rows and weights[2])
        self.views = 1 if not strong else 2 if shared_anchor or not self.needs_anchor() else 3
        self.anchor = 2 if self.views == 3 else 0

    def needs_anchor(self):
        w = self.weights
        return bool((self.inter and w[1]) or (self.bce and w[3]) or
                    (w[2] and ("cross" in self.rows or "joint" in self.rows)))

    def supervised(self, za, zr, ya, yr, allowed, modalities):
        """The references, of these modalities, are joined by what the queue holds of them."""
        exists = allowed.any(1)
        for m in modalities:
            for rows, y, present in self.queue:
                zr, yr = torch.cat([zr, rows[m][None]]), np.concatenate([yr, y[None]])
                allowed = np.concatenate([allowed, (exists & present[m])[:, None]], axis=1)
        if self.positives == "soft":
            return soft_contrast(za, zr, ya, yr, allowed, self.tau_msc, self.anchor_weighting)
        w = label_weights(self.positives, ya, yr, allowed)
        return contrast(za, zr, w, allowed, self.tau_msc, self.anchor_weighting)

    def supervised_terms(self, z, y, present):
        """(share, result) of every problem; z[m][view]."""
        out, count, a = [], len(z), self.anchor
        if "cross" in self.rows:
            for p in range(count):
                for q in range(count):
                    if p != q:
                        allowed = np.outer(present[p], present[q])
                        out.append((0.5, self.supervised(z[p][a], z[q][a], y, y, allowed, [q])))
        if "views" in self.rows:
            for p in range(count):
                rows = torch.cat([z[p][0], z[p][1]])
                yy, pp = np.concatenate([y, y]), np.concatenate([present[p], present[p]])
                out.append((1.0, self.supervised(rows, rows, yy, yy, square_allowed(pp), [p])))
        if "joint" in self.rows:
            rows = torch.cat([zm[a] for zm in z])
            yy, pp = np.concatenate([y] * count), np.concatenate(present)
            out.append((1.0, self.supervised(rows, rows, yy, yy, square_allowed(pp), range(count))))
        return out

    def push(self, z, y, present):
        for i in range(len(y)):
            if (y[i] >= 0).any() and self.queue.maxlen > 0:
                self.queue.append(([zm[self.anchor][i].detach() for zm in z], y[i], [p[i] for p in present]))

    def __call__(self, z, z_inter, logits, y, present):
        """Returns the differentiable total and what is reported: terms, total, floor, counts."""
        zero = torch.zeros((), dtype=torch.float64)
        intra, inter, msc, bce = zero, zero, zero, zero
        floor, used, without, known = 0.0, 0, 0, 0
        count = len(present)
        if self.intra and self.weights[0]:
            intra = sum(nt_xent(zm[0], zm[1], present[m], present[m], self.tau_ntx) for m, zm in enumerate(z))
        if self.inter and self.weights[1]:
            inter = sum(nt_xent(z_inter[p][self.anchor], z_inter[q][self.anchor], present[p], present[q], self.tau_ntx)
                        for p in range(count) for q in range(p + 1, count))
        if self.rows and self.weights[2]:
            for share, (loss, least, with_, none) in self.supervised_terms(z_inter, y, present):
                msc = msc + share * loss
                floor += share * least
                used, without = used + with_, without + none
            self.push(z_inter, y, present)
        if self.bce and self.weights[3]:
            mask = torch.from_numpy(y >= 0)
            target = torch.from_numpy((y == 1).astype(np.float64))
            weight = None if self.pos_weight is None else torch.tensor(self.pos_weight, dtype=torch.float64)
            each = F.binary_cross_entropy_with_logits(logits, target, pos_weight=weight, reduction="none")
            known = int(mask.sum())
            bce = (each * mask).sum() / known
        terms = (intra, inter, msc, bce)
        total = sum(w * t for w, t in zip(self.weights, terms))
        report = [float(t) for t in terms] + [float(total), floor, used, without, known]
        return total, report
