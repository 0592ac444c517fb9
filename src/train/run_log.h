/* What a run measures as it goes: metrics.jsonl, metrics.csv and TensorBoard events. The first two
 * hold nothing that depends on the machine or the time of day: equal runs write equal files. On resume
 * they are cut back to the checkpoint. What does depend on these is in timing.csv. */
#ifndef MOS_TRAIN_RUN_LOG_H
#define MOS_TRAIN_RUN_LOG_H

#include "base/text.h"
#include "io/tfevents.h"
#include "train/run_directory.h"

#include <stdio.h>

enum { MOS_LOG_FILES = 3, MOS_ROW_VALUES = 96, MOS_ROW_NAME = 64 };

/* One line: what it is ("step" or "epoch"), where, and named values; NaN is written as null. */
typedef struct mos_metric_row {
    const char *kind;
    int64_t step, epoch;
    int count;
    struct mos_metric_value {
        char name[MOS_ROW_NAME]; /* "loss", "health.s1.spread", "validation.macro_ap" */
        double value;
    } value[MOS_ROW_VALUES];
} mos_metric_row;
void mos_metric_row_begin(mos_metric_row *row, const char *kind, int64_t step, int64_t epoch);
void mos_metric_row_add(mos_metric_row *row, const char *name, double value);

typedef struct mos_run_log {
    struct mos_log_file {
        char path[4096];
        FILE *stream;
    } file[MOS_LOG_FILES]; /* metrics.jsonl, metrics.csv, timing.csv */
    char (*column)[MOS_ROW_NAME];
    size_t column_count, column_capacity;
    mos_tfevents *events;
    mos_text line;
} mos_run_log;

/* columns: value names in the order of metrics.csv. sizes: bytes of each file at the checkpoint the
 * run goes on from, or NULL for a new run. */
mosaic_status mos_run_log_open(mos_run_log *log, const mos_run_directory *run,
                               const char *const *columns, size_t column_count,
                               const int64_t *sizes);
mosaic_status mos_run_log_write(mos_run_log *log, const mos_metric_row *row);
mosaic_status mos_run_log_timing(mos_run_log *log, int64_t step, double seconds,
                                 double samples_per_second, double data_share);
/* Everything on disk, and how long each file is now. */
mosaic_status mos_run_log_sync(mos_run_log *log, int64_t sizes[MOS_LOG_FILES]);
void mos_run_log_close(mos_run_log *log);

#endif
