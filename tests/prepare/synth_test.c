#include "prepare/synth/synth.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/simd.h"
#include "data/dataset.h"
#include "data/names/nomenclature.h"
#include "data/names/patch_name.h"
#include "data/utm.h"
#include "io/csv.h"
#include "io/lmdb_store.h"
#include "io/raster.h"
#include "io/safetensors.h"
#include "prepare/synth/synth_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* cmocka compares as float; this in double. */
#define assert_near(a, b, tolerance) assert_true(fabs((double)(a) - (double)(b)) <= (tolerance))

static char root[] = "/tmp/mosaic-synth-XXXXXX";

static int make_root(void **state) {
    (void)state;
    return mkdtemp(root) == NULL;
}

static int remove_root(void **state) {
    (void)state;
    return mos_remove_tree(root) != MOSAIC_OK;
}

static mos_synth_options small(int64_t patches) {
    mos_synth_options options = {0};
    assert_int_equal(mos_options_init(&mos_synth_option_table, &options), MOSAIC_OK);
    options.patches = patches;
    options.size = 48;
    options.progress = false;
    options.threads = 2;
    return options;
}

static const char *in_root(const char *name) {
    static char paths[8][600];
    static int next;
    next = (next + 1) % 8;
    (void)snprintf(paths[next], sizeof paths[next], "%s/%s", root, name);
    return paths[next];
}

static const char *write_set(const mos_synth_options *options, const char *name) {
    const char *folder = in_root(name);
    if (mos_synth_write(options, folder, true) != MOSAIC_OK) fail_msg("%s", mosaic_error());
    return folder;
}

static void hash_file(const char *folder, const char *name, char hex[65]) {
    char path[900];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    if (mos_sha256_file(path, hex) != MOSAIC_OK) fail_msg("%s", mosaic_error());
}

static bool same_file(const char *a, const char *b, const char *name) {
    char first[65], second[65];
    hash_file(a, name, first);
    hash_file(b, name, second);
    return strcmp(first, second) == 0;
}

static void read_metadata(const char *folder, mos_csv *csv) {
    char path[900];
    (void)snprintf(path, sizeof path, "%s/metadata.csv", folder);
    if (mos_csv_read(path, ',', csv) != MOSAIC_OK) fail_msg("%s", mosaic_error());
}

static const char *cell(const mos_csv *csv, size_t row, const char *column) {
    int64_t index = mos_csv_column(csv, column);
    assert_true(index >= 0);
    return csv->cells[row * csv->columns + (size_t)index];
}

static void the_same_options_give_the_same_packed_bytes(void **state) {
    (void)state;
    mos_synth_options options = small(300);
    const char *first = write_set(&options, "first");
    static const int threads[] = {1, 3};
    for (size_t t = 0; t < 2; t++) {
        options.threads = threads[t];
        const char *again = write_set(&options, "again");
        assert_true(same_file(first, again, "data.mdb"));
        assert_true(same_file(first, again, "metadata.csv"));
        assert_true(same_file(first, again, "truth.json"));
        assert_false(mos_path_exists(in_root("again/lock.mdb")));
    }
    mos_simd_limit(MOS_SIMD_PLAIN); /* another processor */
    const char *plain = write_set(&options, "again");
    mos_simd_limit(MOS_SIMD_AVX512);
    assert_true(same_file(first, plain, "data.mdb"));
    options.seed = 1;
    const char *other = write_set(&options, "again");
    assert_false(same_file(first, other, "data.mdb"));
    assert_false(same_file(first, other, "metadata.csv"));
}

