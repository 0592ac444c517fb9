/* Direct convolutions by our own products: what the taps of a block of outputs read is gathered
 * into a matrix that stays in a core's L2 cache, and multiplied there.
 *   forward           y[p, o]  = sum over taps, i of  x[p stride + tap - pad, i] w[o, i, tap]
 *   data gradient     dx[q, i] = sum over taps, o of  dy[(q + pad - tap) / stride, o] w[o, i, tap]
 *   weight gradient   dw[o, i, tap] += sum over p of  x[p stride + tap - pad, i] dy[p, o]
 * Places are grouped by the taps that reach inside the map, so no product is spent on padding or,
 * in a strided data gradient, on taps that fall between outputs. A value is the same sum whatever
 * other samples and threads there are. */
#include "base/memory.h"
#include "compute/cpu/conv_plan.h"
#include "compute/cpu/cpu_work.h"

#include <omp.h>
#include <string.h>

#define GROUP    32 /* output channels of one product */
#define MAX_TAPS (GATHER_MAX_KERNEL * GATHER_MAX_KERNEL)
#define MAX_ROWS ((int64_t)512)
/* Gathered rows of a block of outputs. */
#define BLOCK_BYTES ((int64_t)128 << 10)
/* Written of a group of samples. */
#define GROUP_BYTES ((int64_t)256 << 10)
/* The gradient of y that all units of a chunk of outputs pass by. */
#define CHUNK_BYTES ((int64_t)512 << 10)

/* ---- which places have which taps
 * ---------------------------------------------------------------------------------------------- */

/* The place that tap k of place p reads; -1: none. */
static int64_t reached(const mos_conv_shape *s, bool backward, int64_t size, int64_t p, int64_t k) {
    const int64_t at = backward ? p + s->pad - k : p * s->stride + k - s->pad;
    if (at < 0 || (backward && at % s->stride != 0)) return -1;
    const int64_t place = backward ? at / s->stride : at;
    return place < size ? place : -1;
}

/* written, read: places along the side of either map */
static mosaic_status plan_axis(const mos_conv_shape *s, bool backward, int64_t written,
                               int64_t read, conv_axis *axis) {
    int64_t count = 0;
    MOS_TRY(mos_alloc((size_t)written, sizeof *axis->out, "gathered places", &axis->out));
    MOS_TRY(mos_alloc((size_t)written, sizeof *axis->in, "gathered places", &axis->in));
    for (unsigned group = 0; group < GATHER_GROUPS; group++) {
        axis->first[group] = count;
        for (int64_t p = 0; p < written; p++) {
            unsigned taps = 0;
            int64_t place[GATHER_MAX_KERNEL], first = -1;
            for (int64_t k = 0; k < s->kernel; k++) {
                place[k] = reached(s, backward, read, p, k);
                if (place[k] < 0) continue;
                taps |= 1u << k;
                if (first < 0) first = place[k];
            }
            if (taps != group) continue;
            for (int64_t k = 0; k < s->kernel; k++)
                axis->step[group][k] = place[k] < 0 ? 0 : place[k] - first;
            axis->out[count] = (int32_t)p;
            axis->in[count++] = (int32_t)(first < 0 ? 0 : first);
        }
    }
    axis->first[GATHER_GROUPS] = count;
    return MOSAIC_OK;
}

/* The maps of a direction. The weight gradient's read x and write, in a manner, dy. */
typedef struct gather_maps {
    int64_t read_c, read_h, read_w, write_c, write_h, write_w;
} gather_maps;

static gather_maps maps_of(const mos_conv *conv, conv_direction direction) {
    const mos_conv_shape *s = &conv->shape;
    if (direction == CONV_BACKWARD_DATA)
        return (gather_maps){s->co, conv->oh, conv->ow, s->ci, s->h, s->w};
    return (gather_maps){s->ci, s->h, s->w, s->co, conv->oh, conv->ow};
}

/* The places of one pair of groups, sample by sample and row by row. */
typedef struct gather_class {
    const conv_axis *y, *x;
    unsigned number, gy, gx;
    int64_t samples, ny, nx, outputs; /* outputs: samples * ny * nx */
    mos_gather_walk walk;
} gather_class;

