/* Exact search by cosine, the one that all searches of rows share: products of a block of rows with
 * all queries at a time, and of these the largest. A query's answers depend on neither the other
 * queries nor on how the rows are divided. */
#ifndef MOS_SCORE_ROW_SEARCH_H
#define MOS_SCORE_ROW_SEARCH_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* So many that a row is still near when it is multiplied after its length was found. */
enum { MOS_ROW_SEARCH_ROWS = 192 };

/* Rows [first, first + n) of one part, n <= MOS_ROW_SEARCH_ROWS: row i begins at [i * *step]. room:
 * [n, size] to make them in, where the search has `makes_rows`. */
typedef const float *(*mos_row_source)(const void *context, int64_t part, int64_t first, int64_t n,
                                       float *room, int64_t *step);

/* Rows and queries have the same parts, of which each may lack some. The cosine of two is the mean
 * of those of the parts that the query has; a row that lacks one of these is no answer. */
typedef struct mos_row_search {
    int64_t queries, parts, size, most; /* size: of a part; most: answers per query */
    /* Unit rows; number i of part p of query q: unit[p * part_step + q * query_step + i * step] */
    const float *unit;
    int64_t part_step, query_step, step;
    const uint32_t *asked; /* [queries] bits of the parts a query has; NULL, as `there`: all */
    const int64_t *own;    /* [queries] the row that is the query itself, no answer; NULL: none */
    mos_row_source source;
    const void *context;
    const uint32_t *there; /* [rows] bits of the parts a row has, 0: passed over */
    bool any_length;       /* rows are divided by their lengths; else they are unit rows */
    bool makes_rows;
} mos_row_search;

typedef struct mos_row_hit {
    int64_t row;
    float cosine;
} mos_row_hit;

/* What one thread found of its rows, best first, equal cosines in the order of the rows; and its
 * room. */
typedef struct mos_row_finds {
    int64_t queries, most;
    mos_row_hit *hits; /* [queries, most] */
    int64_t *found;    /* [queries] */
    float *least;      /* [queries] what a cosine has to be above */
    float *scores, *sums, *lengths, *rows, *asked;
    void *room;
} mos_row_finds;

/* The length that rows are divided by. */
float mos_row_length(const float *row, int64_t size);
/* Room for as many queries as `search` has. */
mosaic_status mos_row_finds_make(const mos_row_search *search, mos_row_finds *out);
void mos_row_finds_release(mos_row_finds *finds);
void mos_row_finds_clear(mos_row_finds *finds);
/* Rows [begin, end), which come after all that were looked at since the last clear. */
void mos_row_search_scan(const mos_row_search *search, int64_t begin, int64_t end,
                         mos_row_finds *finds);
/* What another found in later rows. */
void mos_row_finds_merge(mos_row_finds *finds, const mos_row_finds *later);

#endif
