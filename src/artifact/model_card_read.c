/* Metadata texts back to a card: outside bytes, every field checked before use. */
#include "artifact/model_card.h"

#include "base/memory.h"
#include "data/identity_fields.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

enum { SIDE_MAX = 1 << 15, WIDTH_MAX = 1 << 16 };

/* The file and metadata key being read, for messages. */
typedef struct card_reader {
    const mos_safetensors *file;
    const char *path;
    const char *key;
} card_reader;

static mosaic_status fail_card(const card_reader *reader, const char *what) {
    return mos_fail(MOSAIC_ERR_DATA, "%s: metadata '%s': %s", reader->path, reader->key, what);
}

static mosaic_status load_json(card_reader *reader, const char *key, json_t **out) {
    reader->key = key;
    const char *text = mos_safetensors_metadata(reader->file, key);
    if (text == NULL)
        return mos_fail(MOSAIC_ERR_DATA, "%s: metadata has no '%s'", reader->path, key);
    json_error_t error;
    *out = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (*out == NULL)
        return mos_fail(MOSAIC_ERR_DATA, "%s: metadata '%s' is not JSON: %s", reader->path, key,
                        error.text);
    return MOSAIC_OK;
}

static mosaic_status copy_name(const card_reader *reader, const json_t *node, char *to,
                               size_t size) {
    const char *text = json_string_value(node);
    if (text == NULL || text[0] == '\0') return fail_card(reader, "a name is wanted");
    if (strlen(text) >= size)
        return mos_fail(MOSAIC_ERR_DATA, "%s: metadata '%s': name of %zu bytes, at most %zu",
                        reader->path, reader->key, strlen(text), size - 1);
    memcpy(to, text, strlen(text) + 1);
    return MOSAIC_OK;
}

static mosaic_status take_int(const card_reader *reader, const json_t *object, const char *name,
                              int64_t low, int64_t high, int64_t *out) {
    const json_t *node = json_object_get(object, name);
    if (!json_is_integer(node) || json_integer_value(node) < low || json_integer_value(node) > high)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: metadata '%s': '%s' wants a whole number from %lld to %lld",
                        reader->path, reader->key, name, (long long)low, (long long)high);
    *out = json_integer_value(node);
    return MOSAIC_OK;
}

static mosaic_status take_bool(const card_reader *reader, const json_t *object, const char *name,
                               bool *out) {
    const json_t *node = json_object_get(object, name);
    if (!json_is_boolean(node))
        return mos_fail(MOSAIC_ERR_DATA, "%s: metadata '%s': '%s' wants true or false",
                        reader->path, reader->key, name);
    *out = json_is_true(node);
    return MOSAIC_OK;
}

static mosaic_status take_numbers(const card_reader *reader, const json_t *object, const char *name,
                                  int64_t count, double *out) {
    const json_t *list = json_object_get(object, name);
    if (!json_is_array(list) || (int64_t)json_array_size(list) != count)
        return mos_fail(MOSAIC_ERR_DATA, "%s: metadata '%s': '%s' wants %lld numbers, found %lld",
                        reader->path, reader->key, name, (long long)count,
                        (long long)json_array_size(list));
    for (int64_t i = 0; i < count; i++) {
        const json_t *node = json_array_get(list, (size_t)i);
        if (!json_is_number(node) || !isfinite(json_number_value(node)))
            return mos_fail(MOSAIC_ERR_DATA, "%s: metadata '%s': '%s' entry %lld is no number",
                            reader->path, reader->key, name, (long long)i);
        out[i] = json_number_value(node);
    }
    return MOSAIC_OK;
}

static mosaic_status read_fusion(const card_reader *reader, const json_t *root,
                                 mos_model_card *card) {
    const char *name = json_string_value(json_object_get(root, "fusion"));
    mos_model_spec *spec = &card->spec;
    int kind = 0;
    while (name != NULL && kind < MOS_FUSION_KINDS && strcmp(mos_fusion_names[kind], name) != 0)
        kind++;
    if (name == NULL || kind == MOS_FUSION_KINDS)
        return mos_fail(MOSAIC_ERR_DATA, "%s: metadata 'model': unknown fusion '%s'", reader->path,
                        name == NULL ? "" : name);
    spec->fusion = (mos_fusion_id)kind;
    if (spec->fusion == MOS_FUSION_CONCAT) return MOSAIC_OK;
    MOS_TRY(take_int(reader, root, "fusion_dim", 1, WIDTH_MAX, &spec->fusion_dim));
    MOS_TRY(take_int(reader, root, "fusion_rank", 1, WIDTH_MAX, &spec->fusion_rank));
    return take_int(reader, root, "fusion_heads", 1, WIDTH_MAX, &spec->fusion_heads);
}

