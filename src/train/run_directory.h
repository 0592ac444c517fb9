/* The folder of a run: who may write to it, when it may be cleared, and the names in it. */
#ifndef MOS_TRAIN_RUN_DIRECTORY_H
#define MOS_TRAIN_RUN_DIRECTORY_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum mos_run_mode { MOS_RUN_NEW, MOS_RUN_RESUME, MOS_RUN_OVERWRITE } mos_run_mode;

typedef struct mos_run_directory {
    char path[3072];
    int lock;     /* descriptor of RUN/.lock, held while open; -1: none */
    bool created; /* by this open */
    bool fresh;   /* nothing of a run was in it */
} mos_run_directory;

/* Creates the folder where it is missing, takes its lock (a second writer is refused; the lock dies
 * with its process) and checks its contents against the mode: a new run wants an empty folder,
 * overwrite wants nothing but a run's files. Changes nothing else. */
mosaic_status mos_run_directory_open(const char *path, mos_run_mode mode, mos_run_directory *out);
/* Delete the run's files (not the lock): for overwrite, once everything else is known to be fine.
 */
mosaic_status mos_run_directory_clear(const mos_run_directory *run);
/* Removes what atomic writes of killed processes left (NAME.part-PID-N) in the folder, among the
 * checkpoints and beside the model. No other process writes there, because this one holds the lock.
 * *files and *bytes (on disk) say how much was removed. */
mosaic_status mos_run_directory_sweep(const mos_run_directory *run, int64_t *files, int64_t *bytes);
mosaic_status mos_run_path(const mos_run_directory *run, const char *name, char *buffer,
                           size_t size);
/* Gives the lock back; a folder that this open created and that is still empty goes too. */
void mos_run_directory_close(mos_run_directory *run);

#endif
