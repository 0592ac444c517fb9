/* Our own Winograd plan of a 3x3 stride-1 convolution, F(2x2) or F(4x4) by its kernels: forward and
 * data gradient in blocks of tiles whose transformed input stays in a core's L2 cache, the weight
 * gradient in one of three ways by its channels and tiles. Sums are made in an order that depends
 * on the shape and the number of threads alone. */
#include "base/team.h"
#include "base/thread.h"
#include "compute/cpu/conv_plan.h"
#include "compute/cpu/cpu_work.h"

#include <string.h>

/* Transformed input of a block of tiles. */
#define BLOCK_BYTES ((int64_t)256 << 10)
/* Transformed input and products of a block whose planes are in turn in that cache. */
#define CHUNK_BYTES ((int64_t)8 << 20)
/* Transformed input and gradient of one thread's piece of tiles, and the sums it may hold. */
#define PIECE_BYTES ((int64_t)1536 << 10)
#define SUMS_BYTES  ((int64_t)1 << 20)
/* One plane of both transformed sides in a chunk of all threads. */
#define PLANE_BYTES ((int64_t)256 << 10)
/* The transformed gradient of a group of channels while all input channels pass by it. */
#define GROUP_BYTES ((int64_t)512 << 10)

static mos_winograd_map map_of(const mos_conv_shape *s, const mos_winograd_kernels *kernels,
                               int64_t channels) {
    const int64_t tile = kernels->tile;
    const int64_t th = (s->h + tile - 1) / tile, tw = (s->w + tile - 1) / tile;
    return (mos_winograd_map){.n = s->n,
                              .c = channels,
                              .h = s->h,
                              .w = s->w,
                              .th = th,
                              .tw = tw,
                              .tiles = s->n * th * tw};
}

/* A thread's transformed input of a block, and the products of so many output channels. */
static size_t block_bytes(const mos_cpu *cpu, const conv_own *plan, int64_t inputs,
                          int64_t outputs) {
    return (size_t)plan->kernels->planes *
           ((size_t)WINOGRAD_V_PLANE(plan->rows, inputs) * cpu->act_size +
            (size_t)(outputs / cpu->group * WINOGRAD_M_PLANE(plan->rows, cpu->group)) *
                sizeof(float));
}

/* Input channels of the product: what the forward pass reads is x, the data gradient reads dy. */
static int64_t inputs_of(const mos_conv_shape *s, conv_direction direction) {
    return direction == CONV_FORWARD ? s->ci : s->co;
}

typedef struct pack_job {
    const mos_cpu *cpu;
    const mos_conv *conv;
    conv_direction direction;
    const float *weights;
    char *packed;
} pack_job;

static void pack_units(void *context, int64_t begin, int64_t end, int thread) {
    const pack_job *job = context;
    const mos_conv_shape *s = &job->conv->shape;
    const mos_winograd_kernels *kernels = job->conv->own[job->direction].kernels;
    const int64_t planes = kernels->planes, ci = s->ci, co = s->co, group = job->cpu->group,
                  groups = ci / group;
    const size_t size = job->cpu->act_size;
    (void)thread;
    for (int64_t unit = begin; unit < end; unit++) {
        const int64_t o = unit / groups * group, i = unit % groups * group;
        if (job->direction == CONV_FORWARD)
            kernels->weights(job->weights + o * ci * 9, ci * 9, 9, ci, i, i + group, false,
                             job->packed + (size_t)(o * planes * ci) * size);
        else
            kernels->weights(job->weights + i * 9, 9, ci * 9, co, o, o + group, true,
                             job->packed + (size_t)(i * planes * co) * size);
    }
}

/* weights [co, ci, 3, 3] -> [outputs/group, planes, inputs/2, group, 2], from square blocks of
 * kernels that stay in cache; the data gradient swaps the channels and turns the kernel */
static void pack_tiles(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                       const float *weights, void *packed) {
    const mos_conv_shape *s = &conv->shape;
    pack_job job = {cpu, conv, direction, weights, packed};
    mos_parallel_for(cpu->threads, s->co / cpu->group * (s->ci / cpu->group), pack_units, &job);
}

typedef struct tiles_job {
    const mos_cpu *cpu;
    const mos_conv *conv;
    conv_direction direction;
    const void *packed, *in;
    void *out, *workspace;
    mos_cpu_work work;
} tiles_job;

