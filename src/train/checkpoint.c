/* Checkpoints: checkpoints/step-N.safetensors with weights and running statistics under the names
 * of a model file, the moments of each weight ("moment1." and "moment2." before its name), the
 * queue of labelled latents and the position in the run, written to a temporary name, synced and
 * renamed; `last` and `best` are text files that name one, replaced the same way. A kill at any
 * moment leaves the older ones whole. */
#include "train/train_state.h"

#include "artifact/model_file_tensor.h"
#include "base/file.h"
#include "base/memory.h"
#include "io/safetensors.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#define CHECKPOINT_FORMAT "mosaic-checkpoint-2"
#define UNNAMED_FORMAT    "mosaic-checkpoint-1" /* weights and moments were one tensor each */

/* A block on the device, and which tensors of the file it is. */
typedef enum block_kind {
    BLOCK_TRAINABLE, /* a tensor for each trainable tensor of the model */
    BLOCK_STATE,     /* a tensor for each of its running statistics and counters */
    BLOCK_WHOLE      /* one tensor */
} block_kind;
typedef struct block {
    block_kind kind;
    const char *name; /* of the one tensor, or what comes before the model's names */
    void *device;     /* NULL: not used by this run */
    int64_t count;    /* reals, those between the model's tensors included */
} block;
enum { BLOCKS = 5, QUEUE_PARTS = 3, PAIRS = 10, NAME = MOS_NAME_SIZE + 16 };

static void list_blocks(const mos_trainer *trainer, block list[BLOCKS]) {
    int64_t params = mos_model_param_count(trainer->model);
    list[0] = (block){BLOCK_TRAINABLE, "", mos_model_params(trainer->model), params};
    list[1] = (block){BLOCK_STATE, "", mos_model_state(trainer->model),
                      mos_model_state_count(trainer->model)};
    list[2] = (block){BLOCK_TRAINABLE, "moment1.", trainer->step.moment1, params};
    list[3] = (block){BLOCK_TRAINABLE, "moment2.", trainer->step.moment2, params};
    const mos_label_queue *queue = mos_objective_queue(trainer->objective);
    list[4] =
        (block){BLOCK_WHOLE, "queue", queue->rows, queue->modalities * queue->size * queue->latent};
}

static bool is_part(const block *of, const mos_parameter *parameter) {
    return of->kind != BLOCK_WHOLE && (of->kind == BLOCK_TRAINABLE) == parameter->trainable;
}

/* What the queue keeps on the host, in the file's order; no part where there is no queue. */
typedef struct queue_part {
    const char *name;
    mos_dtype type;
    int64_t count;
    void *data;
} queue_part;

static int list_queue(const mos_trainer *trainer, queue_part list[QUEUE_PARTS]) {
    mos_label_queue *queue = mos_objective_queue(trainer->objective);
    if (queue->size == 0) return 0;
    list[0] = (queue_part){"queue_cursor", MOS_I64, 2, queue->cursor};
    list[1] = (queue_part){"queue_labels", MOS_I8, queue->size * queue->classes, queue->labels};
    list[2] =
        (queue_part){"queue_present", MOS_U8, queue->modalities * queue->size, queue->present};
    return QUEUE_PARTS;
}

static mos_dtype real_type(const mos_device *device) {
    return device->real_bytes == 8 ? MOS_F64 : MOS_F32;
}

static void *real_of(const mos_device *device, void *host, int64_t offset) {
    return (unsigned char *)host + (size_t)offset * device->real_bytes;
}

static mosaic_status get_block(mos_device *device, const block *from, void *host) {
    return device->real_bytes == 8 ? mos_get_f64(device, from->device, host, from->count)
                                   : mos_get_f32(device, from->device, host, from->count);
}

static void put_block(mos_device *device, const block *to, const void *host) {
    if (device->real_bytes == 8)
        device->ops->put_f64(device, to->device, host, to->count);
    else
        device->ops->put_f32(device, to->device, host, to->count);
}

/* A sum of all words that notices flipped bits and swapped words; truncation is noticed by the
 * file format. */
static uint64_t checksum(const void *data, size_t bytes, uint64_t seed) {
    const unsigned char *at = data;
    uint64_t sum = seed ^ 0x9e3779b97f4a7c15u;
    for (size_t i = 0; i < bytes; i += 8) {
        uint64_t word = 0;
        memcpy(&word, at + i, bytes - i < 8 ? bytes - i : 8);
        sum = (sum ^ word) * 0x100000001b3u;
        sum ^= sum >> 29;
    }
    return sum;
}

