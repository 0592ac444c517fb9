/* probe.json: from what a probe's settings were chosen. Internal to the room. */
#ifndef MOS_EVALUATE_PROBE_RECORD_H
#define MOS_EVALUATE_PROBE_RECORD_H

#include "evaluate/probe_run.h"

typedef struct mos_probe_candidate {
    double value; /* as given: l2, or C */
    double l2;    /* what it means for these rows */
    int64_t neighbours;
    double temperature;
    double score; /* macro AP on validation, NaN: there is none */
} mos_probe_candidate;

typedef struct mos_probe_record {
    mos_probe_candidate *items;
    size_t count, capacity, best;
    int64_t refit_rows; /* fitted again on so many, 0: not */
    double refit_l2;
} mos_probe_record;

mosaic_status mos_probe_record_add(mos_probe_record *record, double value, double l2,
                                   int64_t neighbours, double temperature, double score);
/* The first of the highest score. */
const mos_probe_candidate *mos_probe_record_best(const mos_probe_record *record);
/* threshold [classes of the data], NULL: not tuned */
mosaic_status mos_probe_record_write(const mos_probe_record *record,
                                     const mos_probe_options *options, const mos_session *session,
                                     const bool *used, int64_t labelled, const double *threshold,
                                     double global, const char *folder);
void mos_probe_record_release(mos_probe_record *record);

#endif
