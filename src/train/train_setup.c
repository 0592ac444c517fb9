/* From options to everything a run needs; nothing of an earlier run is touched before the
 * configuration, the data and the device are known to be fine. */
#include "train/train_state.h"

#include "artifact/card_identity.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/thread.h"
#include "data/band_identity.h"
#include "data/fraction.h"
#include "data/verdicts.h"
#include "evaluate/batch_memory.h"

#include <stdio.h>
#include <string.h>

enum { CONFIG_BYTES = 16 << 20 };

mosaic_status mos_trainer_path(const mos_trainer *trainer, const char *name, char *buffer,
                               size_t size) {
    return mos_run_path(&trainer->run, name, buffer, size);
}

/* ---- configuration ---- */

static mosaic_status read_config(mos_trainer *trainer) {
    const mos_train_options *options = trainer->options;
    char own[4096];
    const char *path = options->config;
    MOS_TRY(mos_config_create(&trainer->config));
    if (path == NULL && options->resume && options->out != NULL) {
        MOS_TRY(mos_path_join(own, sizeof own, options->out, "config.yaml"));
        path = own;
    }
    if (path == NULL)
        return mos_fail(MOSAIC_ERR_USAGE, "a configuration file is wanted: mosaic train CONFIG "
                                          "--out RUN");
    if (options->config_text != NULL)
        MOS_TRY(mos_config_read_text(trainer->config, options->config_text, path));
    else
        MOS_TRY(mos_config_read(trainer->config, path));
    for (size_t i = 0; options->set != NULL && i < options->set->count; i++)
        MOS_TRY(mos_config_set(trainer->config, options->set->items[i]));
    return mos_config_check(trainer->config);
}

static mosaic_status open_directory(mos_trainer *trainer) {
    const mos_train_options *options = trainer->options;
    if (options->resume && options->overwrite)
        return mos_fail(MOSAIC_ERR_USAGE, "--resume and --overwrite contradict each other");
    return mos_run_directory_open(options->out,
                                  options->resume      ? MOS_RUN_RESUME
                                  : options->overwrite ? MOS_RUN_OVERWRITE
                                                       : MOS_RUN_NEW,
                                  &trainer->run);
}

/* ---- modalities and bands ---- */

static const mos_modality *find_modality(const mos_dataset *dataset, const char *name) {
    const mos_modality *list;
    int64_t count = mos_dataset_modalities(dataset, &list);
    for (int64_t m = 0; m < count; m++) {
        if (strcmp(list[m].name, name) == 0) return &list[m];
    }
    return NULL;
}

/* The format's own choice where it has one, else every band. */
static mosaic_status add_default_bands(const mos_trainer *trainer, const mos_modality *source,
                                       mos_config_modality *modality) {
    const char *const *names = mos_dataset_default_bands(trainer->dataset, source->name);
    for (size_t b = 0; names != NULL && names[b] != NULL; b++)
        MOS_TRY(mos_text_list_add(&modality->bands, names[b]));
    for (int64_t b = 0; names == NULL && b < source->band_count; b++)
        MOS_TRY(mos_text_list_add(&modality->bands, source->bands[b].name));
    mos_text left = {0};
    for (int64_t b = 0; names != NULL && b < source->band_count; b++) {
        bool used = false;
        for (size_t u = 0; u < modality->bands.count; u++)
            used = used || strcmp(modality->bands.items[u], source->bands[b].name) == 0;
        if (!used) mos_text_add(&left, "%s%s", left.size == 0 ? "" : ", ", source->bands[b].name);
    }
    if (left.size > 0)
        mos_log(MOS_LOG_NOTICE,
                "data.modalities.%s.bands is not set: BigEarthNet's %zu bands are used, %s are not",
                source->name, modality->bands.count, left.data);
    mosaic_status status = left.failed ? mos_fail_memory(left.size, "names of bands") : MOSAIC_OK;
    mos_text_release(&left);
    return status;
}

