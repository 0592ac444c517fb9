/* The bf16 Winograd plan of a 3x3 stride-1 convolution: work is cut into blocks of tiles whose transformed input stays
 * in a core's L2 cache, and for the weight gradient into chunks of tiles that all threads transform, then multiply.
 * Every sum has one order, whatever the number of threads. */
#include "base/memory.h"
#include "compute/cpu/conv_plan.h"

#include <omp.h>
#include <string.h>

#define GROUP 32                          /* output channels of one product */
#define BLOCK_BYTES ((int64_t)512 << 10)  /* transformed input of a block of tiles */
#define CHUNK_BYTES ((int64_t)8 << 20)    /* transformed input and gradient of a chunk */

static mos_winograd_map map_of(const mos_conv_shape *s, int64_t channels) {
    const int64_t th = (s->h + 1) / 2, tw = (s->w + 1) / 2;
    return (mos_winograd_map){.n = s->n, .c = channels, .h = s->h, .w = s->w, .th = th, .tw = tw, .tiles = s->n * th * tw};
}

static size_t block_bytes(const conv_winograd *plan, int64_t inputs) {
    return (size_t)(16 * plan->rows * (inputs * (int64_t)sizeof(uint16_t) + GROUP * (int64_t)sizeof(float)));
}

/* Input channels of the product: what the forward pass reads is x, the data gradient reads dy. */
static int64_t inputs_of(const mos_conv_shape *s, conv_direction direction) {
    return direction == CONV_FORWARD ? s->ci : s->co;
}

mosaic_status mos_winograd_plan(const mos_cpu *cpu, mos_conv *conv, conv_direction direction) {
    const mos_conv_shape *s = &conv->shape;
    conv_winograd *plan = &conv->winograd[direction];
    const mos_winograd_map map = map_of(s, s->ci);
    plan->used = true;
    if (direction == CONV_BACKWARD_WEIGHTS) {
        const int64_t room = CHUNK_BYTES / (16 * 2 * (int64_t)sizeof(uint16_t) * (s->ci + s->co));
        const int64_t chunks = (map.tiles / 2 + room) / room;
        plan->rows = (map.tiles / 2 + chunks) / chunks;
        plan->bytes = (size_t)(16 * plan->rows * 2 * (s->ci + s->co)) * sizeof(uint16_t) +
                      (size_t)(16 * s->ci * s->co) * sizeof(float);
        return MOSAIC_OK;
    }
    /* blocks of equal size, as many as divide evenly among the threads */
    const int64_t inputs = inputs_of(s, direction);
    const int64_t most = BLOCK_BYTES / (16 * (int64_t)sizeof(uint16_t) * inputs) / 8 * 8;
    const int64_t room = most < 16 ? 16 : most;
    const int64_t blocks = mos_cpu_round_up((map.tiles + room - 1) / room, cpu->threads);
    plan->rows = mos_cpu_round_up((map.tiles + blocks - 1) / blocks, 8);
    plan->bytes = (size_t)cpu->threads * block_bytes(plan, inputs);
    return mos_alloc((size_t)(16 * s->ci * s->co), sizeof(uint16_t), "packed weights", &plan->weights);
}

void mos_winograd_release(conv_winograd *plan) {
    mos_free(plan->weights);
    memset(plan, 0, sizeof *plan);
}

/* weights [co, ci, 3, 3] -> [outputs/32, 16, inputs/2, 32, 2]; the data gradient swaps the channels and turns the kernel */
void mos_winograd_pack(const mos_cpu *cpu, mos_conv *conv, conv_direction direction, const float *weights) {
    const mos_conv_shape *s = &conv->shape;
    const bool data = direction == CONV_BACKWARD_DATA;
    const int64_t inputs = inputs_of(s, direction), outputs = data ? s->ci : s->co;
    const int64_t out_stride = data ? 9 : s->ci * 9, in_stride = data ? s->ci * 9 : 9;
#pragma omp parallel for num_threads(cpu->threads) schedule(static)
    for (int64_t group = 0; group < outputs / GROUP; group++)
        cpu->kernels->winograd->weights(weights + group * GROUP * out_stride, out_stride, in_stride, inputs, data,
                                        conv->winograd[direction].weights + group * GROUP * 16 * inputs);
}

