#include "command/sweep_estimate.h"

#include "base/log.h"
#include "base/memory.h"
#include "bench/step_rig.h"
#include "config/config.h"
#include "data/patch_side.h"
#include "io/yaml_tree.h"

#include <stdio.h>
#include <string.h>

enum { MOST_MEASURES = 64, MEASURED_PIXELS = 1 << 17, LEAST_BATCH = 8, MEASURED_STEPS = 2 };

/* What the seconds of a step depend on. */
typedef struct step_kind {
    mos_step_setting setting;
    mos_precision precision;
    double row_s;  /* of a training row */
    double view_s; /* of a row that is only scored */
    int64_t parameters;
} step_kind;

typedef struct estimator {
    const mos_sweep_options *options;
    step_kind kind[MOST_MEASURES];
    int kinds;
    int64_t hopeless; /* runs that will fail: they name modalities that the data set lacks */
    /* the data set, or what the procedural one will be like */
    int64_t rows[MOS_SPLIT_COUNT], size, modalities, classes;
    char modality[MOS_DATA_MAX_MODALITIES][32];
    int64_t bands[MOS_DATA_MAX_MODALITIES];
} estimator;

/* ---- the data set ---- */

static int64_t default_bands(const mos_dataset *dataset, const mos_modality *modality) {
    const char *const *names = mos_dataset_default_bands(dataset, modality->name);
    int64_t count = 0;
    while (names != NULL && names[count] != NULL)
        count++;
    return names == NULL ? modality->band_count : count;
}

static mosaic_status look_at_data(estimator *it, const mos_config *config) {
    mos_dataset *dataset = NULL;
    const mos_modality *modality;
    const char *const *names;
    mosaic_status status;
    MOS_GOTO(mos_dataset_open(mos_config_data(config), &dataset));
    for (int64_t i = 0; i < mos_dataset_count(dataset); i++) {
        mos_sample sample;
        MOS_GOTO(mos_dataset_sample(dataset, i, &sample));
        it->rows[sample.split]++;
    }
    it->modalities = mos_dataset_modalities(dataset, &modality);
    it->classes = mos_dataset_classes(dataset, &names);
    for (int64_t m = 0; m < it->modalities; m++) {
        memcpy(it->modality[m], modality[m].name, sizeof it->modality[m]);
        it->bands[m] = default_bands(dataset, &modality[m]);
    }
    MOS_GOTO(mos_dataset_patch_side(dataset, &it->size));
done:
    mos_dataset_close(&dataset);
    return status;
}

/* Made by the first run: half of it trains, a quarter each validates and tests. */
static void foresee_data(estimator *it, const mos_synth_options *synth) {
    it->rows[MOS_SPLIT_TRAIN] = synth->patches / 2;
    it->rows[MOS_SPLIT_VALIDATION] = it->rows[MOS_SPLIT_TEST] = synth->patches / 4;
    it->size = synth->size;
    it->classes = synth->classes;
    it->modalities = 2;
    (void)snprintf(it->modality[0], sizeof it->modality[0], "s1");
    (void)snprintf(it->modality[1], sizeof it->modality[1], "s2");
    it->bands[0] = 2;
    it->bands[1] = 10;
}

/* ---- a step ---- */

static mosaic_status get_number(const mos_config *config, const char *key, int64_t *out) {
    mos_text text = {0};
    mosaic_status status = mos_config_get(config, key, &text);
    if (status == MOSAIC_OK && !mos_parse_int(text.data, out))
        status = mos_fail(MOSAIC_ERR_RUNTIME, "'%s' is no whole number", key);
    mos_text_release(&text);
    return status;
}

static mosaic_status get_choice(const mos_config *config, const char *key, const char *const *names,
                                int *out) {
    mos_text text = {0};
    mosaic_status status = mos_config_get(config, key, &text);
    *out = 0;
    while (status == MOSAIC_OK && names[*out] != NULL && strcmp(names[*out], text.data) != 0)
        ++*out;
    if (status == MOSAIC_OK && names[*out] == NULL)
        status = mos_fail(MOSAIC_ERR_RUNTIME, "'%s' is %s", key, text.data);
    mos_text_release(&text);
    return status;
}

static const mos_yaml *find_key(const mos_yaml *map, const char *key) {
    for (size_t i = 0; map != NULL && map->kind == MOS_YAML_MAP && i < map->count; i++)
        if (strcmp(map->items[i].key, key) == 0) return &map->items[i];
    return NULL;
}

