/* provenance.json: what a result was made of. */
#include "train/train_state.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/summary.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void add_text(mos_text *out, const char *name, const char *value) {
    mos_text_add(out, ",\n  \"%s\": ", name);
    mos_text_add_json(out, value);
}

static void add_int(mos_text *out, const char *name, int64_t value) {
    mos_text_add(out, ",\n  \"%s\": %lld", name, (long long)value);
}

static void add_real(mos_text *out, const char *name, double value) {
    mos_text_add(out, ",\n  \"%s\": ", name);
    if (isfinite(value))
        mos_text_add_number(out, value);
    else
        mos_text_add(out, "null");
}

static void add_defects(const mos_trainer *trainer, mos_text *out) {
    const mos_defect *defects;
    int64_t count = mos_dataset_defects(trainer->dataset, &defects);
    mos_text_add(out, ",\n    \"defects\": [");
    for (int64_t i = 0; i < count; i++) {
        mos_text_add(out, "%s\n      {\"kind\": ", i == 0 ? "" : ",");
        mos_text_add_json(out, defects[i].kind);
        mos_text_add(out, ", \"count\": %lld, \"examples\": [", (long long)defects[i].count);
        for (int k = 0; k < 3 && defects[i].examples[k][0] != '\0'; k++) {
            if (k > 0) mos_text_add(out, ", ");
            mos_text_add_json(out, defects[i].examples[k]);
        }
        mos_text_add(out, "]}");
    }
    mos_text_add(out, "%s]", count == 0 ? "" : "\n    ");
}

static mosaic_status count_splits(const mos_trainer *trainer, int64_t counts[MOS_SPLIT_COUNT]) {
    int64_t count = mos_dataset_count(trainer->dataset);
    for (int64_t i = 0; i < count; i++) {
        mos_sample sample;
        MOS_TRY(mos_dataset_sample(trainer->dataset, i, &sample));
        counts[sample.split]++;
    }
    return MOSAIC_OK;
}

static mosaic_status add_data(const mos_trainer *trainer, mos_text *out) {
    const mos_settings_data *data = &trainer->config->settings.data;
    int64_t counts[MOS_SPLIT_COUNT] = {0};
    MOS_TRY(count_splits(trainer, counts));
    mos_text_add(out, ",\n  \"data\": {\n    \"format\": ");
    mos_text_add_json(out, mos_dataset_format(trainer->dataset));
    mos_text_add(out, ",\n    \"root\": ");
    mos_text_add_json(out, mos_dataset_root(trainer->dataset));
    mos_text_add(out, ",\n    \"fingerprint\": \"%s\"", trainer->fingerprint);
    for (int s = 0; s < MOS_SPLIT_COUNT; s++)
        mos_text_add(out, ",\n    \"split_%s\": %lld", mos_split_names[s], (long long)counts[s]);
    mos_text_add(out,
                 ",\n    \"classes\": %lld,\n    \"trained_on\": %lld,\n    \"labeled\": %lld,\n"
                 "    \"without_modality\": %lld,\n    \"validated_on\": %lld,\n"
                 "    \"labeled_fraction\": ",
                 (long long)trainer->classes, (long long)trainer->train_count,
                 (long long)trainer->labeled_count, (long long)trainer->dropped_rows,
                 (long long)trainer->valid_count);
    mos_text_add_number(out, data->labeled_fraction);
    mos_text_add(out, ",\n    \"draws\": ");
    mos_text draws = {0};
    mos_trainer_add_draws(trainer, &draws);
    mos_text_add_json(out, draws.size > 0 ? draws.data : "");
    mos_text_release(&draws);
    mos_text_add(out, ",\n    \"labeled_file\": %s",
                 trainer->keep == NULL ? "null" : "\"labeled.txt\"");
    const mos_split_origin *origin = mos_dataset_split_origin(trainer->dataset);
    mos_text_add(out, ",\n    \"split_file\": ");
    if (origin == NULL) {
        mos_text_add(out, "null");
    } else {
        mos_text_add(out, "{\"path\": ");
        mos_text_add_json(out, origin->path);
        mos_text_add(out,
                     ", \"sha256\": \"%s\", \"ids_sha256\": \"%s\", \"made_by\": ", origin->sha256,
                     origin->ids_sha256);
        mos_text_add_json(out, origin->made_by);
        mos_text_add(out, ", \"fold\": %lld}", (long long)trainer->config->data.fold);
    }
    mos_text_add(out, ",\n    \"limit_per_split\": %lld", (long long)trainer->config->data.limit);
    mos_text_add(out, ",\n    \"notices\": [");
    for (size_t i = 0; i < trainer->notices.count; i++) {
        mos_text_add(out, i == 0 ? "" : ", ");
        mos_text_add_json(out, trainer->notices.items[i]);
    }
    mos_text_add(out, "]");
    add_defects(trainer, out);
    mos_trainer_add_repairs(trainer, out);
    mos_text_add(out, "\n  }");
    return MOSAIC_OK;
}

