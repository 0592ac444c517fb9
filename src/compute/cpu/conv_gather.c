/* Direct convolutions as matrix products: im2col of one block of outputs at a time. What the taps
 * of the block read is gathered into a matrix that stays in a core's L2 cache, and multiplied
 * there.
 *
 *   forward           y[p, o]  = sum over taps, i of  x[p stride + tap - pad, i] w[o, i, tap]
 *   data gradient     dx[q, i] = sum over taps, o of  dy[(q + pad - tap) / stride, o] w[o, i, tap]
 *
 * (weight gradient: conv_gather_weights.c). Positions are grouped by the taps that reach inside the
 * map, so no product is spent on padding (the halo) or, in a strided data gradient, on taps that
 * fall between outputs. A value is the same sum whatever other samples and threads there are. */
#include "base/team.h"
#include "base/thread.h"
#include "compute/cpu/conv_positions.h"
#include "compute/cpu/cpu_work.h"

#include <string.h>

#define MAX_ROWS ((int64_t)512)
/* Gathered rows of a block of outputs. */
#define BLOCK_BYTES ((int64_t)128 << 10)
/* Least outputs of a sample whose rows a 1x1 convolution reads in place, without gathering. */
#define IN_PLACE 32
/* Most bytes that a thread writes for the samples it takes at a time. */
#define GROUP_BYTES ((int64_t)256 << 10)

/* ---- forward and data gradient ---- */

/* Values gathered for one output. */
static int64_t row_values(const conv_class *c) {
    return c->walk.taps * c->walk.c;
}

/* The most outputs that a block may have, a multiple of a product's. */
static int64_t most_rows(const mos_cpu *cpu, const conv_class *c) {
    const int64_t bytes = row_values(c) * (int64_t)cpu->act_size + 1;
    const int64_t most = BLOCK_BYTES / bytes, least = cpu->rows;
    return (most < least ? least : most > MAX_ROWS ? MAX_ROWS : most) / least * least;
}

/* Outputs of a block, a multiple of a product's: as many as divide evenly among `parts`. */
static int64_t rows_of(const mos_cpu *cpu, const conv_class *c, int parts) {
    const int64_t most = most_rows(cpu, c);
    const int64_t blocks = mos_cpu_round_up((c->outputs + most - 1) / most, parts);
    return mos_cpu_round_up((c->outputs + blocks - 1) / blocks, cpu->rows);
}

/* Samples that a thread takes at a time. What it writes of them stays in its L2 cache until all
 * classes have been there: neighbours on a cache line belong to several. A 1x1 convolution of
 * stride 1 reads one sample's rows where they lie, worth it if there are many. */
static int64_t samples_of(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction) {
    const conv_maps maps = mos_conv_maps(conv, direction);
    const int64_t positions = maps.write_h * maps.write_w;
    const int64_t bytes = maps.write_c * positions * (int64_t)cpu->act_size;
    const int64_t fit = bytes < GROUP_BYTES ? GROUP_BYTES / bytes : 1;
    const int64_t groups = mos_cpu_round_up((conv->shape.n + fit - 1) / fit, cpu->threads);
    if (conv->shape.kernel == 1 && conv->shape.stride == 1 && positions >= IN_PLACE) return 1;
    return (conv->shape.n + groups - 1) / groups;
}

typedef struct pack_job {
    const mos_cpu *cpu;
    const mos_conv *conv;
    conv_direction direction;
    const float *weights;
    char *packed;
    int64_t used; /* taps in use */
    int64_t tap[GATHER_MAX_KERNEL * GATHER_MAX_KERNEL];
} pack_job;

/* A group of outputs by a group of inputs, or the reverse for the data gradient. On small maps most
 * taps reach nothing but padding: then the others are packed one by one. */
static void pack_unit(const pack_job *job, int64_t o, int64_t i) {
    const mos_conv_shape *s = &job->conv->shape;
    const mos_gather_kernels *kernels = job->cpu->activation->gather;
    const bool forward = job->direction == CONV_FORWARD;
    const int64_t taps = s->kernel * s->kernel, group = job->cpu->group;
    const int64_t inputs = forward ? s->ci : s->co, first = forward ? i : o;
    const int64_t out_stride = forward ? s->ci * taps : taps,
                  in_stride = forward ? taps : s->ci * taps;
    const float *weights = job->weights + (forward ? o * s->ci : i) * taps;
    char *packed = job->packed + (size_t)((forward ? o : i) * taps * inputs) * job->cpu->act_size;
    if (job->used * 2 > taps)
        kernels->weights(weights, out_stride, in_stride, taps, inputs, first, first + group,
                         packed);
    for (int64_t u = 0; job->used * 2 <= taps && u < job->used; u++)
        kernels->weights(weights + job->tap[u], out_stride, in_stride, 1, inputs, first,
                         first + group,
                         packed + (size_t)(job->tap[u] * inputs * group) * job->cpu->act_size);
}

static void pack_units(void *context, int64_t begin, int64_t end, int thread) {
    const pack_job *job = context;
    const int64_t group = job->cpu->group, groups = job->conv->shape.ci / group;
    (void)thread;
    for (int64_t unit = begin; unit < end; unit++)
        pack_unit(job, unit / groups * group, unit % groups * group);
}

/* weights [co, ci, k, k] -> [outputs/group, taps, inputs/2, group, 2] */
static void pack_taps(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                      const float *weights, void *packed) {
    const mos_conv_shape *s = &conv->shape;
    pack_job job = {cpu, conv, direction, weights, packed, 0, {0}};
    job.used = mos_conv_taps_in_use(conv, direction, job.tap);
    mos_parallel_for(cpu->threads, s->co / cpu->group * (s->ci / cpu->group), pack_units, &job);
}

