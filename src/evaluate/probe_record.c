#include "evaluate/probe_record.h"

#include "base/file.h"
#include "base/json_writer.h"
#include "base/memory.h"

#include <math.h>

mosaic_status mos_probe_record_add(mos_probe_record *record, double value, double l2,
                                   int64_t neighbours, double temperature, double score) {
    MOS_TRY(mos_grow(&record->items, &record->capacity, record->count + 1, sizeof *record->items,
                     "candidates of a probe"));
    record->items[record->count] = (mos_probe_candidate){value, l2, neighbours, temperature, score};
    if (score > record->items[record->best].score) record->best = record->count;
    record->count++;
    return MOSAIC_OK;
}

const mos_probe_candidate *mos_probe_record_best(const mos_probe_record *record) {
    return &record->items[record->best];
}

void mos_probe_record_release(mos_probe_record *record) {
    mos_free(record->items);
    *record = (mos_probe_record){0};
}

static void add_candidate(mos_json *json, const char *key, const mos_probe_options *options,
                          const mos_probe_candidate *candidate) {
    mos_json_open(json, key, '{');
    if (options->kind == MOS_PROBE_KNN) {
        mos_json_int(json, "neighbours", candidate->neighbours);
        mos_json_number(json, "temperature", candidate->temperature);
    } else {
        if (options->inverse) mos_json_number(json, "C", candidate->value);
        mos_json_number(json, "l2", candidate->l2);
    }
    mos_json_number(json, "validation_macro_ap", candidate->score);
    mos_json_close(json, '}');
}

static void add_solver(mos_json *json, const mos_linear_probe_options *linear) {
    bool adamw = linear->solver == MOS_PROBE_ADAMW;
    mos_json_string(json, "solver", adamw ? "adamw" : "lbfgs");
    if (!adamw) {
        mos_json_int(json, "iterations", linear->iterations);
        return;
    }
    mos_json_int(json, "epochs", linear->epochs);
    mos_json_int(json, "batch", linear->batch);
    mos_json_number(json, "lr", linear->lr);
    mos_json_number(json, "weight_decay", linear->weight_decay);
}

static void add_thresholds(mos_json *json, const mos_session *session, const double *threshold,
                           double global) {
    const char *const *names;
    int64_t classes = mos_dataset_classes(session->dataset, &names);
    mos_json_open(json, "thresholds", '{');
    mos_json_number(json, "global", global);
    mos_json_open(json, "per_class", '{');
    for (int64_t j = 0; j < classes; j++)
        mos_json_number(json, names[j], threshold[j]);
    mos_json_close(json, '}');
    mos_json_close(json, '}');
}

mosaic_status mos_probe_record_write(const mos_probe_record *record,
                                     const mos_probe_options *options, const mos_session *session,
                                     const bool *used, int64_t labelled, const double *threshold,
                                     double global, const char *folder) {
    char path[4096], hash[65];
    mos_json json = {0};
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_sha256_file(session->model_path, hash));
    mos_json_open(&json, NULL, '{');
    mos_json_string(&json, "format", "mosaic-probe-1");
    mos_json_string(&json, "kind", options->kind == MOS_PROBE_KNN ? "knn" : "linear");
    if (options->kind == MOS_PROBE_LINEAR) add_solver(&json, &options->linear);
    mos_json_string(&json, "features", mos_probe_features_names[options->features]);
    mos_json_string(&json, "model", session->model_path);
    mos_json_string(&json, "model_sha256", hash);
    mos_json_string(&json, "arithmetic", mos_precision_names[session->device->precision]);
    mos_json_open(&json, "modalities", '[');
    for (int64_t m = 0; m < session->card.spec.modalities; m++)
        if (used[m]) mos_json_string(&json, NULL, session->card.spec.modality[m].name);
    mos_json_close(&json, ']');
    mos_json_int(&json, "labelled_rows", labelled);
    mos_json_number(&json, "labelled_fraction", options->fraction < 0 ? NAN : options->fraction);
    mos_json_int(&json, "labelled_seed", (int64_t)options->seed);
    add_candidate(&json, "chosen", options, mos_probe_record_best(record));
    if (record->refit_rows > 0) {
        mos_json_open(&json, "refit", '{');
        mos_json_string(&json, "rows", "labelled training rows and validation");
        mos_json_int(&json, "n", record->refit_rows);
        mos_json_number(&json, "l2", record->refit_l2);
        mos_json_close(&json, '}');
    }
    mos_json_open(&json, "candidates", '[');
    for (size_t i = 0; i < record->count; i++)
        add_candidate(&json, NULL, options, &record->items[i]);
    mos_json_close(&json, ']');
    if (threshold) add_thresholds(&json, session, threshold, global);
    mos_json_close(&json, '}');
    MOS_GOTO(mos_json_end(&json));
    MOS_GOTO(mos_path_join(path, sizeof path, folder, "probe.json"));
    MOS_GOTO(mos_atomic_write(path, json.text.data, json.text.size));
done:
    mos_json_release(&json);
    return status;
}
