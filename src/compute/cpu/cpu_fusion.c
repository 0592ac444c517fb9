/* Joining the rows of several modalities to one: formulas in compute/device.h. A sample is worked
 * on by one thread alone and in one order, so results depend neither on the number of threads nor
 * on the sample's index in the batch. Beside an encoder this costs next to nothing: plain loops. */
#include "base/thread.h"
#include "compute/cpu/cpu_state.h"

#include <math.h>
#include <string.h>

/* The present modalities of a sample, in order. */
typedef struct company {
    int64_t count, modality[MOS_MODAL_MAX];
} company;

static company company_of(const mos_modal_rows *rows, int64_t i) {
    company found = {0};
    for (int64_t m = 0; m < rows->modalities; m++)
        if (rows->present[m * rows->n + i]) found.modality[found.count++] = m;
    return found;
}

static float *row_of(const mos_modal_rows *rows, void *array, int64_t m, int64_t i, int64_t width) {
    return (float *)array + (m * rows->n + i) * width;
}

static const float *read_row(const mos_modal_rows *rows, const void *array, int64_t m, int64_t i,
                             int64_t width) {
    return (const float *)array + (m * rows->n + i) * width;
}

static void zero_absent(const mos_modal_rows *rows, void *array, int64_t i, int64_t width) {
    for (int64_t m = 0; m < rows->modalities; m++)
        if (!rows->present[m * rows->n + i])
            memset(row_of(rows, array, m, i, width), 0, (size_t)width * sizeof(float));
}

/* What a pass over the samples is given: arrays read and arrays written. */
typedef struct fusion_job {
    const mos_modal_rows *rows;
    int64_t rank;
    const void *in;
    const float *dy;
    void *a, *b;
    float *y;
} fusion_job;

/* ---- gates ---- */

static void gate_row(const mos_modal_rows *rows, int64_t i, void *v, void *a, float *y) {
    const company here = company_of(rows, i);
    const int64_t d = rows->d;
    float *value[MOS_MODAL_MAX], *gate[MOS_MODAL_MAX];
    zero_absent(rows, v, i, d);
    zero_absent(rows, a, i, d);
    memset(y, 0, (size_t)d * sizeof *y);
    for (int64_t c = 0; c < here.count; c++) {
        value[c] = row_of(rows, v, here.modality[c], i, d);
        gate[c] = row_of(rows, a, here.modality[c], i, d);
    }
    for (int64_t k = 0; k < d && here.count > 0; k++) {
        float top = gate[0][k], sum = 0;
        for (int64_t c = 1; c < here.count; c++)
            top = fmaxf(top, gate[c][k]);
        for (int64_t c = 0; c < here.count; c++)
            sum += gate[c][k] = expf(gate[c][k] - top);
        for (int64_t c = 0; c < here.count; c++) {
            gate[c][k] /= sum;
            value[c][k] = tanhf(value[c][k]);
            y[k] += gate[c][k] * value[c][k];
        }
    }
}

static void gate_rows(void *context, int64_t begin, int64_t end, int thread) {
    const fusion_job *job = context;
    (void)thread;
    for (int64_t i = begin; i < end; i++)
        gate_row(job->rows, i, job->a, job->b, job->y + i * job->rows->d);
}

void mos_cpu_gate_forward(mos_device *device, const mos_modal_rows *rows, void *v, void *a,
                          void *y) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_cpu_guard guard = mos_cpu_enter(cpu);
    fusion_job job = {.rows = rows, .a = v, .b = a, .y = y};
    mos_parallel_for(cpu->threads, rows->n, gate_rows, &job);
    mos_cpu_leave(guard);
}

static void gate_values_back(void *context, int64_t begin, int64_t end, int thread) {
    const fusion_job *job = context;
    (void)thread;
    const mos_modal_rows *rows = job->rows;
    const int64_t plane = rows->n * rows->d;
    float *value = job->a, *gate = job->b;
    for (int64_t at = begin; at < end; at++) {
        const float gradient = job->dy[at];
        float y = 0;
        for (int64_t m = 0; m < rows->modalities; m++)
            y += gate[m * plane + at] * value[m * plane + at];
        for (int64_t m = 0; m < rows->modalities; m++) {
            const float tm = value[m * plane + at], gm = gate[m * plane + at];
            value[m * plane + at] = gradient * gm * (1 - tm * tm);
            gate[m * plane + at] = gradient * gm * (tm - y);
        }
    }
}