/* ---- position as two small tensors ---- */

enum { COUNTERS = 9, NUMBERS = 2 + 3 * MOS_SUM_COUNT };

static void pack_position(const mos_train_position *at, int64_t *counters, double *numbers) {
    const int64_t whole[COUNTERS] = {at->step,
                                     at->epoch,
                                     at->batch,
                                     at->best_step,
                                     at->best_epoch,
                                     at->stale,
                                     at->collapsed_in_a_row,
                                     at->finished,
                                     at->stopped_early};
    memcpy(counters, whole, sizeof whole);
    numbers[0] = at->best_score;
    numbers[1] = at->last_score;
    memcpy(numbers + 2, at->interval, sizeof at->interval);
    memcpy(numbers + 2 + MOS_SUM_COUNT, at->whole, sizeof at->whole);
    memcpy(numbers + 2 + 2 * MOS_SUM_COUNT, at->run, sizeof at->run);
}

static void unpack_position(const int64_t *counters, const double *numbers,
                            mos_train_position *at) {
    *at = (mos_train_position){.step = counters[0],
                               .epoch = counters[1],
                               .batch = counters[2],
                               .best_step = counters[3],
                               .best_epoch = counters[4],
                               .stale = counters[5],
                               .collapsed_in_a_row = counters[6],
                               .finished = counters[7],
                               .stopped_early = counters[8],
                               .best_score = numbers[0],
                               .last_score = numbers[1]};
    memcpy(at->interval, numbers + 2, sizeof at->interval);
    memcpy(at->whole, numbers + 2 + MOS_SUM_COUNT, sizeof at->whole);
    memcpy(at->run, numbers + 2 + 2 * MOS_SUM_COUNT, sizeof at->run);
}

/* ---- names ---- */

static mosaic_status step_path(const mos_trainer *trainer, int64_t step, char *buffer,
                               size_t size) {
    char name[64];
    (void)snprintf(name, sizeof name, "checkpoints/step-%lld.safetensors", (long long)step);
    return mos_trainer_path(trainer, name, buffer, size);
}

/* Step of "step-123.safetensors", -1 for any other name. */
static int64_t step_of(const char *name) {
    static const char start[] = "step-", end[] = ".safetensors";
    char digits[24];
    size_t size = strlen(name), from = strlen(start), tail = strlen(end);
    int64_t step;
    if (size <= from + tail || size - from - tail >= sizeof digits ||
        strncmp(name, start, from) != 0 || strcmp(name + size - tail, end) != 0)
        return -1;
    memcpy(digits, name + from, size - from - tail);
    digits[size - from - tail] = '\0';
    return mos_parse_int(digits, &step) && step >= 0 ? step : -1;
}

/* Steps there are checkpoints of, newest first. mos_free(*steps). */
static mosaic_status list_steps(const mos_trainer *trainer, int64_t **steps, size_t *count) {
    char path[4096];
    size_t capacity = 0;
    *steps = NULL;
    *count = 0;
    MOS_TRY(mos_trainer_path(trainer, "checkpoints", path, sizeof path));
    DIR *folder = opendir(path);
    if (folder == NULL) return MOSAIC_OK;
    mosaic_status status = MOSAIC_OK;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        int64_t step = step_of(entry->d_name);
        if (step < 0) continue;
        status = mos_grow(steps, &capacity, *count + 1, sizeof **steps, "checkpoints");
        if (status != MOSAIC_OK) break;
        size_t i = (*count)++;
        for (; i > 0 && (*steps)[i - 1] < step; i--)
            (*steps)[i] = (*steps)[i - 1];
        (*steps)[i] = step;
    }
    (void)closedir(folder);
    return status;
}

/* ---- writing ---- */

/* What a file is made of while it is being written. */
typedef struct draft {
    mos_tensor_source *tensor;
    char (*name)[NAME]; /* of the tensors */
    size_t tensors;
    void *host[BLOCKS];
    int64_t counters[COUNTERS], sizes[MOS_LOG_FILES];
    double numbers[NUMBERS];
    uint64_t sum;
    char sum_text[24], threads[16], precision[8];
    const char *pairs[2 * PAIRS];
    size_t pair_count;
} draft;

