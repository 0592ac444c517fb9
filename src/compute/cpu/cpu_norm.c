/* Batch normalisation with the block-end sum and ReLU in the same pass (Ioffe & Szegedy 2015,
 * PyTorch's conventions):
 *   m = present rows * h * w
 *   mean = sum x / m,  var = sum (x - mean)^2 / m,  rstd = 1 / sqrt(var + eps)
 *   y = relu?(gamma (x - mean) rstd + beta + skip?)
 * Work is cut into units: one block of channels of one group, or a part of its samples when there
 * are more threads than such blocks. A unit writes its output right after its statistics, while its
 * planes are in cache. With peers, m and the sums are those of all of them. */
#include "base/memory.h"
#include "base/team.h"
#include "base/thread.h"
#include "compute/cpu/cpu_state.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct unit_sums {
    double first[CPU_BLOCK], second[CPU_BLOCK];
} unit_sums;

struct mos_norm {
    mos_norm_shape shape;
    int64_t block, blocks, rows; /* channel blocks; samples of a group */
    int64_t splits, units;       /* parts of a block's samples; groups * blocks * splits */
    unit_sums *sums;             /* [units] */
    double *variance;            /* [groups, c] biased, of the last forward pass */
    float *line;                 /* [groups, blocks, 2, block], of the last forward pass */
    double *count;               /* [groups] values per channel, of all peers */
    /* With peers: what is sent, what comes back [peers, values], and made of it [groups, c, 2] */
    double *mine, *all, *whole;
};

static mosaic_status check_shape(const mos_norm_shape *s) {
    if (s->n < 1 || s->c < 1 || s->h < 1 || s->w < 1 || s->groups < 1 || s->n % s->groups != 0)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "batch norm: input %" PRId64 "x%" PRId64 "x%" PRId64 "x%" PRId64
                        " does not go with %" PRId64 " groups",
                        s->n, s->c, s->h, s->w, s->groups);
    if (s->features && (s->h != 1 || s->w != 1))
        return mos_fail(MOSAIC_ERR_USAGE,
                        "batch norm: features are 1x1, found %" PRId64 "x%" PRId64, s->h, s->w);
    if (s->fixed && s->features)
        return mos_fail(MOSAIC_ERR_USAGE, "batch norm: features have no fixed statistics");
    if (s->peers && s->features)
        return mos_fail(MOSAIC_ERR_USAGE, "batch norm: features have no peers");
    if (!s->features && s->c % CPU_BLOCK != 0)
        return mos_fail(MOSAIC_ERR_UNSUPPORTED,
                        "batch norm: device cpu wants a multiple of %d channels, found %" PRId64,
                        CPU_BLOCK, s->c);
    if (!(s->eps > 0) || !(s->momentum >= 0 && s->momentum <= 1))
        return mos_fail(MOSAIC_ERR_USAGE,
                        "batch norm: want eps > 0 and momentum in [0, 1], found %g and %g", s->eps,
                        s->momentum);
    return MOSAIC_OK;
}

/* A count of each group, two numbers of each of its channels. */
static int64_t shared_values(const mos_norm_shape *shape) {
    return shape->groups * (1 + 2 * shape->c);
}

static mosaic_status reserve_shared(mos_norm *norm) {
    const size_t values = (size_t)shared_values(&norm->shape);
    if (norm->shape.fixed) norm->shape.peers = NULL; /* there is nothing to share */
    if (!norm->shape.peers) return MOSAIC_OK;
    MOS_TRY(mos_alloc(values, sizeof(double), "batch norm moments", &norm->mine));
    MOS_TRY(mos_alloc(values, sizeof(double), "batch norm moments", &norm->whole));
    return mos_alloc(values * (size_t)norm->shape.peers->count, sizeof(double),
                     "batch norm moments of peers", &norm->all);
}