/* What a thread works on: blocks of tiles, transformed into v, multiplied into m. */
typedef struct tiles_room {
    const mos_winograd_kernels *kernels;
    mos_winograd_map from, to;
    int64_t rows; /* of a block, the last one filled up with zeros */
    char *v;
    float *m;
} tiles_room;

static tiles_room room_of(const tiles_job *job, int thread) {
    const mos_conv_shape *s = &job->conv->shape;
    const conv_own *plan = &job->conv->own[job->direction];
    const int64_t inputs = inputs_of(s, job->direction),
                  outputs = job->direction == CONV_FORWARD ? s->co : s->ci;
    char *v = (char *)job->workspace + (size_t)thread * (plan->bytes / (size_t)job->cpu->threads);
    return (tiles_room){.kernels = plan->kernels,
                        .from = map_of(s, plan->kernels, inputs),
                        .to = map_of(s, plan->kernels, outputs),
                        .rows = plan->rows,
                        .v = v,
                        .m = (float *)(void *)(v + (size_t)(plan->kernels->planes *
                                                            WINOGRAD_V_PLANE(plan->rows, inputs)) *
                                                       job->cpu->act_size)};
}

/* The next block's first tile and number of tiles, its input transformed; false: none is left. */
static bool next_block(tiles_job *job, const tiles_room *room, int thread, int64_t *first,
                       int64_t *count) {
    const int64_t block = mos_cpu_work_next(&job->work, thread);
    if (block < 0) return false;
    *first = block * room->rows;
    *count = room->from.tiles - *first < room->rows ? room->from.tiles - *first : room->rows;
    room->kernels->input(&room->from, job->in, *first, *count, room->rows, room->v);
    return true;
}

/* The group of output channels from c on, from its products, with the ending of a folded plan. */
static void write_group(const tiles_job *job, const tiles_room *room, int64_t first, int64_t count,
                        int64_t c, const float *m) {
    const mos_conv_shape *s = &job->conv->shape;
    if (s->folded)
        room->kernels->output_folded(&room->to, m, first, count, room->rows, c, job->conv->bias,
                                     s->sum, s->relu, job->out);
    else
        room->kernels->output(&room->to, m, first, count, room->rows, c, job->out);
}

static void take_tiles(void *context, int thread, int threads, mos_team *team) {
    tiles_job *job = context;
    const tiles_room room = room_of(job, thread);
    const int64_t planes = room.kernels->planes, inputs = room.from.c, group = job->cpu->group;
    int64_t first, count;
    (void)threads, (void)team;
    while (next_block(job, &room, thread, &first, &count))
        for (int64_t c = 0; c < room.to.c; c += group) {
            room.kernels->multiply(planes, room.rows, inputs, room.v,
                                   (const char *)job->packed +
                                       (size_t)(c * planes * inputs) * job->cpu->act_size,
                                   room.m);
            write_group(job, &room, first, count, c, room.m);
        }
}

static void share_tiles(mos_team_body body, const mos_cpu *cpu, const mos_conv *conv,
                        conv_direction direction, const void *packed, const void *in, void *out,
                        void *workspace) {
    const conv_own *plan = &conv->own[direction];
    const int64_t tiles =
        map_of(&conv->shape, plan->kernels, inputs_of(&conv->shape, direction)).tiles;
    tiles_job job = {.cpu = cpu,
                     .conv = conv,
                     .direction = direction,
                     .packed = packed,
                     .in = in,
                     .out = out,
                     .workspace = workspace};
    mos_cpu_work_begin(&job.work, (tiles + plan->rows - 1) / plan->rows, cpu->threads);
    mos_team_run(cpu->threads, body, &job);
}

/* y = conv(x), in a folded plan with its ending, or dx = conv(dy) with the turned kernel: in, out
 * are act */
static void run_tiles(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                      const void *packed, const void *in, void *out, void *workspace) {
    share_tiles(take_tiles, cpu, conv, direction, packed, in, out, workspace);
}

static void take_tile_planes(void *context, int thread, int threads, mos_team *team) {
    tiles_job *job = context;
    const tiles_room room = room_of(job, thread);
    const size_t size = job->cpu->act_size;
    const int64_t planes = room.kernels->planes, inputs = room.from.c, group = job->cpu->group;
    const int64_t plane_v = WINOGRAD_V_PLANE(room.rows, inputs),
                  plane_m = WINOGRAD_M_PLANE(room.rows, group);
    int64_t first, count;
    (void)threads, (void)team;
    while (next_block(job, &room, thread, &first, &count)) {
        for (int64_t k = 0; k < planes; k++)
            for (int64_t c = 0; c < room.to.c; c += group)
                room.kernels->multiply(1, room.rows, inputs, room.v + (size_t)(k * plane_v) * size,
                                       (const char *)job->packed +
                                           (size_t)((c * planes + k * group) * inputs) * size,
                                       room.m + (c / group * planes + k) * plane_m);
        for (int64_t c = 0; c < room.to.c; c += group)
            write_group(job, &room, first, count, c, room.m + c / group * planes * plane_m);
    }
}

