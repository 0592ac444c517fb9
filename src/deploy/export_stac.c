/* A STAC item with the machine learning model extension, 1.5.2: what the model takes and gives, and
 * where its file is. */
#include "base/file.h"
#include "base/json_writer.h"
#include "deploy/export_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static void add_shape(mos_json *json, const char *key, const int64_t *shape, int rank,
                      const char *const *order) {
    mos_json_open(json, key, '{');
    mos_json_open(json, "shape", '[');
    for (int i = 0; i < rank; i++)
        mos_json_int(json, NULL, shape[i]);
    mos_json_close(json, ']');
    mos_json_open(json, "dim_order", '[');
    for (int i = 0; i < rank; i++)
        mos_json_string(json, NULL, order[i]);
    mos_json_close(json, ']');
    mos_json_string(json, "data_type", "float32");
    mos_json_close(json, '}');
}

static void add_input(const mos_model_card *card, int64_t m, mos_json *json) {
    static const char *const order[] = {"batch", "bands", "height", "width"};
    const mos_modality_spec *modality = &card->spec.modality[m];
    mos_json_open(json, NULL, '{');
    mos_json_string(json, "name", modality->name);
    mos_json_open(json, "bands", '[');
    for (int64_t b = 0; b < modality->bands; b++)
        mos_json_string(json, NULL, modality->band_names[b]);
    mos_json_close(json, ']');
    add_shape(json, "input", (const int64_t[]){-1, modality->bands, card->height, card->width}, 4,
              order);
    mos_json_open(json, "value_scaling", '[');
    for (int64_t b = 0; b < modality->bands; b++) {
        mos_json_open(json, NULL, '{');
        mos_json_string(json, "type", "z-score");
        mos_json_number(json, "mean", card->mean[m][b]);
        mos_json_number(json, "stddev", card->sd[m][b]);
        mos_json_close(json, '}');
    }
    mos_json_close(json, ']');
    mos_json_string(json, "resize_type", NULL);
    mos_json_close(json, '}');
}

static void add_task(mos_json *json, const char *key, const char *task) {
    mos_json_open(json, key, '[');
    mos_json_string(json, NULL, task);
    mos_json_close(json, ']');
}

static void add_outputs(const mos_export *job, mos_json *json) {
    static const char *const classes[] = {"batch", "class"}, *const rows[] = {"batch", "embedding"};
    const mos_model_card *card = &job->card;
    mos_json_open(json, "mlm:output", '[');
    if (card->spec.classes > 0) {
        mos_json_open(json, NULL, '{');
        mos_json_string(json, "name", "probabilities");
        mos_json_string(
            json, "description",
            "multi-label: the sigmoid of every class by itself, they do not sum to one");
        add_task(json, "tasks", "classification");
        add_shape(json, "result", (const int64_t[]){-1, card->spec.classes}, 2, classes);
        mos_json_open(json, "classification:classes", '[');
        for (int64_t l = 0; l < card->spec.classes; l++) {
            mos_json_open(json, NULL, '{');
            mos_json_int(json, "value", l);
            mos_json_string(json, "name", card->class_names[l]);
            mos_json_close(json, '}');
        }
        mos_json_close(json, ']');
        mos_json_close(json, '}');
    }
    mos_json_open(json, NULL, '{');
    mos_json_string(json, "name", "features");
    add_task(json, "tasks", "similarity-search");
    add_shape(json, "result",
              (const int64_t[]){-1, card->spec.modalities * mos_model_feature_size(job->model)}, 2,
              rows);
    mos_json_close(json, '}');
    mos_json_close(json, ']');
}

