/* Dividing data sets: UTM against PROJ, iterative stratification, blocks, buffers, folds, the
 * official rule on every official row, and the file that only its own data set takes. */
#include "data/data_support.h"

#include "base/rng.h"
#include "data/sample_place.h"
#include "data/utm.h"
#include "prepare/split/split_plan.h"
#include "prepare/split/stratify.h"

#include <math.h>

static const double degree = 3.14159265358979323846 / 180;

/* PROJ 9: echo "48.27 14.2" | gdaltransform -s_srs EPSG:4326 -t_srs EPSG:32633 */
static void utm(void **state) {
    (void)state;
    static const struct {
        int epsg;
        double latitude, longitude, east_m, north_m;
    } known[] = {{32633, 48.27, 14.2, 440635.866388258, 5346619.61325879},
                 {32632, 48.27, 14.2, 885807.951513674, 5359392.93133019},
                 {32721, -34.6, -58.4, 371624.544190303, 6170423.24039888}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        double east_m, north_m, latitude, longitude;
        mos_utm_forward(known[i].epsg, known[i].latitude * degree, known[i].longitude * degree,
                        &east_m, &north_m);
        assert_true(fabs(east_m - known[i].east_m) < 1e-3);
        assert_true(fabs(north_m - known[i].north_m) < 1e-3);
        mos_utm_inverse(known[i].epsg, east_m, north_m, &latitude, &longitude);
        assert_true(fabs(latitude / degree - known[i].latitude) < 1e-9);
        assert_true(fabs(longitude / degree - known[i].longitude) < 1e-9);
    }
    assert_int_equal(mos_utm_zone(48 * degree, 14.2 * degree), 32633);
    int epsg;
    double west_m, north_m;
    assert_true(mos_utm_square("21HUB", &epsg, &west_m, &north_m)); /* Buenos Aires */
    assert_int_equal(epsg, 32721);
    assert_true(west_m <= 371624 && 371624 < west_m + 1e5);
    assert_true(north_m - 1e5 <= 6170423 && 6170423 < north_m);
}

/* ---- stratification ---- */

static void stratified(void **state) {
    (void)state;
    enum { N = 2000, L = 6, PARTS = 3 };
    static const double rate[L] = {0.004, 0.02, 0.1, 0.3, 0.5, 0.9}, shares[PARTS] = {7, 2, 1};
    static int32_t counts[N * L], sizes[N];
    static int16_t part[N], again[N];
    int64_t total[L] = {0}, got[PARTS][L] = {{0}}, size[PARTS] = {0};
    mos_rng rng = mos_rng_at(3, MOS_RNG_TEST, 0, 0, 0);
    for (int i = 0; i < N; i++) {
        sizes[i] = 1;
        for (int l = 0; l < L; l++)
            total[l] += counts[i * L + l] = mos_rng_uniform64(&rng) < rate[l];
    }
    mos_stratify_problem problem = {.units = N,
                                    .labels = L,
                                    .counts = counts,
                                    .sizes = sizes,
                                    .parts = PARTS,
                                    .shares = shares,
                                    .seed = 1};
    EXPECT_OK(mos_stratify(&problem, part));
    EXPECT_OK(mos_stratify(&problem, again));
    assert_memory_equal(part, again, sizeof part);
    for (int i = 0; i < N; i++) {
        assert_in_range(part[i], 0, PARTS - 1);
        size[part[i]]++;
        for (int l = 0; l < L; l++)
            got[part[i]][l] += counts[i * L + l];
    }
    for (int k = 0; k < PARTS; k++) {
        assert_true(fabs((double)size[k] - shares[k] / 10 * N) <= 12);
        for (int l = 0; l < L; l++) {
            double fair = shares[k] / 10 * (double)total[l];
            assert_true(fabs((double)got[k][l] - fair) <= 1 + 0.02 * fair);
        }
    }
    problem.seed = 2;
    EXPECT_OK(mos_stratify(&problem, again));
    assert_memory_not_equal(part, again, sizeof part);
    problem.shares = (const double[]){1, -1, 1};
    EXPECT_STATUS(MOSAIC_ERR_USAGE, mos_stratify(&problem, part));
}

/* ---- data sets of BigEarthNet names ---- */

static const char stamp[] = "S2A_MSIL2A_2017061%dT101031_N9999_R022_T33UUP_%02d_%02d";

