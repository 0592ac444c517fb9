/* Our own Winograd plan of a 3x3 stride-1 convolution: work is cut into blocks of tiles whose
 * transformed input stays in a core's L2 cache, and for the weight gradient into chunks of tiles
 * that all threads transform, then multiply. Sums are made in an order that depends on the shape
 * and the number of threads alone. */
#include "compute/cpu/conv_plan.h"

#include <omp.h>
#include <string.h>

#define GROUP 32 /* output channels of one product */
/* Transformed input of a block of tiles. */
#define BLOCK_BYTES ((int64_t)512 << 10)
/* Transformed input and gradient of one thread's piece of tiles, and the sums it may hold. */
#define PIECE_BYTES ((int64_t)384 << 10)
#define SUMS_BYTES  ((int64_t)1 << 20)
/* Pairs of tiles in a chunk of all threads: the gradient of 32 channels is 512 KB. */
#define CHUNK_PAIRS ((int64_t)256)

static mos_winograd_map map_of(const mos_conv_shape *s, int64_t channels) {
    const int64_t th = (s->h + 1) / 2, tw = (s->w + 1) / 2;
    return (mos_winograd_map){.n = s->n,
                              .c = channels,
                              .h = s->h,
                              .w = s->w,
                              .th = th,
                              .tw = tw,
                              .tiles = s->n * th * tw};
}

static size_t block_bytes(const mos_cpu *cpu, const conv_winograd *plan, int64_t inputs) {
    return 16 * ((size_t)WINOGRAD_V_PLANE(plan->rows, inputs) * cpu->act_size +
                 (size_t)WINOGRAD_M_PLANE(plan->rows) * sizeof(float));
}

/* Input channels of the product: what the forward pass reads is x, the data gradient reads dy. */
static int64_t inputs_of(const mos_conv_shape *s, conv_direction direction) {
    return direction == CONV_FORWARD ? s->ci : s->co;
}

/* weights [co, ci, 3, 3] -> [outputs/32, 16, inputs/2, 32, 2], from blocks of 32 x 32 kernels that
 * stay in cache; the data gradient swaps the channels and turns the kernel */
void mos_winograd_pack(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                       const float *weights, void *packed) {
    const mos_winograd_kernels *kernels = cpu->activation->winograd;
    const int64_t ci = conv->shape.ci, co = conv->shape.co, groups = ci / GROUP;
    char *to = packed;
#pragma omp parallel for num_threads(cpu->threads) schedule(static)
    for (int64_t unit = 0; unit < co / GROUP * groups; unit++) {
        const int64_t o = unit / groups * GROUP, i = unit % groups * GROUP;
        if (direction == CONV_FORWARD)
            kernels->weights(weights + o * ci * 9, ci * 9, 9, ci, i, i + GROUP, false,
                             to + (size_t)(o * 16 * ci) * cpu->act_size);
        else
            kernels->weights(weights + i * 9, 9, ci * 9, co, o, o + GROUP, true,
                             to + (size_t)(i * 16 * co) * cpu->act_size);
    }
}

/* y = conv(x), in a folded plan with its ending, or dx = conv(dy) with the turned kernel: in, out
 * are act */
void mos_winograd_run(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                      const void *packed, const void *in, void *out, void *workspace) {
    const mos_conv_shape *s = &conv->shape;
    const conv_winograd *plan = &conv->winograd[direction];
    const mos_winograd_kernels *kernels = cpu->activation->winograd;
    const int64_t inputs = inputs_of(s, direction),
                  outputs = direction == CONV_FORWARD ? s->co : s->ci;
    const mos_winograd_map from = map_of(s, inputs), to = map_of(s, outputs);
    const int64_t blocks = (from.tiles + plan->rows - 1) / plan->rows;
#pragma omp parallel num_threads(cpu->threads)
    {
        int64_t begin, end;
        char *v = (char *)workspace + (size_t)omp_get_thread_num() * block_bytes(cpu, plan, inputs);
        float *m = (float *)(void *)(v + 16 * (size_t)WINOGRAD_V_PLANE(plan->rows, inputs) *
                                             cpu->act_size);
        mos_cpu_part(blocks, omp_get_num_threads(), omp_get_thread_num(), &begin, &end);
        for (int64_t b = begin; b < end; b++) {
            const int64_t first = b * plan->rows;
            const int64_t count = from.tiles - first < plan->rows ? from.tiles - first : plan->rows;
            kernels->input(&from, in, first, count, plan->rows, v);
            for (int64_t c = 0; c < outputs; c += GROUP) {
                kernels->multiply(plan->rows, inputs, v,
                                  (const char *)packed + (size_t)(c * 16 * inputs) * cpu->act_size,
                                  m);
                if (s->folded)
                    kernels->output_folded(&to, m, first, count, plan->rows, c, conv->bias, s->sum,
                                           s->relu, out);
                else
                    kernels->output(&to, m, first, count, plan->rows, c, out);
            }
        }
    }
}