mosaic_status mos_cpu_norm_create(mos_device *device, const mos_norm_shape *shape, mos_norm **out) {
    const int threads = cpu_of(device)->threads;
    mos_norm *norm = NULL;
    mosaic_status status;
    *out = NULL;
    MOS_TRY(check_shape(shape));
    MOS_TRY(mos_alloc(1, sizeof *norm, "batch norm plan", &norm));
    norm->shape = *shape;
    norm->block = cpu_of(device)->block;
    norm->blocks = (shape->c + norm->block - 1) / norm->block;
    norm->rows = shape->n / shape->groups;
    const int64_t tasks = norm->blocks * shape->groups;
    norm->splits = 1;
    if (!shape->features && tasks % threads != 0 && tasks < 4 * threads) {
        norm->splits = (4 * threads + tasks - 1) / tasks;
        if (norm->splits > norm->rows) norm->splits = norm->rows;
    }
    norm->units = tasks * norm->splits;
    MOS_GOTO(mos_alloc((size_t)norm->units, sizeof *norm->sums, "batch norm sums", &norm->sums));
    MOS_GOTO(mos_alloc((size_t)(shape->groups * shape->c), sizeof(double), "batch norm variance",
                       &norm->variance));
    MOS_GOTO(mos_alloc((size_t)(2 * shape->groups * norm->blocks * norm->block), sizeof *norm->line,
                       "batch norm lines", &norm->line));
    MOS_GOTO(mos_alloc((size_t)shape->groups, sizeof(double), "batch norm counts", &norm->count));
    MOS_GOTO(reserve_shared(norm));
    *out = norm;
    return MOSAIC_OK;
done:
    mos_cpu_norm_destroy(device, &norm);
    return status;
}

void mos_cpu_norm_destroy(mos_device *device, mos_norm **norm) {
    (void)device;
    if (!norm || !*norm) return;
    mos_free((*norm)->sums);
    mos_free((*norm)->variance);
    mos_free((*norm)->line);
    mos_free((*norm)->count);
    mos_free((*norm)->mine);
    mos_free((*norm)->all);
    mos_free((*norm)->whole);
    mos_free(*norm);
    *norm = NULL;
}

/* ---- activations ---- */

/* One pass over the activations, forward or backward. */
typedef struct norm_pass {
    mos_norm *norm;
    const mos_cpu *cpu;
    const char *x, *skip, *dy, *dy2, *y;
    bool mask;         /* the ReLU's mask comes from x */
    char *out, *dskip; /* y or dx */
    const float *gamma, *beta;
    const float *running_mean, *running_var; /* of fixed statistics */
    float *mean, *rstd, *dgamma, *dbeta;
    const uint8_t *present;
} norm_pass;

/* Where unit u lies: its group, channel block and planes, and the byte offset of the first plane.
 */
typedef struct unit_range {
    int64_t group, block, channel; /* channel: index of the block's first channel in [groups, c] */
    size_t offset;
    mos_planes planes;
} unit_range;

static unit_range range_of(const norm_pass *pass, int64_t u) {
    const mos_norm *norm = pass->norm;
    const int64_t task = u / norm->splits, hw = norm->shape.h * norm->shape.w;
    unit_range at = {.group = task / norm->blocks, .block = task % norm->blocks};
    int64_t begin, end;
    mos_cpu_range(norm->rows, (int)norm->splits, (int)(u % norm->splits), &begin, &end);
    begin += at.group * norm->rows;
    end += at.group * norm->rows;
    at.channel = at.group * norm->shape.c + at.block * norm->block;
    at.offset =
        (size_t)((begin * norm->blocks + at.block) * hw * norm->block) * pass->cpu->act_size;
    at.planes = (mos_planes){.n = end - begin,
                             .hw = hw,
                             .stride = norm->blocks * hw * norm->block,
                             .present = pass->present ? pass->present + begin : NULL};
    return at;
}

static const char *at_offset(const char *base, size_t offset) {
    return base ? base + offset : NULL;
}

/* The sums of all parts of unit u's block, in order. */
static unit_sums gather_sums(const mos_norm *norm, int64_t u) {
    const unit_sums *parts = norm->sums + u / norm->splits * norm->splits;
    unit_sums all = parts[0];
    for (int64_t s = 1; s < norm->splits; s++)
        for (int l = 0; l < norm->block; l++) {
            all.first[l] += parts[s].first[l];
            all.second[l] += parts[s].second[l];
        }
    return all;
}

