/* `probe`: how good a trained encoder's features are, judged by a linear classifier or by nearest
 * neighbours on the frozen features (fine-tuning: finetune.h). */
#ifndef MOS_EVALUATE_PROBE_RUN_H
#define MOS_EVALUATE_PROBE_RUN_H

#include "evaluate/evaluate.h"
#include "score/linear_probe.h"

typedef enum mos_probe_kind { MOS_PROBE_LINEAR, MOS_PROBE_KNN } mos_probe_kind;

/* Which features the probe classifies: the trained encoder's, or those of a baseline that was never
 * trained (a floor, floor_features.h). */
typedef enum mos_probe_features {
    MOS_PROBE_ENCODER,
    MOS_PROBE_UNTRAINED,
    MOS_PROBE_RANDOM,
    MOS_PROBE_STATISTICS
} mos_probe_features;
extern const char
    *const mos_probe_features_names[]; /* "encoder" "untrained" "random" "statistics" NULL */

enum { MOS_PROBE_CANDIDATES = 64 };

typedef struct mos_probe_options {
    mos_session_options session;
    mos_probe_kind kind;
    mos_probe_features features;
    mos_split split;
    const char *out;  /* folder for the result files; NULL: <run>/eval/<split>-probe or -knn,
                         followed by the modalities where not all are used, and by the floor */
    int64_t limit;    /* at most so many samples are scored, 0: all; results then say so */
    int64_t pictures; /* of patches, per kind; see mos_patch_pictures_write */
    const mos_text_list *modalities; /* names; NULL or empty: all of the model, side by side */
    double fraction; /* share of the training split with known labels; < 0: the run's own */
    uint64_t seed;
    /* Values to choose from by macro AP on validation; the first where there is no validation. */
    mos_linear_probe_options linear;
    double l2[MOS_PROBE_CANDIDATES]; /* in place of linear.l2 */
    bool inverse;                    /* l2 holds scikit-learn's C = 1 / (l2 rows) instead */
    bool refit; /* linear: fitted again on the labelled rows and validation, with the penalty
                   chosen; thresholds are those tuned before */
    int64_t neighbours[MOS_PROBE_CANDIDATES];
    double temperature[MOS_PROBE_CANDIDATES];
    int64_t l2_count, neighbours_count, temperature_count;
    const char *model_out; /* linear: a model file with the probe as its head; NULL: none */
} mos_probe_options;

/* Fits on the training split's labelled part, chooses and tunes thresholds on validation, scores
 * the split. Writes what mos_evaluate writes, and probe.json: what was chosen from what. */
mosaic_status mos_probe(const mos_probe_options *options, mos_evaluate_summary *out);

#endif