/* The same of many channels: a block has as many tiles as make the transformed weights, which come
 * from memory or the third-level cache, worth reading. Its products go plane by plane, so that a
 * plane of the transformed input stays in the L2 cache while all weights of the plane pass by it.
 */
static void run_tile_planes(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                            const void *packed, const void *in, void *out, void *workspace) {
    share_tiles(take_tile_planes, cpu, conv, direction, packed, in, out, workspace);
}

/* The weight gradient's work is cut into units of a block of input and a group of output channels:
 * du [planes, block i, group o] each. */
static int64_t unit_values(const mos_cpu *cpu, const mos_winograd_kernels *kernels) {
    return (int64_t)kernels->planes * cpu->block * cpu->group;
}

static int64_t units_of(const mos_cpu *cpu, const mos_conv_shape *s) {
    return s->ci / cpu->block * (s->co / cpu->group);
}

/* Bytes of the two transformed sides of a piece or chunk. */
static size_t pair_bytes(const mos_cpu *cpu, const mos_conv_shape *s,
                         const mos_winograd_kernels *kernels, int64_t pairs) {
    return (size_t)(kernels->planes *
                    (WINOGRAD_P_PLANE(pairs, s->ci) + WINOGRAD_P_PLANE(pairs, s->co))) *
           cpu->act_size;
}

typedef struct weight_run {
    const mos_cpu *cpu;
    const mos_conv_shape *shape;
    const mos_winograd_kernels *kernels;
    mos_winograd_map map_x, map_y;
    int64_t pairs, units, values; /* of a chunk; in all; of a unit's sums */
    float *sums;                  /* the workspace begins with them */
    char *px, *py;                /* both transformed sides of a chunk */
    const void *x, *dy;
    float *dw;
    mos_cpu_work work;
} weight_run;

/* `held`: how many units' sums lie before the transformed sides. */
static weight_run begin_weights(const mos_cpu *cpu, const mos_conv *conv, int64_t held,
                                const void *x, const void *dy, float *dw, void *workspace) {
    const mos_conv_shape *s = &conv->shape;
    const conv_own *plan = &conv->own[CONV_BACKWARD_WEIGHTS];
    const mos_winograd_kernels *kernels = plan->kernels;
    const int64_t values = unit_values(cpu, kernels);
    char *px = (char *)((float *)workspace + held * values);
    const size_t side =
        (size_t)(kernels->planes * WINOGRAD_P_PLANE(plan->rows, s->ci)) * cpu->act_size;
    return (weight_run){.cpu = cpu,
                        .shape = s,
                        .kernels = kernels,
                        .map_x = map_of(s, kernels, s->ci),
                        .map_y = map_of(s, kernels, s->co),
                        .pairs = plan->rows,
                        .units = units_of(cpu, s),
                        .values = values,
                        .sums = workspace,
                        .px = px,
                        .py = px + side,
                        .x = x,
                        .dy = dy,
                        .dw = dw};
}

/* Pairs [begin, end) of the chunk from tile `first`, x and dy, into px and py. */
static void transform(const weight_run *run, int64_t first, int64_t begin, int64_t end, char *px,
                      char *py) {
    run->kernels->pairs(&run->map_x, run->x, false, first, begin, end, run->pairs, px);
    run->kernels->pairs(&run->map_y, run->dy, true, first, begin, end, run->pairs, py);
}

/* du [planes, block i, group o] (+)= the products of planes [first, first + planes) of one unit */
static void accumulate(const weight_run *run, const char *px, const char *py, int64_t unit,
                       int64_t first, int64_t planes, float *du, bool add) {
    const mos_conv_shape *s = run->shape;
    const int64_t lanes = run->cpu->block, group = run->cpu->group, blocks = s->ci / lanes,
                  o = unit / blocks * group, i = unit % blocks * lanes;
    const int64_t plane_x = WINOGRAD_P_PLANE(run->pairs, s->ci),
                  plane_y = WINOGRAD_P_PLANE(run->pairs, s->co);
    run->kernels->accumulate(
        planes, run->pairs,
        px + (size_t)(first * plane_x + i * run->pairs * 2) * run->cpu->act_size, plane_x,
        py + (size_t)(first * plane_y + o * run->pairs * 2) * run->cpu->act_size, plane_y,
        du + first * lanes * group, add);
}

