/* Convolutions of any shape, for what no faster kernel of ours takes: im2col and a matrix product,
 * a sample at a time. With col [positions, ci k k] of what every output reads, w [co, ci k k]:
 *   forward           y   = col w^T
 *   data gradient     col = dy w,   dx = the sum of col's values at the positions they were read from (col2im)
 *   weight gradient   dw += dy^T col
 * Threads share out the samples; the weight gradient's sums are each thread's own and are added in
 * thread order. */
#include "base/team.h"
#include "compute/cpu/conv_plan.h"
#include "compute/cpu/cpu_work.h"

#include <string.h>

/* Rows of col at a time. */
#define COL_BYTES ((int64_t)256 << 10)

static int64_t depth_of(const mos_conv_shape *s) {
    return s->ci * s->kernel * s->kernel;
}

/* One thread's part of the workspace: a sample of both sides in fp32, rows of col, as many of y or
 * dy, and the thread's sums of the weight gradient. */
typedef struct col_room {
    float *x, *y, *col, *rows, *sums;
    void *product; /* of the device's */
} col_room;

/* Without a workspace: the bytes of one thread's part. */
static size_t lay_out(const mos_conv *conv, conv_direction direction, float *at, col_room *room) {
    const mos_conv_shape *s = &conv->shape;
    const int64_t held = conv->own[direction].rows;
    const int64_t x = mos_cpu_round_up(conv->stored, CPU_BLOCK) * s->h * s->w,
                  y = s->co * conv->oh * conv->ow, col = held * depth_of(s), rows = held * s->co,
                  sums = direction == CONV_BACKWARD_WEIGHTS ? s->co * depth_of(s) : 0;
    if (at)
        *room = (col_room){at, at + x, at + x + y, at + x + y + col, at + x + y + col + rows, NULL};
    return (size_t)mos_cpu_round_up(x + y + col + rows + sums, 16) * sizeof(float);
}

/* Index of channel c at position p of a map of `positions`. */
static int64_t value_at(int64_t block, bool plain, int64_t positions, int64_t c, int64_t p) {
    return plain ? c * positions + p : (c / block * positions + p) * block + c % block;
}

/* im2col: what outputs [first, first + count) read of a sample, zeros outside the map; or back
 * (col2im): each value is added to where it was read from. */
static inline void walk_col(const mos_conv *conv, int64_t first, int64_t count, float *col,
                            float *sample, const bool back) {
    const mos_conv_shape *s = &conv->shape;
    const int64_t k = s->kernel, map = s->h * s->w, apart = conv->plain ? 1 : conv->block;
    if (!back) memset(col, 0, (size_t)(count * depth_of(s)) * sizeof *col);
    for (int64_t r = 0; r < count; r++) {
        const int64_t top = (first + r) / conv->ow * s->stride - s->pad,
                      left = (first + r) % conv->ow * s->stride - s->pad, y0 = top < 0 ? 0 : top,
                      y1 = top + k < s->h ? top + k : s->h, x0 = left < 0 ? 0 : left,
                      x1 = left + k < s->w ? left + k : s->w;
        for (int64_t c = 0; c < s->ci; c++, col += k * k) {
            float *channel = sample + value_at(conv->block, conv->plain, map, c, 0);
            for (int64_t y = y0; y < y1; y++)
                for (int64_t x = x0; x < x1; x++) {
                    float *value = channel + (y * s->w + x) * apart,
                          *tap = col + (y - top) * k + x - left;
                    if (back)
                        *value += *tap;
                    else
                        *tap = *value;
                }
        }
    }
}

/* rows [count, co] from or to a sample of y in blocks */
static void read_rows(const mos_conv *conv, const float *y, int64_t first, int64_t count,
                      float *rows) {
    const int64_t positions = conv->oh * conv->ow, co = conv->shape.co;
    for (int64_t r = 0; r < count; r++)
        for (int64_t o = 0; o < co; o += conv->block)
            memcpy(rows + r * co + o, y + value_at(conv->block, false, positions, o, first + r),
                   (size_t)(co - o < conv->block ? co - o : conv->block) * sizeof *rows);
}

static void write_rows(const mos_conv *conv, const float *rows, int64_t first, int64_t count,
                       float *y) {
    const mos_conv_shape *s = &conv->shape;
    const int64_t positions = conv->oh * conv->ow;
    for (int64_t r = 0; r < count; r++)
        for (int64_t o = 0; o < s->co; o++) {
            float *to = y + value_at(conv->block, false, positions, o, first + r);
            float value = rows[r * s->co + o];
            if (s->folded) value += conv->bias[o];
            if (s->folded && s->sum) value += *to;
            if (s->folded && s->relu && value < 0) value = 0;
            *to = value;
        }
}

