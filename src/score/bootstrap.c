#include "score/bootstrap.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/stop.h"
#include "base/thread.h"
#include "score/score_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OUTCOMES = 5 };

mos_bootstrap_options mos_bootstrap_defaults(int threads) {
    return (mos_bootstrap_options){.resamples = 500, .level = 0.95, .threads = threads};
}

void mos_bootstrap_draw(uint64_t seed, int64_t r, int64_t n, int32_t *weight) {
    mos_rng rng = mos_rng_at(seed, MOS_RNG_BOOTSTRAP, 0, (uint64_t)r, 0);
    memset(weight, 0, (size_t)n * sizeof *weight);
    for (int64_t i = 0; i < n; i++)
        weight[mos_rng_below(&rng, (uint64_t)n)]++;
}

static int compare_ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(const double *sorted, int64_t count, double share) {
    double at = share * (double)(count - 1), whole = floor(at);
    int64_t i = (int64_t)whole;
    if (i + 1 >= count) return sorted[count - 1];
    return sorted[i] + (at - whole) * (sorted[i + 1] - sorted[i]);
}

void mos_percentile_bounds(double *values, int64_t count, double level, double *low, double *high) {
    int64_t finite = 0;
    for (int64_t i = 0; i < count; i++)
        if (isfinite(values[i])) values[finite++] = values[i];
    *low = *high = NAN;
    if (finite == 0) return;
    qsort(values, (size_t)finite, sizeof *values, compare_ascending);
    *low = percentile(values, finite, (1 - level) / 2);
    *high = percentile(values, finite, (1 + level) / 2);
}

/* The x with normal_below(x) = p, by halving: exact enough for any share of resamples. */
static double normal_below(double x) {
    return 0.5 * erfc(-x * 0.70710678118654752440);
}