void mos_cpu_gate_backward(mos_device *device, const mos_modal_rows *rows, void *t, void *g,
                           const void *dy) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_cpu_guard guard = mos_cpu_enter(cpu);
    fusion_job job = {.rows = rows, .dy = dy, .a = t, .b = g};
    mos_parallel_for(cpu->threads, rows->n * rows->d, gate_values_back, &job);
    mos_cpu_leave(guard);
}

/* ---- products ---- */

static void product_row(const mos_modal_rows *rows, int64_t rank, int64_t i, const void *f,
                        float *y) {
    const company here = company_of(rows, i);
    const int64_t d = rows->d, width = rank * d;
    memset(y, 0, (size_t)d * sizeof *y);
    for (int64_t r = 0; r < rank && here.count > 0; r++)
        for (int64_t k = 0; k < d; k++) {
            float value = 1;
            for (int64_t c = 0; c < here.count; c++)
                value *= read_row(rows, f, here.modality[c], i, width)[r * d + k];
            y[k] += value;
        }
}

static void product_rows(void *context, int64_t begin, int64_t end, int thread) {
    const fusion_job *job = context;
    (void)thread;
    for (int64_t i = begin; i < end; i++)
        product_row(job->rows, job->rank, i, job->in, job->y + i * job->rows->d);
}

void mos_cpu_product_forward(mos_device *device, const mos_modal_rows *rows, int64_t rank,
                             const void *f, void *y) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_cpu_guard guard = mos_cpu_enter(cpu);
    fusion_job job = {.rows = rows, .rank = rank, .in = f, .y = y};
    mos_parallel_for(cpu->threads, rows->n, product_rows, &job);
    mos_cpu_leave(guard);
}

/* The product of the others from those before and those behind: no division, zeros are fine. */
static void product_row_back(const mos_modal_rows *rows, int64_t rank, int64_t i, void *f,
                             const float *dy) {
    const company here = company_of(rows, i);
    const int64_t d = rows->d, width = rank * d;
    float *factor[MOS_MODAL_MAX];
    zero_absent(rows, f, i, width);
    for (int64_t c = 0; c < here.count; c++)
        factor[c] = row_of(rows, f, here.modality[c], i, width);
    for (int64_t column = 0; column < width; column++) {
        float before[MOS_MODAL_MAX], behind = dy[column % d];
        float running = 1;
        for (int64_t c = 0; c < here.count; c++) {
            before[c] = running;
            running *= factor[c][column];
        }
        for (int64_t c = here.count - 1; c >= 0; c--) {
            const float own = factor[c][column];
            factor[c][column] = before[c] * behind;
            behind *= own;
        }
    }
}

static void product_rows_back(void *context, int64_t begin, int64_t end, int thread) {
    const fusion_job *job = context;
    (void)thread;
    for (int64_t i = begin; i < end; i++)
        product_row_back(job->rows, job->rank, i, job->a, job->dy + i * job->rows->d);
}

void mos_cpu_product_backward(mos_device *device, const mos_modal_rows *rows, int64_t rank, void *f,
                              const void *dy) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_cpu_guard guard = mos_cpu_enter(cpu);
    fusion_job job = {.rows = rows, .rank = rank, .dy = dy, .a = f};
    mos_parallel_for(cpu->threads, rows->n, product_rows_back, &job);
    mos_cpu_leave(guard);
}

/* ---- attention ---- */

/* What the two passes are given, as one argument. */
typedef struct attention {
    const mos_modal_rows *rows;
    int64_t heads, width;
    const void *q, *k, *v;
    float *p; /* [n, heads, modalities, modalities] */
    float *y;
    const float *dy;
    void *dq, *dk, *dv;
} attention;

static float dot(const float *a, const float *b, int64_t count) {
    float sum = 0;
    for (int64_t k = 0; k < count; k++)
        sum += a[k] * b[k];
    return sum;
}

