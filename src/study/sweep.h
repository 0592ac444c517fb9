/* A sweep from end to end. */
#ifndef MOS_STUDY_SWEEP_H
#define MOS_STUDY_SWEEP_H

#include "study/sweep_results.h"
#include "study/sweep_run.h"

typedef struct mos_sweep_options {
    const char *source; /* ready-made sweep, sweep file or training configuration */
    const char *out;    /* folder */
    mos_sweep_choices choices;
    const char *program; /* path of mosaic; NULL: this very program */
    const char *const
        *without; /* variables that the runs' programs do not get; ends with NULL; NULL: none */
    const char *device;
    const char *published; /* CSV file of published figures for the page, or NULL */
    int jobs, threads;     /* threads of all jobs together */
    int64_t index, count;  /* part of the runs; index < 0: all, or as SLURM_ARRAY_TASK_ID says */
    bool collect;          /* tables only */
} mos_sweep_options;

/* The plan as `out` would be worked on, for --dry-run. mos_sweep_plan_destroy it. */
mosaic_status mos_sweep_open_plan(const mos_sweep_options *options, mos_sweep_plan **out);

/* Runs, then tables. A part of an array writes no tables: `--collect` does, when all parts are
 * done. Failed runs make it fail at the end, after everything else was done (MOSAIC_ERR_RUNTIME).
 */
mosaic_status mos_sweep(const mos_sweep_options *options, mos_sweep_tally *out);

#endif
