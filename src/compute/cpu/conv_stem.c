/* An encoder's first convolution by our own products: a thread takes strips of outputs of one
 * sample, arranges what they read of the image once and multiplies straight out of that. The weight
 * gradient's sums are each thread's own and are added in thread order. */
#include "base/team.h"
#include "base/thread.h"
#include "compute/cpu/conv_plan.h"
#include "compute/cpu/cpu_work.h"
#include "compute/cpu/stem_overlap.h"

#include <string.h>

/* What a strip reads of the image. */
#define STRIP_BYTES ((int64_t)192 << 10)
/* The gradient of y of a group of channels that every row of the kernel passes by, in the L1 cache.
 */
#define LINES_BYTES ((int64_t)16 << 10)

static mos_stem_map map_of(const mos_conv *conv) {
    const mos_conv_shape *s = &conv->shape;
    return (mos_stem_map){.c = s->ci,
                          .h = s->h,
                          .w = s->w,
                          .kernel = s->kernel,
                          .stride = s->stride,
                          .pad = s->pad,
                          .ow = conv->ow,
                          .plain = conv->plain};
}

static int64_t channels_of(const mos_conv_shape *s) {
    return mos_cpu_round_up(s->ci, 2);
}

/* Rows of the image under `rows` rows of outputs. */
static int64_t rows_under(const mos_conv_shape *s, int64_t rows) {
    return (rows - 1) * s->stride + s->kernel;
}

/* Values of a padded row of the image: what whole products reach. */
static int64_t forward_width(const mos_cpu *cpu, const mos_conv *conv) {
    return rows_under(&conv->shape, mos_cpu_round_up(conv->ow, cpu->activation->stem->rows));
}

/* Values of a phase of a padded row, in whole vectors. */
static int64_t phase_width(const mos_conv *conv) {
    const int64_t most =
        mos_cpu_round_up(conv->ow, 2) + (conv->shape.kernel - 1) / conv->shape.stride;
    return mos_cpu_round_up(most + 1, CPU_BLOCK);
}

static const char *image_of(const mos_cpu *cpu, const mos_conv *conv, const void *x, int64_t n) {
    const mos_conv_shape *s = &conv->shape;
    const int64_t stored = mos_cpu_image_layout(cpu, s->ci).channels;
    return (const char *)x + (size_t)(n * stored * s->h * s->w) * cpu->act_size;
}

/* A strip: `rows` rows of outputs from oy on of sample n. */
typedef struct stem_part {
    int64_t n, oy, rows;
} stem_part;

static int64_t strips_of(const mos_conv *conv, conv_direction direction) {
    const int64_t rows = conv->own[direction].rows;
    return (conv->oh + rows - 1) / rows;
}

static stem_part part_at(const mos_conv *conv, conv_direction direction, int64_t number) {
    const int64_t rows = conv->own[direction].rows, strips = strips_of(conv, direction);
    const int64_t oy = number % strips * rows;
    return (stem_part){number / strips, oy, conv->oh - oy < rows ? conv->oh - oy : rows};
}

static mos_stem_rows rows_of(const mos_conv_shape *s, const stem_part *at, int64_t width) {
    return (mos_stem_rows){at->oy * s->stride - s->pad, rows_under(s, at->rows), width};
}

typedef struct pack_job {
    const mos_cpu *cpu;
    const mos_conv *conv;
    const float *weights;
    char *packed;
} pack_job;

static void pack_groups(void *context, int64_t begin, int64_t end, int thread) {
    const pack_job *job = context;
    const mos_conv_shape *s = &job->conv->shape;
    const mos_stem_map map = map_of(job->conv);
    const int64_t taps = s->kernel * s->kernel, group = job->cpu->group;
    (void)thread;
    for (int64_t o = begin * group; o < end * group; o += group)
        job->cpu->activation->stem->weights(&map, job->weights + o * s->ci * taps,
                                            job->packed + (size_t)(o * taps * channels_of(s)) *
                                                              job->cpu->act_size);
}

/* weights [co, ci, k, k] -> [co/group, ci/2, k, k, group, 2] */
static void pack_stem(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                      const float *weights, void *packed) {
    pack_job job = {.cpu = cpu, .conv = conv, .weights = weights, .packed = packed};
    (void)direction;
    mos_parallel_for(cpu->threads, conv->shape.co / cpu->group, pack_groups, &job);
}

typedef struct strips_job {
    const mos_cpu *cpu;
    const mos_conv *conv;
    conv_direction direction;
    const void *packed, *in;
    void *out, *workspace;
    mos_cpu_work work;
    int64_t overlaps;                           /* samples that are compared, from the first on */
    stem_overlap overlap[STEM_OVERLAP_SAMPLES]; /* [overlaps] */
} strips_job;