/* side x side patches of one tile, some of them on two dates. */
static void write_grid(const char *folder, int side) {
    static const float s1[] = {-11.25f, -17.25f};
    char path[4096];
    mos_text text = {0};
    mos_rng rng = mos_rng_at(11, MOS_RNG_TEST, 0, 0, 0);
    snprintf(path, sizeof path, "%s/a.tif", folder);
    write_float_raster(path, 2, 4, s1, 0.125f);
    mos_text_add(&text, "id,s1,labels,split\n");
    for (int i = 0; i < side * side; i++) {
        for (int date = 3; date < (i % 3 == 0 ? 5 : 4); date++) {
            mos_text_add(&text, stamp, date, i % side, i / side);
            mos_text_add(&text, ",a.tif,%s%s,%s\n", mos_rng_uniform64(&rng) < 0.3 ? "W;" : "",
                         i % 7 == 0 ? "F" : "T", i % 2 ? "train" : "test");
        }
    }
    write_text(folder, "patches.csv", text.data);
    mos_text_release(&text);
}

static mosaic_status make_split(mos_dataset *dataset, mos_split_columns **columns,
                                mos_split_report *report, ...) {
    mos_split_options options = {0};
    va_list pairs;
    EXPECT_OK(mos_options_init(&mos_split_option_table, &options));
    va_start(pairs, report);
    for (const char *key; (key = va_arg(pairs, const char *)) != NULL;)
        EXPECT_OK(mos_options_set(&mos_split_option_table, &options, key,
                                  va_arg(pairs, const char *), false, "test"));
    va_end(pairs);
    mosaic_status status = mos_split_make(dataset, &options, columns, report);
    mos_options_release(&mos_split_option_table, &options);
    return status;
}

/* One place has one split whatever the date, and nothing overlaps across. */
static void locations_stay_together(void **state) {
    mos_dataset *dataset;
    mos_split_columns *columns;
    mos_split_report report;
    write_grid(*state, 12);
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
    assert_int_equal(mos_dataset_count(dataset), 144 + 48);
    EXPECT_OK(make_split(dataset, &columns, &report, "rule", "share", "seed", "5", NULL));
    assert_int_equal(report.units, 144);
    assert_int_equal(report.overlaps, 48);
    assert_int_equal(report.leaks, 0);
    int64_t size[4] = {0};
    for (int64_t i = 0; i < 192; i++)
        size[columns->split[i]]++;
    assert_true(labs((long)size[0] - 134) <= 3 && labs((long)size[1] - 29) <= 3 && size[3] == 0);
    mos_split_columns_destroy(&columns);
    /* Sample by sample the two dates part: that is refused, with a pair named. */
    EXPECT_DATA_ERROR(
        make_split(dataset, &columns, &report, "rule", "share", "units", "sample", NULL),
        "overlapping patches are in two splits");
    assert_non_null(strstr(mosaic_error(), "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_"));
    mos_log_set_level(MOS_LOG_ERROR);
    EXPECT_OK(make_split(dataset, &columns, &report, "rule", "share", "units", "sample",
                         "allow-overlap", "true", NULL));
    assert_true(report.leaks > 0);
    mos_split_columns_destroy(&columns);
    EXPECT_STATUS(MOSAIC_ERR_USAGE, make_split(dataset, &columns, &report, "rule", "share",
                                               "shares", "0.5,0.6,0", NULL));
    mos_dataset_close(&dataset);
}

static mosaic_status forbid_near(void *context, int64_t a, int64_t b, double gap_m) {
    const uint8_t *split = context;
    (void)gap_m;
    if (split[a] != MOS_SPLIT_NONE && split[b] != MOS_SPLIT_NONE && split[a] != split[b])
        return mos_fail(MOSAIC_ERR_DATA, "%lld and %lld are near", (long long)a, (long long)b);
    return MOSAIC_OK;
}

