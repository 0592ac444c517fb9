/* A folder as the Hugging Face hub wants it: configuration, weights, a card with scores, and the
 * network in PyTorch. */
#include "base/file.h"
#include "base/json_writer.h"
#include "base/memory.h"
#include "deploy/export_internal.h"
#include "deploy/huggingface_program.h"
#include "report/run_document.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void add_numbers(mos_json *json, const char *key, const double *values, int64_t count) {
    mos_json_open(json, key, '[');
    for (int64_t i = 0; i < count; i++)
        mos_json_number(json, NULL, values[i]);
    mos_json_close(json, ']');
}

static void add_labels(const mos_model_card *card, mos_json *json) {
    char number[24];
    mos_json_open(json, "id2label", '{');
    for (int64_t l = 0; l < card->spec.classes; l++) {
        (void)snprintf(number, sizeof number, "%lld", (long long)l);
        mos_json_string(json, number, card->class_names[l]);
    }
    mos_json_close(json, '}');
    mos_json_open(json, "label2id", '{');
    for (int64_t l = 0; l < card->spec.classes; l++)
        mos_json_int(json, card->class_names[l], l);
    mos_json_close(json, '}');
    if (!card->has_thresholds) {
        mos_json_string(json, "thresholds", NULL);
        return;
    }
    mos_json_open(json, "thresholds", '{');
    mos_json_number(json, "global", card->global_threshold);
    mos_json_open(json, "per_class", '{');
    for (int64_t l = 0; l < card->spec.classes; l++)
        mos_json_number(json, card->class_names[l], card->threshold[l]);
    mos_json_close(json, '}');
    mos_json_close(json, '}');
}

static void add_modalities(const mos_model_card *card, mos_json *json) {
    mos_json_open(json, "modalities", '[');
    for (int64_t m = 0; m < card->spec.modalities; m++) {
        const mos_modality_spec *modality = &card->spec.modality[m];
        mos_json_open(json, NULL, '{');
        mos_json_string(json, "name", modality->name);
        mos_json_open(json, "bands", '[');
        for (int64_t b = 0; b < modality->bands; b++)
            mos_json_string(json, NULL, modality->band_names[b]);
        mos_json_close(json, ']');
        add_numbers(json, "mean", card->mean[m], modality->bands);
        add_numbers(json, "sd", card->sd[m], modality->bands);
        mos_json_close(json, '}');
    }
    mos_json_close(json, ']');
}

static mosaic_status write_config(mos_export *job) {
    const mos_model_card *card = &job->card;
    mos_json json = {0};
    char path[4096];
    mos_json_open(&json, NULL, '{');
    mos_json_string(&json, "model_type", "mosaic");
    mos_json_string(&json, "problem_type", "multi_label_classification");
    mos_json_string(&json, "encoder", mos_encoder_names[card->spec.encoder]);
    mos_json_bool(&json, "stem_pool", card->spec.stem_pool);
    mos_json_string(&json, "fusion", mos_fusion_names[card->spec.fusion]);
    mos_json_string(&json, "missing", mos_missing_names[card->spec.missing]);
    mos_json_string(&json, "method", card->method);
    mos_json_int(&json, "num_labels", card->spec.classes);
    add_labels(card, &json);
    add_modalities(card, &json);
    mos_json_open(&json, "image_size", '[');
    mos_json_int(&json, NULL, card->height);
    mos_json_int(&json, NULL, card->width);
    mos_json_close(&json, ']');
    mos_json_string(&json, "source_sha256", job->sha256);
    mos_json_string(&json, "program", mosaic_version());
    mos_json_close(&json, '}');
    mosaic_status status = mos_json_end(&json);
    if (status == MOSAIC_OK) status = mos_export_place(job, "config.json", path, sizeof path);
    if (status == MOSAIC_OK) status = mos_atomic_write(path, json.text.data, json.text.size);
    mos_json_release(&json);
    return status;
}

/* ---- the card ---- */

typedef struct metric {
    const char *type, *name;
    double value;
} metric;

enum { METRICS = 4 };

