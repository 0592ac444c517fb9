/* Model files: round trip, strict loading, starting weights, hostile files. */
#include "artifact/class_join.h"
#include "artifact/model_file.h"
#include "base/file.h"
#include "base/isa.h"
#include "base/log.h"
#include "base/memory.h"
#include "io/safetensors.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static mos_device *device;
/* Made once: initialising and writing eleven million weights per modality is most of the time. */
static mos_model *source, *fresh;
static char source_path[256], edited[256];

static const char *at(const char *name);
static void fill_card(mos_model_card *card);
static mos_model *make_model(const mos_model_card *card, uint64_t seed);

static int set_up(void **state) {
    (void)state;
    mos_log_set_level(MOS_LOG_ERROR);
    (void)snprintf(folder, sizeof folder, "/tmp/mosaic_artifact_XXXXXX");
    if (mkdtemp(folder) == NULL) return 1;
    if (mos_device_open("cpu", MOS_PRECISION_FP32, 1, &device) != MOSAIC_OK) return 1;
    mos_model_card card;
    fill_card(&card);
    (void)snprintf(source_path, sizeof source_path, "%s", at("model.safetensors"));
    (void)snprintf(edited, sizeof edited, "%s", at("edited.safetensors"));
    source = make_model(&card, 5);
    fresh = make_model(&card, 6);
    if (mos_copy_text("train: {epochs: 7}\n# \xe2\x82\xac \"quoted\"\n", &card.config) != MOSAIC_OK)
        return 1;
    mosaic_status status = mos_model_file_write(source_path, source, &card);
    mos_model_card_release(&card);
    return status == MOSAIC_OK ? 0 : 1;
}

static int tear_down(void **state) {
    (void)state;
    mos_model_destroy(&source);
    mos_model_destroy(&fresh);
    mos_device_close(&device);
    return mos_remove_tree(folder) == MOSAIC_OK ? 0 : 1;
}

