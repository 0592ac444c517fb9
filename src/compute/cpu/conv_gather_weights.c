/* The weight gradient of a gathered convolution:
 *   dw[o, i, tap] += sum over p of  x[p stride + tap - pad, i] dy[p, o]
 * Pairs of outputs are what a product takes at a time. Sums are made in an order that depends on
 * the shape and the number of threads alone. */
#include "base/team.h"
#include "compute/cpu/conv_positions.h"
#include "compute/cpu/cpu_work.h"

#include <string.h>

#define MAX_TAPS (GATHER_MAX_KERNEL * GATHER_MAX_KERNEL)
/* The gradient of y that all units of a chunk of outputs pass by. */
#define CHUNK_BYTES ((int64_t)512 << 10)
/* A block of channels of x and a group of the gradient's in a piece of outputs, and the sums a
 * thread may hold. */
#define PIECE_BYTES ((int64_t)24 << 10)
#define SUMS_BYTES  ((int64_t)256 << 10)

/* ---- chunks: any kernel ---- */

/* Outputs are put in a row, class by class, each class filled up to whole pairs, and cut into
 * chunks. A unit is one tap and a block of input channels: du [co/group, block i, group o]. A
 * chunk's gradient of y is gathered once, by all threads; what a unit reads of x by the thread that
 * takes it, into a small buffer. */
typedef struct chunk_room {
    int64_t *from, *to;          /* positions of a chunk's outputs; -1: none */
    float *sums;                 /* [taps, ci/block, co/group, block, group] */
    char *py;                    /* [co/block, pairs, block, 2] */
    char *px;                    /* [threads, pairs, block, 2] */
    int64_t taps, pairs, stride; /* stride: values from a block of py to the next */
    int64_t used, tap[MAX_TAPS]; /* taps in use */
} chunk_room;

static int64_t class_pairs(const conv_class *c) {
    return (c->outputs + 1) / 2;
}

static int64_t all_pairs(const mos_conv *conv) {
    int64_t pairs = 0;
    conv_class c = mos_conv_classes(conv->shape.n);
    while (mos_conv_next_class(conv, CONV_BACKWARD_WEIGHTS, &c))
        pairs += class_pairs(&c);
    return pairs;
}

/* Without a workspace: the bytes it takes. */
static size_t lay_out_chunk(const mos_cpu *cpu, const mos_conv *conv, void *workspace,
                            chunk_room *room) {
    const mos_conv_shape *s = &conv->shape;
    const int64_t pairs = conv->own[CONV_BACKWARD_WEIGHTS].rows;
    char *at = workspace;
    room->taps = s->kernel * s->kernel;
    room->used = mos_conv_taps_in_use(conv, CONV_BACKWARD_WEIGHTS, room->tap);
    room->pairs = pairs;
    room->stride = pairs * 2 * cpu->block + 32; /* no power of two */
    const size_t positions = (size_t)(pairs * 2) * sizeof(int64_t),
                 sums = (size_t)(room->taps * s->ci * s->co) * sizeof(float),
                 py = (size_t)(s->co / cpu->block * room->stride) * cpu->act_size,
                 px = (size_t)(cpu->threads * pairs * 2 * cpu->block) * cpu->act_size;
    if (workspace) {
        room->from = (int64_t *)(void *)at;
        room->to = (int64_t *)(void *)(at + positions);
        room->sums = (float *)(void *)(at + 2 * positions);
        room->py = at + 2 * positions + sums;
        room->px = room->py + py;
    }
    return 2 * positions + sums + py + px;
}

/* The part of a class that lies in a chunk of pairs from `first` on, when `before` pairs went by:
 * [begin, end) of the chunk's, the class's own from `own` on. */
typedef struct class_part {
    int64_t begin, end, own;
} class_part;

static class_part part_of(const conv_class *c, int64_t before, int64_t first, int64_t pairs) {
    const int64_t begin = before > first ? before : first;
    int64_t end = before + class_pairs(c);
    if (end > first + pairs) end = first + pairs;
    return (class_part){begin - first, end - first, begin - before};
}

