#include "loader/loader.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "loader/loader_check.h"
#include "loader/row_fill.h"

#include <pthread.h>
#include <string.h>

/* A batch being made or lent. The first failing row, by row number, is the one reported. */
typedef struct batch_slot {
    mos_batch batch;
    int64_t rows_done, failed_row;
    mosaic_status status;
    char message[2048];
} batch_slot;

typedef struct worker_thread {
    struct mos_loader *loader;
    pthread_t thread;
    bool started;
    mos_row_worker row;
} worker_thread;

/* Jobs are the rows of the epoch, numbered across its batches; workers take them in order, so that
 * all work on the earliest batch. Batch b (counted from the epoch's start) lies in slot b % slots
 * and may be begun once the batch slots before it was given back. */
struct mos_loader {
    mos_dataset *dataset;
    mos_loader_options options;
    mos_epoch_order order;
    mos_row_context context;
    mos_drift drift;
    int8_t *labels;
    int64_t *labeled; /* the samples with a known label, where patches are mixed */
    batch_slot *slots;
    int64_t slot_count;
    worker_thread *workers;
    int worker_count;
    pthread_mutex_t mutex;
    pthread_cond_t work, done; /* there may be a job; a batch is whole or a worker went idle */
    bool mutex_made, work_made, done_made;
    /* Below: under the mutex. */
    bool quit;
    int busy;
    int64_t next_job, end_job;
    int64_t given_back; /* batches, counted from the epoch's start */
    int64_t wait_ns, read_ns, augment_ns;
    /* The consumer's. */
    int64_t next_batch;
    bool lent;
};

static bool job_is_ready(const mos_loader *loader) {
    return loader->next_job < loader->end_job &&
           loader->next_job / loader->options.batch < loader->given_back + loader->slot_count;
}

/* Where row `row` of batch `batch` stands among the epoch's draws. */
static int64_t draw_of(const mos_loader *loader, int64_t batch, int64_t row) {
    return batch * loader->order.batch + loader->options.rank * loader->options.batch + row;
}

/* Rows behind the last sample, beside rows of samples: nothing is read for them (pad_batch). */
static bool is_padding(const mos_loader *loader, int64_t batch, int64_t row) {
    return draw_of(loader, batch, 0) < loader->order.valid &&
           draw_of(loader, batch, row) >= loader->order.valid;
}

static void do_job(mos_loader *loader, worker_thread *worker, int64_t job) {
    int64_t batch = job / loader->options.batch, row = job % loader->options.batch;
    int64_t draw = draw_of(loader, batch, row);
    batch_slot *slot = &loader->slots[batch % loader->slot_count];
    mos_repairs counts = {0};
    mosaic_status status = MOSAIC_OK;
    worker->row.read_ns = worker->row.augment_ns = 0;
    if (!is_padding(loader, batch, row))
        status = mos_row_fill(&loader->context, &worker->row, draw, &slot->batch, row, &counts);
    (void)pthread_mutex_lock(&loader->mutex);
    if (status != MOSAIC_OK && (slot->status == MOSAIC_OK || row < slot->failed_row)) {
        slot->status = status;
        slot->failed_row = row;
        mos_error_copy(slot->message, sizeof slot->message);
    }
    if (draw < loader->order.valid) mos_repairs_add(&slot->batch.repairs, &counts);
    loader->read_ns += worker->row.read_ns;
    loader->augment_ns += worker->row.augment_ns;
    slot->rows_done++;
    if (slot->rows_done == loader->options.batch) (void)pthread_cond_broadcast(&loader->done);
}

static void *work(void *pointer) {
    worker_thread *worker = pointer;
    mos_loader *loader = worker->loader;
    (void)pthread_mutex_lock(&loader->mutex);
    while (!loader->quit) {
        if (!job_is_ready(loader)) {
            (void)pthread_cond_wait(&loader->work, &loader->mutex);
            continue;
        }
        int64_t job = loader->next_job++;
        loader->busy++;
        (void)pthread_mutex_unlock(&loader->mutex);
        do_job(loader, worker, job); /* comes back with the mutex held */
        loader->busy--;
        if (loader->busy == 0) (void)pthread_cond_broadcast(&loader->done);
    }
    (void)pthread_mutex_unlock(&loader->mutex);
    return NULL;
}

static mosaic_status alloc_images(const mos_loader *loader, size_t rows, size_t row, float **out) {
    const mos_loader_memory *memory = &loader->options.memory;
    void *images = NULL;
    if (memory->alloc == NULL) return mos_alloc(rows, row, "the images of a batch", out);
    MOS_TRY(mos_context(memory->alloc(memory->context, rows * row, &images), "images of a batch"));
    *out = images;
    return MOSAIC_OK;
}

