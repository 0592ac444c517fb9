/* `predict`: what a trained model says of data that nobody has labelled. */
#ifndef MOS_DEPLOY_PREDICT_H
#define MOS_DEPLOY_PREDICT_H

#include "evaluate/session.h"

typedef struct mos_predict_options {
    mos_session_options session;
    const char *data; /* data set in place of the model's own; NULL: its own */
    const char *out;  /* folder */
    int64_t limit;    /* at most so many samples, 0: all */
} mos_predict_options;

typedef struct mos_predict_summary {
    int64_t asked, predicted;
    char path[4096]; /* what was written */
} mos_predict_summary;

/* Writes predictions.csv: id, place where it is known, probability of every class, decision by the
 * model's thresholds, entropy. */
mosaic_status mos_predict(const mos_predict_options *options, mos_predict_summary *out);

#endif
