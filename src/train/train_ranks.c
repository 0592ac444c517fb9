/* What ranks of a run do together outside the step itself: agreeing, starting from the same point,
 * putting their parts of a batch side by side. */
#include "train/train_state.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "train/checkpoint_parts.h"

#include <string.h>

/* ---- agreeing ---- */

bool mos_train_writes(const mos_train_job *job) {
    return mos_comm_rank(job->options->comm) == 0;
}

mosaic_status mos_train_agree(const mos_train_job *job, mosaic_status status) {
    return mos_comm_agree(job->options->comm, status);
}

mosaic_status mos_train_stop_asked(const mos_train_job *job, int *number) {
    int64_t most;
    MOS_TRY(mos_comm_most(job->options->comm, mos_stop_pending(), &most));
    *number = (int)most;
    return MOSAIC_OK;
}

int64_t mos_train_norm_ranks(const mos_train_job *job) {
    if (job->config->settings.train.freeze_norms) return 1;
    return mos_config_norm_ranks(job->config, mos_comm_size(job->options->comm));
}

static mosaic_status check_norms(const mos_trainer *trainer) {
    const mos_train_job *job = &trainer->job;
    const mos_settings_train *train = &job->config->settings.train;
    const int64_t ranks = mos_comm_size(job->options->comm);
    const int64_t together = mos_train_norm_ranks(job);
    if (ranks % together != 0)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "'train.batch_norm: %s': %lld ranks do not make such groups",
                        train->batch_norm, (long long)ranks);
    if (together > 1 && train->grad_cache > 0 && train->grad_cache < train->batch / ranks)
        return mos_fail(
            MOSAIC_ERR_USAGE,
            "'train.grad_cache' %lld cuts the %lld patches of a rank in chunks, each with "
            "statistics of its own, and 'train.batch_norm: %s' takes those of several "
            "ranks: train.batch_norm=local goes with it",
            (long long)train->grad_cache, (long long)(train->batch / ranks), train->batch_norm);
    return MOSAIC_OK;
}

static mosaic_status check_shares(const mos_trainer *trainer) {
    const mos_train_job *job = &trainer->job;
    const mos_settings_train *train = &job->config->settings.train;
    const int64_t ranks = mos_comm_size(job->options->comm);
    const int64_t rows = train->batch / ranks;
    if (job->options->plan != NULL)
        return mos_fail(MOSAIC_ERR_USAGE, "--dry-run is for one process, this is one of %lld",
                        (long long)ranks);
    if (train->batch % ranks != 0)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "'train.batch' is the batch of all ranks: %lld patches cannot be shared "
                        "equally by %lld",
                        (long long)train->batch, (long long)ranks);
    if (train->grad_cache > 0 && train->grad_cache < rows && rows % train->grad_cache != 0)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "'train.grad_cache' %lld is no part of the %lld patches that each of %lld "
                        "ranks has of a batch",
                        (long long)train->grad_cache, (long long)rows, (long long)ranks);
    return check_norms(trainer);
}

/* A hash of the resolved configuration, so that ranks can compare theirs. */
static mosaic_status hash_config(const mos_config *config, char hash[65]) {
    mos_text text = {0};
    mosaic_status status = mos_config_write(config, &text);
    if (status == MOSAIC_OK) mos_sha256(text.data, text.size, hash);
    mos_text_release(&text);
    return status;
}

mosaic_status mos_train_ranks_check(const mos_trainer *trainer) {
    mos_comm *comm = trainer->job.options->comm;
    const mos_device *device = trainer->learner.device;
    char hash[65] = "";
    if (mos_comm_size(comm) < 2) return MOSAIC_OK;
    MOS_TRY(mos_comm_agree(comm, check_shares(trainer)));
    MOS_TRY(mos_comm_agree(comm, hash_config(trainer->job.config, hash)));
    MOS_TRY(mos_comm_same(comm, hash, sizeof hash, "configuration"));
    MOS_TRY(mos_comm_same(comm, trainer->data.fingerprint, sizeof trainer->data.fingerprint,
                          "data set"));
    /* Every rank computes the losses itself; another instruction set or thread count would round
     * differently. */
    return mos_comm_same(comm, device->description, sizeof device->description,
                         "device (see mosaic doctor)");
}

/* ---- starting from the same point ---- */

mosaic_status mos_train_ranks_statistics(const mos_train_job *job, mos_model_card *card) {
    MOS_TRY(mos_comm_broadcast(job->options->comm, card->mean, sizeof card->mean, 0));
    return mos_comm_broadcast(job->options->comm, card->sd, sizeof card->sd, 0);
}

