#include "study/sweep_results.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "report/report_parts.h"
#include "study/prediction_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RESAMPLES = 1000 };

const char *const mos_sweep_metric_names[MOS_SWEEP_METRICS] = {"macro_f1", "micro_f1", "macro_ap",
                                                               "micro_ap", "hamming"};
const char *const mos_sweep_metric_titles[MOS_SWEEP_METRICS] = {"macro F1", "micro F1", "macro AP",
                                                                "micro AP", "Hamming loss"};

bool mos_sweep_metric_is_loss(int metric) {
    return metric == 4;
}

double mos_sweep_score(const mos_report_evaluation *e, int metric) {
    const int last = e->sets - 1;
    const double scores[MOS_SWEEP_METRICS] = {
        e->at[last].macro.f1, e->at[last].micro.f1, e->at[0].macro.average_precision,
        e->at[0].micro.average_precision, e->at[last].hamming_loss};
    return scores[metric];
}

void mos_sweep_chance(const mos_report_evaluation *e, double out[MOS_SWEEP_METRICS]) {
    out[0] = mos_report_chance_f1(e);
    out[1] = mos_report_chance_micro_f1(e);
    out[2] = mos_report_chance_ap(e);
    out[3] = mos_report_chance_micro_ap(e);
    out[4] = NAN;
}

/* ---- scores of a run ---- */

static int64_t owner(const mos_sweep_plan *plan, int64_t run) {
    return plan->run[run].twin >= 0 ? plan->run[run].twin : run;
}

mosaic_status mos_sweep_evaluation_folder(const mos_sweep_plan *plan, const char *folder,
                                          int64_t run, int split, char *path, size_t size) {
    char ending[64];
    (void)snprintf(ending, sizeof ending, "/eval/%s", mos_split_names[plan->spec.evaluate[split]]);
    return mos_sweep_path(folder, "runs", plan->run[owner(plan, run)].name, ending, path, size);
}

static void copy_scores(const mos_report_evaluation *e, mos_sweep_scores *out) {
    int last = e->sets - 1;
    out->known = true;
    out->samples = e->samples;
    out->averaged = e->averaged;
    out->reduced = e->reduced;
    out->tuned = last > 0;
    (void)snprintf(out->scorer, sizeof out->scorer, "%s", e->scorer);
    for (int m = 0; m < MOS_SWEEP_METRICS; m++)
        out->metric[m] = mos_sweep_score(e, m);
    mos_sweep_chance(e, out->chance);
}

static mosaic_status read_run(mos_sweep_results *results, const char *folder, int64_t r) {
    const mos_sweep_plan *plan = results->plan;
    const mos_sweep_spec *spec = &plan->spec;
    const mos_sweep_run *run = &plan->run[owner(plan, r)];
    MOS_TRY(mos_sweep_record_read(folder, run, &results->record[r]));
    results->complete += results->record[r].state == MOS_SWEEP_COMPLETE;
    results->failed += results->record[r].state == MOS_SWEEP_FAILED;
    if (results->record[r].state != MOS_SWEEP_COMPLETE) return MOSAIC_OK;
    for (int s = 0; s < spec->splits; s++) {
        char path[4096];
        mos_report_evaluation evaluation = {0};
        MOS_TRY(mos_sweep_evaluation_folder(plan, folder, r, s, path, sizeof path));
        MOS_TRY(mos_report_evaluation_read(path, &evaluation));
        copy_scores(&evaluation, &results->scores[r * spec->splits + s]);
        mos_report_evaluation_release(&evaluation);
    }
    return MOSAIC_OK;
}

/* ---- mean and spread ---- */

