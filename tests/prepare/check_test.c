/* `data check`: a table with one patch per class of defects, the ground of patches, and the list of
 * what formats may meet while opening. */
#include "data/data_support.h"
#include "data/patch_place.h"
#include "data/source_info.h"
#include "prepare/check/check.h"

#include <dirent.h>
#include <math.h>

/* ---- the ground ---- */

static void expect_near(double found, double wanted, double tolerance) {
    if (!(fabs(found - wanted) <= tolerance)) fail_msg("%.9g, wanted %.9g", found, wanted);
}

/* A name says the same as the file's georeference. */
static void names_tell_the_ground(void **state) {
    (void)state;
    char root[4096], metadata[4096];
    mos_dataset *dataset;
    mos_reader *reader;
    real_path("bigearthnet_v2_pairs", root);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.metadata",
                           real_path("bigearthnet_v2/metadata.parquet", metadata), NULL));
    EXPECT_OK(mos_reader_open(dataset, &reader));
    assert_int_equal(mos_dataset_count(dataset), 5);
    for (int64_t i = 0; i < 5; i++) {
        mos_source_info source;
        mos_place by_file, by_name;
        mos_sample sample;
        EXPECT_OK(mos_dataset_sample(dataset, i, &sample));
        EXPECT_OK(mos_source_describe(reader, i, 1, 1, &source));
        const double *t = source.transform;
        mos_site box = {0};
        mos_box_of_grid(t, source.width, source.height, &box);
        assert_true(
            mos_place_of_box(&box, source.epsg, hypot(t[1], t[4]), hypot(t[2], t[5]), &by_file));
        assert_true(mos_place_of_name(sample.id, &by_name));
        assert_int_equal(by_file.epsg, by_name.epsg);
        expect_near(mos_place_gap(&by_file, &by_name), -1200, 1e-6);
        expect_near(by_file.latitude, by_name.latitude, 1e-12);
    }
    mos_reader_close(&reader);
    mos_dataset_close(&dataset);
}

/* South of the equator the 60 m grid of tiles begins at the equator too: ULY of T56HLH is 6300040.
 */
static void southern_tiles(void **state) {
    (void)state;
    mos_place place;
    assert_true(mos_place_of_name("S2A_MSIL2A_20200613T101031_N0500_R022_T56HLH_00_00", &place));
    assert_int_equal(place.epsg, 32756);
    expect_near(place.x, 300600, 0);
    expect_near(place.y, 6299440, 0);
}

/* ---- one patch per class ---- */

enum { SIDE = 12, S2_BANDS = 12 };

typedef struct patch_plan {
    const char *id, *split, *labels, *product, *datetime_s2;
    float vv, vh, step;
    int s2;       /* digital number */
    double moved; /* metres, s2 against s1 */
    int epsg;     /* of s2, 0: 32633 */
    double over;  /* metres east of place `at` */
    int at;       /* place in steps of 1 km; -1: that of its row */
} patch_plan;

#define GOOD .vv = -10, .vh = -17, .step = 0.13f, .s2 = 300, .at = -1
static const char old_product[] = "S2A_MSIL2A_20200603T101031_N0212_R022_T33UUP_20200603T101031";
static const char new_product[] = "S2A_MSIL2A_20200603T101031_N0400_R022_T33UUP_20200603T101031";
static const patch_plan plans[] = {
    {"good-a", "train", "Water", GOOD},
    {"good-b", "validation", "Water;Trees", GOOD},
    {"whole", "train", "Water", .vv = -10, .vh = -17, .step = 1, .s2 = 300, .at = -1},
    {"linear", "train", "Water", .vv = 0.4f, .vh = 0.1f, .step = 0.01f, .s2 = 300, .at = -1},
    {"swapped", "train", "Water", .vv = -17, .vh = -10, .step = 0.13f, .s2 = 300, .at = -1},
    {"nan", "train", "Water", GOOD},
    {"gaps", "train", "Water", GOOD},
    {"flat", "train", "Water", GOOD},
    {"cut", "train", "Water", GOOD},
    {"small", "train", "Water", GOOD},
    {"typed", "train", "Water", GOOD},
    {"moved", "train", "Water", GOOD, .moved = 30},
    {"zone", "train", "Water", GOOD, .epsg = 32632},
    {"old", "train", "Water", old_product, .vv = -10, .vh = -17, .step = 0.13f, .s2 = 1300,
     .at = -1},
    {"new", "train", "Water", new_product, .vv = -10, .vh = -17, .step = 0.13f, .s2 = 1300,
     .at = -1},
    {"shifted", "train", "Water", .vv = -10, .vh = -17, .step = 0.13f, .s2 = 1300, .at = -1},
    {"removed", "train", "Water", new_product, GOOD},
    {"leak", "test", "Water", .vv = -10, .vh = -17, .step = 0.13f, .s2 = 300, .over = 60, .at = 0},
    {"touch", "test", "Water", .vv = -10, .vh = -17, .step = 0.13f, .s2 = 300, .over = 120,
     .at = 1},
    {"late", "train", "Water", NULL, "2020-06-20", GOOD},
    {"gone", "train", "Water", GOOD},
    {"alone", "train", "Water", GOOD},
    {"label", "train", "Water;Lawn", GOOD},
    {"split", "trian", "Water", GOOD},
    {"good-a", "train", "Water", .vv = -10, .vh = -17, .step = 0.13f, .s2 = 300, .at = -1},
};
enum { PLANS = sizeof plans / sizeof plans[0] };