enum { CLASSES = GATHER_GROUPS * GATHER_GROUPS };

/* The next class that has outputs, those of most taps first; a walk over a number of samples starts
 * at number CLASSES. */
static bool next_class(const mos_conv *conv, conv_direction direction, gather_class *c) {
    const gather_maps maps = maps_of(conv, direction);
    const int64_t kernel = conv->shape.kernel;
    c->y = &conv->own[direction].axis[0];
    c->x = &conv->own[direction].axis[1];
    do {
        if (c->number == 0) return false;
        c->number--;
        c->gy = c->number / GATHER_GROUPS;
        c->gx = c->number % GATHER_GROUPS;
        c->ny = c->y->first[c->gy + 1] - c->y->first[c->gy];
        c->nx = c->x->first[c->gx + 1] - c->x->first[c->gx];
        c->outputs = c->samples * c->ny * c->nx;
    } while (c->outputs == 0);
    c->walk.c = maps.read_c;
    c->walk.plane = maps.read_h * maps.read_w * CPU_BLOCK;
    c->walk.taps = 0;
    for (int64_t ky = 0; ky < kernel; ky++)
        for (int64_t kx = 0; kx < kernel; kx++) {
            if ((c->gy >> ky & c->gx >> kx & 1) == 0) continue;
            c->walk.tap[c->walk.taps] = ky * kernel + kx;
            c->walk.step[c->walk.taps++] =
                (c->y->step[c->gy][ky] * maps.read_w + c->x->step[c->gx][kx]) * CPU_BLOCK;
        }
    return true;
}

/* Outputs [first, first + count) of a class: where in the maps' values of channel 0 the first tap
 * reads, and where is written. */
static void place_outputs(const gather_class *c, const gather_maps *maps, int64_t first,
                          int64_t count, int64_t *from, int64_t *to) {
    int64_t x = first % c->nx, y = first / c->nx % c->ny, n = first / c->nx / c->ny;
    for (int64_t r = 0; r < count; r++) {
        const int64_t ay = c->y->first[c->gy] + y, ax = c->x->first[c->gx] + x;
        from[r] = (n * maps->read_c / CPU_BLOCK * maps->read_h + c->y->in[ay]) * maps->read_w +
                  c->x->in[ax];
        to[r] = (n * maps->write_c / CPU_BLOCK * maps->write_h + c->y->out[ay]) * maps->write_w +
                c->x->out[ax];
        from[r] *= CPU_BLOCK;
        to[r] *= CPU_BLOCK;
        if (++x < c->nx) continue;
        x = 0;
        if (++y < c->ny) continue;
        y = 0;
        n++;
    }
}

/* ---- forward and data gradient
 * -------------------------------------------------------------------------------------------------
 */

/* Values gathered for one output. */
static int64_t row_values(const gather_class *c) {
    return c->walk.taps * c->walk.c;
}

/* The most outputs that a block may have, a multiple of eight. */
static int64_t most_rows(const mos_cpu *cpu, const gather_class *c) {
    const int64_t bytes = row_values(c) * (int64_t)cpu->act_size + 1;
    const int64_t most = BLOCK_BYTES / bytes / 8 * 8;
    return most < 8 ? 8 : most > MAX_ROWS ? MAX_ROWS : most;
}

/* Outputs of a block, a multiple of eight: as many as divide evenly among `parts`. */
static int64_t rows_of(const mos_cpu *cpu, const gather_class *c, int parts) {
    const int64_t most = most_rows(cpu, c);
    const int64_t blocks = mos_cpu_round_up((c->outputs + most - 1) / most, parts);
    return mos_cpu_round_up((c->outputs + blocks - 1) / blocks, 8);
}

/* Samples that a thread takes at a time. What it writes of them stays in its L2 cache until all
 * classes have been there: neighbours on a cache line belong to several. */
