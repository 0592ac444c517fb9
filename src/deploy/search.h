/* `search`: the rows of a store that are most like others, by exact cosine. */
#ifndef MOS_DEPLOY_SEARCH_H
#define MOS_DEPLOY_SEARCH_H

#include "base/options.h"
#include "deploy/embedding_store.h"
#include "score/row_search.h"

enum { MOS_SEARCH_MOST = 1000 };

typedef struct mos_search_filter {
    const mos_text_list *labels; /* a row with any of these passes; NULL or empty: labels do not
                                    matter */
    const char *country, *from, *to;
    bool boxed;
    double box[4]; /* west, south, east, north in degrees; west > east crosses the date line */
} mos_search_filter;

typedef struct mos_search_options {
    const char *store;
    const mos_text_list *ids; /* queries by id, or */
    const char *file;         /* an .npy of vectors [queries, size or modalities * size] */
    const char *by, *among;   /* modality of the queries and of the answers; NULL: all, the mean of
                                 their cosines */
    mos_search_filter filter;
    int64_t count; /* answers per query */
    int threads;
} mos_search_options;

/* What was found: query q has found[q] hits at hit[q * count], best first, ties by row. */
typedef struct mos_search_result {
    int64_t queries, count, candidates; /* candidates: rows that pass the filter */
    int64_t *row;                       /* [queries] of the store, -1: from a file */
    int64_t *found;
    mos_row_hit *hit;
} mos_search_result;

/* Cosines are products of rows divided by their lengths, never differences of squares. A row that
 * lacks a modality of the query is no answer to it. A query by id is no answer to itself, except
 * across modalities. Features of two encoders lie in different spaces, so a search across modalities
 * needs latents. */
mosaic_status mos_search_run(const mos_search_options *options, mos_embedding_store *store,
                             mos_search_result *out);
void mos_search_release(mos_search_result *result);
/* Adds what a query is called in tables: its id, or its number in the file of vectors. */
mosaic_status mos_search_query_name(const mos_embedding_store *store,
                                    const mos_search_result *result, int64_t q, mos_text *out);

#endif