static bool is(const patch_plan *plan, const char *id) {
    return strcmp(plan->id, id) == 0;
}

static void write_radar(const char *path, const patch_plan *plan, const double *transform) {
    float planes[2][SIDE * SIDE];
    const void *pointers[] = {planes[0], planes[1]};
    for (int i = 0; i < SIDE * SIDE; i++) {
        planes[0][i] = plan->vv + plan->step * (float)(i % 7);
        planes[1][i] = plan->vh + plan->step * (float)(i % 5);
    }
    if (is(plan, "nan")) planes[0][3] = NAN;
    EXPECT_OK(
        mos_raster_write(path, MOS_F32, SIDE, SIDE, 2, pointers, transform, 32633, NULL, NULL));
}

static void write_optical(const char *path, const patch_plan *plan, const double *transform) {
    static uint16_t planes[S2_BANDS][SIDE * SIDE];
    static float typed[SIDE * SIDE];
    const void *pointers[S2_BANDS], *floats[S2_BANDS];
    int side = is(plan, "small") ? SIDE - 1 : SIDE;
    for (int b = 0; b < S2_BANDS; b++) {
        for (int i = 0; i < SIDE * SIDE; i++)
            planes[b][i] = (uint16_t)(plan->s2 + 10 * b + i % 50);
        pointers[b] = planes[b];
        floats[b] = typed;
    }
    for (int i = 0; i < SIDE * SIDE; i++) {
        typed[i] = 300.5f + (float)i;
        if (is(plan, "flat")) planes[3][i] = 777;
    }
    for (int i = 0; i < 5 && is(plan, "gaps"); i++)
        planes[2][i] = 0;
    bool as_float = is(plan, "typed");
    EXPECT_OK(mos_raster_write(path, as_float ? MOS_F32 : MOS_U16, side, side, S2_BANDS,
                               as_float ? floats : pointers, transform,
                               plan->epsg == 0 ? 32633 : plan->epsg, NULL, NULL));
    if (is(plan, "cut")) {
        char *data;
        size_t size;
        EXPECT_OK(mos_file_read(path, 1 << 20, &data, &size));
        EXPECT_OK(mos_atomic_write(path, data, size - 200));
        mos_free(data);
    }
}

static void write_plans(const char *root) {
    mos_text table = {0};
    char path[4096];
    EXPECT_OK(mos_make_dirs(root));
    mos_text_add(&table, "id,s1,s2,labels,split,product,datetime_s1,datetime_s2\n");
    for (int i = 0; i < PLANS; i++) {
        const patch_plan *plan = &plans[i];
        double x = 300000 + 1000.0 * (plan->at < 0 ? i : plan->at) + plan->over;
        const double radar[6] = {x, 10, 0, 5400000, 0, -10};
        const double optical[6] = {x + plan->moved, 10, 0, 5400000, 0, -10};
        snprintf(path, sizeof path, "%s/%02d_s1.tif", root, i);
        write_radar(path, plan, radar);
        snprintf(path, sizeof path, "%s/%02d_s2.tif", root, i);
        write_optical(path, plan, optical);
        char s2[32];
        snprintf(s2, sizeof s2, "%02d_s2.tif", i);
        mos_text_add(&table, "%s,%02d_s1.tif,%s,%s,%s,%s,2020-06-01,%s\n", plan->id, i,
                     is(plan, "alone")  ? ""
                     : is(plan, "gone") ? "no_such.tif"
                                        : s2,
                     plan->labels, plan->split, plan->product == NULL ? "" : plan->product,
                     plan->datetime_s2 == NULL ? "2020-06-03" : plan->datetime_s2);
    }
    write_text(root, "patches.csv", table.data);
    mos_text_release(&table);
}

