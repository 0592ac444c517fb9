/* Which patches are trained on, which labels count as known, and the weights of positives. */
#include "train/train_state.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/fraction.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Bit set of the modalities the model sees. */
static uint32_t used_modalities(const mos_loader_options *loader) {
    uint32_t bits = 0;
    for (int64_t m = 0; m < loader->modalities; m++)
        bits |= 1u << loader->modality[m].modality;
    return bits;
}

/* Leaves out rows that have none of the modalities in use: they cannot enter a batch. */
static mosaic_status drop_empty(const mos_train_data *data, int64_t *rows, int64_t *count,
                                int64_t *dropped) {
    uint32_t used = used_modalities(&data->loader_options);
    int64_t kept = 0;
    for (int64_t i = 0; i < *count; i++) {
        mos_sample sample;
        MOS_TRY(mos_dataset_sample(data->set, rows[i], &sample));
        if (sample.present & used) rows[kept++] = rows[i];
    }
    *dropped = *count - kept;
    *count = kept;
    return MOSAIC_OK;
}

/* At most `limit` rows, evenly chosen, in order. */
static void thin(int64_t *rows, int64_t *count, int64_t limit) {
    if (limit == 0 || *count <= limit) return;
    for (int64_t i = 0; i < limit; i++)
        rows[i] = rows[i * *count / limit];
    *count = limit;
}

static bool has_label(const int8_t *labels, int64_t classes) {
    for (int64_t l = 0; l < classes; l++) {
        if (labels[l] >= 0) return true;
    }
    return false;
}

/* ---- labelled fraction ---- */

static mosaic_status choose_fraction(const mos_train_job *job, const mos_train_run_files *run,
                                     mos_train_data *data) {
    const mos_settings_data *settings = &job->config->settings.data;
    char path[4096];
    MOS_TRY(
        mos_alloc((size_t)mos_dataset_count(data->set), 1, "the labelled fraction", &data->keep));
    MOS_TRY(mos_train_path(run, "labeled.txt", path, sizeof path));
    if (job->options->resume && mos_path_exists(path))
        return mos_fraction_load(data->set, path, data->keep);
    bool listed;
    MOS_TRY(
        mos_dataset_labeled_fraction(data->set, settings->labeled_fraction, data->keep, &listed));
    if (listed) return MOSAIC_OK;
    return mos_fraction_choose(data->set, MOS_SPLIT_TRAIN, settings->labeled_fraction,
                               (uint64_t)settings->labeled_seed, data->keep);
}

/* The data set's labels with those of unkept training rows unknown. */
static mosaic_status hide_labels(mos_train_data *data) {
    size_t classes = (size_t)data->classes;
    int64_t count = mos_dataset_count(data->set);
    MOS_TRY(mos_alloc((size_t)count * classes, 1, "labels", &data->labels));
    for (int64_t i = 0; i < count; i++) {
        mos_sample sample;
        MOS_TRY(mos_dataset_sample(data->set, i, &sample));
        int8_t *row = data->labels + (size_t)i * classes;
        if (sample.split == MOS_SPLIT_TRAIN && !data->keep[i])
            memset(row, -1, classes);
        else
            memcpy(row, sample.labels, classes);
    }
    return MOSAIC_OK;
}

static mosaic_status labels_of(const mos_train_data *data, int64_t row, const int8_t **out) {
    if (data->labels != NULL) {
        *out = data->labels + row * data->classes;
        return MOSAIC_OK;
    }
    mos_sample sample;
    MOS_TRY(mos_dataset_sample(data->set, row, &sample));
    *out = sample.labels;
    return MOSAIC_OK;
}

static mosaic_status list_labeled(mos_train_data *data) {
    MOS_TRY(mos_alloc((size_t)data->train_count, sizeof *data->probe_rows, "labelled rows",
                      &data->probe_rows));
    for (int64_t i = 0; i < data->train_count; i++) {
        const int8_t *labels;
        MOS_TRY(labels_of(data, data->train_rows[i], &labels));
        if (has_label(labels, data->classes))
            data->probe_rows[data->probe_count++] = data->train_rows[i];
    }
    data->labeled_count = data->probe_count;
    return MOSAIC_OK;
}