static double normal_quantile(double p) {
    double low = -40, high = 40;
    for (int i = 0; i < 100; i++) {
        double middle = 0.5 * (low + high);
        if (normal_below(middle) < p)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}

/* a = sum d^3 / (6 (sum d^2)^1.5), d the mean of the scores with a group left out minus each. */
static double acceleration(const double *left_out, int64_t groups) {
    double mean = 0, squares = 0, cubes = 0;
    int64_t finite = 0;
    for (int64_t g = 0; g < groups; g++) {
        if (!isfinite(left_out[g])) continue;
        mean += left_out[g];
        finite++;
    }
    if (finite < 2) return 0;
    mean /= (double)finite;
    for (int64_t g = 0; g < groups; g++) {
        if (!isfinite(left_out[g])) continue;
        double d = mean - left_out[g];
        squares += d * d;
        cubes += d * d * d;
    }
    return squares > 0 ? cubes / (6 * pow(squares, 1.5)) : 0;
}

void mos_bca_bounds(double *values, int64_t count, double value, const double *left_out,
                    int64_t groups, double level, double *low, double *high) {
    int64_t finite = 0;
    double below = 0;
    for (int64_t i = 0; i < count; i++)
        if (isfinite(values[i])) values[finite++] = values[i];
    *low = *high = NAN;
    if (finite == 0 || !isfinite(value)) return;
    for (int64_t i = 0; i < finite; i++)
        below += values[i] < value ? 1 : values[i] == value ? 0.5 : 0;
    /* a value beyond all resamples is beyond by less than one of them */
    double share = fmin(fmax(below, 0.5), (double)finite - 0.5) / (double)finite;
    double bias = normal_quantile(share), a = acceleration(left_out, groups);
    double *const bound[2] = {low, high};
    qsort(values, (size_t)finite, sizeof *values, compare_ascending);
    for (int side = 0; side < 2; side++) {
        double z = bias + normal_quantile(side ? (1 + level) / 2 : (1 - level) / 2);
        double room = 1 - a * z;
        double at = room > 0 ? normal_below(bias + z / room) : side;
        *bound[side] = percentile(values, finite, at);
    }
}

typedef struct resample_job {
    const mos_score_table *a, *b; /* [pairs]; b: NULL, or subtracted */
    int64_t pairs;
    uint64_t seed;
    int64_t statistics;
    int32_t *weight; /* [threads, n] */
    int64_t *counts; /* [threads, OUTCOMES l] */
    double *other;   /* [threads, statistics] */
    int64_t resamples, groups, first;
    double *values; /* [resamples, then the set itself, then without each group, statistics] */
} resample_job;

static void measure(const resample_job *job, int thread, const int32_t *weight, double *out) {
    int64_t *counts = job->counts + thread * OUTCOMES * job->a->l;
    double *other = job->other + thread * job->statistics;
    mos_score_table_measure(job->a, weight, counts, out);
    if (!job->b) return;
    for (int64_t k = 0; k < job->pairs; k++) {
        if (k > 0) {
            mos_score_table_measure(&job->a[k], weight, counts, other);
            for (int64_t s = 0; s < job->statistics; s++)
                out[s] += other[s];
        }
        mos_score_table_measure(&job->b[k], weight, counts, other);
        for (int64_t s = 0; s < job->statistics; s++)
            out[s] -= other[s];
    }
    for (int64_t s = 0; s < job->statistics && job->pairs > 1; s++)
        out[s] /= (double)job->pairs;
}

/* All rows but every groups-th from `group` on; none with group -1. */
static void leave_out(int64_t group, int64_t groups, int64_t n, int32_t *weight) {
    for (int64_t i = 0; i < n; i++)
        weight[i] = group < 0 || i % groups != group;
}

static void run_resamples(void *context, int64_t begin, int64_t end, int thread) {
    const resample_job *job = context;
    int32_t *weight = job->weight + thread * job->a->n;
    for (int64_t r = job->first + begin; r < job->first + end; r++) {
        if (r < job->resamples)
            mos_bootstrap_draw(job->seed, r, job->a->n, weight);
        else
            leave_out(r - job->resamples - 1, job->groups, job->a->n, weight);
        measure(job, thread, weight, job->values + r * job->statistics);
    }
}

/* In parts, between which the work can be stopped. */
static mosaic_status run_all(resample_job *job, int threads, int64_t count) {
    const int64_t part = 64 * (int64_t)threads;
    for (job->first = 0; job->first < count; job->first += part) {
        const int64_t left = count - job->first;
        MOS_TRY(mos_stop_check("bootstrap", job->first, count));
        mos_parallel_for(threads, left < part ? left : part, run_resamples, job);
    }
    return MOSAIC_OK;
}

/* Two-sided: twice the smaller share of resampled differences on one side of 0, the set itself
 * counted among them so that it is never 0 (Davison & Hinkley 1997, 4.2). */
static double sign_probability(const double *values, int64_t count) {
    int64_t above = 1, below = 1, finite = 0;
    for (int64_t i = 0; i < count; i++) {
        finite += isfinite(values[i]);
        above += values[i] >= 0;
        below += values[i] <= 0;
    }
    int64_t fewer = above < below ? above : below;
    return finite ? fmin(1, 2 * (double)fewer / (double)(finite + 1)) : NAN;
}

static void summarise(const resample_job *job, const mos_bootstrap_options *options, int64_t s,
                      double *column, mos_interval *out) {
    int64_t count = options->resamples;
    for (int64_t r = 0; r < count; r++)
        column[r] = job->values[r * job->statistics + s];
    out->value = job->values[count * job->statistics + s];
    out->p = job->b ? sign_probability(column, count) : NAN;
    out->low = out->high = NAN;
    if (job->a->n < 2) return; /* resampling a single row gives no spread */
    if (job->b) {
        mos_percentile_bounds(column, count, options->level, &out->low, &out->high);
        return;
    }
    for (int64_t g = 0; g < job->groups; g++)
        column[count + g] = job->values[(count + 1 + g) * job->statistics + s];
    mos_bca_bounds(column, count, out->value, column + count, job->groups, options->level,
                   &out->low, &out->high);
}

static mosaic_status summarise_all(const resample_job *job, const mos_bootstrap_options *options,
                                   mos_bootstrap *out) {
    double *column = NULL;
    int64_t l = job->a->l;
    mosaic_status status = MOSAIC_OK;
    *out = (mos_bootstrap){.classes = l, .resamples = options->resamples, .level = options->level};
    mos_interval *const whole[] = {&out->macro_f1, &out->micro_f1, &out->macro_ap, &out->micro_ap,
                                   &out->hamming_loss};
    MOS_GOTO(mos_alloc((size_t)l, sizeof *out->class_f1, "intervals", &out->class_f1));
    MOS_GOTO(mos_alloc((size_t)l, sizeof *out->class_ap, "intervals", &out->class_ap));
    MOS_GOTO(mos_alloc((size_t)(options->resamples + job->groups), sizeof *column, "resamples",
                       &column));
    for (int64_t s = 0; s < MOS_STAT_CLASSES; s++)
        summarise(job, options, s, column, whole[s]);
    for (int64_t j = 0; j < l; j++) {
        summarise(job, options, MOS_STAT_CLASSES + j, column, &out->class_f1[j]);
        summarise(job, options, MOS_STAT_CLASSES + l + j, column, &out->class_ap[j]);
    }
done:
    mos_free(column);
    if (status != MOSAIC_OK) mos_bootstrap_release(out);
    return status;
}

static mosaic_status run(const mos_score_table *a, const mos_score_table *b, int64_t pairs,
                         const mos_bootstrap_options *options, mos_bootstrap *out) {
    size_t threads = options->threads < 1 ? 1 : (size_t)options->threads;
    resample_job job = {.a = a,
                        .b = b,
                        .pairs = pairs,
                        .seed = options->seed,
                        .resamples = options->resamples,
                        .groups = b                             ? 0
                                  : a->n < MOS_JACKKNIFE_GROUPS ? a->n
                                                                : MOS_JACKKNIFE_GROUPS,
                        .statistics = mos_score_table_statistics(a)};
    size_t statistics = (size_t)job.statistics;
    mosaic_status status = MOSAIC_OK;
    if (options->resamples < 1 || !(options->level > 0 && options->level < 1))
        return mos_fail(MOSAIC_ERR_USAGE, "no %g interval from %lld resamples", options->level,
                        (long long)options->resamples);
    MOS_GOTO(mos_alloc(threads * (size_t)a->n, sizeof *job.weight, "resample", &job.weight));
    MOS_GOTO(mos_alloc(threads * (size_t)(OUTCOMES * a->l), sizeof *job.counts, "resample",
                       &job.counts));
    MOS_GOTO(mos_alloc(threads * statistics, sizeof *job.other, "resample", &job.other));
    MOS_GOTO(mos_alloc((size_t)(options->resamples + 1 + job.groups) * statistics,
                       sizeof *job.values, "resampled scores", &job.values));
    MOS_GOTO(run_all(&job, (int)threads, options->resamples + 1 + job.groups));
    MOS_GOTO(summarise_all(&job, options, out));
done:
    mos_free(job.weight);
    mos_free(job.counts);
    mos_free(job.other);
    mos_free(job.values);
    return status;
}

mosaic_status mos_bootstrap_scores(const mos_score_input *input,
                                   const mos_bootstrap_options *options, mos_bootstrap *out) {
    mos_score_table table = {0};
    *out = (mos_bootstrap){0};
    MOS_TRY(mos_score_table_make(input, &table));
    mosaic_status status = run(&table, NULL, 1, options, out);
    mos_score_table_release(&table);
    return status;
}

mosaic_status mos_bootstrap_rows(const mos_score_input *input, const int64_t *rows, int64_t count,
                                 const mos_bootstrap_options *options, mos_bootstrap *out) {
    size_t l = (size_t)input->l;
    float *probability = NULL;
    int8_t *labels = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_alloc((size_t)count * l, sizeof *probability, "scores of rows", &probability));
    MOS_GOTO(mos_alloc((size_t)count * l, 1, "labels of rows", &labels));
    for (int64_t i = 0; i < count; i++) {
        memcpy(probability + (size_t)i * l, input->probability + (size_t)rows[i] * l,
               l * sizeof *probability);
        memcpy(labels + (size_t)i * l, input->labels + (size_t)rows[i] * l, l);
    }
    const mos_score_input own = {probability, labels, input->threshold, count, input->l};
    status = mos_bootstrap_scores(&own, options, out);
done:
    mos_free(probability);
    mos_free(labels);
    return status;
}

