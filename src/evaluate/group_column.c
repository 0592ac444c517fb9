#include "evaluate/group_column.h"

#include "base/memory.h"
#include "base/text.h"
#include "evaluate/score_groups.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_known(const char *text) {
    return text != NULL && text[0] != 0;
}

/* Is every known word a finite number? Unknown ones are NaN. */
static bool read_numbers(const char *const *text, int64_t n, double *number) {
    for (int64_t i = 0; i < n; i++) {
        number[i] = NAN;
        if (is_known(text[i]) && (!mos_parse_double(text[i], &number[i]) || !isfinite(number[i])))
            return false;
    }
    return true;
}

static int compare_numbers(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int compare_words(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Known numbers in order; *distinct: how many differ. */
static int64_t sort_numbers(const double *number, int64_t n, double *sorted, int64_t *distinct) {
    int64_t known = 0;
    for (int64_t i = 0; i < n; i++)
        if (!isnan(number[i])) sorted[known++] = number[i];
    qsort(sorted, (size_t)known, sizeof *sorted, compare_numbers);
    *distinct = known > 0;
    for (int64_t i = 1; i < known; i++)
        *distinct += sorted[i] != sorted[i - 1];
    return known;
}

/* Upper bounds of the bins of sorted[known], each a value that occurs; returns how many. */
static int64_t make_bounds(const double *sorted, int64_t known, double bound[MOS_GROUP_BINS + 1]) {
    int64_t least = 0, count = 0;
    while (least < known && sorted[least] == sorted[0])
        least++;
    int64_t from = least * 10 >= known ? least : 0, bins = (known - from) / MOS_GROUP_ROWS;
    bins = bins < 1 ? 1 : bins > MOS_GROUP_BINS ? MOS_GROUP_BINS : bins;
    if (from > 0) bound[count++] = sorted[0];
    for (int64_t b = 1; b <= bins && from < known; b++) {
        double edge = sorted[from + (known - from) * b / bins - 1];
        if (count == 0 || edge > bound[count - 1]) bound[count++] = edge;
    }
    return count;
}

/* Few numbers are groups each; many are put into bins. */
static mosaic_status group_numbers(const double *number, int64_t n, double *sorted,
                                   mos_group_column *out) {
    double bound[MOS_GROUP_BINS + 1 + MOS_GROUP_NUMBERS], low = 0;
    int64_t distinct, known = sort_numbers(number, n, sorted, &distinct), bins = 0;
    bool few = distinct <= MOS_GROUP_NUMBERS;
    if (!few) bins = make_bounds(sorted, known, bound);
    for (int64_t i = 0; few && i < known; i++)
        if (i == 0 || sorted[i] != sorted[i - 1]) bound[bins++] = sorted[i];
    MOS_TRY(mos_alloc((size_t)bins + 1, sizeof *out->name, "names of groups", &out->name));
    int64_t at = 0;
    for (int64_t b = 0; b < bins; b++) {
        char first[32], last[32];
        low = sorted[at];
        while (at < known && sorted[at] <= bound[b])
            at++;
        mos_format_double(first, sizeof first, low, 4);
        mos_format_double(last, sizeof last, bound[b], 4);
        (void)snprintf(out->name[b], sizeof out->name[b], low < bound[b] ? "%s to %s" : "%s", first,
                       last);
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t b = 0;
        while (b < bins && !(number[i] <= bound[b]))
            b++;
        out->group[i] = b;
    }
    out->count = bins;
    return MOSAIC_OK;
}

static mosaic_status group_words(const char *const *text, int64_t n, const char *what,
                                 const char **sorted, mos_group_column *out) {
    int64_t known = 0, words = 0;
    for (int64_t i = 0; i < n; i++)
        if (is_known(text[i])) sorted[known++] = text[i];
    qsort(sorted, (size_t)known, sizeof *sorted, compare_words);
    for (int64_t i = 0; i < known; i++)
        if (i == 0 || strcmp(sorted[i], sorted[i - 1]) != 0) sorted[words++] = sorted[i];
    if (words > MOS_GROUP_VALUES)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: %lld different words in the samples scored; a column to score by has "
                        "at most %d, or numbers",
                        what, (long long)words, MOS_GROUP_VALUES);
    MOS_TRY(mos_alloc((size_t)words + 1, sizeof *out->name, "names of groups", &out->name));
    for (int64_t w = 0; w < words; w++)
        (void)snprintf(out->name[w], sizeof out->name[w], "%.120s", sorted[w]);
    for (int64_t i = 0; i < n; i++) {
        const char **found = !is_known(text[i]) ? NULL
                                                : bsearch(&text[i], sorted, (size_t)words,
                                                          sizeof *sorted, compare_words);
        out->group[i] = found == NULL ? words : found - sorted;
    }
    out->count = words;
    return MOSAIC_OK;
}

mosaic_status mos_group_column_make(const char *const *text, int64_t n, const char *what,
                                    mos_group_column *out) {
    double *number = NULL;
    const char **words = NULL;
    bool unknown = false;
    mosaic_status status = MOSAIC_OK;
    *out = (mos_group_column){0};
    MOS_GOTO(mos_alloc((size_t)(2 * n), sizeof *number, "a column", &number));
    MOS_GOTO(mos_alloc((size_t)n, sizeof *words, "a column", &words));
    MOS_GOTO(mos_alloc((size_t)n, sizeof *out->group, "groups", &out->group));
    if (read_numbers(text, n, number))
        MOS_GOTO(group_numbers(number, n, number + n, out));
    else
        MOS_GOTO(group_words(text, n, what, words, out));
    for (int64_t i = 0; i < n && !unknown; i++)
        unknown = out->group[i] == out->count;
    if (unknown) (void)snprintf(out->name[out->count++], sizeof *out->name, "unknown");
done:
    mos_free(number);
    mos_free(words);
    if (status != MOSAIC_OK) mos_group_column_release(out);
    return status;
}

void mos_group_column_release(mos_group_column *column) {
    mos_free(column->group);
    mos_free(column->name);
    *column = (mos_group_column){0};
}
