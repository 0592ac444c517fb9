/* What a run directory holds, read for a report: the curves of metrics.csv, provenance.json,
 * data.json, config.yaml, and every evaluation below eval/. Files that are not there are left out;
 * files that are broken are errors. */
#ifndef MOS_REPORT_RUN_DOCUMENT_H
#define MOS_REPORT_RUN_DOCUMENT_H

#include "base/error.h"
#include "report/run_analysis.h"
#include "report/run_data.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MOS_REPORT_SETS = 3 }; /* thresholds: 0.5, global, per class */
extern const char *const mos_report_set_names[MOS_REPORT_SETS];

typedef struct mos_report_scores {
    double precision, recall, f1, f2, average_precision, roc_auc; /* NaN: not given */
} mos_report_scores;

typedef struct mos_report_class {
    char name[128];
    int64_t positives, negatives;
    double average_precision, roc_auc;
    mos_report_interval f1, ap; /* of the last set of thresholds */
    struct {
        double threshold, precision, recall, f1;
    } at[MOS_REPORT_SETS];
} mos_report_class;

typedef struct mos_report_evaluation {
    char folder[256]; /* "test", "test-probe" */
    char split[32], scorer[32], method[32];
    bool reduced;
    int64_t samples, known_labels, skipped, invalid_pixels;
    int64_t averaged;            /* classes of the macro means; -1: not told */
    int64_t at_global_threshold; /* classes with too few positives for a threshold of their own */
    int sets;
    struct {
        mos_report_scores micro, macro, macro_all, sample;
        double hamming_loss, subset_accuracy;
    } at[MOS_REPORT_SETS];
    mos_report_class *classes; /* [class_count], owned */
    int64_t class_count;
    mos_report_analysis analysis;
} mos_report_evaluation;

/* A column of metrics.csv over the rows of one kind; NaN where a cell is empty. */
typedef struct mos_report_curve {
    char kind[16], name[64]; /* "step", "loss" */
    double *x, *y;           /* [count] step (or epoch for kind "epoch"), value; owned */
    int64_t count;
} mos_report_curve;

/* A fact of provenance.json as text: "dataset.samples" and its value. */
typedef struct mos_report_fact {
    char name[96], value[256];
} mos_report_fact;

typedef struct mos_run_document {
    char path[4096];
    char link[4096]; /* from the page's folder to the run's, "" or ending in a slash */
    char *config;    /* text of config.yaml, or NULL */
    bool has_data;   /* there is a data.json */
    mos_report_data data;
    mos_report_fact *facts;
    size_t fact_count, fact_capacity;
    mos_report_curve *curves;
    size_t curve_count;
    mos_report_evaluation *evaluations;
    size_t evaluation_count, evaluation_capacity;
} mos_run_document;

/* metrics.json of one folder below eval/, with the tables beside it. */
mosaic_status mos_report_evaluation_read(const char *folder, mos_report_evaluation *out);
void mos_report_evaluation_release(mos_report_evaluation *evaluation);

mosaic_status mos_run_document_read(const char *run, mos_run_document *out);
void mos_run_document_release(mos_run_document *document);
const mos_report_curve *mos_run_document_curve(const mos_run_document *document, const char *kind,
                                               const char *name);
/* Value of a fact, or `absent`. */
const char *mos_run_document_fact(const mos_run_document *document, const char *name,
                                  const char *absent);

#endif
