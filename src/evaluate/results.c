#include "evaluate/results.h"

#include "base/file.h"
#include "base/json_writer.h"
#include "base/memory.h"
#include "evaluate/modality_ablation.h"
#include "evaluate/result_cells.h"
#include "evaluate/result_detail.h"
#include "io/csv.h"
#include "score/metrics.h"

#include <math.h>
#include <stdio.h>

enum { THRESHOLD_SETS = 3 }; /* 0.5, one tuned for all, one tuned per class */
static const char *const set_names[THRESHOLD_SETS] = {"0.5", "global", "per_class"};

static void add_scores(mos_json *json, const char *key, const mos_scores *s) {
    mos_json_open(json, key, '{');
    mos_json_number(json, "precision", s->precision);
    mos_json_number(json, "recall", s->recall);
    mos_json_number(json, "f1", s->f1);
    mos_json_number(json, "f2", s->f2);
    if (!isnan(s->average_precision))
        mos_json_number(json, "average_precision", s->average_precision);
    if (!isnan(s->roc_auc)) mos_json_number(json, "roc_auc", s->roc_auc);
    mos_json_close(json, '}');
}

static void add_metrics(mos_json *json, const char *key, const mos_metrics *m) {
    mos_json_open(json, key, '{');
    add_scores(json, "micro", &m->micro);
    add_scores(json, "macro", &m->macro);
    add_scores(json, "macro_all", &m->macro_all);
    add_scores(json, "sample", &m->sample);
    mos_json_number(json, "hamming_loss", m->hamming_loss);
    mos_json_number(json, "subset_accuracy", m->subset_accuracy);
    mos_json_int(json, "zero_divisions", m->zero_divisions);
    mos_json_close(json, '}');
}

/* What data.policy and data.constant_bands left out, filled or masked on the way. */
static void add_repairs(mos_json *json, const mos_result_set *set) {
    const mos_repairs *repairs = &set->repairs;
    mos_json_string(json, "policy", set->policy);
    mos_json_int(json, "skipped_samples", repairs->skipped);
    mos_json_int(json, "unreadable_samples", repairs->unreadable);
    mos_json_int(json, "constant_skipped_samples", repairs->constant_skipped);
    mos_json_int(json, "absent_modalities", repairs->absent_modalities);
    mos_json_int(json, "invalid_pixels", repairs->not_finite_pixels + repairs->nodata_pixels);
    mos_json_int(json, "not_finite_pixels", repairs->not_finite_pixels);
    mos_json_int(json, "nodata_pixels", repairs->nodata_pixels);
    mos_json_string(json, "constant_band_policy", set->constant_bands);
    mos_json_int(json, "constant_bands", repairs->constant_bands);
}

/* Classes that had too few positives for a threshold of their own (score/metrics.h). */
static int64_t count_global(const mos_result_set *set) {
    int64_t count = 0;
    for (int64_t j = 0; j < set->classes; j++)
        count += set->threshold[j] == set->global_threshold;
    return count;
}

