/* Frozen features of a split with their labels, for probes. Internal to the room. */
#ifndef MOS_EVALUATE_PROBE_ROWS_H
#define MOS_EVALUATE_PROBE_ROWS_H

#include "evaluate/inference.h"
#include "evaluate/probe_run.h"
#include "evaluate/session.h"

typedef struct mos_probe_rows {
    int64_t n, width, classes;
    float *features;  /* [n, width] of the modalities asked for, in the model's order */
    int8_t *labels;   /* [n, classes] over the data set's classes */
    int64_t *samples; /* [n] */
    mos_repairs repairs;
} mos_probe_rows;

/* used [modalities of the model]; keep: NULL or [data set], rows to use; limit 0: all. A split
 * without samples is an error. seed: of random features. */
mosaic_status mos_probe_rows_read(mos_session *session, mos_split split, int64_t limit,
                                  const uint8_t *keep, const bool *used,
                                  mos_probe_features features, uint64_t seed, mos_probe_rows *out);
void mos_probe_rows_release(mos_probe_rows *rows);
/* The labelled training rows, keep [data set]: the fraction asked for, else those saved with the
 * run, else the configuration's. */
mosaic_status mos_probe_rows_labeled(const mos_session *session, double fraction, uint64_t seed,
                                     uint8_t *keep);

#endif
