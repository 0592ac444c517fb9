#include "objective/label_queue.h"

#include "base/memory.h"

#include <string.h>

enum { HELD, NEXT };
enum { RUN = 256 }; /* rows that enter at a time */

mosaic_status mos_label_queue_init(mos_label_queue *queue, mos_device *device, int64_t size,
                                   int64_t modalities, int64_t classes, int64_t latent) {
    *queue = (mos_label_queue){.device = device,
                               .size = size,
                               .modalities = modalities,
                               .classes = classes,
                               .latent = latent};
    if (size == 0) return MOSAIC_OK;
    const size_t rows = (size_t)modalities * (size_t)size;
    MOS_TRY(mos_alloc((size_t)size, (size_t)classes, "labels of the queue", &queue->labels));
    MOS_TRY(mos_alloc(rows, 1, "presence in the queue", &queue->present));
    const size_t bytes[] = {rows * (size_t)latent * device->real_bytes,
                            (size_t)size * (size_t)classes, rows, RUN * sizeof *queue->index};
    void *memory[4] = {NULL};
    mosaic_status status = MOSAIC_OK;
    for (int i = 0; i < 4 && status == MOSAIC_OK; i++)
        status = device->ops->alloc(device, bytes[i], &memory[i]);
    queue->rows = memory[0];
    queue->device_labels = memory[1];
    queue->device_present = memory[2];
    queue->index = memory[3];
    queue->stale = true;
    return status;
}

void mos_label_queue_release(mos_label_queue *queue) {
    void *const memory[] = {queue->rows, queue->device_labels, queue->device_present, queue->index};
    for (int i = 0; i < 4; i++)
        if (memory[i] != NULL) queue->device->ops->free(queue->device, memory[i]);
    mos_free(queue->labels);
    mos_free(queue->present);
    *queue = (mos_label_queue){0};
}

static size_t row_bytes(const mos_label_queue *queue) {
    return (size_t)queue->latent * queue->device->real_bytes;
}

static unsigned char *row_of(const mos_label_queue *queue, int64_t m, int64_t place) {
    return (unsigned char *)queue->rows + (size_t)(m * queue->size + place) * row_bytes(queue);
}

static bool any_known(const int8_t *labels, int64_t classes) {
    for (int64_t l = 0; l < classes; l++)
        if (labels[l] >= 0) return true;
    return false;
}

/* Samples that enter side by side in the ring: from `place` on, `sample` of the batch each. */
typedef struct run_of_rows {
    int64_t place, count;
    int32_t sample[RUN];
} run_of_rows;

static void copy_run(mos_label_queue *queue, const run_of_rows *run, const void *const z[]) {
    const mos_backend *ops = queue->device->ops;
    int32_t index[RUN];
    for (int64_t m = 0; m < queue->modalities && run->count > 0; m++) {
        const uint8_t *present = queue->present + m * queue->size + run->place;
        for (int64_t k = 0; k < run->count; k++)
            index[k] = present[k] ? run->sample[k] : -1;
        ops->put_bytes(queue->device, queue->index, index, (size_t)run->count * sizeof *index);
        ops->gather_rows(queue->device, run->count, queue->latent, z[m], queue->index,
                         row_of(queue, m, run->place));
    }
}

void mos_label_queue_push(mos_label_queue *queue, int64_t batch, const void *const z[],
                          const int8_t *labels, const uint8_t *const present[]) {
    run_of_rows run = {.place = queue->cursor[NEXT]};
    for (int64_t i = 0; i < batch && queue->size > 0; i++) {
        const int8_t *own = labels + i * queue->classes;
        const int64_t place = queue->cursor[NEXT];
        if (!any_known(own, queue->classes)) continue;
        if (run.count == RUN || place != run.place + run.count) {
            copy_run(queue, &run, z);
            run = (run_of_rows){.place = place};
        }
        run.sample[run.count++] = (int32_t)i;
        memcpy(queue->labels + place * queue->classes, own, (size_t)queue->classes);
        for (int64_t m = 0; m < queue->modalities; m++)
            queue->present[m * queue->size + place] = present[m] == NULL || present[m][i] != 0;
        queue->cursor[NEXT] = (place + 1) % queue->size;
        if (queue->cursor[HELD] < queue->size) queue->cursor[HELD]++;
        queue->stale = true;
    }
    copy_run(queue, &run, z);
}

static void refresh(mos_label_queue *queue) {
    const mos_backend *ops = queue->device->ops;
    if (!queue->stale) return;
    ops->put_bytes(queue->device, queue->device_labels, queue->labels,
                   (size_t)(queue->size * queue->classes));
    ops->put_bytes(queue->device, queue->device_present, queue->present,
                   (size_t)(queue->modalities * queue->size));
    queue->stale = false;
}

int64_t mos_label_queue_copy(mos_label_queue *queue, int64_t m, void *rows, int8_t *labels,
                             uint8_t *present) {
    const mos_backend *ops = queue->device->ops;
    const int64_t held = queue->cursor[HELD];
    if (held == 0) return 0;
    refresh(queue);
    ops->copy(queue->device, rows, row_of(queue, m, 0), (size_t)held * row_bytes(queue));
    ops->copy(queue->device, labels, queue->device_labels, (size_t)(held * queue->classes));
    ops->copy(queue->device, present, queue->device_present + m * queue->size, (size_t)held);
    return held;
}
