/* One L2-regularised logistic regression per class on standardised features. */
#include "eval/linear_probe.h"

#include "base/memory.h"
#include "base/thread.h"
#include "eval/lbfgs.h"

#include <math.h>
#include <stdbool.h>

/* One class's problem: minimise mean log(1 + exp(-y w.x)) + 0.5 l2 |w|^2; the bias is the last
 * value of x and not penalised. */
typedef struct problem {
    const float *features; /* [n, f] standardised */
    const int8_t *labels;  /* [n, l], column of this class first */
    int64_t n, f, l, known;
    double l2;
} problem;

static double logistic_loss(void *context, const double *x, double *gradient) {
    const problem *p = context;
    double value = 0, scale = 1.0 / (double)p->known, bias_gradient = 0;
    for (int64_t k = 0; k < p->f; k++) {
        value += 0.5 * p->l2 * x[k] * x[k];
        gradient[k] = p->l2 * x[k];
    }
    for (int64_t i = 0; i < p->n; i++) {
        int8_t label = p->labels[i * p->l];
        if (label < 0) continue;
        const float *row = p->features + i * p->f;
        double logit = x[p->f];
        for (int64_t k = 0; k < p->f; k++)
            logit += x[k] * (double)row[k];
        /* log(1 + exp(logit)) - y logit, without overflow */
        value += scale * (fmax(logit, 0) + log1p(exp(-fabs(logit))) - (label ? logit : 0));
        double residual = scale * (1 / (1 + exp(-logit)) - (double)label);
        bias_gradient += residual;
        for (int64_t k = 0; k < p->f; k++)
            gradient[k] += residual * (double)row[k];
    }
    gradient[p->f] = bias_gradient;
    return value;
}

static void standardise(const float *features, int64_t n, int64_t f, mos_linear_probe *probe,
                        float *out) {
    for (int64_t k = 0; k < f; k++) {
        double sum = 0, squares = 0;
        for (int64_t i = 0; i < n; i++)
            sum += (double)features[i * f + k];
        double mean = sum / (double)n;
        for (int64_t i = 0; i < n; i++) {
            double delta = (double)features[i * f + k] - mean;
            squares += delta * delta;
        }
        double sd = sqrt(squares / (double)n);
        probe->mean[k] = mean;
        probe->sd[k] = sd > 1e-12 ? sd : 1;
        for (int64_t i = 0; i < n; i++)
            out[i * f + k] = (float)(((double)features[i * f + k] - mean) / probe->sd[k]);
    }
}

typedef struct fit_job {
    mos_linear_probe *probe;
    const float *features;
    const int8_t *labels;
    int64_t n, iterations;
    double l2;
    double *x;             /* [classes, f + 1] */
    mosaic_status *status; /* [classes] */
} fit_job;

static void fit_class(fit_job *job, int64_t j) {
    mos_linear_probe *probe = job->probe;
    int64_t f = probe->features, l = probe->classes, positives = 0, known = 0;
    for (int64_t i = 0; i < job->n; i++) {
        known += job->labels[i * l + j] >= 0;
        positives += job->labels[i * l + j] == 1;
    }
    double *x = job->x + j * (f + 1);
    if (positives > 0 && positives < known) {
        problem p = {job->features, job->labels + j, job->n, f, l, known, job->l2};
        job->status[j] = mos_lbfgs(logistic_loss, &p, x, f + 1, job->iterations, 1e-6);
    } else {
        double prior = ((double)positives + 0.5) / ((double)known + 1.0);
        x[f] = log(prior / (1 - prior));
    }
    for (int64_t k = 0; k < f; k++)
        probe->weight[j * f + k] = x[k];
    probe->bias[j] = x[f];
}

static void fit_classes(void *context, int64_t begin, int64_t end, int thread) {
    (void)thread;
    for (int64_t j = begin; j < end; j++)
        fit_class(context, j);
}

static mosaic_status allocate(mos_linear_probe *probe, int64_t f, int64_t l) {
    probe->features = f;
    probe->classes = l;
    MOS_TRY(mos_alloc((size_t)f, sizeof(double), "probe means", &probe->mean));
    MOS_TRY(mos_alloc((size_t)f, sizeof(double), "probe deviations", &probe->sd));
    MOS_TRY(mos_alloc((size_t)(f * l), sizeof(double), "probe weights", &probe->weight));
    return mos_alloc((size_t)l, sizeof(double), "probe biases", &probe->bias);
}

mosaic_status mos_linear_probe_fit(const float *features, const int8_t *labels, int64_t n,
                                   int64_t f, int64_t l, double l2, int64_t iterations, int threads,
                                   mos_linear_probe *out) {
    *out = (mos_linear_probe){0};
    if (n < 1) return mos_fail(MOSAIC_ERR_DATA, "a linear probe needs labelled rows, got none");
    fit_job job = {.probe = out, .labels = labels, .n = n, .iterations = iterations, .l2 = l2};
    float *standard = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(allocate(out, f, l));
    MOS_GOTO(mos_alloc((size_t)(n * f), sizeof *standard, "standardised features", &standard));
    MOS_GOTO(mos_alloc((size_t)(l * (f + 1)), sizeof *job.x, "probe parameters", &job.x));
    MOS_GOTO(mos_alloc((size_t)l, sizeof *job.status, "probe status", &job.status));
    standardise(features, n, f, out, standard);
    job.features = standard;
    mos_parallel_for(threads, l, fit_classes, &job);
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

void mos_linear_probe_release(mos_linear_probe *probe) {
    mos_free(probe->mean);
    mos_free(probe->sd);
    mos_free(probe->weight);
    mos_free(probe->bias);
    *probe = (mos_linear_probe){0};
}