/* Positions of a chunk's outputs. */
static void find_chunk(const mos_conv *conv, int64_t first, chunk_room *room) {
    const conv_maps maps = mos_conv_maps(conv, CONV_BACKWARD_WEIGHTS);
    int64_t before = 0;
    for (int64_t i = 0; i < room->pairs * 2; i++)
        room->from[i] = room->to[i] = -1;
    conv_class c = mos_conv_classes(conv->shape.n);
    while (mos_conv_next_class(conv, CONV_BACKWARD_WEIGHTS, &c)) {
        const class_part part = part_of(&c, before, first, room->pairs);
        before += class_pairs(&c);
        if (part.begin >= part.end) continue;
        const int64_t left = c.outputs - part.own * 2, most = (part.end - part.begin) * 2;
        mos_conv_find_outputs(&c, &maps, part.own * 2, left < most ? left : most,
                              room->from + part.begin * 2, room->to + part.begin * 2);
    }
}

/* du of one tap and a block of input channels: the chunk's ranges of outputs that have the tap. */
static void run_unit(const mos_cpu *cpu, const mos_conv *conv, const chunk_room *room,
                     int64_t first, int64_t tap, int64_t block, const void *x, void *px) {
    const mos_conv_shape *s = &conv->shape;
    const mos_gather_kernels *kernels = cpu->activation->gather;
    mos_range ranges[GATHER_CLASSES];
    int range_count = 0;
    int64_t before = 0, gathered = 0;
    conv_class c = mos_conv_classes(conv->shape.n);
    while (mos_conv_next_class(conv, CONV_BACKWARD_WEIGHTS, &c)) {
        const class_part part = part_of(&c, before, first, room->pairs);
        int64_t i = 0;
        before += class_pairs(&c);
        while (i < c.walk.taps && c.walk.tap[i] != tap)
            i++;
        if (part.begin >= part.end || i == c.walk.taps) continue;
        kernels->pairs((const char *)x +
                           (size_t)(block * c.walk.plane + c.walk.step[i]) * cpu->act_size,
                       room->from + part.begin * 2, part.end - part.begin,
                       (char *)px + (size_t)(gathered * 2 * cpu->block) * cpu->act_size);
        gathered += part.end - part.begin;
        if (range_count > 0 && ranges[range_count - 1].end == part.begin)
            ranges[range_count - 1].end = part.end;
        else
            ranges[range_count++] = (mos_range){part.begin, part.end};
    }
    if (range_count == 0 && first > 0) return;
    float *du = room->sums + (tap * (s->ci / cpu->block) + block) * cpu->block * s->co;
    for (int64_t o = 0; o < s->co; o += cpu->group)
        kernels->accumulate(ranges, range_count, px,
                            room->py + (size_t)(o / cpu->block * room->stride) * cpu->act_size,
                            room->stride, du + o * cpu->block, first > 0);
}

/* dw [block rows of row_stride] += the sums of a block of channels of either, of one tap */
static void add_tap(const mos_cpu *cpu, const float *du, int64_t taps, float *dw,
                    int64_t row_stride) {
    for (int64_t o = 0; o < cpu->block; o++)
        for (int64_t i = 0; i < cpu->block; i++)
            dw[o * row_stride + i * taps] += du[i * cpu->group + o];
}

/* dw += the sums of a block of input and a group of output channels: those of the taps in use, the
 * others are zero */
static void finish(const mos_cpu *cpu, const mos_conv_shape *s, const chunk_room *room,
                   int64_t block, int64_t o, float *dw) {
    float sums[MAX_TAPS * CPU_BLOCK * CPU_BLOCK];
    const int64_t taps = room->taps, row_stride = s->ci * taps;
    for (int64_t half = 0; half < cpu->group; half += cpu->block) {
        float *to = dw + ((o + half) * s->ci + block * cpu->block) * taps;
        for (int64_t u = 0; u < room->used; u++) {
            const int64_t tap = room->tap[u];
            const float *du =
                room->sums + ((tap * (s->ci / cpu->block) + block) * s->co + o) * cpu->block + half;
            if (room->used < taps) add_tap(cpu, du, taps, to + tap, row_stride);
            for (int64_t i = 0; room->used == taps && i < cpu->block; i++)
                memcpy(sums + (tap * cpu->block + i) * cpu->block, du + i * cpu->group,
                       (size_t)cpu->block * sizeof *du);
        }
        if (room->used == taps) cpu->kernels->add_weight_block(sums, taps, to, row_stride);
    }
}