typedef void (*unit_step)(const norm_pass *pass, int64_t u);

typedef struct units_job {
    const norm_pass *pass;
    unit_step first, second;
} units_job;

static void take_units(void *context, int thread, int threads, mos_team *team) {
    const units_job *job = context;
    const mos_norm *norm = job->pass->norm;
    int64_t begin, end;
    mos_cpu_range(norm->units, threads, thread, &begin, &end);
    for (int64_t u = begin; u < end; u++) {
        job->first(job->pass, u);
        if (norm->splits == 1) job->second(job->pass, u);
    }
    if (norm->splits == 1) return;
    mos_team_barrier(team);
    for (int64_t u = begin; u < end; u++)
        job->second(job->pass, u);
}

static void take_step(void *context, int64_t begin, int64_t end, int thread) {
    const units_job *job = context;
    (void)thread;
    for (int64_t u = begin; u < end; u++)
        job->first(job->pass, u);
}

/* All units through both steps; the second needs the sums of the whole block, and with peers what
 * `share` makes of theirs. */
static void run_units(const norm_pass *pass, unit_step first, void (*share)(const norm_pass *),
                      unit_step second) {
    units_job job = {pass, first, second};
    if (!pass->norm->shape.peers) {
        mos_team_run(pass->cpu->threads, take_units, &job);
        return;
    }
    mos_parallel_for(pass->cpu->threads, pass->norm->units, take_step, &job);
    share(pass);
    job.first = second;
    mos_parallel_for(pass->cpu->threads, pass->norm->units, take_step, &job);
}

/* The value sums are taken around: the block's first present one, so that cancellation is small. */
static void first_values(const norm_pass *pass, const unit_range *at, float *shift) {
    const mos_norm *norm = pass->norm;
    int64_t row = at->group * norm->rows;
    const int64_t end = row + norm->rows;
    while (pass->present && row < end - 1 && !pass->present[row])
        row++;
    const size_t offset = (size_t)((row * norm->blocks + at->block) * at->planes.hw * norm->block) *
                          pass->cpu->act_size;
    pass->cpu->activation->mean_forward(pass->x + offset, 1, shift);
}

static void forward_sums(const norm_pass *pass, int64_t u) {
    const unit_range at = range_of(pass, u);
    unit_sums *sums = &pass->norm->sums[u];
    float shift[CPU_BLOCK];
    *sums = (unit_sums){{0}, {0}};
    if (pass->norm->shape.fixed) return;
    first_values(pass, &at, shift);
    pass->cpu->activation->norm_sums(&at.planes, pass->x + at.offset, shift, sums->first,
                                     sums->second);
}

/* y = x a + b: all a of a unit's channels, then all b. The forward pass leaves them here for what
 * repeats it: made from statistics in double, they are finer than the stored ones. */
static float *line_at(const mos_norm *norm, const unit_range *at) {
    return norm->line + 2 * (at->group * norm->blocks + at->block) * norm->block;
}

static void apply_line(const norm_pass *pass, const unit_range *at, const float *line) {
    pass->cpu->activation->norm_apply(
        &at->planes, pass->x + at->offset, at_offset(pass->skip, at->offset), line,
        line + pass->norm->block, pass->norm->shape.relu, pass->out + at->offset);
}

/* Mean and biased variance of a unit's channels: of the batch, or those that are fixed. */
static void unit_moments(const norm_pass *pass, const unit_range *at, int64_t u, double *mean,
                         double *variance) {
    const mos_norm *norm = pass->norm;
    const unit_sums sums = gather_sums(norm, u);
    const double count = norm->count[at->group];
    float shift[CPU_BLOCK];
    if (!norm->shape.fixed) first_values(pass, at, shift);
    for (int l = 0; l < norm->block; l++) {
        if (norm->shape.fixed) {
            mean[l] = (double)pass->running_mean[at->block * norm->block + l];
            variance[l] = (double)pass->running_var[at->block * norm->block + l];
            continue;
        }
        const double around = count > 0 ? sums.first[l] / count : 0;
        mean[l] = count > 0 ? (double)shift[l] + around : 0;
        variance[l] = count > 0 ? fmax(sums.second[l] / count - around * around, 0) : 0;
    }
}