static int64_t samples_of(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction) {
    const gather_maps maps = maps_of(conv, direction);
    const int64_t bytes = maps.write_c * maps.write_h * maps.write_w * (int64_t)cpu->act_size;
    const int64_t fit = bytes < GROUP_BYTES ? GROUP_BYTES / bytes : 1;
    const int64_t groups = mos_cpu_round_up((conv->shape.n + fit - 1) / fit, cpu->threads);
    return (conv->shape.n + groups - 1) / groups;
}

/* weights [co, ci, k, k] -> [outputs/32, taps, inputs/2, 32, 2] */
static void pack_taps(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                      const float *weights, void *packed) {
    const mos_gather_kernels *kernels = cpu->activation->gather;
    const int64_t ci = conv->shape.ci, co = conv->shape.co, groups = ci / GROUP;
    const int64_t taps = conv->shape.kernel * conv->shape.kernel;
    char *to = packed;
#pragma omp parallel for num_threads(cpu->threads) schedule(static)
    for (int64_t unit = 0; unit < co / GROUP * groups; unit++) {
        const int64_t o = unit / groups * GROUP, i = unit % groups * GROUP;
        if (direction == CONV_FORWARD)
            kernels->weights(weights + o * ci * taps, ci * taps, taps, taps, ci, i, i + GROUP,
                             to + (size_t)(o * taps * ci) * cpu->act_size);
        else
            kernels->weights(weights + i * taps, taps, ci * taps, taps, co, o, o + GROUP,
                             to + (size_t)(i * taps * co) * cpu->act_size);
    }
}

/* One thread's room: places of a block's rows, then what they read. */
typedef struct block_room {
    int64_t from[MAX_ROWS], to[MAX_ROWS];
} block_room;

/* Whether a block's rows lie side by side in the map read, so that nothing needs gathering: those
 * of a 1x1 convolution, in one sample. */
static bool is_contiguous(const gather_class *c, int64_t count, const int64_t *from) {
    return c->walk.taps == 1 && count >= 8 && from[count - 1] - from[0] == (count - 1) * CPU_BLOCK;
}

static void run_block(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                      const gather_class *c, int64_t first, int64_t count, const void *packed,
                      const void *in, void *out, block_room *room) {
    const mos_gather_kernels *kernels = cpu->activation->gather;
    const gather_maps maps = maps_of(conv, direction);
    const int64_t taps = conv->shape.kernel * conv->shape.kernel;
    const int64_t plane = maps.write_h * maps.write_w * CPU_BLOCK;
    const void *v = room + 1;
    int64_t held = mos_cpu_round_up(count, 8), block = held * CPU_BLOCK;
    place_outputs(c, &maps, first, count, room->from, room->to);
    if (is_contiguous(c, count, room->from)) {
        v = (const char *)in + (size_t)room->from[0] * cpu->act_size;
        held = count;
        block = c->walk.plane;
    } else {
        for (int64_t r = count; r < held; r++) /* the last one again, to no place */
            room->from[r] = room->from[count - 1];
        kernels->rows(&c->walk, in, room->from, held, held, room + 1);
    }
    for (int64_t o = 0; o < maps.write_c; o += GROUP) {
        mos_conv_ending ending;
        kernels->product(&c->walk, v, block,
                         (const char *)packed + (size_t)(o * taps * maps.read_c) * cpu->act_size,
                         count, held, mos_conv_ending_at(conv, o, &ending), room->to, plane,
                         (char *)out + (size_t)(o / CPU_BLOCK * plane) * cpu->act_size);
    }
}

/* One thread's part of the blocks of `samples` samples from `first` on. */
static void run_samples(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                        int64_t first, int64_t samples, int part, int parts, const void *packed,
                        const void *in, void *out, block_room *room) {
    gather_class c = {.number = CLASSES, .samples = samples};
    int64_t number = 0;
    while (next_class(conv, direction, &c)) {
        const int64_t rows = rows_of(cpu, &c, parts), before = first * c.ny * c.nx;
        for (int64_t at = 0; at < c.outputs; at += rows, number++)
            if (number % parts == part)
                run_block(cpu, conv, direction, &c, before + at,
                          c.outputs - at < rows ? c.outputs - at : rows, packed, in, out, room);
    }
}

/* y = conv(x), in a folded plan with its ending, or dx from dy. The threads share out groups of
 * samples or, where there are fewer samples than threads, the blocks of all. */
