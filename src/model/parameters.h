/* The table of a model's named tensors and the flat device blocks they live in. Layers register
 * what they own and keep the offsets; nothing looks a tensor up by name while training. */
#ifndef MOS_MODEL_PARAMETERS_H
#define MOS_MODEL_PARAMETERS_H

#include "model/gradient_watch.h"

typedef struct mos_parameter_table {
    mos_parameter *items;
    size_t capacity;
    int64_t count;
    int64_t param_count, state_count; /* reals, padding included */
    int64_t counter_count; /* norm layers: one counter each, at the end of the state block, */
    int64_t counter_base;  /* from here on */
} mos_parameter_table;

/* The flat blocks on the device; grads may be NULL. */
typedef struct mos_weights {
    mos_device *device;
    unsigned char *params, *grads, *state;
    const mos_gradient_watch *watch; /* NULL: nobody waits for the gradients of this pass */
} mos_weights;

/* What a layer registers. */
typedef enum mos_parameter_kind {
    MOS_PARAMETER_WEIGHT, /* trainable, decays */
    MOS_PARAMETER_PLAIN,  /* trainable, does not decay: norm parameters and biases */
    MOS_PARAMETER_STATE   /* running statistics */
} mos_parameter_kind;

/* Adds "<prefix>.<name>" of the given shape; *offset: where it starts in its block, in reals. */
mosaic_status mos_parameter_add(mos_parameter_table *table, mos_parameter_kind kind,
                                const char *prefix, const char *name, int rank,
                                const int64_t *shape, int64_t *offset);

/* Offsets of one batch norm: five tensors with PyTorch's names. */
typedef struct mos_norm_offsets {
    int64_t gamma, beta;               /* in params and grads */
    int64_t running_mean, running_var; /* in state */
} mos_norm_offsets;
mosaic_status mos_parameter_add_norm(mos_parameter_table *table, const char *prefix,
                                     int64_t channels, mos_norm_offsets *offsets);

/* After the last registration: places the counters behind the other state. */
void mos_parameter_finish(mos_parameter_table *table);
void mos_parameter_release(mos_parameter_table *table);

/* A block of `count` reals on the device, zeroed. */
mosaic_status mos_parameter_block(mos_device *device, int64_t count, unsigned char **block);
/* Starting values into the device blocks; the stream of a tensor depends on (seed, its name) alone.
 */
mosaic_status mos_parameter_start(const mos_parameter_table *table, const mos_weights *weights,
                                  uint64_t seed);

static inline void *mos_real_at(const mos_device *device, unsigned char *block, int64_t offset) {
    return block + (size_t)offset * device->real_bytes;
}
static inline void *mos_param_at(const mos_weights *weights, int64_t offset) {
    return mos_real_at(weights->device, weights->params, offset);
}
static inline void *mos_grad_at(const mos_weights *weights, int64_t offset) {
    return mos_real_at(weights->device, weights->grads, offset);
}
static inline void *mos_state_at(const mos_weights *weights, int64_t offset) {
    return mos_real_at(weights->device, weights->state, offset);
}

#endif
