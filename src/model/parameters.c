#include "model/parameters.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/thread.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Every tensor starts on a 64-byte line whether a real has 4 or 8 bytes; the gap stays zero. */
enum { OFFSET_STEP = 16 };

static int64_t padded(int64_t count) {
    return (count + OFFSET_STEP - 1) / OFFSET_STEP * OFFSET_STEP;
}

static mosaic_status add_entry(mos_parameter_table *table, const char *prefix, const char *name,
                               mos_parameter **out) {
    MOS_TRY(mos_grow(&table->items, &table->capacity, (size_t)table->count + 1,
                     sizeof *table->items, "the parameter table"));
    mos_parameter *item = &table->items[table->count];
    memset(item, 0, sizeof *item);
    int length = snprintf(item->name, sizeof item->name, "%s.%s", prefix, name);
    if (length < 0 || (size_t)length >= sizeof item->name)
        return mos_fail(MOSAIC_ERR_USAGE, "parameter name '%s.%s' is longer than %d characters",
                        prefix, name, MOS_NAME_SIZE - 1);
    table->count++;
    *out = item;
    return MOSAIC_OK;
}

mosaic_status mos_parameter_add(mos_parameter_table *table, mos_parameter_kind kind,
                                const char *prefix, const char *name, int rank,
                                const int64_t *shape, int64_t *offset) {
    mos_parameter *item;
    MOS_TRY(add_entry(table, prefix, name, &item));
    item->rank = rank;
    item->count = 1;
    for (int i = 0; i < rank; i++) {
        item->shape[i] = shape[i];
        item->count *= shape[i];
    }
    item->trainable = kind != MOS_PARAMETER_STATE;
    item->decay = kind == MOS_PARAMETER_WEIGHT;
    int64_t *end = item->trainable ? &table->param_count : &table->state_count;
    item->offset = *end;
    *end += padded(item->count);
    *offset = item->offset;
    return MOSAIC_OK;
}

mosaic_status mos_parameter_add_norm(mos_parameter_table *table, const char *prefix,
                                     int64_t channels, mos_norm_offsets *offsets) {
    MOS_TRY(mos_parameter_add(table, MOS_PARAMETER_PLAIN, prefix, "weight", 1, &channels,
                              &offsets->gamma));
    MOS_TRY(mos_parameter_add(table, MOS_PARAMETER_PLAIN, prefix, "bias", 1, &channels,
                              &offsets->beta));
    MOS_TRY(mos_parameter_add(table, MOS_PARAMETER_STATE, prefix, "running_mean", 1, &channels,
                              &offsets->running_mean));
    MOS_TRY(mos_parameter_add(table, MOS_PARAMETER_STATE, prefix, "running_var", 1, &channels,
                              &offsets->running_var));
    mos_parameter *counter;
    MOS_TRY(add_entry(table, prefix, "num_batches_tracked", &counter));
    counter->counter = true;
    counter->count = 1;
    counter->offset = table->counter_count++;
    return MOSAIC_OK;
}

void mos_parameter_finish(mos_parameter_table *table) {
    table->counter_base = table->state_count;
    for (int64_t i = 0; i < table->count; i++)
        if (table->items[i].counter) table->items[i].offset += table->counter_base;
    table->state_count += padded(table->counter_count);
}

mosaic_status mos_parameter_block(mos_device *device, int64_t count, unsigned char **block) {
    void *memory = NULL;
    MOS_TRY(device->ops->alloc(device, (size_t)count * device->real_bytes, &memory));
    *block = memory;
    return MOSAIC_OK;
}

void mos_parameter_release(mos_parameter_table *table) {
    mos_free(table->items);
    *table = (mos_parameter_table){0};
}

/* ---- starting values ---- */

enum {
    CHUNK = 4096
}; /* numbers per stream, so that threads share one tensor and the thread count changes nothing */

typedef struct filling {
    float *values;
    int64_t count;
    uint64_t seed, name;
    bool normal;
    double scale;
} filling;

