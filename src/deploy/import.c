#include "deploy/import.h"

#include "artifact/model_file.h"
#include "artifact/model_file_tensor.h"
#include "base/log.h"
#include "base/memory.h"
#include "deploy/import_reben.h"
#include "io/safetensors.h"
#include "model/resnet.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const mos_import_layout_names[] = {"torchvision", "reben", NULL};
enum { PATCH_HIDDEN = 512, PATCH_LATENT = 128 };
static const uint64_t start_seed = 0;

typedef struct job {
    const mos_import_options *options;
    char path[4096];
    mos_safetensors file;
    char prefix[MOS_NAME_SIZE]; /* what stands before torchvision's names in the file */
    mos_model_card card;
    mos_device *device;
    mos_model *model;
    uint8_t *used; /* [file.count] */
    mos_text *report;
} job;

/* ---- what the file is ---- */

static const mos_tensor_view *find(const job *j, const char *name) {
    char whole[2 * MOS_NAME_SIZE];
    (void)snprintf(whole, sizeof whole, "%s%s", j->prefix, name);
    return mos_safetensors_find(&j->file, whole);
}

/* The first convolution: its name's shortest prefix is that of the network. */
static mosaic_status find_prefix(job *j, int64_t *channels) {
    static const char stem[] = "conv1.weight";
    const mos_tensor_view *first = NULL;
    size_t size = sizeof stem - 1, shortest = sizeof j->prefix;
    for (size_t i = 0; i < j->file.count; i++) {
        const mos_tensor_view *tensor = &j->file.tensors[i];
        size_t length = strlen(tensor->name);
        if (length < size || length - size >= shortest ||
            strcmp(tensor->name + length - size, stem) != 0)
            continue;
        if (length > size && tensor->name[length - size - 1] != '.') continue;
        shortest = length - size;
        first = tensor;
    }
    if (first == NULL)
        return mos_fail(MOSAIC_ERR_DATA, "%s: none of its %zu tensors is a ResNet's conv1.weight",
                        j->path, j->file.count);
    if (first->rank != 4 || first->shape[2] != 7 || first->shape[1] < 1 ||
        first->shape[1] > MOS_MAX_BANDS)
        return mos_fail(MOSAIC_ERR_DATA, "%s: tensor '%s' is not a first layer of 7 x 7 pixels",
                        j->path, first->name);
    memcpy(j->prefix, first->name, shortest);
    j->prefix[shortest] = '\0';
    *channels = first->shape[1];
    return MOSAIC_OK;
}

static bool has_unit(const job *j, int layer, int block, int unit) {
    char name[64];
    (void)snprintf(name, sizeof name, "layer%d.%d.conv%d.weight", layer, block, unit);
    return find(j, name) != NULL;
}

static mosaic_status find_encoder(job *j) {
    mos_text names = {0};
    for (int k = 0; k < MOS_ENCODER_COUNT; k++) {
        const mos_resnet_shape *shape = mos_resnet_shape_of((mos_encoder_kind)k);
        if (shape == NULL) continue;
        mos_text_add(&names, "%s%s", names.size == 0 ? "" : ", ", mos_encoder_names[k]);
        bool fits = has_unit(j, 1, 0, 3) == (shape->block->units == 3) &&
                    find(j, "conv1.weight")->shape[0] == shape->width;
        for (int s = 0; s < 4; s++)
            fits = fits && has_unit(j, s + 1, shape->depth[s] - 1, 1) &&
                   !has_unit(j, s + 1, shape->depth[s], 1);
        if (!fits) continue;
        j->card.spec.encoder = (mos_encoder_kind)k;
        mos_text_release(&names);
        return MOSAIC_OK;
    }
    mosaic_status status = mos_fail(MOSAIC_ERR_DATA, "%s: its blocks are none of %s", j->path,
                                    names.data == NULL ? "any" : names.data);
    mos_text_release(&names);
    return status;
}

/* ---- what only the user knows of a state_dict ---- */

static mosaic_status take_numbers(const mos_text_list *list, const char *option, int64_t count,
                                  double *out) {
    if ((int64_t)list->count != count)
        return mos_fail(MOSAIC_ERR_USAGE, "--%s wants %lld numbers, one per band, found %zu",
                        option, (long long)count, list->count);
    for (int64_t i = 0; i < count; i++)
        if (!mos_parse_double(list->items[i], &out[i]) || !isfinite(out[i]))
            return mos_fail(MOSAIC_ERR_USAGE, "--%s wants numbers, found '%s'", option,
                            list->items[i]);
    return MOSAIC_OK;
}