static void blocks_and_buffer(void **state) {
    mos_dataset *dataset;
    mos_split_columns *columns;
    mos_split_report report;
    mos_place *places;
    int64_t unknown, in_use = 0;
    write_grid(*state, 24);
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
    EXPECT_OK(mos_places_make(dataset, &places, &unknown));
    assert_int_equal(unknown, 0);
    EXPECT_OK(make_split(dataset, &columns, &report, "rule", "share", "units", "block", "block",
                         "4800", "shares", "0.5,0.25,0.25", NULL));
    /* 24 patches of 1.2 km: 6 or 7 blocks of 4.8 km either way, a row more where parallels are cut
     * at an angle. */
    assert_in_range(report.units, 36, 64);
    for (int64_t a = 0; a < columns->count; a++)
        for (int64_t b = 0; b < a; b++)
            if (mos_place_block(&places[a], 4800) == mos_place_block(&places[b], 4800))
                assert_int_equal(columns->split[a], columns->split[b]);
    assert_int_equal(report.leaks, 0);
    mos_split_columns_destroy(&columns);
    EXPECT_OK(make_split(dataset, &columns, &report, "rule", "share", "units", "block", "block-px",
                         "480", "shares", "0.5,0.25,0.25", "buffer", "1500", NULL));
    assert_true(report.buffered[MOS_SPLIT_TRAIN] > 0 && report.buffered[MOS_SPLIT_VALIDATION] > 0);
    assert_int_equal(report.buffered[MOS_SPLIT_TEST], 0);
    EXPECT_OK(mos_places_near(places, columns->count, 1500, forbid_near, columns->split));
    for (int64_t i = 0; i < columns->count; i++)
        in_use += columns->split[i] != MOS_SPLIT_NONE;
    assert_int_equal(in_use + report.buffered[0] + report.buffered[1], columns->count);
    assert_true(in_use > columns->count / 4);
    mos_split_columns_destroy(&columns);
    EXPECT_STATUS(MOSAIC_ERR_USAGE, make_split(dataset, &columns, &report, "rule", "share", "units",
                                               "block", "block", "600", NULL));
    EXPECT_STATUS(MOSAIC_ERR_USAGE, make_split(dataset, &columns, &report, "units", "block", NULL));
    mos_free(places);
    mos_dataset_close(&dataset);
}

/* A patch of zone 33 and one of zone 32 on nearly the same ground: found by projection. */
static void zones_meet(void **state) {
    (void)state;
    mos_place a = {.known = true, .epsg = 32633, .x = 300600, .y = 5340600},
              b = {.known = true, .epsg = 32632};
    a.half_width = a.half_height = b.half_width = b.half_height = 600;
    a.pixel_m = b.pixel_m = 10;
    mos_utm_inverse(a.epsg, a.x, a.y, &a.latitude, &a.longitude);
    b.latitude = a.latitude + 900 / MOS_EARTH_RADIUS_M;
    b.longitude = a.longitude;
    mos_utm_forward(b.epsg, b.latitude, b.longitude, &b.x, &b.y);
    assert_true(fabs(mos_place_gap(&a, &b) + 300) < 5);
    assert_true(fabs(mos_place_gap(&b, &a) + 300) < 5);
    mos_place both[2] = {a, b};
    uint8_t split[2] = {MOS_SPLIT_TRAIN, MOS_SPLIT_TEST};
    EXPECT_DATA_ERROR(mos_places_near(both, 2, 0, forbid_near, split), "0 and 1 are near");
    assert_int_equal(mos_place_block(&a, 50000), mos_place_block(&b, 50000));
    both[1].latitude += 400 / MOS_EARTH_RADIUS_M;
    mos_utm_forward(b.epsg, both[1].latitude, both[1].longitude, &both[1].x, &both[1].y);
    EXPECT_OK(mos_places_near(both, 2, 0, forbid_near, split));
    both[1].epsg = 3035;
    both[1].latitude = both[1].longitude = NAN;
    assert_true(isinf(mos_place_gap(&both[0], &both[1])));
}

/* ---- the file ---- */

