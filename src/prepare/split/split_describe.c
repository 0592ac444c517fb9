/* A split in tables: how many samples of every class are where, before and after. */
#include "data/sample_table.h"
#include "prepare/split/split_plan.h"

#include <inttypes.h>
#include <string.h>

enum { CELLS = 1024 };

/* Which column of a table a sample counts in; below 0: none. */
typedef int64_t (*column_of)(const mos_dataset *dataset, const mos_split_columns *columns,
                             int64_t sample, int64_t column);

static int64_t own_split(const mos_dataset *dataset, const mos_split_columns *columns, int64_t i,
                         int64_t k) {
    (void)columns;
    return dataset->splits[i] == k;
}

static int64_t new_split(const mos_dataset *dataset, const mos_split_columns *columns, int64_t i,
                         int64_t k) {
    (void)dataset;
    return columns->split[i] == k;
}

static int64_t in_fold(const mos_dataset *dataset, const mos_split_columns *columns, int64_t i,
                       int64_t k) {
    (void)dataset;
    return columns->fold[i] == k;
}

/* Fractions are nested: a smaller one counts in the larger, too. */
static int64_t in_fraction(const mos_dataset *dataset, const mos_split_columns *columns, int64_t i,
                           int64_t k) {
    (void)dataset;
    return columns->labeled[i] <= k;
}

static int name_width(const mos_dataset *dataset) {
    size_t width = 8;
    for (int64_t l = 0; l < dataset->class_count; l++) {
        size_t size = strlen(dataset->classes[l]);
        width = size > width ? size : width;
    }
    return (int)(width < 48 ? width : 48);
}

/* Samples of class l (-1: all) in each column. */
static void count_class(const mos_dataset *dataset, const mos_split_columns *columns, int64_t l,
                        column_of in, int64_t n, int64_t *counts) {
    memset(counts, 0, (size_t)n * sizeof *counts);
    for (int64_t i = 0; i < dataset->count; i++) {
        if (l >= 0 && dataset->labels[i * dataset->class_count + l] != 1) continue;
        for (int64_t k = 0; k < n; k++)
            counts[k] += in(dataset, columns, i, k);
    }
}

/* Every cell: the count, and its share of the column's samples. */
static void add_table(const mos_dataset *dataset, const mos_split_columns *columns,
                      const char *title, const mos_text *heads, column_of in, int64_t n,
                      mos_text *out) {
    int64_t all[CELLS], counts[CELLS];
    int width = name_width(dataset);
    n = n < CELLS ? n : CELLS;
    mos_text_add(out, "%-*s%s\n", width, title, heads->data == NULL ? "" : heads->data);
    count_class(dataset, columns, -1, in, n, all);
    mos_text_add(out, "  %-*s", width - 2, "samples");
    for (int64_t k = 0; k < n; k++)
        mos_text_add(out, " %9" PRId64 "       ", all[k]);
    mos_text_add(out, "\n");
    for (int64_t l = 0; l < dataset->class_count; l++) {
        count_class(dataset, columns, l, in, n, counts);
        mos_text_add(out, "  %-*.*s", width - 2, width - 2, dataset->classes[l]);
        for (int64_t k = 0; k < n; k++)
            mos_text_add(out, " %9" PRId64 " %5.1f%%", counts[k],
                         all[k] == 0 ? 0 : 100.0 * (double)counts[k] / (double)all[k]);
        mos_text_add(out, "\n");
    }
}

static void add_numbers(const mos_dataset *dataset, const mos_split_columns *columns,
                        const mos_split_report *report, mos_text *out) {
    int64_t same = 0, without = 0;
    for (int64_t i = 0; i < dataset->count; i++)
        same += columns->split[i] == dataset->splits[i];
    for (int64_t i = 0; i < dataset->count; i++)
        without += columns->split[i] == MOS_SPLIT_NONE;
    mos_text_add(out, "%" PRId64 " of %" PRId64 " samples keep their split\n", same,
                 dataset->count);
    if (without == dataset->count && columns->folds == 0)
        mos_text_add(out, "no sample is in a split: --rule share divides them\n");
    if (report->units > 0) mos_text_add(out, "%" PRId64 " units dealt out\n", report->units);
    for (int s = 0; s < MOS_SPLIT_COUNT; s++)
        if (report->buffered[s] > 0)
            mos_text_add(out, "%" PRId64 " %s samples left out by the buffer\n",
                         report->buffered[s], mos_split_names[s]);
    mos_text_add(out, "%" PRId64 " overlapping pairs, %" PRId64 " across splits", report->overlaps,
                 report->leaks);
    if (report->fold_leaks > 0) mos_text_add(out, ", %" PRId64 " across folds", report->fold_leaks);
    if (report->without_place > 0)
        mos_text_add(out, "; %" PRId64 " samples without a place are not checked",
                     report->without_place);
    mos_text_add(out, "\n");
}

void mos_split_describe(const mos_dataset *dataset, const mos_split_columns *columns,
                        const mos_split_report *report, mos_text *out) {
    mos_text splits = {0}, folds = {0}, fractions = {0};
    for (int s = 0; s < MOS_SPLIT_COUNT; s++)
        mos_text_add(&splits, " %9s       ", mos_split_names[s]);
    add_table(dataset, columns, "before", &splits, own_split, MOS_SPLIT_COUNT, out);
    add_table(dataset, columns, "after", &splits, new_split, MOS_SPLIT_COUNT, out);
    for (int64_t k = 0; k < columns->folds; k++)
        mos_text_add(&folds, " %9" PRId64 "       ", k);
    if (columns->folds > 0)
        add_table(dataset, columns, "fold", &folds, in_fold, columns->folds, out);
    for (int f = 0; f < columns->fraction_count; f++)
        mos_text_add(&fractions, " %9g       ", columns->fraction[f]);
    if (columns->fraction_count > 0)
        add_table(dataset, columns, "labelled", &fractions, in_fraction, columns->fraction_count,
                  out);
    add_numbers(dataset, columns, report, out);
    out->failed = out->failed || splits.failed || folds.failed || fractions.failed;
    mos_text_release(&splits);
    mos_text_release(&folds);
    mos_text_release(&fractions);
}
