#include "evaluate/result_detail.h"

#include "base/file.h"
#include "base/memory.h"
#include "evaluate/lag_repair.h"
#include "evaluate/result_cells.h"
#include "io/csv.h"
#include "score/confusability.h"
#include "score/roc_pr.h"

#include <math.h>

enum { CURVE_POINTS = 200 };
static const char *const confidence_names[] = {"0.5", "per_class"};
/* Scores at 0.5 (which 0) or at the thresholds tuned per class; threshold: [classes] scratch. */
static mos_score_input scores_at(const mos_result_set *set, int which, double *threshold) {
    for (int64_t j = 0; j < set->classes; j++)
        threshold[j] = which == 0 ? 0.5 : set->threshold[j];
    return (mos_score_input){set->probability, set->labels, threshold, set->n, set->classes};
}

static mos_bootstrap_options options_of(const mos_result_set *set) {
    mos_bootstrap_options options = mos_bootstrap_defaults(set->threads);
    if (set->resamples > 0) options.resamples = set->resamples;
    return options;
}

static mosaic_status measure_lag(const mos_result_set *set, const mos_score_input *input,
                                 mos_result_detail *out) {
    double *days = NULL;
    mosaic_status status = MOSAIC_OK;
    mos_bootstrap_options options = options_of(set);
    MOS_TRY(mos_lag_modalities(set->dataset, set->samples, set->n, out->lag_modality));
    if (out->lag_modality[1] < 0) return MOSAIC_OK;
    MOS_GOTO(mos_alloc((size_t)set->n, sizeof *days, "acquisition lags", &days));
    MOS_GOTO(mos_lag_days(set->dataset, set->samples, set->n, out->lag_modality[0],
                          out->lag_modality[1], days));
    MOS_GOTO(mos_lag_measure(input, days, mos_lag_edges, MOS_LAG_EDGES, &options, &out->lag));
done:
    mos_free(days);
    return status;
}

mosaic_status mos_result_detail_measure(const mos_result_set *set, mos_result_detail *out) {
    double *threshold = NULL;
    mos_bootstrap_options options = options_of(set);
    mosaic_status status = MOSAIC_OK;
    *out = (mos_result_detail){.lag_modality = {-1, -1}};
    size_t l = (size_t)set->classes;
    MOS_GOTO(mos_alloc(l, sizeof *threshold, "thresholds", &threshold));
    MOS_GOTO(mos_alloc(l, sizeof *out->class_calibration, "calibration", &out->class_calibration));
    for (int s = 0; s < (set->tuned ? 2 : 1); s++) {
        mos_score_input input = scores_at(set, s, threshold);
        MOS_GOTO(mos_bootstrap_scores(&input, &options, &out->confidence[s]));
        out->confidence_sets++;
    }
    mos_calibration_measure(set->probability, set->labels, set->n * set->classes, 1,
                            &out->calibration);
    for (int64_t j = 0; j < set->classes; j++)
        mos_calibration_measure(set->probability + j, set->labels + j, set->n, set->classes,
                                &out->class_calibration[j]);
    mos_score_input input = scores_at(set, set->tuned, threshold);
    MOS_GOTO(measure_lag(set, &input, out));
    status = mos_score_groups_measure(&input, set->dataset, set->samples, set->by, &options,
                                      &out->groups);
done:
    mos_free(threshold);
    if (status != MOSAIC_OK) mos_result_detail_release(out);
    return status;
}

void mos_result_detail_release(mos_result_detail *detail) {
    for (int s = 0; s < 2; s++)
        mos_bootstrap_release(&detail->confidence[s]);
    mos_free(detail->class_calibration);
    mos_lag_release(&detail->lag);
    mos_score_groups_release(&detail->groups);
    *detail = (mos_result_detail){.lag_modality = {-1, -1}};
}

/* ---- metrics.json ---- */

