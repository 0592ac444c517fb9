/* The hot scalar paths, each in a function of its own whose instructions callgrind counts (see
 * instruction_counts.sh). Work is fixed: counts change with the code and the compiler alone. */
#include "base/memory.h"
#include "base/rng.h"
#include "base/simd.h"
#include "data/names/label_text.h"
#include "data/names/patch_name.h"
#include "io/csv.h"
#include "io/safetensors.h"
#include "loader/epoch_order.h"
#include "loader/view_render.h"
#include "train/run_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOT __attribute__((noinline, noclone, used)) static void

enum { SAMPLES = 20000, BANDS = 12, SIDE = 20, VIEW = 120 };

static void check(mosaic_status status) {
    if (status == MOSAIC_OK) return;
    (void)fprintf(stderr, "hot_paths: %s\n", mosaic_error());
    exit(1);
}

HOT hot_epoch_order(mos_epoch_order *order) {
    mos_epoch_order_make(order, 3);
}

HOT hot_view_plan(const mos_augment_options *options, double *sum) {
    mos_loader_modality optical = {.bands = BANDS};
    for (int64_t i = 0; i < 1000; i++) {
        mos_view_key key = {.seed = 1, .sample = i};
        mos_view_geometry geometry;
        mos_view_light light;
        mos_view_geometry_draw(options, 's', true, &key, &geometry);
        mos_view_light_draw(options, 's', &key, &optical, 1, &light);
        *sum += geometry.left + (double)light.gain[0];
    }
}

HOT hot_view_render(const mos_band_source *source, const mos_augment_options *options,
                    mos_render_scratch *scratch, float *out) {
    mos_loader_modality optical = {.bands = BANDS};
    for (int64_t i = 0; i < 4; i++) {
        mos_view_key key = {.seed = 2, .sample = i};
        mos_view_geometry geometry;
        mos_view_light light;
        mos_view_geometry_draw(options, 's', true, &key, &geometry);
        mos_view_light_draw(options, 's', &key, &optical, 1, &light);
        mos_rng stream = mos_view_noise_stream(&key, 1, 0);
        check(mos_view_render(source, &geometry, &light, 0, &stream, VIEW, VIEW, scratch, out));
    }
}

HOT hot_record_parse(const void *blob, size_t size) {
    for (int i = 0; i < 100; i++) {
        mos_safetensors record;
        check(mos_safetensors_parse(blob, size, "record", &record));
        mos_safetensors_release(&record);
    }
}

HOT hot_record_reparse(const void *blob, size_t size) {
    mos_safetensors record = {0};
    for (int i = 0; i < 1000; i++)
        check(mos_safetensors_reparse(blob, size, "record", &record));
    mos_safetensors_release(&record);
}

static bool count_label(void *context, const char *label, size_t size) {
    *(size_t *)context += size + (label[0] == 'A');
    return true;
}

HOT hot_label_parse(size_t *sum) {
    for (int i = 0; i < 1000; i++) {
        char cell[] = "['Arable land' 'Broad-leaved forest'\n 'Land principally occupied by "
                      "agriculture, with significant areas of natural vegetation' \"Moors\"]";
        if (!mos_labels_split(cell, count_label, sum)) exit(1);
    }
}

HOT hot_patch_name(int *sum) {
    static const char s2[] = "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_75_43";
    static const char s1[] = "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_70_48";
    for (int i = 0; i < 1000; i++) {
        mos_patch_name name;
        if (!mos_patch_name_parse_s2(s2, sizeof s2 - 1, &name)) exit(1);
        *sum += name.row;
        if (!mos_patch_name_parse_s1(s1, sizeof s1 - 1, &name)) exit(1);
        *sum += name.column;
    }
}

HOT hot_csv_parse(const char *text, size_t size) {
    mos_csv csv;
    check(mos_csv_parse(text, size, "table", 0, &csv));
    mos_csv_release(&csv);
}

HOT hot_run_log(mos_run_log *log) {
    mos_metric_row row;
    for (int step = 0; step < 100; step++) {
        mos_metric_row_begin(&row, "step", step, 0);
        for (int k = 0; k < 24; k++) {
            char name[32];
            (void)snprintf(name, sizeof name, "value.%d", k);
            mos_metric_row_add(&row, name, 1.0 / (step + k + 1));
        }
        check(mos_run_log_write(log, &row));
    }
}