static void the_tree_holds_the_packed_pixels(void **state) {
    (void)state;
    mos_synth_options options = small(6);
    const char *packed = write_set(&options, "packed");
    assert_int_equal(
        mos_options_set(&mos_synth_option_table, &options, "layout", "tree", false, "test"),
        MOSAIC_OK);
    const char *tree = write_set(&options, "tree"), *again;
    options.threads = 1;
    again = write_set(&options, "tree-again");
    assert_true(same_file(packed, tree, "metadata.csv"));
    mos_csv csv;
    mos_lmdb *db;
    mos_lmdb_reader *reader;
    read_metadata(packed, &csv);
    assert_int_equal(mos_lmdb_open(packed, &db), MOSAIC_OK);
    assert_int_equal(mos_lmdb_reader_open(db, &reader), MOSAIC_OK);
    for (size_t row = 0; row < csv.rows; row++) {
        const char *name = cell(&csv, row, "patch_id");
        char scene[80], path[400];
        (void)snprintf(scene, sizeof scene, "%s", name);
        scene[strlen(scene) - 6] = '\0';
        const void *data;
        size_t size;
        mos_safetensors record;
        assert_int_equal(mos_lmdb_get(reader, name, &data, &size), MOSAIC_OK);
        assert_non_null(data);
        assert_int_equal(mos_safetensors_parse(data, size, name, &record), MOSAIC_OK);
        assert_int_equal(record.count, 12);
        for (size_t b = 0; b < record.count; b++) {
            const mos_tensor_view *band = &record.tensors[b];
            uint16_t pixels[48 * 48];
            char file[1100];
            (void)snprintf(path, sizeof path, "BigEarthNet-S2/%s/%s/%s_%s.tif", scene, name, name,
                           band->name);
            (void)snprintf(file, sizeof file, "%s/%s", tree, path);
            assert_int_equal(
                mos_raster_read_band(file, 1, MOS_U16, pixels, band->shape[1], band->shape[0]),
                MOSAIC_OK);
            assert_memory_equal(pixels, band->data, band->bytes);
            assert_true(same_file(tree, again, path));
        }
        mos_safetensors_release(&record);
    }
    mos_lmdb_reader_close(&reader);
    mos_lmdb_close(&db);
    mos_csv_release(&csv);
}

/* Every class of the map is a label and every label is in the map. */
static void labels_are_the_classes_of_the_reference_map(void **state) {
    (void)state;
    mos_synth_options options = small(400);
    const char *folder = write_set(&options, "labels");
    mos_csv csv;
    mos_lmdb *db;
    mos_lmdb_reader *reader;
    read_metadata(folder, &csv);
    assert_int_equal(csv.rows, 400);
    assert_int_equal(mos_lmdb_open(folder, &db), MOSAIC_OK);
    assert_int_equal(mos_lmdb_reader_open(db, &reader), MOSAIC_OK);
    int unlabelled = 0, counts[MOS_BEN_CLASSES] = {0};
    for (size_t row = 0; row < csv.rows; row++) {
        char key[100], labels[1000] = "";
        const void *data;
        size_t size;
        mos_safetensors record;
        bool found[MOS_BEN_CLASSES] = {false}, bare = false;
        (void)snprintf(key, sizeof key, "%s_reference_map", cell(&csv, row, "patch_id"));
        assert_int_equal(mos_lmdb_get(reader, key, &data, &size), MOSAIC_OK);
        assert_non_null(data);
        assert_int_equal(mos_safetensors_parse(data, size, key, &record), MOSAIC_OK);
        const mos_tensor_view *map = mos_safetensors_find(&record, "Data");
        assert_non_null(map);
        assert_int_equal(map->bytes, 48 * 48 * 2);
        for (size_t i = 0; i < 48 * 48; i++) {
            uint16_t code;
            memcpy(&code, (const char *)map->data + 2 * i, 2);
            int class_index = mos_ben_class_of_code(code);
            if (class_index >= 0) found[class_index] = true;
            bare = bare || class_index < 0;
        }
        for (int l = 0; l < MOS_BEN_CLASSES; l++) {
            if (!found[l]) continue;
            counts[l]++;
            (void)snprintf(labels + strlen(labels), sizeof labels - strlen(labels), "%s%s",
                           labels[0] ? ";" : "", mos_ben_classes[l]);
        }
        unlabelled += bare;
        assert_true(labels[0] != '\0');
        assert_string_equal(cell(&csv, row, "labels"), labels);
        mos_safetensors_release(&record);
    }
    assert_in_range(unlabelled, 5, 60); /* some ground has no class */
    for (int l = 0; l < MOS_BEN_CLASSES; l++)
        assert_true(counts[l] > 0);
    mos_lmdb_reader_close(&reader);
    mos_lmdb_close(&db);
    mos_csv_release(&csv);
}

