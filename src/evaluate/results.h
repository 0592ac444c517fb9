/* What an evaluation leaves behind: metrics.json, per_class.csv, predictions.csv,
 * confusability.csv, curves.csv, calibration.csv, where countries or seasons differ groups.csv and,
 * where acquisition times are known, lag.csv. */
#ifndef MOS_EVALUATE_RESULTS_H
#define MOS_EVALUATE_RESULTS_H

#include "loader/loader.h"

/* Scores of one set, by whichever route (head or probe). */
typedef struct mos_result_set {
    const mos_dataset *dataset;
    const char *split;  /* "test" */
    const char *scorer; /* "head" or "linear probe" */
    const char *model;  /* path, for the record */
    const char *method;
    const char *arithmetic; /* "fp32": what the scores were computed in */
    bool reduced;           /* fewer patches or steps than the whole: said in every output */
    int64_t n, classes;
    const char (*class_names)[128];
    const int64_t *samples;   /* [n] */
    const int8_t *labels;     /* [n, classes] */
    const float *probability; /* [n, classes] */
    bool tuned;               /* thresholds tuned on validation are given */
    const double *threshold;  /* [classes] */
    double global_threshold;
    const char *policy, *constant_bands; /* data.policy, data.constant_bands; NULL: unknown */
    mos_repairs repairs;
    /* optional: features per modality [embedding_parts] [n, embedding_size], for the nearest class
     */
    const float *const *embedding;
    int64_t embedding_parts, embedding_size;
    /* optional: the analyses that need the model */
    const struct mos_modality_ablation *ablation;
    const struct mos_lag_repair *lag_repair;
    const char *modalities;     /* "s1+s2": what the model was given; NULL: all there are */
    int64_t lacking_modalities; /* samples left out for having too few of them */
    const char *by;             /* optional: a table to score by (score_groups.h), NULL: none */
    int64_t resamples;          /* of confidence intervals; 0: 500 */
    int threads;                /* without effect on any result */
} mos_result_set;

/* The headline of an evaluation, for tables. */
typedef struct mos_result_summary {
    int64_t known_labels, classes, averaged; /* averaged: the classes of the macro means */
    int64_t skipped;                         /* samples of the split that have no prediction */
    /* `all`: over all classes, averaged or not */
    double macro_f1, all_f1, micro_f1, macro_ap, all_ap, micro_ap, macro_precision, all_precision,
        micro_precision, hamming_loss; /* at 0.5 */
    double tuned_macro_f1, tuned_all_f1, tuned_micro_f1,
        tuned_hamming_loss; /* per-class thresholds; NaN when there are none */
} mos_result_summary;

/* Writes the files into folder (created), each atomically. */
mosaic_status mos_results_write(const mos_result_set *set, const char *folder,
                                mos_result_summary *summary);

#endif