HOT hot_random(uint64_t *sum) {
    mos_rng rng = mos_rng_at(1, MOS_RNG_TEST, 2, 3, 4);
    for (int i = 0; i < 10000; i++)
        *sum += mos_rng_below(&rng, 1000003);
}

static void run_order(void) {
    mos_epoch_order order = {.seed = 1, .shuffle = true, .batch = 32};
    int64_t *index;
    uint8_t *labeled;
    check(mos_alloc(SAMPLES, sizeof *index, "index", &index));
    check(mos_alloc(SAMPLES, 1, "labels", &labeled));
    for (int64_t i = 0; i < SAMPLES; i++) {
        index[i] = i;
        labeled[i] = i % 10 == 0;
    }
    check(mos_epoch_order_init(&order, index, labeled, SAMPLES, 0.25));
    hot_epoch_order(&order);
    mos_epoch_order_release(&order);
    mos_free(index);
    mos_free(labeled);
}

static void run_views(void) {
    static float pixels[VIEW * VIEW], out[VIEW * VIEW];
    mos_augment_options options = {0};
    mos_render_scratch scratch = {0};
    double sum = 0;
    check(mos_options_init(&mos_augment_option_table, &options));
    options.blur = 1;
    for (int i = 0; i < VIEW * VIEW; i++)
        pixels[i] = (float)(i * 37 % 4000);
    const mos_band_source source = {.data = pixels,
                                    .width = VIEW,
                                    .height = VIEW,
                                    .fine_width = VIEW,
                                    .fine_height = VIEW,
                                    .mean = 1000,
                                    .sd = 500};
    hot_view_plan(&options, &sum);
    mos_simd_limit(MOS_SIMD_AVX2); /* callgrind knows no AVX-512: the same path on any processor */
    hot_view_render(&source, &options, &scratch, out);
    mos_simd_limit(MOS_SIMD_AVX512);
    mos_render_scratch_release(&scratch);
    mos_options_release(&mos_augment_option_table, &options);
}

static void run_records(void) {
    static const char *const names[BANDS] = {"B01", "B02", "B03", "B04", "B05", "B06",
                                             "B07", "B08", "B8A", "B09", "B11", "B12"};
    static uint16_t plane[SIDE * SIDE];
    mos_tensor_source tensors[BANDS];
    void *blob;
    size_t size;
    for (int b = 0; b < BANDS; b++)
        tensors[b] = (mos_tensor_source){
            .name = names[b], .dtype = MOS_U16, .rank = 2, .shape = {SIDE, SIDE}, .data = plane};
    check(mos_safetensors_encode(tensors, BANDS, NULL, 0, &blob, &size));
    hot_record_parse(blob, size);
    hot_record_reparse(blob, size);
    mos_free(blob);
}

static void run_text(void) {
    size_t labels = 0;
    int places = 0;
    mos_text table = {0};
    hot_label_parse(&labels);
    hot_patch_name(&places);
    mos_text_add(&table, "patch_id,labels,split,country\n");
    for (int i = 0; i < 500; i++)
        mos_text_add(&table, "patch_%d,\"['Pastures', 'Mixed forest']\",train,Finland\n", i);
    hot_csv_parse(table.data, table.size);
    mos_text_release(&table);
}

static void run_log_rows(const char *folder) {
    static const char *const columns[] = {"value.0", "value.1", "value.2", "value.3"};
    static mos_run_directory run;
    static mos_run_log log;
    (void)snprintf(run.path, sizeof run.path, "%s", folder);
    check(mos_run_log_open(&log, &run, columns, 4, NULL));
    hot_run_log(&log);
    mos_run_log_close(&log);
}

int main(int argc, char **argv) {
    uint64_t sum = 0;
    if (argc != 2) {
        (void)fputs("usage: hot_paths FOLDER\n", stderr);
        return 2;
    }
    run_order();
    run_views();
    run_records();
    run_text();
    hot_random(&sum);
    run_log_rows(argv[1]);
    return 0;
}