static void names_splits_and_dates_are_those_of_the_official_set(void **state) {
    (void)state;
    mos_synth_options options = small(1200);
    options.size = 24;
    const char *folder = write_set(&options, "names");
    mos_csv csv;
    read_metadata(folder, &csv);
    int splits[3] = {0}, lags[8] = {0}, months[13] = {0};
    for (size_t row = 0; row < csv.rows; row++) {
        const char *s2 = cell(&csv, row, "patch_id"), *s1 = cell(&csv, row, "s1_name");
        const char *split = cell(&csv, row, "split");
        mos_patch_name optical, radar;
        if (!mos_patch_name_parse_s2(s2, strlen(s2), &optical) ||
            !mos_patch_name_parse_s1(s1, strlen(s1), &radar))
            fail_msg("%s %s", s2, s1);
        assert_int_equal(optical.column, radar.column);
        assert_int_equal(optical.row, radar.row);
        assert_string_equal(optical.tile, radar.tile);
        double days = fabs((double)(optical.time_s / 86400 - radar.time_s / 86400));
        assert_true(days <= 6);
        lags[(int)days]++;
        months[(s2[15] - '0') * 10 + s2[16] - '0']++;
        double x = 1200.0 * (double)optical.column + 600, y = 1200.0 * (double)optical.row + 600;
        double d = fmin(fmin(x, y), fmin(109800 - x, 109800 - y));
        const char *wanted = d < 16079.84 ? "train" : d < 27450 ? "validation" : "test";
        assert_string_equal(split, wanted);
        splits[wanted[0] == 't' ? wanted[1] == 'r' ? 0 : 2 : 1]++;
        assert_string_equal(cell(&csv, row, "contains_seasonal_snow"), "false");
        if (row > 0) assert_true(strcmp(cell(&csv, row - 1, "patch_id"), s2) < 0);
    }
    assert_in_range(splits[0], 540, 660);
    assert_in_range(splits[1], 250, 350);
    assert_in_range(splits[2], 250, 350);
    assert_true(lags[0] > lags[1] && lags[1] > lags[2] && lags[2] > lags[3] && lags[0] > 400);
    int seen = 0;
    for (int m = 1; m <= 12; m++)
        seen += months[m] > 0;
    assert_true(seen >= 10);
    mos_csv_release(&csv);
}

static void tiles_lie_where_their_names_say(void **state) {
    (void)state;
    int epsg;
    double west_m, north_m;
    assert_true(mos_utm_square("33UUP", &epsg, &west_m, &north_m)); /* formats of the real files */
    assert_int_equal(epsg, 32633);
    assert_near(west_m, 300000, 0);
    assert_near(north_m, 5400000, 0);
    assert_true(mos_utm_square("29SND", &epsg, &west_m, &north_m));
    assert_near(west_m, 500000, 0);
    assert_near(north_m, 4400000, 0);
    assert_true(mos_utm_square("34WFT", &epsg, &west_m, &north_m));
    assert_near(north_m, 7300000, 0);
    assert_false(mos_utm_square("33UIP", &epsg, &west_m, &north_m));
    assert_false(mos_utm_square("99UUP", &epsg, &west_m, &north_m));
    assert_false(mos_utm_square("33U", &epsg, &west_m, &north_m));
}