static mosaic_status fail_modality(const mos_trainer *trainer,
                                   const mos_config_modality *modality) {
    const mos_modality *list;
    int64_t count = mos_dataset_modalities(trainer->dataset, &list);
    mos_text names = {0};
    for (int64_t m = 0; m < count; m++)
        mos_text_add(&names, "%s%s", m == 0 ? "" : ", ", list[m].name);
    mosaic_status status = mos_fail(MOSAIC_ERR_USAGE, "%s: '%s' has no modality '%s', only: %s",
                                    modality->origin, mos_dataset_root(trainer->dataset),
                                    modality->name, names.data == NULL ? "none" : names.data);
    mos_text_release(&names);
    return status;
}

/* The configuration's modalities filled in from the data set, so that the resolved file says all.
 */
static mosaic_status resolve_modalities(mos_trainer *trainer) {
    mos_config *config = trainer->config;
    const mos_modality *list;
    int64_t count = mos_dataset_modalities(trainer->dataset, &list);
    mos_config_modality *modality;
    for (int64_t m = 0; m < count && config->modality_rank == MOS_ORIGIN_DEFAULT; m++)
        MOS_TRY(
            mos_config_add_modality(config, list[m].name, "default of the data format", &modality));
    for (int64_t m = 0; m < config->modality_count; m++) {
        modality = &config->modality[m];
        const mos_modality *source = find_modality(trainer->dataset, modality->name);
        if (source == NULL) return fail_modality(trainer, modality);
        if (modality->bands.count == 0) MOS_TRY(add_default_bands(trainer, source, modality));
        if (modality->bands.count > MOS_MAX_BANDS)
            return mos_fail(MOSAIC_ERR_USAGE, "modality '%s' has %zu bands, at most %d",
                            modality->name, modality->bands.count, MOS_MAX_BANDS);
    }
    return mos_config_check(config); /* once more: the number of modalities is known now */
}

static mosaic_status open_data(mos_trainer *trainer) {
    const char *const *names;
    MOS_TRY(mos_dataset_open(&trainer->config->data, &trainer->dataset));
    MOS_TRY(mos_verdicts_consult(trainer->dataset, MOS_FOR_USE));
    mos_dataset_fingerprint(trainer->dataset, trainer->fingerprint);
    trainer->classes = mos_dataset_classes(trainer->dataset, &names);
    return resolve_modalities(trainer);
}

/* ---- the card: what the model is ---- */

static mosaic_status copy_name(const char *name, char *to, size_t size, const char *what) {
    if (strlen(name) >= size)
        return mos_fail(MOSAIC_ERR_DATA, "%s '%s' is longer than %zu bytes", what, name, size - 1);
    memcpy(to, name, strlen(name) + 1);
    return MOSAIC_OK;
}

static mosaic_status describe_model(mos_trainer *trainer) {
    const mos_config *config = trainer->config;
    const mos_settings_model *settings = &config->settings.model;
    MOS_TRY(mos_alloc(1, sizeof *trainer->card, "a model card", &trainer->card));
    mos_model_card *card = trainer->card;
    mos_model_spec *spec = &card->spec;
    *spec = (mos_model_spec){.modalities = config->modality_count,
                             .encoder = (mos_encoder_kind)settings->encoder,
                             .stem_pool = settings->stem_pool,
                             .fusion = (mos_fusion_id)settings->fusion,
                             .fusion_dim = settings->fusion_dim,
                             .fusion_rank = settings->fusion_rank,
                             .fusion_heads = settings->fusion_heads,
                             .hidden = settings->hidden,
                             .latent = settings->latent,
                             .inter_projector = settings->inter_projector,
                             .classes = trainer->classes,
                             .missing = (mos_missing_kind)settings->missing};
    for (int64_t m = 0; m < spec->modalities; m++) {
        const mos_config_modality *modality = &config->modality[m];
        MOS_TRY(copy_name(modality->name, spec->modality[m].name, sizeof spec->modality[m].name,
                          "modality"));
        spec->modality[m].bands = (int64_t)modality->bands.count;
        for (size_t b = 0; b < modality->bands.count; b++)
            MOS_TRY(copy_name(modality->bands.items[b], spec->modality[m].band_names[b],
                              sizeof spec->modality[m].band_names[b], "band"));
    }
    const char *const *names;
    (void)mos_dataset_classes(trainer->dataset, &names);
    for (int64_t l = 0; l < trainer->classes; l++)
        MOS_TRY(copy_name(names[l], card->class_names[l], sizeof card->class_names[l], "class"));
    memcpy(card->dataset, trainer->fingerprint, sizeof card->dataset);
    mos_card_identify(card, trainer->dataset);
    return copy_name(trainer->objective_options.method->name, card->method, sizeof card->method,
                     "method");
}

