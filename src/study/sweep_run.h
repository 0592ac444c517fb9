/* The runs of a sweep, several at a time: train, then evaluate on every split, each a program of
 * its own. */
#ifndef MOS_STUDY_SWEEP_RUN_H
#define MOS_STUDY_SWEEP_RUN_H

#include "study/sweep_folder.h"

typedef struct mos_sweep_work {
    const char *program;        /* path of mosaic */
    const char *const *without; /* variables that the programs do not get; ends with NULL */
    const char *device;
    int jobs;             /* programs at a time */
    int threads;          /* of each */
    int64_t index, count; /* this process does the runs whose number is `index` modulo `count` */
} mos_sweep_work;

typedef struct mos_sweep_tally {
    int64_t runs, complete, failed;
} mos_sweep_tally;

/* Complete runs are left alone, interrupted and failed ones go on from their last checkpoint. A run
 * that fails is recorded and does not stop the others. MOSAIC_INTERRUPTED when it was asked to
 * stop (base/stop.h) and every program has written its checkpoint and ended. */
mosaic_status mos_sweep_work_run(const mos_sweep_plan *plan, const mos_sweep_folder *folder,
                                 const mos_sweep_work *work, mos_sweep_tally *out);
/* Seconds until a sweep ends, if every run takes `mean` seconds: `waiting` runs have not begun,
 * `busy` runs have run for the given ages, and `jobs` run at a time. */
double mos_sweep_seconds_left(double mean, int64_t waiting, const double *age, int busy, int jobs);
/* Is this run one of those that (index, count) does? A run with a twin is done by neither. */
bool mos_sweep_is_mine(const mos_sweep_plan *plan, int64_t run, int64_t index, int64_t count);

#endif