static void find_overlaps(strips_job *job, int thread, int threads) {
    int64_t begin, end;
    mos_cpu_range(job->overlaps, threads, thread, &begin, &end);
    for (int64_t n = begin; n < end; n++)
        job->overlap[n] =
            n == 0 ? (stem_overlap){0} : mos_stem_overlap_find(job->cpu, job->conv, job->in, n);
}

static void copy_overlaps(const strips_job *job, int thread, int threads) {
    int64_t begin, end;
    mos_cpu_range(job->conv->shape.co / job->cpu->block, threads, thread, &begin, &end);
    mos_stem_overlap_copy(job->cpu, job->conv, job->overlap, job->overlaps, begin, end, job->out);
}

static stem_overlap overlap_of(const strips_job *job, int64_t n) {
    return n < job->overlaps ? job->overlap[n] : (stem_overlap){0};
}

/* Of a row whose columns [left, right) are known: what is right of them by whole products from
 * `start` on, the few others, of all such rows of the strip, as points. */
typedef struct stem_rest {
    int64_t start, count;
    mos_stem_point *point;
} stem_rest;

static bool is_known(const stem_overlap *known, int64_t oy) {
    return oy >= known->first && oy < known->end;
}

static void add_points(const stem_part *at, const stem_overlap *known, int64_t begin, int64_t end,
                       stem_rest *rest) {
    for (int64_t r = 0; r < at->rows; r++)
        for (int64_t ox = begin; ox < end && !is_known(known, at->oy + r); ox++)
            rest->point[rest->count++] = (mos_stem_point){r, ox};
}

static void find_rest(const mos_conv *conv, int64_t together, const stem_part *at,
                      const stem_overlap *known, stem_rest *rest) {
    rest->count = rest->start = 0;
    if (known->left == known->right) return;
    rest->start = conv->ow - (conv->ow - known->right) / together * together;
    add_points(at, known, 0, known->left, rest);
    add_points(at, known, known->right, rest->start, rest);
}

/* Most points of a strip: those of a row left of what is known, and fewer than a product's right of
 * it. */
static int64_t most_points(const mos_cpu *cpu, const mos_conv *conv, int64_t rows) {
    const mos_conv_shape *s = &conv->shape;
    return rows * ((s->pad + s->stride - 1) / s->stride + cpu->activation->stem->rows);
}

/* Bytes of what a thread's workspace holds, in this order. */
typedef struct strip_room {
    size_t points, line, strip;
} strip_room;

static strip_room room_of(const mos_cpu *cpu, const mos_conv *conv, int64_t rows) {
    const mos_conv_shape *s = &conv->shape;
    const int64_t size = (int64_t)cpu->act_size,
                  row = channels_of(s) * forward_width(cpu, conv) * size;
    return (strip_room){(size_t)most_points(cpu, conv, rows) * sizeof(mos_stem_point),
                        (size_t)(2 * s->w * size), (size_t)(rows_under(s, rows) * row)};
}

static size_t room_bytes(const strip_room *room) {
    return (size_t)mos_cpu_round_up((int64_t)(room->points + room->line + room->strip), 64);
}

/* What of a strip is not known, of all channels. */
static void multiply_strip(const strips_job *job, const stem_part *at, const stem_overlap *known,
                           const mos_stem_rows *rows, const char *strip, const stem_rest *rest) {
    const mos_cpu *cpu = job->cpu;
    const mos_conv *conv = job->conv;
    const mos_conv_shape *s = &conv->shape;
    const mos_stem_kernels *kernels = cpu->activation->stem;
    const mos_stem_map map = map_of(conv);
    const int64_t plane = conv->oh * conv->ow * cpu->block, taps = s->kernel * s->kernel;
    for (int64_t o = 0; o < s->co; o += cpu->group) {
        mos_conv_ending room_of_ending;
        const mos_conv_ending *ending = mos_conv_ending_at(conv, o, &room_of_ending);
        const char *u =
            (const char *)job->packed + (size_t)(o * taps * channels_of(s)) * cpu->act_size;
        char *y = (char *)job->out + (size_t)((at->n * s->co + o) / cpu->block * plane +
                                              at->oy * conv->ow * cpu->block) *
                                         cpu->act_size;
        for (int64_t r = 0; r < at->rows; r++)
            if (!is_known(known, at->oy + r))
                kernels->forward(&map, rows, strip, r, rest->start, u, ending, plane,
                                 y + (size_t)(r * conv->ow * cpu->block) * cpu->act_size);
        if (rest->count > 0)
            kernels->points(&map, rows, strip, rest->point, rest->count, u, ending, plane, y);
    }
}

