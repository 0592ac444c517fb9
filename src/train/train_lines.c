/* What a run says: the progress line, and lines of the metrics files per interval and epoch. */
#include "train/train_state.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The sums that are reported, in the order of columns; the terms and their floors come behind the
 * first. `needs`: only where a term needs it. */
typedef struct sum_column {
    const char *name;
    int sum;
    bool mean; /* per step; else the total */
    unsigned needs;
} sum_column;
static const sum_column other_sums[] = {
    {"loss", MOS_SUM_LOSS, true, 0},
    {"gradient_norm", MOS_SUM_GRADIENT, true, 0},
    {"anchors", MOS_SUM_ANCHORS, false, MOS_NEEDS_POSITIVES},
    {"anchors_without_positive", MOS_SUM_LONELY, false, MOS_NEEDS_POSITIVES},
    {"positives", MOS_SUM_POSITIVES, false, MOS_NEEDS_POSITIVES},
    {"queue_positives", MOS_SUM_QUEUED, false, 0},
    {"known_labels", MOS_SUM_KNOWN, false, MOS_NEEDS_LOGITS},
    {"invalid_pixels", MOS_SUM_INVALID, false, 0},
    {"skipped_patches", MOS_SUM_SKIPPED, false, 0},
};
enum { OTHER_SUMS = sizeof other_sums / sizeof other_sums[0] };
enum { SUM_COLUMNS = OTHER_SUMS + 2 * MOS_TERM_COUNT };

static size_t list_columns(sum_column out[SUM_COLUMNS]) {
    size_t count = 0;
    out[count++] = other_sums[0];
    for (int k = 0; k < MOS_TERM_COUNT; k++) {
        out[count++] = (sum_column){mos_terms[k]->name, MOS_SUM_TERM + k, true, 0};
        if (mos_terms[k]->floor != NULL)
            out[count++] =
                (sum_column){mos_terms[k]->floor, MOS_SUM_FLOOR, true, MOS_NEEDS_POSITIVES};
    }
    for (size_t i = 1; i < OTHER_SUMS; i++)
        out[count++] = other_sums[i];
    return count;
}

static const char *const validation_names[] = {
    "validation.score",    "validation.best_score", "validation.macro_ap",    "validation.micro_ap",
    "validation.macro_f1", "validation.micro_f1",   "validation.hamming_loss"};
static const char *const online_names[] = {"online.macro_ap", "online.micro_ap", "online.macro_f1",
                                           "online.micro_f1"};
static const char *const health_names[] = {"spread",     "mean_cosine",    "rankme",
                                           "uniformity", "view_alignment", "modality_alignment"};

/* Is the column one of a term that is on? */
static bool is_active(const mos_train_job *job, const mos_train_learner *learner,
                      const sum_column *column) {
    int term = column->sum - MOS_SUM_TERM;
    if (term >= 0 && term < MOS_TERM_COUNT)
        return mos_objective_uses(&job->objective, (mos_term)term);
    if (column->sum == MOS_SUM_QUEUED) return mos_objective_queue(learner->objective)->size > 0;
    return (job->needs & column->needs) == column->needs;
}

mosaic_status mos_train_open_log(const mos_train_job *job, const mos_model_spec *spec,
                                 mos_train_run_files *run, const int64_t *sizes) {
    char names[MOS_ROW_VALUES][MOS_ROW_NAME];
    const char *columns[MOS_ROW_VALUES];
    size_t count = 0;
    (void)snprintf(names[count++], MOS_ROW_NAME, "lr");
    sum_column sums[SUM_COLUMNS];
    const size_t known = list_columns(sums);
    for (size_t i = 0; i < known; i++)
        (void)snprintf(names[count++], MOS_ROW_NAME, "%s", sums[i].name);
    for (size_t i = 0; i < sizeof validation_names / sizeof validation_names[0]; i++)
        (void)snprintf(names[count++], MOS_ROW_NAME, "%s", validation_names[i]);
    bool online = job->config->settings.train.online_probe != MOS_ONLINE_NONE;
    for (size_t i = 0; online && i < sizeof online_names / sizeof online_names[0]; i++)
        (void)snprintf(names[count++], MOS_ROW_NAME, "%s", online_names[i]);
    for (int64_t m = 0; m < spec->modalities; m++) {
        for (size_t i = 0; i < sizeof health_names / sizeof health_names[0]; i++)
            (void)snprintf(names[count++], MOS_ROW_NAME, "health.%s.%s", spec->modality[m].name,
                           health_names[i]);
    }
    for (size_t i = 0; i < count; i++)
        columns[i] = names[i];
    MOS_TRY(mos_run_log_open(&run->log, &run->directory, columns, count, sizes));
    run->log_open = true;
    return MOSAIC_OK;
}

static void add_sums(const mos_train_job *job, const mos_train_learner *learner, const double *sums,
                     mos_metric_row *row) {
    double steps = fmax(sums[MOS_SUM_STEPS], 1);
    sum_column columns[SUM_COLUMNS];
    const size_t count = list_columns(columns);
    for (size_t i = 0; i < count; i++)
        if (is_active(job, learner, &columns[i]))
            mos_metric_row_add(row, columns[i].name,
                               sums[columns[i].sum] / (columns[i].mean ? steps : 1));
}