/* Models written before there was a choice have zeros. */
static mosaic_status read_missing(const card_reader *reader, const json_t *root,
                                  mos_missing_kind *out) {
    const json_t *node = json_object_get(root, "missing");
    const char *name = node == NULL ? mos_missing_names[0] : json_string_value(node);
    for (int k = 0; name != NULL && mos_missing_names[k] != NULL; k++) {
        if (strcmp(mos_missing_names[k], name) != 0) continue;
        *out = (mos_missing_kind)k;
        return MOSAIC_OK;
    }
    return mos_fail(MOSAIC_ERR_DATA,
                    "%s: metadata 'model': 'missing' is zero or learned, found '%s'", reader->path,
                    name == NULL ? "" : name);
}

static mosaic_status read_architecture(const card_reader *reader, const json_t *root,
                                       mos_model_card *card) {
    if (!json_is_object(root)) return fail_card(reader, "an object is wanted");
    const char *encoder = json_string_value(json_object_get(root, "encoder"));
    int kind = 0;
    while (encoder != NULL && mos_encoder_names[kind] != NULL &&
           strcmp(mos_encoder_names[kind], encoder) != 0)
        kind++;
    if (encoder == NULL || mos_encoder_names[kind] == NULL)
        return mos_fail(MOSAIC_ERR_DATA, "%s: metadata 'model': unknown encoder '%s'", reader->path,
                        encoder == NULL ? "" : encoder);
    card->spec.encoder = (mos_encoder_kind)kind;
    MOS_TRY(read_fusion(reader, root, card));
    MOS_TRY(read_missing(reader, root, &card->spec.missing));
    MOS_TRY(take_bool(reader, root, "stem_pool", &card->spec.stem_pool));
    MOS_TRY(take_bool(reader, root, "inter_projector", &card->spec.inter_projector));
    MOS_TRY(take_int(reader, root, "hidden", 1, WIDTH_MAX, &card->spec.hidden));
    return take_int(reader, root, "latent", 1, WIDTH_MAX, &card->spec.latent);
}

/* Models of earlier versions have none. */
static mosaic_status read_identities(const card_reader *reader, const json_t *node,
                                     mos_model_card *card, int64_t m) {
    const json_t *list = json_object_get(node, "identities");
    if (list == NULL) {
        card->identified = false;
        return MOSAIC_OK;
    }
    if ((int64_t)json_array_size(list) != card->spec.modality[m].bands)
        return fail_card(reader, "'identities' wants one entry per band");
    for (int64_t b = 0; b < card->spec.modality[m].bands; b++) {
        const json_t *band = json_array_get(list, (size_t)b);
        mos_band_identity *identity = &card->identity[m][b];
        *identity = (mos_band_identity){
            .role = mos_band_role_of(card->spec.modality[m].band_names[b]), .scale = 1};
        for (int f = 0; f < MOS_IDENTITY_FIELDS; f++) {
            const json_t *value = json_object_get(band, mos_identity_fields[f]);
            if (!mos_identity_read(identity, (mos_identity_field)f,
                                   json_is_string(value) ? json_string_value(value) : ""))
                return mos_fail(MOSAIC_ERR_DATA, "%s: metadata '%s': '%.40s' is no %s of a band",
                                reader->path, reader->key, json_string_value(value),
                                mos_identity_fields[f]);
        }
    }
    return MOSAIC_OK;
}

