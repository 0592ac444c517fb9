/* Convolution (cross-correlation, no bias), as the definition reads:
 *   y[n,o,oh,ow] = sum over c, kh, kw of x[n, c, oh s - p + kh, ow s - p + kw] w[o,c,kh,kw]
 * where x is zero outside its map. */
#include "compute/ref/ref_backend.h"

#include "base/memory.h"
#include "base/thread.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* The outputs o whose input o * stride - pad + k lies within [0, size). */
typedef struct span {
    int64_t begin, end;
} span;

/* Where tap `at` of the kernel meets the maps: `count` rows of `width` outputs, the first at y in
 * the output and reading x in the input. Rows that lie behind one another in both are one. */
typedef struct tap {
    int64_t at, x, y, count, width;
} tap;

struct mos_conv {
    mos_conv_shape shape;
    int64_t oh, ow;
    double *weights; /* [co, ci, k, k] of the last fold; NULL in a plan that is not folded */
    double *bias;    /* [co], the same */
    tap *taps;       /* [used] of [k, k]: on a map of one pixel eight of nine meet only padding */
    int64_t used;
};

static span valid_outputs(int64_t size, int64_t outputs, int64_t stride, int64_t pad, int64_t k) {
    span valid = {0, 0};
    while (valid.begin < outputs && valid.begin * stride - pad + k < 0)
        valid.begin++;
    valid.end = valid.begin;
    while (valid.end < outputs && valid.end * stride - pad + k < size)
        valid.end++;
    return valid;
}

static tap find_tap(const mos_conv *conv, int64_t kh, int64_t kw) {
    const mos_conv_shape *s = &conv->shape;
    const span rows = valid_outputs(s->h, conv->oh, s->stride, s->pad, kh);
    const span cols = valid_outputs(s->w, conv->ow, s->stride, s->pad, kw);
    tap t = {.at = kh * s->kernel + kw,
             .x = (rows.begin * s->stride - s->pad + kh) * s->w + cols.begin * s->stride - s->pad +
                  kw,
             .y = rows.begin * conv->ow + cols.begin,
             .count = rows.end - rows.begin,
             .width = cols.end - cols.begin};
    if (s->stride == 1 && t.width == conv->ow && t.width == s->w && t.count > 0) {
        t.width *= t.count;
        t.count = 1;
    }
    return t;
}

static mosaic_status allocate_plan(mos_conv *conv) {
    const mos_conv_shape *s = &conv->shape;
    const size_t kernel = (size_t)s->kernel;
    if (s->folded) {
        MOS_TRY(mos_alloc((size_t)(s->co * s->ci) * kernel * kernel, sizeof *conv->weights,
                          "convolution weights", &conv->weights));
        MOS_TRY(mos_alloc((size_t)s->co, sizeof *conv->bias, "convolution bias", &conv->bias));
    }
    MOS_TRY(mos_alloc(kernel * kernel, sizeof *conv->taps, "convolution plan", &conv->taps));
    for (int64_t k = 0; k < s->kernel * s->kernel; k++) {
        const tap t = find_tap(conv, k / s->kernel, k % s->kernel);
        if (t.count > 0 && t.width > 0) conv->taps[conv->used++] = t;
    }
    return MOSAIC_OK;
}

mosaic_status mos_ref_conv_create(mos_device *device, const mos_conv_shape *shape, mos_conv **out) {
    (void)device;
    const mos_conv_shape s = *shape;
    mos_conv *conv;
    *out = NULL;
    if (s.n < 1 || s.ci < 1 || s.h < 1 || s.w < 1 || s.co < 1 || s.kernel < 1 || s.stride < 1 ||
        s.pad < 0 || s.h + 2 * s.pad < s.kernel || s.w + 2 * s.pad < s.kernel)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "convolution: input %" PRId64 "x%" PRId64 "x%" PRId64 "x%" PRId64
                        " does not go with %" PRId64 " channels out, kernel %" PRId64
                        ", stride %" PRId64 ", pad %" PRId64,
                        s.n, s.ci, s.h, s.w, s.co, s.kernel, s.stride, s.pad);
    if (s.folded && s.train)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "convolution: a plan with a folded norm is for inference, not training");
    MOS_TRY(mos_alloc(1, sizeof *conv, "convolution plan", &conv));
    conv->shape = s;
    conv->oh = (s.h + 2 * s.pad - s.kernel) / s.stride + 1;
    conv->ow = (s.w + 2 * s.pad - s.kernel) / s.stride + 1;
    mosaic_status status = allocate_plan(conv);
    if (status != MOSAIC_OK) mos_ref_conv_destroy(device, &conv);
    *out = conv;
    return status;
}