static void add_interval(mos_json *json, const char *key, const mos_interval *interval) {
    mos_json_open(json, key, '{');
    mos_json_number(json, "value", interval->value);
    mos_json_number(json, "low", interval->low);
    mos_json_number(json, "high", interval->high);
    mos_json_close(json, '}');
}

static void add_confidence(const mos_result_set *set, const mos_result_detail *detail,
                           mos_json *json) {
    mos_json_open(json, "confidence", '{');
    mos_json_string(json, "method", "BCa bootstrap over samples");
    mos_json_number(json, "level", detail->confidence[0].level);
    mos_json_int(json, "resamples", detail->confidence[0].resamples);
    mos_json_open(json, "thresholds", '{');
    for (int s = 0; s < detail->confidence_sets; s++) {
        mos_json_open(json, confidence_names[s], '{');
        for (int k = 0; k < MOS_RESULT_SCORES; k++)
            add_interval(json, mos_result_score_names[k],
                         mos_result_score(&detail->confidence[s], k));
        mos_json_close(json, '}');
    }
    mos_json_close(json, '}');
    const mos_bootstrap *last = &detail->confidence[detail->confidence_sets - 1];
    mos_json_string(json, "class_thresholds", confidence_names[detail->confidence_sets - 1]);
    mos_json_open(json, "classes", '[');
    for (int64_t j = 0; j < set->classes; j++) {
        mos_json_open(json, NULL, '{');
        mos_json_string(json, "name", set->class_names[j]);
        add_interval(json, "f1", &last->class_f1[j]);
        add_interval(json, "average_precision", &last->class_ap[j]);
        mos_json_close(json, '}');
    }
    mos_json_close(json, ']');
    mos_json_close(json, '}');
}

static void add_calibration(const mos_result_set *set, const mos_result_detail *detail,
                            mos_json *json) {
    const mos_calibration *c = &detail->calibration;
    mos_json_open(json, "calibration", '{');
    mos_json_int(json, "known_labels", c->known);
    mos_json_number(json, "ece", c->ece);
    mos_json_number(json, "largest_error", c->largest_error);
    mos_json_number(json, "brier", c->brier);
    mos_json_open(json, "bins", '[');
    for (int b = 0; b < MOS_CALIBRATION_BINS; b++) {
        mos_json_open(json, NULL, '{');
        mos_json_number(json, "confidence", c->bin[b].confidence);
        mos_json_number(json, "frequency", c->bin[b].frequency);
        mos_json_int(json, "count", c->bin[b].count);
        mos_json_close(json, '}');
    }
    mos_json_close(json, ']');
    mos_json_open(json, "classes", '[');
    for (int64_t j = 0; j < set->classes; j++) {
        mos_json_open(json, NULL, '{');
        mos_json_string(json, "name", set->class_names[j]);
        mos_json_number(json, "ece", detail->class_calibration[j].ece);
        mos_json_number(json, "brier", detail->class_calibration[j].brier);
        mos_json_close(json, '}');
    }
    mos_json_close(json, ']');
    mos_json_close(json, '}');
}

static const char *modality_name(const mos_result_set *set, int64_t m) {
    const mos_modality *modality;
    (void)mos_dataset_modalities(set->dataset, &modality);
    return modality[m].name;
}

static void add_repair(const mos_lag_repair *repair, mos_json *json) {
    mos_json_open(json, "repaired", '{');
    mos_json_int(json, "samples", repair->rows);
    mos_json_int(json, "pairs", repair->pairs);
    mos_json_int(json, "without_partner", repair->lonely);
    mos_json_int(json, "unknown", repair->unknown);
    add_interval(json, "error_increase_farthest", &repair->farthest);
    add_interval(json, "error_increase_per_day", &repair->per_day);
    mos_json_close(json, '}');
}

