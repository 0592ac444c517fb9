/* Several runs side by side: what each scored, how they differ sample by sample, by class, in their
 * curves and in their configurations. */
#ifndef MOS_STUDY_COMPARISON_H
#define MOS_STUDY_COMPARISON_H

#include "base/options.h"
#include "config/config.h"
#include "report/run_document.h"
#include "score/bootstrap.h"
#include "study/prediction_table.h"

enum { MOS_COMPARISON_MOST_RUNS = 64 };

typedef struct mos_compare_options {
    const mos_text_list *runs; /* run directories, at least two */
    const char *out;           /* HTML file */
    const char *split;     /* evaluation to compare, "test" or "test-probe"; NULL: test if there */
    const char *reference; /* name of the run others are subtracted from; NULL: the first */
    int threads;
} mos_compare_options;

typedef struct mos_compared_run {
    char name[256];
    mos_run_document document;
    const mos_report_evaluation *evaluation; /* NULL: has none of this split */
    mos_predictions predictions;             /* n 0: not read */
    mos_config *config;                      /* NULL: no config.yaml */
    mos_bootstrap difference;                /* minus the reference; resamples 0: not compared */
    const char *why;                         /* why not; NULL for the reference */
} mos_compared_run;

typedef struct mos_comparison {
    mos_compared_run *run; /* [runs], owned */
    int64_t runs, reference;
    char split[256];
    int threads;
} mos_comparison;

/* Reads, compares, writes the page atomically. */
mosaic_status mos_compare(const mos_compare_options *options);

mosaic_status mos_comparison_read(const mos_compare_options *options, mos_comparison *out);
void mos_comparison_release(mos_comparison *comparison);
/* The page's sections; an error only where something cannot be read. */
mosaic_status mos_comparison_page(const mos_comparison *comparison, mos_text *out);
/* A run's name after a square of its colour. */
void mos_comparison_run_name(const mos_comparison *comparison, int64_t r, mos_text *out);
/* A cell with a p-value. */
void mos_comparison_p(mos_text *out, double p);
void mos_comparison_scores(const mos_comparison *comparison, mos_text *out);
mosaic_status mos_comparison_classes(const mos_comparison *comparison, mos_text *out);

#endif