/* Box and Muller 1958, both halves of each pair: half the logarithms of mos_rng_normal, and there
 * are tens of millions. */
static void fill_normal(mos_rng *rng, double scale, float *values, int64_t count) {
    for (int64_t i = 0; i < count; i += 2) {
        double radius = scale * sqrt(-2 * log(1 - mos_rng_uniform64(rng)));
        double angle = 6.283185307179586476925 * mos_rng_uniform64(rng);
        values[i] = (float)(radius * cos(angle));
        if (i + 1 < count) values[i + 1] = (float)(radius * sin(angle));
    }
}

static void fill_chunks(void *context, int64_t begin, int64_t end, int thread) {
    const filling *f = context;
    (void)thread;
    for (int64_t chunk = begin; chunk < end; chunk++) {
        mos_rng rng = mos_rng_at(f->seed, MOS_RNG_INIT, (uint32_t)chunk, f->name, 0);
        int64_t first = chunk * CHUNK;
        int64_t count = f->count - first < CHUNK ? f->count - first : CHUNK;
        if (f->normal) {
            fill_normal(&rng, f->scale, f->values + first, count);
            continue;
        }
        for (int64_t i = 0; i < count; i++)
            f->values[first + i] = (float)(f->scale * (2 * mos_rng_uniform64(&rng) - 1));
    }
}

/* FNV-1a, 64 bits. */
static uint64_t name_hash(const char *name) {
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *name != 0; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(1099511628211);
    return hash;
}

static bool ends_with(const char *text, const char *end) {
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

/* Convolutions: He et al. 2015, normal with variance 2 / (c_out k k). Linear layers: uniform within
 * 1/sqrt(inputs), weight and bias, as PyTorch starts them. Norms: 1 and 0, running mean 0 and
 * variance 1. */
static void start_values(const mos_parameter_table *table, const mos_parameter *item, int threads,
                         uint64_t seed, float *values) {
    filling f = {
        .values = values, .count = item->count, .seed = seed, .name = name_hash(item->name)};
    int64_t chunks = (item->count + CHUNK - 1) / CHUNK;
    bool ones = ends_with(item->name, ".running_var");
    if (item->rank == 4) {
        f.normal = true;
        f.scale = sqrt(2.0 / (double)(item->shape[0] * item->shape[2] * item->shape[3]));
        mos_parallel_for(threads, chunks, fill_chunks, &f);
        return;
    }
    if (item->rank == 2) {
        f.scale = 1 / sqrt((double)item->shape[1]);
        mos_parallel_for(threads, chunks, fill_chunks, &f);
        return;
    }
    if (item->trainable && item > table->items) {
        /* a rank-1 tensor behind a linear weight is that layer's bias; other ones belong to a norm
         */
        const mos_parameter *before = item - 1;
        if (before->rank == 2 && before->shape[0] == item->count &&
            ends_with(item->name, ".bias")) {
            f.scale = 1 / sqrt((double)before->shape[1]);
            mos_parallel_for(threads, chunks, fill_chunks, &f);
            return;
        }
        ones = ends_with(item->name, ".weight");
    }
    for (int64_t i = 0; i < item->count; i++)
        values[i] = ones ? 1.0F : 0.0F;
}

mosaic_status mos_parameter_start(const mos_parameter_table *table, const mos_weights *weights,
                                  uint64_t seed) {
    mos_device *device = weights->device;
    int64_t largest = 0;
    for (int64_t i = 0; i < table->count; i++)
        if (table->items[i].count > largest) largest = table->items[i].count;
    float *values;
    MOS_TRY(mos_alloc((size_t)largest, sizeof *values, "starting values", &values));
    for (int64_t i = 0; i < table->count; i++) {
        const mos_parameter *item = &table->items[i];
        start_values(table, item, device->threads, seed, values);
        void *to = item->trainable ? mos_param_at(weights, item->offset)
                                   : mos_state_at(weights, item->offset);
        device->ops->put_f32(device, to, values, item->count);
    }
    mos_free(values);
    return MOSAIC_OK;
}