static mosaic_status check_pairs(const mos_score_input *a, const mos_score_input *b,
                                 int64_t pairs) {
    if (pairs < 1) return mos_fail(MOSAIC_ERR_USAGE, "no pair to compare");
    for (int64_t k = 0; k < 2 * pairs; k++) {
        const mos_score_input *other = k % 2 == 0 ? &a[k / 2] : &b[k / 2];
        if (a->n != other->n || a->l != other->l ||
            memcmp(a->labels, other->labels, (size_t)(a->n * a->l) * sizeof *a->labels) != 0)
            return mos_fail(MOSAIC_ERR_DATA,
                            "a paired comparison needs the same samples and labels on both sides "
                            "(%lld x %lld and %lld x %lld)",
                            (long long)a->n, (long long)a->l, (long long)other->n,
                            (long long)other->l);
    }
    return MOSAIC_OK;
}

mosaic_status mos_bootstrap_paired_mean(const mos_score_input *a, const mos_score_input *b,
                                        int64_t pairs, const mos_bootstrap_options *options,
                                        mos_bootstrap *out) {
    mos_score_table *first = NULL, *second = NULL;
    mosaic_status status = MOSAIC_OK;
    *out = (mos_bootstrap){0};
    MOS_TRY(check_pairs(a, b, pairs));
    MOS_GOTO(mos_alloc((size_t)pairs, sizeof *first, "score tables", &first));
    MOS_GOTO(mos_alloc((size_t)pairs, sizeof *second, "score tables", &second));
    for (int64_t k = 0; k < pairs; k++) {
        MOS_GOTO(mos_score_table_make(&a[k], &first[k]));
        MOS_GOTO(mos_score_table_make(&b[k], &second[k]));
    }
    MOS_GOTO(run(first, second, pairs, options, out));
done:
    for (int64_t k = 0; k < pairs; k++) {
        if (first != NULL) mos_score_table_release(&first[k]);
        if (second != NULL) mos_score_table_release(&second[k]);
    }
    mos_free(first);
    mos_free(second);
    return status;
}

mosaic_status mos_bootstrap_paired(const mos_score_input *a, const mos_score_input *b,
                                   const mos_bootstrap_options *options, mos_bootstrap *out) {
    return mos_bootstrap_paired_mean(a, b, 1, options, out);
}

void mos_bootstrap_release(mos_bootstrap *bootstrap) {
    mos_free(bootstrap->class_f1);
    mos_free(bootstrap->class_ap);
    *bootstrap = (mos_bootstrap){0};
}
