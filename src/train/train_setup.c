/* From options to everything a run needs. mos_trainer_prepare, at the end, says in which order:
 * nothing of an earlier run is touched before the configuration, the data and the device are known
 * to be fine. */
#include "train/train_state.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/thread.h"
#include "data/stage.h"
#include "data/verdicts.h"
#include "evaluate/batch_memory.h"

#include <string.h>

/* ---- the folder ---- */

static mosaic_status open_directory(const mos_train_options *options, mos_run_directory *out) {
    if (options->resume && options->overwrite)
        return mos_fail(MOSAIC_ERR_USAGE, "--resume and --overwrite contradict each other");
    return mos_run_directory_open(options->out,
                                  options->resume      ? MOS_RUN_RESUME
                                  : options->overwrite ? MOS_RUN_OVERWRITE
                                                       : MOS_RUN_NEW,
                                  out);
}

/* ---- data ---- */

/* `mosaic init` names a split file that its next command makes: a run before that is told so. */
static mosaic_status fail_without_split(const mos_train_job *job, mosaic_status status) {
    const char *path = job->config->data.split_file;
    if (status != MOSAIC_ERR_IO || path == NULL || mos_path_exists(path)) return status;
    return mos_fail(status,
                    "data.split_file: '%s' does not exist; 'mosaic data split %s %s --rule share' "
                    "makes it",
                    path, job->options->config ? job->options->config : "DATA", path);
}

/* The configuration keeps the place that all machines see: it is what later commands read. */
static mosaic_status open_copy(mos_train_job *job, mos_dataset **set) {
    mos_data_options *options = &job->config->data;
    char *const root = options->root;
    MOS_TRY(
        mos_stage(job->options->comm, root, job->options->stage, job->staged, sizeof job->staged));
    options->root = job->staged;
    const mosaic_status status = mos_dataset_open(options, set);
    options->root = root;
    return status;
}

static mosaic_status open_set(mos_train_job *job, mos_dataset **set) {
    const mos_data_options *options = &job->config->data;
    const char *folder = job->options->stage;
    if (folder == NULL || job->options->plan != NULL) return mos_dataset_open(options, set);
    const bool whole = options->root != NULL && mos_path_is_dir(options->root);
    MOS_TRY(whole ? open_copy(job, set) : mos_dataset_open(options, set));
    if (!whole && !mos_dataset_has_files(*set))
        return mos_fail(MOSAIC_ERR_USAGE,
                        "--stage copies the folder data.root or the files of a table, and '%s' is "
                        "neither",
                        mos_dataset_root(*set));
    return mos_stage_files(job->options->comm, *set, folder);
}

static mosaic_status open_data(mos_train_job *job, mos_train_data *data) {
    const char *const *names;
    mosaic_status opened = open_set(job, &data->set);
    if (opened != MOSAIC_OK) return fail_without_split(job, opened);
    MOS_TRY(mos_verdicts_consult(data->set, MOS_FOR_USE));
    mos_dataset_fingerprint(data->set, data->fingerprint);
    data->classes = mos_dataset_classes(data->set, &names);
    MOS_TRY(mos_train_resolve_modalities(job, data->set));
    if ((job->needs & MOS_NEEDS_LOGITS) == 0 || data->classes > 0) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA, "method '%s' needs labels and '%s' has none",
                    job->objective.method->name, mos_dataset_root(data->set));
}

/* Finds the bands by their names. Whether a modality is augmented as radar is for the configuration
 * to say, not for the model's card. */
static mosaic_status bind_loader(const mos_train_job *job, mos_train_data *data,
                                 const mos_model_card *card) {
    mos_loader_options *loader = &data->loader_options;
    MOS_TRY(mos_inference_bind(card, data->set, loader));
    for (int64_t m = 0; m < loader->modalities; m++)
        loader->modality[m].radar = mos_config_is_radar(&job->config->modality[m]);
    return MOSAIC_OK;
}

/* Opening the data set looked at some patches and noted what their pixels are like; the loader says
 * when later training patches are not like that. */
