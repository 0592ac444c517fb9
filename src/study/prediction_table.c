#include "study/prediction_table.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char label_mark[] = "label:", probability_mark[] = "probability:";

/* The cells of one line, of which the first is its id. */
typedef char *const *csv_row;

static int compare_ids(const void *a, const void *b) {
    return strcmp((*(const csv_row *)a)[0], (*(const csv_row *)b)[0]);
}

static mosaic_status sort_rows(const mos_csv *csv, csv_row **out) {
    MOS_TRY(mos_alloc(csv->rows, sizeof **out, "rows", out));
    for (size_t r = 0; r < csv->rows; r++)
        (*out)[r] = &csv->cells[r * csv->columns];
    if (csv->rows > 0) qsort(*out, csv->rows, sizeof **out, compare_ids);
    return MOSAIC_OK;
}

/* "id", the labels, the probabilities of the same classes in the same order. */
static mosaic_status check_header(const mos_csv *csv, const char *path, mos_predictions *out) {
    size_t l = csv->columns / 2;
    bool good = csv->columns % 2 == 1 && l > 0 && strcmp(csv->header[0], "id") == 0;
    for (size_t j = 0; good && j < l; j++) {
        const char *a = csv->header[1 + j], *b = csv->header[1 + l + j];
        good = strncmp(a, label_mark, sizeof label_mark - 1) == 0 &&
               strncmp(b, probability_mark, sizeof probability_mark - 1) == 0 &&
               strcmp(a + sizeof label_mark - 1, b + sizeof probability_mark - 1) == 0;
    }
    if (!good)
        return mos_fail(MOSAIC_ERR_DATA,
                        "'%s': wanted the columns id, label:CLASS ..., probability:CLASS ...",
                        path);
    out->l = (int64_t)l;
    MOS_TRY(mos_alloc(l, sizeof *out->classes, "classes", &out->classes));
    for (size_t j = 0; j < l; j++)
        (void)snprintf(out->classes[j], sizeof out->classes[j], "%s",
                       csv->header[1 + j] + sizeof label_mark - 1);
    return MOSAIC_OK;
}

static mosaic_status read_cells(const mos_csv *csv, csv_row cells, const char *path, uint32_t line,
                                int8_t *labels, float *probability) {
    size_t l = csv->columns / 2;
    for (size_t j = 0; j < l; j++) {
        const char *label = cells[1 + j], *score = cells[1 + l + j];
        double value;
        bool known = label[0] != '\0';
        if ((known && strcmp(label, "0") != 0 && strcmp(label, "1") != 0) ||
            !mos_parse_double(score, &value) || !isfinite(value))
            return mos_fail(MOSAIC_ERR_DATA,
                            "%s:%u: wanted a label 0, 1 or nothing and a probability, found '%s' "
                            "and '%s'",
                            path, line, label, score);
        labels[j] = (int8_t)(known ? label[0] - '0' : -1);
        probability[j] = (float)value;
    }
    return MOSAIC_OK;
}

static mosaic_status copy_ids(const mos_csv *csv, const csv_row *rows, mos_predictions *out) {
    size_t bytes = 0, at = 0;
    for (size_t r = 0; r < csv->rows; r++)
        bytes += strlen(csv->cells[r * csv->columns]) + 1;
    MOS_TRY(mos_alloc(bytes, 1, "ids", &out->pool));
    MOS_TRY(mos_alloc(csv->rows, sizeof *out->ids, "ids", &out->ids));
    for (size_t r = 0; r < csv->rows; r++) {
        const char *id = rows[r][0];
        size_t size = strlen(id) + 1;
        memcpy(out->pool + at, id, size);
        out->ids[r] = out->pool + at;
        at += size;
    }
    return MOSAIC_OK;
}

