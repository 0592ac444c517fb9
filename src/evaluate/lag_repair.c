#include "evaluate/lag_repair.h"

#include "base/memory.h"
#include "data/sample_place.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- pairs ---- */

typedef struct placed_row {
    int32_t place;
    int64_t row;
} placed_row;

static int compare_placed(const void *a, const void *b) {
    const placed_row *x = a, *y = b;
    if (x->place != y->place) return x->place < y->place ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static int64_t bin_of(double days, const double *edges, int64_t edge_count) {
    for (int64_t k = 0; k + 1 < edge_count; k++)
        if (days >= edges[k] && days < edges[k + 1]) return k;
    return -1;
}

typedef struct pairing {
    const double *edges;
    int64_t edge_count, a, b;
    mos_sample *sample; /* [n] */
    mos_lag_pairs *out;
    size_t capacity;
} pairing;

static mosaic_status add_pair(pairing *p, mos_lag_pair pair) {
    MOS_TRY(mos_grow(&p->out->pairs, &p->capacity, (size_t)p->out->count + 1, sizeof *p->out->pairs,
                     "pairs of two days"));
    p->out->pairs[p->out->count++] = pair;
    return MOSAIC_OK;
}

static bool has_time(const mos_sample *sample, int64_t m) {
    return (sample->present >> m & 1) && sample->time_s[m] != INT64_MIN;
}

static double days_between(const pairing *p, int64_t own, int64_t partner) {
    return fabs((double)p->sample[partner].time_s[p->a] - (double)p->sample[own].time_s[p->b]) /
           86400;
}

/* group[0..size): the rows of the place of `own`. */
static mosaic_status pair_row(pairing *p, const placed_row *group, int64_t size, int64_t own) {
    int64_t first = p->out->count;
    if (!has_time(&p->sample[own], p->a) || !has_time(&p->sample[own], p->b)) {
        p->out->unknown++;
        return MOSAIC_OK;
    }
    double own_days = days_between(p, own, own);
    MOS_TRY(add_pair(p, (mos_lag_pair){own, own, own_days, group[0].place}));
    for (int64_t g = 0; g < size; g++) {
        int64_t partner = group[g].row, same = first;
        if (partner == own || !has_time(&p->sample[partner], p->a) ||
            p->sample[partner].time_s[p->a] == p->sample[own].time_s[p->a])
            continue;
        double days = days_between(p, own, partner);
        int64_t bin = bin_of(days, p->edges, p->edge_count);
        if (bin < 0) continue;
        while (++same < p->out->count &&
               bin_of(p->out->pairs[same].days, p->edges, p->edge_count) != bin)
            ;
        const mos_lag_pair pair = {own, partner, days, group[0].place};
        if (same == p->out->count)
            MOS_TRY(add_pair(p, pair));
        else if (days < p->out->pairs[same].days)
            p->out->pairs[same] = pair;
    }
    if (p->out->count > first + 1) {
        p->out->rows++;
    } else {
        p->out->count = first;
        p->out->lonely++;
    }
    return MOSAIC_OK;
}

mosaic_status mos_lag_pairs_make(const mos_dataset *dataset, const int64_t *samples, int64_t n,
                                 int64_t a, int64_t b, const double *edges, int64_t edge_count,
                                 mos_lag_pairs *out) {
    pairing p = {.edges = edges, .edge_count = edge_count, .a = a, .b = b, .out = out};
    int32_t *place = NULL;
    placed_row *rows = NULL;
    int64_t places;
    mosaic_status status;
    *out = (mos_lag_pairs){0};
    MOS_GOTO(mos_locations_make(dataset, NULL, &place, &places));
    MOS_GOTO(mos_alloc((size_t)n, sizeof *rows, "rows by place", &rows));
    MOS_GOTO(mos_alloc((size_t)n, sizeof *p.sample, "samples", &p.sample));
    for (int64_t i = 0; i < n; i++) {
        rows[i] = (placed_row){place[samples[i]], i};
        MOS_GOTO(mos_dataset_sample(dataset, samples[i], &p.sample[i]));
    }
    qsort(rows, (size_t)n, sizeof *rows, compare_placed);
    for (int64_t start = 0, end; start < n; start = end) {
        for (end = start; end < n && rows[end].place == rows[start].place;)
            end++;
        for (int64_t g = start; g < end; g++)
            MOS_GOTO(pair_row(&p, rows + start, end - start, rows[g].row));
    }
done:
    mos_free(place);
    mos_free(rows);
    mos_free(p.sample);
    if (status != MOSAIC_OK) mos_lag_pairs_release(out);
    return status;
}

void mos_lag_pairs_release(mos_lag_pairs *pairs) {
    mos_free(pairs->pairs);
    *pairs = (mos_lag_pairs){0};
}

/* ---- the effect ---- */

/* Sums over the chosen pairs of one place: resampling places needs no more. */
typedef struct place_sums {
    double pairs, error, increase, days, days_increase, days_days;
} place_sums;

typedef struct measuring {
    const mos_lag_pairs *pairs;
    const double *error;   /* [pairs] NaN: no label known */
    const int64_t *own;    /* [pairs] the own pair of the pair's row */
    const int64_t *number; /* [pairs] place, counted without gaps */
    int64_t places;
    place_sums *sums; /* [places] */
    const mos_bootstrap_options *options;
    int32_t *weight;   /* [places] */
    double *values[3]; /* [resamples] of error, increase, slope */
} measuring;

/* Take pair i into its place's sums; false where an error is not known. */
static bool add_sums(measuring *m, int64_t i) {
    int64_t own = m->own[i];
    if (isnan(m->error[i]) || isnan(m->error[own])) return false;
    place_sums *to = &m->sums[m->number[i]];
    double increase = m->error[i] - m->error[own];
    double days = m->pairs->pairs[i].days - m->pairs->pairs[own].days;
    to->pairs += 1;
    to->error += m->error[i];
    to->increase += increase;
    to->days += m->pairs->pairs[i].days;
    to->days_increase += days * increase;
    to->days_days += days * days;
    return true;
}

static void total(const measuring *m, const int32_t *weight, double out[3]) {
    place_sums all = {0};
    for (int64_t g = 0; g < m->places; g++) {
        double w = weight ? (double)weight[g] : 1;
        const place_sums *s = &m->sums[g];
        all.pairs += w * s->pairs;
        all.error += w * s->error;
        all.increase += w * s->increase;
        all.days_increase += w * s->days_increase;
        all.days_days += w * s->days_days;
    }
    out[0] = all.pairs > 0 ? all.error / all.pairs : NAN;
    out[1] = all.pairs > 0 ? all.increase / all.pairs : NAN;
    out[2] = all.days_days > 0 ? all.days_increase / all.days_days : NAN;
}

/* Intervals of error, increase, slope from the sums in hand; NULL: not wanted. */
static void measure_sums(const measuring *m, mos_interval *const out[3]) {
    double found[3];
    int64_t places = 0; /* with pairs: one drawn again and again says nothing */
    for (int64_t g = 0; g < m->places; g++)
        places += m->sums[g].pairs > 0;
    for (int64_t r = 0; r < m->options->resamples; r++) {
        mos_bootstrap_draw(m->options->seed, r, m->places, m->weight);
        total(m, m->weight, found);
        for (int k = 0; k < 3; k++)
            m->values[k][r] = found[k];
    }
    total(m, NULL, found);
    for (int k = 0; k < 3; k++) {
        if (out[k] == NULL) continue;
        *out[k] = (mos_interval){found[k], NAN, NAN, NAN};
        if (places < 2) continue;
        mos_percentile_bounds(m->values[k], m->options->resamples, m->options->level, &out[k]->low,
                              &out[k]->high);
    }
}

static void clear_sums(measuring *m) {
    memset(m->sums, 0, (size_t)m->places * sizeof *m->sums);
}

static void measure_bin(measuring *m, mos_lag_change *bin) {
    double days = 0;
    clear_sums(m);
    for (int64_t i = 0; i < m->pairs->count; i++) {
        const mos_lag_pair *pair = &m->pairs->pairs[i];
        if (i == m->own[i] || pair->days < bin->low_days || pair->days >= bin->high_days ||
            !add_sums(m, i))
            continue;
        bin->pairs++;
        days += pair->days;
    }
    bin->mean_days = bin->pairs > 0 ? days / (double)bin->pairs : NAN;
    measure_sums(m, (mos_interval *const[3]){&bin->error, &bin->increase, NULL});
}

/* Pairs of a row stand together. */
static void measure_farthest(measuring *m, mos_interval *out) {
    clear_sums(m);
    for (int64_t i = 0, end; i < m->pairs->count; i = end) {
        int64_t far = i;
        for (end = i + 1; end < m->pairs->count && m->own[end] == i; end++)
            if (m->pairs->pairs[end].days > m->pairs->pairs[far].days) far = end;
        if (far != i) (void)add_sums(m, far);
    }
    measure_sums(m, (mos_interval *const[3]){NULL, out, NULL});
}

static void measure_slope(measuring *m, mos_interval *out) {
    clear_sums(m);
    for (int64_t i = 0; i < m->pairs->count; i++)
        if (i != m->own[i]) (void)add_sums(m, i);
    measure_sums(m, (mos_interval *const[3]){NULL, NULL, out});
}

/* Own pair and place of every pair; places numbered as they come, for pairs are sorted by them. */
static int64_t number_pairs(const mos_lag_pairs *pairs, int64_t *own, int64_t *number) {
    int64_t places = 0;
    for (int64_t i = 0; i < pairs->count; i++) {
        const mos_lag_pair *pair = &pairs->pairs[i];
        own[i] = pair->own == pair->partner ? i : own[i - 1];
        if (i == 0 || pair->place != pairs->pairs[i - 1].place) places++;
        number[i] = places - 1;
    }
    return places;
}

mosaic_status mos_lag_repair_measure(const mos_score_input *input, const mos_lag_pairs *pairs,
                                     const double *edges, int64_t edge_count,
                                     const mos_bootstrap_options *options, mos_lag_repair *out) {
    size_t n = (size_t)pairs->count;
    double *error = NULL, *values = NULL;
    int64_t *own = NULL, *number = NULL;
    measuring m = {.pairs = pairs, .options = options};
    mosaic_status status;
    *out = (mos_lag_repair){.rows = pairs->rows,
                            .pairs = pairs->count - pairs->rows,
                            .lonely = pairs->lonely,
                            .unknown = pairs->unknown};
    MOS_GOTO(mos_alloc((size_t)(edge_count - 1), sizeof *out->bins, "lag bins", &out->bins));
    out->count = edge_count - 1;
    MOS_GOTO(mos_alloc(n, sizeof *error, "errors of pairs", &error));
    MOS_GOTO(mos_alloc(n, sizeof *own, "own pairs", &own));
    MOS_GOTO(mos_alloc(n, sizeof *number, "places of pairs", &number));
    MOS_GOTO(mos_alloc((size_t)(3 * options->resamples), sizeof *values, "resamples", &values));
    for (int64_t i = 0; i < pairs->count; i++)
        error[i] = mos_row_error(input, i);
    m.error = error;
    m.own = own;
    m.number = number;
    m.places = number_pairs(pairs, own, number);
    for (int k = 0; k < 3; k++)
        m.values[k] = values + k * options->resamples;
    MOS_GOTO(mos_alloc((size_t)m.places, sizeof *m.sums, "sums by place", &m.sums));
    MOS_GOTO(mos_alloc((size_t)m.places, sizeof *m.weight, "resample", &m.weight));
    for (int64_t k = 0; k < out->count; k++) {
        out->bins[k].low_days = edges[k];
        out->bins[k].high_days = edges[k + 1];
        measure_bin(&m, &out->bins[k]);
    }
    measure_farthest(&m, &out->farthest);
    measure_slope(&m, &out->per_day);
done:
    mos_free(error);
    mos_free(own);
    mos_free(number);
    mos_free(values);
    mos_free(m.sums);
    mos_free(m.weight);
    if (status != MOSAIC_OK) mos_lag_repair_release(out);
    return status;
}

void mos_lag_repair_release(mos_lag_repair *repair) {
    mos_free(repair->bins);
    *repair = (mos_lag_repair){0};
}