static void add_properties(const mos_export *job, const char *date, mos_json *json) {
    const mos_model_card *card = &job->card;
    int64_t count, total = 0;
    const mos_parameter *parameters = mos_model_parameters(job->model, &count);
    for (int64_t i = 0; i < count; i++)
        total += parameters[i].trainable ? parameters[i].count : 0;
    mos_json_open(json, "properties", '{');
    mos_json_string(json, "datetime", date);
    mos_json_string(json, "mlm:name", job->name);
    mos_json_string(json, "mlm:architecture", mos_encoder_names[card->spec.encoder]);
    mos_json_open(json, "mlm:tasks", '[');
    if (card->spec.classes > 0) mos_json_string(json, NULL, "classification");
    mos_json_string(json, NULL, "similarity-search");
    mos_json_close(json, ']');
    mos_json_string(json, "mlm:framework", "mosaic");
    mos_json_string(json, "mlm:framework_version", mosaic_version());
    mos_json_int(json, "mlm:total_parameters", total);
    mos_json_string(json, "mlm:accelerator", "amd64");
    mos_json_bool(json, "mlm:accelerator_constrained", false);
    mos_json_open(json, "mlm:input", '[');
    for (int64_t m = 0; m < card->spec.modalities; m++)
        add_input(card, m, json);
    mos_json_close(json, ']');
    add_outputs(job, json);
    mos_json_close(json, '}');
}

/* The model file as an absolute address, so that the item may lie anywhere. */
static mosaic_status add_assets(const mos_export *job, int64_t size, mos_json *json) {
    char checksum[80], *whole = realpath(job->path, NULL);
    mos_text href = {0};
    if (whole == NULL) return mos_fail_errno("find", job->path);
    mos_text_add(&href, "file://%s", whole);
    free(whole);
    /* a multihash: 12 is SHA-256, 20 its length */
    (void)snprintf(checksum, sizeof checksum, "1220%s", job->sha256);
    mos_json_open(json, "assets", '{');
    mos_json_open(json, "model", '{');
    mos_json_string(json, "href", href.failed ? "" : href.data);
    mos_json_string(json, "type", "application/octet-stream; framework=mosaic");
    mos_json_string(json, "title", "weights, bands, statistics, classes and thresholds");
    mos_json_open(json, "roles", '[');
    mos_json_string(json, NULL, "mlm:model");
    mos_json_string(json, NULL, "mlm:weights");
    mos_json_close(json, ']');
    mos_json_string(json, "mlm:artifact_type", "safetensors");
    mos_json_int(json, "file:size", size);
    mos_json_string(json, "file:checksum", checksum);
    mos_json_open(json, "bands", '[');
    for (int64_t m = 0; m < job->card.spec.modalities; m++)
        for (int64_t b = 0; b < job->card.spec.modality[m].bands; b++) {
            mos_json_open(json, NULL, '{');
            mos_json_string(json, "name", job->card.spec.modality[m].band_names[b]);
            mos_json_close(json, '}');
        }
    mos_json_close(json, ']');
    mos_json_close(json, '}');
    mos_json_close(json, '}');
    const bool failed = href.failed;
    mos_text_release(&href);
    return failed ? mos_fail_memory(0, "an address") : MOSAIC_OK;
}

mosaic_status mos_export_stac(mos_export *job) {
    struct stat about;
    struct tm utc;
    char date[64];
    mos_json json = {0};
    mosaic_status status = MOSAIC_OK;
    if (stat(job->path, &about) != 0) return mos_fail_errno("look at", job->path);
    if (gmtime_r(&about.st_mtime, &utc) == NULL ||
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        return mos_fail(MOSAIC_ERR_RUNTIME, "%s: its time is out of range", job->path);
    mos_json_open(&json, NULL, '{');
    mos_json_string(&json, "type", "Feature");
    mos_json_string(&json, "stac_version", "1.1.0");
    mos_json_open(&json, "stac_extensions", '[');
    mos_json_string(&json, NULL, "https://stac-extensions.github.io/mlm/v1.5.2/schema.json");
    mos_json_string(&json, NULL, "https://stac-extensions.github.io/file/v2.1.0/schema.json");
    mos_json_string(&json, NULL,
                    "https://stac-extensions.github.io/classification/v2.0.0/schema.json");
    mos_json_close(&json, ']');
    mos_json_string(&json, "id", job->name);
    mos_json_string(&json, "geometry", NULL); /* where it was trained is not in the model file */
    add_properties(job, date, &json);
    mos_json_open(&json, "links", '[');
    mos_json_close(&json, ']');
    MOS_GOTO(add_assets(job, about.st_size, &json));
    mos_json_close(&json, '}');
    MOS_GOTO(mos_json_end(&json));
    MOS_GOTO(mos_atomic_write(job->options->out, json.text.data, json.text.size));
    mos_text_add(job->files, "%s\n", job->options->out);
done:
    mos_json_release(&json);
    return status;
}