/* first: [runs][splits], of the split meant. */
static void summarise(const mos_sweep_scores *first, int64_t runs, int splits,
                      mos_sweep_cell *cell) {
    for (int m = 0; m < MOS_SWEEP_METRICS; m++) {
        double sum = 0, squares = 0;
        cell->seeds = 0;
        for (int64_t r = 0; r < runs; r++) {
            if (!first[r * splits].known) continue;
            sum += first[r * splits].metric[m];
            cell->seeds++;
        }
        cell->mean[m] = cell->seeds > 0 ? sum / (double)cell->seeds : NAN;
        for (int64_t r = 0; r < runs; r++) {
            double off = first[r * splits].metric[m] - cell->mean[m];
            if (first[r * splits].known) squares += off * off;
        }
        cell->sd[m] = cell->seeds > 1 ? sqrt(squares / (double)(cell->seeds - 1)) : NAN;
    }
}

static mosaic_status list_rows(mos_sweep_results *results) {
    const mos_sweep_plan *plan = results->plan;
    const mos_sweep_spec *spec = &plan->spec;
    int64_t fractions = spec->fractions > 0 ? spec->fractions : 1;
    int64_t seeds = spec->seeds > 0 ? spec->seeds : 1;
    results->rows = plan->settings * fractions;
    MOS_TRY(mos_alloc((size_t)results->rows, sizeof *results->row, "rows", &results->row));
    for (int64_t i = 0; i < results->rows; i++) {
        mos_sweep_row *row = &results->row[i];
        row->setting = i / fractions;
        row->fraction = spec->fractions > 0 ? (int)(i % fractions) : -1;
        row->first = i * seeds;
        row->runs = seeds;
        row->labeled = plan->run[row->first].labeled;
        int64_t reference = mos_sweep_plan_reference(plan, row->setting);
        row->reference = reference < 0 ? -1 : reference * fractions + i % fractions;
        for (int s = 0; s < spec->splits; s++)
            summarise(&results->scores[row->first * spec->splits + s], row->runs, spec->splits,
                      &row->cell[s]);
    }
    return MOSAIC_OK;
}

/* ---- floors ---- */

const char *const mos_sweep_floor_titles[MOS_SWEEP_FLOORS] = {
    "floor: random features", "floor: band statistics", "floor: untrained features"};

static mosaic_status read_floor(mos_sweep_results *results, const char *folder, int fraction,
                                int floor) {
    const mos_sweep_spec *spec = &results->plan->spec;
    mos_sweep_floor *out = &results->floor[fraction * MOS_SWEEP_FLOORS + floor];
    int seeds = spec->seeds > 0 ? spec->seeds : 1;
    MOS_TRY(mos_alloc((size_t)seeds * (size_t)spec->splits, sizeof *out->scores, "scores",
                      &out->scores));
    for (int k = 0; k < seeds * spec->splits; k++) {
        int64_t run = mos_sweep_floor_run(results->plan, fraction, k / spec->splits);
        char path[4096];
        bool done;
        mos_report_evaluation evaluation = {0};
        MOS_TRY(mos_sweep_floors_done(results->plan, folder, run, &done));
        if (!done) continue;
        MOS_TRY(mos_sweep_floor_folder(results->plan, folder, run, floor, k % spec->splits, path,
                                       sizeof path));
        MOS_TRY(mos_report_evaluation_read(path, &evaluation));
        copy_scores(&evaluation, &out->scores[k]);
        mos_report_evaluation_release(&evaluation);
    }
    for (int s = 0; s < spec->splits; s++)
        summarise(out->scores + s, seeds, spec->splits, &out->cell[s]);
    return MOSAIC_OK;
}

static mosaic_status read_floors(mos_sweep_results *results, const char *folder) {
    const mos_sweep_spec *spec = &results->plan->spec;
    int fractions = spec->fractions > 0 ? spec->fractions : 1;
    if (!spec->floors) return MOSAIC_OK;
    MOS_TRY(mos_alloc((size_t)fractions * MOS_SWEEP_FLOORS, sizeof *results->floor, "floors",
                      &results->floor));
    for (int f = 0; f < fractions; f++)
        for (int k = 0; k < MOS_SWEEP_FLOORS; k++)
            MOS_TRY(read_floor(results, folder, f, k));
    return MOSAIC_OK;
}