static void free_images(const mos_loader *loader, float *images) {
    const mos_loader_memory *memory = &loader->options.memory;
    if (memory->alloc == NULL)
        mos_free(images);
    else if (images != NULL)
        memory->free(memory->context, images);
}

static mosaic_status slot_init(const mos_loader *loader, batch_slot *slot) {
    const mos_loader_options *options = &loader->options;
    mos_batch *batch = &slot->batch;
    size_t rows = (size_t)options->batch, views = (size_t)options->views;
    size_t plane = (size_t)options->width * (size_t)options->height;
    batch->count = options->batch;
    for (int64_t m = 0; m < options->modalities; m++) {
        size_t row = views * (size_t)options->modality[m].bands * plane * sizeof(float);
        MOS_TRY(alloc_images(loader, rows, row, &batch->images[m]));
        MOS_TRY(mos_alloc(rows, 1, "a batch", &batch->present[m]));
    }
    MOS_TRY(mos_alloc(rows * (size_t)loader->context.classes, 1, "the labels of a batch",
                      &batch->labels));
    if (options->augment.mix != MOS_MIX_NONE)
        MOS_TRY(mos_alloc(rows * (size_t)loader->context.classes, sizeof *batch->targets,
                          "the targets of a batch", &batch->targets));
    MOS_TRY(mos_alloc(rows, sizeof *batch->repeats, "a batch", &batch->repeats));
    return mos_alloc(rows, sizeof *batch->samples, "a batch", &batch->samples);
}

static void slot_release(const mos_loader *loader, batch_slot *slot) {
    for (int m = 0; m < MOS_DATA_MAX_MODALITIES; m++) {
        free_images(loader, slot->batch.images[m]);
        mos_free(slot->batch.present[m]);
    }
    mos_free(slot->batch.labels);
    mos_free(slot->batch.targets);
    mos_free(slot->batch.samples);
    mos_free(slot->batch.repeats);
}

static mosaic_status list_labeled(mos_loader *loader, const int64_t *index,
                                  const uint8_t *is_labeled, int64_t count) {
    MOS_TRY(
        mos_alloc((size_t)count, sizeof *loader->labeled, "labelled samples", &loader->labeled));
    for (int64_t i = 0; i < count; i++)
        if (is_labeled[i]) loader->labeled[loader->context.labeled_count++] = index[i];
    loader->context.labeled = loader->labeled;
    return MOSAIC_OK;
}

/* is_labeled [count]: has a known label. */
static mosaic_status make_order(mos_loader *loader, const int64_t *index, int64_t count) {
    const mos_loader_options *options = &loader->options;
    int64_t classes = loader->context.classes;
    uint8_t *is_labeled = NULL;
    mosaic_status status = MOSAIC_OK;
    loader->order.seed = options->seed;
    loader->order.shuffle = options->shuffle;
    loader->order.drop_last = options->drop_last;
    loader->order.batch = options->batch * (options->ranks > 1 ? options->ranks : 1);
    loader->order.labeled_only = options->labeled_only;
    if (options->labeled_per_batch > 0 || options->labeled_only ||
        options->augment.mix != MOS_MIX_NONE) {
        MOS_GOTO(mos_alloc((size_t)count, 1, "which samples are labelled", &is_labeled));
        for (int64_t i = 0; i < count; i++) {
            mos_sample sample;
            MOS_GOTO(mos_dataset_sample(loader->dataset, index[i], &sample));
            const int8_t *labels =
                loader->labels != NULL ? loader->labels + index[i] * classes : sample.labels;
            for (int64_t l = 0; l < classes; l++)
                is_labeled[i] |= labels[l] >= 0;
        }
    }
    if (options->augment.mix != MOS_MIX_NONE)
        MOS_GOTO(list_labeled(loader, index, is_labeled, count));
    MOS_GOTO(
        mos_epoch_order_init(&loader->order, index, is_labeled, count, options->labeled_per_batch));
done:
    mos_free(is_labeled);
    return status;
}

static mosaic_status make_slots(mos_loader *loader) {
    int64_t ahead = loader->options.prefetch < 0 ? 0 : loader->options.prefetch;
    if (ahead > loader->order.batches) ahead = loader->order.batches;
    MOS_TRY(mos_alloc((size_t)ahead + 1, sizeof *loader->slots, "the batches in flight",
                      &loader->slots));
    loader->slot_count = ahead + 1;
    for (int64_t s = 0; s < loader->slot_count; s++)
        MOS_TRY(slot_init(loader, &loader->slots[s]));
    return MOSAIC_OK;
}