static void the_tree_is_georeferenced(void **state) {
    (void)state;
    mos_synth_options options = small(3);
    assert_int_equal(
        mos_options_set(&mos_synth_option_table, &options, "layout", "tree", false, "test"),
        MOSAIC_OK);
    const char *folder = write_set(&options, "georeferenced");
    mos_csv csv;
    read_metadata(folder, &csv);
    for (size_t row = 0; row < csv.rows; row++) {
        const char *names[3] = {cell(&csv, row, "s1_name"), cell(&csv, row, "patch_id"),
                                cell(&csv, row, "patch_id")};
        static const char *const roots[3] = {"BigEarthNet-S1", "BigEarthNet-S2", "Reference_Maps"};
        static const char *const files[3] = {"VV", "B09", "reference_map"};
        static const double pixels_m[3] = {10, 60, 10};
        mos_patch_name name;
        assert_true(mos_patch_name_parse_s2(names[1], strlen(names[1]), &name));
        int epsg;
        double west_m, north_m;
        assert_true(mos_utm_square(name.tile, &epsg, &west_m, &north_m));
        for (int k = 0; k < 3; k++) {
            char scene[80], path[1200];
            mos_raster_info info;
            (void)snprintf(scene, sizeof scene, "%s", names[k]);
            for (int cut = 0; cut < (k == 0 ? 3 : 2); cut++)
                *strrchr(scene, '_') = '\0';
            (void)snprintf(path, sizeof path, "%s/%s/%s/%s/%s_%s.tif", folder, roots[k], scene,
                           names[k], names[k], files[k]);
            if (mos_raster_info_read(path, &info) != MOSAIC_OK) fail_msg("%s", mosaic_error());
            assert_int_equal(info.epsg, epsg);
            assert_near(info.transform[0], west_m + 1200 * (double)name.column, 0);
            assert_near(info.transform[3], north_m - 1200 * (double)name.row, 0);
            assert_near(info.transform[1], pixels_m[k], 0);
            assert_near(info.transform[5], -pixels_m[k], 0);
            assert_int_equal(info.width, 480 / (int)pixels_m[k]);
            assert_int_equal(info.dtype, k == 0 ? MOS_F32 : MOS_U16);
        }
    }
    mos_csv_release(&csv);
}

/* Band means over the pixels of a class, patches pure in it. */
typedef struct class_sums {
    double s1[2], s2[12], s1_square[2], s2_square[12], roughness[2];
    int patches;
} class_sums;

static void add_tensor(const mos_tensor_view *view, double *sum, double *square,
                       double *roughness) {
    int64_t count = view->shape[0] * view->shape[1];
    double mean = 0, steps = 0, last = 0;
    for (int64_t i = 0; i < count; i++) {
        float real;
        uint16_t whole;
        if (view->dtype == MOS_F32)
            memcpy(&real, (const char *)view->data + 4 * i, 4);
        else {
            memcpy(&whole, (const char *)view->data + 2 * i, 2);
            real = whole;
        }
        mean += (double)real / (double)count;
        if (i > 0) steps += fabs((double)real - last) / (double)count;
        last = (double)real;
    }
    *sum += mean;
    *square += mean * mean;
    if (roughness != NULL) *roughness += steps;
}

static void add_patch(mos_lmdb_reader *reader, const char *s1, const char *s2, class_sums *sums) {
    const char *names[2] = {s1, s2};
    for (int k = 0; k < 2; k++) {
        const void *data;
        size_t size;
        mos_safetensors record;
        assert_int_equal(mos_lmdb_get(reader, names[k], &data, &size), MOSAIC_OK);
        assert_int_equal(mos_safetensors_parse(data, size, names[k], &record), MOSAIC_OK);
        for (size_t b = 0; b < record.count; b++)
            add_tensor(&record.tensors[b], k == 0 ? &sums->s1[b] : &sums->s2[b],
                       k == 0 ? &sums->s1_square[b] : &sums->s2_square[b],
                       k == 0 ? &sums->roughness[b] : NULL);
        mos_safetensors_release(&record);
    }
    sums->patches++;
}

/* How many standard deviations of patch means two classes are apart, in the best band. */
static double separation(const double *a, const double *a2, int na, const double *b,
                         const double *b2, int nb, int bands) {
    double best = 0;
    for (int k = 0; k < bands; k++) {
        double ma = a[k] / na, mb = b[k] / nb;
        double va = a2[k] / na - ma * ma, vb = b2[k] / nb - mb * mb;
        best = fmax(best, fabs(ma - mb) / sqrt(0.5 * (va + vb) + 1e-9));
    }
    return best;
}

