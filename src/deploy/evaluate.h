/* `eval`: a trained model's head against the labels of a split, and `probe`: a linear classifier on
 * its frozen features. */
#ifndef MOS_DEPLOY_EVALUATE_H
#define MOS_DEPLOY_EVALUATE_H

#include "deploy/session.h"
#include "eval/results.h"

typedef struct mos_evaluate_options {
    mos_session_options session;
    const char *out; /* folder for the result files; NULL: <run>/eval/<split>, for probes
                        <run>/eval/<split>-probe */
    mos_split split;
    int64_t pictures; /* of so many best, worst and most uncertain patches, see patch_pictures.h */
    int64_t limit;    /* at most so many samples, 0: all; results then say they are reduced */
    bool
        tune; /* eval: tune thresholds on the validation split anew instead of taking the model's */
    bool embeddings;                 /* eval: also embeddings.npy and clusters.json */
    const mos_text_list *modalities; /* eval: score on these alone; NULL or empty: all */
    bool ablation;   /* eval: also every subset of the modalities, and mismatched partners */
    bool lag_repair; /* eval: also partners of the same place from other days */
    uint64_t seed;   /* of the mismatched partners */
    bool tsne;       /* eval: also tsne.csv and tsne.json */
} mos_evaluate_options;

typedef struct mos_evaluate_summary {
    mos_result_summary scores;
    int64_t samples, lacking; /* lacking: left out for missing modalities */
    bool reduced, tuned;
    char folder[4096];
} mos_evaluate_summary;

mosaic_status mos_evaluate(const mos_evaluate_options *options, mos_evaluate_summary *out);

typedef struct mos_probe_options {
    mos_evaluate_options evaluate;
    int64_t modality; /* index of the one modality whose features are used, -1: all, concatenated */
    double l2;        /* penalty */
    int64_t iterations;
    double fraction; /* share of the training split with known labels; < 0: the run's own */
    uint64_t seed;
} mos_probe_options;

/* Fits on the training split's labelled part, tunes thresholds on validation, scores the split. */
mosaic_status mos_probe(const mos_probe_options *options, mos_evaluate_summary *out);

#endif