static void add_now(mos_text *out) {
    struct tm utc;
    char when[32] = "";
    time_t now = time(NULL);
    if (gmtime_r(&now, &utc) != NULL) (void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    add_text(out, "written", when);
}

static void add_progress(const mos_trainer *trainer, mos_text *out) {
    const mos_train_position *at = &trainer->at;
    double seconds = (double)(mos_now_ns() - trainer->started_ns) * 1e-9;
    add_int(out, "steps", at->step);
    add_int(out, "epochs", at->epoch);
    add_int(out, "steps_configured", trainer->schedule.steps);
    add_int(out, "best_step", at->best_step);
    add_int(out, "best_epoch", at->best_epoch);
    add_real(out, "best_score", at->best_step > 0 ? at->best_score : NAN);
    add_text(out, "score",
             trainer->use_macro_ap ? (trainer->needs & MOS_NEEDS_LOGITS) != 0
                                         ? "macro AP on validation"
                                         : "macro AP of a linear probe on validation"
                                   : "minus the epoch's mean training loss");
    mos_text_add(out, ",\n  \"stopped_early\": %s", at->stopped_early ? "true" : "false");
    mos_text_add(out, ",\n  \"reduced\": %s", trainer->reduced ? "true" : "false");
    add_int(out, "resumed_from_step", trainer->resumed_from);
    add_int(out, "heap_calls_after_first_step", trainer->heap_calls);
    add_int(out, "steps_of_this_process", trainer->steps_here);
    add_real(out, "seconds_of_this_process", trainer->started_ns == 0 ? 0 : seconds);
}

static mosaic_status add_memory(const mos_trainer *trainer, mos_text *out) {
    mos_memory_report memory;
    mos_model_memory(trainer->model, &memory);
    mos_text_add(out,
                 ",\n  \"memory_bytes\": {\"parameters\": %zu, \"gradients\": %zu, "
                 "\"activations\": %zu, \"rows\": %zu, \"packed\": %zu, \"workspace\": %zu, "
                 "\"total\": %zu}",
                 memory.parameters, memory.gradients, memory.activations, memory.rows,
                 memory.packed, memory.workspace, memory.total);
    return MOSAIC_OK;
}

mosaic_status mos_trainer_provenance(const mos_trainer *trainer, const char *status_text) {
    const char *config = trainer->card->config == NULL ? "" : trainer->card->config;
    mos_text out = {0};
    char hash[65], path[4096];
    mosaic_status status;
    mos_sha256(config, strlen(config), hash);
    mos_text_add(&out, "{\n  \"format\": \"mosaic-provenance-1\"");
    add_text(&out, "mosaic_version", MOSAIC_VERSION);
    add_text(&out, "status", status_text);
    add_now(&out);
    add_text(&out, "method", trainer->objective_options.method->name);
    add_text(&out, "config_sha256", hash);
    add_int(&out, "seed", trainer->config->settings.train.seed);
    add_text(&out, "device", trainer->device->description);
    add_text(&out, "precision", mos_precision_names[trainer->device->precision]);
    add_int(&out, "threads", trainer->device->threads);
    add_int(&out, "loader_threads", trainer->loader_options.threads);
    add_text(&out, "init_from", trainer->init_from);
    add_text(&out, "init_sha256", trainer->init_from == NULL ? NULL : trainer->init_sha256);
    MOS_GOTO(add_data(trainer, &out));
    add_progress(trainer, &out);
    MOS_GOTO(add_memory(trainer, &out));
    mos_text_add(&out, "\n}\n");
    if (out.failed) {
        status = mos_fail_memory(out.size, "provenance");
        goto done;
    }
    MOS_GOTO(mos_trainer_path(trainer, "provenance.json", path, sizeof path));
    status = mos_atomic_write(path, out.data, out.size);
done:
    mos_text_release(&out);
    return status;
}

mosaic_status mos_trainer_data_summary(const mos_trainer *trainer) {
    mos_summary summary = {0};
    mos_text out = {0};
    char path[4096];
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_summary_make(trainer->dataset, &summary));
    MOS_GOTO(mos_summary_json(&summary, &out));
    MOS_GOTO(mos_trainer_path(trainer, "data.json", path, sizeof path));
    status = mos_atomic_write(path, out.data, out.size);
done:
    mos_text_release(&out);
    mos_summary_release(&summary);
    return status;
}