static mosaic_status take_name(const char *from, const char *what, char *to, size_t size) {
    if (from[0] == '\0' || strlen(from) >= size)
        return mos_fail(MOSAIC_ERR_USAGE, "%s '%s' wants 1 to %zu letters", what, from, size - 1);
    memcpy(to, from, strlen(from) + 1);
    return MOSAIC_OK;
}

static mosaic_status describe(job *j, int64_t channels) {
    const mos_import_options *o = j->options;
    mos_modality_spec *modality = &j->card.spec.modality[0];
    const mos_tensor_view *fc = find(j, "fc.weight");
    if (o->modality == NULL || (int64_t)o->bands->count != channels)
        return mos_fail(
            MOSAIC_ERR_USAGE,
            "%s: its first layer takes %lld channels: --modality wants their sensor and "
            "--bands their %lld names, found %zu",
            j->path, (long long)channels, (long long)channels, o->bands->count);
    MOS_TRY(take_name(o->modality, "--modality", modality->name, sizeof modality->name));
    modality->bands = channels;
    for (int64_t b = 0; b < channels; b++)
        MOS_TRY(take_name(o->bands->items[b], "band", modality->band_names[b],
                          sizeof modality->band_names[b]));
    MOS_TRY(take_numbers(o->mean, "mean", channels, j->card.mean[0]));
    MOS_TRY(take_numbers(o->sd, "sd", channels, j->card.sd[0]));
    for (int64_t b = 0; b < channels; b++)
        if (!(j->card.sd[0][b] > 0))
            return mos_fail(MOSAIC_ERR_USAGE, "--sd wants numbers above 0, found '%s'",
                            o->sd->items[b]);
    if (o->classes->count == 0) return MOSAIC_OK;
    if (fc == NULL || fc->rank != 2 || (int64_t)o->classes->count != fc->shape[0] ||
        o->classes->count > MOS_MAX_CLASSES)
        return mos_fail(MOSAIC_ERR_USAGE, "--classes names %zu classes, %s has %lld",
                        o->classes->count, j->path,
                        fc != NULL && fc->rank == 2 ? (long long)fc->shape[0] : 0);
    j->card.spec.classes = (int64_t)o->classes->count;
    for (size_t l = 0; l < o->classes->count; l++)
        MOS_TRY(take_name(o->classes->items[l], "class", j->card.class_names[l],
                          sizeof j->card.class_names[l]));
    return MOSAIC_OK;
}

/* A configuration that evaluates and goes on training with these bands. */
static mosaic_status write_config(mos_model_card *card) {
    const mos_modality_spec *modality = &card->spec.modality[0];
    mos_text text = {0};
    mos_text_add(&text, "data: {size: %lld, modalities: {", (long long)card->height);
    mos_text_add_json(&text, modality->name);
    mos_text_add(&text, ": {bands: [");
    for (int64_t b = 0; b < modality->bands; b++) {
        mos_text_add(&text, b == 0 ? "" : ", ");
        mos_text_add_json(&text, modality->band_names[b]);
    }
    mos_text_add(&text, "]}}}\nmethod: supervised\nmodel: {encoder: %s, stem_pool: %s}\n",
                 mos_encoder_names[card->spec.encoder], card->spec.stem_pool ? "true" : "false");
    mosaic_status status = text.failed ? mos_fail_memory(text.size, "a configuration")
                                       : mos_copy_text(text.data, &card->config);
    mos_text_release(&text);
    return status;
}

/* ---- the tensors ---- */

/* The file's name of one of the model's tensors; "": it has none of it. */
static void name_in_file(const job *j, const char *name, char *out, size_t size) {
    char own[MOS_NAME_SIZE];
    int length = snprintf(own, sizeof own, "backbones.%s.", j->card.spec.modality[0].name);
    out[0] = '\0';
    if (strncmp(name, own, (size_t)length) == 0)
        (void)snprintf(out, size, "%s%s", j->prefix, name + length);
    else if (strncmp(name, "head.", 5) == 0)
        (void)snprintf(out, size, "%sfc.%s", j->prefix, name + 5);
}