static void take_promises(mos_train_data *data) {
    mos_loader_options *loader = &data->loader_options;
    for (int64_t m = 0; m < loader->modalities; m++) {
        mos_loader_modality *modality = &loader->modality[m];
        const mos_modality_promise *promise = mos_dataset_promise(data->set, modality->modality);
        modality->dark = promise->dark;
        for (int64_t b = 0; b < modality->bands; b++)
            modality->promise[b] = promise->band[modality->band[b]];
    }
}

static void describe_loader(const mos_train_job *job, mos_device *device, mos_train_data *data) {
    const mos_settings_train *train = &job->config->settings.train;
    mos_loader_options *loader = &data->loader_options;
    take_promises(data);
    loader->ranks = mos_comm_size(job->options->comm);
    loader->rank = mos_comm_rank(job->options->comm);
    loader->batch = train->batch / loader->ranks;
    loader->views = job->views.views;
    memcpy(loader->kinds, job->views.kinds, sizeof loader->kinds);
    loader->augment = job->config->augment;
    if ((job->needs & MOS_NEEDS_LOGITS) == 0) loader->augment.mix = MOS_MIX_NONE;
    loader->mixed_view = job->views.anchor;
    loader->seed = (uint64_t)train->seed;
    loader->threads =
        train->workers > 0 ? (int)train->workers : mos_loader_workers(mos_cpu_count());
    loader->prefetch = (int)train->prefetch;
    loader->shuffle = loader->drop_last = true;
    loader->policy = job->config->data.policy;
    loader->constant_bands = job->config->data.constant_bands;
    loader->memory = mos_batch_memory(device);
}

static mosaic_status make_loader(const mos_train_job *job, mos_device *device,
                                 mos_train_data *data) {
    const mos_settings_train *train = &job->config->settings.train;
    const mos_loader_options *loader = &data->loader_options;
    describe_loader(job, device, data);
    MOS_TRY(mos_loader_create(data->set, loader, data->train_rows, data->train_count, data->labels,
                              &data->loader));
    data->batches = mos_loader_batches(data->loader);
    if (data->batches == 0)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "'train.batch' is %lld and there are only %lld training patches",
                        (long long)train->batch, (long long)data->train_count);
    return MOSAIC_OK;
}

/* ---- device, model, step ---- */

static mosaic_status open_device(const mos_train_job *job, mos_device **out) {
    const mos_train_options *options = job->options;
    return mos_device_open(options->device == NULL ? "auto" : options->device,
                           mos_config_precision(job->config), options->threads, out);
}

static mosaic_status make_model(const mos_train_job *job, const mos_norm_ranks *norms,
                                mos_train_learner *learner) {
    const mos_settings_train *train = &job->config->settings.train;
    mos_model_card *card = learner->card;
    mos_model_plan plan = mos_train_model_plan(job, learner);
    if (norms->peers.count > 1) plan.peers = &norms->peers;
    MOS_TRY(mos_model_plan_make(learner->model, &plan));
    if (train->encoders == MOS_ENCODERS_SIDE_BY_SIDE &&
        (learner->device->threads < 2 || card->spec.modalities < 2))
        mos_log(MOS_LOG_NOTICE,
                "train.encoders: with %d thread%s and %lld modalit%s nothing runs side by side",
                learner->device->threads, learner->device->threads == 1 ? "" : "s",
                (long long)card->spec.modalities, card->spec.modalities == 1 ? "y" : "ies");
    if (train->encoders == MOS_ENCODERS_SIDE_BY_SIDE && plan.peers != NULL)
        mos_log(MOS_LOG_NOTICE,
                "train.encoders: with 'train.batch_norm: %s' nothing runs side by side; local does",
                train->batch_norm);
    MOS_TRY(mos_model_create(learner->device, &card->spec, MOS_MODEL_UNSET, &learner->eval_model));
    if (plan.latents) {
        size_t values = (size_t)(train->batch * card->spec.latent);
        MOS_TRY(mos_alloc(values, sizeof(float), "latents", &learner->rows_z));
        MOS_TRY(mos_alloc(values, sizeof(float), "latents", &learner->rows_pair));
    }
    MOS_TRY(mos_objective_create(learner->device, &job->objective, card->spec.modalities,
                                 train->batch, card->spec.classes, card->spec.latent,
                                 &learner->objective));
    MOS_TRY(mos_step_init(&learner->step, learner->model, learner->objective,
                          mos_config_optimizer(job->config)));
    if (train->encoder_lr == 0 && train->freeze_stages == 0 && !train->freeze_norms)
        return MOSAIC_OK;
    return mos_step_group(&learner->step, train->encoder_lr > 0 ? train->encoder_lr / train->lr : 1,
                          train->freeze_stages, train->freeze_norms);
}