/* The weight gradient's work is cut into units of 16 input and 32 output channels: du [16, 16 i, 32
 * o] each. */
#define UNIT_VALUES (16 * CPU_BLOCK * GROUP)

/* Bytes of the two transformed sides of a piece or chunk. */
static size_t pair_bytes(const mos_cpu *cpu, const mos_conv_shape *s, int64_t pairs) {
    return 16 * (size_t)(WINOGRAD_P_PLANE(pairs, s->ci) + WINOGRAD_P_PLANE(pairs, s->co)) *
           cpu->act_size;
}

typedef struct weight_run {
    const mos_cpu *cpu;
    const mos_conv_shape *shape;
    const char *px, *py;
    int64_t pairs;
    float *dw;
} weight_run;

static void accumulate_unit(const weight_run *run, int64_t unit, float *du, bool add) {
    const mos_conv_shape *s = run->shape;
    const int64_t blocks = s->ci / CPU_BLOCK, o = unit / blocks * GROUP,
                  i = unit % blocks * CPU_BLOCK;
    run->cpu->activation->winograd->accumulate(
        16, run->pairs, run->px + (size_t)(i * run->pairs * 2) * run->cpu->act_size,
        WINOGRAD_P_PLANE(run->pairs, s->ci),
        run->py + (size_t)(o * run->pairs * 2) * run->cpu->act_size,
        WINOGRAD_P_PLANE(run->pairs, s->co), du, add);
}

/* dw += G^T du G of one unit */
static void finish_unit(const weight_run *run, int64_t unit, const float *du) {
    const mos_conv_shape *s = run->shape;
    const int64_t blocks = s->ci / CPU_BLOCK, o = unit / blocks * GROUP,
                  i = unit % blocks * CPU_BLOCK;
    float block[9 * CPU_BLOCK * CPU_BLOCK];
    for (int64_t half = 0; half < 2; half++) {
        run->cpu->activation->winograd->weight_block(du + half * CPU_BLOCK, block);
        run->cpu->kernels->add_weight_block(
            block, 9, run->dw + ((o + half * CPU_BLOCK) * s->ci + i) * 9, s->ci * 9);
    }
}

/* Few channels: each thread takes a range of tiles in pieces that stay in its L2 cache, with sums
 * of its own; the sums are added in thread order. */
static void run_by_tiles(const mos_cpu *cpu, const mos_conv *conv, const void *x, const void *dy,
                         float *dw, void *workspace) {
    const mos_conv_shape *s = &conv->shape;
    const mos_winograd_kernels *kernels = cpu->activation->winograd;
    const int64_t pairs = conv->winograd[CONV_BACKWARD_WEIGHTS].rows,
                  units = s->ci / CPU_BLOCK * (s->co / GROUP);
    const mos_winograd_map map_x = map_of(s, s->ci), map_y = map_of(s, s->co);
    const int64_t chunks = (map_x.tiles + pairs * 2 - 1) / (pairs * 2);
    float *sums = workspace; /* [threads, units, 16, 16, 32] */
    char *pieces = (char *)(sums + (int64_t)cpu->threads * units * UNIT_VALUES);
#pragma omp parallel num_threads(cpu->threads)
    {
        const int thread = omp_get_thread_num(), threads = omp_get_num_threads();
        float *du = sums + thread * units * UNIT_VALUES;
        char *px = pieces + (size_t)thread * pair_bytes(cpu, s, pairs),
             *py = px + 16 * (size_t)WINOGRAD_P_PLANE(pairs, s->ci) * cpu->act_size;
        const weight_run run = {
            .cpu = cpu, .shape = s, .px = px, .py = py, .pairs = pairs, .dw = dw};
        int64_t begin, end;
        mos_cpu_part(chunks, threads, thread, &begin, &end);
        if (begin == end) memset(du, 0, (size_t)(units * UNIT_VALUES) * sizeof *du);
        for (int64_t c = begin; c < end; c++) {
            kernels->pairs(&map_x, x, false, c * pairs * 2, 0, pairs, pairs, px);
            kernels->pairs(&map_y, dy, true, c * pairs * 2, 0, pairs, pairs, py);
            for (int64_t unit = 0; unit < units; unit++)
                accumulate_unit(&run, unit, du + unit * UNIT_VALUES, c > begin);
        }
#pragma omp barrier
        mos_cpu_part(units, threads, thread, &begin, &end);
        for (int64_t unit = begin; unit < end; unit++) {
            for (int t = 1; t < threads; t++)
                cpu->kernels->add(sums + unit * UNIT_VALUES,
                                  sums + (t * units + unit) * UNIT_VALUES, UNIT_VALUES);
            finish_unit(&run, unit, sums + unit * UNIT_VALUES);
        }
    }
}

/* Many channels: all threads transform a chunk of tiles, then share out the units; a chunk that
 * holds every tile needs no sums outside the cache. */
