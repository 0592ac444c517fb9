/* ResNet-34 features and projector latents against PyTorch in float64
 * (tests/golden/make_feature_golden.py): inference and training mode on formula images, and
 * inference on real patches with imported weights. */
#include "golden/golden_file.h"

#include "io/raster.h"
#include "model/model.h"

enum { MODALITIES = 2, SIZE = 120, BATCH = 2, HIDDEN = 32, LATENT = 16, CLASSES = 5 };
static const char *const names[MODALITIES] = {"s1", "s2"};
static const int64_t bands[MODALITIES] = {2, 12};
static const double middle[MODALITIES] = {-14.0, 1500.0}, spread[MODALITIES] = {6.0, 1200.0};

static mos_model *make_model(mos_device *device, int64_t batch, bool train) {
    mos_model_spec spec = {.modalities = MODALITIES,
                           .encoder = MOS_ENCODER_RESNET34,
                           .stem_pool = true,
                           .hidden = HIDDEN,
                           .latent = LATENT,
                           .classes = CLASSES};
    mos_model_plan plan = {.batch = batch,
                           .views = {1, 1},
                           .height = SIZE,
                           .width = SIZE,
                           .train = train,
                           .latents = true};
    for (int m = 0; m < MODALITIES; m++) {
        (void)snprintf(spec.modality[m].name, sizeof spec.modality[m].name, "%s", names[m]);
        spec.modality[m].bands = bands[m];
    }
    mos_model *model;
    assert_int_equal(mos_model_create(device, &spec, MOS_MODEL_UNSET, &model), MOSAIC_OK);
    int64_t count;
    const mos_parameter *items = mos_model_parameters(model, &count);
    for (int64_t i = 0; i < count; i++) {
        if (items[i].counter) continue;
        float *values = malloc((size_t)items[i].count * sizeof *values);
        formula_parameter(items[i].name, items[i].rank, items[i].shape, items[i].count, values);
        mos_model_put(model, &items[i], values);
        free(values);
    }
    assert_int_equal(mos_model_plan_make(model, &plan), MOSAIC_OK);
    return model;
}

/* |found - wanted| over the rows there are, as a share of |wanted|. */
static double relative_error(mos_device *device, const golden_file *golden, const char *name,
                             const void *rows, int64_t count) {
    const golden_entry *entry = golden_find(golden, name);
    assert_true(count <= entry->count);
    double *found = malloc((size_t)count * sizeof *found), error = 0, size = 0;
    (void)!mos_get_f64(device, rows, found, count);
    for (int64_t i = 0; i < count; i++) {
        double wanted = entry->values[i];
        error += (found[i] - wanted) * (found[i] - wanted);
        size += wanted * wanted;
    }
    free(found);
    assert_true(size > 0);
    return sqrt(error / size);
}

/* The projectors' batch norm of a training pass divides by the spread of a few nearly equal rows:
 * of the features' rounding errors, 1e-6, it makes up to 1.4e-5. */
#define LATENT_FACTOR 3

static void check(mos_model *model, const golden_file *golden, const char *mode, int m,
                  int64_t batch, double tolerance) {
    mos_device *device = mos_model_device(model);
    char name[64];
    (void)snprintf(name, sizeof name, "%s.%s.features", mode, names[m]);
    golden_near(name,
                relative_error(device, golden, name, mos_model_features(model, m),
                               batch * mos_model_feature_size(model)),
                0, 1, tolerance);
    if (strcmp(mode, "real") == 0) return;
    (void)snprintf(name, sizeof name, "%s.%s.latents", mode, names[m]);
    golden_near(name,
                relative_error(device, golden, name, mos_model_latents(model, m), batch * LATENT),
                0, 1, strcmp(mode, "train") == 0 ? LATENT_FACTOR * tolerance : tolerance);
}