static void run_blocks(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                       const void *packed, const void *in, void *out, void *workspace) {
    const size_t room = conv->own[direction].bytes / (size_t)cpu->threads;
    const int64_t n = conv->shape.n, samples = samples_of(cpu, conv, direction);
    mos_cpu_work work;
    mos_cpu_work_begin(&work, (n + samples - 1) / samples, cpu->threads);
#pragma omp parallel num_threads(cpu->threads)
    {
        const int thread = omp_get_thread_num(), threads = omp_get_num_threads();
        block_room *mine = (block_room *)(void *)((char *)workspace + (size_t)thread * room);
        int64_t group;
        if (n < threads)
            run_samples(cpu, conv, direction, 0, n, thread, threads, packed, in, out, mine);
        while (n >= threads && (group = mos_cpu_work_next(&work, thread)) >= 0) {
            const int64_t first = group * samples;
            run_samples(cpu, conv, direction, first, n - first < samples ? n - first : samples, 0,
                        1, packed, in, out, mine);
        }
    }
}

/* ---- weight gradient
 * -----------------------------------------------------------------------------------------------------
 */

/* Outputs are put in a row, class by class, each class filled up to whole pairs, and cut into
 * chunks. A unit is one tap and 16 input channels: du [co/32, 16 i, 32 o]. A chunk's gradient of y
 * is gathered once, by all threads; what a unit reads of x by the thread that takes it, into a
 * small buffer. */
typedef struct chunk_room {
    int64_t *from, *to;          /* places of a chunk's outputs; -1: none */
    float *sums;                 /* [taps, ci/16, co/32, 16, 32] */
    char *py;                    /* [co/16, pairs, 16, 2] */
    char *px;                    /* [threads, pairs, 16, 2] */
    int64_t taps, pairs, stride; /* stride: values from a block of py to the next */
} chunk_room;

static int64_t class_pairs(const gather_class *c) {
    return (c->outputs + 1) / 2;
}

static int64_t all_pairs(const mos_conv *conv) {
    int64_t pairs = 0;
    gather_class c = {.number = CLASSES, .samples = conv->shape.n};
    while (next_class(conv, CONV_BACKWARD_WEIGHTS, &c)) {
        pairs += class_pairs(&c);
    }
    return pairs;
}

/* Without a workspace: the bytes it takes. */
static size_t lay_out_chunk(const mos_cpu *cpu, const mos_conv *conv, void *workspace,
                            chunk_room *room) {
    const mos_conv_shape *s = &conv->shape;
    const int64_t pairs = conv->own[CONV_BACKWARD_WEIGHTS].rows;
    char *at = workspace;
    room->taps = s->kernel * s->kernel;
    room->pairs = pairs;
    room->stride = pairs * 32 + 32; /* no power of two */
    const size_t places = (size_t)(pairs * 2) * sizeof(int64_t),
                 sums = (size_t)(room->taps * s->ci * s->co) * sizeof(float),
                 py = (size_t)(s->co / CPU_BLOCK * room->stride) * cpu->act_size,
                 px = (size_t)(cpu->threads * pairs * 32) * cpu->act_size;
    if (workspace) {
        room->from = (int64_t *)(void *)at;
        room->to = (int64_t *)(void *)(at + places);
        room->sums = (float *)(void *)(at + 2 * places);
        room->py = at + 2 * places + sums;
        room->px = room->py + py;
    }
    return 2 * places + sums + py + px;
}

/* The part of a class that lies in a chunk of pairs from `first` on, when `before` pairs went by:
 * [begin, end) of the chunk's, the class's own from `own` on. */
typedef struct class_part {
    int64_t begin, end, own;
} class_part;

static class_part part_of(const gather_class *c, int64_t before, int64_t first, int64_t pairs) {
    const int64_t begin = before > first ? before : first;
    int64_t end = before + class_pairs(c);
    if (end > first + pairs) end = first + pairs;
    return (class_part){begin - first, end - first, begin - before};
}

