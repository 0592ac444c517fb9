/* Exact search in a store of embeddings, beside NumPy and FAISS on the same file. */
#ifndef MOS_BENCH_SEARCH_BENCH_H
#define MOS_BENCH_SEARCH_BENCH_H

#include "bench/bench_report.h"

typedef struct mos_search_bench_options {
    int64_t rows, size, queries, count, rounds; /* count: answers per query */
    int type;                                   /* mos_embedding_type of our store */
    int threads;
    const char *folder;        /* where the store is made */
    const char *python, *peer; /* interpreter and program of the peers; NULL or "": none */
} mos_search_bench_options;

/* A store of random unit rows is made, searched in turn by us and by the peers, whose answers must
 * be ours, and removed. */
mosaic_status mos_search_bench(const mos_search_bench_options *options, mos_bench_report *report);

#endif