static void take_strips(void *context, int thread, int threads, mos_team *team) {
    strips_job *job = context;
    const mos_cpu *cpu = job->cpu;
    const mos_conv *conv = job->conv;
    const mos_conv_shape *s = &conv->shape;
    const conv_own *plan = &conv->own[job->direction];
    const mos_stem_map map = map_of(conv);
    const strip_room room = room_of(cpu, conv, plan->rows);
    char *own = (char *)job->workspace + (size_t)thread * room_bytes(&room);
    char *line = own + room.points, *strip = line + room.line;
    stem_rest rest = {.point = (mos_stem_point *)(void *)own};
    int64_t number;
    find_overlaps(job, thread, threads);
    mos_team_barrier(team);
    while ((number = mos_cpu_work_next(&job->work, thread)) >= 0) {
        const stem_part at = part_at(conv, job->direction, number);
        const stem_overlap known = overlap_of(job, at.n);
        if (at.oy >= known.first && at.oy + at.rows <= known.end) continue;
        const mos_stem_rows rows = rows_of(s, &at, forward_width(cpu, conv));
        cpu->activation->stem->strip(&map, &rows, image_of(cpu, conv, job->in, at.n), line, strip);
        find_rest(conv, cpu->activation->stem->rows, &at, &known, &rest);
        multiply_strip(job, &at, &known, &rows, strip, &rest);
    }
    mos_team_barrier(team);
    copy_overlaps(job, thread, threads);
}

/* y = conv(x), in a folded plan with its ending. Only such a plan sees windows of a scene; training
 * sees crops at random places. */
static void run_strips(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                       const void *packed, const void *in, void *out, void *workspace) {
    strips_job job = {.cpu = cpu,
                      .conv = conv,
                      .direction = direction,
                      .packed = packed,
                      .in = in,
                      .out = out,
                      .workspace = workspace};
    if (conv->shape.folded && !conv->shape.sum)
        job.overlaps = conv->shape.n < STEM_OVERLAP_SAMPLES ? conv->shape.n : STEM_OVERLAP_SAMPLES;
    mos_cpu_work_begin(&job.work, conv->shape.n * strips_of(conv, direction), cpu->threads);
    mos_team_run(cpu->threads, take_strips, &job);
}

/* ---- weight gradient ---- */

/* A thread's part of the workspace. */
typedef struct stem_room {
    float *sums;        /* [co/group, ci, k, k, group] */
    char *line;         /* a padded row of the image, and one as it is */
    char *e;            /* [ci, rows of the image, stride, phase width] */
    char *py;           /* [co/block, rows, pairs, block, 2] */
    int64_t row, block; /* values of a row of a channel of e; from a block of py to the next */
} stem_room;

/* Without a workspace: the bytes of one thread's part. */
static size_t lay_out_room(const mos_cpu *cpu, const mos_conv *conv, void *workspace, int thread,
                           stem_room *room) {
    const mos_conv_shape *s = &conv->shape;
    const int64_t rows = conv->own[CONV_BACKWARD_WEIGHTS].rows;
    room->row = s->stride * phase_width(conv);
    room->block = rows * mos_cpu_round_up(conv->ow, 2) * cpu->block + 32; /* no power of two */
    const size_t sums = (size_t)(s->co * s->ci * s->kernel * s->kernel) * sizeof(float),
                 line = (size_t)(room->row + s->w) * cpu->act_size,
                 e = (size_t)(s->ci * rows_under(s, rows) * room->row) * cpu->act_size,
                 py = (size_t)(s->co / cpu->block * room->block) * cpu->act_size;
    const size_t bytes = (sums + line + e + py + 63) / 64 * 64;
    if (workspace) {
        char *at = (char *)workspace + (size_t)thread * bytes;
        room->sums = (float *)(void *)at;
        room->py = at + sums;
        room->line = room->py + py;
        room->e = room->line + line;
    }
    return bytes;
}

/* sums (+)= one strip's */
static void add_strip(const mos_cpu *cpu, const mos_conv *conv, const stem_room *room,
                      const stem_part *at, const void *x, const void *dy, bool add) {
    const mos_conv_shape *s = &conv->shape;
    const mos_stem_kernels *kernels = cpu->activation->stem;
    const mos_stem_map map = map_of(conv);
    const size_t size = cpu->act_size;
    const mos_stem_rows rows = rows_of(s, at, phase_width(conv));
    const int64_t plane = conv->oh * conv->ow * cpu->block;
    const int64_t line = mos_cpu_round_up(conv->ow, 2) * cpu->block; /* of py */
    const int64_t most = LINES_BYTES / (2 * line * (int64_t)size), lines = most < 1 ? 1 : most;
    kernels->phases(&map, &rows, image_of(cpu, conv, x, at->n), room->line, room->e);
    for (int64_t o = 0; o < s->co / cpu->block; o++)
        kernels->pairs(&map,
                       (const char *)dy + (size_t)((at->n * s->co / cpu->block + o) * plane +
                                                   at->oy * conv->ow * cpu->block) *
                                              size,
                       at->rows, room->py + (size_t)(o * room->block) * size);
    const mos_stem_phases phases = {rows.width, room->row, rows.rows * room->row};
    for (int64_t o = 0; o < s->co; o += cpu->group)
        for (int64_t r = 0; r < at->rows; r += lines)
            kernels->accumulate(&map, &phases, room->e + (size_t)(r * s->stride * room->row) * size,
                                room->py + (size_t)(o / cpu->block * room->block + r * line) * size,
                                room->block, at->rows - r < lines ? at->rows - r : lines,
                                room->sums + o * s->ci * s->kernel * s->kernel, add || r > 0);
}