static mosaic_status read_modality(const card_reader *reader, const json_t *node,
                                   mos_model_card *card, int64_t m) {
    mos_modality_spec *modality = &card->spec.modality[m];
    MOS_TRY(
        copy_name(reader, json_object_get(node, "name"), modality->name, sizeof modality->name));
    for (int64_t i = 0; i < m; i++) {
        if (strcmp(card->spec.modality[i].name, modality->name) == 0)
            return fail_card(reader, "a modality is named twice");
    }
    const json_t *bands = json_object_get(node, "bands");
    size_t count = json_array_size(bands);
    if (count < 1 || count > MOS_MAX_BANDS)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: metadata 'modalities': '%s' wants 1 to %d bands, found %zu",
                        reader->path, modality->name, MOS_MAX_BANDS, count);
    modality->bands = (int64_t)count;
    for (size_t b = 0; b < count; b++) {
        MOS_TRY(copy_name(reader, json_array_get(bands, b), modality->band_names[b],
                          sizeof modality->band_names[b]));
        for (size_t i = 0; i < b; i++) {
            if (strcmp(modality->band_names[i], modality->band_names[b]) == 0)
                return fail_card(reader, "a band is named twice");
        }
    }
    MOS_TRY(take_numbers(reader, node, "mean", modality->bands, card->mean[m]));
    MOS_TRY(take_numbers(reader, node, "sd", modality->bands, card->sd[m]));
    for (int64_t b = 0; b < modality->bands; b++) {
        if (!(card->sd[m][b] > 0)) return fail_card(reader, "a standard deviation is not positive");
    }
    return read_identities(reader, node, card, m);
}

static mosaic_status read_modalities(const card_reader *reader, const json_t *root,
                                     mos_model_card *card) {
    size_t count = json_array_size(root);
    if (count < 1 || count > MOS_MAX_MODALITIES)
        return fail_card(reader, "a list of one to eight modalities is wanted");
    card->spec.modalities = (int64_t)count;
    card->identified = true;
    for (size_t m = 0; m < count; m++)
        MOS_TRY(read_modality(reader, json_array_get(root, m), card, (int64_t)m));
    return MOSAIC_OK;
}

static mosaic_status read_classes(const card_reader *reader, const json_t *root,
                                  mos_model_card *card) {
    size_t count = json_array_size(root);
    if (!json_is_array(root) || count > MOS_MAX_CLASSES)
        return fail_card(reader, "a list of at most 256 class names is wanted");
    card->spec.classes = (int64_t)count;
    for (size_t l = 0; l < count; l++) {
        MOS_TRY(copy_name(reader, json_array_get(root, l), card->class_names[l],
                          sizeof card->class_names[l]));
        for (size_t i = 0; i < l; i++) {
            if (strcmp(card->class_names[i], card->class_names[l]) == 0)
                return mos_fail(MOSAIC_ERR_DATA, "%s: metadata 'classes': '%s' is named twice",
                                reader->path, card->class_names[l]);
        }
    }
    return MOSAIC_OK;
}

static mosaic_status read_input(const card_reader *reader, const json_t *root,
                                mos_model_card *card) {
    MOS_TRY(take_int(reader, root, "height", 1, SIDE_MAX, &card->height));
    MOS_TRY(take_int(reader, root, "width", 1, SIDE_MAX, &card->width));
    if (json_object_get(root, "patch") != NULL)
        MOS_TRY(take_int(reader, root, "patch", 1, SIDE_MAX, &card->patch));
    const json_t *resolution = json_object_get(root, "resolution_m");
    if (resolution == NULL) return MOSAIC_OK;
    if (!json_is_number(resolution) || !(json_number_value(resolution) > 0))
        return fail_card(reader, "'resolution_m' wants a positive number");
    card->resolution_m = json_number_value(resolution);
    return MOSAIC_OK;
}

/* Files written before the precision was noted are used in fp32, as they were then. */
static mosaic_status read_precision(const card_reader *reader, const json_t *root,
                                    mos_precision *out) {
    const json_t *node = json_object_get(root, "precision");
    const char *name =
        node == NULL ? mos_precision_names[MOS_PRECISION_FP32] : json_string_value(node);
    for (int k = 0; name != NULL && mos_precision_names[k] != NULL; k++) {
        if (strcmp(mos_precision_names[k], name) != 0) continue;
        *out = (mos_precision)k;
        return MOSAIC_OK;
    }
    return mos_fail(MOSAIC_ERR_DATA,
                    "%s: metadata '%s': 'precision' is fp32, bf16 or fp64, found '%.40s'",
                    reader->path, reader->key, name == NULL ? "" : name);
}