/* The first training row that has the modality, -1: none. */
static mosaic_status first_with(const mos_trainer *trainer, int64_t modality, int64_t *row) {
    *row = -1;
    for (int64_t i = 0; i < trainer->train_count && *row < 0; i++) {
        mos_sample sample;
        MOS_TRY(mos_dataset_sample(trainer->dataset, trainer->train_rows[i], &sample));
        if (sample.present >> modality & 1) *row = trainer->train_rows[i];
    }
    return MOSAIC_OK;
}

/* What the finest band of a modality tells of patches, for the model's card. */
static void note_patch(mos_trainer *trainer, const mos_loader_modality *modality,
                       const mos_patch *patch) {
    const mos_modality *list;
    (void)mos_dataset_modalities(trainer->dataset, &list);
    mos_model_card *card = trainer->card;
    for (int64_t b = 0; b < patch->bands; b++) {
        const mos_band *band = &list[modality->modality].bands[modality->band[b]];
        if (patch->band[b].height > card->height) card->height = patch->band[b].height;
        if (patch->band[b].width > card->width) card->width = patch->band[b].width;
        if (band->resolution_m > 0 &&
            (card->resolution_m == 0 || band->resolution_m < card->resolution_m))
            card->resolution_m = band->resolution_m;
    }
}

/* Side of the patches: the finest band of each modality's first training patch, unless it is
 * chosen. The card keeps what they were before. */
static mosaic_status find_size(mos_trainer *trainer) {
    int64_t chosen = trainer->config->settings.data.size, row;
    mos_model_card *card = trainer->card;
    mos_reader *reader = NULL;
    mosaic_status status;
    MOS_GOTO(mos_reader_open(trainer->dataset, &reader));
    for (int64_t m = 0; m < trainer->loader_options.modalities; m++) {
        const mos_loader_modality *modality = &trainer->loader_options.modality[m];
        mos_patch patch;
        MOS_GOTO(first_with(trainer, modality->modality, &row));
        if (row < 0 && chosen > 0) continue;
        if (row < 0) {
            status = mos_fail(MOSAIC_ERR_DATA, "no training patch of '%s' has modality '%s'",
                              mos_dataset_root(trainer->dataset), card->spec.modality[m].name);
            goto done;
        }
        status = mos_reader_read(reader, row, modality->modality, modality->band, modality->bands,
                                 &patch);
        if (status != MOSAIC_OK && chosen > 0) continue; /* its turn comes, with a policy */
        MOS_GOTO(status);
        note_patch(trainer, modality, &patch);
    }
    status = MOSAIC_OK;
    card->patch = card->height == card->width ? card->height : 0;
    if (chosen > 0) card->height = card->width = chosen;
done:
    mos_reader_close(&reader);
    return status;
}

/* Bands by name; how each modality is augmented is the configuration's word. */
static mosaic_status bind_loader(mos_trainer *trainer) {
    mos_loader_options *loader = &trainer->loader_options;
    MOS_TRY(mos_inference_bind(trainer->card, trainer->dataset, loader));
    for (int64_t m = 0; m < loader->modalities; m++)
        loader->modality[m].radar = mos_config_is_radar(&trainer->config->modality[m]);
    return MOSAIC_OK;
}

/* ---- device, directory ---- */

