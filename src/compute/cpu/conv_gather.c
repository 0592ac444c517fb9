/* The weight gradient of strided layers: for every tap, the product over all outputs of what the
 * tap read and the gradient of y, both gathered into the pairs our bf16 products take. oneDNN's
 * kernels reach half of the processor's peak here, worst with many channels on small maps. dw[o, i,
 * tap] += sum over outputs of dy[output, o] x[output * stride + tap - pad, i] */
#include "compute/cpu/conv_plan.h"

#include <omp.h>
#include <string.h>

#define GROUP       32 /* output channels of one product */
#define MAX_TAPS    9
#define CHUNK_PAIRS ((int64_t)512) /* pairs of outputs gathered at a time */
/* A unit is 16 input and 32 output channels: du [taps, 16 i, 32 o] */
#define UNIT_VALUES (MAX_TAPS * CPU_BLOCK * GROUP)

static mos_gather_map map_of_x(const mos_conv *conv) {
    const mos_conv_shape *s = &conv->shape;
    return (mos_gather_map){s->n,     s->ci,     s->h,      s->w,  conv->oh,
                            conv->ow, s->kernel, s->stride, s->pad};
}

static mos_gather_map map_of_dy(const mos_conv *conv) {
    return (mos_gather_map){
        conv->shape.n, conv->shape.co, conv->oh, conv->ow, conv->oh, conv->ow, 1, 1, 0};
}

static size_t gathered_bytes(const mos_cpu *cpu, const mos_conv_shape *s, int64_t pairs) {
    return (size_t)(s->kernel * s->kernel * WINOGRAD_P_PLANE(pairs, s->ci) +
                    WINOGRAD_P_PLANE(pairs, s->co)) *
           cpu->act_size;
}

void mos_gather_plan(const mos_cpu *cpu, mos_conv *conv) {
    const mos_conv_shape *s = &conv->shape;
    conv_winograd *plan = &conv->winograd[CONV_BACKWARD_WEIGHTS];
    const int64_t pairs = (s->n * conv->oh * conv->ow + 1) / 2,
                  chunks = (pairs + CHUNK_PAIRS - 1) / CHUNK_PAIRS;
    const int64_t units = s->ci / CPU_BLOCK * (s->co / GROUP);
    plan->used = plan->gathered = true;
    plan->rows = (pairs + chunks - 1) / chunks;
    plan->bytes =
        (size_t)(units * UNIT_VALUES) * sizeof(float) + gathered_bytes(cpu, s, plan->rows);
}

/* dw += the sums of one unit */
static void finish_unit(const mos_cpu *cpu, const mos_conv_shape *s, int64_t unit, const float *du,
                        float *dw) {
    const int64_t blocks = s->ci / CPU_BLOCK, o = unit / blocks * GROUP,
                  i = unit % blocks * CPU_BLOCK;
    const int64_t taps = s->kernel * s->kernel;
    float block[MAX_TAPS * CPU_BLOCK * CPU_BLOCK];
    for (int64_t half = 0; half < 2; half++) {
        for (int64_t row = 0; row < taps * CPU_BLOCK; row++)
            memcpy(block + row * CPU_BLOCK, du + row * GROUP + half * CPU_BLOCK,
                   CPU_BLOCK * sizeof *block);
        cpu->kernels->add_weight_block(
            block, taps, dw + ((o + half * CPU_BLOCK) * s->ci + i) * taps, s->ci * taps);
    }
}

void mos_gather_run_weights(const mos_cpu *cpu, const mos_conv *conv, const void *x, const void *dy,
                            float *dw, void *workspace) {
    const mos_conv_shape *s = &conv->shape;
    const mos_act_kernels *kernels = cpu->activation;
    const mos_gather_map map_x = map_of_x(conv), map_y = map_of_dy(conv);
    const int64_t pairs = conv->winograd[CONV_BACKWARD_WEIGHTS].rows, taps = s->kernel * s->kernel;
    const int64_t blocks = s->ci / CPU_BLOCK, units = blocks * (s->co / GROUP),
                  outputs = s->n * conv->oh * conv->ow;
    float *sums = workspace; /* [units, taps, 16, 32] */
    char *px = (char *)(sums + units * UNIT_VALUES);
    char *py = px + (size_t)(taps * WINOGRAD_P_PLANE(pairs, s->ci)) * cpu->act_size;
#pragma omp parallel num_threads(cpu->threads)
    {
        const int thread = omp_get_thread_num(), threads = omp_get_num_threads();
        for (int64_t first = 0; first < outputs; first += pairs * 2) {
            int64_t begin, end;
            mos_cpu_part(pairs, threads, thread, &begin, &end);
            kernels->gather(&map_x, x, first, begin, end, pairs, px);
            kernels->gather(&map_y, dy, first, begin, end, pairs, py);
#pragma omp barrier
            mos_cpu_part(units, threads, thread, &begin, &end);
            for (int64_t unit = begin; unit < end; unit++) {
                const int64_t o = unit / blocks * GROUP, i = unit % blocks * CPU_BLOCK;
                float *du = sums + unit * UNIT_VALUES;
                kernels->winograd->accumulate(
                    taps, pairs, px + (size_t)(i * pairs * 2) * cpu->act_size,
                    WINOGRAD_P_PLANE(pairs, s->ci), py + (size_t)(o * pairs * 2) * cpu->act_size, 0,
                    du, first > 0);
                if (first + pairs * 2 >= outputs) finish_unit(cpu, s, unit, du, dw);
            }
#pragma omp barrier
        }
    }
}