typedef struct chunks_job {
    const mos_cpu *cpu;
    const mos_conv *conv;
    const void *x, *dy;
    float *dw;
    chunk_room room;
    mos_cpu_work work;
} chunks_job;

static void take_chunks(void *context, int thread, int threads, mos_team *team) {
    chunks_job *job = context;
    const mos_cpu *cpu = job->cpu;
    const mos_conv *conv = job->conv;
    const mos_conv_shape *s = &conv->shape;
    const mos_gather_kernels *kernels = cpu->activation->gather;
    const int64_t total = all_pairs(conv), blocks = s->ci / cpu->block;
    const int64_t plane = conv->oh * conv->ow * cpu->block;
    chunk_room *room = &job->room;
    void *px = room->px + (size_t)(thread * room->pairs * 2 * cpu->block) * cpu->act_size;
    int64_t begin, end, unit;
    for (int64_t first = 0; first < total; first += room->pairs) {
        if (thread == 0) {
            find_chunk(conv, first, room);
            mos_cpu_work_begin(&job->work, room->used * blocks, cpu->threads);
        }
        mos_team_barrier(team);
        mos_cpu_range(room->pairs, threads, thread, &begin, &end);
        for (int64_t o = 0; o < s->co / cpu->block; o++)
            kernels->pairs((const char *)job->dy + (size_t)(o * plane) * cpu->act_size,
                           room->to + begin * 2, end - begin,
                           room->py +
                               (size_t)(o * room->stride + begin * 2 * cpu->block) * cpu->act_size);
        mos_team_barrier(team);
        while ((unit = mos_cpu_work_next(&job->work, thread)) >= 0)
            run_unit(cpu, conv, room, first, room->tap[unit / blocks], unit % blocks, job->x, px);
        mos_team_barrier(team);
    }
    mos_cpu_range(blocks * (s->co / cpu->group), threads, thread, &begin, &end);
    for (unit = begin; unit < end; unit++)
        finish(cpu, s, room, unit % blocks, unit / blocks * cpu->group, job->dw);
}

/* dw [co, ci, k, k] += the gradient of the weights; x, dy are act */
static void run_chunks(const mos_cpu *cpu, const mos_conv *conv, const void *x, const void *dy,
                       float *dw, void *workspace) {
    chunks_job job = {.cpu = cpu, .conv = conv, .x = x, .dy = dy, .dw = dw};
    (void)lay_out_chunk(cpu, conv, workspace, &job.room);
    mos_team_run(cpu->threads, take_chunks, &job);
}

/* ---- pieces: a kernel of 1x1 ---- */

/* Outputs [first, first + count) of a map: their positions in x and in dy; an odd number of them is
 * filled up with none. */
typedef struct piece {
    int64_t *from, *to;
    int64_t pairs;
} piece;

/* What one thread works on: some blocks of channels of x, all of dy. */
typedef struct piece_room {
    piece piece[2]; /* the one at hand and the next */
    const char *x, *dy;
    float *sums;    /* [inputs, co/group, block, group] */
    char *px, *py;  /* [inputs, pairs, block, 2], [co/block, pairs, block, 2] */
    int64_t inputs; /* blocks of x */
    int64_t stride; /* values from a block to the next */
} piece_room;

/* Few channels: the threads share out the outputs, with sums of their own. Many: the input
 * channels. */
static bool is_narrow(const mos_conv_shape *s) {
    return s->ci * s->co * (int64_t)sizeof(float) <= SUMS_BYTES;
}

/* All threads' sums come first, then each one's room. */
static size_t sums_bytes(const mos_cpu *cpu, const mos_conv_shape *s) {
    return (size_t)(s->ci * s->co * (is_narrow(s) ? cpu->threads : 1)) * sizeof(float);
}

static int64_t piece_stride(const mos_conv *conv) {
    return conv->own[CONV_BACKWARD_WEIGHTS].rows * 2 * conv->block + 32; /* no power of two */
}