/* c [m, n] (+)= a b in the thread's room; a's strides, the transpose of b [n, k] or b [k, n]. */
static void multiply(int64_t m, int64_t n, int64_t k, const float *a, int64_t row, int64_t column,
                     const float *b, bool turned, float *c, bool add, const col_room *room) {
    const mos_product_f32 product = {.m = m,
                                     .n = n,
                                     .k = k,
                                     .alpha = 1,
                                     .a = a,
                                     .b = b,
                                     .a_row = row,
                                     .a_column = column,
                                     .b_row = turned ? 1 : n,
                                     .b_column = turned ? k : 1,
                                     .c = c,
                                     .ldc = n,
                                     .accumulate = add};
    mos_gemm_f32(&product, 1, room->product);
}

/* Values of a sample of an act. */
static const void *sample_of(const mos_cpu *cpu, const void *act, int64_t n, int64_t values) {
    return (const char *)act + (size_t)(n * values) * cpu->act_size;
}

static void *written_sample(const mos_cpu *cpu, void *act, int64_t n, int64_t values) {
    return (char *)act + (size_t)(n * values) * cpu->act_size;
}

/* w [co, ci k k] in their own order. */
static void pack_nothing(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                         const float *weights, void *packed) {
    (void)cpu;
    (void)direction;
    memcpy(packed, weights, (size_t)(conv->shape.co * depth_of(&conv->shape)) * sizeof(float));
}

static void run_forward(const mos_cpu *cpu, const mos_conv *conv, int64_t n, const float *w,
                        const void *x, void *y, const col_room *room) {
    const mos_conv_shape *s = &conv->shape;
    const int64_t positions = conv->oh * conv->ow, depth = depth_of(s),
                  held = conv->own[CONV_FORWARD].rows, in = conv->stored * s->h * s->w,
                  out = s->co * positions;
    cpu->activation->widen(sample_of(cpu, x, n, in), in, room->x);
    if (s->folded && s->sum) cpu->activation->widen(sample_of(cpu, y, n, out), out, room->y);
    for (int64_t first = 0; first < positions; first += held) {
        const int64_t count = positions - first < held ? positions - first : held;
        walk_col(conv, first, count, room->col, room->x, false);
        multiply(count, s->co, depth, room->col, depth, 1, w, true, room->rows, false, room);
        write_rows(conv, room->rows, first, count, room->y);
    }
    cpu->activation->convert(room->y, out, written_sample(cpu, y, n, out));
}

static void run_data(const mos_cpu *cpu, const mos_conv *conv, int64_t n, const float *w,
                     const void *dy, void *dx, const col_room *room) {
    const mos_conv_shape *s = &conv->shape;
    const int64_t positions = conv->oh * conv->ow, depth = depth_of(s),
                  held = conv->own[CONV_BACKWARD_DATA].rows, in = s->ci * s->h * s->w,
                  out = s->co * positions;
    cpu->activation->widen(sample_of(cpu, dy, n, out), out, room->y);
    memset(room->x, 0, (size_t)in * sizeof *room->x);
    for (int64_t first = 0; first < positions; first += held) {
        const int64_t count = positions - first < held ? positions - first : held;
        read_rows(conv, room->y, first, count, room->rows);
        multiply(count, depth, s->co, room->rows, s->co, 1, w, false, room->col, false, room);
        walk_col(conv, first, count, room->col, room->x, true);
    }
    cpu->activation->convert(room->x, in, written_sample(cpu, dx, n, in));
}

/* What a pass is given, and one thread's floats of the workspace. */
typedef struct col_job {
    const mos_cpu *cpu;
    const mos_conv *conv;
    conv_direction direction;
    const void *in, *dy, *packed;
    void *out;
    float *dw, *workspace;
    size_t each;
    mos_cpu_work work;
} col_job;

static col_room room_of(const col_job *job, int thread) {
    col_room room;
    (void)lay_out(job->conv, job->direction, job->workspace + (size_t)thread * job->each, &room);
    room.product = mos_cpu_room(job->cpu, thread);
    return room;
}

static size_t floats_of(const mos_conv *conv, conv_direction direction) {
    col_room none;
    return lay_out(conv, direction, NULL, &none) / sizeof(float);
}