void mos_result_detail_json(const mos_result_set *set, const mos_result_detail *detail,
                            mos_json *json) {
    add_confidence(set, detail, json);
    add_calibration(set, detail, json);
    if (detail->lag_modality[1] < 0) return;
    mos_json_open(json, "lag", '{');
    mos_json_string(json, "between", modality_name(set, detail->lag_modality[0]));
    mos_json_string(json, "and", modality_name(set, detail->lag_modality[1]));
    mos_json_int(json, "unknown", detail->lag.unknown);
    add_interval(json, "error_rank_correlation", &detail->lag.trend);
    if (set->lag_repair != NULL) add_repair(set->lag_repair, json);
    mos_json_close(json, '}');
}

/* ---- tables ---- */

static mosaic_status add_example(const mos_result_set *set, int64_t row, mos_text *out) {
    mos_sample sample;
    mos_text_add_bytes(out, ",", 1);
    if (row < 0) return MOSAIC_OK;
    MOS_TRY(mos_dataset_sample(set->dataset, set->samples[row], &sample));
    mos_csv_add_field(out, sample.id);
    return MOSAIC_OK;
}

static mosaic_status add_pair(const mos_result_set *set, const mos_confusability *c, int64_t rank,
                              double threshold, mos_text *out) {
    const mos_confusion_pair *p = &c->pairs[rank];
    mos_text_add(out, "%lld,", (long long)(rank + 1));
    mos_csv_add_field(out, set->class_names[p->from]);
    mos_text_add_bytes(out, ",", 1);
    mos_csv_add_field(out, set->class_names[p->to]);
    mos_csv_add_number(out, threshold);
    mos_text_add(out, ",%lld,%lld", (long long)p->rows, (long long)p->confused);
    mos_csv_add_number(out, p->rate);
    mos_csv_add_number(out, p->base_rate);
    mos_csv_add_number(out, p->excess);
    mos_csv_add_number(out, p->lift);
    mos_csv_add_number(out, p->score_correlation);
    mos_csv_add_number(out, p->prototype_cosine);
    mos_text_add(out, c->nearest[p->from] == p->to ? ",1" : ",0");
    for (int e = 0; e < MOS_CONFUSION_EXAMPLES; e++)
        MOS_TRY(add_example(set, p->example[e], out));
    mos_text_add(out, "\n");
    return MOSAIC_OK;
}

static mosaic_status write_confusability(const mos_result_set *set, const char *folder) {
    double *threshold = NULL;
    mos_confusability c = {0};
    mos_text out = {0};
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_alloc((size_t)set->classes, sizeof *threshold, "thresholds", &threshold));
    mos_score_input input = scores_at(set, set->tuned, threshold);
    MOS_GOTO(mos_confusability_measure(&input, set->embedding, set->embedding_parts,
                                       set->embedding_size, &c));
    mos_text_add(&out, "rank,true_class,predicted_class,threshold,rows,confused,rate,base_rate,"
                       "excess,lift,score_correlation,prototype_cosine,nearest,example_1,example_2,"
                       "example_3\n");
    for (int64_t k = 0; k < c.count; k++)
        MOS_GOTO(add_pair(set, &c, k, threshold[c.pairs[k].to], &out));
    MOS_GOTO(mos_result_file(folder, "confusability.csv", &out));
done:
    mos_free(threshold);
    mos_confusability_release(&c);
    mos_text_release(&out);
    return status;
}

/* j = classes: all cells together. */
static mosaic_status add_curve(const mos_result_set *set, int64_t j, mos_text *out) {
    mos_score_curve curve = {0};
    bool all = j == set->classes;
    MOS_TRY(mos_score_curve_make(set->probability + (all ? 0 : j), set->labels + (all ? 0 : j),
                                 all ? set->n * set->classes : set->n, all ? 1 : set->classes,
                                 CURVE_POINTS, &curve));
    for (int64_t i = 0; i < curve.count; i++) {
        const mos_curve_point *p = &curve.points[i];
        mos_csv_add_field(out, all ? "(micro)" : set->class_names[j]);
        mos_csv_add_number(out, p->threshold);
        mos_csv_add_number(out, p->recall);
        mos_csv_add_number(out, p->false_positive_rate);
        mos_csv_add_number(out, p->precision);
        mos_text_add(out, "\n");
    }
    mos_score_curve_release(&curve);
    return MOSAIC_OK;
}