static void make_schedule(const mos_train_job *job, int64_t batches, mos_train_learner *learner) {
    const mos_settings_train *train = &job->config->settings.train;
    int64_t steps = train->epochs * batches;
    learner->schedule = (mos_schedule){.steps = steps,
                                       .warmup = mos_schedule_warmup_steps(train->warmup, steps),
                                       .peak = train->lr,
                                       .final_ratio = train->final_ratio,
                                       .cosine = train->schedule == MOS_SCHEDULE_COSINE};
    learner->msc_warmup = mos_schedule_warmup_steps(job->config->settings.loss.msc_warmup, steps);
}

/* ---- all of it ---- */

/* What the configuration names, found in the data set. The band names are looked up before the
 * number of modalities is judged, so that a slip in a name is reported as that. */
static mosaic_status prepare_data(mos_trainer *trainer) {
    mos_train_job *job = &trainer->job;
    mos_train_data *data = &trainer->data;
    MOS_TRY(open_data(job, data));
    MOS_TRY(mos_train_describe(job, data, &trainer->learner));
    MOS_TRY(bind_loader(job, data, trainer->learner.card));
    MOS_TRY(mos_config_check_pairs(job->config));
    return mos_train_rows(job, &trainer->run, data);
}

/* A model that fits into memory, and its first weights, which must fit the model. */
static mosaic_status prepare_model(mos_trainer *trainer) {
    mos_train_job *job = &trainer->job;
    mos_train_learner *learner = &trainer->learner;
    MOS_TRY(open_device(job, &learner->device));
    MOS_TRY(mos_train_find_size(job, &trainer->data, learner->card));
    MOS_TRY(mos_model_create(learner->device, &learner->card->spec,
                             (uint64_t)job->config->settings.train.seed, &learner->model));
    /* A resumed run asks for the weights to start from only when there is no checkpoint. */
    if (!job->options->resume && mos_train_writes(job))
        MOS_TRY(mos_train_init_weights(job, &trainer->data, &trainer->run, learner));
    return mos_train_choose_memory(job, learner);
}

/* Finds means and standard deviations; then makes the loader with them and the size of the patches. */
static mosaic_status prepare_statistics(mos_trainer *trainer, int threads) {
    const mos_train_job *job = &trainer->job;
    mos_model_card *card = trainer->learner.card;
    MOS_TRY(mos_train_agree(
        job, mos_train_statistics(job, &trainer->run, &trainer->data, threads, card)));
    MOS_TRY(mos_train_ranks_statistics(job, card));
    return bind_loader(job, &trainer->data, card);
}

/* Where the run stands: at a checkpoint, or at the beginning. */
static mosaic_status restore_or_start(mos_trainer *trainer) {
    const bool resume = trainer->job.options->resume;
    int64_t sizes[MOS_LOG_FILES] = {0};
    bool found = false;
    if (resume) MOS_TRY(mos_checkpoint_restore(trainer, sizes, &found));
    if (found) {
        trainer->run.resumed_from = trainer->at.step;
        mos_log(MOS_LOG_NOTICE, "resuming at step %lld (epoch %lld)", (long long)trainer->at.step,
                (long long)trainer->at.epoch + 1);
    } else if (resume) {
        MOS_TRY(mos_train_init_weights(&trainer->job, &trainer->data, &trainer->run,
                                       &trainer->learner));
    }
    return mos_train_open_log(&trainer->job, &trainer->learner.card->spec, &trainer->run,
                              found ? sizes : NULL);
}

mosaic_status mos_trainer_prepare_feed(mos_trainer *trainer) {
    MOS_TRY(mos_train_read_job(&trainer->job));
    MOS_TRY(prepare_data(trainer));
    MOS_TRY(mos_train_find_size(&trainer->job, &trainer->data, trainer->learner.card));
    MOS_TRY(prepare_statistics(trainer, trainer->job.options->threads));
    describe_loader(&trainer->job, NULL, &trainer->data);
    /* who looks at these batches has the labels alone, which are those of unmixed patches */
    trainer->data.loader_options.augment.mix = MOS_MIX_NONE;
    return MOSAIC_OK;
}