static void measure_pair(const char *folder, const char *first, const char *second, double *s1,
                         double *s2) {
    class_sums sums[2] = {0};
    mos_csv csv;
    mos_lmdb *db;
    mos_lmdb_reader *reader;
    read_metadata(folder, &csv);
    assert_int_equal(mos_lmdb_open(folder, &db), MOSAIC_OK);
    assert_int_equal(mos_lmdb_reader_open(db, &reader), MOSAIC_OK);
    for (size_t row = 0; row < csv.rows; row++) {
        const char *labels = cell(&csv, row, "labels");
        int which = strcmp(labels, first) == 0 ? 0 : strcmp(labels, second) == 0 ? 1 : -1;
        if (which >= 0)
            add_patch(reader, cell(&csv, row, "s1_name"), cell(&csv, row, "patch_id"),
                      &sums[which]);
    }
    mos_lmdb_reader_close(&reader);
    mos_lmdb_close(&db);
    mos_csv_release(&csv);
    int na = sums[0].patches, nb = sums[1].patches;
    assert_true(na >= 12 && nb >= 12);
    *s1 = separation(sums[0].s1, sums[0].s1_square, na, sums[1].s1, sums[1].s1_square, nb, 2);
    *s2 = separation(sums[0].s2, sums[0].s2_square, na, sums[1].s2, sums[1].s2_square, nb, 12);
}

/* With similarity 1 the sensor in which a pair is alike tells it apart no better than chance
 * allows; the other one does. With similarity 0 both do. */
static void the_planted_truth_is_in_the_pixels(void **state) {
    (void)state;
    double s1, s2;
    mos_synth_options options = small(1500);
    options.size = 24;
    options.classes = 5;
    options.similarity = 1;
    const char *folder = write_set(&options, "alike");
    measure_pair(folder, "Broad-leaved forest", "Coniferous forest", &s1, &s2);
    assert_true(s1 > 2 && s2 < 0.6);
    measure_pair(folder, "Agro-forestry areas", "Permanent crops", &s1, &s2);
    assert_true(s1 < 0.6 && s2 > 2);
    options.similarity = 0;
    folder = write_set(&options, "apart");
    measure_pair(folder, "Broad-leaved forest", "Coniferous forest", &s1, &s2);
    assert_true(s1 > 2 && s2 > 2);
}

static int64_t day_of(const char *stamp) {
    struct tm date = {0};
    assert_int_equal(sscanf(stamp, "%4d%2d%2d", &date.tm_year, &date.tm_mon, &date.tm_mday), 3);
    date.tm_year -= 1900;
    date.tm_mon -= 1;
    return (int64_t)timegm(&date) / 86400;
}

/* Mean of a patch's VV. */
static double radar_mean(mos_lmdb_reader *reader, const char *name) {
    const void *data;
    size_t size;
    mos_safetensors record;
    double sum = 0, square = 0;
    assert_int_equal(mos_lmdb_get(reader, name, &data, &size), MOSAIC_OK);
    assert_int_equal(mos_safetensors_parse(data, size, name, &record), MOSAIC_OK);
    add_tensor(&record.tensors[record.count - 1], &sum, &square, NULL);
    mos_safetensors_release(&record);
    return sum;
}

/* The same set with and without drift: a patch seen by both sensors in one day is the same, others
 * differ the more, the longer the lag. */
