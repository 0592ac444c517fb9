#include "report/run_document.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/csv.h"
#include "report/run_json.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TEXT = 64 << 20, KINDS = 3 };
const char *const mos_report_set_names[MOS_REPORT_SETS] = {"0.5", "global", "per_class"};

/* Whole text file, or NULL when there is none. */
static mosaic_status read_optional(const char *folder, const char *name, char **text) {
    char path[4096];
    size_t size;
    *text = NULL;
    MOS_TRY(mos_path_join(path, sizeof path, folder, name));
    return mos_path_exists(path) ? mos_file_read(path, MAX_TEXT, text, &size) : MOSAIC_OK;
}

/* ---- curves ---- */

static mosaic_status fill_curve(const mos_csv *csv, size_t column, int64_t kind_column,
                                int64_t x_column, const char *kind, mos_report_curve *curve) {
    (void)snprintf(curve->kind, sizeof curve->kind, "%s", kind);
    (void)snprintf(curve->name, sizeof curve->name, "%s", csv->header[column]);
    MOS_TRY(mos_alloc(csv->rows, sizeof(double), "curve", &curve->x));
    MOS_TRY(mos_alloc(csv->rows, sizeof(double), "curve", &curve->y));
    for (size_t r = 0; r < csv->rows; r++) {
        char *const *cells = csv->cells + r * csv->columns;
        double x, y;
        if (strcmp(cells[kind_column], kind) != 0 || !mos_parse_double(cells[x_column], &x))
            continue;
        if (!mos_parse_double(cells[column], &y)) y = NAN;
        curve->x[curve->count] = x;
        curve->y[curve->count++] = y;
    }
    return MOSAIC_OK;
}

static mosaic_status read_curves(mos_run_document *document) {
    static const char *const kinds[][2] = {
        {"step", "step"}, {"health", "step"}, {"epoch", "epoch"}};
    char path[4096];
    mos_csv csv = {0};
    mosaic_status status = MOSAIC_OK;
    MOS_TRY(mos_path_join(path, sizeof path, document->path, "metrics.csv"));
    if (!mos_path_exists(path)) return MOSAIC_OK;
    MOS_TRY(mos_csv_read(path, ',', &csv));
    int64_t kind_column = mos_csv_column(&csv, "kind");
    if (kind_column < 0 || mos_csv_column(&csv, "step") < 0 || mos_csv_column(&csv, "epoch") < 0) {
        status = mos_fail(MOSAIC_ERR_DATA, "'%s': wanted the columns kind, step and epoch", path);
        goto done;
    }
    MOS_GOTO(mos_alloc(KINDS * csv.columns, sizeof *document->curves, "curves", &document->curves));
    for (size_t c = 0; c < csv.columns; c++)
        for (int k = 0; k < KINDS; k++)
            MOS_GOTO(fill_curve(&csv, c, kind_column, mos_csv_column(&csv, kinds[k][1]),
                                kinds[k][0], &document->curves[document->curve_count++]));
done:
    mos_csv_release(&csv);
    return status;
}

/* ---- evaluations ---- */

static mosaic_status read_evaluation(const char *path, const char *text,
                                     mos_report_evaluation *out) {
    char *clusters = NULL, *maps = NULL;
    const char *slash = strrchr(path, '/');
    mosaic_status status = MOSAIC_OK;
    (void)snprintf(out->folder, sizeof out->folder, "%s", slash == NULL ? path : slash + 1);
    MOS_GOTO(read_optional(path, "clusters.json", &clusters));
    MOS_GOTO(read_optional(path, "tsne.json", &maps));
    MOS_GOTO(mos_run_json_evaluation(text, path, out));
    if (clusters) MOS_GOTO(mos_run_json_clusters(clusters, path, &out->analysis));
    MOS_GOTO(mos_run_analysis_tables(path, &out->analysis));
    if (maps) MOS_GOTO(mos_run_json_maps(maps, path, &out->analysis));
done:
    mos_free(clusters);
    mos_free(maps);
    return status;
}

mosaic_status mos_report_evaluation_read(const char *folder, mos_report_evaluation *out) {
    char *text = NULL;
    *out = (mos_report_evaluation){0};
    MOS_TRY(read_optional(folder, "metrics.json", &text));
    if (!text) return mos_fail(MOSAIC_ERR_DATA, "'%s' has no metrics.json", folder);
    mosaic_status status = read_evaluation(folder, text, out);
    mos_free(text);
    if (status != MOSAIC_OK) mos_report_evaluation_release(out);
    return status;
}