void mos_ref_conv_destroy(mos_device *device, mos_conv **conv) {
    (void)device;
    if (*conv == NULL) return;
    mos_free((*conv)->weights);
    mos_free((*conv)->bias);
    mos_free((*conv)->taps);
    mos_free(*conv);
    *conv = NULL;
}

void mos_ref_conv_info(const mos_conv *conv, mos_conv_info *out) {
    const mos_conv_shape *s = &conv->shape;
    const size_t folded = (size_t)(s->co * s->ci * s->kernel * s->kernel) * sizeof(double);
    *out = (mos_conv_info){
        .oh = conv->oh,
        .ow = conv->ow,
        .workspace_bytes = 0,
        .packed_bytes = s->folded ? folded : 0,
        .forward = "loops",
        .backward_data = s->train && !s->image ? "loops" : "",
        .backward_weights = s->train ? "loops" : "",
    };
}

void mos_ref_conv_fold(mos_device *device, mos_conv *conv, const void *weights,
                       const mos_norm_running *norm, void *workspace) {
    (void)device;
    (void)workspace;
    const mos_conv_shape *s = &conv->shape;
    const double *from = weights, *gamma = norm->gamma, *beta = norm->beta;
    const double *mean = norm->mean, *var = norm->var;
    const int64_t row = s->ci * s->kernel * s->kernel;
    for (int64_t o = 0; o < s->co; o++) {
        const double scale = gamma[o] / sqrt(var[o] + norm->eps);
        for (int64_t i = o * row; i < (o + 1) * row; i++)
            conv->weights[i] = from[i] * scale;
        conv->bias[o] = beta[o] - mean[o] * scale;
    }
}

/* A folded plan's start, bias and what y holds, and its end, the ReLU. */
static void begin_plane(const mos_conv *conv, int64_t o, double *y, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        y[i] = (conv->shape.folded ? conv->bias[o] : 0) + (conv->shape.sum ? y[i] : 0);
}
static void end_plane(const mos_conv *conv, double *y, int64_t count) {
    for (int64_t i = 0; i < count && conv->shape.relu; i++)
        if (y[i] < 0) y[i] = 0;
}

/* y [oh, ow] += the part of one tap of the kernel: weight * x [h, w], shifted. */
static inline void add_tap(const mos_conv *conv, const tap *t, const double *x, double weight,
                           double *y) {
    const int64_t stride = conv->shape.stride;
    for (int64_t row = 0; row < t->count; row++) {
        const double *from = x + t->x + row * stride * conv->shape.w;
        double *to = y + t->y + row * conv->ow;
        if (stride == 1)
#pragma omp simd
            for (int64_t i = 0; i < t->width; i++)
                to[i] += weight * from[i];
        else
            for (int64_t i = 0; i < t->width; i++)
                to[i] += weight * from[i * stride];
    }
}

/* The arrays of a pass. */
typedef struct conv_job {
    const mos_conv *conv;
    const double *x, *w, *dy;
    double *y, *dx, *dw;
} conv_job;

/* Planes of y: all channels' samples, which read the same weights. */
static void forward_planes(void *context, int64_t begin, int64_t end, int thread) {
    const conv_job *job = context;
    const mos_conv *conv = job->conv;
    const mos_conv_shape *s = &conv->shape;
    const int64_t in = s->h * s->w, out = conv->oh * conv->ow, taps = s->kernel * s->kernel;
    (void)thread;
    for (int64_t plane = begin; plane < end; plane++) {
        const int64_t o = plane / s->n, n = plane % s->n;
        double *y_plane = job->y + (n * s->co + o) * out;
        begin_plane(conv, o, y_plane, out);
        for (int64_t c = 0; c < s->ci; c++)
            for (const tap *t = conv->taps; t < conv->taps + conv->used; t++)
                add_tap(conv, t, job->x + (n * s->ci + c) * in,
                        job->w[(o * s->ci + c) * taps + t->at], y_plane);
        end_plane(conv, y_plane, out);
    }
}

/* x [n, ci, h, w], y [n, co, oh, ow]; a plan that is not folded has bias 0 and no ending */
void mos_ref_conv_forward(mos_device *device, mos_conv *conv, const void *x, const void *weights,
                          void *y, void *workspace) {
    (void)workspace;
    const mos_conv_shape *s = &conv->shape;
    conv_job job = {.conv = conv, .x = x, .w = s->folded ? conv->weights : weights, .y = y};
    mos_parallel_for(device->threads, s->n * s->co, forward_planes, &job);
}

