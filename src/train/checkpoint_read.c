/* Reads a checkpoint back when its format and checksum are right and it belongs to this run. In place
 * of a damaged one the one before it is read. */
#include "train/checkpoint_parts.h"
#include "train/train_state.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

#define UNNAMED_FORMAT "mosaic-checkpoint-1" /* weights and moments were one tensor each */

static const mos_tensor_view *find_vector(const mos_safetensors *file, const char *name,
                                          mos_dtype type, int64_t count) {
    const mos_tensor_view *tensor = mos_safetensors_find(file, name);
    bool fits =
        tensor != NULL && tensor->dtype == type && tensor->rank == 1 && tensor->shape[0] == count;
    return fits ? tensor : NULL;
}

static mosaic_status fail_damaged(const char *path, const char *what) {
    return mos_fail(MOSAIC_ERR_DATA, "%s: damaged checkpoint: %s", path, what);
}

/* The file is a whole checkpoint of this program: format and checksum. */
static mosaic_status verify(const mos_safetensors *file, const char *path) {
    const char *format = mos_safetensors_metadata(file, "format");
    const char *wanted = mos_safetensors_metadata(file, "checksum");
    char found[24];
    uint64_t sum = 0;
    if (format != NULL && strcmp(format, UNNAMED_FORMAT) == 0)
        return mos_fail(MOSAIC_ERR_RESUME,
                        "%s is a checkpoint of an earlier version (" UNNAMED_FORMAT
                        ", wanted " MOS_CHECKPOINT_FORMAT
                        "): go on with that version, or train again with --overwrite",
                        path);
    if (format == NULL || strcmp(format, MOS_CHECKPOINT_FORMAT) != 0)
        return fail_damaged(path, "its format is not " MOS_CHECKPOINT_FORMAT);
    for (size_t i = 0; i < file->count; i++)
        sum = mos_checkpoint_sum(file->tensors[i].data, file->tensors[i].bytes, sum);
    (void)snprintf(found, sizeof found, "%016llx", (unsigned long long)sum);
    if (wanted == NULL || strcmp(wanted, found) != 0)
        return fail_damaged(path, "its checksum does not agree");
    return MOSAIC_OK;
}

/* What must agree between a resumed run and the checkpoint besides the configuration. */
static mosaic_status check_company(const mos_train_learner *learner, const char *fingerprint,
                                   const mos_safetensors *file, const char *path) {
    const char *dataset = mos_safetensors_metadata(file, "dataset");
    const char *precision = mos_safetensors_metadata(file, "precision");
    const char *threads = mos_safetensors_metadata(file, "threads");
    int64_t count;
    if (dataset == NULL || strcmp(dataset, fingerprint) != 0)
        return mos_fail(MOSAIC_ERR_RESUME,
                        "%s was trained on other data: fingerprint %.16s..., now %.16s...", path,
                        dataset == NULL ? "" : dataset, fingerprint);
    if (precision == NULL ||
        strcmp(precision, mos_precision_names[learner->device->precision]) != 0)
        return mos_fail(MOSAIC_ERR_RESUME, "%s was trained in %s, this device computes in %s", path,
                        precision == NULL ? "?" : precision,
                        mos_precision_names[learner->device->precision]);
    if (threads != NULL && mos_parse_int(threads, &count) && count != learner->device->threads)
        mos_log(MOS_LOG_WARNING,
                "the run was started with %lld threads and goes on with %d: last bits may differ",
                (long long)count, learner->device->threads);
    return MOSAIC_OK;
}

