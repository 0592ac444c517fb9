#include "score/linear_probe.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/thread.h"
#include "score/lbfgs.h"
#include "score/logistic_loss.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

mos_linear_probe_options mos_linear_probe_defaults(int threads) {
    return (mos_linear_probe_options){.solver = MOS_PROBE_LBFGS,
                                      .l2 = 1e-3,
                                      .iterations = 200,
                                      .epochs = 100,
                                      .batch = 256,
                                      .lr = 0.01,
                                      .threads = threads};
}

static void standardise(const float *features, int64_t n, int64_t f, int64_t stride,
                        mos_linear_probe *probe, float *out) {
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < f; k++)
            probe->mean[k] += (double)features[i * f + k];
    for (int64_t k = 0; k < f; k++)
        probe->mean[k] /= (double)n;
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < f; k++) {
            double delta = (double)features[i * f + k] - probe->mean[k];
            probe->sd[k] += delta * delta;
        }
    for (int64_t k = 0; k < f; k++) {
        double sd = sqrt(probe->sd[k] / (double)n);
        probe->sd[k] = sd > 1e-12 ? sd : 1;
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < f; k++)
            out[i * stride + k] =
                (float)(((double)features[i * f + k] - probe->mean[k]) / probe->sd[k]);
}

/* ---- one class ---- */

typedef struct fit_job {
    const mos_linear_probe_options *options;
    mos_linear_probe *probe;
    const float *features; /* [n, stride] standardised */
    const int8_t *labels;  /* [n, classes] */
    int64_t n, stride;
    double *x;             /* [classes, stride + 1] */
    mosaic_status *status; /* [classes] */
} fit_job;

typedef struct problem {
    mos_logistic_rows rows;
    double l2;
} problem;

static double whole_loss(void *context, const double *x, double *gradient) {
    const problem *p = context;
    return mos_logistic_loss(&p->rows, NULL, p->rows.n, p->l2, x, gradient);
}

/* One step of Adam (Kingma & Ba 2015) with the decay apart from the gradient (Loshchilov & Hutter
 * 2019); the bias, the last value, does not decay. */
static void adamw_step(int64_t count, int64_t step, double lr, double decay, const double *gradient,
                       double *m, double *v, double *x) {
    const double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
    double unbias1 = 1 - pow(beta1, (double)step), unbias2 = 1 - pow(beta2, (double)step);
    for (int64_t k = 0; k < count; k++) {
        m[k] = beta1 * m[k] + (1 - beta1) * gradient[k];
        v[k] = beta2 * v[k] + (1 - beta2) * gradient[k] * gradient[k];
        if (k < count - 1) x[k] -= lr * decay * x[k];
        x[k] -= lr * (m[k] / unbias1) / (sqrt(v[k] / unbias2) + eps);
    }
}

static mosaic_status adamw(const problem *p, const mos_linear_probe_options *options, double *x) {
    const double pi = 3.14159265358979323846;
    int64_t count = p->rows.stride + 1, n = p->rows.n, step = 0;
    int64_t batch = options->batch > 0 && options->batch < n ? options->batch : n;
    int64_t steps = options->epochs * ((n + batch - 1) / batch);
    double *block = NULL;
    uint32_t *order = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_alloc((size_t)(3 * count), sizeof *block, "moments", &block));
    MOS_GOTO(mos_alloc((size_t)n, sizeof *order, "order of rows", &order));
    for (int64_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    for (int64_t epoch = 0; epoch < options->epochs; epoch++) {
        mos_rng rng = mos_rng_at(options->seed, MOS_RNG_PROBE, (uint32_t)epoch, 0, 0);
        if (batch < n) mos_rng_shuffle(&rng, order, (size_t)n);
        for (int64_t first = 0; first < n; first += batch, step++) {
            int64_t rows = first + batch < n ? batch : n - first;
            double lr = options->lr * 0.5 * (1 + cos(pi * (double)step / (double)steps));
            (void)mos_logistic_loss(&p->rows, order + first, rows, p->l2, x, block);
            adamw_step(count, step + 1, lr, options->weight_decay, block, block + count,
                       block + 2 * count, x);
        }
    }
done:
    mos_free(block);
    mos_free(order);
    return status;
}

