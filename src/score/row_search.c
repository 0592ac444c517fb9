#include "score/row_search.h"

#include "base/gemm.h"
#include "base/memory.h"

#include <math.h>

/* Queries of which one compare tells whether any takes a row. */
enum { QUERIES_AT_A_TIME = 32 };

float mos_row_length(const float *row, int64_t size) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < size; i++)
        sum += row[i] * row[i];
    return sqrtf(sum);
}

/* ---- what was found ---- */

mosaic_status mos_row_finds_make(const mos_row_search *search, mos_row_finds *out) {
    const size_t queries = (size_t)search->queries, most = (size_t)search->most;
    const size_t block = queries * MOS_ROW_SEARCH_ROWS, size = (size_t)search->size;
    mosaic_status status = MOSAIC_OK;
    *out = (mos_row_finds){.queries = search->queries, .most = search->most};
    MOS_GOTO(mos_alloc(queries * most, sizeof *out->hits, "answers", &out->hits));
    MOS_GOTO(mos_alloc(queries, sizeof *out->found, "answers", &out->found));
    MOS_GOTO(mos_alloc(queries, sizeof *out->least, "answers", &out->least));
    MOS_GOTO(mos_alloc(block, sizeof *out->scores, "cosines", &out->scores));
    if (search->any_length || search->parts > 1) {
        MOS_GOTO(mos_alloc(block, sizeof *out->sums, "cosines", &out->sums));
        MOS_GOTO(mos_alloc(queries, sizeof *out->asked, "queries", &out->asked));
        MOS_GOTO(
            mos_alloc(MOS_ROW_SEARCH_ROWS, sizeof *out->lengths, "lengths of rows", &out->lengths));
    }
    if (search->makes_rows)
        MOS_GOTO(mos_alloc(MOS_ROW_SEARCH_ROWS * size, sizeof *out->rows, "rows", &out->rows));
    MOS_GOTO(mos_alloc(mos_gemm_room(1), 1, "room of products", &out->room));
    mos_row_finds_clear(out);
done:
    if (status != MOSAIC_OK) mos_row_finds_release(out);
    return status;
}

void mos_row_finds_release(mos_row_finds *finds) {
    mos_free(finds->hits);
    mos_free(finds->found);
    mos_free(finds->least);
    mos_free(finds->scores);
    mos_free(finds->sums);
    mos_free(finds->lengths);
    mos_free(finds->rows);
    mos_free(finds->asked);
    mos_free(finds->room);
    *finds = (mos_row_finds){0};
}

void mos_row_finds_clear(mos_row_finds *finds) {
    for (int64_t q = 0; q < finds->queries; q++) {
        finds->found[q] = 0;
        finds->least[q] = -INFINITY;
    }
}

/* Rows come in their order, so an equal cosine stays behind. */
static void offer(mos_row_finds *finds, int64_t q, int64_t row, float cosine) {
    mos_row_hit *hits = finds->hits + q * finds->most;
    if (!(cosine > finds->least[q])) return;
    int64_t at = finds->found[q] < finds->most ? finds->found[q]++ : finds->most - 1;
    for (; at > 0 && cosine > hits[at - 1].cosine; at--)
        hits[at] = hits[at - 1];
    hits[at] = (mos_row_hit){row, cosine};
    if (finds->found[q] == finds->most) finds->least[q] = hits[finds->most - 1].cosine;
}

void mos_row_finds_merge(mos_row_finds *finds, const mos_row_finds *later) {
    for (int64_t q = 0; q < later->queries; q++)
        for (int64_t i = 0; i < later->found[q]; i++) {
            const mos_row_hit *hit = &later->hits[q * later->most + i];
            offer(finds, q, hit->row, hit->cosine);
        }
}

/* ---- the products ---- */

/* finds->scores [n, queries]: products of one part with rows [first, first + n). */
static void multiply(const mos_row_search *s, int64_t part, int64_t first, int64_t n,
                     mos_row_finds *finds) {
    int64_t row_step;
    const float *rows = s->source(s->context, part, first, n, finds->rows, &row_step);
    const mos_product_f32 product = {.m = n,
                                     .n = s->queries,
                                     .k = s->size,
                                     .alpha = 1,
                                     .a = rows,
                                     .a_row = row_step,
                                     .a_column = 1,
                                     .b = s->unit + part * s->part_step,
                                     .b_row = s->step,
                                     .b_column = s->query_step,
                                     .c = finds->scores,
                                     .ldc = s->queries};
    for (int64_t i = 0; i < n && s->any_length; i++) {
        const float length = mos_row_length(rows + i * row_step, s->size);
        finds->lengths[i] = length > 0 ? 1 / length : 0;
    }
    mos_gemm_f32(&product, 1, finds->room);
}

/* sums [n, queries] (+)= cosines of one part. */
static void add_part(const mos_row_search *s, int64_t part, int64_t n, const mos_row_finds *finds) {
    for (int64_t i = 0; i < n; i++) {
        const float scale = s->any_length ? finds->lengths[i] : 1;
        const float *scores = finds->scores + i * s->queries;
        float *sums = finds->sums + i * s->queries;
#pragma omp simd
        for (int64_t q = 0; q < s->queries; q++)
            sums[q] = scores[q] * scale + (part == 0 ? 0 : sums[q]);
    }
}

/* Cosines of a row with some queries: is one of them above the least that its query has? */
static bool any_above(const float *cosines, const float *least, int64_t queries) {
    int above = 0;
#pragma omp simd reduction(| : above)
    for (int64_t q = 0; q < queries; q++)
        above |= cosines[q] > least[q];
    return above != 0;
}

static void offer_row(const mos_row_search *s, int64_t row, const float *cosines,
                      mos_row_finds *finds) {
    for (int64_t first = 0; first < s->queries; first += QUERIES_AT_A_TIME) {
        const int64_t rest = s->queries - first;
        const int64_t n = rest < QUERIES_AT_A_TIME ? rest : QUERIES_AT_A_TIME;
        if (!any_above(cosines + first, finds->least + first, n)) continue;
        for (int64_t q = first; q < first + n; q++) {
            if (!(cosines[q] > finds->least[q])) continue;
            if (s->there != NULL && (s->there[row] & s->asked[q]) != s->asked[q]) continue;
            if (s->own == NULL || s->own[q] != row) offer(finds, q, row, cosines[q]);
        }
    }
}

void mos_row_search_scan(const mos_row_search *s, int64_t begin, int64_t end,
                         mos_row_finds *finds) {
    const bool plain = finds->sums == NULL;
    for (int64_t q = 0; q < s->queries && !plain; q++)
        finds->asked[q] = (float)(s->asked == NULL ? s->parts : __builtin_popcount(s->asked[q]));
    for (int64_t first = begin; first < end; first += MOS_ROW_SEARCH_ROWS) {
        const int64_t rest = end - first;
        const int64_t n = rest < MOS_ROW_SEARCH_ROWS ? rest : MOS_ROW_SEARCH_ROWS;
        for (int64_t part = 0; part < s->parts; part++) {
            multiply(s, part, first, n, finds);
            if (!plain) add_part(s, part, n, finds);
        }
        for (int64_t i = 0; i < n; i++) {
            float *cosines = (plain ? finds->scores : finds->sums) + i * s->queries;
            if (s->there != NULL && s->there[first + i] == 0) continue;
            if (s->parts > 1)
#pragma omp simd
                for (int64_t q = 0; q < s->queries; q++)
                    cosines[q] /= finds->asked[q];
            offer_row(s, first + i, cosines, finds);
        }
    }
}