/* No training patches. Where no sample is in a split, the message says how to make a split file. */
static mosaic_status fail_without_training(const mos_train_job *job, const mos_train_data *data) {
    const mos_dataset *set = data->set;
    const char *root = mos_dataset_root(set);
    int64_t *rows, without, all = mos_dataset_count(set);
    MOS_TRY(mos_inference_rows(set, MOS_SPLIT_NONE, 0, &rows, &without));
    mos_free(rows);
    if (all == 0 && data->dropped_rows == 0)
        return mos_fail(MOSAIC_ERR_DATA, "'%s' has no training patches: no sample with a file",
                        root);
    if (without == all && data->dropped_rows == 0)
        return mos_fail(MOSAIC_ERR_DATA,
                        "'%s' has no training patches: none of its %lld samples is in a split. "
                        "'mosaic data split %s split.csv --rule share' divides them, and "
                        "data.split_file=split.csv uses that",
                        root, (long long)all, root);
    return mos_fail(
        MOSAIC_ERR_DATA, "'%s' has no training patches (split 'train'%s)", root,
        job->config->settings.data.use_unlabeled == MOS_UNLABELED_FALSE ? ", with labels" : "");
}

static mosaic_status list_training(const mos_train_job *job, const mos_train_run_files *run,
                                   mos_train_data *data) {
    const mos_settings_data *settings = &job->config->settings.data;
    MOS_TRY(
        mos_inference_rows(data->set, MOS_SPLIT_TRAIN, 0, &data->train_rows, &data->train_count));
    MOS_TRY(drop_empty(data, data->train_rows, &data->train_count, &data->dropped_rows));
    if (settings->labeled_fraction < 1 && data->classes > 0) {
        MOS_TRY(choose_fraction(job, run, data));
        MOS_TRY(hide_labels(data));
    }
    MOS_TRY(list_labeled(data));
    bool labeled_alone = settings->use_unlabeled == MOS_UNLABELED_FALSE;
    if (labeled_alone && data->labeled_count < data->train_count) {
        memcpy(data->train_rows, data->probe_rows,
               (size_t)data->labeled_count * sizeof *data->train_rows);
        data->train_count = data->labeled_count;
    }
    if (data->train_count == 0) return fail_without_training(job, data);
    bool wants_labels = (job->needs & MOS_NEEDS_LABELS) != 0;
    if (wants_labels && data->labeled_count == 0)
        return mos_fail(MOSAIC_ERR_DATA,
                        "method '%s' needs labels and none of the %lld training patches has any",
                        job->objective.method->name, (long long)data->train_count);
    return MOSAIC_OK;
}

static mosaic_status list_validation(const mos_train_job *job, mos_train_data *data,
                                     bool *labeled) {
    int64_t dropped;
    *labeled = false;
    MOS_TRY(mos_inference_rows(data->set, MOS_SPLIT_VALIDATION, 0, &data->valid_rows,
                               &data->valid_count));
    MOS_TRY(drop_empty(data, data->valid_rows, &data->valid_count, &dropped));
    thin(data->valid_rows, &data->valid_count, job->config->settings.train.validate_limit);
    for (int64_t i = 0; i < data->valid_count && !*labeled; i++) {
        mos_sample sample;
        MOS_TRY(mos_dataset_sample(data->set, data->valid_rows[i], &sample));
        *labeled = has_label(sample.labels, data->classes);
    }
    return MOSAIC_OK;
}

/* Unlabelled rows are drawn only where a term of the method learns from them. Binary cross entropy
 * learns nothing from them; supervised contrast would take them as negatives though their labels
 * are unknown. */
static void choose_draws(const mos_train_job *job, mos_train_data *data) {
    const mos_settings_data *settings = &job->config->settings.data;
    unsigned needs = job->needs;
    mos_loader_options *loader = &data->loader_options;
    bool partly = data->labeled_count > 0 && data->labeled_count < data->train_count;
    bool learns = (needs & MOS_NEEDS_UNLABELED) != 0;
    bool negatives =
        settings->use_unlabeled == MOS_UNLABELED_TRUE && (needs & MOS_NEEDS_POSITIVES) != 0;
    loader->labeled_per_batch =
        partly && (needs & MOS_NEEDS_LABELS) != 0 ? settings->labeled_per_batch : 0;
    loader->labeled_only = partly && !learns && !negatives;
    loader->modality_dropout = settings->modality_dropout;
}

