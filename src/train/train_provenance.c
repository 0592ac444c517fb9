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

static void add_defects(const mos_dataset *set, mos_text *out) {
    const mos_defect *defects;
    int64_t count = mos_dataset_defects(set, &defects);
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

static mosaic_status count_splits(const mos_dataset *set, int64_t counts[MOS_SPLIT_COUNT]) {
    int64_t count = mos_dataset_count(set);
    for (int64_t i = 0; i < count; i++) {
        mos_sample sample;
        MOS_TRY(mos_dataset_sample(set, i, &sample));
        counts[sample.split]++;
    }
    return MOSAIC_OK;
}

static mosaic_status add_data(const mos_trainer *trainer, mos_text *out) {
    const mos_train_data *data = &trainer->data;
    const mos_config *config = trainer->job.config;
    int64_t counts[MOS_SPLIT_COUNT] = {0};
    MOS_TRY(count_splits(data->set, counts));
    mos_text_add(out, ",\n  \"data\": {\n    \"format\": ");
    mos_text_add_json(out, mos_dataset_format(data->set));
    mos_text_add(out, ",\n    \"root\": ");
    mos_text_add_json(out, mos_dataset_root(data->set));
    mos_text_add(out, ",\n    \"fingerprint\": \"%s\"", data->fingerprint);
    for (int s = 0; s < MOS_SPLIT_COUNT; s++)
        mos_text_add(out, ",\n    \"split_%s\": %lld", mos_split_names[s], (long long)counts[s]);
    mos_text_add(out,
                 ",\n    \"classes\": %lld,\n    \"trained_on\": %lld,\n    \"labeled\": %lld,\n"
                 "    \"without_modality\": %lld,\n    \"validated_on\": %lld,\n"
                 "    \"labeled_fraction\": ",
                 (long long)data->classes, (long long)data->train_count,
                 (long long)data->labeled_count, (long long)data->dropped_rows,
                 (long long)data->valid_count);
    mos_text_add_number(out, config->settings.data.labeled_fraction);
    mos_text_add(out, ",\n    \"draws\": ");
    mos_text draws = {0};
    mos_train_add_draws(data, &draws);
    mos_text_add_json(out, draws.size > 0 ? draws.data : "");
    mos_text_release(&draws);
    mos_text_add(out, ",\n    \"labeled_file\": %s",
                 data->keep == NULL ? "null" : "\"labeled.txt\"");
    const mos_split_origin *origin = mos_dataset_split_origin(data->set);
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
        mos_text_add(out, ", \"fold\": %lld}", (long long)config->data.fold);
    }
    mos_text_add(out, ",\n    \"limit_per_split\": %lld", (long long)config->data.limit);
    mos_text_add(out, ",\n    \"notices\": [");
    for (size_t i = 0; i < trainer->run.notices.count; i++) {
        mos_text_add(out, i == 0 ? "" : ", ");
        mos_text_add_json(out, trainer->run.notices.items[i]);
    }
    mos_text_add(out, "]");
    add_defects(data->set, out);
    mos_train_add_repairs(data, &trainer->at, out);
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
    double seconds = (double)(mos_now_ns() - trainer->clock.started_ns) * 1e-9;
    add_int(out, "steps", at->step);
    add_int(out, "epochs", at->epoch);
    add_int(out, "steps_configured", trainer->learner.schedule.steps);
    add_int(out, "best_step", at->best_step);
    add_int(out, "best_epoch", at->best_epoch);
    add_real(out, "best_score", at->best_step > 0 ? at->best_score : NAN);
    add_text(out, "score",
             trainer->data.use_macro_ap ? (trainer->job.needs & MOS_NEEDS_LOGITS) != 0
                                              ? "macro AP on validation"
                                              : "macro AP of a linear probe on validation"
                                        : "minus the epoch's mean training loss");
    mos_text_add(out, ",\n  \"stopped_early\": %s", at->stopped_early ? "true" : "false");
    mos_text_add(out, ",\n  \"reduced\": %s", trainer->run.reduced ? "true" : "false");
    add_int(out, "resumed_from_step", trainer->run.resumed_from);
    add_int(out, "heap_calls_after_first_step", trainer->clock.heap_calls);
    add_int(out, "steps_of_this_process", trainer->clock.steps_here);
    add_real(out, "seconds_of_this_process", trainer->clock.started_ns == 0 ? 0 : seconds);
}

static mosaic_status add_memory(const mos_model *model, mos_text *out) {
    mos_memory_report memory;
    mos_model_memory(model, &memory);
    mos_text_add(out,
                 ",\n  \"memory_bytes\": {\"parameters\": %zu, \"gradients\": %zu, "
                 "\"activations\": %zu, \"rows\": %zu, \"packed\": %zu, \"workspace\": %zu, "
                 "\"total\": %zu}",
                 memory.parameters, memory.gradients, memory.activations, memory.rows,
                 memory.packed, memory.workspace, memory.total);
    return MOSAIC_OK;
}

mosaic_status mos_trainer_provenance(const mos_trainer *trainer, const char *status_text) {
    const char *config = trainer->learner.card->config == NULL ? "" : trainer->learner.card->config;
    mos_text out = {0};
    char hash[65], path[4096];
    mosaic_status status;
    mos_sha256(config, strlen(config), hash);
    mos_text_add(&out, "{\n  \"format\": \"mosaic-provenance-1\"");
    add_text(&out, "mosaic_version", MOSAIC_VERSION);
    add_text(&out, "status", status_text);
    add_now(&out);
    add_text(&out, "method", trainer->job.objective.method->name);
    add_text(&out, "config_sha256", hash);
    add_int(&out, "seed", trainer->job.config->settings.train.seed);
    add_text(&out, "device", trainer->learner.device->description);
    add_text(&out, "precision", mos_precision_names[trainer->learner.device->precision]);
    add_int(&out, "threads", trainer->learner.device->threads);
    if (mos_comm_size(trainer->job.options->comm) > 1)
        add_text(&out, "ranks", mos_comm_description(trainer->job.options->comm));
    add_int(&out, "loader_threads", trainer->data.loader_options.threads);
    add_text(&out, "init_from", trainer->run.init_from);
    add_text(&out, "init_sha256", trainer->run.init_from == NULL ? NULL : trainer->run.init_sha256);
    MOS_GOTO(add_data(trainer, &out));
    add_progress(trainer, &out);
    MOS_GOTO(add_memory(trainer->learner.model, &out));
    mos_text_add(&out, "\n}\n");
    if (out.failed) {
        status = mos_fail_memory(out.size, "provenance");
        goto done;
    }
    MOS_GOTO(mos_train_path(&trainer->run, "provenance.json", path, sizeof path));
    status = mos_atomic_write(path, out.data, out.size);
done:
    mos_text_release(&out);
    return status;
}

mosaic_status mos_train_data_summary(const mos_train_data *data, const mos_train_run_files *run) {
    mos_summary summary = {0};
    mos_text out = {0};
    char path[4096];
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_summary_make(data->set, &summary));
    MOS_GOTO(mos_summary_json(&summary, &out));
    MOS_GOTO(mos_train_path(run, "data.json", path, sizeof path));
    status = mos_atomic_write(path, out.data, out.size);
done:
    mos_text_release(&out);
    mos_summary_release(&summary);
    return status;
}
