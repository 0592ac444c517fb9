#include "score/modality_alignment.h"

#include "base/memory.h"
#include "base/thread.h"
#include "score/clusters.h"
#include "score/neighbours.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Unit rows where both modalities are there. */
typedef struct unit_pairs {
    int64_t n, d, l;
    float *x[2];    /* [n, d] */
    double *own;    /* [n] cosine of a patch's two rows */
    int8_t *labels; /* [n, l] */
} unit_pairs;

static double dot(const float *x, const float *y, int64_t d) {
    double sum = 0;
    for (int64_t k = 0; k < d; k++)
        sum += (double)x[k] * (double)y[k];
    return sum;
}

static double dot_sum(const double *sum, const float *x, int64_t d) {
    double product = 0;
    for (int64_t k = 0; k < d; k++)
        product += sum[k] * (double)x[k];
    return product;
}

static double dot_sums(const double *x, const double *y, int64_t d) {
    double product = 0;
    for (int64_t k = 0; k < d; k++)
        product += x[k] * y[k];
    return product;
}

static void pairs_release(unit_pairs *pairs) {
    mos_free(pairs->x[0]);
    mos_free(pairs->x[1]);
    mos_free(pairs->own);
    mos_free(pairs->labels);
    *pairs = (unit_pairs){0};
}

static mosaic_status pairs_make(const mos_alignment_input *in, unit_pairs *out) {
    mosaic_status status = MOSAIC_OK;
    size_t n = (size_t)(in->n > 0 ? in->n : 1), d = (size_t)in->d, l = (size_t)in->l;
    *out = (unit_pairs){.d = in->d, .l = in->l};
    MOS_GOTO(mos_alloc(n * d, sizeof *out->x[0], "paired rows", &out->x[0]));
    MOS_GOTO(mos_alloc(n * d, sizeof *out->x[1], "paired rows", &out->x[1]));
    MOS_GOTO(mos_alloc(n, sizeof *out->own, "cosines of pairs", &out->own));
    MOS_GOTO(mos_alloc(n * l, 1, "labels of pairs", &out->labels));
    for (int64_t i = 0; i < in->n; i++) {
        float *x = out->x[0] + out->n * in->d, *y = out->x[1] + out->n * in->d;
        if (!in->a_there[i] || !in->b_there[i]) continue;
        memcpy(x, in->a + i * in->d, d * sizeof *x);
        memcpy(y, in->b + i * in->d, d * sizeof *y);
        if (mos_unit_rows(x, 1, in->d) == 0 || mos_unit_rows(y, 1, in->d) == 0) continue;
        out->own[out->n] = dot(x, y, in->d);
        memcpy(out->labels + out->n * in->l, in->labels + i * in->l, l);
        out->n++;
    }
done:
    if (status != MOSAIC_OK) pairs_release(out);
    return status;
}

/* ---- all rows ---- */

static mosaic_status measure_all(const unit_pairs *p, mos_modality_alignment *out) {
    double *sum, own = 0, gap = 0, n = (double)p->n;
    MOS_TRY(mos_alloc((size_t)(2 * p->d), sizeof *sum, "centres of modalities", &sum));
    for (int64_t i = 0; i < p->n; i++) {
        own += p->own[i];
        for (int side = 0; side < 2; side++)
            for (int64_t k = 0; k < p->d; k++)
                sum[side * p->d + k] += (double)p->x[side][i * p->d + k];
    }
    for (int64_t k = 0; k < p->d; k++)
        gap += (sum[k] - sum[p->d + k]) * (sum[k] - sum[p->d + k]);
    out->rows = p->n;
    out->pair = own / n;
    out->alignment = 2 - 2 * own / n; /* |x - y|^2 of unit rows; 0 / 0 is NaN */
    out->centre_gap = sqrt(gap) / n;
    out->other = (dot_sums(sum, sum + p->d, p->d) - own) / (n * (n - 1));
    mos_free(sum);
    return MOSAIC_OK;
}