mosaic_status mos_train_ranks_start(mos_trainer *trainer) {
    const mos_model_spec *spec = &trainer->learner.card->spec;
    mos_train_ranks *ranks = &trainer->ranks;
    mos_comm *comm = trainer->job.options->comm;
    const size_t all = (size_t)trainer->job.config->settings.train.batch;
    const size_t rows = all / (size_t)mos_comm_size(comm);
    if (mos_comm_size(comm) < 2) return MOSAIC_OK;
    MOS_TRY(mos_shared_step_init(&ranks->step, comm, &trainer->learner.step,
                                 mos_model_get_plan(trainer->learner.model), &ranks->norms,
                                 mos_comm_neighbours(comm) == mos_comm_size(comm)));
    const size_t classes = (size_t)trainer->data.classes;
    const bool mixed = trainer->data.loader_options.augment.mix != MOS_MIX_NONE;
    const size_t target_bytes = mixed ? classes * sizeof(float) : 0;
    ranks->block = sizeof(mos_repairs) + rows * ((size_t)spec->modalities + classes + target_bytes);
    MOS_TRY(mos_alloc(ranks->block, 1, "rows of this rank", &ranks->mine));
    MOS_TRY(mos_alloc(ranks->block, (size_t)mos_comm_size(comm), "rows of ranks", &ranks->all));
    MOS_TRY(mos_alloc(all, classes, "labels of ranks", &ranks->labels));
    if (mixed)
        MOS_TRY(
            mos_alloc(all * classes, sizeof *ranks->targets, "targets of ranks", &ranks->targets));
    return mos_alloc(all, (size_t)spec->modalities, "presence of ranks", &ranks->present);
}

static mosaic_status spread_queue(const mos_trainer *trainer) {
    mos_comm *comm = trainer->job.options->comm;
    mos_checkpoint_queue parts[MOS_CHECKPOINT_QUEUE_PARTS];
    const int count = mos_checkpoint_list_queue(&trainer->learner, parts);
    for (int i = 0; i < count; i++)
        MOS_TRY(mos_comm_broadcast(comm, parts[i].data,
                                   (size_t)parts[i].count * mos_dtype_bytes(parts[i].type), 0));
    mos_objective_queue(trainer->learner.objective)->stale = true;
    return MOSAIC_OK;
}

mosaic_status mos_train_ranks_head(mos_trainer *trainer) {
    mos_model *model = trainer->learner.eval_model;
    if (mos_comm_size(trainer->job.options->comm) < 2) return MOSAIC_OK;
    MOS_TRY(mos_shared_step_spread(&trainer->ranks.step, trainer->learner.device,
                                   mos_model_params(model), mos_model_param_count(model)));
    MOS_TRY(mos_shared_step_spread(&trainer->ranks.step, trainer->learner.device,
                                   mos_model_state(model), mos_model_state_count(model)));
    mos_model_refresh(model);
    return MOSAIC_OK;
}

mosaic_status mos_train_ranks_fit_head(mos_trainer *trainer, int64_t limit) {
    const mosaic_status status =
        mos_train_fit_head(&trainer->job, &trainer->data, &trainer->learner, limit);
    if (status == MOSAIC_INTERRUPTED) return status; /* on all ranks (inference_ranks.h) */
    MOS_TRY(mos_train_agree(&trainer->job, status));
    return mos_train_ranks_head(trainer);
}

mosaic_status mos_train_ranks_moments(mos_trainer *trainer) {
    mos_step *step = &trainer->learner.step;
    if (mos_comm_size(trainer->job.options->comm) < 2) return MOSAIC_OK;
    MOS_TRY(mos_shared_step_gather(&trainer->ranks.step, step->moment1));
    return mos_shared_step_gather(&trainer->ranks.step, step->moment2);
}

mosaic_status mos_train_ranks_position(mos_trainer *trainer) {
    return mos_comm_broadcast(trainer->job.options->comm, &trainer->at, sizeof trainer->at, 0);
}

mosaic_status mos_train_ranks_spread(mos_trainer *trainer) {
    mos_checkpoint_block blocks[MOS_CHECKPOINT_BLOCKS];
    if (mos_comm_size(trainer->job.options->comm) < 2) return MOSAIC_OK;
    mos_checkpoint_list_blocks(&trainer->learner, blocks);
    for (int i = 0; i < MOS_CHECKPOINT_BLOCKS; i++)
        if (blocks[i].device != NULL)
            MOS_TRY(mos_shared_step_spread(&trainer->ranks.step, trainer->learner.device,
                                           blocks[i].device, blocks[i].count));
    MOS_TRY(spread_queue(trainer));
    return mos_train_ranks_position(trainer);
}

/* ---- a batch ---- */

/* What a rank tells of its rows: repairs, presence [modalities, rows], labels [rows, classes], and where
 * patches are mixed targets [rows, classes]. */
static void pack_block(const mos_trainer *trainer, const mos_batch *own) {
    const size_t rows = (size_t)own->count, classes = (size_t)trainer->data.classes;
    unsigned char *to = trainer->ranks.mine;
    memcpy(to, &own->repairs, sizeof own->repairs);
    to += sizeof own->repairs;
    for (int64_t m = 0; m < trainer->learner.card->spec.modalities; m++, to += rows)
        memcpy(to, own->present[m], rows);
    memcpy(to, own->labels, rows * classes);
    to += rows * classes;
    if (own->targets != NULL) memcpy(to, own->targets, rows * classes * sizeof *own->targets);
}

