#include "train/run_log.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { JSONL, CSV, TIMING };

static const char *const file_names[MOS_LOG_FILES] = {"metrics.jsonl", "metrics.csv", "timing.csv"};

void mos_metric_row_begin(mos_metric_row *row, const char *kind, int64_t step, int64_t epoch) {
    row->kind = kind;
    row->step = step;
    row->epoch = epoch;
    row->count = 0;
}

void mos_metric_row_add(mos_metric_row *row, const char *name, double value) {
    if (row->count == MOS_ROW_VALUES) return;
    struct mos_metric_value *item = &row->value[row->count++];
    (void)snprintf(item->name, sizeof item->name, "%s", name);
    item->value = value;
}

/* ---- files ---- */

static mosaic_status open_file(mos_run_log *log, int which, const mos_run_directory *run,
                               const int64_t *sizes) {
    struct mos_log_file *file = &log->file[which];
    MOS_TRY(mos_run_path(run, file_names[which], file->path, sizeof file->path));
    struct stat info;
    int64_t kept = sizes == NULL ? 0 : sizes[which];
    if (stat(file->path, &info) == 0 && info.st_size > kept) {
        if (truncate(file->path, kept) != 0) return mos_fail_errno("cut back", file->path);
    } else if (kept > 0 && (stat(file->path, &info) != 0 || info.st_size < kept)) {
        mos_log(MOS_LOG_WARNING,
                "'%s' is shorter than at the checkpoint: lines before step it resumes at are lost",
                file->path);
    }
    file->stream = fopen(file->path, "abe");
    return file->stream == NULL ? mos_fail_errno("open", file->path) : MOSAIC_OK;
}

static mosaic_status put(struct mos_log_file *file, const mos_text *line) {
    if (line->failed) return mos_fail_memory(line->size, "a line of the run's log");
    if (fwrite(line->data, 1, line->size, file->stream) != line->size || fflush(file->stream) != 0)
        return mos_fail_errno("write", file->path);
    return MOSAIC_OK;
}

static mosaic_status put_headers(mos_run_log *log) {
    struct stat info;
    mos_text *line = &log->line;
    if (fstat(fileno(log->file[CSV].stream), &info) == 0 && info.st_size == 0) {
        line->size = 0;
        mos_text_add(line, "kind,step,epoch");
        for (size_t i = 0; i < log->column_count; i++)
            mos_text_add(line, ",%s", log->column[i]);
        mos_text_add(line, "\n");
        MOS_TRY(put(&log->file[CSV], line));
    }
    if (fstat(fileno(log->file[TIMING].stream), &info) == 0 && info.st_size == 0) {
        line->size = 0;
        mos_text_add(line, "step,seconds,samples_per_second,data_share\n");
        MOS_TRY(put(&log->file[TIMING], line));
    }
    return MOSAIC_OK;
}

mosaic_status mos_run_log_open(mos_run_log *log, const mos_run_directory *run,
                               const char *const *columns, size_t column_count,
                               const int64_t *sizes) {
    *log = (mos_run_log){0};
    mosaic_status status;
    MOS_GOTO(mos_grow(&log->column, &log->column_capacity, column_count, sizeof *log->column,
                      "columns of metrics.csv"));
    for (size_t i = 0; i < column_count; i++)
        (void)snprintf(log->column[i], sizeof log->column[i], "%s", columns[i]);
    log->column_count = column_count;
    for (int i = 0; i < MOS_LOG_FILES; i++)
        MOS_GOTO(open_file(log, i, run, sizes));
    MOS_GOTO(put_headers(log));
    status = mos_tfevents_open(run->path, &log->events);
done:
    if (status != MOSAIC_OK) mos_run_log_close(log);
    return status;
}

/* ---- rows ---- */

static void add_number(mos_text *line, double value, const char *absent) {
    if (isfinite(value))
        mos_text_add_number(line, value);
    else
        mos_text_add(line, "%s", absent);
}

static void format_json(mos_text *line, const mos_metric_row *row) {
    mos_text_add(line, "{\"kind\": \"%s\", \"step\": %lld, \"epoch\": %lld", row->kind,
                 (long long)row->step, (long long)row->epoch);
    for (int i = 0; i < row->count; i++) {
        mos_text_add(line, ", ");
        mos_text_add_json(line, row->value[i].name);
        mos_text_add(line, ": ");
        add_number(line, row->value[i].value, "null");
    }
    mos_text_add(line, "}\n");
}

static void format_csv(mos_text *line, const mos_run_log *log, const mos_metric_row *row) {
    mos_text_add(line, "%s,%lld,%lld", row->kind, (long long)row->step, (long long)row->epoch);
    for (size_t c = 0; c < log->column_count; c++) {
        mos_text_add(line, ",");
        for (int i = 0; i < row->count; i++) {
            if (strcmp(row->value[i].name, log->column[c]) == 0)
                add_number(line, row->value[i].value, "");
        }
    }
    mos_text_add(line, "\n");
}

mosaic_status mos_run_log_write(mos_run_log *log, const mos_metric_row *row) {
    mos_text *line = &log->line;
    line->size = 0;
    format_json(line, row);
    MOS_TRY(put(&log->file[JSONL], line));
    line->size = 0;
    format_csv(line, log, row);
    MOS_TRY(put(&log->file[CSV], line));
    for (int i = 0; i < row->count; i++) {
        char tag[MOS_ROW_NAME + 16];
        (void)snprintf(tag, sizeof tag, "%s/%s", row->kind, row->value[i].name);
        if (isfinite(row->value[i].value))
            MOS_TRY(mos_tfevents_scalar(log->events, tag, row->step, row->value[i].value));
    }
    return mos_tfevents_flush(log->events);
}

mosaic_status mos_run_log_timing(mos_run_log *log, int64_t step, double seconds,
                                 double samples_per_second, double data_share) {
    mos_text *line = &log->line;
    char text[3][40];
    line->size = 0;
    mos_text_add(line, "%lld,%s,%s,%s\n", (long long)step,
                 mos_format_double(text[0], sizeof text[0], seconds, 6),
                 mos_format_double(text[1], sizeof text[1], samples_per_second, 6),
                 mos_format_double(text[2], sizeof text[2], data_share, 4));
    return put(&log->file[TIMING], line);
}

mosaic_status mos_run_log_sync(mos_run_log *log, int64_t sizes[MOS_LOG_FILES]) {
    for (int i = 0; i < MOS_LOG_FILES; i++) {
        struct stat info;
        FILE *stream = log->file[i].stream;
        if (fflush(stream) != 0 || fsync(fileno(stream)) != 0 || fstat(fileno(stream), &info) != 0)
            return mos_fail_errno("write", log->file[i].path);
        sizes[i] = info.st_size;
    }
    return MOSAIC_OK;
}

void mos_run_log_close(mos_run_log *log) {
    for (int i = 0; i < MOS_LOG_FILES; i++) {
        if (log->file[i].stream != NULL) (void)fclose(log->file[i].stream);
        log->file[i].stream = NULL;
    }
    mos_tfevents_close(&log->events);
    mos_text_release(&log->line);
    mos_free(log->column);
    *log = (mos_run_log){0};
}