static mosaic_status read_rows(const mos_csv *csv, const char *path, mos_predictions *out) {
    csv_row *rows = NULL;
    mosaic_status status;
    size_t n = csv->rows, l = (size_t)out->l;
    out->n = (int64_t)n;
    MOS_GOTO(sort_rows(csv, &rows));
    MOS_GOTO(copy_ids(csv, rows, out));
    MOS_GOTO(mos_alloc(n * l, sizeof *out->labels, "labels", &out->labels));
    MOS_GOTO(mos_alloc(n * l, sizeof *out->probability, "probabilities", &out->probability));
    for (size_t r = 0; r < n; r++) {
        size_t line = (size_t)(rows[r] - csv->cells) / csv->columns;
        MOS_GOTO(read_cells(csv, rows[r], path, csv->lines[line], out->labels + r * l,
                            out->probability + r * l));
        if (r > 0 && strcmp(out->ids[r], out->ids[r - 1]) == 0) {
            status = mos_fail(MOSAIC_ERR_DATA, "%s:%u: sample '%s' is there twice", path,
                              csv->lines[line], out->ids[r]);
            goto done;
        }
    }
done:
    mos_free(rows);
    return status;
}

/* By name: both files come from the same evaluation, but nothing else says so. */
static mosaic_status find_thresholds(const mos_report_evaluation *evaluation, const char *path,
                                     mos_predictions *out) {
    MOS_TRY(mos_alloc((size_t)out->l, sizeof *out->threshold, "thresholds", &out->threshold));
    for (int64_t j = 0; j < out->l; j++) {
        out->threshold[j] = NAN;
        for (int64_t k = 0; k < evaluation->class_count; k++)
            if (strcmp(evaluation->classes[k].name, out->classes[j]) == 0)
                out->threshold[j] = evaluation->classes[k].at[evaluation->sets - 1].threshold;
        if (!isfinite(out->threshold[j]))
            return mos_fail(MOSAIC_ERR_DATA, "'%s': metrics.json has no threshold of class '%s'",
                            path, out->classes[j]);
    }
    return MOSAIC_OK;
}

mosaic_status mos_predictions_read(const char *folder, const mos_report_evaluation *evaluation,
                                   mos_predictions *out) {
    char path[4096];
    mos_csv csv = {0};
    mosaic_status status;
    *out = (mos_predictions){0};
    MOS_GOTO(mos_path_join(path, sizeof path, folder, "predictions.csv"));
    MOS_GOTO(mos_csv_read(path, ',', &csv));
    MOS_GOTO(check_header(&csv, path, out));
    MOS_GOTO(read_rows(&csv, path, out));
    MOS_GOTO(find_thresholds(evaluation, path, out));
done:
    mos_csv_release(&csv);
    if (status != MOSAIC_OK) mos_predictions_release(out);
    return status;
}

void mos_predictions_release(mos_predictions *predictions) {
    mos_free(predictions->classes);
    mos_free(predictions->ids);
    mos_free(predictions->labels);
    mos_free(predictions->probability);
    mos_free(predictions->threshold);
    mos_free(predictions->pool);
    *predictions = (mos_predictions){0};
}

mos_score_input mos_predictions_input(const mos_predictions *predictions) {
    return (mos_score_input){.probability = predictions->probability,
                             .labels = predictions->labels,
                             .threshold = predictions->threshold,
                             .n = predictions->n,
                             .l = predictions->l};
}

const char *mos_predictions_differ(const mos_predictions *a, const mos_predictions *b) {
    if (a->l != b->l) return "other classes";
    for (int64_t j = 0; j < a->l; j++)
        if (strcmp(a->classes[j], b->classes[j]) != 0) return "other classes";
    if (a->n != b->n) return "other samples";
    for (int64_t i = 0; i < a->n; i++)
        if (strcmp(a->ids[i], b->ids[i]) != 0) return "other samples";
    return memcmp(a->labels, b->labels, (size_t)(a->n * a->l)) == 0 ? NULL : "other labels";
}