/* Places of a chunk's outputs. */
static void place_chunk(const mos_conv *conv, int64_t first, chunk_room *room) {
    const gather_maps maps = maps_of(conv, CONV_BACKWARD_WEIGHTS);
    int64_t before = 0;
    for (int64_t i = 0; i < room->pairs * 2; i++)
        room->from[i] = room->to[i] = -1;
    gather_class c = {.number = CLASSES, .samples = conv->shape.n};
    while (next_class(conv, CONV_BACKWARD_WEIGHTS, &c)) {
        const class_part part = part_of(&c, before, first, room->pairs);
        before += class_pairs(&c);
        if (part.begin >= part.end) continue;
        const int64_t left = c.outputs - part.own * 2, most = (part.end - part.begin) * 2;
        place_outputs(&c, &maps, part.own * 2, left < most ? left : most,
                      room->from + part.begin * 2, room->to + part.begin * 2);
    }
}

/* du of one tap and 16 input channels: the chunk's ranges of outputs that have the tap. */
static void run_unit(const mos_cpu *cpu, const mos_conv *conv, const chunk_room *room,
                     int64_t first, int64_t tap, int64_t block, const void *x, void *px) {
    const mos_conv_shape *s = &conv->shape;
    const mos_gather_kernels *kernels = cpu->activation->gather;
    mos_range ranges[CLASSES];
    int range_count = 0;
    int64_t before = 0, gathered = 0;
    gather_class c = {.number = CLASSES, .samples = conv->shape.n};
    while (next_class(conv, CONV_BACKWARD_WEIGHTS, &c)) {
        const class_part part = part_of(&c, before, first, room->pairs);
        int64_t i = 0;
        before += class_pairs(&c);
        while (i < c.walk.taps && c.walk.tap[i] != tap)
            i++;
        if (part.begin >= part.end || i == c.walk.taps) continue;
        kernels->pairs((const char *)x +
                           (size_t)(block * c.walk.plane + c.walk.step[i]) * cpu->act_size,
                       room->from + part.begin * 2, part.end - part.begin,
                       (char *)px + (size_t)(gathered * 32) * cpu->act_size);
        gathered += part.end - part.begin;
        if (range_count > 0 && ranges[range_count - 1].end == part.begin)
            ranges[range_count - 1].end = part.end;
        else
            ranges[range_count++] = (mos_range){part.begin, part.end};
    }
    if (range_count == 0 && first > 0) return;
    float *du = room->sums + (tap * (s->ci / CPU_BLOCK) + block) * CPU_BLOCK * s->co;
    for (int64_t o = 0; o < s->co; o += GROUP)
        kernels->accumulate(ranges, range_count, px,
                            room->py + (size_t)(o / CPU_BLOCK * room->stride) * cpu->act_size,
                            room->stride, du + o * CPU_BLOCK, first > 0);
}

/* dw += the sums of 16 input and 32 output channels */
static void finish(const mos_cpu *cpu, const mos_conv_shape *s, const chunk_room *room,
                   int64_t block, int64_t o, float *dw) {
    float sums[MAX_TAPS * CPU_BLOCK * CPU_BLOCK];
    const int64_t taps = room->taps;
    for (int64_t half = 0; half < GROUP; half += CPU_BLOCK) {
        for (int64_t tap = 0; tap < taps; tap++) {
            const float *du =
                room->sums + ((tap * (s->ci / CPU_BLOCK) + block) * s->co + o) * CPU_BLOCK + half;
            for (int64_t i = 0; i < CPU_BLOCK; i++)
                memcpy(sums + (tap * CPU_BLOCK + i) * CPU_BLOCK, du + i * GROUP,
                       CPU_BLOCK * sizeof *du);
        }
        cpu->kernels->add_weight_block(
            sums, taps, dw + ((o + half) * s->ci + block * CPU_BLOCK) * taps, s->ci * taps);
    }
}

