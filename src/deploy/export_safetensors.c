/* One file per modality with the names of torchvision's ResNet: it loads strictly into
 * torchvision.models.resnetXX with fc replaced by an identity, or, where the model has one modality
 * and its head is one linear layer, into one whose fc has as many outputs as there are classes. */
#include "deploy/export_internal.h"

#include "base/file.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/memory.h"
#include "io/safetensors.h"

#include <stdio.h>
#include <string.h>

enum { PAIRS = 5 };

typedef struct writer {
    mos_export *job;
    int64_t modality;
    mos_tensor_source *sources;
    size_t count;
    float *values;
    int64_t *counters;
} writer;

/* Is the head of this model what torchvision calls fc? */
static bool has_fc(const mos_model_card *card) {
    return card->spec.modalities == 1 && card->spec.fusion == MOS_FUSION_CONCAT &&
           card->spec.classes > 0;
}

/* torchvision's name of a tensor of this modality, or NULL: it is none of the network's. */
static const char *own_name(const writer *w, const mos_parameter *parameter) {
    const mos_model_card *card = &w->job->card;
    char prefix[MOS_NAME_SIZE];
    int size =
        snprintf(prefix, sizeof prefix, "backbones.%s.", card->spec.modality[w->modality].name);
    if (strncmp(parameter->name, prefix, (size_t)size) == 0) return parameter->name + size;
    if (!has_fc(card)) return NULL;
    return strcmp(parameter->name, "head.weight") == 0 ? "fc.weight"
           : strcmp(parameter->name, "head.bias") == 0 ? "fc.bias"
                                                       : NULL;
}

static mosaic_status gather(writer *w, const mos_parameter *parameters, int64_t count) {
    float *next = w->values;
    for (int64_t i = 0; i < count; i++) {
        const mos_parameter *parameter = &parameters[i];
        const char *name = own_name(w, parameter);
        if (name == NULL) continue;
        mos_tensor_source *source = &w->sources[w->count];
        *source = (mos_tensor_source){.name = name,
                                      .dtype = parameter->counter ? MOS_I64 : MOS_F32,
                                      .rank = parameter->counter ? 0 : parameter->rank,
                                      .data = next};
        memcpy(source->shape, parameter->shape, sizeof parameter->shape);
        MOS_TRY(mos_model_get(w->job->model, parameter, next));
        if (parameter->counter) {
            w->counters[w->count] = (int64_t)next[0];
            source->data = &w->counters[w->count];
        }
        next += parameter->count;
        w->count++;
    }
    return MOSAIC_OK;
}

/* What the tensors alone do not say. */
static mosaic_status describe(const writer *w, mos_json *json) {
    const mos_model_card *card = &w->job->card;
    const mos_modality_spec *modality = &card->spec.modality[w->modality];
    json->flat = true;
    mos_json_open(json, NULL, '{');
    mos_json_string(json, "modality", modality->name);
    mos_json_open(json, "bands", '[');
    for (int64_t b = 0; b < modality->bands; b++) {
        mos_json_open(json, NULL, '{');
        mos_json_string(json, "name", modality->band_names[b]);
        mos_json_number(json, "mean", card->mean[w->modality][b]);
        mos_json_number(json, "sd", card->sd[w->modality][b]);
        mos_json_close(json, '}');
    }
    mos_json_close(json, ']');
    if (has_fc(card)) {
        mos_json_open(json, "classes", '[');
        for (int64_t l = 0; l < card->spec.classes; l++)
            mos_json_string(json, NULL, card->class_names[l]);
        mos_json_close(json, ']');
    }
    mos_json_int(json, "height", card->height);
    mos_json_int(json, "width", card->width);
    mos_json_bool(json, "stem_pool", card->spec.stem_pool);
    mos_json_close(json, '}');
    return mos_json_end(json);
}

static mosaic_status write_modality(mos_export *job, int64_t m) {
    writer w = {.job = job, .modality = m};
    const mos_modality_spec *modality = &job->card.spec.modality[m];
    char name[64], path[4096];
    mos_json json = {0};
    mosaic_status status;
    int64_t count;
    size_t floats = 0;
    const mos_parameter *parameters = mos_model_parameters(job->model, &count);
    for (int64_t i = 0; i < count; i++)
        floats += (size_t)parameters[i].count;
    MOS_GOTO(mos_alloc((size_t)count, sizeof *w.sources, "a tensor list", &w.sources));
    MOS_GOTO(mos_alloc((size_t)count, sizeof *w.counters, "counters", &w.counters));
    MOS_GOTO(mos_alloc(floats, sizeof *w.values, "the model's weights", &w.values));
    MOS_GOTO(gather(&w, parameters, count));
    MOS_GOTO(describe(&w, &json));
    /* "format": "pt" is what transformers and timm ask for */
    const char *const pairs[2 * PAIRS] = {
        "format",        "pt",
        "architecture",  mos_encoder_names[job->card.spec.encoder],
        "input",         json.text.data,
        "source_sha256", job->sha256,
        "program",       mosaic_version()};
    (void)snprintf(name, sizeof name, "%s.safetensors", modality->name);
    MOS_GOTO(mos_export_place(job, name, path, sizeof path));
    MOS_GOTO(mos_safetensors_write(path, w.sources, w.count, pairs, PAIRS));
done:
    mos_json_release(&json);
    mos_free(w.sources);
    mos_free(w.counters);
    mos_free(w.values);
    return status;
}

mosaic_status mos_export_safetensors(mos_export *job) {
    const mos_model_spec *spec = &job->card.spec;
    MOS_TRY(mos_make_dirs(job->options->out));
    for (int64_t m = 0; m < spec->modalities; m++)
        MOS_TRY(write_modality(job, m));
    if (spec->classes > 0 && !has_fc(&job->card))
        mos_log(MOS_LOG_NOTICE,
                "the head scores all modalities together and is in none of these files: it stays "
                "in %s as head.*%s",
                job->path, spec->fusion == MOS_FUSION_CONCAT ? "" : " and fusion.*");
    if (!spec->stem_pool)
        mos_log(MOS_LOG_NOTICE,
                "the encoder has no max-pool: set model.maxpool = torch.nn.Identity()");
    return MOSAIC_OK;
}