static void take_samples(void *context, int thread, int threads, mos_team *team) {
    col_job *job = context;
    const col_room room = room_of(job, thread);
    int64_t n;
    (void)threads, (void)team;
    while ((n = mos_cpu_work_next(&job->work, thread)) >= 0) {
        if (job->direction == CONV_FORWARD)
            run_forward(job->cpu, job->conv, n, job->packed, job->in, job->out, &room);
        else
            run_data(job->cpu, job->conv, n, job->packed, job->in, job->out, &room);
    }
}

/* y = conv(x), in a folded plan with its ending, or dx from dy */
static void run_samples(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                        const void *packed, const void *in, void *out, void *workspace) {
    col_job job = {.cpu = cpu,
                   .conv = conv,
                   .direction = direction,
                   .in = in,
                   .packed = packed,
                   .out = out,
                   .workspace = workspace,
                   .each = floats_of(conv, direction)};
    mos_cpu_work_begin(&job.work, conv->shape.n, cpu->threads);
    mos_team_run(cpu->threads, take_samples, &job);
}

/* sums += dy^T col of one sample */
static void add_sample(const mos_cpu *cpu, const mos_conv *conv, int64_t n, const void *x,
                       const void *dy, bool add, const col_room *room) {
    const mos_conv_shape *s = &conv->shape;
    const int64_t positions = conv->oh * conv->ow, depth = depth_of(s),
                  held = conv->own[CONV_BACKWARD_WEIGHTS].rows, in = conv->stored * s->h * s->w,
                  out = s->co * positions;
    cpu->activation->widen(sample_of(cpu, x, n, in), in, room->x);
    cpu->activation->widen(sample_of(cpu, dy, n, out), out, room->y);
    for (int64_t first = 0; first < positions; first += held) {
        const int64_t count = positions - first < held ? positions - first : held;
        walk_col(conv, first, count, room->col, room->x, false);
        read_rows(conv, room->y, first, count, room->rows);
        multiply(s->co, depth, count, room->rows, 1, s->co, room->col, false, room->sums,
                 add || first > 0, room);
    }
}

static void take_weights(void *context, int thread, int threads, mos_team *team) {
    const col_job *job = context;
    const int64_t values = job->conv->shape.co * depth_of(&job->conv->shape);
    col_room room = room_of(job, thread);
    int64_t begin, end;
    mos_cpu_range(job->conv->shape.n, threads, thread, &begin, &end);
    if (begin == end) memset(room.sums, 0, (size_t)values * sizeof *room.sums);
    for (int64_t n = begin; n < end; n++)
        add_sample(job->cpu, job->conv, n, job->in, job->dy, n > begin, &room);
    mos_team_barrier(team);
    mos_cpu_range(values, threads, thread, &begin, &end);
    for (int t = 0; t < threads; t++) {
        room = room_of(job, t);
        job->cpu->kernels->add(job->dw + begin, room.sums + begin, end - begin);
    }
}

/* dw [co, ci, k, k] += the gradient of the weights */
static void run_weights(const mos_cpu *cpu, const mos_conv *conv, const void *x, const void *dy,
                        float *dw, void *workspace) {
    col_job job = {.cpu = cpu,
                   .conv = conv,
                   .direction = CONV_BACKWARD_WEIGHTS,
                   .in = x,
                   .dy = dy,
                   .dw = dw,
                   .workspace = workspace,
                   .each = floats_of(conv, CONV_BACKWARD_WEIGHTS)};
    mos_team_run(cpu->threads, take_weights, &job);
}

void mos_im2col_plan(const mos_cpu *cpu, mos_conv *conv, conv_direction direction) {
    const mos_conv_shape *s = &conv->shape;
    conv_own *plan = &conv->own[direction];
    const int64_t positions = conv->oh * conv->ow;
    const int64_t most = COL_BYTES / (depth_of(s) * (int64_t)sizeof(float));
    col_room none;
    plan->name = "im2col:gemm";
    plan->rows = most < 8 ? 8 : most;
    if (plan->rows > positions) plan->rows = positions;
    if (direction == CONV_BACKWARD_WEIGHTS) {
        plan->run_weights = run_weights;
    } else {
        plan->weight_bytes = (size_t)(s->co * depth_of(s)) * sizeof(float);
        plan->pack = pack_nothing;
        plan->run = run_samples;
    }
    plan->bytes = (size_t)cpu->threads * lay_out(conv, direction, NULL, &none);
}