/* Bands of the modalities that the run's configuration takes; all where it names none. */
static mosaic_status choose_modalities(const estimator *it, const mos_sweep_run *run,
                                       mos_step_setting *out) {
    mos_yaml root = {0};
    MOS_TRY(mos_yaml_parse(run->config, strlen(run->config), run->name, &root));
    const mos_yaml *named = find_key(find_key(&root, "data"), "modalities");
    out->modalities = 0;
    for (int64_t m = 0; m < it->modalities; m++) {
        const mos_yaml *own = find_key(named, it->modality[m]);
        const mos_yaml *list =
            own != NULL && own->kind == MOS_YAML_MAP ? find_key(own, "bands") : own;
        if (named != NULL && named->count > 0 && own == NULL) continue;
        out->bands[out->modalities++] =
            list != NULL && list->kind == MOS_YAML_LIST && list->count > 0 ? (int64_t)list->count
                                                                           : it->bands[m];
    }
    mos_yaml_release(&root);
    return MOSAIC_OK;
}

/* Large batches are measured by a part of them, which is not so small that a pass over the weights
 * counts for more than it will. */
static int64_t measured_batch(int64_t batch, int64_t size) {
    int64_t enough = MEASURED_PIXELS / (size * size);
    if (enough < LEAST_BATCH) enough = LEAST_BATCH;
    return batch < enough ? batch : enough;
}

static mosaic_status describe_step(const estimator *it, const mos_config *config,
                                   const mos_sweep_run *run, step_kind *out) {
    mos_text method = {0};
    const mos_method *known;
    int encoder;
    int64_t size, batch;
    *out = (step_kind){0};
    MOS_TRY(mos_config_get(config, "method", &method));
    mosaic_status status = mos_method_find(method.data, &known);
    mos_text_release(&method);
    MOS_TRY(status);
    MOS_TRY(get_choice(config, "model.encoder", mos_encoder_names, &encoder));
    MOS_TRY(get_number(config, "data.size", &size));
    MOS_TRY(get_number(config, "train.batch", &batch));
    out->precision = mos_config_precision(config);
    if (size == 0) size = it->size;
    const int64_t views = mos_config_shares_anchor(config) ? 2 : 3;
    out->setting = mos_step_setting_standard((mos_encoder_kind)encoder, views,
                                             measured_batch(batch, size), size);
    out->setting.method = known->name;
    out->setting.classes = it->classes;
    return choose_modalities(it, run, &out->setting);
}

static mosaic_status measure(const estimator *it, step_kind *kind) {
    mos_step_rig *rig = NULL;
    double seconds, loss, best = 0;
    mosaic_status status;
    mos_log(MOS_LOG_NOTICE, "measuring a step: %s, %s, %lld x %lld pixels", kind->setting.method,
            mos_encoder_names[kind->setting.encoder], (long long)kind->setting.size,
            (long long)kind->setting.size);
    MOS_GOTO(mos_step_rig_create(it->options->device, kind->precision, it->options->threads,
                                 &kind->setting, &rig));
    for (int k = 0; k <= MEASURED_STEPS; k++) { /* the first one makes its plans */
        MOS_GOTO(mos_step_rig_run(rig, &seconds, &loss));
        if (k == 1 || (k > 1 && seconds < best)) best = seconds;
    }
    kind->row_s = best / (double)kind->setting.batch;
    /* Backward passes take twice as long as forward ones, and scoring sees one view. */
    kind->view_s = kind->row_s / 3 / (double)mos_step_rig_views(rig);
    kind->parameters = mos_model_param_count(mos_step_rig_model(rig));
done:
    mos_step_rig_destroy(&rig);
    return status;
}

/* NULL: the data set has none of the run's modalities. */
static mosaic_status find_kind(estimator *it, const mos_config *config, const mos_sweep_run *run,
                               const step_kind **out) {
    step_kind wanted;
    *out = NULL;
    MOS_TRY(describe_step(it, config, run, &wanted));
    if (wanted.setting.modalities == 0) return MOSAIC_OK;
    for (int k = 0; k < it->kinds; k++) {
        *out = &it->kind[k];
        if (memcmp(&it->kind[k].setting, &wanted.setting, sizeof wanted.setting) == 0 &&
            it->kind[k].precision == wanted.precision)
            return MOSAIC_OK;
    }
    if (it->kinds == MOST_MEASURES)
        return mos_fail(MOSAIC_ERR_USAGE, "more than %d different steps", MOST_MEASURES);
    MOS_TRY(measure(it, &wanted));
    it->kind[it->kinds] = wanted;
    *out = &it->kind[it->kinds++];
    return MOSAIC_OK;
}