static mosaic_status open_device(mos_trainer *trainer) {
    const mos_train_options *options = trainer->options;
    mos_precision precision = trainer->config->settings.train.precision == MOS_PRECISION_CHOICE_FP32
                                  ? MOS_PRECISION_FP32
                                  : MOS_PRECISION_BF16;
    return mos_device_open(options->device == NULL ? "auto" : options->device, precision,
                           options->threads, &trainer->device);
}

static mosaic_status compare_config(mos_trainer *trainer, const char *path) {
    mos_config *was = NULL;
    mos_text text = {0};
    int64_t differing = 0;
    mosaic_status status;
    MOS_GOTO(mos_config_create(&was));
    MOS_GOTO(mos_config_read(was, path));
    MOS_GOTO(mos_config_check(was));
    MOS_GOTO(mos_config_compare(trainer->config, was, &text, &differing));
    if (differing > 0)
        status =
            mos_fail(MOSAIC_ERR_RESUME,
                     "run '%s' was started with another configuration, %lld key%s differ%s: %s",
                     trainer->run.path, (long long)differing, differing == 1 ? "" : "s",
                     differing == 1 ? "s" : "", text.data);
done:
    mos_text_release(&text);
    mos_config_destroy(&was);
    return status;
}

/* The resolved file of a new run; a resumed one keeps its own, so that both carry the same text. */
static mosaic_status settle_config(mos_trainer *trainer, const char *path, bool exists) {
    mos_text text = {0};
    size_t size;
    if (exists) return mos_file_read(path, CONFIG_BYTES, &trainer->card->config, &size);
    mosaic_status status = mos_config_write(trainer->config, &text);
    if (status == MOSAIC_OK) status = mos_atomic_write(path, text.data, text.size);
    if (status == MOSAIC_OK) status = mos_copy_text(text.data, &trainer->card->config);
    mos_text_release(&text);
    return status;
}

static mosaic_status save_fraction(mos_trainer *trainer) {
    const mos_settings_data *data = &trainer->config->settings.data;
    char path[4096];
    if (trainer->keep == NULL) return MOSAIC_OK;
    MOS_TRY(mos_trainer_path(trainer, "labeled.txt", path, sizeof path));
    if (mos_path_exists(path)) return MOSAIC_OK;
    return mos_fraction_save(trainer->dataset, trainer->keep, data->labeled_fraction,
                             (uint64_t)data->labeled_seed, path);
}

static mosaic_status sweep(const mos_trainer *trainer) {
    int64_t files, bytes;
    MOS_TRY(mos_run_directory_sweep(&trainer->run, &files, &bytes));
    if (files > 0)
        mos_log(MOS_LOG_NOTICE, "%lld unfinished file%s of killed processes removed, %.1f MiB",
                (long long)files, files == 1 ? "" : "s", (double)bytes / 1048576);
    return MOSAIC_OK;
}

/* From here on the folder is this run's: cleared, compared, its log open. */
static mosaic_status claim_directory(mos_trainer *trainer) {
    char path[4096];
    MOS_TRY(mos_trainer_path(trainer, "config.yaml", path, sizeof path));
    if (trainer->options->overwrite) MOS_TRY(mos_run_directory_clear(&trainer->run));
    bool exists = mos_path_exists(path);
    if (exists)
        MOS_TRY(compare_config(trainer, path));
    else if (trainer->options->resume)
        mos_log(MOS_LOG_NOTICE, "nothing to resume in '%s': starting a new run", trainer->run.path);
    MOS_TRY(settle_config(trainer, path, exists));
    MOS_TRY(mos_trainer_path(trainer, "checkpoints", path, sizeof path));
    MOS_TRY(mos_make_dirs(path));
    MOS_TRY(sweep(trainer));
    MOS_TRY(mos_trainer_path(trainer, "train.log", path, sizeof path));
    trainer->text_log = fopen(path, "ae");
    if (trainer->text_log == NULL) return mos_fail_errno("open", path);
    mos_log_set_file(trainer->text_log);
    return save_fraction(trainer);
}

/* ---- model, objective, loader ---- */

