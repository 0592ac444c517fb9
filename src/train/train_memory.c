/* What a run will hold in memory, by kind, and which way of training fits a budget. */
#include "train/train_state.h"

#include <stdio.h>
#include <string.h>

/* Program, libraries and what a data set keeps of its index, as a round figure: a run that is
 * resumed must come to the same choice. */
static const double process_bytes = 256e6;

enum { LEAST_CHUNK = 8, USUAL_CHUNK = 32 };

mos_model_plan mos_train_model_plan(const mos_train_job *job, const mos_train_learner *learner) {
    const mos_settings_train *train = &job->config->settings.train;
    mos_model_plan plan = {.batch = train->batch,
                           .freeze = {train->freeze_stages, train->freeze_norms},
                           .height = learner->card->height,
                           .width = learner->card->width,
                           .train = true,
                           .latents = (job->needs & MOS_NEEDS_ANY_LATENTS) != 0,
                           .recompute = (mos_recompute)train->recompute,
                           .ranks = mos_comm_size(job->options->comm),
                           .rank = mos_comm_rank(job->options->comm)};
    if (train->grad_cache < train->batch / plan.ranks) plan.chunk = train->grad_cache;
    for (int64_t m = 0; m < learner->card->spec.modalities; m++)
        plan.views[m] = job->views.views;
    /* Norms that ranks take together are collective calls, which encoders at the same time would make in
     * another order on every rank; but one can go on where the other waits. */
    if (mos_train_norm_ranks(job) > 1)
        plan.workers = learner->card->spec.modalities;
    else if (train->encoders == MOS_ENCODERS_SIDE_BY_SIDE)
        plan.workers = learner->device->threads;
    return plan;
}

/* Images of `slots` batches of `rows` patches in `views` view sets, as the loader holds them. */
static double loader_bytes(const mos_model_card *card, int64_t rows, int64_t views, int64_t slots) {
    double bands = 0;
    for (int64_t m = 0; m < card->spec.modalities; m++)
        bands += (double)card->spec.modality[m].bands;
    return (double)slots * (double)rows *
           ((double)views * bands * (double)(card->height * card->width) * sizeof(float) +
            (double)card->spec.classes + (double)sizeof(int64_t));
}

/* Validation: weights of its own, a plan and a loader. */
static mosaic_status validation_bytes(const mos_train_learner *learner, double *bytes) {
    mos_memory_report report;
    mos_model_plan plan = {.batch = MOS_INFERENCE_BATCH,
                           .height = learner->card->height,
                           .width = learner->card->width};
    for (int64_t m = 0; m < learner->card->spec.modalities; m++)
        plan.views[m] = 1;
    MOS_TRY(mos_model_plan_measure(learner->model, &plan, &report));
    *bytes = (double)(report.total - report.gradients) +
             loader_bytes(learner->card, MOS_INFERENCE_BATCH, 1, 4);
    return MOSAIC_OK;
}

mosaic_status mos_train_memory(const mos_train_job *job, const mos_train_learner *learner,
                               mos_run_memory *out) {
    const mos_settings_train *train = &job->config->settings.train;
    mos_optimizer_kind kind = mos_config_optimizer(job->config);
    const mos_model_plan plan = mos_train_model_plan(job, learner);
    mos_memory_report report;
    bool two = kind == MOS_OPTIMIZER_ADAM || kind == MOS_OPTIMIZER_ADAMW;
    *out = (mos_run_memory){.process = process_bytes};
    MOS_TRY(validation_bytes(learner, &out->validation));
    MOS_TRY(mos_model_plan_measure(learner->model, &plan, &report));
    out->weights = (double)report.parameters;
    out->gradients = (double)report.gradients;
    out->moments = (two ? 2.0 : 1.0) * (double)report.gradients;
    out->packed = (double)report.packed;
    out->activations = (double)report.arena;
    out->losses = (double)mos_objective_bytes(
        learner->device, &job->objective, learner->card->spec.modalities, train->batch,
        learner->card->spec.classes, learner->card->spec.latent);
    if (plan.latents)
        out->losses += 2.0 * sizeof(float) * (double)(train->batch * learner->card->spec.latent);
    out->views = loader_bytes(learner->card, train->batch / plan.ranks, job->views.views,
                              train->prefetch + 1);
    out->checkpoint = out->weights + out->moments;
    out->total = out->process + out->weights + out->gradients + out->moments + out->packed +
                 out->activations + out->losses + out->views + out->validation + out->checkpoint;
    return MOSAIC_OK;
}

/* ---- the choice ---- */

typedef struct memory_way {
    int recompute;
    int64_t chunk, prefetch;
} memory_way;

typedef struct memory_search {
    mos_train_job *job;
    const mos_train_learner *learner;
    double budget, least; /* least: what the smallest way so far takes */
    bool found;
    memory_way way;
    mos_run_memory memory;
} memory_search;

static bool is_chosen(const mos_config *config, const char *key) {
    const mos_option *option = mos_options_find(&config->table, key);
    return option != NULL && config->origins[option - config->options].rank > MOS_ORIGIN_PRESET;
}