mosaic_status mos_trainer_interval_line(mos_trainer *trainer) {
    mos_train_clock *clock = &trainer->clock;
    mos_train_position *at = &trainer->at;
    mos_metric_row_begin(&trainer->run.row, "step", at->step, at->epoch + 1);
    mos_metric_row_add(&trainer->run.row, "lr",
                       mos_schedule_rate(&trainer->learner.schedule, at->step - 1));
    add_sums(&trainer->job, &trainer->learner, at->interval, &trainer->run.row);
    memset(at->interval, 0, sizeof at->interval);
    MOS_TRY(mos_run_log_write(&trainer->run.log, &trainer->run.row));
    int64_t now = mos_now_ns(), wait, read, augment;
    mos_loader_times(trainer->data.loader, &wait, &read, &augment);
    double seconds = (double)(now - clock->lap_ns) * 1e-9;
    double share = (double)(wait - clock->wait_before_ns) * 1e-9 / fmax(seconds, 1e-9);
    mosaic_status status = mos_run_log_timing(&trainer->run.log, at->step, seconds,
                                              (double)clock->lap_samples / fmax(seconds, 1e-9),
                                              fmin(fmax(share, 0), 1));
    clock->lap_ns = now;
    clock->lap_samples = 0;
    clock->wait_before_ns = wait;
    return status;
}

mosaic_status mos_trainer_epoch_line(mos_trainer *trainer, const mos_metrics *metrics,
                                     const mos_metrics *online) {
    mos_train_position *at = &trainer->at;
    mos_metric_row *row = &trainer->run.row;
    mos_metric_row_begin(row, "epoch", at->step, at->epoch + 1);
    mos_metric_row_add(row, "lr", mos_schedule_rate(&trainer->learner.schedule, at->step - 1));
    add_sums(&trainer->job, &trainer->learner, at->whole, row);
    if (isfinite(at->last_score)) {
        mos_metric_row_add(row, "validation.score", at->last_score);
        mos_metric_row_add(row, "validation.best_score", at->best_score);
    }
    if (metrics != NULL) {
        mos_metric_row_add(row, "validation.macro_ap", metrics->macro.average_precision);
        mos_metric_row_add(row, "validation.micro_ap", metrics->micro.average_precision);
        mos_metric_row_add(row, "validation.macro_f1", metrics->macro.f1);
        mos_metric_row_add(row, "validation.micro_f1", metrics->micro.f1);
        mos_metric_row_add(row, "validation.hamming_loss", metrics->hamming_loss);
    }
    if (online != NULL) {
        const double values[] = {online->macro.average_precision, online->micro.average_precision,
                                 online->macro.f1, online->micro.f1};
        for (size_t i = 0; i < sizeof online_names / sizeof online_names[0]; i++)
            mos_metric_row_add(row, online_names[i], values[i]);
    }
    return mos_run_log_write(&trainer->run.log, row);
}

/* "1:12:09" */
static void format_time(double seconds, char *text, size_t size) {
    int64_t whole = (int64_t)fmin(fmax(seconds, 0), 3.6e9);
    if (whole >= 3600)
        (void)snprintf(text, size, "%lld:%02lld:%02lld", (long long)(whole / 3600),
                       (long long)(whole / 60 % 60), (long long)(whole % 60));
    else
        (void)snprintf(text, size, "%lld:%02lld", (long long)(whole / 60), (long long)(whole % 60));
}

/* " (intra 1.1 inter .8 msc .3 bce .1)" of the terms that are on, times their weights now, so that
 * they add up to the loss; where there is more than one. */
static void format_terms(mos_objective *objective, const mos_objective_result *result, char *text,
                         size_t size) {
    const mos_objective_options *options = mos_objective_settings(objective);
    const double *weight = options->weight;
    size_t used = 0;
    int terms = 0;
    text[0] = '\0';
    for (int k = 0; k < MOS_TERM_COUNT; k++) {
        char number[32];
        if (!mos_objective_uses(options, (mos_term)k)) continue;
        int more = snprintf(
            text + used, size - used, "%s%s %s", terms == 0 ? " (" : " ", mos_terms[k]->name,
            mos_format_double(number, sizeof number, weight[k] * result->term[k], 3));
        if (more < 0 || (size_t)more >= size - used) break;
        used += (size_t)more;
        terms++;
    }
    if (terms > 1 && used + 1 < size)
        (void)snprintf(text + used, size - used, ")");
    else
        text[0] = '\0';
}

void mos_trainer_show_progress(mos_trainer *trainer, const mos_objective_result *result) {
    mos_train_clock *clock = &trainer->clock;
    const mos_train_position *at = &trainer->at;
    char terms[160], left[32], loss[32];
    int64_t wait, read, augment;
    mos_loader_times(trainer->data.loader, &wait, &read, &augment);
    double seconds = (double)(mos_now_ns() - clock->started_ns) * 1e-9;
    double lap = (double)(mos_now_ns() - clock->lap_ns) * 1e-9;
    double share = (double)(wait - clock->wait_before_ns) * 1e-9 / fmax(lap, 1e-9);
    double per_step = seconds / (double)clock->steps_here;
    format_terms(trainer->learner.objective, result, terms, sizeof terms);
    format_time(per_step * (double)(trainer->learner.schedule.steps - at->step), left, sizeof left);
    mos_progress_text(&clock->progress,
                      "epoch %lld/%lld step %lld/%lld loss %s%s %.0f img/s data %.0f%% ETA %s%s",
                      (long long)at->epoch + 1,
                      (long long)trainer->job.config->settings.train.epochs, (long long)at->batch,
                      (long long)trainer->data.batches,
                      mos_format_double(loss, sizeof loss, result->total, 4), terms,
                      (double)clock->lap_samples / fmax(lap, 1e-9), 100 * fmin(fmax(share, 0), 1),
                      left, trainer->run.reduced ? " (reduced)" : "");
}