static mosaic_status write_metrics(const mos_result_set *set, const mos_metrics *metrics, int sets,
                                   const mos_result_detail *detail, const char *folder) {
    mos_json json = {0};
    char path[4096];
    mosaic_status status = MOSAIC_OK;
    mos_json_open(&json, NULL, '{');
    mos_json_string(&json, "model", set->model);
    mos_json_string(&json, "method", set->method);
    mos_json_string(&json, "arithmetic", set->arithmetic);
    mos_json_string(&json, "scorer", set->scorer);
    mos_json_string(&json, "split", set->split);
    mos_json_bool(&json, "reduced", set->reduced);
    mos_json_int(&json, "samples", set->n);
    mos_json_int(&json, "known_labels", metrics[0].known);
    mos_json_int(&json, "classes_averaged", metrics[0].averaged);
    mos_json_int(&json, "classes_without_positives", metrics[0].absent);
    if (set->tuned) mos_json_int(&json, "classes_at_global_threshold", count_global(set));
    add_repairs(&json, set);
    mos_json_string(&json, "modalities", set->modalities);
    mos_json_int(&json, "lacking_modalities", set->lacking_modalities);
    mos_json_open(&json, "thresholds", '{');
    for (int s = 0; s < sets; s++)
        add_metrics(&json, set_names[s], &metrics[s]);
    mos_json_close(&json, '}');
    mos_json_open(&json, "classes", '[');
    for (int64_t j = 0; j < set->classes; j++) {
        const mos_class_metrics *c = &metrics[0].per_class[j];
        mos_json_open(&json, NULL, '{');
        mos_json_string(&json, "name", set->class_names[j]);
        mos_json_int(&json, "positives", c->positives);
        mos_json_int(&json, "negatives", c->negatives);
        mos_json_number(&json, "average_precision", c->scores.average_precision);
        mos_json_number(&json, "roc_auc", c->scores.roc_auc);
        for (int s = 0; s < sets; s++) {
            mos_json_open(&json, set_names[s], '{');
            mos_json_number(&json, "threshold", metrics[s].per_class[j].threshold);
            mos_json_number(&json, "precision", metrics[s].per_class[j].scores.precision);
            mos_json_number(&json, "recall", metrics[s].per_class[j].scores.recall);
            mos_json_number(&json, "f1", metrics[s].per_class[j].scores.f1);
            mos_json_close(&json, '}');
        }
        mos_json_close(&json, '}');
    }
    mos_json_close(&json, ']');
    if (metrics[0].known > 0) mos_result_detail_json(set, detail, &json);
    if (set->ablation != NULL) mos_modality_ablation_json(set->ablation, &json);
    mos_json_close(&json, '}');
    MOS_GOTO(mos_json_end(&json));
    MOS_GOTO(mos_path_join(path, sizeof path, folder, "metrics.json"));
    MOS_GOTO(mos_atomic_write(path, json.text.data, json.text.size));
done:
    mos_json_release(&json);
    return status;
}

static mosaic_status write_per_class(const mos_result_set *set, const mos_metrics *metrics,
                                     int sets, const char *folder) {
    mos_text out = {0};
    mos_text_add(&out, "class,positives,negatives,average_precision,roc_auc");
    for (int s = 0; s < sets; s++)
        mos_text_add(&out, ",threshold[%s],precision[%s],recall[%s],f1[%s],f2[%s],predicted[%s]",
                     set_names[s], set_names[s], set_names[s], set_names[s], set_names[s],
                     set_names[s]);
    mos_text_add(&out, "\n");
    for (int64_t j = 0; j < set->classes; j++) {
        const mos_class_metrics *first = &metrics[0].per_class[j];
        mos_csv_add_field(&out, set->class_names[j]);
        mos_text_add(&out, ",%lld,%lld", (long long)first->positives, (long long)first->negatives);
        mos_csv_add_number(&out, first->scores.average_precision);
        mos_csv_add_number(&out, first->scores.roc_auc);
        for (int s = 0; s < sets; s++) {
            const mos_class_metrics *c = &metrics[s].per_class[j];
            mos_csv_add_number(&out, c->threshold);
            mos_csv_add_number(&out, c->scores.precision);
            mos_csv_add_number(&out, c->scores.recall);
            mos_csv_add_number(&out, c->scores.f1);
            mos_csv_add_number(&out, c->scores.f2);
            mos_text_add(&out, ",%lld", (long long)c->predicted);
        }
        mos_text_add(&out, "\n");
    }
    return mos_result_file(folder, "per_class.csv", &out);
}

