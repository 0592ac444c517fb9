/* The folder of a sweep:
 *
 *   DIR/data        the procedural data set, where the sweep makes one (its options:
 * plan/synth.txt) DIR/plan/NAME.yaml   the resolved configuration of every run DIR/runs/NAME/ run
 * directories, as `train` and `eval` write them DIR/logs/NAME.log    what they said
 *   DIR/state/NAME.txt   how far a run is
 *   DIR/results.csv results.tsv results.json classes.csv details.csv table.html table.tex */
#ifndef MOS_STUDY_SWEEP_FOLDER_H
#define MOS_STUDY_SWEEP_FOLDER_H

#include "study/sweep_plan.h"

typedef enum mos_sweep_state {
    MOS_SWEEP_NEW,
    MOS_SWEEP_STARTED, /* interrupted, or running */
    MOS_SWEEP_FAILED,
    MOS_SWEEP_COMPLETE /* trained and evaluated */
} mos_sweep_state;
extern const char *const mos_sweep_state_names[]; /* "new" "started" "failed" "complete" NULL */

typedef struct mos_sweep_record {
    int state;
    int64_t code;      /* exit code of what failed */
    double seconds;    /* of training and evaluation, all attempts */
    char message[512]; /* of the failure */
} mos_sweep_record;

typedef struct mos_sweep_folder {
    char path[3072];
    int lock; /* descriptor; -1: not held */
} mos_sweep_folder;

/* Creates the folder; waits up to a minute for a sweep that is ending there. `shared`: other parts
 * of the same sweep may work in it too. */
mosaic_status mos_sweep_folder_open(const char *path, bool shared, mos_sweep_folder *out);
void mos_sweep_folder_close(mos_sweep_folder *folder);

/* DIR/group/NAMEending */
mosaic_status mos_sweep_path(const char *folder, const char *group, const char *name,
                             const char *ending, char *buffer, size_t size);

/* Refuses (MOSAIC_ERR_RESUME) runs that were started with another configuration or on other data,
 * by name and key; then writes the plan's files. */
mosaic_status mos_sweep_folder_settle(const mos_sweep_folder *folder, const mos_sweep_plan *plan);
/* The procedural data set, unless it is there already. */
mosaic_status mos_sweep_folder_make_data(const mos_sweep_folder *folder, const mos_sweep_plan *plan,
                                         int threads);

/* State of a run (of its twin, where it has one) for `config`, its hash. */
mosaic_status mos_sweep_record_read(const char *folder, const mos_sweep_run *run,
                                    mos_sweep_record *out);
mosaic_status mos_sweep_record_write(const char *folder, const mos_sweep_run *run,
                                     const mos_sweep_record *record);

#endif