/* Moments of all peers' values from those of each (Chan, Golub & LeVeque 1983), in their order. */
static void join_moments(const mos_norm *norm, int64_t group, int64_t channel, double out[2]) {
    const int64_t values = shared_values(&norm->shape);
    double count = 0, mean = 0, squares = 0;
    for (int64_t p = 0; p < norm->shape.peers->count; p++) {
        const double *of = norm->all + p * values;
        const double *moments = of + norm->shape.groups + 2 * channel;
        const double more = of[group], apart = moments[0] - mean;
        if (!(more > 0)) continue;
        mean += apart * more / (count + more);
        squares += moments[1] * more + apart * apart * count * more / (count + more);
        count += more;
    }
    out[0] = mean;
    out[1] = count > 0 ? squares / count : 0;
}

/* Afterwards `whole` has mean and variance of each channel, and `count` is everybody's. */
static void share_moments(const norm_pass *pass) {
    mos_norm *norm = pass->norm;
    const mos_norm_shape *s = &norm->shape;
    const int64_t values = shared_values(s);
    double means[CPU_BLOCK], variances[CPU_BLOCK];
    memcpy(norm->mine, norm->count, (size_t)s->groups * sizeof *norm->mine);
    for (int64_t u = 0; u < norm->units; u += norm->splits) {
        const unit_range at = range_of(pass, u);
        double *mine = norm->mine + s->groups + 2 * at.channel;
        unit_moments(pass, &at, u, means, variances);
        for (int l = 0; l < norm->block; l++) {
            mine[2 * l] = means[l];
            mine[2 * l + 1] = variances[l];
        }
    }
    s->peers->gather(s->peers->context, norm->mine, values, norm->all);
    for (int64_t g = 0; g < s->groups; g++) {
        norm->count[g] = 0;
        for (int64_t p = 0; p < s->peers->count; p++)
            norm->count[g] += norm->all[p * values + g];
        for (int64_t c = g * s->c; c < (g + 1) * s->c; c++)
            join_moments(norm, g, c, norm->whole + 2 * c);
    }
}

static void forward_write(const norm_pass *pass, int64_t u) {
    const mos_norm *norm = pass->norm;
    const unit_range at = range_of(pass, u);
    const bool none = !norm->shape.fixed && !(norm->count[at.group] > 0);
    double means[CPU_BLOCK], variances[CPU_BLOCK];
    float line[2 * CPU_BLOCK];
    if (!norm->shape.peers) unit_moments(pass, &at, u, means, variances);
    for (int l = 0; l < norm->block && norm->shape.peers; l++) {
        means[l] = norm->whole[2 * (at.channel + l)];
        variances[l] = norm->whole[2 * (at.channel + l) + 1];
    }
    for (int l = 0; l < norm->block; l++) {
        const double mean = means[l], variance = variances[l];
        const double rstd = none ? 0 : 1 / sqrt(variance + norm->shape.eps);
        const double scale = (double)pass->gamma[at.block * norm->block + l] * rstd;
        line[l] = (float)scale;
        line[norm->block + l] =
            (float)((double)pass->beta[at.block * norm->block + l] - mean * scale);
        if (u % norm->splits != 0) continue;
        pass->mean[at.channel + l] = (float)mean;
        pass->rstd[at.channel + l] = (float)rstd;
        norm->variance[at.channel + l] = variance;
    }
    if (u % norm->splits == 0)
        memcpy(line_at(norm, &at), line, (size_t)(2 * norm->block) * sizeof *line);
    apply_line(pass, &at, line);
}

static void again_write(const norm_pass *pass, int64_t u) {
    const unit_range at = range_of(pass, u);
    apply_line(pass, &at, line_at(pass->norm, &at));
}