static mosaic_status measure_retrieval(const unit_pairs *p, int threads,
                                       mos_modality_alignment *out) {
    int64_t n = p->n < MOS_RETRIEVAL_MOST_ROWS ? p->n : MOS_RETRIEVAL_MOST_ROWS;
    int64_t depth = n < MOS_RETRIEVAL_DEPTH ? n : MOS_RETRIEVAL_DEPTH;
    mosaic_status status = MOSAIC_OK;
    float *rows[2] = {NULL, NULL};
    int32_t *found = NULL;
    out->retrieval_rows = n;
    for (int side = 0; side < 2; side++)
        out->first[side] = out->among[side] = NAN;
    if (n == 0) return MOSAIC_OK;
    MOS_GOTO(mos_alloc((size_t)(n * depth), sizeof *found, "partners found", &found));
    for (int side = 0; side < 2; side++) {
        MOS_GOTO(mos_alloc((size_t)(n * p->d), sizeof **rows, "rows to search", &rows[side]));
        for (int64_t i = 0; i < n; i++)
            memcpy(rows[side] + i * p->d, p->x[side] + i * p->n / n * p->d,
                   (size_t)p->d * sizeof **rows);
    }
    for (int side = 0; side < 2; side++) {
        int64_t first = 0, among = 0;
        MOS_GOTO(
            mos_cosine_search(rows[side], n, rows[1 - side], n, p->d, depth, threads, found, NULL));
        for (int64_t i = 0; i < n; i++) {
            first += found[i * depth] == i;
            for (int64_t k = 0; k < depth; k++)
                among += found[i * depth + k] == i;
        }
        out->first[side] = (double)first / (double)n;
        out->among[side] = (double)among / (double)n;
    }
done:
    mos_free(rows[0]);
    mos_free(rows[1]);
    mos_free(found);
    return status;
}

/* ---- two classes ---- */

typedef struct pair_job {
    const unit_pairs *pairs;
    mos_class_alignment *out;
    double *sums; /* [threads, 2 classes, 2 sides, d] */
} pair_job;

/* 0: class i and not j, 1: j and not i, -1: neither. */
static int which_class(const unit_pairs *p, int64_t row, const mos_class_alignment *c) {
    const int8_t *labels = p->labels + row * p->l;
    if (labels[c->i] == 1 && labels[c->j] == 0) return 0;
    return labels[c->i] == 0 && labels[c->j] == 1 ? 1 : -1;
}

/* Of `side`'s rows of class `of` the share nearer to the other side's mean of their own class. */
static double share_told_apart(const unit_pairs *p, const mos_class_alignment *c,
                               const double *sums, const int64_t rows[2], int side, int of) {
    const int64_t d = p->d;
    const double *own = sums + (of * 2 + (1 - side)) * d;
    const double *strange = sums + ((1 - of) * 2 + (1 - side)) * d;
    double own_square = dot_sums(own, own, d), strange_length = sqrt(dot_sums(strange, strange, d));
    double right = 0;
    if (rows[of] < 2 || rows[1 - of] < 1) return NAN;
    for (int64_t r = 0; r < p->n; r++) {
        if (which_class(p, r, c) != of) continue;
        const float *query = p->x[side] + r * d, *partner = p->x[1 - side] + r * d;
        double with_partner = dot_sum(own, partner, d);
        double length = sqrt(fmax(own_square - 2 * with_partner + 1, 0));
        double near = (dot_sum(own, query, d) - p->own[r]) / length;
        double far = dot_sum(strange, query, d) / strange_length;
        right += near > far ? 1 : near == far ? 0.5 : 0;
    }
    return right / (double)rows[of];
}