/* Names in one spelling, as the model has them. */
static mosaic_status spell_bands(const mos_text_list *given, mos_text_list *out) {
    for (size_t i = 0; given != NULL && i < given->count; i++) {
        const char *at = given->items[i];
        size_t size = strcspn(at, "=");
        mos_text text = {0};
        mos_text_add(&text, "%.*s=", (int)size, at);
        at += size + (at[size] == '=');
        for (const char *comma = ""; *at != '\0'; comma = ",") {
            char word[64], name[MOS_BAND_NAME_SIZE];
            size_t used = strcspn(at, ", ");
            (void)snprintf(word, sizeof word, "%.*s", (int)used, at);
            mos_text_add(&text, "%s%s", comma, mos_band_normalise(word, name) ? name : word);
            at += used + strspn(at + used, ", ");
        }
        mosaic_status status = text.failed ? mos_fail_memory(text.size, "names of bands")
                                           : mos_text_list_add(out, text.data);
        mos_text_release(&text);
        MOS_TRY(status);
    }
    return MOSAIC_OK;
}

/* Weights that know what they were trained on; those of others do not. */
static mosaic_status compare_start(const mos_trainer *trainer, const char *path) {
    mos_model_card *card;
    MOS_TRY(mos_alloc(1, sizeof *card, "a model card", &card));
    mosaic_status status = MOSAIC_OK;
    if (mos_model_file_card(path, card) == MOSAIC_OK)
        status = mos_card_compare(card, path, trainer->dataset);
    mos_model_card_release(card);
    mos_free(card);
    return status;
}

static mosaic_status init_weights(mos_trainer *trainer) {
    const mos_train_options *options = trainer->options;
    const char *names[MOS_MAX_CLASSES];
    char path[4096];
    int64_t loaded, skipped;
    if (options->init_from == NULL) return MOSAIC_OK;
    MOS_TRY(mos_model_file_resolve(options->init_from, path, sizeof path));
    MOS_TRY(compare_start(trainer, path));
    MOS_TRY(mos_sha256_file(path, trainer->init_sha256));
    MOS_TRY(mos_copy_text(path, &trainer->init_from));
    for (int64_t l = 0; l < trainer->classes; l++)
        names[l] = trainer->card->class_names[l];
    mos_text_list bands = {0};
    mosaic_status status = spell_bands(options->init_bands, &bands);
    if (status == MOSAIC_OK)
        status = mos_model_file_init_named(options->init_from, options->init_pattern, names, &bands,
                                           trainer->model, &loaded, &skipped);
    mos_text_list_release(&bands);
    return status;
}

/* Before the folder is touched: weights to start from that do not fit must not cost an earlier run.
 * A resumed run asks for them only when there is no checkpoint. */
static mosaic_status create_model(mos_trainer *trainer) {
    MOS_TRY(mos_model_create(trainer->device, &trainer->card->spec,
                             (uint64_t)trainer->config->settings.train.seed, &trainer->model));
    return trainer->options->resume ? MOSAIC_OK : init_weights(trainer);
}

static mosaic_status make_model(mos_trainer *trainer) {
    const mos_settings_train *train = &trainer->config->settings.train;
    mos_model_card *card = trainer->card;
    const mos_model_plan plan = mos_trainer_model_plan(trainer);
    MOS_TRY(mos_model_plan_make(trainer->model, &plan));
    if (train->encoders == MOS_ENCODERS_SIDE_BY_SIDE &&
        (trainer->device->threads < 2 || card->spec.modalities < 2))
        mos_log(MOS_LOG_NOTICE,
                "train.encoders: with %d thread%s and %lld modalit%s nothing runs side by side",
                trainer->device->threads, trainer->device->threads == 1 ? "" : "s",
                (long long)card->spec.modalities, card->spec.modalities == 1 ? "y" : "ies");
    MOS_TRY(mos_model_create(trainer->device, &card->spec, MOS_MODEL_UNSET, &trainer->eval_model));
    if (plan.latents) {
        size_t values = (size_t)(train->batch * card->spec.latent);
        MOS_TRY(mos_alloc(values, sizeof(float), "latents", &trainer->rows_z));
        MOS_TRY(mos_alloc(values, sizeof(float), "latents", &trainer->rows_pair));
    }
    MOS_TRY(mos_objective_create(trainer->device, &trainer->objective_options,
                                 card->spec.modalities, train->batch, card->spec.classes,
                                 card->spec.latent, &trainer->objective));
    MOS_TRY(mos_step_init(&trainer->step, trainer->model, trainer->objective,
                          mos_config_optimizer(trainer->config)));
    if (train->encoder_lr == 0 && train->freeze_stages == 0 && !train->freeze_norms)
        return MOSAIC_OK;
    return mos_step_group(&trainer->step, train->encoder_lr > 0 ? train->encoder_lr / train->lr : 1,
                          train->freeze_stages, train->freeze_norms);
}