static size_t piece_bytes(const mos_cpu *cpu, const mos_conv *conv) {
    const mos_conv_shape *s = &conv->shape;
    const int64_t pairs = conv->own[CONV_BACKWARD_WEIGHTS].rows;
    return (size_t)(pairs * 2 * 4) * sizeof(int64_t) +
           (size_t)((s->ci + s->co) / cpu->block * piece_stride(conv)) * cpu->act_size;
}

static piece_room piece_room_at(const mos_cpu *cpu, const mos_conv *conv, char *at,
                                int64_t inputs) {
    const int64_t rows = conv->own[CONV_BACKWARD_WEIGHTS].rows * 2;
    piece_room room = {.inputs = inputs, .stride = piece_stride(conv)};
    for (int i = 0; i < 2; i++, at += (size_t)(2 * rows) * sizeof(int64_t)) {
        room.piece[i].from = (int64_t *)(void *)at;
        room.piece[i].to = room.piece[i].from + rows;
    }
    room.px = at;
    room.py = at + (size_t)(inputs * room.stride) * cpu->act_size;
    return room;
}

/* The positions of piece `number`. */
static void find_piece(const mos_conv *conv, const conv_class *c, int64_t number, piece *at) {
    const conv_maps maps = mos_conv_maps(conv, CONV_BACKWARD_WEIGHTS);
    const int64_t rows = 2 * conv->own[CONV_BACKWARD_WEIGHTS].rows,
                  left = c->outputs - number * rows;
    const int64_t count = left < rows ? left : rows;
    mos_conv_find_outputs(c, &maps, number * rows, count, at->from, at->to);
    if (count % 2 != 0) at->from[count] = at->to[count] = -1;
    at->pairs = (count + 1) / 2;
}

/* A block of channels: those of x, then those of dy. */
static const char *block_at(const mos_cpu *cpu, const mos_conv *conv, const piece_room *room,
                            int64_t block) {
    const mos_conv_shape *s = &conv->shape;
    return block < room->inputs
               ? room->x + (size_t)(block * s->h * s->w * cpu->block) * cpu->act_size
               : room->dy + (size_t)((block - room->inputs) * conv->oh * conv->ow * cpu->block) *
                                cpu->act_size;
}

/* The sums of one piece: both sides of a block of input and a group of output channels stay in the
 * L1 cache while they are multiplied, and the next piece comes from memory. */
static void run_piece(const mos_cpu *cpu, const mos_conv *conv, const piece *at, const piece *next,
                      bool add, piece_room *room) {
    const int64_t co = conv->shape.co, blocks = room->inputs + co / cpu->block;
    const mos_gather_kernels *kernels = cpu->activation->gather;
    const size_t stride = (size_t)room->stride * cpu->act_size;
    int64_t fetched = 0;
    for (int64_t b = 0; b < blocks; b++)
        kernels->pairs(block_at(cpu, conv, room, b), b < room->inputs ? at->from : at->to,
                       at->pairs, room->px + (size_t)b * stride);
    for (int64_t o = 0; o < co; o += cpu->group)
        for (int64_t i = 0; i < room->inputs; i++) {
            const void *ahead[2] = {NULL, NULL};
            const int64_t *positions[2] = {NULL, NULL};
            const bool fetch = fetched + 1 < blocks;
            for (int half = 0; half < 2 && fetch; half++, fetched++) {
                ahead[half] = block_at(cpu, conv, room, fetched);
                positions[half] = fetched < room->inputs ? next->from : next->to;
            }
            kernels->accumulate_ahead(at->pairs, room->px + (size_t)i * stride,
                                      room->py + (size_t)(o / cpu->block) * stride, room->stride,
                                      room->sums + (i * co + o) * cpu->block, add, ahead, positions,
                                      fetch ? next->pairs : 0);
        }
}

/* Pieces [begin, end), one after the other. */
static void run_range(const mos_cpu *cpu, const mos_conv *conv, const conv_class *c, int64_t begin,
                      int64_t end, piece_room *room) {
    if (begin < end) find_piece(conv, c, begin, &room->piece[begin % 2]);
    for (int64_t number = begin; number < end; number++) {
        piece *at = &room->piece[number % 2], *next = &room->piece[(number + 1) % 2];
        next->pairs = 0;
        if (number + 1 < end) find_piece(conv, c, number + 1, next);
        run_piece(cpu, conv, at, next, number > begin, room);
    }
}