static void add_tensor(draft *it, const char *before, const char *name, mos_dtype type, int rank,
                       const int64_t *shape, const void *data) {
    mos_tensor_source *tensor = &it->tensor[it->tensors];
    size_t bytes = mos_dtype_bytes(type);
    (void)snprintf(it->name[it->tensors], NAME, "%s%s", before, name);
    *tensor = (mos_tensor_source){
        .name = it->name[it->tensors++], .dtype = type, .rank = rank, .data = data};
    for (int i = 0; i < rank; i++) {
        tensor->shape[i] = shape[i];
        bytes *= (size_t)shape[i];
    }
    it->sum = checksum(data, bytes, it->sum);
}

static void add_vector(draft *it, const char *name, mos_dtype type, int64_t count,
                       const void *data) {
    add_tensor(it, "", name, type, 1, &count, data);
}

static mosaic_status add_block(mos_trainer *trainer, draft *it, const block *from, void **host) {
    mos_device *device = trainer->device;
    int64_t parameters;
    const mos_parameter *list = mos_model_parameters(trainer->model, &parameters);
    if (from->device == NULL) return MOSAIC_OK;
    MOS_TRY(mos_alloc((size_t)from->count, device->real_bytes, "a checkpoint", host));
    MOS_TRY(get_block(device, from, *host));
    if (from->kind == BLOCK_WHOLE)
        add_vector(it, from->name, real_type(device), from->count, *host);
    for (int64_t i = 0; i < parameters; i++) {
        const mos_parameter *parameter = &list[i];
        if (is_part(from, parameter))
            add_tensor(it, from->name, parameter->name, real_type(device),
                       mos_parameter_file_rank(parameter), parameter->shape,
                       real_of(device, *host, parameter->offset));
    }
    return MOSAIC_OK;
}

static void add_pair(draft *it, const char *key, const char *value) {
    it->pairs[2 * it->pair_count] = key;
    it->pairs[2 * it->pair_count + 1] = value;
    it->pair_count++;
}

static mosaic_status fill_draft(mos_trainer *trainer, draft *it) {
    block blocks[BLOCKS];
    queue_part queue[QUEUE_PARTS];
    mos_device *device = trainer->device;
    list_blocks(trainer, blocks);
    const int parts = list_queue(trainer, queue);
    int64_t parameters;
    (void)mos_model_parameters(trainer->model, &parameters);
    /* position, sums, lengths of logs, parts of the queue; weights and two moments */
    size_t most = 3 + BLOCKS + QUEUE_PARTS + 3 * (size_t)parameters;
    MOS_TRY(mos_alloc(most, sizeof *it->tensor, "a checkpoint", &it->tensor));
    MOS_TRY(mos_alloc(most, sizeof *it->name, "a checkpoint", &it->name));
    /* Eight-byte tensors first: every offset stays aligned. */
    pack_position(&trainer->at, it->counters, it->numbers);
    MOS_TRY(mos_run_log_sync(&trainer->log, it->sizes));
    add_vector(it, "position", MOS_I64, COUNTERS, it->counters);
    add_vector(it, "sums", MOS_F64, NUMBERS, it->numbers);
    add_vector(it, "log_sizes", MOS_I64, MOS_LOG_FILES, it->sizes);
    if (parts > 0) add_vector(it, queue[0].name, queue[0].type, queue[0].count, queue[0].data);
    for (int i = 0; i < BLOCKS; i++)
        MOS_TRY(add_block(trainer, it, &blocks[i], &it->host[i]));
    for (int i = 1; i < parts; i++)
        add_vector(it, queue[i].name, queue[i].type, queue[i].count, queue[i].data);
    (void)snprintf(it->sum_text, sizeof it->sum_text, "%016llx", (unsigned long long)it->sum);
    (void)snprintf(it->threads, sizeof it->threads, "%d", device->threads);
    (void)snprintf(it->precision, sizeof it->precision, "%s",
                   mos_precision_names[device->precision]);
    add_pair(it, "format", CHECKPOINT_FORMAT);
    add_pair(it, "mosaic_version", MOSAIC_VERSION);
    add_pair(it, "checksum", it->sum_text);
    add_pair(it, "dataset", trainer->fingerprint);
    add_pair(it, "precision", it->precision);
    add_pair(it, "threads", it->threads);
    add_pair(it, "device", device->description);
    if (trainer->init_from != NULL) {
        add_pair(it, "init_from", trainer->init_from);
        add_pair(it, "init_sha256", trainer->init_sha256);
    }
    add_pair(it, "config", trainer->card->config == NULL ? "" : trainer->card->config);
    return MOSAIC_OK;
}

