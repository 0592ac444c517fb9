#include "score/label_sets.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

typedef struct keyed_row {
    const int8_t *labels;
    int64_t l, row;
} keyed_row;

typedef struct group {
    int64_t begin, count; /* in the sorted rows */
} group;

static int compare_labels(const void *a, const void *b) {
    const keyed_row *x = a, *y = b;
    int order = memcmp(x->labels, y->labels, (size_t)x->l);
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

/* More rows first; `begin` is the order of the labels. */
static int compare_groups(const void *a, const void *b) {
    const group *x = a, *y = b;
    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

static mosaic_status keep(const keyed_row *rows, const group *groups, int64_t count, int64_t n,
                          mos_label_sets *out) {
    MOS_TRY(mos_alloc((size_t)n, sizeof *out->of, "label set numbers", &out->of));
    MOS_TRY(mos_alloc((size_t)count, sizeof *out->size, "label set sizes", &out->size));
    MOS_TRY(mos_alloc((size_t)count, sizeof *out->first, "label set rows", &out->first));
    out->count = count;
    for (int64_t i = 0; i < n; i++)
        out->of[i] = -1;
    for (int64_t g = 0; g < count; g++) {
        out->size[g] = groups[g].count;
        out->first[g] = rows[groups[g].begin].row;
        for (int64_t i = 0; i < groups[g].count; i++)
            out->of[rows[groups[g].begin + i].row] = (int32_t)g;
    }
    return MOSAIC_OK;
}

mosaic_status mos_label_sets_find(const int8_t *labels, int64_t n, int64_t l, int64_t most,
                                  int64_t least, mos_label_sets *out) {
    keyed_row *rows = NULL;
    group *groups = NULL;
    int64_t known = 0, count = 0, kept = 0;
    mosaic_status status = MOSAIC_OK;
    *out = (mos_label_sets){0};
    MOS_GOTO(mos_alloc((size_t)n, sizeof *rows, "rows by label set", &rows));
    MOS_GOTO(mos_alloc((size_t)n, sizeof *groups, "label sets", &groups));
    for (int64_t i = 0; i < n; i++)
        if (!memchr(labels + i * l, -1, (size_t)l))
            rows[known++] = (keyed_row){labels + i * l, l, i};
    qsort(rows, (size_t)known, sizeof *rows, compare_labels);
    for (int64_t i = 0; i < known; i++) {
        if (i == 0 || memcmp(rows[i].labels, rows[i - 1].labels, (size_t)l) != 0)
            groups[count++] = (group){i, 0};
        groups[count - 1].count++;
    }
    qsort(groups, (size_t)count, sizeof *groups, compare_groups);
    while (kept < count && kept < most && groups[kept].count >= least)
        kept++;
    MOS_GOTO(keep(rows, groups, kept, n, out));
done:
    mos_free(rows);
    mos_free(groups);
    if (status != MOSAIC_OK) mos_label_sets_release(out);
    return status;
}

void mos_label_sets_release(mos_label_sets *sets) {
    mos_free(sets->of);
    mos_free(sets->size);
    mos_free(sets->first);
    *sets = (mos_label_sets){0};
}