mosaic_status mos_train_rows(const mos_train_job *job, const mos_train_run_files *run,
                             mos_train_data *data) {
    bool labeled;
    int monitor = job->config->settings.train.monitor;
    MOS_TRY(list_training(job, run, data));
    MOS_TRY(list_validation(job, data, &labeled));
    bool possible = labeled && ((job->needs & MOS_NEEDS_LOGITS) != 0 || data->labeled_count > 0);
    if (monitor == MOS_MONITOR_MACRO_AP && !possible)
        return mos_fail(MOSAIC_ERR_DATA,
                        "'train.monitor: macro-ap' needs labelled validation patches%s, and '%s' "
                        "has none",
                        (job->needs & MOS_NEEDS_LOGITS) != 0 ? ""
                                                             : " and labelled training patches",
                        mos_dataset_root(data->set));
    data->use_macro_ap = possible && monitor != MOS_MONITOR_LOSS;
    if (data->valid_count == 0)
        mos_log(MOS_LOG_WARNING,
                "'%s' has no validation patches: best and early stop go by the "
                "training loss, thresholds stay at 0.5",
                mos_dataset_root(data->set));
    MOS_TRY(mos_train_check_online(job, data));
    choose_draws(job, data);
    return MOSAIC_OK;
}

/* ---- weights of positives ---- */

/* sqrt(negatives / positives) over the known labels of the training rows, clipped. */
static mosaic_status automatic_weights(const mos_train_job *job, mos_train_data *data) {
    int64_t positives[MOS_MAX_CLASSES] = {0}, negatives[MOS_MAX_CLASSES] = {0};
    double most = job->config->settings.loss.pos_weight_max;
    for (int64_t i = 0; i < data->probe_count; i++) {
        const int8_t *labels;
        MOS_TRY(labels_of(data, data->probe_rows[i], &labels));
        for (int64_t l = 0; l < data->classes; l++) {
            positives[l] += labels[l] == 1;
            negatives[l] += labels[l] == 0;
        }
    }
    for (int64_t l = 0; l < data->classes; l++) {
        double ratio = positives[l] > 0 ? sqrt((double)negatives[l] / (double)positives[l]) : 1;
        data->pos_weight[l] = fmin(fmax(ratio, 1 / most), most);
    }
    return MOSAIC_OK;
}

/* "Urban fabric=2.5": by name, because data sets use two orders of the classes. */
static mosaic_status given_weight(mos_train_data *data, const char *item) {
    const char *const *names;
    int64_t classes = mos_dataset_classes(data->set, &names);
    char name[MOS_NAME_SIZE];
    const char *equals = strrchr(item, '=');
    (void)snprintf(name, sizeof name, "%.*s", equals == NULL ? 0 : (int)(equals - item), item);
    for (int64_t l = 0; l < classes; l++) {
        if (strcmp(names[l], name) != 0) continue;
        if (mos_parse_double(equals + 1, &data->pos_weight[l])) return MOSAIC_OK;
    }
    const char *nearest = mos_nearest_name(name, names, (size_t)classes);
    return mos_fail(MOSAIC_ERR_USAGE, "'loss.pos_weight': '%s' is no class of '%s'%s%s%s", name,
                    mos_dataset_root(data->set), nearest == NULL ? "" : ", did you mean '",
                    nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
}

mosaic_status mos_train_pos_weight(mos_train_job *job, mos_train_data *data) {
    const mos_text_list *list = &job->config->settings.loss.pos_weight;
    if ((job->needs & MOS_NEEDS_LOGITS) == 0 || strcmp(list->items[0], "none") == 0)
        return MOSAIC_OK;
    MOS_TRY(mos_alloc((size_t)data->classes, sizeof *data->pos_weight, "positive weights",
                      &data->pos_weight));
    job->objective.pos_weight = data->pos_weight;
    if (strcmp(list->items[0], "auto") == 0) return automatic_weights(job, data);
    for (int64_t l = 0; l < data->classes; l++)
        data->pos_weight[l] = 1;
    for (size_t i = 0; i < list->count; i++)
        MOS_TRY(given_weight(data, list->items[i]));
    return MOSAIC_OK;
}