/* dw += G^T du G of one unit */
static void finish_unit(const weight_run *run, int64_t unit, const float *du) {
    const mos_conv_shape *s = run->shape;
    const int64_t lanes = run->cpu->block, group = run->cpu->group, blocks = s->ci / lanes,
                  o = unit / blocks * group, i = unit % blocks * lanes;
    float block[9 * CPU_BLOCK * CPU_BLOCK];
    for (int64_t half = 0; half < 2; half++) {
        run->kernels->weight_block(du + half * lanes, block);
        run->cpu->kernels->add_weight_block(
            block, 9, run->dw + ((o + half * lanes) * s->ci + i) * 9, s->ci * 9);
    }
}

static void take_tiles_of_weights(void *context, int thread, int threads, mos_team *team) {
    const weight_run *run = context;
    const int64_t planes = run->kernels->planes, units = run->units, values = run->values;
    const int64_t chunks = (run->map_x.tiles + run->pairs * 2 - 1) / (run->pairs * 2);
    const size_t piece = pair_bytes(run->cpu, run->shape, run->kernels, run->pairs);
    float *du = run->sums + thread * units * values;
    char *px = run->px + (size_t)thread * piece, *py = run->py + (size_t)thread * piece;
    int64_t begin, end;
    mos_cpu_range(chunks, threads, thread, &begin, &end);
    if (begin == end) memset(du, 0, (size_t)(units * values) * sizeof *du);
    for (int64_t c = begin; c < end; c++) {
        transform(run, c * run->pairs * 2, 0, run->pairs, px, py);
        for (int64_t plane = 0; plane < planes; plane++)
            for (int64_t unit = 0; unit < units; unit++)
                accumulate(run, px, py, unit, plane, 1, du + unit * values, c > begin);
    }
    mos_team_barrier(team);
    mos_cpu_range(units, threads, thread, &begin, &end);
    for (int64_t unit = begin; unit < end; unit++) {
        float *sum = run->sums + unit * values;
        for (int t = 1; t < threads; t++)
            run->cpu->kernels->add(sum, sum + t * units * values, values);
        finish_unit(run, unit, sum);
    }
}

/* Few channels: each thread takes a range of tiles in pieces, with sums of its own; the sums are
 * added in thread order. */
static void run_by_tiles(const mos_cpu *cpu, const mos_conv *conv, const void *x, const void *dy,
                         float *dw, void *workspace) {
    weight_run run =
        begin_weights(cpu, conv, cpu->threads * units_of(cpu, &conv->shape), x, dy, dw, workspace);
    mos_team_run(cpu->threads, take_tiles_of_weights, &run);
}

static void take_planes(void *context, int thread, int threads, mos_team *team) {
    weight_run *run = context;
    const int64_t units = run->units, values = run->values;
    int64_t begin, end, item;
    for (int64_t first = 0; first < run->map_x.tiles; first += run->pairs * 2) {
        if (thread == 0)
            mos_cpu_work_begin(&run->work, run->kernels->planes * units, run->cpu->threads);
        mos_cpu_range(run->pairs, threads, thread, &begin, &end);
        transform(run, first, begin, end, run->px, run->py);
        mos_team_barrier(team);
        while ((item = mos_cpu_work_next(&run->work, thread)) >= 0)
            accumulate(run, run->px, run->py, item % units, item / units, 1,
                       run->sums + item % units * values, first > 0);
        mos_team_barrier(team);
    }
    mos_cpu_range(units, threads, thread, &begin, &end);
    for (int64_t unit = begin; unit < end; unit++)
        finish_unit(run, unit, run->sums + unit * values);
}

/* Many channels: all threads transform a chunk of tiles, then share out the planes of all units, a
 * plane's units one after the other: its sums and both its sides stay in the L2 cache meanwhile. */
static void run_by_planes(const mos_cpu *cpu, const mos_conv *conv, const void *x, const void *dy,
                          float *dw, void *workspace) {
    weight_run run = begin_weights(cpu, conv, units_of(cpu, &conv->shape), x, dy, dw, workspace);
    mos_team_run(cpu->threads, take_planes, &run);
}