static mosaic_status start_workers(mos_loader *loader) {
    int wanted = loader->options.threads < 1 ? mos_cpu_count() : loader->options.threads;
    loader->mutex_made = pthread_mutex_init(&loader->mutex, NULL) == 0;
    loader->work_made = pthread_cond_init(&loader->work, NULL) == 0;
    loader->done_made = pthread_cond_init(&loader->done, NULL) == 0;
    if (!loader->mutex_made || !loader->work_made || !loader->done_made)
        return mos_fail(MOSAIC_ERR_RUNTIME, "loader: the system gives no more locks");
    MOS_TRY(mos_alloc((size_t)wanted, sizeof *loader->workers, "loader threads", &loader->workers));
    loader->worker_count = wanted;
    for (int t = 0; t < wanted; t++) {
        loader->workers[t].loader = loader;
        MOS_TRY(mos_reader_open(loader->dataset, &loader->workers[t].row.reader));
    }
    for (int t = 0; t < wanted; t++) {
        loader->workers[t].started =
            pthread_create(&loader->workers[t].thread, NULL, work, &loader->workers[t]) == 0;
        if (!loader->workers[t].started)
            return mos_fail(MOSAIC_ERR_RUNTIME, "loader: cannot start thread %d of %d", t + 1,
                            wanted);
    }
    return MOSAIC_OK;
}

mosaic_status mos_loader_create(mos_dataset *dataset, const mos_loader_options *options,
                                const int64_t *index, int64_t count, const int8_t *labels,
                                mos_loader **out) {
    mos_loader *loader = NULL;
    mosaic_status status;
    *out = NULL;
    MOS_TRY(mos_loader_check(dataset, options, index, count));
    MOS_TRY(mos_alloc(1, sizeof *loader, "a loader", &loader));
    const char *const *names;
    loader->dataset = dataset;
    loader->options = *options;
    loader->context = (mos_row_context){.dataset = dataset,
                                        .options = &loader->options,
                                        .classes = mos_dataset_classes(dataset, &names),
                                        .order = &loader->order,
                                        .drift = &loader->drift};
    mos_drift_init(&loader->drift);
    if (labels != NULL) {
        size_t bytes = (size_t)mos_dataset_count(dataset) * (size_t)loader->context.classes;
        MOS_GOTO(mos_alloc(bytes, 1, "the labels", &loader->labels));
        memcpy(loader->labels, labels, bytes);
        loader->context.labels = loader->labels;
    }
    MOS_GOTO(make_order(loader, index, count));
    MOS_GOTO(make_slots(loader));
    MOS_GOTO(start_workers(loader));
    *out = loader;
    loader = NULL;
done:
    mos_loader_destroy(&loader);
    return status;
}

void mos_loader_destroy(mos_loader **pointer) {
    mos_loader *loader = *pointer;
    if (loader == NULL) return;
    if (loader->mutex_made && loader->work_made) {
        (void)pthread_mutex_lock(&loader->mutex);
        loader->quit = true;
        (void)pthread_cond_broadcast(&loader->work);
        (void)pthread_mutex_unlock(&loader->mutex);
    }
    for (int t = 0; t < loader->worker_count; t++) {
        if (loader->workers[t].started) (void)pthread_join(loader->workers[t].thread, NULL);
        mos_row_worker_release(&loader->workers[t].row);
    }
    for (int64_t s = 0; s < loader->slot_count; s++)
        slot_release(loader, &loader->slots[s]);
    if (loader->done_made) (void)pthread_cond_destroy(&loader->done);
    if (loader->work_made) (void)pthread_cond_destroy(&loader->work);
    if (loader->mutex_made) (void)pthread_mutex_destroy(&loader->mutex);
    mos_drift_release(&loader->drift);
    mos_epoch_order_release(&loader->order);
    mos_free(loader->workers);
    mos_free(loader->slots);
    mos_free(loader->labels);
    mos_free(loader->labeled);
    mos_free(loader);
    *pointer = NULL;
}

int mos_loader_workers(int processors) {
    return processors <= 4 ? 1 : processors < 32 ? processors / 4 : 8;
}

int64_t mos_loader_batches(const mos_loader *loader) {
    return loader->order.batches;
}

int64_t mos_loader_labeled_draws(const mos_loader *loader) {
    return mos_epoch_order_labeled(&loader->order);
}

static void slot_reset(batch_slot *slot) {
    slot->rows_done = 0;
    slot->status = MOSAIC_OK;
    slot->batch.repairs = (mos_repairs){0};
}

