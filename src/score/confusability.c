#include "score/confusability.h"

#include "base/memory.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static mos_confusion_pair *pair_of(mos_confusability *out, int64_t i, int64_t j) {
    return &out->pairs[i * (out->classes - 1) + j - (j > i)]; /* before they are sorted */
}

static bool is_predicted(const mos_score_input *in, int64_t row, int64_t j) {
    return (double)in->probability[row * in->l + j] >= in->threshold[j];
}

/* Keep the rows with the largest scores of the wrong class. */
static void offer_example(const mos_score_input *in, mos_confusion_pair *pair, int64_t row) {
    for (int at = 0; at < MOS_CONFUSION_EXAMPLES; at++) {
        int64_t kept = pair->example[at];
        if (kept >= 0 &&
            in->probability[kept * in->l + pair->to] >= in->probability[row * in->l + pair->to])
            continue;
        pair->example[at] = row;
        if (kept < 0) return;
        row = kept;
    }
}

/* Rows known to be without j, and those predicted j all the same: of rows with i they are the
 * pair's, of rows known to be without i too its base. */
static void count_rows(const mos_score_input *in, mos_confusability *out, int64_t *base_rows,
                       int64_t *base_predicted) {
    int64_t l = in->l;
    for (int64_t row = 0; row < in->n; row++) {
        const int8_t *labels = in->labels + row * l;
        for (int64_t j = 0; j < l; j++) {
            if (labels[j] != 0) continue;
            bool predicted = is_predicted(in, row, j);
            for (int64_t i = 0; i < l; i++) {
                if (i == j || labels[i] < 0) continue;
                if (labels[i] == 0) {
                    base_rows[i * l + j]++;
                    base_predicted[i * l + j] += predicted;
                    continue;
                }
                mos_confusion_pair *pair = pair_of(out, i, j);
                pair->rows++;
                pair->confused += predicted;
                if (predicted) offer_example(in, pair, row);
            }
        }
    }
}

static double share(int64_t part, int64_t whole) {
    return whole > 0 ? (double)part / (double)whole : NAN;
}

static void rate_pair(mos_confusion_pair *pair, int64_t base_rows, int64_t base_predicted) {
    double n1 = (double)pair->rows + 1, n0 = (double)base_rows + 1;
    double p1 = ((double)pair->confused + 0.5) / n1, p0 = ((double)base_predicted + 0.5) / n0;
    pair->rate = share(pair->confused, pair->rows);
    pair->base_rate = share(base_predicted, base_rows);
    pair->lift = pair->rows > 0 ? p1 / p0 : NAN;
    pair->excess =
        pair->rows > 0 ? p1 - p0 - sqrt(p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0) : -INFINITY;
}

/* Pearson's correlation of two scores over rows known to lack at least one of the two labels. */
static double correlate(const mos_score_input *in, int64_t i, int64_t j) {
    double count = 0, mi = 0, mj = 0, vi = 0, vj = 0, both = 0;
    for (int64_t row = 0; row < in->n; row++) {
        const int8_t *labels = in->labels + row * in->l;
        if (labels[i] != 0 && labels[j] != 0) continue;
        double x = (double)in->probability[row * in->l + i];
        double y = (double)in->probability[row * in->l + j];
        count++; /* running moments (Welford 1962) */
        double dx = x - mi, dy = y - mj;
        mi += dx / count;
        mj += dy / count;
        vi += dx * (x - mi);
        vj += dy * (y - mj);
        both += dx * (y - mj);
    }
    return vi > 0 && vj > 0 ? both / sqrt(vi * vj) : NAN;
}

typedef struct prototypes {
    const mos_score_input *in;
    const float *const *x;  /* [parts] [n, d] */
    int64_t parts, d, wide; /* wide: parts * d */
    int64_t rows;
    double *scale;  /* [n, parts] 1 / length, 0: absent */
    double *sum;    /* [l, wide] unit rows with the class */
    double *shared; /* [l, wide] of these with class i too */
    double *all;    /* [wide] */
    int64_t *both;  /* [l, l] rows with both */
    double *block;
} prototypes;

static void add_row(const prototypes *p, int64_t row, double *to) {
    for (int64_t m = 0; m < p->parts; m++) {
        const float *x = p->x[m] + row * p->d;
        double scale = p->scale[row * p->parts + m];
        for (int64_t k = 0; k < p->d && scale > 0; k++)
            to[m * p->d + k] += scale * (double)x[k];
    }
}

/* Is anything of the row there? Finds its lengths. */
static bool scale_row(prototypes *p, int64_t row) {
    bool found = false;
    for (int64_t m = 0; m < p->parts; m++) {
        const float *x = p->x[m] + row * p->d;
        double squares = 0;
        for (int64_t k = 0; k < p->d; k++)
            squares += (double)x[k] * (double)x[k];
        if (!(squares > 0)) continue;
        p->scale[row * p->parts + m] = 1 / sqrt(squares);
        found = true;
    }
    return found;
}

static void sum_classes(prototypes *p) {
    int64_t l = p->in->l;
    for (int64_t row = 0; row < p->in->n; row++) {
        const int8_t *labels = p->in->labels + row * l;
        if (!scale_row(p, row)) continue;
        p->rows++;
        add_row(p, row, p->all);
        for (int64_t i = 0; i < l; i++) {
            if (labels[i] != 1) continue;
            add_row(p, row, p->sum + i * p->wide);
            for (int64_t j = 0; j < l; j++)
                p->both[i * l + j] += labels[j] == 1;
        }
    }
}

