/* Counts, precision, recall, F, Hamming loss, subset accuracy over a whole set. */
#include "score/metrics.h"

#include "base/memory.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

typedef struct counts {
    int64_t tp, fp, fn, tn;
} counts;

/* 0/0 is 0 and counted, as scikit-learn's zero_division=0. */
static double ratio(int64_t numerator, int64_t denominator, int64_t *zero_divisions) {
    if (denominator == 0) {
        if (zero_divisions) ++*zero_divisions;
        return 0;
    }
    return (double)numerator / (double)denominator;
}

/* F_b = (1 + b^2) tp / ((1 + b^2) tp + b^2 fn + fp) */
static double f_score(counts c, double beta) {
    double b2 = beta * beta, tp = (1 + b2) * (double)c.tp;
    double denominator = tp + b2 * (double)c.fn + (double)c.fp;
    return denominator > 0 ? tp / denominator : 0;
}

static mos_scores scores_of(counts c, int64_t *zero_divisions) {
    return (mos_scores){.precision = ratio(c.tp, c.tp + c.fp, zero_divisions),
                        .recall = ratio(c.tp, c.tp + c.fn, zero_divisions),
                        .f1 = f_score(c, 1),
                        .f2 = f_score(c, 2),
                        .average_precision = NAN,
                        .roc_auc = NAN};
}

static void count_cell(counts *c, bool predicted, bool positive) {
    c->tp += predicted && positive;
    c->fp += predicted && !positive;
    c->fn += !predicted && positive;
    c->tn += !predicted && !positive;
}

static void count_classes(const float *probability, const int8_t *labels, int64_t n, int64_t l,
                          const double *threshold, counts *per_class) {
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < l; j++)
            if (labels[i * l + j] >= 0)
                count_cell(&per_class[j], (double)probability[i * l + j] >= threshold[j],
                           labels[i * l + j] == 1);
}

/* Sample averages and subset accuracy: only rows whose labels are all known. */
static void score_samples(const float *probability, const int8_t *labels, int64_t n, int64_t l,
                          const double *threshold, mos_metrics *out) {
    int64_t rows = 0, exact = 0;
    mos_scores sum = {0};
    for (int64_t i = 0; i < n; i++) {
        counts c = {0};
        bool known = true;
        for (int64_t j = 0; j < l && known; j++) {
            known = labels[i * l + j] >= 0;
            count_cell(&c, (double)probability[i * l + j] >= threshold[j], labels[i * l + j] == 1);
        }
        if (!known) continue;
        mos_scores s = scores_of(c, NULL);
        sum.precision += s.precision;
        sum.recall += s.recall;
        sum.f1 += s.f1;
        sum.f2 += s.f2;
        exact += c.fp == 0 && c.fn == 0;
        rows++;
    }
    double scale = rows ? 1.0 / (double)rows : NAN;
    out->sample = (mos_scores){
        sum.precision * scale, sum.recall * scale, sum.f1 * scale, sum.f2 * scale, NAN, NAN};
    out->subset_accuracy = (double)exact * scale;
}

/* 0 where a class has no value. */
static double or_zero(double value) {
    return isnan(value) ? 0 : value;
}

static void add_class(mos_scores *sum, const mos_scores *s) {
    sum->precision += or_zero(s->precision);
    sum->recall += or_zero(s->recall);
    sum->f1 += or_zero(s->f1);
    sum->f2 += or_zero(s->f2);
    sum->average_precision += or_zero(s->average_precision);
    sum->roc_auc += s->roc_auc;
}

static mos_scores mean_of(const mos_scores *sum, int64_t count) {
    double n = count ? (double)count : NAN, scale = 1.0 / n;
    return (mos_scores){sum->precision * scale, sum->recall * scale,        sum->f1 * scale,
                        sum->f2 * scale,        sum->average_precision / n, sum->roc_auc / n};
}

static void average_classes(mos_metrics *out) {
    mos_scores sum = {0}, all = {0};
    for (int64_t j = 0; j < out->classes; j++) {
        const mos_class_metrics *c = &out->per_class[j];
        out->absent += c->positives == 0;
        add_class(&all, &c->scores);
        if (!mos_class_is_averaged(c)) continue;
        add_class(&sum, &c->scores);
        out->averaged++;
    }
    out->macro = mean_of(&sum, out->averaged);
    out->macro_all = mean_of(&all, out->known > 0 ? out->classes : 0);
}

mosaic_status mos_probability_check(const float *probability, int64_t n, int64_t l) {
    for (int64_t i = 0; i < n * l; i++)
        if (!isfinite(probability[i]))
            return mos_fail(MOSAIC_ERR_NUMERIC, "probability of row %lld, class %lld is not finite",
                            (long long)(i / l), (long long)(i % l));
    return MOSAIC_OK;
}

mosaic_status mos_metrics_compute(const float *probability, const int8_t *labels, int64_t n,
                                  int64_t l, const double *threshold, mos_metrics *out) {
    memset(out, 0, sizeof *out);
    counts *per_class = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_TRY(mos_probability_check(probability, n, l));
    MOS_GOTO(mos_alloc((size_t)l, sizeof *per_class, "class counts", &per_class));
    MOS_GOTO(mos_alloc((size_t)l, sizeof *out->per_class, "class metrics", &out->per_class));
    out->samples = n;
    out->classes = l;
    count_classes(probability, labels, n, l, threshold, per_class);
    counts all = {0};
    for (int64_t j = 0; j < l; j++) {
        counts c = per_class[j];
        mos_class_metrics *m = &out->per_class[j];
        *m = (mos_class_metrics){.scores = scores_of(c, &out->zero_divisions),
                                 .positives = c.tp + c.fn,
                                 .negatives = c.fp + c.tn,
                                 .predicted = c.tp + c.fp,
                                 .true_positives = c.tp,
                                 .threshold = threshold[j]};
        if (m->positives + m->negatives == 0) /* no known label: nothing to score */
            m->scores = (mos_scores){NAN, NAN, NAN, NAN, NAN, NAN};
        MOS_GOTO(mos_average_precision(probability + j, labels + j, n, l,
                                       &m->scores.average_precision, &m->scores.roc_auc));
        all.tp += c.tp;
        all.fp += c.fp;
        all.fn += c.fn;
        all.tn += c.tn;
    }
    out->known = all.tp + all.fp + all.fn + all.tn;
    out->micro = scores_of(all, &out->zero_divisions);
    MOS_GOTO(mos_average_precision(probability, labels, n * l, 1, &out->micro.average_precision,
                                   &out->micro.roc_auc));
    out->hamming_loss = ratio(all.fp + all.fn, out->known, NULL);
    if (out->known == 0) { /* nothing was right or wrong */
        out->micro = (mos_scores){NAN, NAN, NAN, NAN, NAN, NAN};
        out->hamming_loss = NAN;
    }
    average_classes(out);
    score_samples(probability, labels, n, l, threshold, out);
done:
    mos_free(per_class);
    if (status != MOSAIC_OK) mos_metrics_release(out);
    return status;
}

void mos_metrics_release(mos_metrics *metrics) {
    mos_free(metrics->per_class);
    metrics->per_class = NULL;
}