static float *weights_of(const attention *a, int64_t i, int64_t head) {
    return a->p + (i * a->heads + head) * a->rows->modalities * a->rows->modalities;
}

static const float *part_of(const attention *a, const void *array, int64_t m, int64_t i,
                            int64_t head) {
    return read_row(a->rows, array, m, i, a->rows->d) + head * a->width;
}

static float *gradient_of(const attention *a, void *array, int64_t m, int64_t i, int64_t head) {
    return row_of(a->rows, array, m, i, a->rows->d) + head * a->width;
}

/* A head of a sample: the weights of its queries, and their mean answer. */
static void attend_row(const attention *a, int64_t i, int64_t head, const company *here, float *y) {
    const int64_t modalities = a->rows->modalities;
    const float scale = 1 / sqrtf((float)a->width), share = 1 / (float)here->count;
    float *weights = weights_of(a, i, head), mean[MOS_MODAL_MAX] = {0};
    for (int64_t c = 0; c < here->count; c++) {
        float *p = weights + here->modality[c] * modalities, top = -INFINITY, sum = 0;
        const float *query = part_of(a, a->q, here->modality[c], i, head);
        for (int64_t e = 0; e < here->count; e++) {
            const int64_t j = here->modality[e];
            p[j] = scale * dot(query, part_of(a, a->k, j, i, head), a->width);
            top = fmaxf(top, p[j]);
        }
        for (int64_t e = 0; e < here->count; e++)
            sum += p[here->modality[e]] = expf(p[here->modality[e]] - top);
        for (int64_t e = 0; e < here->count; e++)
            mean[e] += share * (p[here->modality[e]] /= sum);
    }
    for (int64_t e = 0; e < here->count; e++) {
        const float *value = part_of(a, a->v, here->modality[e], i, head);
        for (int64_t k = 0; k < a->width; k++)
            y[k] += mean[e] * value[k];
    }
}

static void attend_rows(void *context, int64_t begin, int64_t end, int thread) {
    const attention *a = context;
    const mos_modal_rows *rows = a->rows;
    const size_t weights = (size_t)(a->heads * rows->modalities * rows->modalities);
    (void)thread;
    for (int64_t i = begin; i < end; i++) {
        const company here = company_of(rows, i);
        float *to = a->y + i * rows->d;
        memset(to, 0, (size_t)rows->d * sizeof *to);
        memset(weights_of(a, i, 0), 0, weights * sizeof(float));
        for (int64_t head = 0; head < a->heads && here.count > 0; head++)
            attend_row(a, i, head, &here, to + head * a->width);
    }
}

void mos_cpu_attend_forward(mos_device *device, const mos_modal_rows *rows, int64_t heads,
                            const void *q, const void *k, const void *v, void *p, void *y) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_cpu_guard guard = mos_cpu_enter(cpu);
    attention a = {.rows = rows,
                   .heads = heads,
                   .width = rows->d / heads,
                   .q = q,
                   .k = k,
                   .v = v,
                   .p = p,
                   .y = y};
    mos_parallel_for(cpu->threads, rows->n, attend_rows, &a);
    mos_cpu_leave(guard);
}

static void query_back(const attention *a, int64_t i, int64_t head, int64_t m, const company *here,
                       const float *dy) {
    const float scale = 1 / sqrtf((float)a->width), share = 1 / (float)here->count;
    const float *p = weights_of(a, i, head) + m * a->rows->modalities;
    const float *query = part_of(a, a->q, m, i, head);
    float *dquery = gradient_of(a, a->dq, m, i, head), dp[MOS_MODAL_MAX], along = 0;
    for (int64_t e = 0; e < here->count; e++) {
        const int64_t j = here->modality[e];
        dp[e] = share * dot(dy, part_of(a, a->v, j, i, head), a->width);
        along += p[j] * dp[e];
    }
    for (int64_t e = 0; e < here->count; e++) {
        const int64_t j = here->modality[e];
        const float ds = scale * p[j] * (dp[e] - along), through = share * p[j];
        const float *key = part_of(a, a->k, j, i, head);
        float *dkey = gradient_of(a, a->dk, j, i, head);
        float *dvalue = gradient_of(a, a->dv, j, i, head);
        for (int64_t c = 0; c < a->width; c++) {
            dvalue[c] += through * dy[c];
            dquery[c] += ds * key[c];
            dkey[c] += ds * query[c];
        }
    }
}