/* One thread's scratch: positions of a block's rows, then what they read. */
typedef struct block_room {
    int64_t from[MAX_ROWS], to[MAX_ROWS];
} block_room;

/* Whether a block's rows lie side by side in the map read, so that nothing needs gathering: those
 * of a 1x1 convolution, in one sample. */
static bool is_contiguous(const mos_cpu *cpu, const conv_class *c, int64_t count,
                          const int64_t *from) {
    return c->walk.taps == 1 && count >= cpu->rows &&
           from[count - 1] - from[0] == (count - 1) * cpu->block;
}

static void run_block(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                      const conv_class *c, int64_t first, int64_t count, const void *packed,
                      const void *in, void *out, block_room *room) {
    const mos_gather_kernels *kernels = cpu->activation->gather;
    const conv_maps maps = mos_conv_maps(conv, direction);
    const int64_t taps = conv->shape.kernel * conv->shape.kernel;
    const int64_t plane = maps.write_h * maps.write_w * cpu->block;
    const void *v = room + 1;
    int64_t held = mos_cpu_round_up(count, cpu->rows), block = held * cpu->block;
    mos_conv_find_outputs(c, &maps, first, count, room->from, room->to);
    if (is_contiguous(cpu, c, count, room->from)) {
        v = (const char *)in + (size_t)room->from[0] * cpu->act_size;
        held = count;
        block = c->walk.plane;
    } else {
        for (int64_t r = count; r < held; r++) /* the last row again, stored nowhere */
            room->from[r] = room->from[count - 1];
        kernels->rows(&c->walk, in, room->from, held, held, room + 1);
    }
    for (int64_t o = 0; o < maps.write_c; o += cpu->group) {
        mos_conv_ending ending;
        kernels->product(&c->walk, v, block,
                         (const char *)packed + (size_t)(o * taps * maps.read_c) * cpu->act_size,
                         count, held, mos_conv_ending_at(conv, o, &ending), room->to, plane,
                         (char *)out + (size_t)(o / cpu->block * plane) * cpu->act_size);
    }
}

/* One thread's part of the blocks of `samples` samples from `first` on. */
static void run_samples(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                        int64_t first, int64_t samples, int part, int parts, const void *packed,
                        const void *in, void *out, block_room *room) {
    conv_class c = mos_conv_classes(samples);
    int64_t number = 0;
    while (mos_conv_next_class(conv, direction, &c)) {
        const int64_t rows = rows_of(cpu, &c, parts), before = first * c.ny * c.nx;
        for (int64_t at = 0; at < c.outputs; at += rows, number++)
            if (number % parts == part)
                run_block(cpu, conv, direction, &c, before + at,
                          c.outputs - at < rows ? c.outputs - at : rows, packed, in, out, room);
    }
}

typedef struct blocks_job {
    const mos_cpu *cpu;
    const mos_conv *conv;
    conv_direction direction;
    int64_t samples; /* of a group */
    const void *packed, *in;
    void *out, *workspace;
    mos_cpu_work work;
} blocks_job;

static void take_blocks(void *context, int thread, int threads, mos_team *team) {
    blocks_job *job = context;
    const size_t room = job->conv->own[job->direction].bytes / (size_t)job->cpu->threads;
    const int64_t n = job->conv->shape.n, samples = job->samples;
    block_room *mine = (block_room *)(void *)((char *)job->workspace + (size_t)thread * room);
    int64_t group;
    (void)team;
    if (n < threads)
        run_samples(job->cpu, job->conv, job->direction, 0, n, thread, threads, job->packed,
                    job->in, job->out, mine);
    while (n >= threads && (group = mos_cpu_work_next(&job->work, thread)) >= 0) {
        const int64_t first = group * samples;
        run_samples(job->cpu, job->conv, job->direction, first,
                    n - first < samples ? n - first : samples, 0, 1, job->packed, job->in, job->out,
                    mine);
    }
}

/* y = conv(x), in a folded plan with its ending, or dx from dy. The threads share out groups of
 * samples or, where there are fewer samples than threads, the blocks of all. */
static void run_blocks(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                       const void *packed, const void *in, void *out, void *workspace) {
    const int64_t samples = samples_of(cpu, conv, direction);
    blocks_job job = {.cpu = cpu,
                      .conv = conv,
                      .direction = direction,
                      .samples = samples,
                      .packed = packed,
                      .in = in,
                      .out = out,
                      .workspace = workspace};
    mos_cpu_work_begin(&job.work, (conv->shape.n + samples - 1) / samples, cpu->threads);
    mos_team_run(cpu->threads, take_blocks, &job);
}

/* ---- plans ---- */

static void plan_blocks(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                        conv_own *plan) {
    size_t most = 0;
    conv_class c = mos_conv_classes(conv->shape.n);
    while (mos_conv_next_class(conv, direction, &c)) {
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

mosaic_status mos_gather_plan(const mos_cpu *cpu, mos_conv *conv, conv_direction direction) {
    conv_own *plan = &conv->own[direction];
    MOS_TRY(mos_conv_plan_positions(conv, direction));
    plan->name = cpu->activation->gather->name;
    if (direction == CONV_BACKWARD_WEIGHTS)
        mos_gather_plan_weights(cpu, conv, plan);
    else
        plan_blocks(cpu, conv, direction, plan);
    return MOSAIC_OK;
}