/* The model's file is smaller than a checkpoint, and there is one of it. */
mosaic_status mos_checkpoint_space(const mos_trainer *trainer) {
    block blocks[BLOCKS];
    char path[4096];
    struct statvfs disk;
    double bytes = 0;
    list_blocks(trainer, blocks);
    for (int i = 0; i < BLOCKS; i++) {
        if (blocks[i].device != NULL)
            bytes += (double)blocks[i].count * (double)trainer->device->real_bytes;
    }
    MOS_TRY(mos_trainer_path(trainer, "checkpoints", path, sizeof path));
    if (statvfs(path, &disk) != 0) return mos_fail_errno("examine", path);
    double free_bytes = (double)disk.f_bavail * (double)disk.f_frsize, mib = 1048576;
    if (free_bytes < 2 * bytes)
        return mos_fail(MOSAIC_ERR_IO,
                        "%s: %.0f MiB are free, and two checkpoints of %.0f MiB are wanted: the "
                        "disk would be full before the first epoch ends",
                        path, free_bytes / mib, bytes / mib);
    mos_log(MOS_LOG_NOTICE, "a checkpoint takes %.0f MiB, %.0f MiB are free", bytes / mib,
            free_bytes / mib);
    return MOSAIC_OK;
}

static mosaic_status write_pointer(const mos_trainer *trainer, const char *name, int64_t step) {
    char path[4096], text[64];
    MOS_TRY(mos_trainer_path(trainer, name, path, sizeof path));
    (void)snprintf(text, sizeof text, "step-%lld.safetensors\n", (long long)step);
    return mos_atomic_write(path, text, strlen(text));
}

/* The newest ones and the best stay; so does nothing else, cut-off temporary files included. */
static mosaic_status prune(const mos_trainer *trainer) {
    int64_t *steps;
    size_t count;
    mosaic_status status = list_steps(trainer, &steps, &count);
    for (size_t i = (size_t)trainer->config->settings.train.keep; i < count && status == MOSAIC_OK;
         i++) {
        char path[4096];
        if (steps[i] == trainer->at.best_step) continue;
        status = step_path(trainer, steps[i], path, sizeof path);
        if (status == MOSAIC_OK) status = mos_remove_tree(path);
    }
    mos_free(steps);
    return status;
}

mosaic_status mos_checkpoint_write(mos_trainer *trainer) {
    char path[4096];
    draft *it = NULL;
    mosaic_status status;
    MOS_GOTO(mos_alloc(1, sizeof *it, "a checkpoint", &it));
    MOS_GOTO(fill_draft(trainer, it));
    MOS_GOTO(step_path(trainer, trainer->at.step, path, sizeof path));
    MOS_GOTO(
        mos_context(mos_safetensors_write(path, it->tensor, it->tensors, it->pairs, it->pair_count),
                    "checkpoint of step %lld", (long long)trainer->at.step));
    MOS_GOTO(write_pointer(trainer, "checkpoints/last", trainer->at.step));
    if (trainer->at.best_step > 0)
        MOS_GOTO(write_pointer(trainer, "checkpoints/best", trainer->at.best_step));
    status = prune(trainer);
done:
    for (int i = 0; it != NULL && i < BLOCKS; i++)
        mos_free(it->host[i]);
    if (it != NULL) {
        mos_free(it->tensor);
        mos_free(it->name);
    }
    mos_free(it);
    return status;
}

/* ---- reading ---- */

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
                        ", wanted " CHECKPOINT_FORMAT
                        "): go on with that version, or train again with --overwrite",
                        path);
    if (format == NULL || strcmp(format, CHECKPOINT_FORMAT) != 0)
        return fail_damaged(path, "its format is not " CHECKPOINT_FORMAT);
    for (size_t i = 0; i < file->count; i++)
        sum = checksum(file->tensors[i].data, file->tensors[i].bytes, sum);
    (void)snprintf(found, sizeof found, "%016llx", (unsigned long long)sum);
    if (wanted == NULL || strcmp(wanted, found) != 0)
        return fail_damaged(path, "its checksum does not agree");
    return MOSAIC_OK;
}

