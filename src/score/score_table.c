#include "score/score_table.h"

#include "base/memory.h"
#include "score/metrics.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { UNKNOWN, TP, FP, FN, TN, OUTCOMES };
/* A ranking's entry: row * 4 + 2 if the label is positive + 1 if it is the last of equal scores. */
enum { LAST = 1, POSITIVE = 2, ROW_SHIFT = 2, MOST_ROWS = 1 << 30 };

typedef struct ranked {
    float score;
    uint32_t entry;
} ranked;

static int compare_descending(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->score != y->score) return x->score < y->score ? 1 : -1;
    return (x->entry > y->entry) - (x->entry < y->entry);
}

static void keep_ranking(ranked *rows, int64_t count, uint32_t *out) {
    qsort(rows, (size_t)count, sizeof *rows, compare_descending);
    for (int64_t i = 0; i < count; i++) {
        bool last = i + 1 == count || rows[i + 1].score != rows[i].score;
        out[i] = rows[i].entry | (last ? LAST : 0);
    }
}

static ranked cell_of(const mos_score_input *in, int64_t i, int64_t j) {
    uint32_t positive = in->labels[i * in->l + j] == 1 ? POSITIVE : 0;
    return (ranked){in->probability[i * in->l + j], (uint32_t)i << ROW_SHIFT | positive};
}

static void fill_rankings(const mos_score_input *in, ranked *rows, mos_score_table *out) {
    int64_t at = 0, all = 0;
    for (int64_t j = 0; j < in->l; j++) {
        int64_t count = 0;
        for (int64_t i = 0; i < in->n; i++)
            if (in->labels[i * in->l + j] >= 0) rows[count++] = cell_of(in, i, j);
        keep_ranking(rows, count, out->ranking + at);
        out->begin[j] = at;
        out->end[j] = at += count;
    }
    for (int64_t i = 0; i < in->n; i++)
        for (int64_t j = 0; j < in->l; j++)
            if (in->labels[i * in->l + j] >= 0) rows[all++] = cell_of(in, i, j);
    keep_ranking(rows, all, out->ranking + at);
    out->begin[in->l] = at;
    out->end[in->l] = at + all;
}

static mosaic_status check(const mos_score_input *in) {
    if (in->n < 1 || in->l < 1 || in->n >= MOST_ROWS)
        return mos_fail(MOSAIC_ERR_USAGE, "no intervals of %lld rows and %lld classes",
                        (long long)in->n, (long long)in->l);
    return mos_probability_check(in->probability, in->n, in->l);
}

static void choose_averaged(const mos_score_input *in, mos_score_table *out) {
    for (int64_t j = 0; j < in->l; j++) {
        mos_class_metrics c = {0};
        for (int64_t i = 0; i < in->n; i++) {
            c.positives += in->labels[i * in->l + j] == 1;
            c.negatives += in->labels[i * in->l + j] == 0;
        }
        out->averaged[j] = mos_class_is_averaged(&c);
    }
}

mosaic_status mos_score_table_make(const mos_score_input *input, mos_score_table *out) {
    ranked *rows = NULL;
    mosaic_status status = MOSAIC_OK;
    *out = (mos_score_table){.n = input->n, .l = input->l};
    MOS_TRY(check(input));
    size_t cells = (size_t)(input->n * input->l), lists = (size_t)(input->l + 1);
    MOS_GOTO(mos_alloc(cells, sizeof *rows, "ranking", &rows));
    MOS_GOTO(mos_alloc(cells, 1, "outcomes", &out->outcome));
    MOS_GOTO(mos_alloc((size_t)input->l, 1, "averaged classes", &out->averaged));
    MOS_GOTO(mos_alloc(2 * cells, sizeof *out->ranking, "rankings", &out->ranking));
    MOS_GOTO(mos_alloc(lists, sizeof *out->begin, "rankings", &out->begin));
    MOS_GOTO(mos_alloc(lists, sizeof *out->end, "rankings", &out->end));
    for (int64_t i = 0; i < input->n; i++)
        for (int64_t j = 0; j < input->l; j++) {
            int64_t cell = i * input->l + j;
            bool predicted = (double)input->probability[cell] >= input->threshold[j];
            int8_t label = input->labels[cell];
            out->outcome[cell] = label < 0    ? UNKNOWN
                                 : label == 1 ? (predicted ? TP : FN)
                                              : (predicted ? FP : TN);
        }
    fill_rankings(input, rows, out);
    choose_averaged(input, out);
done:
    mos_free(rows);
    if (status != MOSAIC_OK) mos_score_table_release(out);
    return status;
}

void mos_score_table_release(mos_score_table *table) {
    mos_free(table->averaged);
    mos_free(table->outcome);
    mos_free(table->ranking);
    mos_free(table->begin);
    mos_free(table->end);
    *table = (mos_score_table){0};
}

/* AP = sum (R_n - R_{n-1}) P_n over groups of equal scores, a row counting weight times. */
static double weighted_ap(const uint32_t *entries, int64_t count, const int32_t *weight) {
    int64_t seen = 0, positives = 0, group = 0;
    double sum = 0;
    for (int64_t e = 0; e < count; e++) {
        int32_t w = weight[entries[e] >> ROW_SHIFT];
        seen += w;
        if (entries[e] & POSITIVE) group += w;
        if (!(entries[e] & LAST) || group == 0) continue;
        positives += group;
        sum += (double)group * (double)positives / (double)seen;
        group = 0;
    }
    return positives > 0 ? sum / (double)positives : NAN;
}

static double f1_of(const int64_t *c) {
    int64_t denominator = 2 * c[TP] + c[FP] + c[FN];
    return denominator > 0 ? 2 * (double)c[TP] / (double)denominator : 0;
}

void mos_score_table_measure(const mos_score_table *table, const int32_t *weight, int64_t *counts,
                             double *out) {
    int64_t l = table->l, all[OUTCOMES] = {0}, with_ap = 0, averaged = 0;
    double *class_f1 = out + MOS_STAT_CLASSES, *class_ap = class_f1 + l, f1 = 0, ap = 0;
    memset(counts, 0, (size_t)(OUTCOMES * l) * sizeof *counts);
    for (int64_t i = 0; i < table->n; i++) {
        if (weight[i] == 0) continue;
        const uint8_t *outcome = table->outcome + i * l;
        for (int64_t j = 0; j < l; j++)
            counts[j * OUTCOMES + outcome[j]] += weight[i];
    }
    for (int64_t j = 0; j < l; j++) {
        const int64_t *c = counts + j * OUTCOMES;
        for (int o = 0; o < OUTCOMES; o++)
            all[o] += c[o];
        class_f1[j] = f1_of(c);
        class_ap[j] =
            weighted_ap(table->ranking + table->begin[j], table->end[j] - table->begin[j], weight);
        if (!table->averaged[j]) continue;
        f1 += class_f1[j];
        averaged++;
        if (isnan(class_ap[j])) continue; /* no positive was drawn */
        ap += class_ap[j];
        with_ap++;
    }
    int64_t known = all[TP] + all[FP] + all[FN] + all[TN];
    out[MOS_STAT_MACRO_F1] = averaged ? f1 / (double)averaged : NAN;
    out[MOS_STAT_MICRO_F1] = f1_of(all);
    out[MOS_STAT_MACRO_AP] = with_ap ? ap / (double)with_ap : NAN;
    out[MOS_STAT_MICRO_AP] =
        weighted_ap(table->ranking + table->begin[l], table->end[l] - table->begin[l], weight);
    out[MOS_STAT_HAMMING] = known ? (double)(all[FP] + all[FN]) / (double)known : 0;
}