static void unpack_block(const mos_trainer *trainer, const mos_batch *own, size_t rank,
                         mos_batch *whole) {
    const size_t rows = (size_t)own->count, classes = (size_t)trainer->data.classes;
    const unsigned char *from = trainer->ranks.all + rank * trainer->ranks.block;
    mos_repairs repairs;
    memcpy(&repairs, from, sizeof repairs);
    mos_repairs_add(&whole->repairs, &repairs);
    from += sizeof repairs;
    for (int64_t m = 0; m < trainer->learner.card->spec.modalities; m++, from += rows)
        memcpy(whole->present[m] + rank * rows, from, rows);
    memcpy(whole->labels + rank * rows * classes, from, rows * classes);
    from += rows * classes;
    if (whole->targets != NULL)
        memcpy(whole->targets + rank * rows * classes, from,
               rows * classes * sizeof *whole->targets);
}

mosaic_status mos_train_ranks_batch(mos_trainer *trainer, const mos_batch *own, mos_batch *whole) {
    mos_train_ranks *ranks = &trainer->ranks;
    mos_comm *comm = trainer->job.options->comm;
    const int64_t modalities = trainer->learner.card->spec.modalities;
    *whole = *own;
    if (mos_comm_size(comm) < 2) return MOSAIC_OK;
    pack_block(trainer, own);
    MOS_TRY(mos_comm_gather(comm, ranks->mine, ranks->block, ranks->all));
    whole->count = whole->valid = own->count * mos_comm_size(comm);
    whole->labels = ranks->labels;
    whole->targets = ranks->targets;
    whole->samples = NULL; /* of the others they are not known */
    whole->repeats = NULL;
    whole->repairs = (mos_repairs){0};
    for (int64_t m = 0; m < modalities; m++)
        whole->present[m] = ranks->present + m * whole->count;
    for (int64_t r = 0; r < mos_comm_size(comm); r++)
        unpack_block(trainer, own, (size_t)r, whole);
    for (int64_t m = 0; m < modalities; m++)
        whole->all_present[m] = memchr(whole->present[m], 0, (size_t)whole->count) == NULL;
    return MOSAIC_OK;
}

/* ---- who waits for whom ---- */

void mos_train_ranks_clock(mos_trainer *trainer, int sign) {
    const mos_comm *comm = trainer->job.options->comm;
    trainer->ranks.steps_ns += sign * mos_now_ns();
    for (int k = 0; k < MOS_COMM_KINDS; k++)
        trainer->ranks.calls_ns += sign * mos_comm_traffic_of(comm, (mos_comm_kind)k).ns;
}

/* own: share of its steps that each rank was at work itself. The rank with the most is the one that the
 * others wait for. */
static void say_work(const mos_comm *comm, const double *own, const mos_buckets *buckets,
                     double waited) {
    int64_t slowest = 0, quickest = 0;
    for (int64_t r = 1; r < mos_comm_size(comm); r++) {
        if (own[r] > own[slowest]) slowest = r;
        if (own[r] < own[quickest]) quickest = r;
    }
    mos_log(MOS_LOG_NOTICE,
            "ranks: slowest %lld (%s), %.1f %% of its steps its own work, quickest %lld (%s), %.1f "
            "%%; %lld of %lld buckets of gradients sent during the backward pass, %.1f %% of the "
            "steps waiting for their sums behind it",
            (long long)slowest, mos_comm_host(comm, slowest), 100 * own[slowest],
            (long long)quickest, mos_comm_host(comm, quickest), 100 * own[quickest],
            (long long)buckets->early, (long long)buckets->summed, 100 * waited);
}

mosaic_status mos_train_ranks_say(mos_trainer *trainer) {
    mos_comm *comm = trainer->job.options->comm;
    mos_train_ranks *ranks = &trainer->ranks;
    mos_buckets *buckets = &ranks->step.buckets;
    const double steps = (double)(ranks->steps_ns > 0 ? ranks->steps_ns : 1);
    const double mine = (double)(ranks->steps_ns - ranks->calls_ns) / steps;
    double *own = NULL;
    if (mos_comm_size(comm) < 2) return MOSAIC_OK;
    MOS_TRY(mos_alloc((size_t)mos_comm_size(comm), sizeof *own, "shares of ranks", &own));
    mosaic_status status = mos_comm_gather(comm, &mine, sizeof mine, own);
    if (status == MOSAIC_OK) say_work(comm, own, buckets, (double)buckets->waited_ns / steps);
    mos_free(own);
    ranks->steps_ns = ranks->calls_ns = 0;
    buckets->early = buckets->summed = buckets->waited_ns = 0;
    return status;
}

void mos_train_ranks_release(mos_train_ranks *ranks) {
    mos_shared_step_release(&ranks->step);
    mos_free(ranks->mine);
    mos_free(ranks->all);
    mos_free(ranks->labels);
    mos_free(ranks->targets);
    mos_free(ranks->present);
    *ranks = (mos_train_ranks){0};
}