static mosaic_status read_thresholds(const card_reader *reader, const json_t *root,
                                     mos_model_card *card) {
    if (json_is_null(root)) return MOSAIC_OK;
    const json_t *global = json_object_get(root, "global");
    if (!json_is_number(global) || !isfinite(json_number_value(global)))
        return fail_card(reader, "'global' wants a number");
    card->global_threshold = json_number_value(global);
    MOS_TRY(read_precision(reader, root, &card->threshold_precision));
    const json_t *per_class = json_object_get(root, "per_class");
    if ((int64_t)json_object_size(per_class) != card->spec.classes)
        return fail_card(reader, "one threshold per class is wanted");
    for (int64_t l = 0; l < card->spec.classes; l++) {
        const json_t *node = json_object_get(per_class, card->class_names[l]);
        if (!json_is_number(node) || !isfinite(json_number_value(node)))
            return mos_fail(MOSAIC_ERR_DATA, "%s: metadata 'thresholds': class '%s' has none",
                            reader->path, card->class_names[l]);
        card->threshold[l] = json_number_value(node);
    }
    card->has_thresholds = true;
    return MOSAIC_OK;
}

static mosaic_status read_training(const card_reader *reader, const json_t *root,
                                   mos_model_card *card) {
    MOS_TRY(take_int(reader, root, "epochs", 0, INT64_MAX, &card->epochs));
    MOS_TRY(take_int(reader, root, "steps", 0, INT64_MAX, &card->steps));
    MOS_TRY(take_bool(reader, root, "reduced", &card->reduced));
    MOS_TRY(take_bool(reader, root, "probe_head", &card->probe_head));
    const char *dataset = json_string_value(json_object_get(root, "dataset"));
    if (dataset == NULL || strlen(dataset) >= sizeof card->dataset)
        return fail_card(reader, "'dataset' wants a fingerprint");
    memcpy(card->dataset, dataset, strlen(dataset) + 1);
    return MOSAIC_OK;
}

/* Classes come before thresholds: those are joined by name. */
static const struct part {
    const char *key;
    mosaic_status (*read)(const card_reader *reader, const json_t *root, mos_model_card *card);
} parts[] = {
    {"model", read_architecture}, {"modalities", read_modalities}, {"classes", read_classes},
    {"input", read_input},        {"thresholds", read_thresholds}, {"training", read_training},
};

bool mos_card_exists(const mos_safetensors *file) {
    const char *format = mos_safetensors_metadata(file, "format");
    return format != NULL && strcmp(format, MOS_MODEL_FORMAT) == 0;
}

static mosaic_status copy_method(const mos_safetensors *file, const char *path,
                                 mos_model_card *card) {
    const char *method = mos_safetensors_metadata(file, "method");
    if (method == NULL || strlen(method) >= sizeof card->method)
        return mos_fail(MOSAIC_ERR_DATA, "%s: metadata has no 'method'", path);
    memcpy(card->method, method, strlen(method) + 1);
    return MOSAIC_OK;
}

mosaic_status mos_card_decode(const mos_safetensors *file, const char *path, mos_model_card *out) {
    *out = (mos_model_card){0};
    const char *format = mos_safetensors_metadata(file, "format");
    if (!mos_card_exists(file))
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s is not a model of this program: metadata 'format' wants '%s', found "
                        "'%.40s'",
                        path, MOS_MODEL_FORMAT, format == NULL ? "" : format);
    MOS_TRY(copy_method(file, path, out));
    card_reader reader = {.file = file, .path = path};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        json_t *root = NULL;
        MOS_TRY(load_json(&reader, parts[i].key, &root));
        mosaic_status status = parts[i].read(&reader, root, out);
        json_decref(root);
        MOS_TRY(status);
    }
    const char *config = mos_safetensors_metadata(file, "config");
    if (config != NULL && config[0] != '\0') MOS_TRY(mos_copy_text(config, &out->config));
    return MOSAIC_OK;
}