/* What the patches looked at first promise for the others; validation is not watched. */
static void take_promises(mos_trainer *trainer) {
    mos_loader_options *loader = &trainer->loader_options;
    for (int64_t m = 0; m < loader->modalities; m++) {
        mos_loader_modality *modality = &loader->modality[m];
        const mos_modality_promise *promise =
            mos_dataset_promise(trainer->dataset, modality->modality);
        modality->dark = promise->dark;
        for (int64_t b = 0; b < modality->bands; b++)
            modality->promise[b] = promise->band[modality->band[b]];
    }
}

static void describe_loader(mos_trainer *trainer) {
    const mos_settings_train *train = &trainer->config->settings.train;
    mos_loader_options *loader = &trainer->loader_options;
    take_promises(trainer);
    loader->batch = train->batch;
    loader->views = trainer->views.views;
    memcpy(loader->kinds, trainer->views.kinds, sizeof loader->kinds);
    loader->augment = trainer->config->augment;
    loader->seed = (uint64_t)train->seed;
    loader->threads =
        train->workers > 0 ? (int)train->workers : mos_loader_workers(mos_cpu_count());
    loader->prefetch = (int)train->prefetch;
    loader->shuffle = loader->drop_last = true;
    loader->policy = trainer->config->data.policy;
    loader->constant_bands = trainer->config->data.constant_bands;
    loader->memory = mos_batch_memory(trainer->device);
}

static mosaic_status make_loader(mos_trainer *trainer) {
    const mos_settings_train *train = &trainer->config->settings.train;
    const mos_loader_options *loader = &trainer->loader_options;
    describe_loader(trainer);
    MOS_TRY(mos_loader_create(trainer->dataset, loader, trainer->train_rows, trainer->train_count,
                              trainer->labels, &trainer->loader));
    trainer->batches = mos_loader_batches(trainer->loader);
    if (trainer->batches == 0)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "'train.batch' is %lld and there are only %lld training patches",
                        (long long)train->batch, (long long)trainer->train_count);
    return MOSAIC_OK;
}

static void make_schedule(mos_trainer *trainer) {
    const mos_settings_train *train = &trainer->config->settings.train;
    int64_t steps = train->epochs * trainer->batches;
    trainer->schedule = (mos_schedule){.steps = steps,
                                       .warmup = mos_schedule_warmup_steps(train->warmup, steps),
                                       .peak = train->lr,
                                       .final_ratio = train->final_ratio,
                                       .cosine = train->schedule == MOS_SCHEDULE_COSINE};
    trainer->msc_warmup =
        mos_schedule_warmup_steps(trainer->config->settings.loss.msc_warmup, steps);
}

/* ---- all of it ---- */

static mosaic_status restore_or_start(mos_trainer *trainer) {
    int64_t sizes[MOS_LOG_FILES] = {0};
    bool found = false;
    if (trainer->options->resume) MOS_TRY(mos_checkpoint_restore(trainer, sizes, &found));
    if (found) {
        trainer->resumed_from = trainer->at.step;
        mos_log(MOS_LOG_NOTICE, "resuming at step %lld (epoch %lld)", (long long)trainer->at.step,
                (long long)trainer->at.epoch + 1);
    } else if (trainer->options->resume) {
        MOS_TRY(init_weights(trainer));
    }
    return mos_trainer_open_log(trainer, found ? sizes : NULL);
}

