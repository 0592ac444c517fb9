#include "report/run_analysis.h"

#include "base/memory.h"
#include "base/text.h"
#include "report/run_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const mos_report_interval_names[MOS_REPORT_INTERVALS] = {
    "macro_f1", "micro_f1", "macro_average_precision", "micro_average_precision", "hamming_loss"};

static mosaic_status read_confusions(const char *folder, mos_report_analysis *out) {
    static const char *const wanted[] = {
        "true_class",        "predicted_class", "rows", "confused", "rate", "base_rate", "lift",
        "score_correlation", "prototype_cosine"};
    enum { COLUMNS = sizeof wanted / sizeof *wanted };
    int64_t c[COLUMNS];
    mos_csv csv;
    MOS_TRY(mos_run_table_open(folder, "confusability.csv", wanted, c, COLUMNS, &csv));
    mosaic_status status =
        mos_alloc(csv.rows, sizeof *out->confusions, "confusions", &out->confusions);
    for (size_t r = 0; status == MOSAIC_OK && r < csv.rows; r++) {
        mos_report_confusion *to = &out->confusions[out->confusion_count++];
        (void)snprintf(to->from, sizeof to->from, "%s", mos_run_table_cell(&csv, r, c[0]));
        (void)snprintf(to->to, sizeof to->to, "%s", mos_run_table_cell(&csv, r, c[1]));
        to->rows = mos_run_table_number(&csv, r, c[2]);
        to->confused = mos_run_table_number(&csv, r, c[3]);
        to->rate = mos_run_table_number(&csv, r, c[4]);
        to->base_rate = mos_run_table_number(&csv, r, c[5]);
        to->lift = mos_run_table_number(&csv, r, c[6]);
        to->score_correlation = mos_run_table_number(&csv, r, c[7]);
        to->prototype_cosine = mos_run_table_number(&csv, r, c[8]);
        for (int e = 0; e < MOS_REPORT_EXAMPLES; e++) {
            char name[16];
            (void)snprintf(name, sizeof name, "example_%d", e + 1);
            int64_t column = mos_csv_column(&csv, name);
            (void)snprintf(to->example[e], sizeof to->example[e], "%s",
                           column < 0 ? "" : mos_run_table_cell(&csv, r, column));
        }
    }
    mos_csv_release(&csv);
    return status;
}

/* Number of a name, added when it is new. */
static mosaic_status find_name(mos_report_analysis *out, const char *name, size_t length,
                               int *found) {
    if (length > sizeof *out->names - 1) length = sizeof *out->names - 1;
    for (size_t k = 0; k < out->name_count; k++)
        if (strncmp(out->names[k], name, length) == 0 && out->names[k][length] == 0) {
            *found = (int)k;
            return MOSAIC_OK;
        }
    MOS_TRY(mos_grow(&out->names, &out->name_capacity, out->name_count + 1, sizeof *out->names,
                     "names of points"));
    memcpy(out->names[out->name_count], name, length);
    out->names[out->name_count][length] = 0;
    *found = (int)out->name_count++;
    return MOSAIC_OK;
}

static mos_report_map *find_map(mos_report_analysis *out, const char *name) {
    for (int k = 0; k < out->maps; k++)
        if (strcmp(out->map[k].name, name) == 0) return &out->map[k];
    if (out->maps == MOS_REPORT_MAPS) return NULL;
    mos_report_map *map = &out->map[out->maps++];
    (void)snprintf(map->name, sizeof map->name, "%s", name);
    map->trustworthiness = map->divergence = NAN;
    return map;
}

/* A point's class is the first of its labels. */
static mosaic_status read_points(const char *folder, mos_report_analysis *out) {
    static const char *const wanted[] = {"map", "modality", "x", "y", "labels"};
    int64_t c[5];
    mos_csv csv;
    mosaic_status status = MOSAIC_OK;
    MOS_TRY(mos_run_table_open(folder, "tsne.csv", wanted, c, 5, &csv));
    for (size_t r = 0; r < csv.rows; r++) {
        mos_report_map *map = find_map(out, mos_run_table_cell(&csv, r, c[0]));
        double x = mos_run_table_number(&csv, r, c[2]), y = mos_run_table_number(&csv, r, c[3]);
        const char *modality = mos_run_table_cell(&csv, r, c[1]),
                   *labels = mos_run_table_cell(&csv, r, c[4]);
        if (!map || !isfinite(x) || !isfinite(y)) continue;
        MOS_GOTO(mos_grow(&map->points, &map->capacity, map->count + 1, sizeof *map->points,
                          "points of a map"));
        mos_report_point *point = &map->points[map->count++];
        *point = (mos_report_point){(float)x, (float)y, 0, -1};
        MOS_GOTO(find_name(out, modality, strlen(modality), &point->modality));
        if (labels[0]) MOS_GOTO(find_name(out, labels, strcspn(labels, ";"), &point->class));
    }
done:
    mos_csv_release(&csv);
    return status;
}

