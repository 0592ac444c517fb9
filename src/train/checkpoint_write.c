/* Checkpoints are written to a temporary name, synced and renamed. */
#include "train/checkpoint_parts.h"
#include "train/train_state.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum { PAIRS = 10 };

/* What a file is made of while it is being written. */
typedef struct draft {
    mos_tensor_source *tensor;
    char (*name)[MOS_CHECKPOINT_NAME]; /* of the tensors */
    size_t tensors;
    void *host[MOS_CHECKPOINT_BLOCKS];
    int64_t counters[MOS_CHECKPOINT_COUNTERS], sizes[MOS_LOG_FILES];
    double numbers[MOS_CHECKPOINT_NUMBERS];
    uint64_t sum;
    char sum_text[24], threads[16], precision[8];
    const char *pairs[2 * PAIRS];
    size_t pair_count;
} draft;

static void add_tensor(draft *it, const char *before, const char *name, mos_dtype type, int rank,
                       const int64_t *shape, const void *data) {
    mos_tensor_source *tensor = &it->tensor[it->tensors];
    size_t bytes = mos_dtype_bytes(type);
    (void)snprintf(it->name[it->tensors], MOS_CHECKPOINT_NAME, "%s%s", before, name);
    *tensor = (mos_tensor_source){
        .name = it->name[it->tensors++], .dtype = type, .rank = rank, .data = data};
    for (int i = 0; i < rank; i++) {
        tensor->shape[i] = shape[i];
        bytes *= (size_t)shape[i];
    }
    it->sum = mos_checkpoint_sum(data, bytes, it->sum);
}

static void add_vector(draft *it, const char *name, mos_dtype type, int64_t count,
                       const void *data) {
    add_tensor(it, "", name, type, 1, &count, data);
}

static mosaic_status add_block(const mos_train_learner *learner, draft *it,
                               const mos_checkpoint_block *from, void **host) {
    mos_device *device = learner->device;
    int64_t parameters;
    const mos_parameter *list = mos_model_parameters(learner->model, &parameters);
    if (from->device == NULL) return MOSAIC_OK;
    MOS_TRY(mos_alloc((size_t)from->count, device->real_bytes, "a checkpoint", host));
    MOS_TRY(mos_checkpoint_get_block(device, from, *host));
    if (from->kind == MOS_BLOCK_WHOLE)
        add_vector(it, from->name, mos_checkpoint_real_type(device), from->count, *host);
    for (int64_t i = 0; i < parameters; i++) {
        const mos_parameter *parameter = &list[i];
        if (mos_checkpoint_is_part(from, parameter))
            add_tensor(it, from->name, parameter->name, mos_checkpoint_real_type(device),
                       mos_parameter_file_rank(parameter), parameter->shape,
                       mos_checkpoint_real_at(device, *host, parameter->offset));
    }
    return MOSAIC_OK;
}

static void add_pair(draft *it, const char *key, const char *value) {
    it->pairs[2 * it->pair_count] = key;
    it->pairs[2 * it->pair_count + 1] = value;
    it->pair_count++;
}

static mosaic_status fill_draft(mos_trainer *trainer, draft *it) {
    mos_checkpoint_block blocks[MOS_CHECKPOINT_BLOCKS];
    mos_checkpoint_queue queue[MOS_CHECKPOINT_QUEUE_PARTS];
    mos_device *device = trainer->learner.device;
    mos_checkpoint_list_blocks(&trainer->learner, blocks);
    const int parts = mos_checkpoint_list_queue(&trainer->learner, queue);
    int64_t parameters;
    (void)mos_model_parameters(trainer->learner.model, &parameters);
    /* position, sums, lengths of logs, parts of the queue; weights and two moments */
    size_t most = 3 + MOS_CHECKPOINT_BLOCKS + MOS_CHECKPOINT_QUEUE_PARTS + 3 * (size_t)parameters;
    MOS_TRY(mos_alloc(most, sizeof *it->tensor, "a checkpoint", &it->tensor));
    MOS_TRY(mos_alloc(most, sizeof *it->name, "a checkpoint", &it->name));
    /* Eight-byte tensors first: every offset stays aligned. */
    mos_checkpoint_pack(&trainer->at, it->counters, it->numbers);
    MOS_TRY(mos_run_log_sync(&trainer->run.log, it->sizes));
    add_vector(it, "position", MOS_I64, MOS_CHECKPOINT_COUNTERS, it->counters);
    add_vector(it, "sums", MOS_F64, MOS_CHECKPOINT_NUMBERS, it->numbers);
    add_vector(it, "log_sizes", MOS_I64, MOS_LOG_FILES, it->sizes);
    if (parts > 0) add_vector(it, queue[0].name, queue[0].type, queue[0].count, queue[0].data);
    for (int i = 0; i < MOS_CHECKPOINT_BLOCKS; i++)
        MOS_TRY(add_block(&trainer->learner, it, &blocks[i], &it->host[i]));
    for (int i = 1; i < parts; i++)
        add_vector(it, queue[i].name, queue[i].type, queue[i].count, queue[i].data);
    (void)snprintf(it->sum_text, sizeof it->sum_text, "%016llx", (unsigned long long)it->sum);
    (void)snprintf(it->threads, sizeof it->threads, "%d", device->threads);
    (void)snprintf(it->precision, sizeof it->precision, "%s",
                   mos_precision_names[device->precision]);
    add_pair(it, "format", MOS_CHECKPOINT_FORMAT);
    add_pair(it, "mosaic_version", MOSAIC_VERSION);
    add_pair(it, "checksum", it->sum_text);
    add_pair(it, "dataset", trainer->data.fingerprint);
    add_pair(it, "precision", it->precision);
    add_pair(it, "threads", it->threads);
    add_pair(it, "device", device->description);
    if (trainer->run.init_from != NULL) {
        add_pair(it, "init_from", trainer->run.init_from);
        add_pair(it, "init_sha256", trainer->run.init_sha256);
    }
    add_pair(it, "config",
             trainer->learner.card->config == NULL ? "" : trainer->learner.card->config);
    return MOSAIC_OK;
}
mosaic_status mos_checkpoint_write(mos_trainer *trainer) {
    const mos_train_run_files *run = &trainer->run;
    char path[4096];
    draft *it = NULL;
    mosaic_status status;
    MOS_GOTO(mos_alloc(1, sizeof *it, "a checkpoint", &it));
    MOS_GOTO(fill_draft(trainer, it));
    MOS_GOTO(mos_checkpoint_path(run, trainer->at.step, path, sizeof path));
    MOS_GOTO(
        mos_context(mos_safetensors_write(path, it->tensor, it->tensors, it->pairs, it->pair_count),
                    "checkpoint of step %lld", (long long)trainer->at.step));
    MOS_GOTO(mos_checkpoint_point(run, "checkpoints/last", trainer->at.step));
    if (trainer->at.best_step > 0)
        MOS_GOTO(mos_checkpoint_point(run, "checkpoints/best", trainer->at.best_step));
    status =
        mos_checkpoint_prune(run, trainer->job.config->settings.train.keep, trainer->at.best_step);
done:
    for (int i = 0; it != NULL && i < MOS_CHECKPOINT_BLOCKS; i++)
        mos_free(it->host[i]);
    if (it != NULL) {
        mos_free(it->tensor);
        mos_free(it->name);
    }
    mos_free(it);
    return status;
}