/* dx [h, w] += weight * dy [oh, ow], each output's share going back to the input it came from. */
static inline void add_tap_back(const mos_conv *conv, const tap *t, const double *dy, double weight,
                                double *dx) {
    const int64_t stride = conv->shape.stride;
    for (int64_t row = 0; row < t->count; row++) {
        const double *from = dy + t->y + row * conv->ow;
        double *to = dx + t->x + row * stride * conv->shape.w;
        if (stride == 1)
#pragma omp simd
            for (int64_t i = 0; i < t->width; i++)
                to[i] += weight * from[i];
        else
            for (int64_t i = 0; i < t->width; i++)
                to[i * stride] += weight * from[i];
    }
}

/* Planes of dx: all channels' samples. */
static void backward_planes(void *context, int64_t begin, int64_t end, int thread) {
    const conv_job *job = context;
    const mos_conv *conv = job->conv;
    const mos_conv_shape *s = &conv->shape;
    const int64_t in = s->h * s->w, out = conv->oh * conv->ow, taps = s->kernel * s->kernel;
    (void)thread;
    for (int64_t plane = begin; plane < end; plane++) {
        const int64_t c = plane / s->n, n = plane % s->n;
        double *dx_plane = job->dx + (n * s->ci + c) * in;
        memset(dx_plane, 0, (size_t)in * sizeof *dx_plane);
        for (int64_t o = 0; o < s->co; o++)
            for (const tap *t = conv->taps; t < conv->taps + conv->used; t++) {
                const double weight = job->w[(o * s->ci + c) * taps + t->at];
                add_tap_back(conv, t, job->dy + (n * s->co + o) * out, TERM(1, weight), dx_plane);
            }
    }
}

/* dx[n,c,ih,iw] = sum over o, kh, kw of dy[n,o,oh,ow] w[o,c,kh,kw] where oh s - p + kh = ih, ow
 * likewise. */
void mos_ref_conv_backward_data(mos_device *device, mos_conv *conv, const void *weights,
                                const void *dy, void *dx, void *workspace) {
    (void)workspace;
    const mos_conv_shape *s = &conv->shape;
    conv_job job = {.conv = conv, .w = weights, .dy = dy, .dx = dx};
    mos_parallel_for(device->threads, s->n * s->ci, backward_planes, &job);
}

/* Sum over the plane of x, shifted, times dy. */
static inline double tap_product(const mos_conv *conv, const tap *t, const double *x,
                                 const double *dy) {
    const int64_t stride = conv->shape.stride;
    double sum = 0;
    for (int64_t row = 0; row < t->count; row++) {
        const double *from = x + t->x + row * stride * conv->shape.w;
        const double *gradient = dy + t->y + row * conv->ow;
        for (int64_t i = 0; i < t->width; i++)
            sum += from[i * stride] * gradient[i];
    }
    return sum;
}

/* Kernels of dw: all outputs' input channels. */
static void backward_kernels(void *context, int64_t begin, int64_t end, int thread) {
    const conv_job *job = context;
    const mos_conv *conv = job->conv;
    const mos_conv_shape *s = &conv->shape;
    const int64_t in = s->h * s->w, out = conv->oh * conv->ow, taps = s->kernel * s->kernel;
    (void)thread;
    for (int64_t kernel = begin; kernel < end; kernel++) {
        const int64_t o = kernel / s->ci, c = kernel % s->ci;
        for (const tap *t = conv->taps; t < conv->taps + conv->used; t++) {
            double sum = 0;
            for (int64_t n = 0; n < s->n; n++)
                sum += tap_product(conv, t, job->x + (n * s->ci + c) * in,
                                   job->dy + (n * s->co + o) * out);
            job->dw[kernel * taps + t->at] += TERM(2, sum);
        }
    }
}

/* dw[o,c,kh,kw] += sum over n, oh, ow of x[n, c, oh s - p + kh, ow s - p + kw] dy[n,o,oh,ow] */
void mos_ref_conv_backward_weights(mos_device *device, mos_conv *conv, const void *x,
                                   const void *dy, void *dw, void *workspace) {
    (void)workspace;
    const mos_conv_shape *s = &conv->shape;
    conv_job job = {.conv = conv, .x = x, .dy = dy, .dw = dw};
    mos_parallel_for(device->threads, s->co * s->ci, backward_kernels, &job);
}