typedef struct checked {
    mos_survey survey;
    mos_dataset *dataset;
    mos_check check;
} checked;

static void run_check(checked *out, int threads, const char *root, const char *key,
                      const char *value) {
    mos_data_options options = {0};
    mos_check_options how = {.max_lag_days = 7, .threads = threads};
    const mos_text_list none = {0};
    static const char *const classes[] = {"Water", "Trees"};
    EXPECT_OK(mos_options_init(&mos_data_option_table, &options));
    EXPECT_OK(mos_options_set(&mos_data_option_table, &options, "data.root", root, false, "test"));
    for (int c = 0; c < 2; c++)
        EXPECT_OK(mos_options_set(&mos_data_option_table, &options, "data.class_names", classes[c],
                                  true, "test"));
    if (key != NULL)
        EXPECT_OK(mos_options_set(&mos_data_option_table, &options, key, value, false, "test"));
    EXPECT_OK(mos_check_class_select(&none, &none, how.wanted));
    EXPECT_OK(mos_dataset_survey(&options, &out->survey, &out->dataset));
    EXPECT_OK(mos_check_run(out->dataset, &out->survey, &how, &out->check));
    mos_options_release(&mos_data_option_table, &options);
}

static void end_check(checked *out) {
    mos_check_release(&out->check);
    mos_dataset_close(&out->dataset);
    mos_survey_release(&out->survey);
}

typedef struct wanted_row {
    const char *line,
        *part; /* severity,defect,sample,modality,band and what `found` or file holds */
} wanted_row;

/* Exactly these rows, in any order: what is missing is silent wrongness, what is more is noise. */
static void expect_rows(const mos_check *check, const wanted_row *wanted, int count) {
    for (int64_t r = 0; r < check->count; r++) {
        const mos_check_row *row = &check->rows[r];
        char line[512];
        int met = 0;
        snprintf(line, sizeof line, "%s,%s,%s,%s,%s", mos_severity_names[row->severity],
                 mos_check_class_table[row->class].name, row->id, row->modality, row->band);
        for (int w = 0; w < count; w++)
            met +=
                strcmp(wanted[w].line, line) == 0 && (strstr(row->found, wanted[w].part) != NULL ||
                                                      strstr(row->file, wanted[w].part) != NULL);
        if (met != 1)
            fail_msg("row '%s' (found '%s', file '%s') was %s", line, row->found, row->file,
                     met == 0 ? "not wanted" : "met twice");
    }
    assert_int_equal(check->count, count);
}

static const wanted_row planted[] = {
    {"warning,guessed-bands,,,", "s1: names guessed"},
    {"warning,guessed-bands,,,", "s2: names guessed"},
    {"error,metadata,,,", "trian"},
    {"error,duplicate-id,good-a,,", "occurs twice"},
    {"error,integer-db,whole,s1,", "whole numbers"},
    {"error,linear-power,linear,s1,", "never negative"},
    {"error,vv-below-vh,swapped,s1,", "mean VV -16.6"},
    {"error,wrong-type,typed,s2,", "F32"},
    {"error,unreadable,cut,s2,", "08_s2.tif"},
    {"warning,not-finite,nan,s1,VV", "1 of 144"},
    {"warning,no-data,gaps,s2,B03", "5 of 144"},
    {"warning,constant-band,flat,s2,B04", "777"},
    {"error,wrong-size,small,s2,", "11 x 11"},
    {"error,grid-mismatch,small,s2,", "5399890"},
    {"error,grid-mismatch,moved,s2,", "311030 5400000"},
    {"error,grid-mismatch,zone,s2,", "EPSG:32632"},
    {"warning,boa-offset,new,s2,", "baseline 0400"},
    {"warning,boa-offset,shifted,s2,", "histogram"},
    {"error,boa-offset-conflict,removed,s2,", "it was removed before"},
    {"error,split-leakage,leak,,", "60 m into train sample good-a"},
    {"warning,lag,late,s1,", "19 days"},
    {"error,unreadable,gone,,", "no_such.tif"},
    {"warning,missing-partner,gone,s2,", "nothing"},
    {"warning,missing-partner,alone,s2,", "nothing"},
    {"error,unknown-label,label,,", "'Lawn'"},
};

