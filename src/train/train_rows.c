/* Which patches are trained on, which labels count as known, and the weights of positives. */
#include "train/train_state.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/fraction.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Bit set of the modalities the model sees. */
static uint32_t used_modalities(const mos_trainer *trainer) {
    uint32_t bits = 0;
    for (int64_t m = 0; m < trainer->loader_options.modalities; m++)
        bits |= 1u << trainer->loader_options.modality[m].modality;
    return bits;
}

/* Rows without any of the modalities in use cannot enter a batch. */
static mosaic_status drop_empty(mos_trainer *trainer, int64_t *rows, int64_t *count,
                                int64_t *dropped) {
    uint32_t used = used_modalities(trainer);
    int64_t kept = 0;
    for (int64_t i = 0; i < *count; i++) {
        mos_sample sample;
        MOS_TRY(mos_dataset_sample(trainer->dataset, rows[i], &sample));
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

static mosaic_status choose_fraction(mos_trainer *trainer) {
    const mos_settings_data *data = &trainer->config->settings.data;
    char path[4096];
    MOS_TRY(mos_alloc((size_t)mos_dataset_count(trainer->dataset), 1, "the labelled fraction",
                      &trainer->keep));
    MOS_TRY(mos_trainer_path(trainer, "labeled.txt", path, sizeof path));
    if (trainer->options->resume && mos_path_exists(path))
        return mos_fraction_load(trainer->dataset, path, trainer->keep);
    bool listed;
    MOS_TRY(mos_dataset_labeled_fraction(trainer->dataset, data->labeled_fraction, trainer->keep,
                                         &listed));
    if (listed) return MOSAIC_OK;
    return mos_fraction_choose(trainer->dataset, MOS_SPLIT_TRAIN, data->labeled_fraction,
                               (uint64_t)data->labeled_seed, trainer->keep);
}

/* The data set's labels with those of unkept training rows unknown. */
static mosaic_status hide_labels(mos_trainer *trainer) {
    size_t classes = (size_t)trainer->classes;
    int64_t count = mos_dataset_count(trainer->dataset);
    MOS_TRY(mos_alloc((size_t)count * classes, 1, "labels", &trainer->labels));
    for (int64_t i = 0; i < count; i++) {
        mos_sample sample;
        MOS_TRY(mos_dataset_sample(trainer->dataset, i, &sample));
        int8_t *row = trainer->labels + (size_t)i * classes;
        if (sample.split == MOS_SPLIT_TRAIN && !trainer->keep[i])
            memset(row, -1, classes);
        else
            memcpy(row, sample.labels, classes);
    }
    return MOSAIC_OK;
}

static mosaic_status labels_of(const mos_trainer *trainer, int64_t row, const int8_t **out) {
    if (trainer->labels != NULL) {
        *out = trainer->labels + row * trainer->classes;
        return MOSAIC_OK;
    }
    mos_sample sample;
    MOS_TRY(mos_dataset_sample(trainer->dataset, row, &sample));
    *out = sample.labels;
    return MOSAIC_OK;
}

static mosaic_status list_labeled(mos_trainer *trainer) {
    MOS_TRY(mos_alloc((size_t)trainer->train_count, sizeof *trainer->probe_rows, "labelled rows",
                      &trainer->probe_rows));
    for (int64_t i = 0; i < trainer->train_count; i++) {
        const int8_t *labels;
        MOS_TRY(labels_of(trainer, trainer->train_rows[i], &labels));
        if (has_label(labels, trainer->classes))
            trainer->probe_rows[trainer->probe_count++] = trainer->train_rows[i];
    }
    trainer->labeled_count = trainer->probe_count;
    return MOSAIC_OK;
}

/* Tables of one's own often have no splits at all: then what makes them is said. */
static mosaic_status fail_without_training(const mos_trainer *trainer) {
    const mos_dataset *set = trainer->dataset;
    const char *root = mos_dataset_root(set);
    int64_t *rows, without, all = mos_dataset_count(set);
    MOS_TRY(mos_inference_rows(set, MOS_SPLIT_NONE, 0, &rows, &without));
    mos_free(rows);
    if (without == all && trainer->dropped_rows == 0)
        return mos_fail(MOSAIC_ERR_DATA,
                        "'%s' has no training patches: none of its %lld samples is in a split. "
                        "'mosaic data split %s split.csv --rule share' divides them, and "
                        "data.split_file=split.csv uses that",
                        root, (long long)all, root);
    return mos_fail(
        MOSAIC_ERR_DATA, "'%s' has no training patches (split 'train'%s)", root,
        trainer->config->settings.data.use_unlabeled == MOS_UNLABELED_FALSE ? ", with labels" : "");
}

static mosaic_status list_training(mos_trainer *trainer) {
    const mos_settings_data *data = &trainer->config->settings.data;
    MOS_TRY(mos_inference_rows(trainer->dataset, MOS_SPLIT_TRAIN, 0, &trainer->train_rows,
                               &trainer->train_count));
    MOS_TRY(
        drop_empty(trainer, trainer->train_rows, &trainer->train_count, &trainer->dropped_rows));
    if (data->labeled_fraction < 1 && trainer->classes > 0) {
        MOS_TRY(choose_fraction(trainer));
        MOS_TRY(hide_labels(trainer));
    }
    MOS_TRY(list_labeled(trainer));
    bool labeled_alone = data->use_unlabeled == MOS_UNLABELED_FALSE;
    if (labeled_alone && trainer->labeled_count < trainer->train_count) {
        memcpy(trainer->train_rows, trainer->probe_rows,
               (size_t)trainer->labeled_count * sizeof *trainer->train_rows);
        trainer->train_count = trainer->labeled_count;
    }
    if (trainer->train_count == 0) return fail_without_training(trainer);
    bool wants_labels = (trainer->needs & MOS_NEEDS_LABELS) != 0;
    if (wants_labels && trainer->labeled_count == 0)
        return mos_fail(MOSAIC_ERR_DATA,
                        "method '%s' needs labels and none of the %lld training patches has any",
                        trainer->objective_options.method->name, (long long)trainer->train_count);
    return MOSAIC_OK;
}

static mosaic_status list_validation(mos_trainer *trainer, bool *labeled) {
    int64_t dropped;
    *labeled = false;
    MOS_TRY(mos_inference_rows(trainer->dataset, MOS_SPLIT_VALIDATION, 0, &trainer->valid_rows,
                               &trainer->valid_count));
    MOS_TRY(drop_empty(trainer, trainer->valid_rows, &trainer->valid_count, &dropped));
    thin(trainer->valid_rows, &trainer->valid_count,
         trainer->config->settings.train.validate_limit);
    for (int64_t i = 0; i < trainer->valid_count && !*labeled; i++) {
        mos_sample sample;
        MOS_TRY(mos_dataset_sample(trainer->dataset, trainer->valid_rows[i], &sample));
        *labeled = has_label(sample.labels, trainer->classes);
    }
    return MOSAIC_OK;
}

/* Rows without a label are drawn where a term learns from them. Binary cross entropy does not, and
 * to supervised contrast they are negatives whose labels nobody knows. */
static void choose_draws(mos_trainer *trainer) {
    const mos_settings_data *data = &trainer->config->settings.data;
    unsigned needs = trainer->needs;
    mos_loader_options *loader = &trainer->loader_options;
    bool partly = trainer->labeled_count > 0 && trainer->labeled_count < trainer->train_count;
    bool learns = (needs & MOS_NEEDS_UNLABELED) != 0;
    bool negatives =
        data->use_unlabeled == MOS_UNLABELED_TRUE && (needs & MOS_NEEDS_POSITIVES) != 0;
    loader->labeled_per_batch =
        partly && (needs & MOS_NEEDS_LABELS) != 0 ? data->labeled_per_batch : 0;
    loader->labeled_only = partly && !learns && !negatives;
}

mosaic_status mos_trainer_rows(mos_trainer *trainer) {
    bool labeled;
    int monitor = trainer->config->settings.train.monitor;
    MOS_TRY(list_training(trainer));
    MOS_TRY(list_validation(trainer, &labeled));
    bool possible =
        labeled && ((trainer->needs & MOS_NEEDS_LOGITS) != 0 || trainer->labeled_count > 0);
    if (monitor == MOS_MONITOR_MACRO_AP && !possible)
        return mos_fail(MOSAIC_ERR_DATA,
                        "'train.monitor: macro-ap' needs labelled validation patches%s, and '%s' "
                        "has none",
                        (trainer->needs & MOS_NEEDS_LOGITS) != 0 ? ""
                                                                 : " and labelled training patches",
                        mos_dataset_root(trainer->dataset));
    trainer->use_macro_ap = possible && monitor != MOS_MONITOR_LOSS;
    if (trainer->valid_count == 0)
        mos_log(MOS_LOG_WARNING,
                "'%s' has no validation patches: best and early stop go by the "
                "training loss, thresholds stay at 0.5",
                mos_dataset_root(trainer->dataset));
    MOS_TRY(mos_trainer_check_online(trainer));
    choose_draws(trainer);
    return MOSAIC_OK;
}

/* ---- weights of positives ---- */

/* sqrt(negatives / positives) over the known labels of the training rows, clipped. */
static mosaic_status automatic_weights(mos_trainer *trainer) {
    int64_t positives[MOS_MAX_CLASSES] = {0}, negatives[MOS_MAX_CLASSES] = {0};
    double most = trainer->config->settings.loss.pos_weight_max;
    for (int64_t i = 0; i < trainer->probe_count; i++) {
        const int8_t *labels;
        MOS_TRY(labels_of(trainer, trainer->probe_rows[i], &labels));
        for (int64_t l = 0; l < trainer->classes; l++) {
            positives[l] += labels[l] == 1;
            negatives[l] += labels[l] == 0;
        }
    }
    for (int64_t l = 0; l < trainer->classes; l++) {
        double ratio = positives[l] > 0 ? sqrt((double)negatives[l] / (double)positives[l]) : 1;
        trainer->pos_weight[l] = fmin(fmax(ratio, 1 / most), most);
    }
    return MOSAIC_OK;
}

/* "Urban fabric=2.5": by name, because two class orders are in use. */
static mosaic_status given_weight(mos_trainer *trainer, const char *item) {
    const char *const *names;
    int64_t classes = mos_dataset_classes(trainer->dataset, &names);
    char name[MOS_NAME_SIZE];
    const char *equals = strrchr(item, '=');
    (void)snprintf(name, sizeof name, "%.*s", equals == NULL ? 0 : (int)(equals - item), item);
    for (int64_t l = 0; l < classes; l++) {
        if (strcmp(names[l], name) != 0) continue;
        if (mos_parse_double(equals + 1, &trainer->pos_weight[l])) return MOSAIC_OK;
    }
    const char *nearest = mos_nearest_name(name, names, (size_t)classes);
    return mos_fail(MOSAIC_ERR_USAGE, "'loss.pos_weight': '%s' is no class of '%s'%s%s%s", name,
                    mos_dataset_root(trainer->dataset), nearest == NULL ? "" : ", did you mean '",
                    nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
}

mosaic_status mos_trainer_pos_weight(mos_trainer *trainer) {
    const mos_text_list *list = &trainer->config->settings.loss.pos_weight;
    if ((trainer->needs & MOS_NEEDS_LOGITS) == 0 || strcmp(list->items[0], "none") == 0)
        return MOSAIC_OK;
    MOS_TRY(mos_alloc((size_t)trainer->classes, sizeof *trainer->pos_weight, "positive weights",
                      &trainer->pos_weight));
    trainer->objective_options.pos_weight = trainer->pos_weight;
    if (strcmp(list->items[0], "auto") == 0) return automatic_weights(trainer);
    for (int64_t l = 0; l < trainer->classes; l++)
        trainer->pos_weight[l] = 1;
    for (size_t i = 0; i < list->count; i++)
        MOS_TRY(given_weight(trainer, list->items[i]));
    return MOSAIC_OK;
}
