/* Batch normalisation (Ioffe & Szegedy 2015) with PyTorch's conventions, over the present rows of
 * each group:
 *   m = present rows * h * w
 *   mean = sum x / m,  var = sum (x - mean)^2 / m,  rstd = 1 / sqrt(var + eps)
 *   y = relu?(gamma (x - mean) rstd + beta + skip?) */
#include "compute/ref/ref_backend.h"

#include "base/memory.h"
#include "base/thread.h"

#include <inttypes.h>
#include <math.h>

struct mos_norm {
    mos_norm_shape shape;
};

mosaic_status mos_ref_norm_create(mos_device *device, const mos_norm_shape *shape, mos_norm **out) {
    (void)device;
    const mos_norm_shape s = *shape;
    mos_norm *norm;
    *out = NULL;
    if (s.n < 1 || s.c < 1 || s.h < 1 || s.w < 1 || s.groups < 1 || s.n % s.groups != 0)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "batch norm: input %" PRId64 "x%" PRId64 "x%" PRId64 "x%" PRId64
                        " does not go with %" PRId64 " groups",
                        s.n, s.c, s.h, s.w, s.groups);
    if (s.features && (s.h != 1 || s.w != 1))
        return mos_fail(MOSAIC_ERR_USAGE,
                        "batch norm: features are 1x1, found %" PRId64 "x%" PRId64, s.h, s.w);
    if (s.peers != NULL)
        return mos_fail(MOSAIC_ERR_UNSUPPORTED,
                        "batch norm: device ref takes no statistics with other processes");
    if (s.fixed && s.features)
        return mos_fail(MOSAIC_ERR_USAGE, "batch norm: features have no fixed statistics");
    if (!(s.eps > 0) || !(s.momentum >= 0 && s.momentum <= 1))
        return mos_fail(MOSAIC_ERR_USAGE,
                        "batch norm: want eps > 0 and momentum in [0, 1], found %g and %g", s.eps,
                        s.momentum);
    MOS_TRY(mos_alloc(1, sizeof *norm, "batch norm plan", &norm));
    norm->shape = s;
    *out = norm;
    return MOSAIC_OK;
}

void mos_ref_norm_destroy(mos_device *device, mos_norm **norm) {
    (void)device;
    mos_free(*norm);
    *norm = NULL;
}

/* One channel of one group: rows first .. first + rows, values at ((row * c) + channel) * plane +
 * i. */
typedef struct channel {
    const mos_norm_shape *shape;
    const uint8_t *present;
    int64_t first, rows, c, plane;
} channel;

static channel channel_at(const mos_norm_shape *shape, const uint8_t *present, int64_t group,
                          int64_t c) {
    const int64_t rows = shape->n / shape->groups;
    return (channel){.shape = shape,
                     .present = present,
                     .first = group * rows,
                     .rows = rows,
                     .c = c,
                     .plane = shape->h * shape->w};
}

static bool row_present(const channel *at, int64_t r) {
    return at->present == NULL || at->present[at->first + r] != 0;
}

/* Index of the row's first value in this channel. */
static int64_t row_offset(const channel *at, int64_t r) {
    return ((at->first + r) * at->shape->c + at->c) * at->plane;
}

typedef struct moments {
    double count, mean, var; /* var: biased */
} moments;

static moments channel_moments(const channel *at, const double *x) {
    moments m = {0, 0, 0};
    for (int64_t r = 0; r < at->rows; r++)
        if (row_present(at, r)) {
            m.count += (double)at->plane;
            for (int64_t i = 0; i < at->plane; i++)
                m.mean += x[row_offset(at, r) + i];
        }
    if (m.count == 0) return m;
    m.mean /= m.count;
    for (int64_t r = 0; r < at->rows; r++)
        if (row_present(at, r))
            for (int64_t i = 0; i < at->plane; i++) {
                const double centred = x[row_offset(at, r) + i] - m.mean;
                m.var += centred * centred;
            }
    m.var /= m.count;
    return m;
}

/* running = (1 - momentum) running + momentum batch, with the unbiased variance. No value: nothing
 * to learn; a single one has a mean but no unbiased variance. */
static void update_running(const moments *m, double momentum, double *running_mean,
                           double *running_var) {
    if (m->count < 1) return;
    *running_mean = (1 - momentum) * *running_mean + momentum * m->mean;
    if (m->count < 2) return;
    const double unbiased = m->var * m->count / (m->count - 1);
    *running_var = (1 - momentum) * *running_var + momentum * unbiased;
}