void mos_report_evaluation_release(mos_report_evaluation *evaluation) {
    mos_free(evaluation->classes);
    mos_run_analysis_release(&evaluation->analysis);
    *evaluation = (mos_report_evaluation){0};
}

static mosaic_status add_evaluation(mos_run_document *document, const char *folder,
                                    const char *name) {
    char path[4096];
    char *text = NULL;
    MOS_TRY(mos_path_join(path, sizeof path, folder, name));
    MOS_TRY(read_optional(path, "metrics.json", &text));
    if (!text) return MOSAIC_OK;
    mosaic_status status =
        mos_grow(&document->evaluations, &document->evaluation_capacity,
                 document->evaluation_count + 1, sizeof *document->evaluations, "evaluations");
    if (status == MOSAIC_OK)
        status = read_evaluation(path, text, &document->evaluations[document->evaluation_count++]);
    mos_free(text);
    return status;
}

static int compare_evaluations(const void *a, const void *b) {
    return strcmp(((const mos_report_evaluation *)a)->folder,
                  ((const mos_report_evaluation *)b)->folder);
}

static mosaic_status read_evaluations(mos_run_document *document) {
    char folder[4096];
    mosaic_status status = MOSAIC_OK;
    MOS_TRY(mos_path_join(folder, sizeof folder, document->path, "eval"));
    DIR *directory = opendir(folder);
    if (!directory) return MOSAIC_OK;
    for (struct dirent *entry; status == MOSAIC_OK && (entry = readdir(directory));)
        if (entry->d_name[0] != '.') status = add_evaluation(document, folder, entry->d_name);
    (void)closedir(directory);
    if (document->evaluation_count)
        qsort(document->evaluations, document->evaluation_count, sizeof *document->evaluations,
              compare_evaluations);
    return status;
}

/* ---- the whole ---- */

static mosaic_status read_facts(mos_run_document *document) {
    char *text = NULL;
    MOS_TRY(read_optional(document->path, "provenance.json", &text));
    if (!text) return MOSAIC_OK;
    mosaic_status status = mos_run_json_facts(text, document->path, document);
    mos_free(text);
    return status;
}

static mosaic_status read_data(mos_run_document *document) {
    char *text = NULL;
    MOS_TRY(read_optional(document->path, "data.json", &text));
    if (!text) return MOSAIC_OK;
    mosaic_status status = mos_run_data_parse(text, document->path, &document->data);
    document->has_data = status == MOSAIC_OK;
    mos_free(text);
    return status;
}

mosaic_status mos_run_document_read(const char *run, mos_run_document *out) {
    mosaic_status status = MOSAIC_OK;
    *out = (mos_run_document){0};
    if (!mos_path_is_dir(run))
        return mos_fail(MOSAIC_ERR_USAGE, "'%s' is not a run directory", run);
    if (snprintf(out->path, sizeof out->path, "%s", run) >= (int)sizeof out->path)
        return mos_fail(MOSAIC_ERR_USAGE, "run path too long");
    MOS_GOTO(read_optional(run, "config.yaml", &out->config));
    MOS_GOTO(read_facts(out));
    MOS_GOTO(read_data(out));
    MOS_GOTO(read_curves(out));
    MOS_GOTO(read_evaluations(out));
    if (!out->config && out->curve_count == 0 && out->evaluation_count == 0)
        status = mos_fail(
            MOSAIC_ERR_DATA,
            "'%s' holds nothing of a run: no config.yaml, metrics.csv or eval/*/metrics.json", run);
done:
    if (status != MOSAIC_OK) mos_run_document_release(out);
    return status;
}

void mos_run_document_release(mos_run_document *document) {
    for (size_t i = 0; i < document->curve_count; i++) {
        mos_free(document->curves[i].x);
        mos_free(document->curves[i].y);
    }
    for (size_t i = 0; i < document->evaluation_count; i++)
        mos_report_evaluation_release(&document->evaluations[i]);
    mos_run_data_release(&document->data);
    mos_free(document->curves);
    mos_free(document->evaluations);
    mos_free(document->facts);
    mos_free(document->config);
    *document = (mos_run_document){0};
}

const mos_report_curve *mos_run_document_curve(const mos_run_document *document, const char *kind,
                                               const char *name) {
    for (size_t i = 0; i < document->curve_count; i++)
        if (strcmp(document->curves[i].kind, kind) == 0 &&
            strcmp(document->curves[i].name, name) == 0)
            return &document->curves[i];
    return NULL;
}

const char *mos_run_document_fact(const mos_run_document *document, const char *name,
                                  const char *absent) {
    for (size_t i = 0; i < document->fact_count; i++)
        if (strcmp(document->facts[i].name, name) == 0) return document->facts[i].value;
    return absent;
}