static const char *at(const char *name) {
    static char path[2][256];
    static int turn;
    turn = !turn;
    (void)snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static void fill_card(mos_model_card *card) {
    static const char *const s2_bands[] = {"B02", "B03", "B8A"};
    *card = (mos_model_card){.spec = {.modalities = 2,
                                      .encoder = MOS_ENCODER_RESNET18,
                                      .stem_pool = true,
                                      .hidden = 16,
                                      .latent = 8,
                                      .classes = 3},
                             .patch = 120,
                             .resolution_m = 12.5,
                             .height = 24,
                             .width = 30,
                             .method = "mosaic-1",
                             .has_thresholds = true,
                             .global_threshold = 0.1 + 0.2,
                             .threshold_precision = MOS_PRECISION_BF16,
                             .reduced = true,
                             .epochs = 7,
                             .steps = 123456789012};
    mos_modality_spec *s1 = &card->spec.modality[0], *s2 = &card->spec.modality[1];
    (void)snprintf(s1->name, sizeof s1->name, "s1");
    (void)snprintf(s2->name, sizeof s2->name, "s2");
    s1->bands = 2;
    (void)snprintf(s1->band_names[0], 16, "VV");
    (void)snprintf(s1->band_names[1], 16, "VH");
    s2->bands = 3;
    for (int b = 0; b < 3; b++)
        (void)snprintf(s2->band_names[b], 16, "%s", s2_bands[b]);
    for (int m = 0; m < 2; m++) {
        for (int b = 0; b < 3; b++) {
            card->mean[m][b] = -12.5 / (3 + b);
            card->sd[m][b] = 1.0 / 3.0 + b;
        }
    }
    (void)snprintf(card->class_names[0], MOS_NAME_SIZE, "Pastures");
    (void)snprintf(card->class_names[1], MOS_NAME_SIZE, "Moors, heathland \"and\" more");
    (void)snprintf(card->class_names[2], MOS_NAME_SIZE, "Mar\xc3\xa9");
    for (int l = 0; l < 3; l++)
        card->threshold[l] = 0.25 * (l + 1) + 1e-17;
    (void)snprintf(card->dataset, sizeof card->dataset, "%064d", 7);
}

static mos_model *make_model(const mos_model_card *card, uint64_t seed) {
    mos_model *model;
    assert_int_equal(mos_model_create(device, &card->spec, seed, &model), MOSAIC_OK);
    return model;
}

static float *values_of(mos_model *model, const char *name, int64_t *count) {
    const mos_parameter *parameter = mos_model_find(model, name);
    float *values;
    assert_non_null(parameter);
    assert_int_equal(mos_alloc((size_t)parameter->count, sizeof *values, "a test", &values),
                     MOSAIC_OK);
    assert_int_equal(mos_model_get(model, parameter, values), MOSAIC_OK);
    if (count != NULL) *count = parameter->count;
    return values;
}

static void assert_same_tensor(mos_model *a, mos_model *b, const char *name, bool same) {
    int64_t count;
    float *va = values_of(a, name, &count), *vb = values_of(b, name, NULL);
    assert_int_equal(memcmp(va, vb, (size_t)count * sizeof *va) == 0, same);
    mos_free(va);
    mos_free(vb);
}

static void assert_fails(mosaic_status found, mosaic_status wanted, const char *part) {
    if (found != wanted || strstr(mosaic_error(), part) == NULL)
        fail_msg("status %s, error '%s'; wanted %s with '%s'", mosaic_status_name(found),
                 mosaic_error(), mosaic_status_name(wanted), part);
}

/* ---- round trip ---- */

static void round_trip(void **state) {
    (void)state;
    mos_model_card card, back;
    mos_model *loaded;
    fill_card(&card);
    /* by folder, and by file */
    assert_int_equal(mos_model_file_load(folder, device, &back, &loaded), MOSAIC_OK);
    assert_string_equal(back.config, "train: {epochs: 7}\n# \xe2\x82\xac \"quoted\"\n");
    assert_int_equal(back.spec.modalities, 2);
    assert_int_equal(back.spec.classes, 3);
    assert_int_equal(back.steps, card.steps);
    assert_int_equal(back.height, 24);
    assert_int_equal(back.patch, 120);
    assert_true(back.resolution_m == 12.5);
    assert_int_equal(back.width, 30);
    assert_true(back.reduced && back.has_thresholds && !back.probe_head);
    assert_true(back.global_threshold == card.global_threshold);
    assert_int_equal(back.threshold_precision, MOS_PRECISION_BF16);
    for (int l = 0; l < 3; l++) {
        assert_true(back.threshold[l] == card.threshold[l]);
        assert_string_equal(back.class_names[l], card.class_names[l]);
    }
    for (int b = 0; b < 3; b++) {
        assert_string_equal(back.spec.modality[1].band_names[b],
                            card.spec.modality[1].band_names[b]);
        assert_true(back.mean[1][b] == card.mean[1][b] && back.sd[1][b] == card.sd[1][b]);
    }
    int64_t count;
    const mos_parameter *parameters = mos_model_parameters(source, &count);
    for (int64_t i = 0; i < count; i++)
        assert_same_tensor(source, loaded, parameters[i].name, true);
    mos_model_card_release(&back);
    assert_int_equal(mos_model_file_card(source_path, &back), MOSAIC_OK);
    assert_string_equal(back.method, "mosaic-1");
    mos_model_card_release(&back);
    mos_model_destroy(&loaded);
}

/* A fusion with weights of its own comes back with them, whatever it is. */
static void fusions_round_trip(void **state) {
    (void)state;
    for (int kind = MOS_FUSION_GATED; kind < MOS_FUSION_KINDS; kind++) {
        mos_model_card card, back;
        mos_model *loaded;
        fill_card(&card);
        card.spec.fusion = (mos_fusion_id)kind;
        card.spec.fusion_dim = 12;
        card.spec.fusion_rank = 2;
        card.spec.fusion_heads = 3;
        mos_model *model = make_model(&card, 5);
        assert_int_equal(mos_model_file_write(edited, model, &card), MOSAIC_OK);
        assert_int_equal(mos_model_file_load(edited, device, &back, &loaded), MOSAIC_OK);
        assert_int_equal(back.spec.fusion, kind);
        assert_int_equal(back.spec.fusion_dim, 12);
        assert_int_equal(back.spec.fusion_rank, 2);
        assert_int_equal(back.spec.fusion_heads, 3);
        int64_t count, own = 0;
        const mos_parameter *parameters = mos_model_parameters(model, &count);
        for (int64_t i = 0; i < count; i++) {
            if (strncmp(parameters[i].name, "fusion.", 7) != 0) continue;
            assert_same_tensor(model, loaded, parameters[i].name, true);
            own++;
        }
        assert_true(own >= 4);
        mos_model_card_release(&back);
        mos_model_destroy(&loaded);
        mos_model_destroy(&model);
    }
}

/* Without the prefix the names and shapes are torchvision's ResNet-18 without fc: 62 + 58 of norms.
 */
static void torchvision_names(void **state) {
    (void)state;
    mos_safetensors file;
    assert_int_equal(mos_safetensors_open(source_path, &file), MOSAIC_OK);
    int found = 0;
    for (size_t i = 0; i < file.count; i++)
        found += strncmp(file.tensors[i].name, "backbones.s2.", 13) == 0;
    assert_int_equal(found, 20 * 6); /* 20 convolutions, each with a norm of five tensors */
    const mos_tensor_view *conv = mos_safetensors_find(&file, "backbones.s2.conv1.weight");
    assert_non_null(conv);
    assert_int_equal(conv->dtype, MOS_F32);
    assert_int_equal(conv->shape[1], 3);
    assert_non_null(mos_safetensors_find(&file, "backbones.s1.layer2.0.downsample.1.running_var"));
    const mos_tensor_view *counter =
        mos_safetensors_find(&file, "backbones.s1.bn1.num_batches_tracked");
    assert_non_null(counter);
    assert_int_equal(counter->dtype, MOS_I64);
    assert_int_equal(counter->rank, 0);
    mos_safetensors_release(&file);
}

/* ---- strictness ---- */

/* A copy of model.safetensors with one tensor changed by `edit` (true: keep it). */
typedef bool (*edit_tensor)(mos_tensor_source *tensor);

static void write_edited(const char *from, const char *to, edit_tensor edit, const char *key,
                         const char *value) {
    mos_safetensors file;
    static mos_tensor_source tensors[1024];
    static const char *pairs[64];
    size_t count = 0, n = 0;
    assert_int_equal(mos_safetensors_open(from, &file), MOSAIC_OK);
    for (size_t i = 0; i < file.count; i++) {
        const mos_tensor_view *view = &file.tensors[i];
        mos_tensor_source tensor = {
            .name = view->name, .dtype = view->dtype, .rank = view->rank, .data = view->data};
        memcpy(tensor.shape, view->shape, sizeof tensor.shape);
        if (edit == NULL || edit(&tensor)) tensors[count++] = tensor;
    }
    for (size_t i = 0; i < file.metadata_count; i++) {
        bool replaced = key != NULL && strcmp(file.metadata[2 * i], key) == 0;
        if (replaced && value == NULL) continue;
        pairs[2 * n] = file.metadata[2 * i];
        pairs[2 * n + 1] = replaced ? value : file.metadata[2 * i + 1];
        n++;
    }
    assert_int_equal(mos_safetensors_write(to, tensors, count, pairs, n), MOSAIC_OK);
    mos_safetensors_release(&file);
}

static bool drop_layer(mos_tensor_source *tensor) {
    return strcmp(tensor->name, "backbones.s1.layer1.0.conv1.weight") != 0;
}

static bool rename_layer(mos_tensor_source *tensor) {
    if (strcmp(tensor->name, "head.bias") == 0) tensor->name = "head.offset";
    return true;
}

static bool reshape_layer(mos_tensor_source *tensor) {
    if (strcmp(tensor->name, "head.weight") == 0) {
        tensor->shape[0] = tensor->shape[1];
        tensor->shape[1] = 3;
    }
    return true;
}

static bool poison_layer(mos_tensor_source *tensor) {
    static float values[3] = {1, NAN, 2};
    if (strcmp(tensor->name, "head.bias") == 0) tensor->data = values;
    return true;
}

static bool retype_layer(mos_tensor_source *tensor) {
    static int32_t values[3];
    if (strcmp(tensor->name, "head.bias") != 0) return true;
    tensor->dtype = MOS_I32;
    tensor->data = values;
    return true;
}

static void strict_loading(void **state) {
    (void)state;
    static const struct {
        edit_tensor edit;
        const char *part;
    } cases[] = {
        {drop_layer, "'backbones.s1.layer1.0.conv1.weight'"},
        {rename_layer, "'head.bias'"},
        {reshape_layer, "'head.weight' wants shape [3, 1024], found [1024, 3]"},
        {poison_layer, "'head.bias' has a value that is not finite, at element 1"},
        {retype_layer, "'head.bias' wants F32"},
    };
    mos_model_card back;
    mos_model *loaded;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_edited(source_path, edited, cases[i].edit, NULL, NULL);
        assert_fails(mos_model_file_load(edited, device, &back, &loaded), MOSAIC_ERR_DATA,
                     cases[i].part);
        assert_null(loaded);
    }
}

