#!/usr/bin/env python3
"""Serve timings of exact searches in NumPy and FAISS to `mosaic bench search`: the same rows, the same queries, the answers checked.

Protocol: prints "ready numpy VERSION [faiss VERSION] ...", then for every mode read from standard input (numpy, faiss) searches once
and prints its seconds. Rows and queries have length one already, so that both do nothing but products and the choice of the best."""
import argparse
import os
import sys
import time


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--store", required=True)
    p.add_argument("--count", type=int, default=10)
    p.add_argument("--threads", type=int, default=2)
    args = p.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(args.threads)
    try:
        import numpy as np
    except ImportError as missing:
        sys.exit(f"skipped: {missing}")
    rows = np.load(os.path.join(args.store, "embeddings.npy"))
    queries = np.load(os.path.join(args.store, "queries.npy"))
    expected = np.load(os.path.join(args.store, "expected.npy"))

    def by_numpy():
        cosines = queries @ rows.T
        best = np.argpartition(cosines, -args.count, axis=1)[:, -args.count:]
        found = np.take_along_axis(cosines, best, 1)
        order = np.argsort(-found, axis=1)
        return np.take_along_axis(found, order, 1), np.take_along_axis(best, order, 1)

    ways = {"numpy": by_numpy}
    greeting = f"ready numpy {np.__version__}"
    try:
        import faiss
        faiss.omp_set_num_threads(args.threads)
        index = faiss.IndexFlatIP(rows.shape[1])
        index.add(rows)
        ways["faiss"] = lambda: index.search(queries, args.count)
        greeting += f" faiss {faiss.__version__} IndexFlatIP"
    except ImportError:
        greeting += "; no FAISS here"
    for name, way in ways.items():
        worst = abs(way()[0] - expected).max()
        if not worst < 1e-5:
            sys.exit(f"{name} finds other rows: cosines differ by {worst}")
    print(f"{greeting}, threads {args.threads}; same answers", flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        ways[line.strip()]()
        print(repr(time.perf_counter() - start), flush=True)


if __name__ == "__main__":
    main()
