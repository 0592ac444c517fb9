/* NT-Xent between two modalities: by row blocks, as training does it, against the whole matrix of
 * similarities in memory. Time, bytes, and that both say the same. */
#include "base/log.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/thread.h"
#include "bench/bench_list.h"
#include "compute/device.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 128, SIZES = 3, ZA = 0, ZR, DZA, DZR, BUFFERS };
static const double tau = 0.1;

typedef struct loss_work {
    mos_device *device;
    int64_t rows;
    void *buffer[BUFFERS]; /* real [rows, WIDTH] */
    void *scratch,
        *matrix; /* of the two ways; matrix real [rows, rows], and its gradient in place */
    void *partner, *result; /* on the device */
    mos_contrast problem;
    double *row_loss; /* [rows] */
    double streamed, materialised;
} loss_work;

static void clear_gradients(const loss_work *work) {
    size_t bytes = (size_t)(work->rows * WIDTH) * work->device->real_bytes;
    work->device->ops->zero(work->device, work->buffer[DZA], bytes);
    work->device->ops->zero(work->device, work->buffer[DZR], bytes);
}

static mosaic_status run_streamed(void *context, double *seconds) {
    loss_work *work = context;
    mos_contrast_result result;
    clear_gradients(work);
    MOS_TRY(mos_settle(work->device));
    int64_t start = mos_now_ns();
    work->device->ops->contrast(work->device, &work->problem, work->buffer[ZA], work->buffer[ZR], 1,
                                work->buffer[DZA], work->buffer[DZR], work->scratch, work->result);
    MOS_TRY(mos_get_bytes(work->device, work->result, &result, sizeof result));
    *seconds = (double)(mos_now_ns() - start) * 1e-9;
    work->streamed = result.loss;
    return MOSAIC_OK;
}

/* Rows of similarities become softmax - identity over (rows tau), the gradient of the loss. */
static void soften_rows(void *context, int64_t begin, int64_t end, int thread) {
    const loss_work *work = context;
    (void)thread;
    for (int64_t i = begin; i < end; i++) {
        float *row = (float *)work->matrix + i * work->rows, most = row[0];
        const float scale = (float)(1 / tau), weight = (float)(1 / (tau * (double)work->rows));
        double sum = 0;
        for (int64_t p = 1; p < work->rows; p++)
            most = fmaxf(most, row[p]);
        float own = (row[i] - most) * scale;
        for (int64_t p = 0; p < work->rows; p++) {
            row[p] = expf((row[p] - most) * scale);
            sum += (double)row[p];
        }
        work->row_loss[i] = log(sum) - (double)own;
        float norm = weight / (float)sum;
        for (int64_t p = 0; p < work->rows; p++)
            row[p] *= norm;
        row[i] -= weight;
    }
}

static mosaic_status run_materialised(void *context, double *seconds) {
    loss_work *work = context;
    const mos_backend *ops = work->device->ops;
    int64_t n = work->rows;
    double sum = 0;
    clear_gradients(work);
    int64_t start = mos_now_ns();
    ops->linear_forward(work->device, n, WIDTH, n, work->buffer[ZA], WIDTH, work->buffer[ZR], NULL,
                        work->matrix, n);
    mos_parallel_for(work->device->threads, n, soften_rows, work);
    ops->linear_backward(work->device, n, WIDTH, n, work->buffer[ZA], WIDTH, work->buffer[ZR],
                         work->matrix, n, work->buffer[DZA], WIDTH, false, work->buffer[DZR], NULL);
    for (int64_t i = 0; i < n; i++)
        sum += work->row_loss[i];
    *seconds = (double)(mos_now_ns() - start) * 1e-9;
    work->materialised = sum / (double)n;
    return MOSAIC_OK;
}

static mosaic_status make_rows(const loss_work *work, void *to, uint32_t salt) {
    float *values;
    mos_rng rng = mos_rng_at(6, MOS_RNG_TEST, salt, (uint64_t)work->rows, 0);
    MOS_TRY(mos_alloc((size_t)(work->rows * WIDTH), sizeof *values, "rows", &values));
    for (int64_t i = 0; i < work->rows; i++) {
        double square = 0;
        for (int k = 0; k < WIDTH; k++) {
            float value = mos_rng_uniform(&rng) - 0.5F;
            values[i * WIDTH + k] = value;
            square += (double)(value * value);
        }
        for (int k = 0; k < WIDTH; k++)
            values[i * WIDTH + k] /= (float)sqrt(square);
    }
    work->device->ops->put_f32(work->device, to, values, work->rows * WIDTH);
    mos_free(values);
    return MOSAIC_OK;
}