static void radar_drifts_with_the_lag(void **state) {
    (void)state;
    enum { DAYS = 4 };
    static const char *const names[2] = {"still", "drifting"};
    double moved[DAYS] = {0};
    int rows[DAYS] = {0};
    mos_csv csv;
    mos_lmdb *db[2];
    mos_lmdb_reader *reader[2];
    for (int k = 0; k < 2; k++) {
        mos_synth_options options = small(1500);
        options.size = 24;
        options.lag_drift = k == 0 ? 0 : 1.5;
        const char *folder = write_set(&options, names[k]);
        if (k == 0) read_metadata(folder, &csv);
        assert_int_equal(mos_lmdb_open(folder, &db[k]), MOSAIC_OK);
        assert_int_equal(mos_lmdb_reader_open(db[k], &reader[k]), MOSAIC_OK);
    }
    for (size_t row = 0; row < csv.rows; row++) {
        const char *s1 = cell(&csv, row, "s1_name"), *s2 = cell(&csv, row, "patch_id");
        int64_t lag = llabs(day_of(strstr(s1, "_1SDV_") + 6) - day_of(s2 + strlen("S2A_MSIL2A_")));
        double change = radar_mean(reader[1], s1) - radar_mean(reader[0], s1);
        assert_true((change == 0) == (lag == 0));
        if (lag >= DAYS) continue;
        rows[lag]++;
        moved[lag] += change * change;
    }
    for (int k = 0; k < 2; k++) {
        mos_lmdb_reader_close(&reader[k]);
        mos_lmdb_close(&db[k]);
    }
    mos_csv_release(&csv);
    for (int lag = 1; lag < 3; lag++) {
        double expected = 1.5 * lag, sd = sqrt(moved[lag] / rows[lag]);
        assert_true(rows[lag] > 100);
        /* less than a site's: a patch holds several */
        assert_true(sd > 0.4 * expected && sd < 1.1 * expected);
    }
}

static void modalities_go_missing_as_asked(void **state) {
    (void)state;
    mos_synth_options options = small(500);
    options.size = 24;
    options.missing_s1 = 0.2;
    options.missing_s2 = 0.1;
    const char *folder = write_set(&options, "missing");
    mos_csv csv;
    mos_lmdb *db;
    mos_lmdb_reader *reader;
    int missing[3] = {0};
    read_metadata(folder, &csv);
    assert_int_equal(csv.rows, 500);
    assert_int_equal(mos_lmdb_open(folder, &db), MOSAIC_OK);
    assert_int_equal(mos_lmdb_reader_open(db, &reader), MOSAIC_OK);
    for (size_t row = 0; row < csv.rows; row++) {
        const void *s1, *s2;
        size_t size;
        assert_int_equal(mos_lmdb_get(reader, cell(&csv, row, "s1_name"), &s1, &size), MOSAIC_OK);
        assert_int_equal(mos_lmdb_get(reader, cell(&csv, row, "patch_id"), &s2, &size), MOSAIC_OK);
        missing[0] += s1 == NULL;
        missing[1] += s2 == NULL;
        missing[2] += s1 == NULL && s2 == NULL;
    }
    assert_in_range(missing[0], 70, 130);
    assert_in_range(missing[1], 30, 75);
    assert_int_equal(missing[2], 0);
    mos_lmdb_reader_close(&reader);
    mos_lmdb_close(&db);
    mos_csv_release(&csv);
}

/* Band B02 of a patch's record; [24, 24]. */
static void read_blue(mos_lmdb_reader *reader, const char *name, uint16_t out[24 * 24]) {
    const void *data;
    size_t size;
    mos_safetensors record;
    const mos_tensor_view *view;
    assert_int_equal(mos_lmdb_get(reader, name, &data, &size), MOSAIC_OK);
    assert_non_null(data);
    assert_int_equal(mos_safetensors_parse(data, size, name, &record), MOSAIC_OK);
    view = mos_safetensors_find(&record, "B02");
    assert_non_null(view);
    memcpy(out, view->data, 24 * 24 * sizeof *out);
    mos_safetensors_release(&record);
}