static void take_units(void *context, int thread, int threads, mos_team *team) {
    weight_run *run = context;
    float *du = run->sums + thread * run->values;
    int64_t begin, end, unit;
    mos_cpu_range(run->pairs, threads, thread, &begin, &end);
    transform(run, 0, begin, end, run->px, run->py);
    mos_team_barrier(team);
    while ((unit = mos_cpu_work_next(&run->work, thread)) >= 0) {
        accumulate(run, run->px, run->py, unit, 0, run->kernels->planes, du, false);
        finish_unit(run, unit, du);
    }
}

/* Many channels and few tiles: the threads share out the units, whose sums are never stored. */
static void run_by_units(const mos_cpu *cpu, const mos_conv *conv, const void *x, const void *dy,
                         float *dw, void *workspace) {
    weight_run run = begin_weights(cpu, conv, cpu->threads, x, dy, dw, workspace);
    mos_cpu_work_begin(&run.work, run.units, cpu->threads);
    mos_team_run(cpu->threads, take_units, &run);
}

/* Few channels: the sums of all units fit what one thread holds, and adding them up per thread is
 * cheap. */
static bool is_narrow(const mos_conv_shape *s, const mos_winograd_kernels *kernels) {
    return kernels->planes * s->ci * s->co * (int64_t)sizeof(float) <= SUMS_BYTES;
}

static void plan_weights(const mos_cpu *cpu, const mos_conv_shape *s, conv_own *plan) {
    const mos_winograd_kernels *kernels = plan->kernels;
    const int64_t values = unit_values(cpu, kernels), units = units_of(cpu, s);
    const int64_t pairs = (map_of(s, kernels, s->ci).tiles + 1) / 2;
    const int64_t pair = 2 * (int64_t)cpu->act_size; /* of one channel and plane */
    int64_t room, sums;
    if (is_narrow(s, kernels)) {
        room = PIECE_BYTES / (kernels->planes * pair * (s->ci + s->co));
        plan->run_weights = run_by_tiles;
    } else if (kernels->planes * pair * cpu->group * pairs <= GROUP_BYTES) {
        room = pairs;
        plan->run_weights = run_by_units;
    } else {
        room = PLANE_BYTES / (pair * (s->ci + s->co));
        plan->run_weights = run_by_planes;
    }
    int64_t chunks = (pairs + room - 1) / room;
    if (plan->run_weights == run_by_tiles) chunks = mos_cpu_round_up(chunks, cpu->threads);
    plan->rows = (pairs + chunks - 1) / chunks;
    plan->bytes = pair_bytes(cpu, s, kernels, plan->rows);
    sums = plan->run_weights == run_by_planes ? units : cpu->threads;
    if (plan->run_weights == run_by_tiles) {
        plan->bytes *= (size_t)cpu->threads;
        sums *= units;
    }
    plan->bytes += (size_t)(sums * values) * sizeof(float);
}

void mos_winograd_plan(const mos_cpu *cpu, mos_conv *conv, conv_direction direction,
                       const mos_winograd_kernels *kernels) {
    const mos_conv_shape *s = &conv->shape;
    conv_own *plan = &conv->own[direction];
    const mos_winograd_map map = map_of(s, kernels, s->ci);
    plan->name = kernels->name;
    plan->pack = pack_tiles;
    plan->kernels = kernels;
    if (direction == CONV_BACKWARD_WEIGHTS) {
        plan_weights(cpu, s, plan);
        return;
    }
    /* blocks of equal size, as many as divide evenly among the threads */
    const int64_t inputs = inputs_of(s, direction), outputs = inputs == s->ci ? s->co : s->ci;
    const int64_t step = cpu->rows, tile = kernels->planes * (int64_t)cpu->act_size;
    int64_t room = BLOCK_BYTES / (tile * inputs) / step * step;
    /* Not where vectors are wider: there it is not measured. */
    const bool by_planes = room < 2 * step && cpu->block < CPU_BLOCK;
    if (by_planes) room = CHUNK_BYTES / (tile * (inputs + outputs)) / step * step;
    if (room < 2 * step) room = 2 * step;
    const int64_t blocks = mos_cpu_round_up((map.tiles + room - 1) / room, cpu->threads);
    plan->rows = mos_cpu_round_up((map.tiles + blocks - 1) / blocks, step);
    plan->run = by_planes ? run_tile_planes : run_tiles;
    plan->bytes =
        (size_t)cpu->threads * block_bytes(cpu, plan, inputs, by_planes ? outputs : cpu->group);
    plan->weight_bytes = (size_t)(kernels->planes * s->ci * s->co) * cpu->act_size;
}