/* Things a resumed run must share with the checkpoint beyond the configuration. */
static mosaic_status check_company(const mos_trainer *trainer, const mos_safetensors *file,
                                   const char *path) {
    const char *dataset = mos_safetensors_metadata(file, "dataset");
    const char *precision = mos_safetensors_metadata(file, "precision");
    const char *threads = mos_safetensors_metadata(file, "threads");
    int64_t count;
    if (dataset == NULL || strcmp(dataset, trainer->fingerprint) != 0)
        return mos_fail(MOSAIC_ERR_RESUME,
                        "%s was trained on other data: fingerprint %.16s..., now %.16s...", path,
                        dataset == NULL ? "" : dataset, trainer->fingerprint);
    if (precision == NULL ||
        strcmp(precision, mos_precision_names[trainer->device->precision]) != 0)
        return mos_fail(MOSAIC_ERR_RESUME, "%s was trained in %s, this device computes in %s", path,
                        precision == NULL ? "?" : precision,
                        mos_precision_names[trainer->device->precision]);
    if (threads != NULL && mos_parse_int(threads, &count) && count != trainer->device->threads)
        mos_log(MOS_LOG_WARNING,
                "the run was started with %lld threads and goes on with %d: last bits may differ",
                (long long)count, trainer->device->threads);
    return MOSAIC_OK;
}

/* A tensor of a block, with the name and shape it was written with; `to`: reals on the host. */
static mosaic_status copy_tensor(const mos_trainer *trainer, const mos_safetensors *file,
                                 const char *path, const block *of, const mos_parameter *parameter,
                                 void *to) {
    char name[NAME], shape[128];
    const mos_dtype type = real_type(trainer->device);
    (void)snprintf(name, sizeof name, "%s%s", of->name, parameter->name);
    const mos_tensor_view *tensor = mos_safetensors_find(file, name);
    if (tensor == NULL || tensor->dtype != type || !mos_tensor_fits(tensor, parameter))
        return mos_fail(MOSAIC_ERR_DATA, "%s: '%s' wants %s of shape %s%s", path, name,
                        mos_dtype_name(type),
                        mos_shape_text(mos_parameter_file_rank(parameter), parameter->shape, shape,
                                       sizeof shape),
                        tensor == NULL ? ", found no such tensor" : ", found another");
    memcpy(real_of(trainer->device, to, parameter->offset), tensor->data, tensor->bytes);
    return MOSAIC_OK;
}

static mosaic_status copy_block(const mos_trainer *trainer, const mos_safetensors *file,
                                const char *path, const block *to) {
    mos_device *device = trainer->device;
    int64_t parameters;
    const mos_parameter *list = mos_model_parameters(trainer->model, &parameters);
    void *host;
    /* zeros between the model's tensors */
    MOS_TRY(mos_alloc((size_t)to->count, device->real_bytes, "a checkpoint", &host));
    mosaic_status status = MOSAIC_OK;
    if (to->kind == BLOCK_WHOLE) {
        const mos_tensor_view *tensor = find_vector(file, to->name, real_type(device), to->count);
        if (tensor == NULL)
            MOS_GOTO(mos_fail(MOSAIC_ERR_DATA, "%s: '%s' wants %lld values of %s", path, to->name,
                              (long long)to->count, mos_dtype_name(real_type(device))));
        memcpy(host, tensor->data, tensor->bytes); /* the mapped file may be unaligned */
    }
    for (int64_t i = 0; i < parameters; i++)
        if (is_part(to, &list[i])) MOS_GOTO(copy_tensor(trainer, file, path, to, &list[i], host));
    put_block(device, to, host);
done:
    mos_free(host);
    return status;
}