static void clouds_lie_over_optical_pixels_alone(void **state) {
    (void)state;
    mos_synth_options options = small(300);
    options.size = 24;
    const char *clear = write_set(&options, "clear");
    options.clouds = 0.4;
    const char *cloudy = write_set(&options, "cloudy");
    mos_csv cover, rows;
    mos_lmdb *db[2];
    mos_lmdb_reader *reader[2];
    char path[900];
    (void)snprintf(path, sizeof path, "%s/clouds.csv", cloudy);
    assert_int_equal(mos_csv_read(path, ',', &cover), MOSAIC_OK);
    assert_false(mos_path_exists(in_root("clear/clouds.csv")));
    assert_int_equal(cover.rows, 300);
    for (int k = 0; k < 2; k++) {
        assert_int_equal(mos_lmdb_open(k ? cloudy : clear, &db[k]), MOSAIC_OK);
        assert_int_equal(mos_lmdb_reader_open(db[k], &reader[k]), MOSAIC_OK);
    }
    int64_t count = 0;
    for (size_t r = 0; r < cover.rows; r++) {
        uint16_t before[24 * 24], after[24 * 24];
        const char *id = cell(&cover, r, "id");
        double share = strtod(cell(&cover, r, "cloud_cover"), NULL);
        int64_t brighter = 0, changed = 0;
        read_blue(reader[0], id, before);
        read_blue(reader[1], id, after);
        for (int i = 0; i < 24 * 24; i++) {
            brighter += after[i] > before[i] + 500; /* the thinnest cloud adds a third of 5500 */
            changed += after[i] != before[i];
        }
        assert_true(share == 0 ? changed == 0 : share >= 0.05 && share <= 1);
        /* Ground as bright as the clouds does not change as much. */
        assert_true((double)brighter <= share * 24 * 24 + 1);
        assert_true((double)brighter >= 0.9 * share * 24 * 24 - 1);
        count += share > 0;
    }
    assert_in_range(count, 90, 150);
    read_metadata(cloudy, &rows);
    assert_int_equal(rows.rows, 300 - count);
    for (size_t r = 0; r < rows.rows; r += 20) { /* radar sees through them */
        const void *a, *b;
        size_t a_size, b_size;
        const char *name = cell(&rows, r, "s1_name");
        assert_int_equal(mos_lmdb_get(reader[0], name, &a, &a_size), MOSAIC_OK);
        assert_int_equal(mos_lmdb_get(reader[1], name, &b, &b_size), MOSAIC_OK);
        assert_int_equal(a_size, b_size);
        assert_memory_equal(a, b, a_size);
    }
    for (int k = 0; k < 2; k++) {
        mos_lmdb_reader_close(&reader[k]);
        mos_lmdb_close(&db[k]);
    }
    mos_csv_release(&cover);
    mos_csv_release(&rows);
    /* As in the archive: left out, or read where a configuration asks for them. */
    for (int with = 0; with < 2; with++) {
        mos_data_options data = {0};
        mos_dataset *dataset;
        assert_int_equal(mos_options_init(&mos_data_option_table, &data), MOSAIC_OK);
        assert_int_equal(
            mos_options_set(&mos_data_option_table, &data, "data.root", cloudy, false, "test"),
            MOSAIC_OK);
        assert_int_equal(mos_options_set(&mos_data_option_table, &data, "data.include_snow_cloud",
                                         with ? "true" : "false", false, "test"),
                         MOSAIC_OK);
        if (mos_dataset_open(&data, &dataset) != MOSAIC_OK) fail_msg("%s", mosaic_error());
        assert_int_equal(mos_dataset_count(dataset), with ? 300 : 300 - count);
        mos_dataset_close(&dataset);
        mos_options_release(&mos_data_option_table, &data);
    }
}

