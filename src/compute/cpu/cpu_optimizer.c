/* The optimizer step and the measures over the flat parameter block. Work is cut into pieces of
 * fixed size, so sums do not depend on the number of threads. */
#include "base/thread.h"
#include "compute/cpu/cpu_state.h"

#include <math.h>

#define PIECE ((int64_t)1 << 16) /* values */

/* What one segment's update needs; rate: LARS' local rate. */
static mos_optimizer_terms terms_of(const mos_optimizer_step *step,
                                    const mos_segment_range *segment, double rate) {
    const double t = (double)step->step;
    const bool adam = step->kind == MOS_OPTIMIZER_ADAM || step->kind == MOS_OPTIMIZER_ADAMW;
    return (mos_optimizer_terms){
        .kind = step->kind,
        .lr = (float)(step->lr * rate),
        .beta1 = (float)step->beta1,
        .beta2 = (float)step->beta2,
        .rest1 = (float)(1 - step->beta1),
        .rest2 = (float)(1 - step->beta2),
        .eps = (float)step->eps,
        .decay = segment->decay ? (float)step->weight_decay : 0.0f,
        .scale = (float)step->grad_scale,
        .bias1 = adam ? (float)(1 / (1 - pow(step->beta1, t))) : 1.0f,
        .bias2 = adam ? (float)(1 / sqrt(1 - pow(step->beta2, t))) : 1.0f,
        .nesterov = step->kind == MOS_OPTIMIZER_SGD && step->nesterov,
    };
}

/* Pieces of a block of values: sums[i], bad[i] of the i-th. */
typedef struct squares_job {
    const mos_cpu *cpu;
    const float *x;
    int64_t count;
    double *sums;
    int64_t *bad;
} squares_job;

static void sum_pieces(void *context, int64_t begin, int64_t end, int thread) {
    const squares_job *job = context;
    (void)thread;
    for (int64_t i = begin; i < end; i++) {
        const int64_t left = job->count - i * PIECE, size = left < PIECE ? left : PIECE;
        job->cpu->kernels->sum_squares(job->x + i * PIECE, size, &job->sums[i], &job->bad[i]);
    }
}

/* Sum of squares in double, the same for any number of threads: the pieces' sums are added in
 * order, MAX_PIECES at a time. */
#define MAX_PIECES 256
static double sum_of_squares(const mos_cpu *cpu, const float *x, int64_t count,
                             int64_t *not_finite) {
    double total = 0;
    *not_finite = 0;
    for (int64_t begin = 0; begin < count; begin += MAX_PIECES * PIECE) {
        double sums[MAX_PIECES];
        int64_t bad[MAX_PIECES];
        const int64_t rest = count - begin, left = (rest + PIECE - 1) / PIECE;
        const int64_t pieces = left < MAX_PIECES ? left : MAX_PIECES;
        squares_job job = {cpu, x + begin, rest, sums, bad};
        mos_parallel_for(cpu->threads, pieces, sum_pieces, &job);
        for (int64_t i = 0; i < pieces; i++) {
            total += sums[i];
            *not_finite += bad[i];
        }
    }
    return total;
}

/* trust |p| / (|g| + decay |p|), 1 where a norm is 0 or the segment has no decay */
static double lars_rate(const mos_cpu *cpu, const mos_optimizer_step *step,
                        const mos_segment_range *segment, const float *params, const float *grads) {
    int64_t bad;
    if (step->kind != MOS_OPTIMIZER_LARS || !segment->decay) return 1;
    const double p = sqrt(sum_of_squares(cpu, params + segment->offset, segment->count, &bad));
    const double g = fabs(step->grad_scale) *
                     sqrt(sum_of_squares(cpu, grads + segment->offset, segment->count, &bad));
    if (p == 0 || g == 0) return 1;
    return step->trust * p / (g + step->weight_decay * p);
}

typedef struct optimize_job {
    const mos_cpu *cpu;
    const mos_optimizer_terms *terms;
    int64_t offset, count;
    float *params, *m, *v;
    const float *grads;
} optimize_job;

static void optimize_pieces(void *context, int64_t begin, int64_t end, int thread) {
    const optimize_job *job = context;
    (void)thread;
    for (int64_t i = begin * PIECE; i < job->count && i < end * PIECE; i += PIECE) {
        const int64_t at = job->offset + i, size = job->count - i < PIECE ? job->count - i : PIECE;
        job->cpu->kernels->optimize(job->terms, size, job->params + at, job->grads + at,
                                    job->m + at, job->v ? job->v + at : NULL);
    }
}

void mos_cpu_optimize(mos_device *device, const mos_optimizer_step *step,
                      const mos_segment_range *segments, int64_t segment_count, void *params,
                      const void *grads, void *m, void *v) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_cpu_guard guard = mos_cpu_enter(cpu);
    for (int64_t s = 0; s < segment_count;) {
        /* neighbours with the same terms are one piece of work */
        mos_segment_range run = segments[s];
        const double rate = lars_rate(cpu, step, &segments[s], params, grads);
        for (s++; s < segment_count && step->kind != MOS_OPTIMIZER_LARS &&
                  segments[s].decay == run.decay && segments[s].offset == run.offset + run.count;
             s++)
            run.count += segments[s].count;
        const mos_optimizer_terms terms = terms_of(step, &run, rate);
        optimize_job job = {.cpu = cpu,
                            .terms = &terms,
                            .offset = run.offset,
                            .count = run.count,
                            .params = params,
                            .m = m,
                            .v = v,
                            .grads = grads};
        mos_parallel_for(cpu->threads, (run.count + PIECE - 1) / PIECE, optimize_pieces, &job);
    }
    mos_cpu_leave(guard);
}

void mos_cpu_measure(mos_device *device, const void *real, int64_t count,
                     mos_measure_result *result) {
    const mos_cpu_guard guard = mos_cpu_enter(cpu_of(device));
    result->sum_of_squares = sum_of_squares(cpu_of(device), real, count, &result->not_finite);
    mos_cpu_leave(guard);
}
