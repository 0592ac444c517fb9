#include "evaluate/lag.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const double mos_lag_edges[] = {0, 1, 2, 3, 5, 8, 15, INFINITY};

mosaic_status mos_lag_days(const mos_dataset *dataset, const int64_t *samples, int64_t n, int64_t a,
                           int64_t b, double *days) {
    for (int64_t i = 0; i < n; i++) {
        mos_sample sample;
        MOS_TRY(mos_dataset_sample(dataset, samples[i], &sample));
        uint32_t both = UINT32_C(1) << a | UINT32_C(1) << b;
        bool known = (sample.present & both) == both && sample.time_s[a] != INT64_MIN &&
                     sample.time_s[b] != INT64_MIN;
        days[i] = known ? fabs((double)sample.time_s[a] - (double)sample.time_s[b]) / 86400 : NAN;
    }
    return MOSAIC_OK;
}

mosaic_status mos_lag_modalities(const mos_dataset *dataset, const int64_t *samples, int64_t n,
                                 int64_t found[2]) {
    const mos_modality *modality;
    int64_t count = mos_dataset_modalities(dataset, &modality), known = 0;
    found[0] = found[1] = -1;
    for (int64_t m = 0; m < count && known < 2; m++)
        for (int64_t i = 0; i < n; i++) {
            mos_sample sample;
            MOS_TRY(mos_dataset_sample(dataset, samples[i], &sample));
            if (!(sample.present >> m & 1) || sample.time_s[m] == INT64_MIN) continue;
            found[known++] = m;
            break;
        }
    return MOSAIC_OK;
}

/* Rows with lag in [low, high) as a set of their own. */
static mosaic_status measure_bin(const mos_score_input *in, const double *lag_days,
                                 const mos_bootstrap_options *options, mos_lag_bin *bin) {
    int64_t *rows = NULL;
    double days = 0;
    mosaic_status status = MOSAIC_OK;
    MOS_TRY(mos_alloc((size_t)in->n, sizeof *rows, "rows of a lag", &rows));
    for (int64_t i = 0; i < in->n; i++) {
        if (!(lag_days[i] >= bin->low_days && lag_days[i] < bin->high_days)) continue;
        rows[bin->rows++] = i;
        days += lag_days[i];
    }
    bin->mean_days = bin->rows > 0 ? days / (double)bin->rows : NAN;
    if (bin->rows > 0) status = mos_bootstrap_rows(in, rows, bin->rows, options, &bin->scores);
    mos_free(rows);
    return status;
}

typedef struct keyed {
    double value;
    int64_t row;
} keyed;

static int compare_keyed(const void *a, const void *b) {
    double x = ((const keyed *)a)->value, y = ((const keyed *)b)->value;
    return (x > y) - (x < y);
}

/* Ranks from 1, equal values share their mean rank. */
static void rank_values(const double *values, int64_t n, keyed *work, double *rank) {
    for (int64_t i = 0; i < n; i++)
        work[i] = (keyed){values[i], i};
    qsort(work, (size_t)n, sizeof *work, compare_keyed);
    for (int64_t i = 0; i < n;) {
        int64_t j = i;
        while (j < n && work[j].value == work[i].value)
            j++;
        for (int64_t k = i; k < j; k++)
            rank[work[k].row] = 0.5 * (double)(i + 1 + j);
        i = j;
    }
}

static double weighted_correlation(const double *x, const double *y, const int32_t *weight,
                                   int64_t n) {
    double count = 0, mx = 0, my = 0, vx = 0, vy = 0, both = 0;
    for (int64_t i = 0; i < n; i++) {
        double w = weight ? (double)weight[i] : 1;
        if (w == 0) continue;
        count += w;
        double dx = x[i] - mx, dy = y[i] - my;
        mx += dx * w / count;
        my += dy * w / count;
        vx += w * dx * (x[i] - mx);
        vy += w * dy * (y[i] - my);
        both += w * dx * (y[i] - my);
    }
    return vx > 0 && vy > 0 ? both / sqrt(vx * vy) : NAN;
}