static void file_and_folds(void **state) {
    char path[4096];
    mos_dataset *dataset, *again;
    mos_split_columns *columns;
    mos_split_report report;
    mos_sample sample;
    mos_text text = {0};
    bool found;
    static uint8_t keep[2][256];
    write_grid(*state, 12);
    EXPECT_OK(mos_path_join(path, sizeof path, *state, "split.txt"));
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
    EXPECT_OK(make_split(dataset, &columns, &report, "folds", "4", "fractions", "0.5,0.1", NULL));
    assert_int_equal(columns->fraction_count, 2);
    EXPECT_OK(mos_split_file_write(dataset, columns, path));
    mos_split_describe(dataset, columns, &report, &text);
    assert_non_null(strstr(text.data, "192 of 192 samples keep their split"));
    mos_text_release(&text);
    EXPECT_OK(
        open_dataset(&again, "data.root", *state, "data.split_file", path, "data.fold", "1", NULL));
    const mos_split_origin *origin = mos_dataset_split_origin(again);
    assert_string_equal(origin->sha256, columns->sha256);
    assert_non_null(strstr(origin->made_by, "rule=own units=location seed=0"));
    int64_t size[4] = {0};
    for (int64_t i = 0; i < 192; i++) {
        EXPECT_OK(mos_dataset_sample(again, i, &sample));
        size[sample.split]++;
        int fold = columns->fold[mos_dataset_find(dataset, sample.id)];
        assert_int_equal(sample.split, fold == 1   ? MOS_SPLIT_TEST
                                       : fold == 2 ? MOS_SPLIT_VALIDATION
                                                   : MOS_SPLIT_TRAIN);
    }
    assert_true(labs((long)size[MOS_SPLIT_TEST] - 48) <= 2);
    for (int f = 0; f < 2; f++)
        EXPECT_OK(mos_dataset_labeled_fraction(again, f == 0 ? 0.1 : 0.5, keep[f], &found));
    int64_t kept[2] = {0};
    for (int64_t i = 0; i < 192; i++) {
        assert_true(keep[0][i] <= keep[1][i]);
        kept[0] += keep[0][i];
        kept[1] += keep[1][i];
    }
    assert_true(found && kept[0] >= 5 && kept[1] >= 35 && kept[1] <= 60);
    EXPECT_STATUS(MOSAIC_ERR_USAGE, mos_dataset_labeled_fraction(again, 0.2, keep[0], &found));
    mos_dataset_close(&again);
    EXPECT_OK(open_dataset(&again, "data.root", *state, "data.split_file", path, "data.fold", "1",
                           "data.fold_as", "validation", "data.limit", "30", NULL));
    assert_int_equal(mos_dataset_count(again), 60); /* after the split: 30 of each */
    mos_dataset_close(&again);
    EXPECT_STATUS(MOSAIC_ERR_USAGE, open_dataset(&again, "data.root", *state, "data.split_file",
                                                 path, "data.fold", "4", NULL));
    EXPECT_STATUS(MOSAIC_ERR_USAGE,
                  open_dataset(&again, "data.root", *state, "data.fold", "0", NULL));
    mos_split_columns_destroy(&columns);
    mos_dataset_close(&dataset);
}

/* The hash keeps accidents out, not those who know how to make one: the rest is read as any text.
 */
static void bent_by_hand(void **state) {
    static const struct {
        const char *from, *to, *said;
    } cases[] = {{"fractions=0.1;0.5", "fractions=0.5;0.1", "split.txt:2: fractions= lists '0.1'"},
                 {"fractions=0.1;0.5", "fractions=0.1;0.1", "split.txt:2: fractions= lists '0.1'"},
                 {"fractions=0.1;0.5", "fractions=0.1;nan", "split.txt:2: fractions= lists 'nan'"},
                 {" folds=4", " folds=9999", "split.txt:2: folds=9999 is no number of folds"},
                 {" folds=4", " fools=4", "split.txt:2: no folds= and fractions="},
                 {"# ids=", "# ibs=", "split.txt:2: no '# ids=' line"},
                 {"id,split,fold", "id,split,gold", "split.txt:3: wanted the columns"},
                 {",train,3,", ",train,4,", "fold '4' is none of 0 to 3"},
                 {",train,3,", ",brain,3,", "brain"},
                 {",0.5\n", ",0.4\n", "labeled is '0.4', which line 2 does not list"}};
    char path[4096], hash[65], *data;
    size_t size;
    mos_dataset *dataset, *again;
    mos_split_columns *columns;
    mos_split_report report;
    write_grid(*state, 12);
    EXPECT_OK(mos_path_join(path, sizeof path, *state, "split.txt"));
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
    EXPECT_OK(make_split(dataset, &columns, &report, "folds", "4", "fractions", "0.5,0.1", NULL));
    EXPECT_OK(mos_split_file_write(dataset, columns, path));
    mos_split_columns_destroy(&columns);
    mos_dataset_close(&dataset);
    EXPECT_OK(mos_file_read(path, 1 << 20, &data, &size));
    const char *body = strchr(data, '\n') + 1;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        mos_text bent = {0}, whole = {0};
        const char *at = strstr(body, cases[c].from);
        assert_non_null(at);
        mos_text_add_bytes(&bent, body, (size_t)(at - body));
        mos_text_add(&bent, "%s%s", cases[c].to, at + strlen(cases[c].from));
        mos_sha256(bent.data, bent.size, hash);
        mos_text_add(&whole, "# mosaic-split-1 sha256=%s\n%s", hash, bent.data);
        write_text(*state, "split.txt", whole.data);
        EXPECT_STATUS(MOSAIC_ERR_DATA,
                      open_dataset(&again, "data.root", *state, "data.split_file", path, NULL));
        if (strstr(mosaic_error(), cases[c].said) == NULL)
            fail_msg("message \"%s\" lacks \"%s\"", mosaic_error(), cases[c].said);
        mos_text_release(&bent);
        mos_text_release(&whole);
    }
    mos_free(data);
}