static mosaic_status write_curves(const mos_result_set *set, const char *folder) {
    mos_text out = {0};
    mosaic_status status;
    mos_text_add(&out, "class,threshold,recall,false_positive_rate,precision\n");
    status = add_curve(set, set->classes, &out);
    for (int64_t j = 0; j < set->classes && status == MOSAIC_OK; j++)
        status = add_curve(set, j, &out);
    if (status == MOSAIC_OK) status = mos_result_file(folder, "curves.csv", &out);
    mos_text_release(&out);
    return status;
}

/* The bins of all labels together, then of every class; empty ones have a count of 0. */
static void add_bins(const char *name, const mos_calibration *calibration, mos_text *out) {
    for (int b = 0; b < MOS_CALIBRATION_BINS; b++) {
        const mos_calibration_bin *bin = &calibration->bin[b];
        mos_csv_add_field(out, name);
        mos_csv_add_number(out, bin->confidence);
        mos_csv_add_number(out, bin->frequency);
        mos_text_add(out, ",%lld\n", (long long)bin->count);
    }
}

static mosaic_status write_calibration(const mos_result_set *set, const mos_result_detail *detail,
                                       const char *folder) {
    mos_text out = {0};
    mos_text_add(&out, "class,confidence,frequency,count\n");
    add_bins("(micro)", &detail->calibration, &out);
    for (int64_t j = 0; j < set->classes; j++)
        add_bins(set->class_names[j], &detail->class_calibration[j], &out);
    return mos_result_file(folder, "calibration.csv", &out);
}

static mosaic_status write_lag(const mos_lag *lag, const char *folder) {
    mos_text out = {0};
    mos_text_add(&out, "low_days,high_days,rows,mean_days");
    mos_result_score_header(&out);
    for (int64_t b = 0; b < lag->count; b++) {
        const mos_lag_bin *bin = &lag->bins[b];
        mos_text_add_number(&out, bin->low_days);
        mos_csv_add_number(&out, bin->high_days);
        mos_text_add(&out, ",%lld", (long long)bin->rows);
        mos_csv_add_number(&out, bin->mean_days);
        mos_result_score_cells(&out, bin->rows > 0 ? &bin->scores : NULL);
    }
    return mos_result_file(folder, "lag.csv", &out);
}

static mosaic_status write_repair(const mos_lag_repair *repair, const char *folder) {
    mos_text out = {0};
    mos_text_add(&out, "low_days,high_days,pairs,mean_days,error,error_low,error_high,increase,"
                       "increase_low,increase_high\n");
    for (int64_t b = 0; b < repair->count; b++) {
        const mos_lag_change *bin = &repair->bins[b];
        mos_text_add_number(&out, bin->low_days);
        mos_csv_add_number(&out, bin->high_days);
        mos_text_add(&out, ",%lld", (long long)bin->pairs);
        mos_csv_add_number(&out, bin->mean_days);
        mos_result_interval_cells(&out, &bin->error);
        mos_result_interval_cells(&out, &bin->increase);
        mos_text_add(&out, "\n");
    }
    return mos_result_file(folder, "lag_repair.csv", &out);
}

mosaic_status mos_result_detail_write(const mos_result_set *set, const mos_result_detail *detail,
                                      const char *folder) {
    MOS_TRY(write_confusability(set, folder));
    MOS_TRY(write_curves(set, folder));
    MOS_TRY(write_calibration(set, detail, folder));
    MOS_TRY(mos_score_groups_write(&detail->groups, folder));
    if (set->lag_repair != NULL) MOS_TRY(write_repair(set->lag_repair, folder));
    return detail->lag_modality[1] < 0 ? MOSAIC_OK : write_lag(&detail->lag, folder);
}