static void measure_pair(const unit_pairs *p, double *sums, mos_class_alignment *c) {
    const int64_t d = p->d;
    int64_t rows[2] = {0, 0};
    double own[2] = {0, 0}, within = 0, across = 0;
    memset(sums, 0, (size_t)(4 * d) * sizeof *sums);
    for (int64_t r = 0; r < p->n; r++) {
        int of = which_class(p, r, c);
        if (of < 0) continue;
        rows[of]++;
        own[of] += p->own[r];
        for (int side = 0; side < 2; side++)
            for (int64_t k = 0; k < d; k++)
                sums[(of * 2 + side) * d + k] += (double)p->x[side][r * d + k];
    }
    double n[2] = {(double)rows[0], (double)rows[1]};
    for (int of = 0; of < 2; of++) { /* 0 / 0 is NaN */
        const double *a = sums + of * 2 * d, *other_b = sums + ((1 - of) * 2 + 1) * d;
        within += (dot_sums(a, a + d, d) - own[of]) / (n[of] * (n[of] - 1)) / 2;
        across += dot_sums(a, other_b, d) / (n[0] * n[1]) / 2;
    }
    c->rows_i = rows[0];
    c->rows_j = rows[1];
    c->pair = (own[0] + own[1]) / (n[0] + n[1]);
    c->within = within;
    c->across = across;
    for (int side = 0; side < 2; side++)
        c->told_apart[side] = (share_told_apart(p, c, sums, rows, side, 0) +
                               share_told_apart(p, c, sums, rows, side, 1)) /
                              2;
}

static void measure_pairs(void *context, int64_t begin, int64_t end, int thread) {
    const pair_job *job = context;
    for (int64_t k = begin; k < end; k++)
        measure_pair(job->pairs, job->sums + thread * 4 * job->pairs->d, &job->out[k]);
}

static int by_margin(const void *left, const void *right) {
    const mos_class_alignment *x = left, *y = right;
    double a = x->within - x->across, b = y->within - y->across;
    if (isnan(a) != isnan(b)) return isnan(a) ? 1 : -1;
    if (a != b && !isnan(a)) return a < b ? -1 : 1;
    return x->i != y->i ? (x->i < y->i ? -1 : 1) : (x->j > y->j) - (x->j < y->j);
}

static mosaic_status measure_classes(const unit_pairs *p, int threads,
                                     mos_modality_alignment *out) {
    double *sums;
    int64_t at = 0;
    if (threads < 1) threads = 1;
    out->count = p->l * (p->l - 1) / 2;
    if (out->count < 1) return MOSAIC_OK;
    MOS_TRY(mos_alloc((size_t)out->count, sizeof *out->pairs, "alignment of classes", &out->pairs));
    MOS_TRY(mos_alloc((size_t)(threads * 4 * p->d), sizeof *sums, "sums of rows", &sums));
    for (int64_t i = 0; i < p->l; i++)
        for (int64_t j = i + 1; j < p->l; j++)
            out->pairs[at++] = (mos_class_alignment){.i = i, .j = j};
    pair_job job = {p, out->pairs, sums};
    mos_parallel_for(threads, out->count, measure_pairs, &job);
    qsort(out->pairs, (size_t)out->count, sizeof *out->pairs, by_margin);
    mos_free(sums);
    return MOSAIC_OK;
}

mosaic_status mos_modality_alignment_measure(const mos_alignment_input *input,
                                             mos_modality_alignment *out) {
    unit_pairs pairs;
    mosaic_status status = MOSAIC_OK;
    *out = (mos_modality_alignment){0};
    MOS_TRY(pairs_make(input, &pairs));
    MOS_GOTO(measure_all(&pairs, out));
    MOS_GOTO(measure_retrieval(&pairs, input->threads, out));
    MOS_GOTO(measure_classes(&pairs, input->threads, out));
done:
    pairs_release(&pairs);
    if (status != MOSAIC_OK) mos_modality_alignment_release(out);
    return status;
}

void mos_modality_alignment_release(mos_modality_alignment *alignment) {
    mos_free(alignment->pairs);
    *alignment = (mos_modality_alignment){0};
}