/* y = conv(x), or dx = conv(dy) with the turned kernel: in, out are act */
void mos_winograd_run(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction, const void *in, void *out,
                      void *workspace) {
    const mos_conv_shape *s = &conv->shape;
    const conv_winograd *plan = &conv->winograd[direction];
    const mos_winograd_kernels *kernels = cpu->kernels->winograd;
    const int64_t inputs = inputs_of(s, direction), outputs = direction == CONV_FORWARD ? s->co : s->ci;
    const mos_winograd_map from = map_of(s, inputs), to = map_of(s, outputs);
    const int64_t blocks = (from.tiles + plan->rows - 1) / plan->rows;
#pragma omp parallel num_threads(cpu->threads)
    {
        int64_t begin, end;
        uint16_t *v = (uint16_t *)(void *)((char *)workspace + (size_t)omp_get_thread_num() * block_bytes(plan, inputs));
        float *m = (float *)(void *)(v + 16 * plan->rows * inputs);
        mos_cpu_part(blocks, omp_get_num_threads(), omp_get_thread_num(), &begin, &end);
        for (int64_t b = begin; b < end; b++) {
            const int64_t first = b * plan->rows;
            const int64_t count = from.tiles - first < plan->rows ? from.tiles - first : plan->rows;
            kernels->input(&from, in, first, count, plan->rows, v);
            for (int64_t c = 0; c < outputs; c += GROUP) {
                kernels->multiply(plan->rows, inputs, v, plan->weights + c * 16 * inputs, m);
                kernels->output(&to, m, first, count, plan->rows, c, out);
            }
        }
    }
}

/* The products of one chunk: units of 32 output channels of one of the sixteen planes. du [16, ci, co] */
static void accumulate_units(const mos_cpu *cpu, const mos_conv *conv, int64_t begin, int64_t end, const uint16_t *px,
                             const uint16_t *py, float *du, bool add) {
    const mos_conv_shape *s = &conv->shape;
    const int64_t pairs = conv->winograd[CONV_BACKWARD_WEIGHTS].rows, groups = s->co / GROUP;
    for (int64_t unit = begin; unit < end; unit++) {
        const int64_t k = unit / groups, c = unit % groups * GROUP;
        cpu->kernels->winograd->accumulate(s->ci, pairs, px + k * s->ci * pairs * 2,
                                           py + (k * s->co + c) * pairs * 2, du + k * s->ci * s->co + c, s->co, add);
    }
}

/* dw [co, ci, 3, 3] += the gradient of the weights; x, dy are act */
void mos_winograd_run_weights(const mos_cpu *cpu, const mos_conv *conv, const void *x, const void *dy, float *dw,
                              void *workspace) {
    const mos_conv_shape *s = &conv->shape;
    const mos_winograd_kernels *kernels = cpu->kernels->winograd;
    const int64_t pairs = conv->winograd[CONV_BACKWARD_WEIGHTS].rows;
    const mos_winograd_map map_x = map_of(s, s->ci), map_y = map_of(s, s->co);
    float *du = workspace;
    uint16_t *px = (uint16_t *)(void *)(du + 16 * s->ci * s->co), *py = px + 16 * pairs * 2 * s->ci;
#pragma omp parallel num_threads(cpu->threads)
    {
        const int thread = omp_get_thread_num(), threads = omp_get_num_threads();
        int64_t begin, end;
        for (int64_t first = 0; first < map_x.tiles; first += pairs * 2) {
            mos_cpu_part(pairs, threads, thread, &begin, &end);
            kernels->pairs(&map_x, x, false, first, begin, end, pairs, px);
            kernels->pairs(&map_y, dy, true, first, begin, end, pairs, py);
#pragma omp barrier
            mos_cpu_part(16 * (s->co / GROUP), threads, thread, &begin, &end);
            accumulate_units(cpu, conv, begin, end, px, py, du, first > 0);
#pragma omp barrier
        }
        const int64_t blocks = s->ci / CPU_BLOCK;
        mos_cpu_part(s->co / CPU_BLOCK * blocks, threads, thread, &begin, &end);
        for (int64_t unit = begin; unit < end; unit++) {
            float block[9 * CPU_BLOCK * CPU_BLOCK];
            const int64_t o = unit / blocks * CPU_BLOCK, i = unit % blocks * CPU_BLOCK;
            kernels->weight_block(du + i * s->co + o, s->ci * s->co, s->co, block);
            cpu->kernels->add_weight_block(block, 9, dw + (o * s->ci + i) * 9, s->ci * 9);
        }
    }
}