static void release_floors(mos_sweep_results *results) {
    if (results->floor == NULL) return;
    int fractions = results->plan->spec.fractions > 0 ? results->plan->spec.fractions : 1;
    for (int k = 0; k < fractions * MOS_SWEEP_FLOORS; k++)
        mos_free(results->floor[k].scores);
    mos_free(results->floor);
}

const mos_sweep_floor *mos_sweep_floor_at(const mos_sweep_results *results, int fraction,
                                          int floor) {
    return &results->floor[(fraction < 0 ? 0 : fraction) * MOS_SWEEP_FLOORS + floor];
}

int mos_sweep_below(const mos_sweep_results *results, const mos_sweep_row *row, int split) {
    const int metric = 2; /* macro AP: no threshold has a part in it */
    double highest = row->cell[split].mean[metric];
    int below = -1;
    for (int k = 0; results->floor != NULL && k < MOS_SWEEP_FLOORS; k++) {
        double floor = mos_sweep_floor_at(results, row->fraction, k)->cell[split].mean[metric];
        if (!(floor >= highest)) continue; /* NaN: one of the two is not known */
        highest = floor;
        below = k;
    }
    return below;
}

/* ---- differences from the reference ---- */

typedef struct pair_set { /* predictions of the seeds that both sides have */
    mos_predictions *own, *other;
    mos_score_input *a, *b;
    int64_t pairs;
} pair_set;

static void release_pairs(pair_set *set) {
    for (int64_t k = 0; k < set->pairs; k++) {
        mos_predictions_release(&set->own[k]);
        mos_predictions_release(&set->other[k]);
    }
    mos_free(set->own);
    mos_free(set->other);
    mos_free(set->a);
    mos_free(set->b);
    *set = (pair_set){0};
}

static mosaic_status read_predictions(const mos_sweep_results *results, const char *folder,
                                      int64_t run, int split, mos_predictions *out) {
    char path[4096];
    mos_report_evaluation evaluation = {0};
    mosaic_status status;
    MOS_TRY(mos_sweep_evaluation_folder(results->plan, folder, run, split, path, sizeof path));
    MOS_GOTO(mos_report_evaluation_read(path, &evaluation));
    MOS_GOTO(mos_predictions_read(path, &evaluation, out));
done:
    mos_report_evaluation_release(&evaluation);
    return status;
}

static mosaic_status read_pairs(const mos_sweep_results *results, const char *folder,
                                const mos_sweep_row *row, int split, pair_set *set) {
    const mos_sweep_row *reference = &results->row[row->reference];
    int splits = results->plan->spec.splits;
    size_t most = (size_t)row->runs;
    MOS_TRY(mos_alloc(most, sizeof *set->own, "predictions", &set->own));
    MOS_TRY(mos_alloc(most, sizeof *set->other, "predictions", &set->other));
    MOS_TRY(mos_alloc(most, sizeof *set->a, "predictions", &set->a));
    MOS_TRY(mos_alloc(most, sizeof *set->b, "predictions", &set->b));
    for (int64_t k = 0; k < row->runs; k++) {
        if (!results->scores[(row->first + k) * splits + split].known ||
            !results->scores[(reference->first + k) * splits + split].known)
            continue;
        int64_t p = set->pairs++;
        MOS_TRY(read_predictions(results, folder, row->first + k, split, &set->own[p]));
        MOS_TRY(read_predictions(results, folder, reference->first + k, split, &set->other[p]));
        const char *why = mos_predictions_differ(&set->own[0], &set->own[p]);
        if (why == NULL) why = mos_predictions_differ(&set->own[0], &set->other[p]);
        if (why != NULL) return mos_fail(MOSAIC_ERR_DATA, "%s", why);
        set->a[p] = mos_predictions_input(&set->own[p]);
        set->b[p] = mos_predictions_input(&set->other[p]);
    }
    return MOSAIC_OK;
}