/* dw += the sums of all threads, a group of output channels and one input channel */
static void finish(const mos_cpu *cpu, const mos_conv *conv, void *workspace, int threads,
                   int64_t o, int64_t c, float *dw) {
    const mos_conv_shape *s = &conv->shape;
    const int64_t taps = s->kernel * s->kernel;
    for (int t = 0; t < threads; t++) {
        stem_room room;
        (void)lay_out_room(cpu, conv, workspace, t, &room);
        const float *sums = room.sums + (o * s->ci + c * cpu->group) * taps;
        for (int64_t lane = 0; lane < cpu->group; lane++)
            for (int64_t tap = 0; tap < taps; tap++)
                dw[((o + lane) * s->ci + c) * taps + tap] += sums[tap * cpu->group + lane];
    }
}

typedef struct weights_job {
    const mos_cpu *cpu;
    const mos_conv *conv;
    const void *x, *dy;
    float *dw;
    void *workspace;
} weights_job;

static void take_weights(void *context, int thread, int threads, mos_team *team) {
    const weights_job *job = context;
    const mos_cpu *cpu = job->cpu;
    const mos_conv *conv = job->conv;
    const mos_conv_shape *s = &conv->shape;
    stem_room room;
    int64_t begin, end;
    (void)lay_out_room(cpu, conv, job->workspace, thread, &room);
    mos_cpu_range(s->n * strips_of(conv, CONV_BACKWARD_WEIGHTS), threads, thread, &begin, &end);
    if (begin == end)
        memset(room.sums, 0, (size_t)(s->co * s->ci * s->kernel * s->kernel) * sizeof *room.sums);
    for (int64_t number = begin; number < end; number++) {
        const stem_part at = part_at(conv, CONV_BACKWARD_WEIGHTS, number);
        add_strip(cpu, conv, &room, &at, job->x, job->dy, number > begin);
    }
    mos_team_barrier(team);
    mos_cpu_range(s->co / cpu->group * s->ci, threads, thread, &begin, &end);
    for (int64_t unit = begin; unit < end; unit++)
        finish(cpu, conv, job->workspace, threads, unit / s->ci * cpu->group, unit % s->ci,
               job->dw);
}

/* dw [co, ci, k, k] += the gradient of the weights */
static void run_weights(const mos_cpu *cpu, const mos_conv *conv, const void *x, const void *dy,
                        float *dw, void *workspace) {
    weights_job job = {
        .cpu = cpu, .conv = conv, .x = x, .dy = dy, .dw = dw, .workspace = workspace};
    mos_team_run(cpu->threads, take_weights, &job);
}

/* Rows of outputs of a strip whose rows of the image take `bytes` each: equal strips. */
static int64_t plan_rows(const mos_conv *conv, int64_t bytes) {
    const mos_conv_shape *s = &conv->shape;
    const int64_t under = STRIP_BYTES / bytes;
    const int64_t most = under < s->kernel ? 1 : (under - s->kernel) / s->stride + 1;
    const int64_t strips = (conv->oh + most - 1) / most;
    return (conv->oh + strips - 1) / strips;
}

void mos_stem_plan(const mos_cpu *cpu, mos_conv *conv, conv_direction direction) {
    const mos_conv_shape *s = &conv->shape;
    conv_own *plan = &conv->own[direction];
    const int64_t size = (int64_t)cpu->act_size;
    plan->name = cpu->activation->stem->name;
    if (direction == CONV_BACKWARD_WEIGHTS) {
        stem_room room;
        plan->rows = plan_rows(conv, s->ci * s->stride * phase_width(conv) * size);
        plan->bytes = (size_t)cpu->threads * lay_out_room(cpu, conv, NULL, 0, &room);
        plan->run_weights = run_weights;
        return;
    }
    const int64_t row = channels_of(s) * forward_width(cpu, conv) * size;
    plan->rows = plan_rows(conv, row);
    const strip_room room = room_of(cpu, conv, plan->rows);
    plan->bytes = (size_t)cpu->threads * room_bytes(&room);
    plan->weight_bytes = (size_t)(s->co * channels_of(s) * s->kernel * s->kernel) * cpu->act_size;
    plan->pack = pack_stem;
    plan->run = run_strips;
}