static void list_metrics(const mos_report_evaluation *e, metric out[METRICS]) {
    const metric all[METRICS] = {
        {"average_precision", "macro AP", e->at[0].macro.average_precision},
        {"average_precision", "micro AP", e->at[0].micro.average_precision},
        {"f1", "macro F1, threshold 0.5", e->at[0].macro.f1},
        {"f1", "micro F1, threshold 0.5", e->at[0].micro.f1}};
    memcpy(out, all, sizeof all);
}

/* model-index: what the hub lists a model's results from. JSON strings are YAML strings. */
static void add_index(const mos_export *job, const mos_report_evaluation *e, mos_text *out) {
    metric metrics[METRICS];
    list_metrics(e, metrics);
    mos_text_add(out, "model-index:\n- name: ");
    mos_text_add_json(out, job->name);
    mos_text_add(out, "\n  results:\n  - task:\n      type: image-classification\n"
                      "      name: multi-label classification\n"
                      "    dataset:\n      name: ");
    mos_text_add_json(out, job->card.dataset[0] != '\0' ? job->card.dataset : "unknown");
    mos_text_add(out, "\n      type: satellite-patches\n      split: ");
    mos_text_add_json(out, e->split);
    mos_text_add(out, "\n    metrics:\n");
    for (int i = 0; i < METRICS; i++) {
        if (isnan(metrics[i].value)) continue;
        mos_text_add(out, "    - type: %s\n      name: ", metrics[i].type);
        mos_text_add_json(out, metrics[i].name);
        mos_text_add(out, "\n      value: ");
        mos_text_add_number(out, metrics[i].value);
        mos_text_add(out, "\n");
    }
}

/* A name in a cell of a table: what Markdown and HTML take for their own is escaped. */
static void add_cell(mos_text *out, const char *name) {
    for (; *name != '\0'; name++) {
        if (*name == '<')
            mos_text_add(out, "&lt;");
        else if (*name == '&')
            mos_text_add(out, "&amp;");
        else
            mos_text_add(out, strchr("|\\`*_[]", *name) != NULL ? "\\%c" : "%c", *name);
    }
}

static void add_scores(const mos_report_evaluation *e, mos_text *out) {
    metric metrics[METRICS];
    list_metrics(e, metrics);
    mos_text_add(out, "Over the whole split '%s', n = %lld", e->split, (long long)e->samples);
    if (e->skipped > 0) mos_text_add(out, ", %lld more were skipped", (long long)e->skipped);
    if (e->averaged >= 0)
        mos_text_add(out, "; macro means are over the %lld classes with positives",
                     (long long)e->averaged);
    mos_text_add(out, "%s.\n\n| metric | value |\n|---|---|\n",
                 e->reduced ? ". **A reduced run**: not all of it was trained or scored" : "");
    for (int i = 0; i < METRICS; i++)
        if (!isnan(metrics[i].value))
            mos_text_add(out, "| %s | %.4f |\n", metrics[i].name, metrics[i].value);
    mos_text_add(out, "\n| class | positives | AP |\n|---|---|---|\n");
    for (int64_t l = 0; l < e->class_count; l++) {
        mos_text_add(out, "| ");
        add_cell(out, e->classes[l].name);
        mos_text_add(out, " | %lld | ", (long long)e->classes[l].positives);
        if (isnan(e->classes[l].average_precision))
            mos_text_add(out, "none |\n");
        else
            mos_text_add(out, "%.4f |\n", e->classes[l].average_precision);
    }
}

static void add_inputs(const mos_model_card *card, mos_text *out) {
    mos_text_add(out, "\n## Input\n\nPatches of %lld x %lld pixels. Bands, in this order:\n\n",
                 (long long)card->height, (long long)card->width);
    for (int64_t m = 0; m < card->spec.modalities; m++) {
        const mos_modality_spec *modality = &card->spec.modality[m];
        mos_text_add(out, "- `%s`:", modality->name);
        for (int64_t b = 0; b < modality->bands; b++)
            mos_text_add(out, "%s %s", b == 0 ? "" : ",", modality->band_names[b]);
        mos_text_add(out, "\n");
    }
    mos_text_add(out,
                 "\nRadar in decibels; optical digital numbers without the +1000 of processing "
                 "baselines from 04.00 on. Mean and standard deviation of every band are in "
                 "`config.json`, and `modeling.py` applies them.\n");
}