static void one_of_each(void **state) {
    char root[256];
    checked it;
    snprintf(root, sizeof root, "%s/planted", (const char *)*state);
    write_plans(root);
    run_check(&it, 2, root, NULL, NULL);
    expect_rows(&it.check, planted, sizeof planted / sizeof planted[0]);
    assert_int_equal(it.check.samples, PLANS - 1);
    assert_int_equal(it.check.errors + it.check.warnings, it.check.count);
    end_check(&it);
}

static void threads_do_not_show(void **state) {
    char root[256];
    mos_text text[2] = {{0}, {0}};
    snprintf(root, sizeof root, "%s/planted", (const char *)*state);
    write_plans(root);
    for (int k = 0; k < 2; k++) {
        checked it;
        run_check(&it, k == 0 ? 1 : 5, root, NULL, NULL);
        mos_check_csv(&it.check, &text[k]);
        EXPECT_OK(mos_check_json(&it.check, &text[k]));
        end_check(&it);
    }
    assert_string_equal(text[0].data, text[1].data);
    mos_text_release(&text[0]);
    mos_text_release(&text[1]);
}

static int64_t count_rows(const mos_check *check, mos_check_class class, mos_severity severity) {
    int64_t count = 0;
    for (int64_t r = 0; r < check->count; r++)
        count += check->rows[r].class == class && check->rows[r].severity == severity;
    return count;
}

/* What an option allows or forbids changes what is wrong. */
static void options_decide(void **state) {
    char root[256];
    checked it;
    snprintf(root, sizeof root, "%s/planted", (const char *)*state);
    write_plans(root);
    run_check(&it, 1, root, "data.policy", "refuse");
    assert_int_equal(count_rows(&it.check, MOS_CHECK_NOT_FINITE, MOS_SEVERITY_ERROR), 1);
    assert_int_equal(count_rows(&it.check, MOS_CHECK_MISSING_PARTNER, MOS_SEVERITY_ERROR), 2);
    end_check(&it);
    run_check(&it, 1, root, "data.boa_offset", "keep");
    assert_int_equal(count_rows(&it.check, MOS_CHECK_OFFSET, MOS_SEVERITY_WARNING), 0);
    /* by its name; "shifted" lies on the ground of dark ones */
    assert_int_equal(count_rows(&it.check, MOS_CHECK_OFFSET_CONFLICT, MOS_SEVERITY_ERROR), 1);
    end_check(&it);
    run_check(&it, 1, root, "data.boa_offset", "remove");
    assert_true(count_rows(&it.check, MOS_CHECK_OFFSET_CONFLICT, MOS_SEVERITY_ERROR) > 10);
    end_check(&it);
    run_check(&it, 1, root, "data.s1_scale", "db");
    assert_int_equal(count_rows(&it.check, MOS_CHECK_INTEGER_DB, MOS_SEVERITY_WARNING), 1);
    assert_int_equal(count_rows(&it.check, MOS_CHECK_LINEAR_POWER, MOS_SEVERITY_ERROR), 1);
    end_check(&it);
    run_check(&it, 1, root, "data.limit", "2");
    assert_int_equal(it.check.samples, 2 + 1 + 2);
    assert_int_equal(it.check.reduced_from, PLANS - 1);
    end_check(&it);
}

/* The first file gives sizes and bands: when it is broken the next one does. */
static void first_file_broken(void **state) {
    char root[256], path[512];
    checked it;
    snprintf(root, sizeof root, "%s/first", (const char *)*state);
    write_plans(root);
    snprintf(path, sizeof path, "%s/00_s2.tif", root);
    EXPECT_OK(mos_atomic_write(path, "no raster", 9));
    run_check(&it, 1, root, NULL, NULL);
    assert_int_equal(count_rows(&it.check, MOS_CHECK_UNREADABLE, MOS_SEVERITY_ERROR), 3);
    assert_int_equal(count_rows(&it.check, MOS_CHECK_WRONG_SIZE, MOS_SEVERITY_ERROR), 1);
    bool found = false;
    for (int64_t r = 0; r < it.check.count; r++)
        found = found || strstr(it.check.rows[r].file, "00_s2.tif") != NULL;
    assert_true(found);
    end_check(&it);
}