static mosaic_status copy_tensor(job *j, const mos_parameter *parameter,
                                 const mos_tensor_view *tensor, float *values) {
    char wanted[128], found[128];
    if (!mos_tensor_fits(tensor, parameter))
        return mos_fail(MOSAIC_ERR_DATA, "%s: tensor '%s' of a %s wants shape %s, found %s",
                        j->path, tensor->name, mos_encoder_names[j->card.spec.encoder],
                        mos_shape_text(parameter->counter ? 0 : parameter->rank, parameter->shape,
                                       wanted, sizeof wanted),
                        mos_shape_text(tensor->rank, tensor->shape, found, sizeof found));
    MOS_TRY(mos_tensor_floats(tensor, j->path, values));
    mos_model_put(j->model, parameter, values);
    j->used[tensor - j->file.tensors] = 1;
    mos_text_add(j->report, "%s from %s\n", parameter->name, tensor->name);
    return MOSAIC_OK;
}

static mosaic_status copy_all(job *j) {
    char name[3 * MOS_NAME_SIZE];
    int64_t count, random = 0;
    size_t largest = 1;
    const mos_parameter *parameters = mos_model_parameters(j->model, &count);
    float *values = NULL;
    mosaic_status status = MOSAIC_OK;
    for (int64_t i = 0; i < count; i++)
        if ((size_t)parameters[i].count > largest) largest = (size_t)parameters[i].count;
    MOS_TRY(mos_alloc(largest, sizeof *values, "a tensor", &values));
    for (int64_t i = 0; i < count; i++) {
        name_in_file(j, parameters[i].name, name, sizeof name);
        if (name[0] == '\0') {
            random++;
            continue;
        }
        const mos_tensor_view *tensor = mos_safetensors_find(&j->file, name);
        if (tensor == NULL && parameters[i].counter)
            continue; /* older files do not count batches */
        if (tensor == NULL)
            MOS_GOTO(mos_fail(MOSAIC_ERR_DATA, "%s: tensor '%s' is missing", j->path, name));
        MOS_GOTO(copy_tensor(j, &parameters[i], tensor, values));
    }
    mos_log(MOS_LOG_NOTICE,
            "the %lld tensors of the projector are in no such file: they start at "
            "random, latents mean nothing before training",
            (long long)random);
done:
    mos_free(values);
    return status;
}

/* Reports every tensor of the file that was not taken, or refuses the file because of it. */
static mosaic_status account(job *j) {
    char head[2 * MOS_NAME_SIZE];
    (void)snprintf(head, sizeof head, "%sfc.", j->prefix);
    for (size_t i = 0; i < j->file.count; i++) {
        const char *name = j->file.tensors[i].name;
        if (j->used[i]) continue;
        if (strncmp(name, head, strlen(head)) != 0 || j->card.spec.classes > 0)
            return mos_fail(MOSAIC_ERR_DATA, "%s: tensor '%s' does not belong to a %s", j->path,
                            name, mos_encoder_names[j->card.spec.encoder]);
        mos_text_add(j->report, "left out %s: --classes names no classes\n", name);
    }
    return MOSAIC_OK;
}

mosaic_status mos_import_run(const mos_import_options *options, mos_text *report) {
    job j = {.options = options, .report = report};
    int64_t channels = 0;
    mosaic_status status;
    MOS_GOTO(mos_model_file_resolve(options->file, j.path, sizeof j.path));
    MOS_GOTO(mos_safetensors_open(j.path, &j.file));
    MOS_GOTO(mos_alloc(j.file.count, 1, "a tensor list", &j.used));
    j.card.spec = (mos_model_spec){.modalities = 1,
                                   .stem_pool = options->stem_pool,
                                   .hidden = PATCH_HIDDEN,
                                   .latent = PATCH_LATENT};
    j.card.height = j.card.width = options->size;
    (void)snprintf(j.card.method, sizeof j.card.method, "imported");
    MOS_GOTO(find_prefix(&j, &channels));
    MOS_GOTO(find_encoder(&j));
    if (options->layout == MOS_IMPORT_REBEN)
        MOS_GOTO(mos_import_reben(options, j.path, channels, &j.card));
    else
        MOS_GOTO(describe(&j, channels));
    MOS_GOTO(write_config(&j.card));
    MOS_GOTO(mos_device_open("cpu", MOS_PRECISION_FP32, 1, &j.device));
    MOS_GOTO(mos_model_create(j.device, &j.card.spec, start_seed, &j.model));
    MOS_GOTO(copy_all(&j));
    MOS_GOTO(account(&j));
    if (report->failed) MOS_GOTO(mos_fail_memory(report->size, "a list of tensors"));
    MOS_GOTO(mos_model_file_write(options->out, j.model, &j.card));
done:
    mos_model_destroy(&j.model);
    mos_device_close(&j.device);
    mos_model_card_release(&j.card);
    mos_safetensors_release(&j.file);
    mos_free(j.used);
    return status;
}
