/* Writing and strict loading of model files. */
#include "artifact/model_file.h"

#include "artifact/model_card.h"
#include "artifact/model_file_tensor.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>

mosaic_status mos_model_file_resolve(const char *path, char *buffer, size_t size) {
    static const char *const places[] = {"model.safetensors", "model/model.safetensors"};
    if (!mos_path_is_dir(path)) return mos_path_join(buffer, size, path, "");
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        MOS_TRY(mos_path_join(buffer, size, path, places[i]));
        if (mos_path_exists(buffer)) return MOSAIC_OK;
    }
    char checkpoints[4096];
    bool unfinished =
        mos_path_join(checkpoints, sizeof checkpoints, path, "checkpoints") == MOSAIC_OK &&
        mos_path_is_dir(checkpoints);
    return mos_fail(MOSAIC_ERR_IO, "no model in folder '%s': wanted model.safetensors or %s%s",
                    path, places[1],
                    unfinished ? " (the run has checkpoints but has not finished)" : "");
}

/* ---- writing ---- */

static size_t total_floats(const mos_parameter *parameters, int64_t count) {
    size_t total = 0;
    for (int64_t i = 0; i < count; i++)
        total += (size_t)parameters[i].count;
    return total;
}

mosaic_status mos_model_file_write(const char *path, mos_model *model, const mos_model_card *card) {
    int64_t count;
    const mos_parameter *parameters = mos_model_parameters(model, &count);
    mos_tensor_source *sources = NULL;
    float *values = NULL;
    int64_t *counters = NULL;
    mos_card_texts texts = {0};
    mosaic_status status;
    MOS_GOTO(mos_alloc((size_t)count, sizeof *sources, "a tensor list", &sources));
    MOS_GOTO(mos_alloc((size_t)count, sizeof *counters, "counters", &counters));
    MOS_GOTO(
        mos_alloc(total_floats(parameters, count), sizeof *values, "the model's weights", &values));
    MOS_GOTO(mos_card_encode(card, &texts));
    float *next = values;
    for (int64_t i = 0; i < count; i++) {
        const mos_parameter *parameter = &parameters[i];
        mos_tensor_source *source = &sources[i];
        MOS_GOTO(mos_model_get(model, parameter, next));
        *source = (mos_tensor_source){.name = parameter->name,
                                      .dtype = parameter->counter ? MOS_I64 : MOS_F32,
                                      .rank = mos_parameter_file_rank(parameter),
                                      .data = next};
        memcpy(source->shape, parameter->shape, sizeof parameter->shape);
        if (parameter->counter) {
            counters[i] = (int64_t)next[0];
            source->data = &counters[i];
        }
        next += parameter->count;
    }
    status = mos_safetensors_write(path, sources, (size_t)count, texts.pairs, texts.count);
done:
    mos_card_texts_release(&texts);
    mos_free(values);
    mos_free(counters);
    mos_free(sources);
    return status;
}

/* ---- reading ---- */

mosaic_status mos_model_file_card(const char *path, mos_model_card *card) {
    char file_path[4096];
    mos_safetensors file = {0};
    *card = (mos_model_card){0};
    MOS_TRY(mos_model_file_resolve(path, file_path, sizeof file_path));
    MOS_TRY(mos_safetensors_open(file_path, &file));
    mosaic_status status = mos_card_decode(&file, file_path, card);
    mos_safetensors_release(&file);
    if (status != MOSAIC_OK) mos_model_card_release(card);
    return status;
}

static mosaic_status fail_shape(const char *path, const mos_tensor_view *tensor,
                                const mos_parameter *parameter) {
    char wanted[128], found[128];
    int rank = mos_parameter_file_rank(parameter);
    return mos_fail(MOSAIC_ERR_DATA, "%s: tensor '%s' wants shape %s, found %s", path,
                    parameter->name, mos_shape_text(rank, parameter->shape, wanted, sizeof wanted),
                    mos_shape_text(tensor->rank, tensor->shape, found, sizeof found));
}

/* Every tensor is looked up before the first is copied, so that a refused file changes nothing. */
static mosaic_status check_names(const char *path, const mos_safetensors *file, mos_model *model) {
    int64_t count, missing = 0, used = 0;
    const mos_parameter *parameters = mos_model_parameters(model, &count);
    const char *first = NULL;
    for (int64_t i = 0; i < count; i++) {
        const mos_tensor_view *tensor = mos_safetensors_find(file, parameters[i].name);
        if (tensor == NULL) {
            if (first == NULL) first = parameters[i].name;
            missing++;
        } else if (!mos_tensor_fits(tensor, &parameters[i])) {
            return fail_shape(path, tensor, &parameters[i]);
        } else {
            used++;
        }
    }
    if (missing > 0)
        return mos_fail(MOSAIC_ERR_DATA, "%s: %lld of the model's %lld tensors are missing: '%s'%s",
                        path, (long long)missing, (long long)count, first,
                        missing > 1 ? " and others" : "");
    for (size_t i = 0; i < file->count && used < (int64_t)file->count; i++) {
        if (mos_model_find(model, file->tensors[i].name) == NULL)
            return mos_fail(MOSAIC_ERR_DATA,
                            "%s: %lld tensors do not belong to the model, the first is '%s'", path,
                            (long long)((int64_t)file->count - used), file->tensors[i].name);
    }
    return MOSAIC_OK;
}

static mosaic_status copy_all(const char *path, const mos_safetensors *file, mos_model *model) {
    int64_t count;
    size_t largest = 0;
    const mos_parameter *parameters = mos_model_parameters(model, &count);
    for (int64_t i = 0; i < count; i++) {
        if ((size_t)parameters[i].count > largest) largest = (size_t)parameters[i].count;
    }
    float *values = NULL;
    mosaic_status status = mos_alloc(largest, sizeof *values, "a tensor", &values);
    for (int64_t i = 0; i < count && status == MOSAIC_OK; i++) {
        status = mos_tensor_floats(mos_safetensors_find(file, parameters[i].name), path, values);
        if (status == MOSAIC_OK) mos_model_put(model, &parameters[i], values);
    }
    mos_free(values);
    return status;
}

mosaic_status mos_model_file_load(const char *path, mos_device *device, mos_model_card *card,
                                  mos_model **out) {
    char file_path[4096];
    mos_safetensors file = {0};
    mos_model *model = NULL;
    *card = (mos_model_card){0};
    *out = NULL;
    MOS_TRY(mos_model_file_resolve(path, file_path, sizeof file_path));
    mosaic_status status;
    MOS_GOTO(mos_safetensors_open(file_path, &file));
    MOS_GOTO(mos_card_decode(&file, file_path, card));
    MOS_GOTO(mos_model_create(device, &card->spec, MOS_MODEL_UNSET, &model));
    MOS_GOTO(check_names(file_path, &file, model));
    MOS_GOTO(copy_all(file_path, &file, model));
    mos_model_refresh(model);
    *out = model;
    model = NULL;
done:
    mos_model_destroy(&model);
    mos_safetensors_release(&file);
    if (status != MOSAIC_OK) mos_model_card_release(card);
    return status;
}