/* Sums of rows with class i and each class j < i. */
static void sum_shared(prototypes *p, int64_t i) {
    int64_t l = p->in->l;
    memset(p->shared, 0, (size_t)(l * p->wide) * sizeof *p->shared);
    for (int64_t row = 0; row < p->in->n; row++) {
        const int8_t *labels = p->in->labels + row * l;
        if (labels[i] != 1) continue;
        for (int64_t j = 0; j < i; j++)
            if (labels[j] == 1) add_row(p, row, p->shared + j * p->wide);
    }
}

/* Cosine of mean(i, not j) and mean(j, not i), less the mean of all. */
static double prototype_cosine(const prototypes *p, int64_t i, int64_t j) {
    int64_t l = p->in->l, d = p->wide, shared = p->both[i * l + j];
    double ni = (double)(p->both[i * l + i] - shared), nj = (double)(p->both[j * l + j] - shared);
    double dot = 0, vi = 0, vj = 0;
    if (!(ni > 0) || !(nj > 0)) return NAN;
    for (int64_t k = 0; k < d; k++) {
        double mean = p->all[k] / (double)p->rows, common = p->shared[j * d + k];
        double a = (p->sum[i * d + k] - common) / ni - mean;
        double b = (p->sum[j * d + k] - common) / nj - mean;
        dot += a * b;
        vi += a * a;
        vj += b * b;
    }
    return vi > 0 && vj > 0 ? dot / sqrt(vi * vj) : NAN;
}

static mosaic_status measure_prototypes(const mos_score_input *in, const float *const *x,
                                        int64_t parts, int64_t d, mos_confusability *out) {
    prototypes p = {.in = in, .x = x, .parts = parts, .d = d, .wide = parts * d};
    size_t cells = (size_t)(in->n * parts), l = (size_t)in->l, wide = (size_t)p.wide;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_alloc(cells + 2 * l * wide + wide, sizeof *p.block, "class prototypes", &p.block));
    MOS_GOTO(mos_alloc(l * l, sizeof *p.both, "class pairs", &p.both));
    p.scale = p.block;
    p.sum = p.scale + cells;
    p.shared = p.sum + l * wide;
    p.all = p.shared + l * wide;
    sum_classes(&p);
    for (int64_t i = 0; i < in->l; i++) {
        sum_shared(&p, i);
        for (int64_t j = 0; j < i; j++)
            pair_of(out, i, j)->prototype_cosine = pair_of(out, j, i)->prototype_cosine =
                prototype_cosine(&p, i, j);
    }
done:
    mos_free(p.block);
    mos_free(p.both);
    return status;
}

static void find_nearest(mos_confusability *out) {
    for (int64_t i = 0; i < out->classes; i++) {
        double best = -INFINITY;
        out->nearest[i] = -1;
        for (int64_t j = 0; j < out->classes; j++) {
            if (j == i || !(pair_of(out, i, j)->prototype_cosine > best)) continue;
            best = pair_of(out, i, j)->prototype_cosine;
            out->nearest[i] = j;
        }
    }
}

static int compare_pairs(const void *a, const void *b) {
    const mos_confusion_pair *x = a, *y = b;
    if (x->excess != y->excess) return x->excess < y->excess ? 1 : -1;
    if (x->from != y->from) return x->from > y->from ? 1 : -1;
    return (x->to > y->to) - (x->to < y->to);
}

mosaic_status mos_confusability_measure(const mos_score_input *input, const float *const *embedding,
                                        int64_t parts, int64_t d, mos_confusability *out) {
    int64_t l = input->l, *base = NULL;
    mosaic_status status = MOSAIC_OK;
    *out = (mos_confusability){.classes = l, .count = l * (l - 1)};
    if (l < 1) return mos_fail(MOSAIC_ERR_USAGE, "confusability of no classes");
    MOS_GOTO(mos_alloc((size_t)out->count, sizeof *out->pairs, "class pairs", &out->pairs));
    MOS_GOTO(mos_alloc((size_t)l, sizeof *out->nearest, "nearest classes", &out->nearest));
    MOS_GOTO(mos_alloc((size_t)(2 * l * l), sizeof *base, "class pairs", &base));
    for (int64_t i = 0; i < l; i++)
        for (int64_t j = 0; j < l; j++)
            if (i != j)
                *pair_of(out, i, j) = (mos_confusion_pair){
                    .from = i, .to = j, .prototype_cosine = NAN, .example = {-1, -1, -1}};
    count_rows(input, out, base, base + l * l);
    for (int64_t i = 0; i < l; i++)
        for (int64_t j = 0; j < l; j++) {
            if (i == j) continue;
            mos_confusion_pair *pair = pair_of(out, i, j);
            rate_pair(pair, base[i * l + j], base[l * l + i * l + j]);
            pair->score_correlation =
                j < i ? correlate(input, i, j) : 0; /* the other half follows */
        }
    for (int64_t i = 0; i < l; i++)
        for (int64_t j = i + 1; j < l; j++)
            pair_of(out, i, j)->score_correlation = pair_of(out, j, i)->score_correlation;
    if (parts > 0) MOS_GOTO(measure_prototypes(input, embedding, parts, d, out));
    find_nearest(out);
    qsort(out->pairs, (size_t)out->count, sizeof *out->pairs, compare_pairs);
done:
    mos_free(base);
    if (status != MOSAIC_OK) mos_confusability_release(out);
    return status;
}

void mos_confusability_release(mos_confusability *confusability) {
    mos_free(confusability->pairs);
    mos_free(confusability->nearest);
    *confusability = (mos_confusability){0};
}