/* [groups] values per channel among the present rows */
static void count_values(mos_norm *norm, const uint8_t *present) {
    for (int64_t g = 0; g < norm->shape.groups; g++) {
        int64_t rows = 0;
        for (int64_t r = 0; r < norm->rows; r++)
            rows += !present || present[g * norm->rows + r];
        norm->count[g] = (double)(rows * norm->shape.h * norm->shape.w);
    }
}

/* running = (1 - momentum) running + momentum batch, group after group, variance unbiased; a single
 * value has none */
static void update_running(const mos_norm *norm, const float *mean, float *running_mean,
                           float *running_var) {
    const mos_norm_shape *s = &norm->shape;
    for (int64_t g = 0; g < s->groups; g++) {
        const double count = norm->count[g];
        for (int64_t c = 0; c < s->c && count > 0; c++) {
            running_mean[c] = (float)((1 - s->momentum) * (double)running_mean[c] +
                                      s->momentum * (double)mean[g * s->c + c]);
            if (count < 2) continue;
            const double unbiased = norm->variance[g * s->c + c] * count / (count - 1);
            running_var[c] =
                (float)((1 - s->momentum) * (double)running_var[c] + s->momentum * unbiased);
        }
    }
}

/* g = (dy + dy2) [y > 0] summed, and summed times x - mean */
static void backward_sums(const norm_pass *pass, int64_t u) {
    const unit_range at = range_of(pass, u);
    unit_sums *sums = &pass->norm->sums[u];
    *sums = (unit_sums){{0}, {0}};
    pass->cpu->activation->norm_back_sums(
        &at.planes, pass->x + at.offset, at_offset(pass->y, at.offset),
        pass->mask ? line_at(pass->norm, &at) : NULL, pass->dy + at.offset,
        at_offset(pass->dy2, at.offset), pass->dskip ? pass->dskip + at.offset : NULL,
        pass->mean + at.channel, sums->first, sums->second);
}

/* Afterwards `whole` has both sums of each channel over all peers. */
static void share_sums(const norm_pass *pass) {
    mos_norm *norm = pass->norm;
    const mos_norm_shape *s = &norm->shape;
    const int64_t values = 2 * s->groups * s->c;
    for (int64_t u = 0; u < norm->units; u += norm->splits) {
        const unit_range at = range_of(pass, u);
        const unit_sums sums = gather_sums(norm, u);
        for (int l = 0; l < norm->block; l++) {
            norm->mine[2 * (at.channel + l)] = sums.first[l];
            norm->mine[2 * (at.channel + l) + 1] = sums.second[l];
        }
    }
    s->peers->gather(s->peers->context, norm->mine, values, norm->all);
    for (int64_t i = 0; i < values; i++) {
        norm->whole[i] = 0;
        for (int64_t p = 0; p < s->peers->count; p++)
            norm->whole[i] += norm->all[p * values + i];
    }
}

/* dx = gamma rstd (g - sum g / m - (x - mean) rstd^2 sum(g (x - mean)) / m), without the sums where
 * the statistics are fixed */
static void backward_write(const norm_pass *pass, int64_t u) {
    const mos_norm *norm = pass->norm;
    const unit_range at = range_of(pass, u);
    unit_sums sums = gather_sums(norm, u);
    const double count = fmax(norm->count[at.group], 1);
    for (int l = 0; l < norm->block && norm->shape.peers; l++) {
        sums.first[l] = norm->whole[2 * (at.channel + l)];
        sums.second[l] = norm->whole[2 * (at.channel + l) + 1];
    }
    float k[CPU_BLOCK], c1[CPU_BLOCK], c2[CPU_BLOCK];
    for (int l = 0; l < norm->block; l++) {
        const double rstd = (double)pass->rstd[at.channel + l];
        k[l] = (float)((double)pass->gamma[at.block * norm->block + l] * rstd);
        c1[l] = norm->shape.fixed ? 0 : (float)(sums.first[l] / count);
        c2[l] = norm->shape.fixed ? 0 : (float)(sums.second[l] * rstd * rstd / count);
    }
    /* dskip already holds g, and may have overwritten dy */
    const bool have = pass->dskip != NULL;
    pass->cpu->activation->norm_back_apply(
        &at.planes, pass->x + at.offset, have ? NULL : at_offset(pass->y, at.offset),
        pass->mask ? line_at(pass->norm, &at) : NULL, (have ? pass->dskip : pass->dy) + at.offset,
        have ? NULL : at_offset(pass->dy2, at.offset), pass->mean + at.channel, k, c1, c2,
        pass->out + at.offset);
}