/* Seed by seed, metric m: the setting's score minus the reference's. */
static mosaic_status test_seeds(const mos_sweep_results *results, const mos_sweep_row *row,
                                int split, int m, mos_sweep_difference *out) {
    const mos_sweep_row *reference = &results->row[row->reference];
    int splits = results->plan->spec.splits;
    double *ahead = NULL;
    int64_t pairs = 0;
    MOS_TRY(mos_alloc((size_t)row->runs, sizeof *ahead, "differences of seeds", &ahead));
    for (int64_t k = 0; k < row->runs; k++) {
        const mos_sweep_scores *a = &results->scores[(row->first + k) * splits + split];
        const mos_sweep_scores *b = &results->scores[(reference->first + k) * splits + split];
        if (!a->known || !b->known) continue;
        double difference = a->metric[m] - b->metric[m];
        out->better += mos_sweep_metric_is_loss(m) ? difference < 0 : difference > 0;
        ahead[pairs++] = difference;
    }
    out->seeds = mos_paired_t_test(ahead, pairs);
    mos_free(ahead);
    return MOSAIC_OK;
}

static mosaic_status copy_differences(const mos_sweep_results *results, const mos_bootstrap *from,
                                      mos_sweep_row *row, int split) {
    const mos_interval *const found[MOS_SWEEP_METRICS] = {
        &from->macro_f1, &from->micro_f1, &from->macro_ap, &from->micro_ap, &from->hamming_loss};
    for (int m = 0; m < MOS_SWEEP_METRICS; m++) {
        mos_sweep_difference *out = &row->cell[split].difference[m];
        *out = (mos_sweep_difference){.interval = *found[m], .p_holm = NAN, .p_seeds_holm = NAN};
        MOS_TRY(test_seeds(results, row, split, m, out));
    }
    return MOSAIC_OK;
}

bool mos_sweep_differs(const mos_sweep_difference *difference) {
    return difference->p_holm < 0.05 && difference->p_seeds_holm < 0.05;
}

void mos_sweep_claim(const mos_sweep_difference *d, int64_t pairs, mos_text *out) {
    if (mos_sweep_differs(d))
        mos_text_add(out, ": differs, patches and seeds agree (effect %.1f)",
                     fabs(d->seeds.effect));
    else if (pairs < 2)
        mos_text_add(out, ": one seed, no difference is claimed");
    else if (d->p_holm < 0.05)
        mos_text_add(out, ": other patches would agree, other seeds may not; no difference is "
                          "claimed");
    else if (d->p_seeds_holm < 0.05)
        mos_text_add(out, ": other seeds would agree, other patches may not; no difference is "
                          "claimed");
    else
        mos_text_add(out, ": neither patches nor seeds make it a difference");
}

static mosaic_status compare_row(mos_sweep_results *results, const char *folder, mos_sweep_row *row,
                                 int split, int threads) {
    pair_set set = {0};
    mos_bootstrap found = {0};
    mos_bootstrap_options options = mos_bootstrap_defaults(threads);
    options.resamples = RESAMPLES;
    results->resamples = options.resamples;
    results->level = options.level;
    mosaic_status status = read_pairs(results, folder, row, split, &set);
    if (status == MOSAIC_ERR_DATA) { /* other samples cannot be compared; the means still can */
        mos_log(MOS_LOG_WARNING, "%s cannot be compared sample by sample: %s",
                results->plan->setting[row->setting].label, mosaic_error());
        status = MOSAIC_OK;
        goto done;
    }
    if (status != MOSAIC_OK || set.pairs == 0) goto done;
    MOS_GOTO(mos_bootstrap_paired_mean(set.a, set.b, set.pairs, &options, &found));
    row->cell[split].pairs = set.pairs;
    MOS_GOTO(copy_differences(results, &found, row, split));
done:
    mos_bootstrap_release(&found);
    release_pairs(&set);
    return status;
}