double mos_row_error(const mos_score_input *in, int64_t i) {
    int64_t known = 0, wrong = 0;
    for (int64_t j = 0; j < in->l; j++) {
        int8_t label = in->labels[i * in->l + j];
        if (label < 0) continue;
        known++;
        wrong += ((double)in->probability[i * in->l + j] >= in->threshold[j]) != (label == 1);
    }
    return known ? (double)wrong / (double)known : NAN;
}

/* Ranks are those of the whole set in every resample. */
static mosaic_status measure_trend(const mos_score_input *in, const double *lag_days,
                                   const mos_bootstrap_options *options, mos_lag *out) {
    double *block = NULL, *values = NULL;
    keyed *work = NULL;
    int32_t *weight = NULL;
    int64_t n = 0;
    mosaic_status status = MOSAIC_OK;
    out->trend = (mos_interval){NAN, NAN, NAN, NAN};
    MOS_GOTO(mos_alloc((size_t)(4 * in->n), sizeof *block, "lag ranks", &block));
    MOS_GOTO(mos_alloc((size_t)in->n, sizeof *work, "lag ranks", &work));
    MOS_GOTO(mos_alloc((size_t)in->n, sizeof *weight, "resample", &weight));
    MOS_GOTO(mos_alloc((size_t)options->resamples, sizeof *values, "resamples", &values));
    double *lag = block, *error = lag + in->n, *lag_rank = error + in->n,
           *error_rank = lag_rank + in->n;
    for (int64_t i = 0; i < in->n; i++) {
        double own = mos_row_error(in, i);
        if (isnan(own) || isnan(lag_days[i])) continue;
        lag[n] = lag_days[i];
        error[n++] = own;
    }
    if (n == 0) goto done;
    rank_values(lag, n, work, lag_rank);
    rank_values(error, n, work, error_rank);
    out->trend.value = weighted_correlation(lag_rank, error_rank, NULL, n);
    for (int64_t r = 0; r < options->resamples; r++) {
        mos_bootstrap_draw(options->seed, r, n, weight);
        values[r] = weighted_correlation(lag_rank, error_rank, weight, n);
    }
    mos_percentile_bounds(values, options->resamples, options->level, &out->trend.low,
                          &out->trend.high);
done:
    mos_free(block);
    mos_free(work);
    mos_free(weight);
    mos_free(values);
    return status;
}

mosaic_status mos_lag_measure(const mos_score_input *input, const double *lag_days,
                              const double *edges, int64_t edge_count,
                              const mos_bootstrap_options *options, mos_lag *out) {
    mosaic_status status = MOSAIC_OK;
    *out = (mos_lag){0};
    if (edge_count < 2) return mos_fail(MOSAIC_ERR_USAGE, "lag bins need 2 edges or more");
    for (int64_t k = 1; k < edge_count; k++)
        if (!(edges[k] > edges[k - 1]))
            return mos_fail(MOSAIC_ERR_USAGE, "lag edges must rise, got %g after %g", edges[k],
                            edges[k - 1]);
    MOS_GOTO(mos_alloc((size_t)(edge_count - 1), sizeof *out->bins, "lag bins", &out->bins));
    out->count = edge_count - 1;
    for (int64_t i = 0; i < input->n; i++)
        out->unknown += isnan(lag_days[i]);
    for (int64_t k = 0; k < out->count; k++) {
        out->bins[k].low_days = edges[k];
        out->bins[k].high_days = edges[k + 1];
        MOS_GOTO(measure_bin(input, lag_days, options, &out->bins[k]));
    }
    MOS_GOTO(measure_trend(input, lag_days, options, out));
done:
    if (status != MOSAIC_OK) mos_lag_release(out);
    return status;
}

void mos_lag_release(mos_lag *lag) {
    for (int64_t k = 0; k < lag->count; k++)
        mos_bootstrap_release(&lag->bins[k].scores);
    mos_free(lag->bins);
    *lag = (mos_lag){0};
}