/* y of one channel; rows that are not present become zeros. */
static void apply_channel(const channel *at, const double *x, const double *skip, double gamma,
                          double beta, double mean, double rstd, double *y) {
    for (int64_t r = 0; r < at->rows; r++)
        for (int64_t i = 0; i < at->plane; i++) {
            const int64_t k = row_offset(at, r) + i;
            double value = 0;
            if (row_present(at, r)) {
                value = gamma * ((x[k] - mean) * rstd) + beta;
                if (at->shape->skip) value += skip[k];
                if (at->shape->relu && value < 0) value = 0;
            }
            y[k] = value;
        }
}

/* The arrays of a pass; a channel of it is one thread's work. */
typedef struct norm_job {
    const mos_norm_shape *shape;
    const double *x, *skip, *gamma, *beta, *y_before, *dy, *dy2;
    const double *mean_before, *rstd_before, *fixed_mean, *fixed_var;
    double *running_mean, *running_var, *mean, *rstd, *y;
    double *dx, *dskip, *dgamma, *dbeta;
    const uint8_t *present;
} norm_job;

/* What every pass from x to y has; the caller adds where its statistics come from. */
static norm_job pass_to_y(const mos_norm *norm, const void *x, const void *skip, const void *gamma,
                          const void *beta, void *y, const uint8_t *present) {
    return (norm_job){.shape = &norm->shape,
                      .x = x,
                      .skip = skip,
                      .gamma = gamma,
                      .beta = beta,
                      .y = y,
                      .present = present};
}

static void forward_channels(void *context, int64_t begin, int64_t end, int thread) {
    const norm_job *job = context;
    const mos_norm_shape *s = job->shape;
    (void)thread;
    for (int64_t c = begin; c < end; c++)
        for (int64_t g = 0; g < s->groups; g++) {
            const channel at = channel_at(s, job->present, g, c);
            moments m;
            if (s->fixed)
                m = (moments){1, job->running_mean[c], job->running_var[c]};
            else
                m = channel_moments(&at, job->x);
            const double scale = m.count == 0 ? 0 : 1 / sqrt(m.var + s->eps);
            if (job->running_mean != NULL && !s->fixed)
                update_running(&m, s->momentum, job->running_mean + c, job->running_var + c);
            job->mean[g * s->c + c] = m.mean;
            job->rstd[g * s->c + c] = scale;
            apply_channel(&at, job->x, job->skip, job->gamma[c], job->beta[c], m.mean, scale,
                          job->y);
        }
}

/* x, skip, y [n, c, h, w]; gamma, beta, running [c]; mean, rstd [groups, c] */
void mos_ref_norm_forward(mos_device *device, mos_norm *norm, const void *x, const void *skip,
                          const void *gamma, const void *beta, void *running_mean,
                          void *running_var, void *mean, void *rstd, void *y,
                          const uint8_t *present) {
    norm_job job = pass_to_y(norm, x, skip, gamma, beta, y, present);
    job.running_mean = running_mean;
    job.running_var = running_var;
    job.mean = mean;
    job.rstd = rstd;
    mos_parallel_for(device->threads, norm->shape.c, forward_channels, &job);
}

static void again_channels(void *context, int64_t begin, int64_t end, int thread) {
    const norm_job *job = context;
    const mos_norm_shape *s = job->shape;
    (void)thread;
    for (int64_t c = begin; c < end; c++)
        for (int64_t g = 0; g < s->groups; g++) {
            const channel at = channel_at(s, job->present, g, c);
            apply_channel(&at, job->x, job->skip, job->gamma[c], job->beta[c],
                          job->mean_before[g * s->c + c], job->rstd_before[g * s->c + c], job->y);
        }
}

void mos_ref_norm_again(mos_device *device, mos_norm *norm, const void *x, const void *skip,
                        const void *gamma, const void *beta, const void *mean, const void *rstd,
                        void *y, const uint8_t *present) {
    norm_job job = pass_to_y(norm, x, skip, gamma, beta, y, present);
    job.mean_before = mean;
    job.rstd_before = rstd;
    mos_parallel_for(device->threads, norm->shape.c, again_channels, &job);
}

/* One channel of the backward pass. */
typedef struct channel_gradient {
    const double *x, *y, *dy, *dy2;
    double gamma, beta, mean, rstd;
} channel_gradient;

/* y at index k before the ReLU, or y itself: the signs agree. */
static double output_at(const channel_gradient *g, int64_t k) {
    return g->y != NULL ? g->y[k] : g->gamma * ((g->x[k] - g->mean) * g->rstd) + g->beta;
}