/* dgamma += rstd sum g (x - mean), dbeta += sum g, group after group */
static void add_parameter_gradients(const norm_pass *pass) {
    const mos_norm *norm = pass->norm;
    for (int64_t task = 0; task < norm->units / norm->splits; task++) {
        const unit_range at = range_of(pass, task * norm->splits);
        const unit_sums sums = gather_sums(norm, task * norm->splits);
        for (int l = 0; l < norm->block; l++) {
            pass->dbeta[at.block * norm->block + l] += (float)sums.first[l];
            pass->dgamma[at.block * norm->block + l] +=
                (float)(sums.second[l] * (double)pass->rstd[at.channel + l]);
        }
    }
}

/* ---- features: real [n, c], small ---- */

static void feature_units_forward(void *context, int64_t begin, int64_t end, int thread) {
    const norm_pass *pass = context;
    mos_norm *norm = pass->norm;
    const mos_norm_shape *s = &norm->shape;
    const float *x = (const float *)(const void *)pass->x,
                *skip = (const float *)(const void *)pass->skip;
    float *y = (float *)(void *)pass->out;
    (void)thread;
    for (int64_t unit = begin; unit < end; unit++) {
        const int64_t g = unit / norm->blocks, c0 = unit % norm->blocks * norm->block;
        const int64_t lanes = s->c - c0 < norm->block ? s->c - c0 : norm->block,
                      row0 = g * norm->rows;
        const double count = norm->count[g];
        for (int64_t l = 0; l < lanes; l++) {
            const int64_t c = c0 + l;
            double sum = 0, square = 0;
            for (int64_t r = row0; r < row0 + norm->rows; r++)
                if (!pass->present || pass->present[r]) sum += (double)x[r * s->c + c];
            const double mean = count > 0 ? sum / count : 0;
            for (int64_t r = row0; r < row0 + norm->rows; r++) {
                const double centred = (double)x[r * s->c + c] - mean;
                if (!pass->present || pass->present[r]) square += centred * centred;
            }
            const double variance = count > 0 ? square / count : 0;
            const double rstd = count > 0 ? 1 / sqrt(variance + s->eps) : 0;
            pass->mean[g * s->c + c] = (float)mean;
            pass->rstd[g * s->c + c] = (float)rstd;
            norm->variance[g * s->c + c] = variance;
            for (int64_t r = row0; r < row0 + norm->rows; r++) {
                double value = ((double)x[r * s->c + c] - mean) * rstd * (double)pass->gamma[c] +
                               (double)pass->beta[c];
                if (skip) value += (double)skip[r * s->c + c];
                if (s->relu && value < 0) value = 0;
                y[r * s->c + c] = pass->present && !pass->present[r] ? 0.0f : (float)value;
            }
        }
    }
}

static double feature_gradient(const norm_pass *pass, int64_t i) {
    const float *y = (const float *)(const void *)pass->y,
                *dy = (const float *)(const void *)pass->dy;
    const float *dy2 = (const float *)(const void *)pass->dy2;
    if (pass->norm->shape.relu && !(y[i] > 0)) return 0;
    return (double)dy[i] + (dy2 ? (double)dy2[i] : 0);
}