/* dw [co, ci, k, k] += the gradient of the weights; x, dy are act */
static void run_chunks(const mos_cpu *cpu, const mos_conv *conv, const void *x, const void *dy,
                       float *dw, void *workspace) {
    const mos_conv_shape *s = &conv->shape;
    const mos_gather_kernels *kernels = cpu->activation->gather;
    const int64_t total = all_pairs(conv), blocks = s->ci / CPU_BLOCK;
    const int64_t plane = conv->oh * conv->ow * CPU_BLOCK;
    chunk_room room;
    mos_cpu_work work;
    (void)lay_out_chunk(cpu, conv, workspace, &room);
#pragma omp parallel num_threads(cpu->threads)
    {
        const int thread = omp_get_thread_num(), threads = omp_get_num_threads();
        void *px = room.px + (size_t)(thread * room.pairs * 32) * cpu->act_size;
        int64_t begin, end, unit;
        for (int64_t first = 0; first < total; first += room.pairs) {
#pragma omp single
            {
                place_chunk(conv, first, &room);
                mos_cpu_work_begin(&work, room.taps * blocks, cpu->threads);
            }
            mos_cpu_part(room.pairs, threads, thread, &begin, &end);
            for (int64_t o = 0; o < s->co / CPU_BLOCK; o++)
                kernels->pairs((const char *)dy + (size_t)(o * plane) * cpu->act_size,
                               room.to + begin * 2, end - begin,
                               room.py + (size_t)(o * room.stride + begin * 32) * cpu->act_size);
#pragma omp barrier
            while ((unit = mos_cpu_work_next(&work, thread)) >= 0)
                run_unit(cpu, conv, &room, first, unit / blocks, unit % blocks, x, px);
#pragma omp barrier
        }
        mos_cpu_part(blocks * (s->co / GROUP), threads, thread, &begin, &end);
        for (unit = begin; unit < end; unit++)
            finish(cpu, s, &room, unit % blocks, unit / blocks * GROUP, dw);
    }
}

/* ---- plans
 * -----------------------------------------------------------------------------------------------
 */

static void plan_blocks(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                        conv_own *plan) {
    size_t most = 0;
    gather_class c = {.number = CLASSES, .samples = conv->shape.n};
    while (next_class(conv, direction, &c)) {
        /* Not rows_of: how evenly outputs divide depends on the samples taken at a time. */
        const size_t bytes = (size_t)(most_rows(cpu, &c) * row_values(&c)) * cpu->act_size;
        if (bytes > most) most = bytes;
    }
    plan->bytes = (size_t)cpu->threads * (sizeof(block_room) + (most + 63) / 64 * 64);
    plan->weight_bytes =
        (size_t)(conv->shape.kernel * conv->shape.kernel * conv->shape.ci * conv->shape.co) *
        cpu->act_size;
    plan->pack = pack_taps;
    plan->run = run_blocks;
}

static void plan_chunks(const mos_cpu *cpu, const mos_conv *conv, conv_own *plan) {
    chunk_room room;
    const int64_t pairs = all_pairs(conv);
    const int64_t most = CHUNK_BYTES / (conv->shape.co * 2 * (int64_t)cpu->act_size);
    const int64_t chunks = (pairs + most - 1) / most;
    plan->rows = (pairs + chunks - 1) / chunks;
    plan->bytes = lay_out_chunk(cpu, conv, NULL, &room);
    plan->run_weights = run_chunks;
}

mosaic_status mos_gather_plan(const mos_cpu *cpu, mos_conv *conv, conv_direction direction) {
    conv_own *plan = &conv->own[direction];
    const gather_maps maps = maps_of(conv, direction);
    const bool backward = direction == CONV_BACKWARD_DATA;
    MOS_TRY(plan_axis(&conv->shape, backward, maps.write_h, maps.read_h, &plan->axis[0]));
    MOS_TRY(plan_axis(&conv->shape, backward, maps.write_w, maps.read_w, &plan->axis[1]));
    plan->name = cpu->bf16 ? "gathered:avx512_core_bf16" : "gathered:avx512_core";
    if (direction == CONV_BACKWARD_WEIGHTS)
        plan_chunks(cpu, conv, plan);
    else
        plan_blocks(cpu, conv, direction, plan);
    return MOSAIC_OK;
}

void mos_gather_release(conv_own *plan) {
    for (int i = 0; i < 2; i++) {
        mos_free(plan->axis[i].out);
        mos_free(plan->axis[i].in);
    }
}