static void run_by_units(const mos_cpu *cpu, const mos_conv *conv, const void *x, const void *dy,
                         float *dw, void *workspace) {
    const mos_conv_shape *s = &conv->shape;
    const mos_winograd_kernels *kernels = cpu->activation->winograd;
    const int64_t pairs = conv->winograd[CONV_BACKWARD_WEIGHTS].rows,
                  units = s->ci / CPU_BLOCK * (s->co / GROUP);
    const mos_winograd_map map_x = map_of(s, s->ci), map_y = map_of(s, s->co);
    const bool one = map_x.tiles <= pairs * 2;
    float *sums = workspace; /* [threads or units, 16, 16, 32] */
    char *px = (char *)(sums + (one ? cpu->threads : units) * UNIT_VALUES),
         *py = px + 16 * (size_t)WINOGRAD_P_PLANE(pairs, s->ci) * cpu->act_size;
    const weight_run run = {.cpu = cpu, .shape = s, .px = px, .py = py, .pairs = pairs, .dw = dw};
#pragma omp parallel num_threads(cpu->threads)
    {
        const int thread = omp_get_thread_num(), threads = omp_get_num_threads();
        for (int64_t first = 0; first < map_x.tiles; first += pairs * 2) {
            int64_t begin, end;
            mos_cpu_part(pairs, threads, thread, &begin, &end);
            kernels->pairs(&map_x, x, false, first, begin, end, pairs, px);
            kernels->pairs(&map_y, dy, true, first, begin, end, pairs, py);
#pragma omp barrier
            mos_cpu_part(units, threads, thread, &begin, &end);
            for (int64_t unit = begin; unit < end; unit++) {
                float *du = sums + (one ? thread : unit) * UNIT_VALUES;
                accumulate_unit(&run, unit, du, first > 0);
                if (first + pairs * 2 >= map_x.tiles) finish_unit(&run, unit, du);
            }
#pragma omp barrier
        }
    }
}

/* Sums of one thread that are still cheap to hold and to add up per thread. */
static bool by_tiles(const mos_conv_shape *s) {
    return 16 * s->ci * s->co * (int64_t)sizeof(float) <= SUMS_BYTES;
}

static void plan_weights(const mos_cpu *cpu, const mos_conv_shape *s, conv_winograd *plan) {
    const int64_t pairs = (map_of(s, s->ci).tiles + 1) / 2, values = 16 * s->ci * s->co;
    const int64_t each = 16 * 2 * (int64_t)cpu->act_size * (s->ci + s->co);
    if (by_tiles(s)) {
        const int64_t room = PIECE_BYTES / each,
                      chunks = mos_cpu_round_up((pairs + room - 1) / room, cpu->threads);
        plan->rows = (pairs + chunks - 1) / chunks;
        plan->bytes = (size_t)cpu->threads *
                      (pair_bytes(cpu, s, plan->rows) + (size_t)values * sizeof(float));
        return;
    }
    const int64_t chunks = (pairs + CHUNK_PAIRS - 1) / CHUNK_PAIRS;
    const int64_t held = chunks == 1 ? cpu->threads * UNIT_VALUES : values;
    plan->rows = (pairs + chunks - 1) / chunks;
    plan->bytes = pair_bytes(cpu, s, plan->rows) + (size_t)held * sizeof(float);
}

/* dw [co, ci, 3, 3] += the gradient of the weights; x, dy are act */
void mos_winograd_run_weights(const mos_cpu *cpu, const mos_conv *conv, const void *x,
                              const void *dy, float *dw, void *workspace) {
    if (by_tiles(&conv->shape))
        run_by_tiles(cpu, conv, x, dy, dw, workspace);
    else
        run_by_units(cpu, conv, x, dy, dw, workspace);
}

void mos_winograd_plan(const mos_cpu *cpu, mos_conv *conv, conv_direction direction) {
    const mos_conv_shape *s = &conv->shape;
    conv_winograd *plan = &conv->winograd[direction];
    const mos_winograd_map map = map_of(s, s->ci);
    plan->used = true;
    if (direction == CONV_BACKWARD_WEIGHTS) {
        plan_weights(cpu, s, plan);
        return;
    }
    /* blocks of equal size, as many as divide evenly among the threads */
    const int64_t inputs = inputs_of(s, direction);
    const int64_t most = BLOCK_BYTES / (16 * (int64_t)cpu->act_size * inputs) / 8 * 8;
    const int64_t room = most < 16 ? 16 : most;
    const int64_t blocks = mos_cpu_round_up((map.tiles + room - 1) / room, cpu->threads);
    plan->rows = mos_cpu_round_up((map.tiles + blocks - 1) / blocks, 8);
    plan->bytes = (size_t)cpu->threads * block_bytes(cpu, plan, inputs);
    plan->weight_bytes = (size_t)(16 * s->ci * s->co) * cpu->act_size;
}