/* Everything that can be refused, the quickest to find out first; no file is changed. */
static mosaic_status prepare_own(mos_trainer *trainer) {
    mos_train_job *job = &trainer->job;
    MOS_TRY(mos_train_read_job(job));
    if (mos_train_writes(job)) MOS_TRY(open_directory(job->options, &trainer->run.directory));
    MOS_TRY(prepare_data(trainer));
    MOS_TRY(mos_train_pos_weight(job, &trainer->data));
    return prepare_model(trainer);
}

/* Takes the folder for this run and gives the notices; rank 0 alone does this. */
static mosaic_status claim(mos_trainer *trainer) {
    const mos_train_job *job = &trainer->job;
    if (!mos_train_writes(job)) return MOSAIC_OK;
    MOS_TRY(mos_train_claim(job, &trainer->data, &trainer->run, trainer->learner.card));
    return mos_train_notices(job, &trainer->data, &trainer->run);
}

/* Makes what every step uses. */
static mosaic_status prepare_steps(mos_trainer *trainer) {
    mos_train_job *job = &trainer->job;
    mos_train_learner *learner = &trainer->learner;
    MOS_TRY(make_loader(job, learner->device, &trainer->data));
    MOS_TRY(make_model(job, &trainer->ranks.norms, learner));
    if (job->options->plan == NULL && mos_train_writes(job))
        MOS_TRY(mos_checkpoint_space(&trainer->run, learner));
    make_schedule(job, trainer->data.batches, learner);
    trainer->run.reduced = job->config->data.limit > 0;
    return mos_train_ranks_start(trainer);
}

mosaic_status mos_trainer_prepare(mos_trainer *trainer) {
    const mos_train_job *job = &trainer->job;
    MOS_TRY(mos_train_agree(job, prepare_own(trainer)));
    MOS_TRY(mos_train_ranks_check(trainer));
    MOS_TRY(mos_train_agree(job, claim(trainer)));
    MOS_TRY(prepare_statistics(trainer, trainer->learner.device->threads));
    MOS_TRY(
        mos_norm_ranks_init(&trainer->ranks.norms, job->options->comm, mos_train_norm_ranks(job)));
    MOS_TRY(mos_train_agree(job, prepare_steps(trainer)));
    MOS_TRY(mos_train_agree(job, mos_train_writes(job) ? restore_or_start(trainer) : MOSAIC_OK));
    return mos_train_ranks_spread(trainer);
}

static void release_learner(mos_train_learner *learner) {
    mos_step_release(&learner->step);
    mos_objective_destroy(&learner->objective);
    mos_model_destroy(&learner->model);
    mos_model_destroy(&learner->eval_model);
    mos_device_close(&learner->device);
    mos_free(learner->rows_z);
    mos_free(learner->rows_pair);
    if (learner->card != NULL) mos_model_card_release(learner->card);
    mos_free(learner->card);
}

static void release_data(mos_train_data *data) {
    mos_dataset_close(&data->set);
    mos_free(data->train_rows);
    mos_free(data->valid_rows);
    mos_free(data->probe_rows);
    mos_free(data->keep);
    mos_free(data->labels);
    mos_free(data->pos_weight);
}

static void release_run(mos_train_run_files *run) {
    mos_text_list_release(&run->notices);
    mos_free(run->init_from);
    if (run->log_open) mos_run_log_close(&run->log);
    if (run->text_log != NULL) {
        mos_log_set_file(NULL);
        (void)fclose(run->text_log);
    }
    mos_run_directory_close(&run->directory);
}

void mos_trainer_release(mos_trainer *trainer) {
    mos_drain(trainer->learner.device); /* it may still read images */
    mos_loader_destroy(&trainer->data.loader);
    release_learner(&trainer->learner);
    mos_train_ranks_release(&trainer->ranks);
    release_data(&trainer->data);
    mos_config_destroy(&trainer->job.config);
    release_run(&trainer->run);
}