/* Tries a way, where the configuration leaves it open. */
static mosaic_status try_way(memory_search *search, memory_way way) {
    const mos_config *config = search->job->config;
    mos_settings_train *train = &search->job->config->settings.train;
    const mos_settings_train before = *train;
    mos_run_memory memory;
    if (search->found ||
        (is_chosen(config, "train.recompute") && way.recompute != train->recompute))
        return MOSAIC_OK;
    if (is_chosen(config, "train.grad_cache") && way.chunk != train->grad_cache) return MOSAIC_OK;
    if (is_chosen(config, "train.prefetch") && way.prefetch != train->prefetch) return MOSAIC_OK;
    train->recompute = way.recompute;
    train->grad_cache = way.chunk;
    train->prefetch = way.prefetch;
    mosaic_status status = mos_train_memory(search->job, search->learner, &memory);
    *train = before;
    MOS_TRY(status);
    if (search->least == 0 || memory.total < search->least) search->least = memory.total;
    if (memory.total > search->budget) return MOSAIC_OK;
    search->found = true;
    search->way = way;
    search->memory = memory;
    return MOSAIC_OK;
}

/* Tries the quickest ways first. Loading a batch while no step runs costs a hundredth of a step.
 * Recomputing norms costs a few hundredths; recomputing blocks and caching gradients cost a third.
 * Cached gradients change the statistics of batch norm, so they come last. */
static mosaic_status search_ways(memory_search *search) {
    const mos_settings_train *train = &search->job->config->settings.train;
    const int64_t batch = train->batch / mos_comm_size(search->job->options->comm),
                  asked = train->prefetch, given = train->grad_cache;
    for (int recompute = MOS_RECOMPUTE_NONE; recompute <= MOS_RECOMPUTE_BLOCK; recompute++)
        for (int64_t ahead = asked; ahead >= 0; ahead = ahead > 1 ? 1 : ahead - 1) {
            MOS_TRY(try_way(search, (memory_way){recompute, 0, ahead}));
            if (given > 0) MOS_TRY(try_way(search, (memory_way){recompute, given, ahead}));
        }
    if (mos_train_norm_ranks(search->job) > 1)
        return MOSAIC_OK; /* chunks have their own statistics */
    for (int recompute = MOS_RECOMPUTE_NONE; recompute <= MOS_RECOMPUTE_BLOCK; recompute++) {
        int64_t least = recompute == MOS_RECOMPUTE_BLOCK ? LEAST_CHUNK : USUAL_CHUNK;
        for (int64_t parts = 2; batch / parts >= least && !search->found; parts++)
            for (int64_t ahead = asked < 1 ? asked : 1; ahead >= 0 && batch % parts == 0; ahead--)
                MOS_TRY(try_way(search, (memory_way){recompute, batch / parts, ahead}));
    }
    return MOSAIC_OK;
}

static mosaic_status assign(mos_config *config, const char *key, const char *value) {
    return mos_config_assign(config, key, value, MOS_ORIGIN_DERIVED, "derived: fits train.memory");
}

static mosaic_status take_way(memory_search *search) {
    const char *const *names = mos_recompute_names;
    const memory_way *way = &search->way;
    char number[2][32];
    (void)snprintf(number[0], sizeof number[0], "%lld", (long long)way->chunk);
    (void)snprintf(number[1], sizeof number[1], "%lld", (long long)way->prefetch);
    MOS_TRY(assign(search->job->config, "train.recompute", names[way->recompute]));
    MOS_TRY(assign(search->job->config, "train.grad_cache", number[0]));
    MOS_TRY(assign(search->job->config, "train.prefetch", number[1]));
    const mos_run_memory *m = &search->memory;
    mos_log(MOS_LOG_NOTICE,
            "memory: %.2f of %.2f GB with train.recompute %s, train.grad_cache %s, train.prefetch "
            "%s, the quickest way that fits: views %.2f, activations %.2f, weights %.2f, "
            "gradients and moments %.2f, packed weights %.2f, losses %.2f, validation %.2f, "
            "checkpoints %.2f, program %.2f",
            m->total * 1e-9, search->budget * 1e-9, names[way->recompute], number[0], number[1],
            m->views * 1e-9, m->activations * 1e-9, m->weights * 1e-9,
            (m->gradients + m->moments) * 1e-9, m->packed * 1e-9, m->losses * 1e-9,
            m->validation * 1e-9, m->checkpoint * 1e-9, m->process * 1e-9);
    return MOSAIC_OK;
}

mosaic_status mos_train_choose_memory(mos_train_job *job, const mos_train_learner *learner) {
    const mos_settings_train *train = &job->config->settings.train;
    if (train->memory == 0) return MOSAIC_OK;
    memory_search search = {.job = job, .learner = learner, .budget = train->memory * 1e9};
    MOS_TRY(search_ways(&search));
    if (search.found) return take_way(&search);
    return mos_fail(MOSAIC_ERR_MEMORY,
                    "'train.memory': batches of %lld patches do not fit %.2f GB; the smallest way "
                    "to train them takes %.2f GB",
                    (long long)train->batch, search.budget * 1e-9, search.least * 1e-9);
}