/* Row i's is row i. */
static mosaic_status put_partners(loss_work *work) {
    const mos_backend *ops = work->device->ops;
    const size_t bytes = (size_t)work->rows * sizeof(int32_t);
    int32_t *rows;
    MOS_TRY(mos_alloc((size_t)work->rows, sizeof *rows, "partners", &rows));
    for (int64_t i = 0; i < work->rows; i++)
        rows[i] = (int32_t)i;
    mosaic_status status = ops->alloc(work->device, bytes, &work->partner);
    if (status == MOSAIC_OK) ops->put_bytes(work->device, work->partner, rows, bytes);
    mos_free(rows);
    return status;
}

static mosaic_status make_work(mos_device *device, int64_t rows, loss_work *work) {
    const mos_backend *ops = device->ops;
    work->device = device;
    work->rows = rows;
    for (int b = 0; b < BUFFERS; b++)
        MOS_TRY(ops->alloc(device, (size_t)(rows * WIDTH) * device->real_bytes, &work->buffer[b]));
    MOS_TRY(make_rows(work, work->buffer[ZA], 1));
    MOS_TRY(make_rows(work, work->buffer[ZR], 2));
    MOS_TRY(put_partners(work));
    MOS_TRY(ops->alloc(device, sizeof(mos_contrast_result), &work->result));
    MOS_TRY(mos_alloc((size_t)rows, sizeof *work->row_loss, "losses", &work->row_loss));
    work->problem = (mos_contrast){.anchors = rows,
                                   .references = rows,
                                   .d = WIDTH,
                                   .tau = tau,
                                   .positives = MOS_POSITIVES_PARTNER,
                                   .partner = work->partner};
    MOS_TRY(ops->alloc(device, ops->contrast_bytes(device, &work->problem), &work->scratch));
    return ops->alloc(device, (size_t)(rows * rows) * sizeof(float), &work->matrix);
}

static void release_work(loss_work *work) {
    if (work->device == NULL) return;
    for (int b = 0; b < BUFFERS; b++)
        work->device->ops->free(work->device, work->buffer[b]);
    work->device->ops->free(work->device, work->scratch);
    work->device->ops->free(work->device, work->matrix);
    work->device->ops->free(work->device, work->partner);
    work->device->ops->free(work->device, work->result);
    mos_free(work->row_loss);
}

static mosaic_status report_work(const mos_bench_run *run, int first, const loss_work *work,
                                 mos_bench_report *report) {
    double n = (double)work->rows,
           bytes[2] = {(double)work->device->ops->contrast_bytes(work->device, &work->problem),
                       4 * n * n};
    for (int way = 0; way < 2; way++) {
        double seconds = mos_bench_median(run, first + way);
        mos_bench_row(report, run->cases[first + way].name);
        mos_bench_number(report, "ms", 1e3 * seconds, 3);
        mos_bench_number(report, "megabytes", 1e-6 * bytes[way], 3);
        mos_bench_number(report, "ns_per_pair", 1e9 * seconds / (n * n), 3);
        mos_bench_number(report, "times_materialised", mos_bench_ratio(run, first + way, first + 1),
                         2);
        mos_bench_number(report, "loss", way == 0 ? work->streamed : work->materialised, 6);
    }
    if (!(fabs(work->streamed - work->materialised) <= 1e-4 * fabs(work->materialised)))
        return mos_fail(MOSAIC_ERR_NUMERIC, "%lld rows: the loss by row blocks is %g, whole %g",
                        (long long)work->rows, work->streamed, work->materialised);
    return MOSAIC_OK;
}

mosaic_status mos_loss_bench(const mos_bench_settings *settings, mos_bench_report *report) {
    static const int64_t most[SIZES] = {256, 1024, 4096};
    loss_work work[SIZES] = {{0}};
    mos_device *device = NULL;
    mos_bench_run *run = NULL;
    mosaic_status status = MOSAIC_OK;
    int sizes = settings->quick ? 1 : SIZES;
    MOS_GOTO(mos_bench_create("bench loss", settings->threads, settings->rounds, &run));
    MOS_GOTO(mos_device_open("cpu", MOS_PRECISION_FP32, settings->threads, &device));
    for (int s = 0; s < sizes; s++) {
        char name[64];
        MOS_GOTO(make_work(device, most[s], &work[s]));
        (void)snprintf(name, sizeof name, "%lld rows, row blocks", (long long)most[s]);
        MOS_GOTO(mos_bench_add(run, name, run_streamed, &work[s]));
        (void)snprintf(name, sizeof name, "%lld rows, whole matrix", (long long)most[s]);
        MOS_GOTO(mos_bench_add(run, name, run_materialised, &work[s]));
    }
    MOS_GOTO(mos_bench_measure(run));
    mos_bench_steadiness(report, run);
    mos_bench_fact(report, "device", "%s", device->description);
    for (int s = 0; s < sizes; s++)
        MOS_GOTO(report_work(run, 2 * s, &work[s], report));
done:
    for (int s = 0; s < SIZES; s++)
        release_work(&work[s]);
    mos_device_close(&device);
    mos_bench_destroy(&run);
    return status;
}