mosaic_status mos_loader_start(mos_loader *loader, int64_t epoch, int64_t first) {
    if (epoch < 0 || epoch > UINT32_MAX || first < 0 || first > loader->order.batches)
        return mos_fail(MOSAIC_ERR_USAGE, "loader: epoch %lld, batch %lld of %lld",
                        (long long)epoch, (long long)first, (long long)loader->order.batches);
    (void)pthread_mutex_lock(&loader->mutex);
    loader->next_job = loader->end_job; /* nothing more of the epoch in flight is begun */
    while (loader->busy > 0)
        (void)pthread_cond_wait(&loader->done, &loader->mutex);
    mos_epoch_order_make(&loader->order, epoch);
    loader->context.epoch = epoch;
    for (int64_t s = 0; s < loader->slot_count; s++)
        slot_reset(&loader->slots[s]);
    loader->wait_ns = loader->read_ns = loader->augment_ns = 0;
    loader->given_back = loader->next_batch = first;
    loader->lent = false;
    loader->next_job = first * loader->options.batch;
    loader->end_job = loader->order.batches * loader->options.batch;
    (void)pthread_cond_broadcast(&loader->work);
    (void)pthread_mutex_unlock(&loader->mutex);
    return MOSAIC_OK;
}

/* Repeats the rows of samples. */
static void pad_batch(const mos_loader *loader, mos_batch *batch) {
    const mos_loader_options *options = &loader->options;
    const int64_t plane = options->width * options->height, classes = loader->context.classes;
    for (int64_t row = batch->valid; row < batch->count; row++) {
        const int64_t from = row % batch->valid;
        batch->samples[row] = batch->samples[from];
        batch->repeats[row] = batch->repeats[from];
        memcpy(batch->labels + row * classes, batch->labels + from * classes, (size_t)classes);
        if (batch->targets != NULL)
            memcpy(batch->targets + row * classes, batch->targets + from * classes,
                   (size_t)classes * sizeof *batch->targets);
        for (int64_t m = 0; m < options->modalities; m++) {
            const int64_t image = options->modality[m].bands * plane;
            batch->present[m][row] = batch->present[m][from];
            for (int64_t v = 0; v < options->views; v++) {
                float *images = batch->images[m] + v * batch->count * image;
                memcpy(images + row * image, images + from * image, (size_t)image * sizeof *images);
            }
        }
    }
}

/* Called by the consumer on a whole batch. */
static void finish_batch(const mos_loader *loader, int64_t number, mos_batch *batch) {
    int64_t left = loader->order.valid - draw_of(loader, number, 0);
    if (left < 0) left = 0;
    batch->valid = left < loader->options.batch ? left : loader->options.batch;
    if (batch->valid > 0) pad_batch(loader, batch);
    for (int64_t m = 0; m < loader->options.modalities; m++)
        batch->all_present[m] = memchr(batch->present[m], 0, (size_t)batch->count) == NULL;
}

mosaic_status mos_loader_next(mos_loader *loader, mos_batch **out) {
    mosaic_status status = MOSAIC_OK;
    *out = NULL;
    (void)pthread_mutex_lock(&loader->mutex);
    if (loader->lent) {
        slot_reset(&loader->slots[(loader->next_batch - 1) % loader->slot_count]);
        loader->given_back++;
        loader->lent = false;
        (void)pthread_cond_broadcast(&loader->work);
    }
    if (loader->next_batch * loader->options.batch < loader->end_job) {
        batch_slot *slot = &loader->slots[loader->next_batch % loader->slot_count];
        int64_t start = mos_now_ns();
        while (slot->rows_done < loader->options.batch)
            (void)pthread_cond_wait(&loader->done, &loader->mutex);
        loader->wait_ns += mos_now_ns() - start;
        loader->lent = true;
        status = slot->status;
        if (status == MOSAIC_OK) {
            finish_batch(loader, loader->next_batch, &slot->batch);
            *out = &slot->batch;
        } else {
            mos_error_restore(slot->message);
        }
        loader->next_batch++;
    }
    (void)pthread_mutex_unlock(&loader->mutex);
    return status;
}

bool mos_loader_drift(mos_loader *loader, char *words, size_t size) {
    return mos_drift_next(&loader->drift, words, size);
}

void mos_loader_times(const mos_loader *loader, int64_t *wait_ns, int64_t *read_ns,
                      int64_t *augment_ns) {
    mos_loader *locked;
    memcpy(&locked, &loader,
           sizeof locked); /* reading the clocks takes the lock, which const does not know */
    (void)pthread_mutex_lock(&locked->mutex);
    *wait_ns = loader->wait_ns;
    *read_ns = loader->read_ns;
    *augment_ns = loader->augment_ns;
    (void)pthread_mutex_unlock(&locked->mutex);
}