/* Rows of one class follow each other. */
static mosaic_status read_rankings(const char *folder, mos_report_analysis *out) {
    static const char *const wanted[] = {"class", "recall", "false_positive_rate", "precision"};
    int64_t c[4];
    MOS_TRY(mos_run_table_open(folder, "curves.csv", wanted, c, 4, &out->curves));
    size_t rows = out->curves.rows;
    MOS_TRY(mos_alloc(3 * rows, sizeof *out->curve_values, "curves", &out->curve_values));
    MOS_TRY(mos_alloc(rows, sizeof *out->ranking, "curves", &out->ranking));
    for (size_t r = 0; r < rows; r++) {
        const char *name = mos_run_table_cell(&out->curves, r, c[0]);
        for (int k = 0; k < 3; k++)
            out->curve_values[(size_t)k * rows + r] =
                mos_run_table_number(&out->curves, r, c[1 + k]);
        mos_report_ranking *last = out->rankings ? &out->ranking[out->rankings - 1] : NULL;
        if (!last || strcmp(last->name, name) != 0) {
            last = &out->ranking[out->rankings++];
            *last = (mos_report_ranking){name, out->curve_values + r, out->curve_values + rows + r,
                                         out->curve_values + 2 * rows + r, 0};
        }
        last->count++;
    }
    return MOSAIC_OK;
}

static mosaic_status read_class_alignments(const char *folder, mos_report_analysis *out) {
    static const char *const wanted[] = {"kind",
                                         "a",
                                         "b",
                                         "class",
                                         "other",
                                         "class_rows",
                                         "other_rows",
                                         "margin",
                                         "told_apart_by_b",
                                         "told_apart_by_a",
                                         "within_cosine",
                                         "across_cosine"};
    enum { COLUMNS = sizeof wanted / sizeof *wanted };
    int64_t c[COLUMNS];
    mos_csv *csv = &out->class_alignment_table;
    MOS_TRY(mos_run_table_open(folder, "class_alignment.csv", wanted, c, COLUMNS, csv));
    MOS_TRY(mos_alloc(csv->rows, sizeof *out->class_alignment, "alignment of classes",
                      &out->class_alignment));
    for (size_t r = 0; r < csv->rows; r++) {
        mos_report_class_alignment *line = &out->class_alignment[out->class_alignments++];
        const char **texts[] = {&line->kind, &line->a, &line->b, &line->class, &line->other};
        double *numbers[] = {&line->rows[0],       &line->rows[1],       &line->margin,
                             &line->told_apart[0], &line->told_apart[1], &line->within,
                             &line->across};
        for (int k = 0; k < 5; k++)
            *texts[k] = mos_run_table_cell(csv, r, c[k]);
        for (int k = 0; k < 7; k++)
            *numbers[k] = mos_run_table_number(csv, r, c[5 + k]);
    }
    return MOSAIC_OK;
}

static mosaic_status read_groups(const char *folder, mos_report_analysis *out) {
    static const char *const wanted[] = {"column",
                                         "value",
                                         "rows",
                                         "classes_averaged",
                                         "micro_f1",
                                         "micro_f1_low",
                                         "micro_f1_high",
                                         "macro_average_precision",
                                         "macro_average_precision_low",
                                         "macro_average_precision_high"};
    enum { COLUMNS = sizeof wanted / sizeof *wanted };
    int64_t c[COLUMNS];
    mos_csv *csv = &out->group_table;
    MOS_TRY(mos_run_table_open(folder, "groups.csv", wanted, c, COLUMNS, csv));
    MOS_TRY(mos_alloc(csv->rows, sizeof *out->group, "scores of groups", &out->group));
    for (size_t r = 0; r < csv->rows; r++) {
        mos_report_group *group = &out->group[out->groups++];
        group->column = mos_run_table_cell(csv, r, c[0]);
        group->value = mos_run_table_cell(csv, r, c[1]);
        double *numbers[] = {&group->rows,         &group->classes,       &group->micro_f1.value,
                             &group->micro_f1.low, &group->micro_f1.high, &group->macro_ap.value,
                             &group->macro_ap.low, &group->macro_ap.high};
        for (int k = 0; k < COLUMNS - 2; k++)
            *numbers[k] = mos_run_table_number(csv, r, c[2 + k]);
    }
    return MOSAIC_OK;
}

mosaic_status mos_run_analysis_tables(const char *folder, mos_report_analysis *out) {
    MOS_TRY(read_confusions(folder, out));
    MOS_TRY(read_rankings(folder, out));
    MOS_TRY(read_class_alignments(folder, out));
    MOS_TRY(mos_run_patches_read(folder, &out->patches));
    MOS_TRY(mos_run_modalities_read(folder, &out->modalities));
    MOS_TRY(read_groups(folder, out));
    return read_points(folder, out);
}

void mos_run_analysis_release(mos_report_analysis *analysis) {
    mos_free(analysis->confusions);
    for (int k = 0; k < analysis->maps; k++)
        mos_free(analysis->map[k].points);
    mos_free(analysis->names);
    mos_free(analysis->curve_values);
    mos_free(analysis->ranking);
    mos_csv_release(&analysis->curves);
    mos_free(analysis->class_alignment);
    mos_csv_release(&analysis->class_alignment_table);
    mos_free(analysis->group);
    mos_csv_release(&analysis->group_table);
    mos_run_patches_release(&analysis->patches);
    *analysis = (mos_report_analysis){0};
}
