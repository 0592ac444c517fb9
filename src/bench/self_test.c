#include "bench/self_test.h"

#include "base/isa.h"
#include "base/log.h"
#include "base/memory.h"
#include "bench/step_rig.h"

#include <math.h>

enum { ROWS = 3, DIMENSIONS = 2, CLASSES = 3, STEPS = 8 };

/* Reference problem: cross-modal MulSupCon of three rows, tau 0.5 (an independent implementation
 * gave the value). */
static const double rows_a[ROWS][DIMENSIONS] = {{1, 0}, {.6, .8}, {-1, 1}};
static const double rows_b[ROWS][DIMENSIONS] = {{1, .5}, {0, 1}, {-1, 0}};
static const int8_t labels[ROWS * CLASSES] = {1, 0, 1, 1, 1, 0, 0, 1, 0};
static const double known_loss = 0.9883293585, known_gradient = .049543;

static void put_unit_rows(mos_device *device, const double rows[ROWS][DIMENSIONS], void *real) {
    double unit[ROWS * DIMENSIONS];
    for (int i = 0; i < ROWS; i++) {
        double norm = hypot(rows[i][0], rows[i][1]);
        for (int k = 0; k < DIMENSIONS; k++)
            unit[i * DIMENSIONS + k] = rows[i][k] / norm;
    }
    device->ops->put_f64(device, real, unit, ROWS * DIMENSIONS);
}

static mosaic_status contrast_on(mos_device *device, double *loss, double *gradient) {
    mos_contrast problem = {.anchors = ROWS,
                            .references = ROWS,
                            .d = DIMENSIONS,
                            .tau = 0.5,
                            .positives = MOS_POSITIVES_MULSUPCON,
                            .classes = CLASSES};
    enum { ZA, ZR, DZA, DZR, LABELS, RESULT, SCRATCH, BUFFERS };
    void *buffer[BUFFERS] = {NULL};
    double first[ROWS * DIMENSIONS];
    mos_contrast_result result;
    mosaic_status status = MOSAIC_OK;
    for (int k = 0; k < BUFFERS; k++)
        MOS_GOTO(device->ops->alloc(
            device, k == SCRATCH ? device->ops->contrast_bytes(device, &problem) : 4096,
            &buffer[k]));
    put_unit_rows(device, rows_a, buffer[ZA]);
    put_unit_rows(device, rows_b, buffer[ZR]);
    device->ops->put_bytes(device, buffer[LABELS], labels, sizeof labels);
    problem.anchor_labels = problem.reference_labels = buffer[LABELS];
    device->ops->contrast(device, &problem, buffer[ZA], buffer[ZR], 1, buffer[DZA], buffer[DZR],
                          buffer[SCRATCH], buffer[RESULT]);
    MOS_GOTO(mos_get_bytes(device, buffer[RESULT], &result, sizeof result));
    MOS_GOTO(mos_get_f64(device, buffer[DZA], first, ROWS * DIMENSIONS));
    *loss = result.loss;
    *gradient = first[0];
done:
    for (int k = 0; k < BUFFERS; k++)
        device->ops->free(device, buffer[k]);
    return status;
}

static mosaic_status check_losses(const char *name, int threads, mos_text *out, int *failures) {
    mos_device *device = NULL;
    double loss = NAN, gradient = NAN;
    MOS_TRY(mos_device_open(name, MOS_PRECISION_FP32, threads, &device));
    mosaic_status status = contrast_on(device, &loss, &gradient);
    bool good = status == MOSAIC_OK && fabs(loss - known_loss) < 1e-6 &&
                fabs(gradient - known_gradient) < 1e-5;
    mos_text_add(out, "%-24s %s (loss %.10f, known %.10f)\n", device->description,
                 good ? "ok" : "FAILED", loss, known_loss);
    *failures += !good;
    mos_device_close(&device);
    return status;
}

/* Steps until all are done or time is out; returns how many were. */
static mosaic_status train(mos_step_rig *step, int64_t deadline_ns, double *first, double *last,
                           int *done) {
    int64_t now = mos_now_ns(), longest = 0;
    for (*done = 0; *done < STEPS && now + longest < deadline_ns; (*done)++) {
        const int64_t begin = now;
        double seconds;
        MOS_TRY(mos_step_rig_run(step, &seconds, last));
        if (*done == 0) *first = *last;
        now = mos_now_ns();
        if (now - begin > longest) longest = now - begin;
    }
    return MOSAIC_OK;
}

static mosaic_status check_learning(mos_precision precision, int threads, int64_t deadline_ns,
                                    mos_text *out, int *failures) {
    const mos_step_setting setting = {.encoder = MOS_ENCODER_RESNET10_NARROW,
                                      .batch = 8,
                                      .size = 32,
                                      .views = 2,
                                      .classes = 4,
                                      .modalities = 2,
                                      .bands = {2, 10},
                                      .method = "mosaic-1"};
    const char *name = precision == MOS_PRECISION_BF16 ? "training, bf16" : "training, fp32";
    mos_step_rig *step = NULL;
    double first = NAN, last = NAN;
    int done = 0;
    if (precision == MOS_PRECISION_BF16 && mos_isa_used() < MOS_ISA_AVX512_BF16) {
        mos_text_add(out, "%-24s left out: no bf16 arithmetic here, fp32 is used instead\n", name);
        return MOSAIC_OK;
    }
    if (mos_now_ns() < deadline_ns)
        MOS_TRY(mos_step_rig_create("cpu", precision, threads, &setting, &step));
    mosaic_status status = MOSAIC_OK;
    if (step) status = train(step, deadline_ns, &first, &last, &done);
    mos_step_rig_destroy(&step);
    MOS_TRY(status);
    if (done < STEPS) {
        mos_text_add(out, "%-24s not reached: %d of %d steps in the time there is; busy machine?\n",
                     name, done, STEPS);
        *failures += done > 0 && !isfinite(last);
        return MOSAIC_OK;
    }
    const bool good = last < 0.98 * first;
    mos_text_add(out, "%-24s %s (loss %.4f to %.4f in %d steps)\n", name, good ? "ok" : "FAILED",
                 first, last, STEPS);
    *failures += !good;
    return MOSAIC_OK;
}

mosaic_status mos_self_test(int threads, int64_t deadline_ns, mos_text *out) {
    int failures = 0;
    for (const char *const *name = mos_device_names(); *name; name++)
        MOS_TRY(check_losses(*name, threads, out, &failures));
    MOS_TRY(check_learning(MOS_PRECISION_FP32, threads, deadline_ns, out, &failures));
    MOS_TRY(check_learning(MOS_PRECISION_BF16, threads, deadline_ns, out, &failures));
    return failures == 0
               ? MOSAIC_OK
               : mos_fail(
                     MOSAIC_ERR_NUMERIC,
                     "%d self-test%s failed: this build or this machine computes wrong results",
                     failures, failures == 1 ? "" : "s");
}