static void run_formula(const char *device_name, int64_t batch, bool train, double tolerance) {
    golden_file golden;
    mos_device *device;
    golden_read("feature_golden.txt", &golden);
    assert_int_equal(mos_device_open(device_name, MOS_PRECISION_FP32, 2, &device), MOSAIC_OK);
    mos_model *model = make_model(device, batch, train);
    for (int m = 0; m < MODALITIES; m++) {
        char name[32];
        float *images = malloc((size_t)(batch * bands[m] * SIZE * SIZE) * sizeof *images);
        (void)snprintf(name, sizeof name, "feature.%s", names[m]);
        formula_image(name, batch, bands[m], SIZE, SIZE, images);
        if (train)
            assert_int_equal(mos_model_forward(model, m, images, NULL), MOSAIC_OK);
        else
            assert_int_equal(mos_model_infer(model, m, images), MOSAIC_OK);
        check(model, &golden, train ? "train" : "eval", m, batch, tolerance);
        free(images);
    }
    mos_model_destroy(&model);
    mos_device_close(&device);
    golden_release(&golden);
}

/* One image there: the judge is slow. */
static void inference_on_ref(void **state) {
    (void)state;
    run_formula("ref", 1, false, 1e-9);
}
static void inference_on_cpu(void **state) {
    (void)state;
    run_formula("cpu", BATCH, false, 1e-5);
}
static void training_on_cpu(void **state) {
    (void)state;
    run_formula("cpu", BATCH, true, 1e-5);
}

/* Paths of the first patches of patches.csv: id,s1,s2,labels,split. */
static void patch_path(const char *root, int row, int m, char *path, size_t size) {
    char table[640], line[1024];
    (void)snprintf(table, sizeof table, "%s/patches.csv", root);
    FILE *in = fopen(table, "r");
    if (in == NULL) fail_msg("cannot open %s", table);
    for (int i = 0; i <= row + 1; i++)
        assert_non_null(fgets(line, sizeof line, in));
    (void)fclose(in);
    char *rest = line, *field = NULL;
    for (int i = 0; i <= m + 1; i++)
        field = strsep(&rest, ",");
    (void)snprintf(path, size, "%s/%s", root, field);
}

static void read_patch(const char *root, int row, int m, float *image) {
    char path[1024];
    int list[12];
    void *planes[12];
    patch_path(root, row, m, path, sizeof path);
    for (int b = 0; b < bands[m]; b++) {
        list[b] = b + 1;
        planes[b] = image + (size_t)b * SIZE * SIZE;
    }
    if (mos_raster_read_bands(path, list, (int)bands[m], MOS_F32, planes, SIZE, SIZE) != MOSAIC_OK)
        fail_msg("%s", mosaic_error());
    for (int64_t i = 0; i < bands[m] * SIZE * SIZE; i++)
        image[i] = (float)(((double)image[i] - middle[m]) / spread[m]);
}

static void real_patches(void **state) {
    (void)state;
    const char *data = getenv("MOSAIC_REAL_DATA");
    if (data == NULL || data[0] == 0) {
        print_message("skipped: MOSAIC_REAL_DATA is not set\n");
        skip();
    }
    char root[512];
    (void)snprintf(root, sizeof root, "%s/terramesh_patches", data);
    golden_file golden;
    mos_device *device;
    golden_read("feature_golden.txt", &golden);
    assert_int_equal(mos_device_open("cpu", MOS_PRECISION_FP32, 2, &device), MOSAIC_OK);
    mos_model *model = make_model(device, BATCH, false);
    for (int m = 0; m < MODALITIES; m++) {
        float *images = malloc((size_t)(BATCH * bands[m] * SIZE * SIZE) * sizeof *images);
        for (int row = 0; row < BATCH; row++)
            read_patch(root, row, m, images + (size_t)(row * bands[m] * SIZE * SIZE));
        assert_int_equal(mos_model_infer(model, m, images), MOSAIC_OK);
        check(model, &golden, "real", m, BATCH, 1e-5);
        free(images);
    }
    mos_model_destroy(&model);
    mos_device_close(&device);
    golden_release(&golden);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inference_on_ref),
        cmocka_unit_test(inference_on_cpu),
        cmocka_unit_test(training_on_cpu),
        cmocka_unit_test(real_patches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