/* What comes from the configuration and the data set alone. */
static mosaic_status prepare_data(mos_trainer *trainer) {
    MOS_TRY(open_data(trainer));
    trainer->needs = mos_objective_needs(&trainer->objective_options);
    trainer->views = mos_objective_views(&trainer->objective_options);
    if ((trainer->needs & MOS_NEEDS_LOGITS) != 0 && trainer->classes == 0)
        return mos_fail(MOSAIC_ERR_DATA, "method '%s' needs labels and '%s' has none",
                        trainer->objective_options.method->name,
                        mos_dataset_root(trainer->dataset));
    MOS_TRY(describe_model(trainer));
    MOS_TRY(bind_loader(trainer));
    MOS_TRY(mos_config_check_pairs(trainer->config));
    return mos_trainer_rows(trainer);
}

static mosaic_status prepare_config(mos_trainer *trainer) {
    MOS_TRY(read_config(trainer));
    return mos_config_objective(trainer->config, &trainer->objective_options);
}

mosaic_status mos_trainer_prepare_feed(mos_trainer *trainer) {
    MOS_TRY(prepare_config(trainer));
    MOS_TRY(prepare_data(trainer));
    MOS_TRY(find_size(trainer));
    MOS_TRY(mos_trainer_statistics(trainer));
    MOS_TRY(bind_loader(trainer)); /* again, with the statistics and the size */
    describe_loader(trainer);
    return MOSAIC_OK;
}

mosaic_status mos_trainer_prepare(mos_trainer *trainer) {
    MOS_TRY(prepare_config(trainer));
    MOS_TRY(open_directory(trainer));
    MOS_TRY(prepare_data(trainer));
    MOS_TRY(mos_trainer_pos_weight(trainer));
    MOS_TRY(open_device(trainer));
    MOS_TRY(find_size(trainer));
    MOS_TRY(create_model(trainer));
    MOS_TRY(mos_trainer_choose_memory(trainer));
    MOS_TRY(claim_directory(trainer));
    MOS_TRY(mos_trainer_notices(trainer));
    MOS_TRY(mos_trainer_statistics(trainer));
    MOS_TRY(bind_loader(trainer)); /* again, with the statistics and the size */
    MOS_TRY(make_loader(trainer));
    MOS_TRY(make_model(trainer));
    if (trainer->options->plan == NULL) MOS_TRY(mos_checkpoint_space(trainer));
    make_schedule(trainer);
    trainer->reduced = trainer->config->data.limit > 0;
    return restore_or_start(trainer);
}

void mos_trainer_release(mos_trainer *trainer) {
    mos_drain(trainer->device); /* it may still read images */
    mos_loader_destroy(&trainer->loader);
    mos_step_release(&trainer->step);
    mos_objective_destroy(&trainer->objective);
    mos_model_destroy(&trainer->model);
    mos_model_destroy(&trainer->eval_model);
    mos_device_close(&trainer->device);
    mos_dataset_close(&trainer->dataset);
    mos_text_list_release(&trainer->notices);
    mos_free(trainer->train_rows);
    mos_free(trainer->valid_rows);
    mos_free(trainer->probe_rows);
    mos_free(trainer->keep);
    mos_free(trainer->labels);
    mos_free(trainer->pos_weight);
    mos_free(trainer->init_from);
    mos_free(trainer->rows_z);
    mos_free(trainer->rows_pair);
    if (trainer->card != NULL) mos_model_card_release(trainer->card);
    mos_free(trainer->card);
    mos_config_destroy(&trainer->config);
    if (trainer->log_open) mos_run_log_close(&trainer->log);
    if (trainer->text_log != NULL) {
        mos_log_set_file(NULL);
        (void)fclose(trainer->text_log);
    }
    mos_run_directory_close(&trainer->run);
}