/* dw += all threads' sums of a block of input and a group of output channels, added in thread order
 */
static void finish_unit(const mos_cpu *cpu, const mos_conv_shape *s, float *sums, int parts,
                        int64_t unit, float *dw) {
    const int64_t first = unit * cpu->block * cpu->group;
    const chunk_room whole = {.taps = 1, .sums = sums, .used = 1};
    for (int t = 1; t < parts; t++)
        cpu->kernels->add(sums + first, sums + t * s->ci * s->co + first, cpu->block * cpu->group);
    finish(cpu, s, &whole, first / cpu->block / s->co, first / cpu->block % s->co, dw);
}

typedef struct pieces_job {
    const mos_cpu *cpu;
    const mos_conv *conv;
    const void *x, *dy;
    float *dw;
    void *workspace;
} pieces_job;

static void take_pieces(void *context, int thread, int threads, mos_team *team) {
    const pieces_job *job = context;
    const mos_cpu *cpu = job->cpu;
    const mos_conv *conv = job->conv;
    void *workspace = job->workspace;
    const mos_conv_shape *s = &conv->shape;
    const int64_t rows = 2 * conv->own[CONV_BACKWARD_WEIGHTS].rows, values = s->ci * s->co;
    const bool narrow = is_narrow(s);
    conv_class c = mos_conv_classes(s->n);
    (void)mos_conv_next_class(conv, CONV_BACKWARD_WEIGHTS, &c); /* all outputs: no tap is outside */
    const int64_t pieces = (c.outputs + rows - 1) / rows;
    int64_t begin = 0, end = pieces, first = 0, last = s->ci / cpu->block;
    if (narrow)
        mos_cpu_range(pieces, threads, thread, &begin, &end);
    else
        mos_cpu_range(s->ci / cpu->block, threads, thread, &first, &last);
    char *at = (char *)workspace + sums_bytes(cpu, s) + (size_t)thread * piece_bytes(cpu, conv);
    piece_room room = piece_room_at(cpu, conv, at, last - first);
    room.x = (const char *)job->x + (size_t)(first * s->h * s->w * cpu->block) * cpu->act_size;
    room.dy = job->dy;
    room.sums = (float *)workspace + first * cpu->block * s->co + (narrow ? thread * values : 0);
    if (begin == end) memset(room.sums, 0, (size_t)values * sizeof *room.sums);
    if (first < last) run_range(cpu, conv, &c, begin, end, &room);
    mos_team_barrier(team);
    mos_cpu_range(values / (cpu->block * cpu->group), threads, thread, &begin, &end);
    for (int64_t unit = begin; unit < end; unit++)
        finish_unit(cpu, s, workspace, narrow ? threads : 1, unit, job->dw);
}

static void run_pieces(const mos_cpu *cpu, const mos_conv *conv, const void *x, const void *dy,
                       float *dw, void *workspace) {
    pieces_job job = {.cpu = cpu, .conv = conv, .x = x, .dy = dy, .dw = dw, .workspace = workspace};
    mos_team_run(cpu->threads, take_pieces, &job);
}

/* ---- the plan ---- */

void mos_gather_plan_weights(const mos_cpu *cpu, const mos_conv *conv, conv_own *plan) {
    const mos_conv_shape *s = &conv->shape;
    const int64_t pairs = all_pairs(conv), pair = 2 * (int64_t)cpu->act_size;
    if (s->kernel == 1 && s->pad == 0) {
        const int64_t most = PIECE_BYTES / ((cpu->block + cpu->group) * pair);
        const int64_t parts = is_narrow(s) ? cpu->threads : 1;
        const int64_t count = mos_cpu_round_up((pairs + most - 1) / most, parts);
        plan->rows = (pairs + count - 1) / count;
        plan->bytes = sums_bytes(cpu, s) + (size_t)cpu->threads * piece_bytes(cpu, conv);
        plan->run_weights = run_pieces;
    } else {
        chunk_room room;
        const int64_t most = CHUNK_BYTES / (s->co * pair), count = (pairs + most - 1) / most;
        plan->rows = (pairs + count - 1) / count;
        plan->bytes = lay_out_chunk(cpu, conv, NULL, &room);
        plan->run_weights = run_chunks;
    }
}