static void the_reader_opens_what_was_written(void **state) {
    (void)state;
    static const char *const layouts[] = {"lmdb", "tree"};
    for (int k = 0; k < 2; k++) {
        mos_synth_options options = small(8);
        assert_int_equal(
            mos_options_set(&mos_synth_option_table, &options, "layout", layouts[k], false, "test"),
            MOSAIC_OK);
        const char *folder = write_set(&options, "readable");
        mos_data_options data = {0};
        mos_dataset *dataset;
        mos_reader *reader;
        assert_int_equal(mos_options_init(&mos_data_option_table, &data), MOSAIC_OK);
        assert_int_equal(
            mos_options_set(&mos_data_option_table, &data, "data.root", folder, false, "test"),
            MOSAIC_OK);
        if (mos_dataset_open(&data, &dataset) != MOSAIC_OK) fail_msg("%s", mosaic_error());
        assert_int_equal(mos_dataset_count(dataset), 8);
        const mos_defect *defects;
        assert_int_equal(mos_dataset_defects(dataset, &defects), 0);
        const mos_modality *modalities;
        assert_int_equal(mos_dataset_modalities(dataset, &modalities), 2);
        assert_int_equal(mos_reader_open(dataset, &reader), MOSAIC_OK);
        for (int64_t i = 0; i < 8; i++) {
            mos_sample sample;
            mos_patch patch;
            static const int bands[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
            assert_int_equal(mos_dataset_sample(dataset, i, &sample), MOSAIC_OK);
            assert_int_equal(sample.present, 3);
            for (int64_t m = 0; m < 2; m++) {
                if (mos_reader_read(reader, i, m, bands, modalities[m].band_count, &patch) !=
                    MOSAIC_OK)
                    fail_msg("%s", mosaic_error());
                for (int64_t b = 0; b < patch.bands; b++) {
                    float value = patch.band[b].data[5];
                    assert_true(m == 0 ? value > -60 && value < 25 : value >= 1 && value <= 20000);
                }
            }
        }
        mos_reader_close(&reader);
        mos_dataset_close(&dataset);
        mos_options_release(&mos_data_option_table, &data);
    }
}

static void bad_options_are_named(void **state) {
    (void)state;
    mos_synth_options good = small(4), options;
#define REFUSED(change, text)                                                                      \
    do {                                                                                           \
        options = good;                                                                            \
        change;                                                                                    \
        assert_int_equal(mos_synth_write(&options, in_root("bad"), false), MOSAIC_ERR_USAGE);      \
        if (strstr(mosaic_error(), text) == NULL) fail_msg("%s", mosaic_error());                  \
    } while (0)
    REFUSED(options.size = 50, "size wants a multiple of 6");
    REFUSED(options.size = 6, "size");
    REFUSED(options.patches = 0, "patches");
    REFUSED(options.classes = 20, "classes");
    REFUSED(options.similarity = 1.5, "similarity");
    REFUSED(options.noise = -1, "noise");
    REFUSED(options.clouds = 0.5; options.layout = 2, "not for the layout scene");
    REFUSED(options.missing_s1 = 0.7; options.missing_s2 = 0.6, "together more than 1");
#undef REFUSED
    assert_false(mos_path_exists(in_root("bad"))); /* refused before anything is made */
    const char *folder = write_set(&good, "kept");
    assert_int_equal(mos_synth_write(&good, folder, false), MOSAIC_ERR_USAGE);
    assert_non_null(strstr(mosaic_error(), "is not empty"));
    assert_int_equal(mos_synth_write(&good, folder, true), MOSAIC_OK);
    assert_int_equal(mos_synth_write(&good, "/proc/nowhere/here", false), MOSAIC_ERR_IO);
}

static void every_failed_allocation_is_survived(void **state) {
    (void)state;
    mos_synth_options options = small(3);
    options.size = 24;
    options.threads = 1;
    for (uint64_t n = 1;; n++) {
        assert_true(n < 400);
        mos_alloc_fail_at(n);
        mosaic_status status = mos_synth_write(&options, in_root("memory"), true);
        mos_alloc_fail_at(0);
        if (status == MOSAIC_OK) return;
        assert_int_equal(status, MOSAIC_ERR_MEMORY);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_options_give_the_same_packed_bytes),
        cmocka_unit_test(the_tree_holds_the_packed_pixels),
        cmocka_unit_test(labels_are_the_classes_of_the_reference_map),
        cmocka_unit_test(names_splits_and_dates_are_those_of_the_official_set),
        cmocka_unit_test(tiles_lie_where_their_names_say),
        cmocka_unit_test(the_tree_is_georeferenced),
        cmocka_unit_test(the_planted_truth_is_in_the_pixels),
        cmocka_unit_test(radar_drifts_with_the_lag),
        cmocka_unit_test(modalities_go_missing_as_asked),
        cmocka_unit_test(clouds_lie_over_optical_pixels_alone),
        cmocka_unit_test(the_reader_opens_what_was_written),
        cmocka_unit_test(bad_options_are_named),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