/* ---- a run, all runs ---- */

typedef struct cost {
    double seconds, bytes;
} cost;

static mosaic_status add_run(estimator *it, const mos_sweep_plan *plan, const mos_sweep_run *run,
                             cost *sum) {
    mos_config *config = NULL;
    const step_kind *kind;
    int64_t epochs, every, keep;
    mosaic_status status;
    MOS_GOTO(mos_config_create(&config));
    MOS_GOTO(mos_config_read_text(config, run->config, run->name));
    if (it->classes == 0) MOS_GOTO(look_at_data(it, config));
    MOS_GOTO(find_kind(it, config, run, &kind));
    if (kind == NULL) {
        it->hopeless++;
        goto done;
    }
    MOS_GOTO(get_number(config, "train.epochs", &epochs));
    MOS_GOTO(get_number(config, "train.validate_every", &every));
    MOS_GOTO(get_number(config, "train.keep", &keep));
    double scored = (double)it->rows[MOS_SPLIT_VALIDATION] *
                    (double)(every > 0 ? (epochs + every - 1) / every : 0);
    for (int s = 0; s < plan->spec.splits; s++) {
        double rows = (double)it->rows[plan->spec.evaluate[s]];
        scored += rows;
        sum->bytes += rows * (double)it->classes * 8; /* predictions as text */
    }
    sum->seconds +=
        kind->row_s * (double)it->rows[MOS_SPLIT_TRAIN] * (double)epochs + kind->view_s * scored;
    /* The model, and checkpoints with two moments of every weight. */
    sum->bytes += (double)kind->parameters * 4 * (1 + 3 * (double)(keep + 1));
done:
    mos_config_destroy(&config);
    return status;
}

static void add_costs(const estimator *it, int64_t runs, cost sum, mos_text *out) {
    mos_text_add(out, "%-8s %lld training, %lld validation, %lld test patches of %lld px\n", "data",
                 (long long)it->rows[MOS_SPLIT_TRAIN], (long long)it->rows[MOS_SPLIT_VALIDATION],
                 (long long)it->rows[MOS_SPLIT_TEST], (long long)it->size);
    for (int k = 0; k < it->kinds; k++)
        mos_text_add(out, "%-8s %s, %s, %lld modalit%s: %.1f ms a training patch, measured now\n",
                     k == 0 ? "step" : "", it->kind[k].setting.method,
                     mos_encoder_names[it->kind[k].setting.encoder],
                     (long long)it->kind[k].setting.modalities,
                     it->kind[k].setting.modalities == 1 ? "y" : "ies", it->kind[k].row_s * 1e3);
    if (sum.seconds < 5400)
        mos_text_add(out, "%-8s about %.0f min", "time", sum.seconds / 60);
    else
        mos_text_add(out, "%-8s about %.1f h", "time", sum.seconds / 3600);
    mos_text_add(out, " on this machine for the %lld runs that are left, without early stops\n",
                 (long long)runs);
    if (it->hopeless > 0)
        mos_text_add(
            out, "%-8s %lld of these runs will fail: the data set has none of their modalities\n",
            "", (long long)it->hopeless);
    if (sum.bytes < 1e9)
        mos_text_add(out, "%-8s about %.0f MB\n", "disk", sum.bytes * 1e-6);
    else
        mos_text_add(out, "%-8s about %.1f GB\n", "disk", sum.bytes * 1e-9);
}

mosaic_status mos_sweep_estimate(const mos_sweep_options *options, const mos_sweep_plan *plan,
                                 mos_text *out) {
    estimator *it = NULL;
    cost sum = {0};
    int64_t runs = 0;
    mosaic_status status;
    MOS_GOTO(mos_alloc(1, sizeof *it, "an estimate", &it));
    it->options = options;
    if (plan->spec.has_synth) foresee_data(it, &plan->spec.synth);
    for (int64_t r = 0; r < plan->runs; r++) {
        mos_sweep_record record;
        if (plan->run[r].twin >= 0) continue;
        MOS_GOTO(mos_sweep_record_read(options->out, &plan->run[r], &record));
        if (record.state == MOS_SWEEP_COMPLETE) continue;
        MOS_GOTO(add_run(it, plan, &plan->run[r], &sum));
        runs++;
    }
    if (runs > 0) add_costs(it, runs, sum, out);
done:
    mos_free(it);
    return status;
}