static void fill_card(const mos_export *job, const mos_report_evaluation *e, mos_text *out) {
    mos_text_add(out, "---\nlibrary_name: pytorch\npipeline_tag: image-classification\ntags:\n"
                      "- multi-label\n- remote-sensing\n");
    for (int64_t m = 0; m < job->card.spec.modalities; m++) {
        const char *sensor = job->card.spec.modality[m].name;
        if (strcmp(sensor, "s1") == 0 || strcmp(sensor, "s2") == 0)
            mos_text_add(out, "- sentinel-%c\n", sensor[1]);
    }
    if (e != NULL) add_index(job, e, out);
    mos_text_add(out,
                 "---\n\n# %s\n\n%s, method `%s`, %lld classes, multi-label; trained with mosaic "
                 "%s for %lld epochs.\n\n",
                 job->name, mos_encoder_names[job->card.spec.encoder], job->card.method,
                 (long long)job->card.spec.classes, mosaic_version(), (long long)job->card.epochs);
    mos_text_add(out, "```python\nfrom modeling import Model\np = Model(\".\")({");
    for (int64_t m = 0; m < job->card.spec.modalities; m++)
        mos_text_add(out, "%s\"%s\": x%lld", m == 0 ? "" : ", ", job->card.spec.modality[m].name,
                     (long long)m + 1);
    mos_text_add(
        out, "})  # probabilities, in the order of config.json's id2label\n```\n\n## Scores\n\n");
    if (e != NULL)
        add_scores(e, out);
    else
        mos_text_add(out, "Not evaluated: there was no `eval/test` beside the model when this card "
                          "was written.\n");
    add_inputs(&job->card, out);
}

static mosaic_status write_card(mos_export *job) {
    char run[4096], folder[4096] = "", file[4096], path[4096];
    mos_report_evaluation evaluation = {0};
    mos_text text = {0};
    bool there = false;
    mosaic_status status = MOSAIC_OK;
    mos_export_run_folder(job, run, sizeof run);
    if (run[0] != '\0') {
        MOS_TRY(mos_path_join(folder, sizeof folder, run, "eval/test"));
        MOS_TRY(mos_path_join(file, sizeof file, folder, "metrics.json"));
        there = mos_path_exists(file);
    }
    if (there) MOS_TRY(mos_report_evaluation_read(folder, &evaluation));
    fill_card(job, there ? &evaluation : NULL, &text);
    mos_report_evaluation_release(&evaluation);
    MOS_GOTO(mos_export_place(job, "README.md", path, sizeof path));
    return mos_export_text(path, &text);
done:
    mos_text_release(&text);
    return status;
}

mosaic_status mos_export_huggingface(mos_export *job) {
    const mos_model_spec *spec = &job->card.spec;
    char path[4096];
    if (spec->classes == 0)
        return mos_fail(MOSAIC_ERR_UNSUPPORTED,
                        "%s has no head, so there is nothing to classify with: export it with --to "
                        "safetensors",
                        job->path);
    if (spec->fusion != MOS_FUSION_CONCAT)
        return mos_fail(MOSAIC_ERR_UNSUPPORTED,
                        "fusion '%s' is not in the PyTorch program of a Hugging Face folder, only "
                        "concat is: --to onnx has them all",
                        mos_fusion_names[spec->fusion]);
    MOS_TRY(mos_make_dirs(job->options->out));
    MOS_TRY(write_config(job));
    MOS_TRY(mos_export_place(job, "model.safetensors", path, sizeof path));
    MOS_TRY(mos_model_file_write(path, job->model, &job->card));
    MOS_TRY(write_card(job));
    MOS_TRY(mos_export_place(job, "modeling.py", path, sizeof path));
    return mos_atomic_write(path, mos_huggingface_program, strlen(mos_huggingface_program));
}