/* One row a sample: id, then per class the label (empty: unknown) and the probability. */
static mosaic_status write_predictions(const mos_result_set *set, const char *folder) {
    mos_text out = {0};
    char name[160];
    mos_text_add(&out, "id");
    for (int kind = 0; kind < 2; kind++)
        for (int64_t j = 0; j < set->classes; j++) {
            snprintf(name, sizeof name, "%s:%s", kind ? "probability" : "label",
                     set->class_names[j]);
            mos_text_add_bytes(&out, ",", 1);
            mos_csv_add_field(&out, name);
        }
    mos_text_add(&out, "\n");
    for (int64_t i = 0; i < set->n; i++) {
        mos_sample sample;
        mosaic_status status = mos_dataset_sample(set->dataset, set->samples[i], &sample);
        if (status != MOSAIC_OK) {
            mos_text_release(&out);
            return status;
        }
        mos_csv_add_field(&out, sample.id);
        for (int64_t j = 0; j < set->classes; j++) {
            int8_t label = set->labels[i * set->classes + j];
            mos_text_add(&out, label < 0 ? "," : label ? ",1" : ",0");
        }
        for (int64_t j = 0; j < set->classes; j++) {
            char number[32];
            mos_text_add(&out, ",%s",
                         mos_format_double(number, sizeof number,
                                           (double)set->probability[i * set->classes + j], 9));
        }
        mos_text_add(&out, "\n");
    }
    return mos_result_file(folder, "predictions.csv", &out);
}

static mosaic_status compute_set(const mos_result_set *set, int which, double *threshold,
                                 mos_metrics *out) {
    for (int64_t j = 0; j < set->classes; j++)
        threshold[j] = which == 0 ? 0.5 : which == 1 ? set->global_threshold : set->threshold[j];
    return mos_metrics_compute(set->probability, set->labels, set->n, set->classes, threshold, out);
}

static void summarise(const mos_metrics metrics[THRESHOLD_SETS], bool is_tuned,
                      mos_result_summary *out) {
    const mos_metrics *half = &metrics[0], *tuned = &metrics[2];
    *out = (mos_result_summary){.known_labels = half->known,
                                .classes = half->classes,
                                .averaged = half->averaged,
                                .macro_f1 = half->macro.f1,
                                .all_f1 = half->macro_all.f1,
                                .micro_f1 = half->micro.f1,
                                .macro_ap = half->macro.average_precision,
                                .all_ap = half->macro_all.average_precision,
                                .micro_ap = half->micro.average_precision,
                                .macro_precision = half->macro.precision,
                                .all_precision = half->macro_all.precision,
                                .micro_precision = half->micro.precision,
                                .hamming_loss = half->hamming_loss,
                                .tuned_macro_f1 = is_tuned ? tuned->macro.f1 : NAN,
                                .tuned_all_f1 = is_tuned ? tuned->macro_all.f1 : NAN,
                                .tuned_micro_f1 = is_tuned ? tuned->micro.f1 : NAN,
                                .tuned_hamming_loss = is_tuned ? tuned->hamming_loss : NAN};
}

mosaic_status mos_results_write(const mos_result_set *set, const char *folder,
                                mos_result_summary *summary) {
    mos_metrics metrics[THRESHOLD_SETS] = {{0}};
    mos_result_detail detail = {0};
    double *threshold = NULL;
    int sets = set->tuned ? THRESHOLD_SETS : 1;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_make_dirs(folder));
    MOS_GOTO(mos_alloc((size_t)set->classes, sizeof *threshold, "thresholds", &threshold));
    for (int s = 0; s < sets; s++)
        MOS_GOTO(compute_set(set, s, threshold, &metrics[s]));
    bool known = metrics[0].known > 0;
    if (known) MOS_GOTO(mos_result_detail_measure(set, &detail));
    MOS_GOTO(write_metrics(set, metrics, sets, &detail, folder));
    MOS_GOTO(write_per_class(set, metrics, sets, folder));
    MOS_GOTO(write_predictions(set, folder));
    if (known) MOS_GOTO(mos_result_detail_write(set, &detail, folder));
    if (set->ablation != NULL) MOS_GOTO(mos_modality_ablation_write(set->ablation, folder));
    summarise(metrics, set->tuned, summary);
    summary->skipped = set->repairs.skipped;
done:
    mos_free(threshold);
    mos_result_detail_release(&detail);
    for (int s = 0; s < THRESHOLD_SETS; s++)
        mos_metrics_release(&metrics[s]);
    return status;
}
