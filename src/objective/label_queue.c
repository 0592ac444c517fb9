#include "objective/label_queue.h"

#include "base/memory.h"

#include <string.h>

enum { HELD, NEXT };

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
    return device->ops->alloc(device, rows * (size_t)latent * device->real_bytes, &queue->rows);
}

void mos_label_queue_release(mos_label_queue *queue) {
    if (queue->rows != NULL) queue->device->ops->free(queue->device, queue->rows);
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

void mos_label_queue_push(mos_label_queue *queue, int64_t batch, const void *const z[],
                          const int8_t *labels, const uint8_t *const present[]) {
    mos_device *device = queue->device;
    for (int64_t i = 0; i < batch && queue->size > 0; i++) {
        const int8_t *own = labels + i * queue->classes;
        const int64_t place = queue->cursor[NEXT];
        if (!any_known(own, queue->classes)) continue;
        memcpy(queue->labels + place * queue->classes, own, (size_t)queue->classes);
        for (int64_t m = 0; m < queue->modalities; m++) {
            const bool has = present[m] == NULL || present[m][i] != 0;
            const unsigned char *from = (const unsigned char *)z[m] + (size_t)i * row_bytes(queue);
            queue->present[m * queue->size + place] = has;
            if (has)
                device->ops->copy(device, row_of(queue, m, place), from, row_bytes(queue));
            else
                device->ops->zero(device, row_of(queue, m, place), row_bytes(queue));
        }
        queue->cursor[NEXT] = (place + 1) % queue->size;
        if (queue->cursor[HELD] < queue->size) queue->cursor[HELD]++;
    }
}

int64_t mos_label_queue_copy(const mos_label_queue *queue, int64_t m, void *rows, int8_t *labels,
                             uint8_t *present) {
    const int64_t held = queue->cursor[HELD];
    if (held == 0) return 0;
    queue->device->ops->copy(queue->device, rows, row_of(queue, m, 0),
                             (size_t)held * row_bytes(queue));
    memcpy(labels, queue->labels, (size_t)(held * queue->classes));
    memcpy(present, queue->present + m * queue->size, (size_t)held);
    return held;
}