/* one channel of one group */
static void feature_channel_backward(const norm_pass *pass, int64_t g, int64_t c) {
    mos_norm *norm = pass->norm;
    const mos_norm_shape *s = &norm->shape;
    const float *x = (const float *)(const void *)pass->x;
    float *dx = (float *)(void *)pass->out, *dskip = (float *)(void *)pass->dskip;
    const int64_t row0 = g * norm->rows;
    const double mean = (double)pass->mean[g * s->c + c], rstd = (double)pass->rstd[g * s->c + c];
    const double count = fmax(norm->count[g], 1);
    double sum = 0, dot = 0;
    for (int64_t r = row0; r < row0 + norm->rows; r++) {
        if (pass->present && !pass->present[r]) continue;
        const double gradient = feature_gradient(pass, r * s->c + c);
        sum += gradient;
        dot += gradient * ((double)x[r * s->c + c] - mean) * rstd;
    }
    pass->dbeta[c] += (float)sum;
    pass->dgamma[c] += (float)dot;
    for (int64_t r = row0; r < row0 + norm->rows; r++) {
        const int64_t i = r * s->c + c;
        const bool absent = pass->present && !pass->present[r];
        const double gradient = absent ? 0 : feature_gradient(pass, i);
        const double q = ((double)x[i] - mean) * rstd;
        const double value =
            (double)pass->gamma[c] * rstd * (gradient - sum / count - q * dot / count);
        dx[i] = absent ? 0.0f : (float)value;
        if (dskip) dskip[i] = (float)gradient;
    }
}

static void feature_channels_backward(void *context, int64_t begin, int64_t end, int thread) {
    const norm_pass *pass = context;
    (void)thread;
    for (int64_t c = begin; c < end; c++)
        for (int64_t g = 0; g < pass->norm->shape.groups; g++)
            feature_channel_backward(pass, g, c);
}

/* ---- the entries ---- */

void mos_cpu_norm_forward(mos_device *device, mos_norm *norm, const void *x, const void *skip,
                          const void *gamma, const void *beta, void *running_mean,
                          void *running_var, void *mean, void *rstd, void *y,
                          const uint8_t *present) {
    const mos_cpu_guard guard = mos_cpu_enter(cpu_of(device));
    norm_pass pass = {.norm = norm,
                      .cpu = cpu_of(device),
                      .x = x,
                      .skip = norm->shape.skip ? skip : NULL,
                      .out = y,
                      .gamma = gamma,
                      .beta = beta,
                      .running_mean = running_mean,
                      .running_var = running_var,
                      .mean = mean,
                      .rstd = rstd,
                      .present = present};
    count_values(norm, present);
    if (norm->shape.features)
        mos_parallel_for(pass.cpu->threads, norm->blocks * norm->shape.groups,
                         feature_units_forward, &pass);
    else
        run_units(&pass, forward_sums, share_moments, forward_write);
    if (running_mean && !norm->shape.fixed) update_running(norm, mean, running_mean, running_var);
    mos_cpu_leave(guard);
}

static void again_units(void *context, int64_t begin, int64_t end, int thread) {
    (void)thread;
    for (int64_t u = begin; u < end; u++)
        again_write(context, u);
}

void mos_cpu_norm_again(mos_device *device, mos_norm *norm, const void *x, const void *skip,
                        const void *gamma, const void *beta, const void *mean, const void *rstd,
                        void *y, const uint8_t *present) {
    const mos_cpu_guard guard = mos_cpu_enter(cpu_of(device));
    norm_pass pass = {.norm = norm,
                      .cpu = cpu_of(device),
                      .x = x,
                      .skip = norm->shape.skip ? skip : NULL,
                      .out = y,
                      .present = present};
    (void)gamma, (void)beta, (void)mean, (void)rstd; /* the lines know them */
    mos_parallel_for(pass.cpu->threads, norm->units, again_units, &pass);
    mos_cpu_leave(guard);
}