/* The set is linear power: a warning per sample, not an error. */
static void all_linear(void **state) {
    char root[256];
    checked it;
    snprintf(root, sizeof root, "%s/power", (const char *)*state);
    EXPECT_OK(mos_make_dirs(root));
    mos_text table = {0};
    mos_text_add(&table, "id,s1,labels,split\n");
    for (int i = 0; i < 3; i++) {
        char path[512];
        const patch_plan plan = {.id = "", .vv = 0.4f, .vh = 0.1f, .step = 0.01f};
        snprintf(path, sizeof path, "%s/%d.tif", root, i);
        write_radar(path, &plan, NULL);
        mos_text_add(&table, "p%d,%d.tif,Water,train\n", i, i);
    }
    write_text(root, "patches.csv", table.data);
    mos_text_release(&table);
    run_check(&it, 1, root, NULL, NULL);
    assert_int_equal(count_rows(&it.check, MOS_CHECK_LINEAR_POWER, MOS_SEVERITY_WARNING), 3);
    assert_int_equal(it.check.count, 4); /* and that the names are guessed */
    end_check(&it);
}

/* ---- what formats meet while opening ---- */

/* Every text given to mos_dataset_defect as the kind is a row of the survey's table. */
static void check_source(const char *path, int *kinds) {
    static const char call[] = "mos_dataset_defect(";
    char *data;
    size_t size;
    EXPECT_OK(mos_file_read(path, 1 << 20, &data, &size));
    for (const char *at = data; (at = strstr(at, call)) != NULL; at += sizeof call - 1) {
        const char *comma = strchr(at, ','), *end = comma;
        /* The kind is the second argument: one text, or a choice of two. */
        while (end != NULL && end[1] != '\0' && *++end != ',')
            if (*end == '"') {
                const char *close = strchr(end + 1, '"');
                char kind[96];
                assert_non_null(close);
                snprintf(kind, sizeof kind, "%.*s", (int)(close - end - 1), end + 1);
                if (!mos_survey_knows(kind))
                    fail_msg("%s: '%s' is not in the table of data/survey.c", path, kind);
                (*kinds)++;
                end = close;
            }
    }
    mos_free(data);
}

static void check_folder(const char *folder, int *kinds) {
    DIR *stream = opendir(folder);
    assert_non_null(stream);
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        char path[4096];
        size_t size = strlen(entry->d_name);
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.' && strchr(entry->d_name, '.') == NULL)
            check_folder(path, kinds);
        else if (size > 2 && strcmp(entry->d_name + size - 2, ".c") == 0)
            check_source(path, kinds);
    }
    closedir(stream);
}

static void every_kind_has_a_class(void **state) {
    (void)state;
    int kinds = 0;
    check_folder(MOSAIC_SOURCE_DIR "/src/data", &kinds);
    assert_true(kinds > 40);
}

static void names_are_checked(void **state) {
    (void)state;
    bool wanted[MOS_CHECK_CLASSES];
    mos_text_list only = {0}, ignored = {0};
    EXPECT_OK(mos_text_list_add(&only, "lag"));
    EXPECT_OK(mos_check_class_select(&only, &ignored, wanted));
    for (int c = 0; c < MOS_CHECK_CLASSES; c++)
        assert_int_equal(wanted[c], c == MOS_CHECK_LAG);
    EXPECT_OK(mos_text_list_add(&ignored, "not-finit"));
    EXPECT_STATUS(MOSAIC_ERR_USAGE, mos_check_class_select(&only, &ignored, wanted));
    assert_non_null(strstr(mosaic_error(), "did you mean 'not-finite'"));
    mos_text_list_release(&only);
    mos_text_list_release(&ignored);
    for (int c = 0; c < MOS_CHECK_CLASSES; c++)
        assert_non_null(mos_check_class_table[c].name);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_tell_the_ground),
        cmocka_unit_test(southern_tiles),
        cmocka_unit_test_setup_teardown(one_of_each, make_test_folder, remove_test_folder),
        cmocka_unit_test_setup_teardown(threads_do_not_show, make_test_folder, remove_test_folder),
        cmocka_unit_test_setup_teardown(options_decide, make_test_folder, remove_test_folder),
        cmocka_unit_test_setup_teardown(first_file_broken, make_test_folder, remove_test_folder),
        cmocka_unit_test_setup_teardown(all_linear, make_test_folder, remove_test_folder),
        cmocka_unit_test(every_kind_has_a_class),
        cmocka_unit_test(names_are_checked),
    };
    return cmocka_run_group_tests_name("data/check", tests, NULL, NULL);
}