static void attend_row_back(const attention *a, int64_t i, const float *dy) {
    const mos_modal_rows *rows = a->rows;
    const company here = company_of(rows, i);
    void *const gradients[] = {a->dq, a->dk, a->dv};
    for (int g = 0; g < 3; g++)
        for (int64_t m = 0; m < rows->modalities; m++)
            memset(row_of(rows, gradients[g], m, i, rows->d), 0, (size_t)rows->d * sizeof(float));
    for (int64_t head = 0; head < a->heads; head++)
        for (int64_t c = 0; c < here.count; c++)
            query_back(a, i, head, here.modality[c], &here, dy + head * a->width);
}

static void attend_rows_back(void *context, int64_t begin, int64_t end, int thread) {
    const attention *a = context;
    (void)thread;
    for (int64_t i = begin; i < end; i++)
        attend_row_back(a, i, a->dy + i * a->rows->d);
}

void mos_cpu_attend_backward(mos_device *device, const mos_modal_rows *rows, int64_t heads,
                             const void *q, const void *k, const void *v, const void *p,
                             const void *dy, void *dq, void *dk, void *dv) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_cpu_guard guard = mos_cpu_enter(cpu);
    union {
        const void *read;
        float *write;
    } kept = {.read = p};
    attention a = {.rows = rows,
                   .heads = heads,
                   .width = rows->d / heads,
                   .q = q,
                   .k = k,
                   .v = v,
                   .p = kept.write,
                   .dy = dy,
                   .dq = dq,
                   .dk = dk,
                   .dv = dv};
    mos_parallel_for(cpu->threads, rows->n, attend_rows_back, &a);
    mos_cpu_leave(guard);
}

/* ---- mean over the present modalities ---- */

static void blend_rows(void *context, int64_t begin, int64_t end, int thread) {
    const fusion_job *job = context;
    (void)thread;
    const mos_modal_rows *rows = job->rows;
    for (int64_t i = begin; i < end; i++) {
        const company here = company_of(rows, i);
        float *to = job->y + i * rows->d;
        memset(to, 0, (size_t)rows->d * sizeof *to);
        for (int64_t c = 0; c < here.count; c++) {
            const float *from = read_row(rows, job->in, here.modality[c], i, rows->d);
            for (int64_t k = 0; k < rows->d; k++)
                to[k] += from[k] / (float)here.count;
        }
    }
}

void mos_cpu_blend_forward(mos_device *device, const mos_modal_rows *rows, const void *x, void *y) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_cpu_guard guard = mos_cpu_enter(cpu);
    fusion_job job = {.rows = rows, .in = x, .y = y};
    mos_parallel_for(cpu->threads, rows->n, blend_rows, &job);
    mos_cpu_leave(guard);
}

static void blend_rows_back(void *context, int64_t begin, int64_t end, int thread) {
    const fusion_job *job = context;
    (void)thread;
    const mos_modal_rows *rows = job->rows;
    for (int64_t i = begin; i < end; i++) {
        const company here = company_of(rows, i);
        const float *from = job->dy + i * rows->d;
        zero_absent(rows, job->a, i, rows->d);
        for (int64_t c = 0; c < here.count; c++) {
            float *to = row_of(rows, job->a, here.modality[c], i, rows->d);
            for (int64_t k = 0; k < rows->d; k++)
                to[k] = from[k] / (float)here.count;
        }
    }
}

void mos_cpu_blend_backward(mos_device *device, const mos_modal_rows *rows, const void *dy,
                            void *dx) {
    const mos_cpu *cpu = cpu_of(device);
    const mos_cpu_guard guard = mos_cpu_enter(cpu);
    fusion_job job = {.rows = rows, .dy = dy, .a = dx};
    mos_parallel_for(cpu->threads, rows->n, blend_rows_back, &job);
    mos_cpu_leave(guard);
}