static void fit_class(fit_job *job, int64_t j) {
    mos_linear_probe *probe = job->probe;
    const mos_linear_probe_options *options = job->options;
    int64_t f = probe->features, l = probe->classes, positives = 0, known = 0;
    for (int64_t i = 0; i < job->n; i++) {
        known += job->labels[i * l + j] >= 0;
        positives += job->labels[i * l + j] == 1;
    }
    double *x = job->x + j * (job->stride + 1);
    if (positives > 0 && positives < known) {
        problem p = {{job->features, job->labels + j, job->n, f, job->stride, l}, options->l2};
        if (options->start) {
            memcpy(x, options->start->weight + j * f, (size_t)f * sizeof *x);
            x[job->stride] = options->start->bias[j];
        }
        job->status[j] =
            options->solver == MOS_PROBE_ADAMW
                ? adamw(&p, options, x)
                : mos_lbfgs(whole_loss, &p, x, job->stride + 1, options->iterations, 1e-6);
    } else {
        double prior = ((double)positives + 0.5) / ((double)known + 1.0);
        x[job->stride] = log(prior / (1 - prior));
    }
    memcpy(probe->weight + j * f, x, (size_t)f * sizeof *x);
    probe->bias[j] = x[job->stride];
}

static void fit_classes(void *context, int64_t begin, int64_t end, int thread) {
    (void)thread;
    for (int64_t j = begin; j < end; j++)
        fit_class(context, j);
}

/* ---- all classes ---- */

static mosaic_status allocate(mos_linear_probe *probe, int64_t f, int64_t l) {
    probe->features = f;
    probe->classes = l;
    MOS_TRY(mos_alloc((size_t)f, sizeof(double), "probe means", &probe->mean));
    MOS_TRY(mos_alloc((size_t)f, sizeof(double), "probe deviations", &probe->sd));
    MOS_TRY(mos_alloc((size_t)(f * l), sizeof(double), "probe weights", &probe->weight));
    return mos_alloc((size_t)l, sizeof(double), "probe biases", &probe->bias);
}

mosaic_status mos_linear_probe_fit(const float *features, const int8_t *labels, int64_t n,
                                   int64_t f, int64_t l, const mos_linear_probe_options *options,
                                   mos_linear_probe *out) {
    *out = (mos_linear_probe){0};
    if (n < 1 || n > UINT32_MAX)
        return mos_fail(MOSAIC_ERR_DATA, "a linear probe needs labelled rows, got %s",
                        n < 1 ? "none" : "too many");
    int64_t stride = (f + MOS_LOGISTIC_LANES - 1) / MOS_LOGISTIC_LANES * MOS_LOGISTIC_LANES;
    fit_job job = {.options = options, .probe = out, .labels = labels, .n = n, .stride = stride};
    float *standard = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(allocate(out, f, l));
    MOS_GOTO(mos_alloc((size_t)(n * stride), sizeof *standard, "standardised features", &standard));
    MOS_GOTO(mos_alloc((size_t)(l * (stride + 1)), sizeof *job.x, "probe parameters", &job.x));
    MOS_GOTO(mos_alloc((size_t)l, sizeof *job.status, "probe status", &job.status));
    standardise(features, n, f, stride, out, standard);
    job.features = standard;
    mos_parallel_for(options->threads, l, fit_classes, &job);
    for (int64_t j = 0; j < l; j++)
        MOS_GOTO(job.status[j]);
done:
    mos_free(standard);
    mos_free(job.x);
    mos_free(job.status);
    if (status != MOSAIC_OK) mos_linear_probe_release(out);
    return status;
}

void mos_linear_probe_predict(const mos_linear_probe *probe, const float *features, int64_t n,
                              float *probability) {
    int64_t f = probe->features, l = probe->classes;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < l; j++) {
            double logit = probe->bias[j];
            const double *w = probe->weight + j * f;
            for (int64_t k = 0; k < f; k++)
                logit += w[k] * ((double)features[i * f + k] - probe->mean[k]) / probe->sd[k];
            probability[i * l + j] = (float)(1 / (1 + exp(-logit)));
        }
}

mosaic_status mos_linear_probe_copy(const mos_linear_probe *from, mos_linear_probe *out) {
    int64_t f = from->features, l = from->classes;
    *out = (mos_linear_probe){0};
    mosaic_status status = allocate(out, f, l);
    if (status != MOSAIC_OK) {
        mos_linear_probe_release(out);
        return status;
    }
    memcpy(out->mean, from->mean, (size_t)f * sizeof *out->mean);
    memcpy(out->sd, from->sd, (size_t)f * sizeof *out->sd);
    memcpy(out->weight, from->weight, (size_t)(f * l) * sizeof *out->weight);
    memcpy(out->bias, from->bias, (size_t)l * sizeof *out->bias);
    return MOSAIC_OK;
}

void mos_linear_probe_release(mos_linear_probe *probe) {
    mos_free(probe->mean);
    mos_free(probe->sd);
    mos_free(probe->weight);
    mos_free(probe->bias);
    *probe = (mos_linear_probe){0};
}
