/* What a run should know of its labels and modalities before it starts: said once, and kept in
 * provenance.json for the report. Nothing is refused. */
#include "train/train_state.h"

#include "base/memory.h"
#include "loader/band_drift.h"

#include <stdarg.h>
#include <string.h>

enum { SHOWN = 6, FEW_SHARE = 5 /* few labels: of one patch in so many */ };

static mosaic_status add_notice(mos_train_run_files *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static mosaic_status add_notice(mos_train_run_files *run, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)mos_vformat(text, sizeof text, format, arguments);
    va_end(arguments);
    mos_log(MOS_LOG_WARNING, "%s", text);
    return mos_text_list_add(&run->notices, text);
}

/* Per class: rows where it is positive, and rows where it is known at all. */
static mosaic_status count_labels(const mos_train_data *data, const int64_t *rows, int64_t count,
                                  bool training, int64_t *positive, int64_t *known) {
    for (int64_t i = 0; i < count; i++) {
        mos_sample sample;
        MOS_TRY(mos_dataset_sample(data->set, rows[i], &sample));
        const int8_t *labels = training && data->labels != NULL
                                   ? data->labels + rows[i] * data->classes
                                   : sample.labels;
        for (int64_t l = 0; l < data->classes; l++) {
            positive[l] += labels[l] == 1;
            known[l] += labels[l] >= 0;
        }
    }
    return MOSAIC_OK;
}

/* "'Snow' (4 in validation), 'Ice'" */
static mosaic_status never_positive(const mos_train_data *data, mos_train_run_files *run) {
    int64_t positive[MOS_MAX_CLASSES] = {0}, known[MOS_MAX_CLASSES] = {0};
    int64_t later[MOS_MAX_CLASSES] = {0}, unused[MOS_MAX_CLASSES] = {0}, never = 0;
    const char *const *names;
    mos_text text = {0};
    (void)mos_dataset_classes(data->set, &names);
    MOS_TRY(count_labels(data, data->probe_rows, data->probe_count, true, positive, known));
    MOS_TRY(count_labels(data, data->valid_rows, data->valid_count, false, later, unused));
    for (int64_t l = 0; l < data->classes; l++) {
        if (positive[l] > 0) continue;
        if (++never > SHOWN) continue;
        mos_text_add(&text, "%s'%s'", never == 1 ? "" : ", ", names[l]);
        if (later[l] > 0) mos_text_add(&text, " (%lld in validation)", (long long)later[l]);
    }
    mosaic_status status = text.failed ? mos_fail_memory(text.size, "names of classes") : MOSAIC_OK;
    if (status == MOSAIC_OK && never > 0)
        status =
            add_notice(run,
                       "%lld of %lld classes have no positive among the %lld labelled training "
                       "patches, so that the model cannot learn them: %s%s",
                       (long long)never, (long long)data->classes, (long long)data->probe_count,
                       text.data, never > SHOWN ? ", ..." : "");
    mos_text_release(&text);
    return status;
}

/* Says how many validation patches have no labels: they cannot be scored. */
static mosaic_status unlabelled_validation(const mos_train_data *data, mos_train_run_files *run) {
    int64_t labelled = 0;
    for (int64_t i = 0; i < data->valid_count; i++) {
        mos_sample sample;
        bool any = false;
        MOS_TRY(mos_dataset_sample(data->set, data->valid_rows[i], &sample));
        for (int64_t l = 0; l < data->classes; l++)
            any = any || sample.labels[l] >= 0;
        labelled += any;
    }
    if (data->valid_count == 0 || labelled == data->valid_count) return MOSAIC_OK;
    if (labelled > 0)
        return add_notice(run,
                          "%lld of %lld validation patches have no label: scores are over "
                          "the other %lld",
                          (long long)(data->valid_count - labelled), (long long)data->valid_count,
                          (long long)labelled);
    return add_notice(run,
                      "none of the %lld validation patches has a label: best and early stop go by "
                      "the training loss instead, thresholds stay at 0.5",
                      (long long)data->valid_count);
}

static mosaic_status absent_modality(const mos_train_job *job, const mos_train_data *data,
                                     mos_train_run_files *run) {
    for (int64_t m = 0; m < data->loader_options.modalities; m++) {
        int64_t modality = data->loader_options.modality[m].modality, training = 0, later = 0;
        mos_sample sample;
        for (int64_t i = 0; i < data->train_count; i++) {
            MOS_TRY(mos_dataset_sample(data->set, data->train_rows[i], &sample));
            training += sample.present >> modality & 1;
        }
        for (int64_t i = 0; i < data->valid_count; i++) {
            MOS_TRY(mos_dataset_sample(data->set, data->valid_rows[i], &sample));
            later += sample.present >> modality & 1;
        }
        const char *name = job->config->modality[m].name;
        if (training == 0)
            MOS_TRY(add_notice(run,
                               "modality '%s' occurs in none of the %lld training patches (in %lld "
                               "of %lld for validation): its encoder is not trained",
                               name, (long long)data->train_count, (long long)later,
                               (long long)data->valid_count));
        else if (later == 0 && data->valid_count > 0)
            MOS_TRY(add_notice(run, "modality '%s' occurs in none of the %lld validation patches",
                               name, (long long)data->valid_count));
    }
    return MOSAIC_OK;
}

mosaic_status mos_train_drifts(const mos_train_data *data, mos_train_run_files *run) {
    char words[MOS_DRIFT_WORDS];
    while (mos_loader_drift(data->loader, words, sizeof words))
        MOS_TRY(add_notice(run, "%s", words));
    return MOSAIC_OK;
}

/* Advice, not a notice: nothing is wrong with the run. The preset is for methods that learn from
 * patches with labels and from patches without. */
static void few_labels(const mos_train_job *job, const mos_train_data *data) {
    const unsigned joint = MOS_NEEDS_LOGITS | MOS_NEEDS_UNLABELED;
    if (job->config->settings.preset != MOS_PRESET_NONE || (job->needs & joint) != joint) return;
    if (data->labeled_count * FEW_SHARE > data->train_count) return;
    mos_log(MOS_LOG_NOTICE,
            "few labels (%lld of %lld training patches): consider 'preset: few-labels'",
            (long long)data->labeled_count, (long long)data->train_count);
}

mosaic_status mos_train_notices(const mos_train_job *job, const mos_train_data *data,
                                mos_train_run_files *run) {
    bool labels = data->classes > 0 && data->labeled_count > 0;
    if (labels) few_labels(job, data);
    if (labels) MOS_TRY(never_positive(data, run));
    if (labels || (job->needs & MOS_NEEDS_LOGITS) != 0) MOS_TRY(unlabelled_validation(data, run));
    return absent_modality(job, data, run);
}