void mos_cpu_norm_backward(mos_device *device, mos_norm *norm, const void *x, const void *y,
                           const void *dy, const void *dy2, const void *gamma, const void *beta,
                           const void *mean, const void *rstd, void *dx, void *dskip, void *dgamma,
                           void *dbeta, const uint8_t *present) {
    const mos_cpu_guard guard = mos_cpu_enter(cpu_of(device));
    norm_pass pass = {.norm = norm,
                      .cpu = cpu_of(device),
                      .x = x,
                      .y = norm->shape.relu ? y : NULL,
                      .mask = norm->shape.relu && !y,
                      .dy = dy,
                      .dy2 = dy2,
                      .out = dx,
                      .dskip = norm->shape.skip ? dskip : NULL,
                      .gamma = gamma,
                      .dgamma = dgamma,
                      .dbeta = dbeta,
                      .present = present};
    (void)beta; /* the lines know it */
    memcpy(&pass.mean, &mean, sizeof mean);
    memcpy(&pass.rstd, &rstd, sizeof rstd);
    if (!norm->shape.peers) count_values(norm, present); /* peers' are those of the forward pass */
    if (norm->shape.features) {
        mos_parallel_for(pass.cpu->threads, norm->shape.c, feature_channels_backward, &pass);
    } else {
        run_units(&pass, backward_sums, share_sums, backward_write);
        add_parameter_gradients(&pass);
    }
    mos_cpu_leave(guard);
}

/* Scale and offset of one channel from its running statistics. */
static void running_terms(const mos_norm *norm, const float *gamma, const float *beta,
                          const float *running_mean, const float *running_var, int64_t c, float *a,
                          float *b) {
    const double scale = (double)gamma[c] / sqrt((double)running_var[c] + norm->shape.eps);
    *a = (float)scale;
    *b = (float)((double)beta[c] - (double)running_mean[c] * scale);
}

typedef struct infer_job {
    const mos_cpu *cpu;
    const mos_norm *norm;
    const char *in, *add;
    const float *gamma, *beta, *mean, *var;
    char *out;
} infer_job;

static void infer_planes(void *context, int64_t begin, int64_t end, int thread) {
    const infer_job *job = context;
    const mos_norm *norm = job->norm;
    const int64_t hw = norm->shape.h * norm->shape.w;
    (void)thread;
    for (int64_t plane = begin; plane < end; plane++) {
        float a[CPU_BLOCK], b[CPU_BLOCK];
        for (int l = 0; l < norm->block; l++)
            running_terms(norm, job->gamma, job->beta, job->mean, job->var,
                          plane % norm->blocks * norm->block + l, a + l, b + l);
        const size_t offset = (size_t)(plane * hw * norm->block) * job->cpu->act_size;
        const mos_planes one = {.n = 1, .hw = hw, .stride = 0, .present = NULL};
        job->cpu->activation->norm_apply(&one, job->in + offset, at_offset(job->add, offset), a, b,
                                         norm->shape.relu, job->out + offset);
    }
}

void mos_cpu_norm_infer(mos_device *device, mos_norm *norm, const void *x, const void *skip,
                        const void *gamma, const void *beta, const void *running_mean,
                        const void *running_var, void *y) {
    const mos_cpu_guard guard = mos_cpu_enter(cpu_of(device));
    const mos_cpu *cpu = cpu_of(device);
    const mos_norm_shape *s = &norm->shape;
    const char *in = x, *add = s->skip ? skip : NULL;
    if (s->features) {
        for (int64_t c = 0; c < s->c; c++) {
            float a, b;
            running_terms(norm, gamma, beta, running_mean, running_var, c, &a, &b);
            for (int64_t r = 0; r < s->n; r++) {
                float value = a * ((const float *)x)[r * s->c + c] + b;
                if (add) value += ((const float *)skip)[r * s->c + c];
                ((float *)y)[r * s->c + c] = s->relu && value < 0 ? 0.0f : value;
            }
        }
        mos_cpu_leave(guard);
        return;
    }
    infer_job job = {.cpu = cpu,
                     .norm = norm,
                     .in = in,
                     .add = add,
                     .gamma = gamma,
                     .beta = beta,
                     .mean = running_mean,
                     .var = running_var,
                     .out = y};
    mos_parallel_for(cpu->threads, s->n * norm->blocks, infer_planes, &job);
    mos_cpu_leave(guard);
}