static void file_of_another_set(void **state) {
    char path[4096], *data;
    size_t size;
    mos_dataset *dataset, *again;
    mos_split_columns *columns;
    mos_split_report report;
    write_grid(*state, 4);
    EXPECT_OK(mos_path_join(path, sizeof path, *state, "split.txt"));
    EXPECT_OK(open_dataset(&dataset, "data.root", *state, NULL));
    EXPECT_OK(make_split(dataset, &columns, &report, "rule", "share", NULL));
    EXPECT_OK(mos_split_file_write(dataset, columns, path));
    mos_split_columns_destroy(&columns);
    mos_dataset_close(&dataset);
    /* One character changed by hand. */
    EXPECT_OK(mos_file_read(path, 1 << 20, &data, &size));
    char *train = strstr(data, ",train\n");
    assert_non_null(train);
    memcpy(train, ",test \n", 7);
    EXPECT_OK(mos_atomic_write(path, data, size));
    EXPECT_DATA_ERROR(open_dataset(&again, "data.root", *state, "data.split_file", path, NULL),
                      "changed since it was made");
    memcpy(train, ",train\n", 7);
    EXPECT_OK(mos_atomic_write(path, data, size));
    EXPECT_OK(open_dataset(&again, "data.root", *state, "data.split_file", path, NULL));
    mos_dataset_close(&again);
    mos_free(data);
    /* A larger set has a sample the file does not list, a smaller one lacks one: named. */
    char table[4096];
    EXPECT_OK(mos_path_join(table, sizeof table, *state, "patches.csv"));
    EXPECT_OK(mos_file_read(table, 1 << 20, &data, &size));
    mos_text more = {0};
    mos_text_add(&more, "%sextra,a.tif,T,train\n", data);
    write_text(*state, "patches.csv", more.data);
    EXPECT_DATA_ERROR(open_dataset(&again, "data.root", *state, "data.split_file", path, NULL),
                      "sample 'extra' of");
    mos_text_release(&more);
    mos_free(data);
    write_grid(*state, 3);
    EXPECT_DATA_ERROR(open_dataset(&again, "data.root", *state, "data.split_file", path, NULL),
                      "split.txt:8: sample 'S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_03_00'");
    write_text(*state, "split.txt", "id,split\na,train\n");
    EXPECT_DATA_ERROR(open_dataset(&again, "data.root", *state, "data.split_file", path, NULL),
                      "no split file");
}

/* 549,488 of 549,488 rows, and the squares leak nothing, overlapping tiles and zones included. */
static void official_rule(void **state) {
    (void)state;
    char path[4096], root[4096];
    mos_dataset *dataset;
    mos_split_columns *columns;
    mos_split_report report;
    real_path("bigearthnet_v2/metadata.parquet", path);
    real_path("bigearthnet_v2", root);
    mos_log_set_level(MOS_LOG_ERROR);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.format", "bigearthnet-v2",
                           "data.rows_without_files", "keep", "data.include_snow_cloud", "true",
                           NULL));
    assert_int_equal(mos_dataset_count(dataset), 549488);
    EXPECT_OK(make_split(dataset, &columns, &report, "rule", "v2", NULL));
    for (int64_t i = 0; i < 549488; i++) {
        mos_sample sample;
        EXPECT_OK(mos_dataset_sample(dataset, i, &sample));
        if (columns->split[i] != sample.split) fail_msg("%s", sample.id);
    }
    assert_int_equal(report.overlaps, 666990);
    assert_int_equal(report.leaks, 0);
    mos_split_columns_destroy(&columns);
    mos_dataset_close(&dataset);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_test_folder, remove_test_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utm),
        cmocka_unit_test(stratified),
        IN_FOLDER(locations_stay_together),
        IN_FOLDER(blocks_and_buffer),
        cmocka_unit_test(zones_meet),
        IN_FOLDER(file_and_folds),
        IN_FOLDER(file_of_another_set),
        IN_FOLDER(bent_by_hand),
        cmocka_unit_test(official_rule),
    };
    mos_log_set_level(MOS_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