/* A tensor of a block, with the name and shape it was written with; `to`: reals on the host. */
static mosaic_status copy_tensor(const mos_train_learner *learner, const mos_safetensors *file,
                                 const char *path, const mos_checkpoint_block *of,
                                 const mos_parameter *parameter, void *to) {
    char name[MOS_CHECKPOINT_NAME], shape[128];
    const mos_dtype type = mos_checkpoint_real_type(learner->device);
    (void)snprintf(name, sizeof name, "%s%s", of->name, parameter->name);
    const mos_tensor_view *tensor = mos_safetensors_find(file, name);
    if (tensor == NULL || tensor->dtype != type || !mos_tensor_fits(tensor, parameter))
        return mos_fail(MOSAIC_ERR_DATA, "%s: '%s' wants %s of shape %s%s", path, name,
                        mos_dtype_name(type),
                        mos_shape_text(mos_parameter_file_rank(parameter), parameter->shape, shape,
                                       sizeof shape),
                        tensor == NULL ? ", found no such tensor" : ", found another");
    memcpy(mos_checkpoint_real_at(learner->device, to, parameter->offset), tensor->data,
           tensor->bytes);
    return MOSAIC_OK;
}

static mosaic_status copy_block(const mos_train_learner *learner, const mos_safetensors *file,
                                const char *path, const mos_checkpoint_block *to) {
    mos_device *device = learner->device;
    int64_t parameters;
    const mos_parameter *list = mos_model_parameters(learner->model, &parameters);
    void *host;
    /* the padding between the model's tensors stays 0 */
    MOS_TRY(mos_alloc((size_t)to->count, device->real_bytes, "a checkpoint", &host));
    mosaic_status status = MOSAIC_OK;
    if (to->kind == MOS_BLOCK_WHOLE) {
        const mos_tensor_view *tensor =
            find_vector(file, to->name, mos_checkpoint_real_type(device), to->count);
        if (tensor == NULL)
            MOS_GOTO(mos_fail(MOSAIC_ERR_DATA, "%s: '%s' wants %lld values of %s", path, to->name,
                              (long long)to->count,
                              mos_dtype_name(mos_checkpoint_real_type(device))));
        memcpy(host, tensor->data, tensor->bytes); /* the mapped file may be unaligned */
    }
    for (int64_t i = 0; i < parameters; i++)
        if (mos_checkpoint_is_part(to, &list[i]))
            MOS_GOTO(copy_tensor(learner, file, path, to, &list[i], host));
    mos_checkpoint_put_block(device, to, host);
done:
    mos_free(host);
    return status;
}

static mosaic_status restore_position(mos_train_position *at, int64_t batches,
                                      const mos_safetensors *file, const char *path,
                                      int64_t sizes[MOS_LOG_FILES]) {
    const mos_tensor_view *whole = find_vector(file, "position", MOS_I64, MOS_CHECKPOINT_COUNTERS);
    const mos_tensor_view *sums = find_vector(file, "sums", MOS_F64, MOS_CHECKPOINT_NUMBERS);
    const mos_tensor_view *lengths = find_vector(file, "log_sizes", MOS_I64, MOS_LOG_FILES);
    int64_t counters[MOS_CHECKPOINT_COUNTERS];
    double numbers[MOS_CHECKPOINT_NUMBERS];
    if (whole == NULL || sums == NULL || lengths == NULL)
        return fail_damaged(path, "its position is missing");
    memcpy(counters, whole->data, sizeof counters);
    memcpy(numbers, sums->data, sizeof numbers);
    memcpy(sizes, lengths->data, MOS_LOG_FILES * sizeof *sizes);
    for (int i = 0; i < MOS_CHECKPOINT_COUNTERS; i++) {
        if (counters[i] < 0) return fail_damaged(path, "its position makes no sense");
    }
    for (int i = 0; i < MOS_LOG_FILES; i++) {
        if (sizes[i] < 0) return fail_damaged(path, "its position makes no sense");
    }
    mos_checkpoint_unpack(counters, numbers, at);
    bool sane = at->batch <= batches && at->step == at->epoch * batches + at->batch;
    return sane ? MOSAIC_OK : fail_damaged(path, "its position makes no sense");
}