static mosaic_status restore_position(mos_trainer *trainer, const mos_safetensors *file,
                                      const char *path, int64_t sizes[MOS_LOG_FILES]) {
    const mos_tensor_view *whole = find_vector(file, "position", MOS_I64, COUNTERS);
    const mos_tensor_view *sums = find_vector(file, "sums", MOS_F64, NUMBERS);
    const mos_tensor_view *lengths = find_vector(file, "log_sizes", MOS_I64, MOS_LOG_FILES);
    int64_t counters[COUNTERS];
    double numbers[NUMBERS];
    if (whole == NULL || sums == NULL || lengths == NULL)
        return fail_damaged(path, "its position is missing");
    memcpy(counters, whole->data, sizeof counters);
    memcpy(numbers, sums->data, sizeof numbers);
    memcpy(sizes, lengths->data, MOS_LOG_FILES * sizeof *sizes);
    for (int i = 0; i < COUNTERS; i++) {
        if (counters[i] < 0) return fail_damaged(path, "its position makes no sense");
    }
    for (int i = 0; i < MOS_LOG_FILES; i++) {
        if (sizes[i] < 0) return fail_damaged(path, "its position makes no sense");
    }
    unpack_position(counters, numbers, &trainer->at);
    bool sane = trainer->at.batch <= trainer->batches &&
                trainer->at.step == trainer->at.epoch * trainer->batches + trainer->at.batch;
    return sane ? MOSAIC_OK : fail_damaged(path, "its position makes no sense");
}

static mosaic_status restore_queue(mos_trainer *trainer, const mos_safetensors *file,
                                   const char *path) {
    queue_part parts[QUEUE_PARTS];
    const int count = list_queue(trainer, parts);
    for (int i = 0; i < count; i++) {
        const mos_tensor_view *tensor =
            find_vector(file, parts[i].name, parts[i].type, parts[i].count);
        if (tensor == NULL) return fail_damaged(path, "its queue of labelled latents is missing");
        memcpy(parts[i].data, tensor->data, tensor->bytes);
    }
    mos_label_queue *queue = mos_objective_queue(trainer->objective);
    queue->stale = true;
    const int64_t held = queue->cursor[0], next = queue->cursor[1];
    bool sane = count == 0 || (held >= 0 && held <= queue->size && next >= 0 &&
                               next < queue->size && (held == queue->size || next == held));
    return sane ? MOSAIC_OK : fail_damaged(path, "its queue of labelled latents makes no sense");
}

/* Where the run's weights once came from, for its provenance. */
static mosaic_status restore_origin(mos_trainer *trainer, const mos_safetensors *file) {
    const char *from = mos_safetensors_metadata(file, "init_from");
    const char *hash = mos_safetensors_metadata(file, "init_sha256");
    if (from == NULL || hash == NULL) return MOSAIC_OK;
    (void)snprintf(trainer->init_sha256, sizeof trainer->init_sha256, "%s", hash);
    return mos_copy_text(from, &trainer->init_from);
}

static mosaic_status restore_file(mos_trainer *trainer, const char *path,
                                  int64_t sizes[MOS_LOG_FILES]) {
    mos_safetensors file = {0};
    block blocks[BLOCKS];
    mosaic_status status;
    list_blocks(trainer, blocks);
    MOS_GOTO(mos_safetensors_open(path, &file));
    MOS_GOTO(verify(&file, path));
    MOS_GOTO(check_company(trainer, &file, path));
    for (int i = 0; i < BLOCKS; i++) {
        if (blocks[i].device != NULL) MOS_GOTO(copy_block(trainer, &file, path, &blocks[i]));
    }
    MOS_GOTO(restore_queue(trainer, &file, path));
    MOS_GOTO(restore_position(trainer, &file, path, sizes));
    status = restore_origin(trainer, &file);
done:
    mos_safetensors_release(&file);
    return status;
}

mosaic_status mos_checkpoint_restore(mos_trainer *trainer, int64_t sizes[MOS_LOG_FILES],
                                     bool *found) {
    int64_t *steps;
    size_t count;
    *found = false;
    mosaic_status status = list_steps(trainer, &steps, &count);
    for (size_t i = 0; i < count && !*found && status == MOSAIC_OK; i++) {
        char path[4096];
        status = step_path(trainer, steps[i], path, sizeof path);
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
    block blocks[BLOCKS];
    mosaic_status status;
    list_blocks(trainer, blocks);
    blocks[0].device = mos_model_params(model);
    blocks[1].device = mos_model_state(model);
    MOS_GOTO(step_path(trainer, step, path, sizeof path));
    MOS_GOTO(mos_safetensors_open(path, &file));
    MOS_GOTO(verify(&file, path));
    MOS_GOTO(copy_block(trainer, &file, path, &blocks[0]));
    MOS_GOTO(copy_block(trainer, &file, path, &blocks[1]));
    mos_model_refresh(model);
done:
    mos_safetensors_release(&file);
    return status;
}
