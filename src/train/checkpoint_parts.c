#include "train/checkpoint_parts.h"

#include <string.h>

void mos_checkpoint_list_blocks(const mos_train_learner *learner,
                                mos_checkpoint_block list[MOS_CHECKPOINT_BLOCKS]) {
    int64_t params = mos_model_param_count(learner->model);
    list[0] =
        (mos_checkpoint_block){MOS_BLOCK_TRAINABLE, "", mos_model_params(learner->model), params};
    list[1] = (mos_checkpoint_block){MOS_BLOCK_STATE, "", mos_model_state(learner->model),
                                     mos_model_state_count(learner->model)};
    list[2] =
        (mos_checkpoint_block){MOS_BLOCK_TRAINABLE, "moment1.", learner->step.moment1, params};
    list[3] =
        (mos_checkpoint_block){MOS_BLOCK_TRAINABLE, "moment2.", learner->step.moment2, params};
    const mos_label_queue *queue = mos_objective_queue(learner->objective);
    list[4] = (mos_checkpoint_block){MOS_BLOCK_WHOLE, "queue", queue->rows,
                                     queue->modalities * queue->size * queue->latent};
}

bool mos_checkpoint_is_part(const mos_checkpoint_block *of, const mos_parameter *parameter) {
    return of->kind != MOS_BLOCK_WHOLE && (of->kind == MOS_BLOCK_TRAINABLE) == parameter->trainable;
}

int mos_checkpoint_list_queue(const mos_train_learner *learner,
                              mos_checkpoint_queue list[MOS_CHECKPOINT_QUEUE_PARTS]) {
    mos_label_queue *queue = mos_objective_queue(learner->objective);
    if (queue->size == 0) return 0;
    list[0] = (mos_checkpoint_queue){"queue_cursor", MOS_I64, 2, queue->cursor};
    list[1] =
        (mos_checkpoint_queue){"queue_labels", MOS_I8, queue->size * queue->classes, queue->labels};
    list[2] = (mos_checkpoint_queue){"queue_present", MOS_U8, queue->modalities * queue->size,
                                     queue->present};
    return MOS_CHECKPOINT_QUEUE_PARTS;
}

mos_dtype mos_checkpoint_real_type(const mos_device *device) {
    return device->real_bytes == 8 ? MOS_F64 : MOS_F32;
}

void *mos_checkpoint_real_at(const mos_device *device, void *host, int64_t offset) {
    return (unsigned char *)host + (size_t)offset * device->real_bytes;
}

mosaic_status mos_checkpoint_get_block(mos_device *device, const mos_checkpoint_block *from,
                                       void *host) {
    return device->real_bytes == 8 ? mos_get_f64(device, from->device, host, from->count)
                                   : mos_get_f32(device, from->device, host, from->count);
}

void mos_checkpoint_put_block(mos_device *device, const mos_checkpoint_block *to,
                              const void *host) {
    if (device->real_bytes == 8)
        device->ops->put_f64(device, to->device, host, to->count);
    else
        device->ops->put_f32(device, to->device, host, to->count);
}

uint64_t mos_checkpoint_sum(const void *data, size_t bytes, uint64_t seed) {
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

void mos_checkpoint_pack(const mos_train_position *at, int64_t *counters, double *numbers) {
    const int64_t whole[MOS_CHECKPOINT_COUNTERS] = {at->step,
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

void mos_checkpoint_unpack(const int64_t *counters, const double *numbers, mos_train_position *at) {
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