/* Cards are read without weights: a small file does. */
static bool keep_head(mos_tensor_source *tensor) {
    return strcmp(tensor->name, "head.bias") == 0;
}

static void hostile_cards(void **state) {
    (void)state;
    static const struct {
        const char *key, *value, *part;
    } cases[] = {
        {"format", "other", "is not a model"},
        {"format", NULL, "is not a model"},
        {"classes", NULL, "no 'classes'"},
        {"classes", "[", "not JSON"},
        {"classes", "{}", "class names"},
        {"classes", "[\"a\", \"a\", \"b\"]", "'a' is named twice"},
        {"classes", "[\"a\", 3, \"b\"]", "a name is wanted"},
        {"modalities", "[]", "modalities"},
        {"modalities", "[{\"name\": \"s1\", \"bands\": [], \"mean\": [], \"sd\": []}]", "bands"},
        {"modalities", "[{\"name\": \"s1\", \"bands\": [\"VV\"], \"mean\": [1, 2], \"sd\": [1]}]",
         "'mean' wants 1 numbers, found 2"},
        {"modalities", "[{\"name\": \"s1\", \"bands\": [\"VV\"], \"mean\": [1], \"sd\": [0]}]",
         "not positive"},
        {"model", "{\"encoder\": \"vgg\"}", "unknown encoder 'vgg'"},
        {"model", "7", "object"},
        {"model", "{\"encoder\": \"resnet18\", \"fusion\": \"soup\"}", "unknown fusion 'soup'"},
        {"model", "{\"encoder\": \"resnet18\", \"fusion\": \"gated\"}", "'fusion_dim'"},
        {"input", "{\"height\": -1, \"width\": 24}", "'height'"},
        {"input", "{\"height\": 24, \"width\": 24, \"patch\": 0}", "'patch'"},
        {"input", "{\"height\": 24, \"width\": 24, \"resolution_m\": -1}", "'resolution_m'"},
        {"input", "{\"height\": 1e99, \"width\": 24}", "'height'"},
        {"thresholds", "{\"global\": 0.5, \"per_class\": {\"Pastures\": 0.5}}", "per class"},
        {"thresholds", "{\"global\": \"x\"}", "'global'"},
        {"thresholds", "{\"global\": 0.5, \"precision\": \"fp8\"}", "found 'fp8'"},
        {"training", "{}", "'epochs'"},
        {"method", NULL, "'method'"},
    };
    mos_model_card back;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_edited(source_path, edited, keep_head, cases[i].key, cases[i].value);
        assert_fails(mos_model_file_card(edited, &back), MOSAIC_ERR_DATA, cases[i].part);
    }
    /* cut anywhere, it is an error and never a crash */
    char *bytes;
    size_t size;
    char small[256];
    (void)snprintf(small, sizeof small, "%s", at("small.safetensors"));
    write_edited(source_path, small, keep_head, NULL, NULL);
    assert_int_equal(mos_model_file_card(small, &back), MOSAIC_OK);
    mos_model_card_release(&back);
    assert_int_equal(mos_file_read(small, 1 << 20, &bytes, &size), MOSAIC_OK);
    for (size_t cut = 0; cut < size; cut += 37) {
        assert_int_equal(mos_atomic_write(edited, bytes, cut), MOSAIC_OK);
        assert_int_equal(mos_model_file_card(edited, &back), MOSAIC_ERR_DATA);
    }
    assert_int_equal(mos_atomic_write(edited, bytes, size - 1), MOSAIC_OK);
    assert_int_equal(mos_model_file_card(edited, &back), MOSAIC_ERR_DATA);
    mos_free(bytes);
    assert_fails(mos_model_file_card(at("nothing.safetensors"), &back), MOSAIC_ERR_IO, "nothing");
}