void mos_holm_adjust(const double *p, int64_t count, double *out) {
    int64_t known = 0;
    for (int64_t i = 0; i < count; i++) {
        known += isfinite(p[i]);
        out[i] = NAN;
    }
    double least = 0;
    for (int64_t step = 0; step < known; step++) {
        int64_t next = -1;
        for (int64_t i = 0; i < count; i++)
            if (isfinite(p[i]) && isnan(out[i]) && (next < 0 || p[i] < p[next])) next = i;
        least = fmax(least, fmin(1, p[next] * (double)(known - step)));
        out[next] = least;
    }
}

/* One family: all settings of a fraction, on one split, by one metric; of each test. */
static mosaic_status adjust(mos_sweep_results *results, int fraction, int split, int metric) {
    double *p = NULL, *adjusted = NULL;
    mosaic_status status;
    MOS_GOTO(mos_alloc((size_t)results->rows, sizeof *p, "p-values", &p));
    MOS_GOTO(mos_alloc((size_t)results->rows, sizeof *adjusted, "p-values", &adjusted));
    for (int test = 0; test < 2; test++) {
        for (int64_t i = 0; i < results->rows; i++) {
            const mos_sweep_cell *cell = &results->row[i].cell[split];
            const mos_sweep_difference *d = &cell->difference[metric];
            bool member = results->row[i].fraction == fraction && cell->pairs > 0;
            p[i] = !member ? NAN : test == 0 ? d->interval.p : d->seeds.p;
        }
        mos_holm_adjust(p, results->rows, adjusted);
        for (int64_t i = 0; i < results->rows; i++) {
            mos_sweep_difference *d = &results->row[i].cell[split].difference[metric];
            if (!isfinite(p[i])) continue;
            *(test == 0 ? &d->p_holm : &d->p_seeds_holm) = adjusted[i];
        }
    }
done:
    mos_free(p);
    mos_free(adjusted);
    return status;
}

static mosaic_status compare_all(mos_sweep_results *results, const char *folder, int threads) {
    const mos_sweep_spec *spec = &results->plan->spec;
    for (int64_t i = 0; i < results->rows; i++)
        for (int s = 0; s < spec->splits && results->row[i].reference >= 0; s++)
            MOS_TRY(compare_row(results, folder, &results->row[i], s, threads));
    for (int f = spec->fractions > 0 ? 0 : -1; f < spec->fractions; f++)
        for (int s = 0; s < spec->splits; s++)
            for (int m = 0; m < MOS_SWEEP_METRICS; m++)
                MOS_TRY(adjust(results, f, s, m));
    return MOSAIC_OK;
}

/* ---- the whole ---- */

mosaic_status mos_sweep_results_read(const mos_sweep_plan *plan, const char *folder, int threads,
                                     mos_sweep_results *out) {
    mosaic_status status;
    *out = (mos_sweep_results){.plan = plan};
    size_t runs = (size_t)plan->runs, splits = (size_t)plan->spec.splits;
    MOS_GOTO(mos_alloc(runs, sizeof *out->record, "records", &out->record));
    MOS_GOTO(mos_alloc(runs * splits, sizeof *out->scores, "scores", &out->scores));
    for (int64_t r = 0; r < plan->runs; r++)
        MOS_GOTO(read_run(out, folder, r));
    MOS_GOTO(list_rows(out));
    MOS_GOTO(read_floors(out, folder));
    MOS_GOTO(compare_all(out, folder, threads));
done:
    if (status != MOSAIC_OK) mos_sweep_results_release(out);
    return status;
}

void mos_sweep_results_release(mos_sweep_results *results) {
    mos_free(results->record);
    mos_free(results->scores);
    mos_free(results->row);
    release_floors(results);
    *results = (mos_sweep_results){0};
}