static mosaic_status restore_queue(const mos_train_learner *learner, const mos_safetensors *file,
                                   const char *path) {
    mos_checkpoint_queue parts[MOS_CHECKPOINT_QUEUE_PARTS];
    const int count = mos_checkpoint_list_queue(learner, parts);
    for (int i = 0; i < count; i++) {
        const mos_tensor_view *tensor =
            find_vector(file, parts[i].name, parts[i].type, parts[i].count);
        if (tensor == NULL) return fail_damaged(path, "its queue of labelled latents is missing");
        memcpy(parts[i].data, tensor->data, tensor->bytes);
    }
    mos_label_queue *queue = mos_objective_queue(learner->objective);
    queue->stale = true;
    const int64_t held = queue->cursor[0], next = queue->cursor[1];
    bool sane = count == 0 || (held >= 0 && held <= queue->size && next >= 0 &&
                               next < queue->size && (held == queue->size || next == held));
    return sane ? MOSAIC_OK : fail_damaged(path, "its queue of labelled latents makes no sense");
}

/* Where the run's weights once came from, for its provenance. */
static mosaic_status restore_origin(mos_train_run_files *run, const mos_safetensors *file) {
    const char *from = mos_safetensors_metadata(file, "init_from");
    const char *hash = mos_safetensors_metadata(file, "init_sha256");
    if (from == NULL || hash == NULL) return MOSAIC_OK;
    (void)snprintf(run->init_sha256, sizeof run->init_sha256, "%s", hash);
    return mos_copy_text(from, &run->init_from);
}

static mosaic_status restore_file(mos_trainer *trainer, const char *path,
                                  int64_t sizes[MOS_LOG_FILES]) {
    mos_safetensors file = {0};
    mos_checkpoint_block blocks[MOS_CHECKPOINT_BLOCKS];
    mosaic_status status;
    mos_checkpoint_list_blocks(&trainer->learner, blocks);
    MOS_GOTO(mos_safetensors_open(path, &file));
    MOS_GOTO(verify(&file, path));
    MOS_GOTO(check_company(&trainer->learner, trainer->data.fingerprint, &file, path));
    for (int i = 0; i < MOS_CHECKPOINT_BLOCKS; i++) {
        if (blocks[i].device != NULL)
            MOS_GOTO(copy_block(&trainer->learner, &file, path, &blocks[i]));
    }
    MOS_GOTO(restore_queue(&trainer->learner, &file, path));
    MOS_GOTO(restore_position(&trainer->at, trainer->data.batches, &file, path, sizes));
    status = restore_origin(&trainer->run, &file);
done:
    mos_safetensors_release(&file);
    return status;
}

mosaic_status mos_checkpoint_restore(mos_trainer *trainer, int64_t sizes[MOS_LOG_FILES],
                                     bool *found) {
    int64_t *steps;
    size_t count;
    *found = false;
    mosaic_status status = mos_checkpoint_list(&trainer->run, &steps, &count);
    for (size_t i = 0; i < count && !*found && status == MOSAIC_OK; i++) {
        char path[4096];
        status = mos_checkpoint_path(&trainer->run, steps[i], path, sizeof path);
        if (status == MOSAIC_OK) status = restore_file(trainer, path, sizes);
        *found = status == MOSAIC_OK;
        bool damaged = status == MOSAIC_ERR_DATA;
        if (damaged && i + 1 < count) {
            mos_log(MOS_LOG_WARNING, "%s; falling back to the checkpoint before it",
                    mosaic_error());
            status = MOSAIC_OK;
        }
    }
    mos_free(steps);
    return status;
}

mosaic_status mos_checkpoint_weights(const mos_trainer *trainer, int64_t step, mos_model *model) {
    mos_safetensors file = {0};
    char path[4096];
    mos_checkpoint_block blocks[MOS_CHECKPOINT_BLOCKS];
    mosaic_status status;
    mos_checkpoint_list_blocks(&trainer->learner, blocks);
    blocks[0].device = mos_model_params(model);
    blocks[1].device = mos_model_state(model);
    MOS_GOTO(mos_checkpoint_path(&trainer->run, step, path, sizeof path));
    MOS_GOTO(mos_safetensors_open(path, &file));
    MOS_GOTO(verify(&file, path));
    MOS_GOTO(copy_block(&trainer->learner, &file, path, &blocks[0]));
    MOS_GOTO(copy_block(&trainer->learner, &file, path, &blocks[1]));
    mos_model_refresh(model);
done:
    mos_safetensors_release(&file);
    return status;
}
