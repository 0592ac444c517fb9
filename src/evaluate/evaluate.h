/* `eval`: a trained model's head against the labels of a split. */
#ifndef MOS_EVALUATE_EVALUATE_H
#define MOS_EVALUATE_EVALUATE_H

#include "evaluate/results.h"
#include "evaluate/session.h"

typedef struct mos_evaluate_options {
    mos_session_options session;
    const char *out; /* folder for the result files; NULL: <run>/eval/<split> */
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
    const char *by;  /* eval: a table whose columns to score by (score_groups.h), NULL: none */
} mos_evaluate_options;

typedef struct mos_evaluate_summary {
    mos_result_summary scores;
    int64_t samples, lacking; /* lacking: left out for missing modalities */
    bool reduced, tuned;
    char folder[4096];
} mos_evaluate_summary;

/* Collective, with session.comm: ranks share the rows of the scores; rank 0 has the summary, and alone
 * does the rest and writes. */
mosaic_status mos_evaluate(const mos_evaluate_options *options, mos_evaluate_summary *out);

#endif