/* ---- precision ---- */

static void precision_of_thresholds(void **state) {
    (void)state;
    static const char old[] = "{\"global\": 0.5, \"per_class\": {\"Pastures\": 0.5, "
                              "\"Moors, heathland \\\"and\\\" more\": 0.5, "
                              "\"Mar\xc3\xa9\": 0.5}}";
    const bool narrow = mos_isa_used() >= MOS_ISA_AVX512_BF16;
    mos_model_card card;
    mos_device *it;
    /* a file that does not say it is used in fp32, as it was before */
    write_edited(source_path, edited, keep_head, "thresholds", old);
    assert_int_equal(mos_model_file_card(edited, &card), MOSAIC_OK);
    assert_true(card.has_thresholds);
    assert_int_equal(card.threshold_precision, MOS_PRECISION_FP32);
    mos_model_card_release(&card);
    const struct {
        mos_precision thresholds;
        bool has_thresholds;
        const char *device;
        mos_precision_choice choice;
        mos_precision found;
        bool said;
    } cases[] = {
        {MOS_PRECISION_BF16, true, "cpu", MOS_PRECISION_CHOICE_AUTO,
         narrow ? MOS_PRECISION_BF16 : MOS_PRECISION_FP32, !narrow},
        {MOS_PRECISION_BF16, true, "cpu", MOS_PRECISION_CHOICE_FP32, MOS_PRECISION_FP32, true},
        {MOS_PRECISION_BF16, false, "cpu", MOS_PRECISION_CHOICE_AUTO, MOS_PRECISION_FP32, false},
        {MOS_PRECISION_FP32, true, "cpu", MOS_PRECISION_CHOICE_AUTO, MOS_PRECISION_FP32, false},
        {MOS_PRECISION_FP32, true, "cpu", MOS_PRECISION_CHOICE_BF16,
         narrow ? MOS_PRECISION_BF16 : MOS_PRECISION_FP32, narrow},
        {MOS_PRECISION_FP32, true, "ref", MOS_PRECISION_CHOICE_AUTO, MOS_PRECISION_FP64, false},
        {MOS_PRECISION_BF16, true, "ref", MOS_PRECISION_CHOICE_AUTO, MOS_PRECISION_FP64, true},
        {MOS_PRECISION_FP64, true, "cpu", MOS_PRECISION_CHOICE_AUTO, MOS_PRECISION_FP32, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        card = (mos_model_card){.has_thresholds = cases[i].has_thresholds,
                                .threshold_precision = cases[i].thresholds};
        assert_int_equal(mos_model_device_open(&card, cases[i].device, cases[i].choice, 1, &it),
                         MOSAIC_OK);
        assert_int_equal(it->precision, cases[i].found);
        assert_int_equal(mos_model_warn_precision(&card, it), cases[i].said);
        mos_device_close(&it);
    }
}

/* ---- starting weights ---- */

static void zero(const char *name) {
    const mos_parameter *parameter = mos_model_find(fresh, name);
    float *values;
    assert_int_equal(mos_alloc((size_t)parameter->count, sizeof *values, "a test", &values),
                     MOSAIC_OK);
    mos_model_put(fresh, parameter, values);
    mos_free(values);
}

static void start_from_pattern(void **state) {
    (void)state;
    int64_t loaded, skipped;
    zero("backbones.s1.layer1.0.conv1.weight");
    assert_int_equal(mos_model_file_init_named(source_path, "backbones.s2.*", NULL, NULL, fresh,
                                               &loaded, &skipped),
                     MOSAIC_OK);
    assert_int_equal(loaded, 120);
    assert_true(skipped > 120);
    assert_same_tensor(source, fresh, "backbones.s2.layer1.0.conv1.weight", true);
    assert_same_tensor(source, fresh, "backbones.s1.layer1.0.conv1.weight", false);
    assert_fails(
        mos_model_file_init_named(source_path, "backbone.*", NULL, NULL, fresh, &loaded, &skipped),
        MOSAIC_ERR_DATA, "no tensor was loaded");
    assert_int_equal(
        mos_model_file_init_named(source_path, NULL, NULL, NULL, fresh, &loaded, &skipped),
        MOSAIC_OK);
    assert_int_equal(skipped, 0);
    assert_same_tensor(source, fresh, "head.weight", true);
}

/* The same bands and classes in another order are joined by name, row by row. */
static void join_by_name(void **state) {
    (void)state;
    static const char *const other_classes[] = {"Mar\xc3\xa9", "Pastures",
                                                "Moors, heathland \"and\" more"};
    static const char *const strange_classes[] = {"Mar\xc3\xa9", "Pastures", "Glaciers"};
    static const char *const other_bands[] = {"B8A", "B02", "B03"};
    mos_model_card other;
    int64_t loaded, skipped;
    fill_card(&other);
    for (int b = 0; b < 3; b++)
        (void)snprintf(other.spec.modality[1].band_names[b], 16, "%s", other_bands[b]);
    mos_model *model = make_model(&other, 6);
    assert_int_equal(
        mos_model_file_init_named(source_path, NULL, other_classes, NULL, model, &loaded, &skipped),
        MOSAIC_OK);
    float *from = values_of(source, "head.weight", NULL),
          *to = values_of(model, "head.weight", NULL);
    static const int class_from[] = {2, 0, 1};
    for (int l = 0; l < 3; l++)
        assert_memory_equal(to + l * 1024, from + class_from[l] * 1024, 1024 * sizeof *to);
    mos_free(from);
    mos_free(to);
    from = values_of(source, "backbones.s2.conv1.weight", NULL);
    to = values_of(model, "backbones.s2.conv1.weight", NULL);
    static const int band_from[] = {2, 0, 1};
    for (int o = 0; o < 64; o++) {
        for (int b = 0; b < 3; b++)
            assert_memory_equal(to + (o * 3 + b) * 49, from + (o * 3 + band_from[b]) * 49,
                                49 * sizeof *to);
    }
    mos_free(from);
    mos_free(to);
    assert_fails(mos_model_file_init_named(source_path, NULL, strange_classes, NULL, model, &loaded,
                                           &skipped),
                 MOSAIC_ERR_DATA, "'Glaciers'");
    (void)snprintf(other.spec.modality[1].band_names[0], 16, "B09");
    mos_model_destroy(&model);
    model = make_model(&other, 6);
    assert_fails(mos_model_file_init_named(source_path, NULL, NULL, NULL, model, &loaded, &skipped),
                 MOSAIC_ERR_DATA, "'B09' not among bands of the file");
    mos_model_destroy(&model);
}

/* A model that names its modalities in another order gets each block of the head's columns where
 * its own modality stands; another set of modalities, or another fusion, is refused. */
static void join_modalities_by_name(void **state) {
    (void)state;
    static const char *const classes[] = {"Pastures", "Moors, heathland \"and\" more",
                                          "Mar\xc3\xa9"};
    mos_model_card other;
    int64_t loaded, skipped;
    fill_card(&other);
    const mos_modality_spec first = other.spec.modality[0];
    other.spec.modality[0] = other.spec.modality[1];
    other.spec.modality[1] = first;
    for (int named = 0; named < 2; named++) {
        mos_model *model = make_model(&other, 6);
        assert_int_equal(mos_model_file_init_named(source_path, NULL, named ? classes : NULL, NULL,
                                                   model, &loaded, &skipped),
                         MOSAIC_OK);
        float *from = values_of(source, "head.weight", NULL),
              *to = values_of(model, "head.weight", NULL);
        for (int l = 0; l < 3; l++) {
            assert_memory_equal(to + l * 1024, from + l * 1024 + 512, 512 * sizeof *to);
            assert_memory_equal(to + l * 1024 + 512, from + l * 1024, 512 * sizeof *to);
        }
        mos_free(from);
        mos_free(to);
        assert_same_tensor(source, model, "backbones.s1.conv1.weight", true);
        mos_model_destroy(&model);
    }
    (void)snprintf(other.spec.modality[0].name, sizeof other.spec.modality[0].name, "dem");
    mos_model *model = make_model(&other, 6);
    assert_fails(
        mos_model_file_init_named(source_path, "head.*", classes, NULL, model, &loaded, &skipped),
        MOSAIC_ERR_DATA, "modalities of the model: 'dem' not among modalities of the file");
    mos_model_destroy(&model);
}

/* A gated row as wide as the concatenated one has a head of the same shape and another meaning. */
static void another_fusion_is_refused(void **state) {
    (void)state;
    static const char *const classes[] = {"Pastures", "Moors, heathland \"and\" more",
                                          "Mar\xc3\xa9"};
    mos_model_card other;
    int64_t loaded, skipped;
    fill_card(&other);
    other.spec.fusion = MOS_FUSION_GATED;
    other.spec.fusion_dim = 1024;
    mos_model *model = make_model(&other, 6);
    assert_fails(
        mos_model_file_init_named(source_path, "head.*", classes, NULL, model, &loaded, &skipped),
        MOSAIC_ERR_DATA, "belongs to fusion 'concat', the model's is 'gated'");
    assert_int_equal(mos_model_file_init_named(source_path, "backbones.*", classes, NULL, model,
                                               &loaded, &skipped),
                     MOSAIC_OK);
    mos_model_destroy(&model);
    other.spec.fusion = MOS_FUSION_BILINEAR;
    other.spec.fusion_dim = 6;
    other.spec.fusion_rank = 2;
    other.spec.fusion_heads = 1;
    model = make_model(&other, 6);
    assert_int_equal(mos_model_file_write(edited, model, &other), MOSAIC_OK);
    mos_model_destroy(&model);
    other.spec.fusion_dim = 4;
    other.spec.fusion_rank = 3;
    model = make_model(&other, 6);
    assert_fails(
        mos_model_file_init_named(edited, "fusion.*", classes, NULL, model, &loaded, &skipped),
        MOSAIC_ERR_DATA, "belongs to fusion_dim 6, the model's is 4");
    mos_model_destroy(&model);
}

/* Strips "backbones.s2." as a torchvision file would have it, and drops the rest. */
static bool make_bare(mos_tensor_source *tensor) {
    static const char prefix[] = "backbones.s2.";
    if (strncmp(tensor->name, prefix, strlen(prefix)) != 0) return false;
    tensor->name += strlen(prefix);
    return true;
}

static void start_from_torchvision(void **state) {
    (void)state;
    int64_t loaded, skipped;
    char bare[256];
    (void)snprintf(bare, sizeof bare, "%s", at("bare.safetensors"));
    zero("backbones.s2.conv1.weight");
    zero("backbones.s1.layer1.0.conv1.weight");
    write_edited(source_path, bare, make_bare, "format", "pt");
    assert_fails(mos_model_file_init_named(bare, NULL, NULL, NULL, fresh, &loaded, &skipped),
                 MOSAIC_ERR_USAGE, "must name the modality");
    /* whose band is which channel only its owner knows */
    assert_fails(mos_model_file_init_named(bare, "s2", NULL, NULL, fresh, &loaded, &skipped),
                 MOSAIC_ERR_DATA, "does not say which band each is; --init-bands s2=");
    char same[] = "s2=B02,B03,B8A";
    char *items[1] = {NULL};
    items[0] = same;
    const mos_text_list bands = {.items = items, .count = 1};
    assert_int_equal(mos_model_file_init_named(bare, "s2", NULL, &bands, fresh, &loaded, &skipped),
                     MOSAIC_OK);
    assert_int_equal(loaded, 120);
    assert_same_tensor(source, fresh, "backbones.s2.conv1.weight", true);
    assert_same_tensor(source, fresh, "backbones.s1.layer1.0.conv1.weight", false);
    /* the same channels under another order: joined by name */
    char reversed[] = "s2=B8A,B03,B02";
    items[0] = reversed;
    assert_int_equal(mos_model_file_init_named(bare, "s2", NULL, &bands, fresh, &loaded, &skipped),
                     MOSAIC_OK);
    float *from = values_of(source, "backbones.s2.conv1.weight", NULL),
          *to = values_of(fresh, "backbones.s2.conv1.weight", NULL);
    for (int64_t o = 0; o < 64; o++) {
        for (int64_t c = 0; c < 3; c++)
            assert_memory_equal(to + (o * 3 + c) * 49, from + (o * 3 + 2 - c) * 49, 49 * 4);
    }
    mos_free(from);
    mos_free(to);
    char strange[] = "s2=B8A,B03,B08";
    items[0] = strange;
    assert_fails(mos_model_file_init_named(bare, "s2", NULL, &bands, fresh, &loaded, &skipped),
                 MOSAIC_ERR_DATA, "'B02' not among bands of the file");
    /* the stem of the other modality has two bands: refused by shape, or left out by pattern */
    assert_fails(
        mos_model_file_init_named(bare, "backbones.s1.*", NULL, NULL, fresh, &loaded, &skipped),
        MOSAIC_ERR_DATA,
        "'backbones.s1.conv1.weight' wants shape [64, 2, 7, 7], found "
        "[64, 3, 7, 7]");
    assert_int_equal(mos_model_file_init_named(bare, "backbones.s1.layer*", NULL, NULL, fresh,
                                               &loaded, &skipped),
                     MOSAIC_OK);
    assert_int_equal(loaded, 114);
}

static void class_join(void **state) {
    (void)state;
    static const char *const a[] = {"x", "y", "z"}, *const b[] = {"z", "x"};
    int64_t map[3];
    assert_int_equal(mos_names_join(a, 3, b, 2, map), 2);
    assert_int_equal(map[0], 1);
    assert_int_equal(map[1], -1);
    assert_int_equal(map[2], 0);
    assert_fails(mos_names_join_exactly(a, 3, "mine", b, 2, "theirs", map), MOSAIC_ERR_DATA,
                 "mine: 'y' not among theirs");
    assert_fails(mos_names_join_exactly(b, 2, "mine", a, 3, "theirs", map), MOSAIC_ERR_DATA,
                 "theirs: 'y' not among mine");
}

/* Every allocation on the way may fail: an error, no leak, no crash. */
static void failing_allocations(void **state) {
    (void)state;
    mos_model_card card, back;
    bool failed = true;
    for (uint64_t n = 1; failed && n < 3000; n += n < 20 ? 1 : 41) {
        mos_alloc_fail_at(n);
        uint64_t before = mos_alloc_count();
        mosaic_status status = mos_model_file_card(source_path, &back);
        failed = mos_alloc_count() - before >= n;
        mos_alloc_fail_at(0);
        assert_true(failed ? status != MOSAIC_OK : status == MOSAIC_OK);
        if (status == MOSAIC_OK) mos_model_card_release(&back);
    }
    assert_false(failed);
    fill_card(&card);
    for (uint64_t n = 1; n < 12; n++) {
        mos_alloc_fail_at(n);
        assert_int_equal(mos_model_file_write(edited, source, &card), MOSAIC_ERR_MEMORY);
        mos_alloc_fail_at(0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(fusions_round_trip),
        cmocka_unit_test(torchvision_names),
        cmocka_unit_test(strict_loading),
        cmocka_unit_test(hostile_cards),
        cmocka_unit_test(precision_of_thresholds),
        cmocka_unit_test(start_from_pattern),
        cmocka_unit_test(join_by_name),
        cmocka_unit_test(start_from_torchvision),
        cmocka_unit_test(join_modalities_by_name),
        cmocka_unit_test(another_fusion_is_refused),
        cmocka_unit_test(class_join),
        cmocka_unit_test(failing_allocations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