/* The gradient behind the ReLU at index k: (dy + dy2) [y > 0]. */
static double gradient_at(const channel *at, const channel_gradient *g, int64_t k) {
    double value = g->dy[k];
    if (g->dy2 != NULL) value += TERM(3, g->dy2[k]);
    return at->shape->relu && !(output_at(g, k) > 0) ? 0 : value;
}

/* With t the gradient behind the ReLU and q = (x - mean) rstd:
 *     dbeta += sum t,  dgamma += sum t q,  dskip = t,
 *     dx = gamma rstd (t - (sum t)/m - q (sum t q)/m),  or gamma rstd t where they are fixed */
static void channel_backward(const channel *at, const channel_gradient *g, double *dx,
                             double *dskip, double *dgamma, double *dbeta) {
    double sum_t = 0, sum_tq = 0, m = 0;
    for (int64_t r = 0; r < at->rows; r++) {
        if (!row_present(at, r)) continue;
        m += (double)at->plane;
        for (int64_t i = 0; i < at->plane; i++) {
            const int64_t k = row_offset(at, r) + i;
            const double t = gradient_at(at, g, k);
            sum_t += t;
            sum_tq += t * ((g->x[k] - g->mean) * g->rstd);
        }
    }
    *dbeta += TERM(4, sum_t);
    *dgamma += TERM(5, sum_tq);
    if (at->shape->fixed) sum_t = sum_tq = 0;
    for (int64_t r = 0; r < at->rows; r++)
        for (int64_t i = 0; i < at->plane; i++) {
            const int64_t k = row_offset(at, r) + i;
            double t = 0, value = 0;
            if (row_present(at, r)) {
                const double q = (g->x[k] - g->mean) * g->rstd;
                t = gradient_at(at, g, k);
                value = g->gamma * g->rstd * (t - TERM(6, sum_t / m) - TERM(7, q * (sum_tq / m)));
            }
            dx[k] = TERM(8, value);
            if (dskip != NULL) dskip[k] = TERM(9, t);
        }
}

static void backward_channels(void *context, int64_t begin, int64_t end, int thread) {
    const norm_job *job = context;
    const mos_norm_shape *s = job->shape;
    (void)thread;
    for (int64_t c = begin; c < end; c++)
        for (int64_t g = 0; g < s->groups; g++) {
            const channel at = channel_at(s, job->present, g, c);
            const channel_gradient gradient = {.x = job->x,
                                               .y = job->y_before,
                                               .dy = job->dy,
                                               .dy2 = job->dy2,
                                               .gamma = job->gamma[c],
                                               .beta = job->beta[c],
                                               .mean = job->mean_before[g * s->c + c],
                                               .rstd = job->rstd_before[g * s->c + c]};
            channel_backward(&at, &gradient, job->dx, job->dskip, job->dgamma + c, job->dbeta + c);
        }
}

void mos_ref_norm_backward(mos_device *device, mos_norm *norm, const void *x, const void *y,
                           const void *dy, const void *dy2, const void *gamma, const void *beta,
                           const void *mean, const void *rstd, void *dx, void *dskip, void *dgamma,
                           void *dbeta, const uint8_t *present) {
    const mos_norm_shape *s = &norm->shape;
    norm_job job = {.shape = s,
                    .x = x,
                    .y_before = y,
                    .dy = dy,
                    .dy2 = dy2,
                    .gamma = gamma,
                    .beta = beta,
                    .mean_before = mean,
                    .rstd_before = rstd,
                    .dx = dx,
                    .dskip = s->skip ? dskip : NULL,
                    .dgamma = dgamma,
                    .dbeta = dbeta,
                    .present = present};
    mos_parallel_for(device->threads, s->c, backward_channels, &job);
}

static void infer_channels(void *context, int64_t begin, int64_t end, int thread) {
    const norm_job *job = context;
    const mos_norm_shape *s = job->shape;
    (void)thread;
    for (int64_t c = begin; c < end; c++)
        for (int64_t g = 0; g < s->groups; g++) {
            const channel at = channel_at(s, NULL, g, c);
            apply_channel(&at, job->x, job->skip, job->gamma[c], job->beta[c], job->fixed_mean[c],
                          1 / sqrt(job->fixed_var[c] + s->eps), job->y);
        }
}

void mos_ref_norm_infer(mos_device *device, mos_norm *norm, const void *x, const void *skip,
                        const void *gamma, const void *beta, const void *running_mean,
                        const void *running_var, void *y) {
    norm_job job = pass_to_y(norm, x, skip, gamma, beta, y, NULL);
    job.fixed_mean = running_mean;
    job.fixed_var = running_var;
    mos_parallel_for(device->threads, norm->shape.c, infer_channels, &job);
}
