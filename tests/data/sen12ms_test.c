#include "data/data_support.h"
#include "data/names/nomenclature_sen12ms.h"
#include "data/sen12ms/sen12ms_labels.h"
#include "data/sen12ms/sen12ms_name.h"
#include "prepare/pack/pack.h"

#include <math.h>

static void takes_names_apart(void **state) {
    (void)state;
    mos_sen12ms_key key, scene;
    int kind;
    char name[MOS_SEN12MS_NAME_SIZE], path[MOS_SEN12MS_PATH_SIZE];
    assert_true(mos_sen12ms_patch_parse("ROIs1158_spring_s2_124_p100.tif", &kind, &key));
    assert_int_equal(kind, MOS_SEN12MS_S2);
    mos_sen12ms_name(key, kind, name);
    assert_string_equal(name, "ROIs1158_spring_s2_124_p100");
    mos_sen12ms_path(key, MOS_SEN12MS_LC, path);
    assert_string_equal(path, "ROIs1158_spring/lc_124/ROIs1158_spring_lc_124_p100.tif");
    assert_true(mos_sen12ms_scene_parse("ROIs1158_spring/s1_124", &scene));
    assert_true(mos_sen12ms_scene_of(key) == scene);
    assert_true(mos_sen12ms_patch_parse("ROIs2017_winter_lc_999999_p9999999", &kind, &key));
    mos_sen12ms_name(key, kind, name);
    assert_string_equal(name, "ROIs2017_winter_lc_999999_p9999999");
    assert_false(mos_sen12ms_damaged(key));
    assert_true(mos_sen12ms_patch_parse("ROIs1868_summer_s1_146_p202", &kind, &key));
    assert_true(mos_sen12ms_damaged(key));
    assert_true(mos_sen12ms_patch_parse("ROIs1868_summer_s1_146_p203", &kind, &key));
    assert_false(mos_sen12ms_damaged(key));
    static const char *const bad[] = {"",
                                      "ROIs1158_spring",
                                      "ROIs115_spring_s2_124_p100",
                                      "ROIs11580_spring_s2_124_p100",
                                      "ROIs0000_spring_s2_124_p100",
                                      "ROIs1158_autumn_s2_124_p100",
                                      "ROIs1158_spring_s3_124_p100",
                                      "ROIs1158_spring_s2_cloudy_124_p100",
                                      "ROIs1158_spring_s2_0124_p100",
                                      "ROIs1158_spring_s2_1000000_p100",
                                      "ROIs1158_spring_s2_124_p",
                                      "ROIs1158_spring_s2_124_p0100",
                                      "ROIs1158_spring_s2_124_p10000000",
                                      "ROIs1158_spring_s2_124_100",
                                      "ROIs1158_spring_s2_124_p100.tif.tif",
                                      "ROIs1158_spring_s2_124_p100.png",
                                      "rois1158_spring_s2_124_p100"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(mos_sen12ms_patch_parse(bad[i], &kind, &key));
    assert_false(mos_sen12ms_scene_parse("ROIs1158_spring/s1_124/", &scene));
    assert_false(mos_sen12ms_scene_parse("ROIs1158_spring_s1_124", &scene));
    assert_false(mos_sen12ms_season_parse("ROIs1158_springs", 16, &key));
    assert_true(mos_sen12ms_season_parse("ROIs1158_springs", 15, &key));
}

/* The simplification as its authors write it, on a vector that tells every class apart. */
static void shares_become_labels(void **state) {
    (void)state;
    int8_t labels[MOS_IGBP_CLASSES];
    mos_sen12ms_shares shares = {.known = true};
    static const int first[MOS_IGBP_SIMPLE_CLASSES] = {0, 5, 7, 9, 10, 11, 12, 14, 15, 16},
                     last[MOS_IGBP_SIMPLE_CLASSES] = {4, 6, 8, 9, 10, 13, 12, 14, 15, 16};
    for (int k = 0; k < MOS_IGBP_CLASSES; k++) {
        memset(shares.share, 0, sizeof shares.share);
        shares.share[k] = 0.5;
        mos_sen12ms_labels(&shares, false, 0.1, labels);
        for (int c = 0; c < MOS_IGBP_SIMPLE_CLASSES; c++) {
            bool inside = c == 5   ? k == 11 || k == 13
                          : c == 6 ? k == 12
                                   : k >= first[c] && k <= last[c];
            assert_int_equal(labels[c], inside);
        }
        mos_sen12ms_labels(&shares, true, 0.1, labels);
        for (int c = 0; c < MOS_IGBP_CLASSES; c++)
            assert_int_equal(labels[c], c == k);
    }
    memset(shares.share, 0, sizeof shares.share);
    shares.share[0] = shares.share[4] = 0.0625; /* together above, alone below */
    shares.share[16] = 0.1;                     /* exactly at the threshold */
    shares.share[15] = 0.0999999;
    mos_sen12ms_labels(&shares, false, 0.1, labels);
    assert_int_equal(labels[0], 1);
    assert_int_equal(labels[8], 0);
    assert_int_equal(labels[9], 1);
    mos_sen12ms_labels(&shares, true, 0.1, labels);
    assert_int_equal(labels[0], 0);
    shares.known = false;
    mos_sen12ms_labels(&shares, false, 0.1, labels);
    for (int c = 0; c < MOS_IGBP_SIMPLE_CLASSES; c++)
        assert_int_equal(labels[c], -1);
}

/* As write_text, without waiting for the disk. */
static void put_text(const char *folder, const char *name, const char *text) {
    char path[4096];
    EXPECT_OK(mos_make_dirs(folder));
    EXPECT_OK(mos_path_join(path, sizeof path, folder, name));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

enum { SIDE = 16 };

static void file_path(const char *root, const char *name, char out[4096]) {
    mos_sen12ms_key key;
    int kind;
    char below[MOS_SEN12MS_PATH_SIZE];
    assert_true(mos_sen12ms_patch_parse(name, &kind, &key));
    mos_sen12ms_path(key, kind, below);
    snprintf(out, 4096, "%s/%s", root, below);
    char *slash = strrchr(out, '/');
    *slash = '\0';
    EXPECT_OK(mos_make_dirs(out));
    *slash = '/';
}

static void write_s1(const char *root, const char *name) {
    static const float bases[] = {-9.5f, -16.25f};
    char path[4096];
    file_path(root, name, path);
    write_float_raster(path, 2, SIDE, bases, 0.37f);
}

/* Band k holds base + 10 k and a little more. */
static void write_s2(const char *root, const char *name, int base) {
    int bases[13];
    char path[4096];
    for (int b = 0; b < 13; b++)
        bases[b] = base + 10 * b;
    file_path(root, name, path);
    write_u16_raster(path, 13, SIDE, bases);
}

/* Rows of code `top` above, `bottom` from row `border` on; four bands, as the real ones. */
static void write_lc(const char *root, const char *name, int border, int top, int bottom) {
    static uint16_t codes[SIDE * SIDE], others[SIDE * SIDE];
    const void *const planes[] = {codes, others, others, others};
    char path[4096];
    for (int i = 0; i < SIDE * SIDE; i++)
        codes[i] = (uint16_t)(i / SIDE < border ? top : bottom);
    file_path(root, name, path);
    EXPECT_OK(mos_raster_write(path, MOS_U16, SIDE, SIDE, 4, planes, NULL, 0, NULL, NULL));
}

static void write_triplet(const char *root, const char *season, int scene, int patch, int top,
                          int bottom) {
    char name[MOS_SEN12MS_NAME_SIZE];
    snprintf(name, sizeof name, "%s_s1_%d_p%d", season, scene, patch);
    write_s1(root, name);
    snprintf(name, sizeof name, "%s_s2_%d_p%d", season, scene, patch);
    write_s2(root, name, 300);
    snprintf(name, sizeof name, "%s_lc_%d_p%d", season, scene, patch);
    write_lc(root, name, 15, top, bottom);
}

static void expect_labels(const mos_dataset *dataset, const char *id, int value,
                          const char *wanted) {
    const char *const *classes;
    int64_t count = mos_dataset_classes(dataset, &classes), at = mos_dataset_find(dataset, id);
    mos_sample sample;
    char found[1024] = "";
    EXPECT_OK(mos_dataset_sample(dataset, at, &sample));
    for (int64_t c = 0; c < count; c++) {
        size_t size = strlen(found);
        if (sample.labels[c] == value)
            snprintf(found + size, sizeof found - size, "%s;", classes[c]);
    }
    assert_string_equal(found, wanted);
}

static mos_split split_of(const mos_dataset *dataset, const char *id) {
    mos_sample sample;
    EXPECT_OK(mos_dataset_sample(dataset, mos_dataset_find(dataset, id), &sample));
    return sample.split;
}

static const char a[] = "ROIs1158_spring_s2_3_p30", b[] = "ROIs1158_spring_s2_3_p31",
                  c[] = "ROIs1970_fall_s2_120_p7";

static void write_three(const char *root) {
    write_triplet(root, "ROIs1158_spring", 3, 30, 1, 17); /* 15/16 forest, 1/16 water */
    write_triplet(root, "ROIs1158_spring", 3, 31, 12, 13);
    write_triplet(root, "ROIs1970_fall", 120, 7, 10, 10);
}

static void reads_a_tree(void **state) {
    const char *root = *state;
    mos_dataset *dataset;
    const mos_defect *defects;
    const mos_modality *modalities;
    write_three(root);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, NULL));
    assert_string_equal(mos_dataset_format(dataset), "sen12ms");
    assert_int_equal(mos_dataset_count(dataset), 3);
    assert_int_equal(mos_dataset_defects(dataset, &defects), 0);
    assert_int_equal(mos_dataset_modalities(dataset, &modalities), 2);
    assert_string_equal(modalities[0].name, "s1");
    assert_int_equal(modalities[1].band_count, 13);
    assert_string_equal(modalities[1].bands[10].name, "B10");
    assert_int_equal(mos_dataset_find(dataset, a), 0);
    assert_int_equal(mos_dataset_find(dataset, c), 2);
    assert_int_equal(split_of(dataset, a), MOS_SPLIT_NONE);
    expect_labels(dataset, a, 1, "Forest;"); /* 1/16 of water is below 0.1 */
    expect_labels(dataset, c, 1, "Grassland;");
    assert_float_equal(first_pixel(dataset, a, "s1", "VV"), -9.5f, 0);
    assert_float_equal(first_pixel(dataset, a, "s1", "VH"), -16.25f, 0);
    assert_float_equal(first_pixel(dataset, b, "s2", "B01"), 300, 0);
    assert_float_equal(first_pixel(dataset, b, "s2", "B8A"), 380, 0);
    assert_float_equal(first_pixel(dataset, b, "s2", "B12"), 420, 0);
    mos_dataset_close(&dataset);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.label_threshold", "0.0625", NULL));
    expect_labels(dataset, a, 1, "Forest;Water;");
    expect_labels(dataset, b, 1, "Croplands;Urban/Built-up;");
    mos_dataset_close(&dataset);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.classes", "igbp17", NULL));
    const char *const *classes;
    assert_int_equal(mos_dataset_classes(dataset, &classes), 17);
    expect_labels(dataset, a, 1, "Evergreen Needleleaf;");
    mos_dataset_close(&dataset);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.label_threshold", "0.95", NULL));
    expect_defect(dataset, "no class reaches data.label_threshold", 2, a);
    expect_labels(dataset, a, 1, "");
    mos_dataset_close(&dataset);
    expect_no_such_classes(root, "43", "sen12ms has default, igbp10, igbp17");
    EXPECT_STATUS(MOSAIC_ERR_USAGE,
                  open_dataset(&dataset, "data.root", root, "data.label_threshold", "0", NULL));
}

static void names_what_does_not_fit(void **state) {
    const char *root = *state;
    mos_dataset *dataset;
    mos_sample sample;
    char path[4096];
    write_three(root);
    write_s1(root, "ROIs1158_spring_s1_3_p32");
    write_s2(root, "ROIs1158_spring_s2_3_p33", 300);
    write_lc(root, "ROIs1158_spring_lc_3_p34", 8, 1, 1);
    write_triplet(root, "ROIs1868_summer", 146, 202, 1, 1);
    write_triplet(root, "ROIs1868_summer", 146, 203, 1, 0);
    write_triplet(root, "ROIs1868_summer", 146, 204, 255, 0);
    write_triplet(root, "ROIs1868_summer", 146, 205, 1, 1);
    file_path(root, "ROIs1868_summer_lc_146_p205", path);
    EXPECT_OK(mos_atomic_write(path, "no tiff", 7));
    snprintf(path, sizeof path, "%s/ROIs1868_summer/s2_146", root);
    put_text(path, "ROIs1868_summer_s2_147_p1.tif", "x");
    snprintf(path, sizeof path, "%s/ROIs1868_summer/s2_cloudy_146", root);
    EXPECT_OK(mos_make_dirs(path));
    EXPECT_OK(open_dataset(&dataset, "data.root", root, NULL));
    expect_defect(dataset, "damaged patch: left out", 3, "146_p202");
    expect_defect(dataset, "file that is no patch of its folder", 1, "147_p1.tif");
    expect_defect(dataset, "folder that is no scene", 1, "s2_cloudy_146");
    expect_defect(dataset, "missing partner (no s2)", 1, "3_p32");
    expect_defect(dataset, "missing partner (no s1)", 1, "3_p33");
    expect_defect(dataset, "orphan lc patch", 1, "lc_3_p34");
    expect_defect(dataset, "labels unknown (no lc)", 2, "3_p32");
    expect_defect(dataset, "labels unknown (lc is of no use)", 2, "146_p204");
    expect_defect(dataset, "lc unreadable", 1, "ROIs1868_summer_lc_146_p205.tif: ");
    expect_defect(dataset, "lc pixels outside IGBP 1..17", 2, "146_p203");
    assert_int_equal(mos_dataset_count(dataset), 8);
    expect_labels(dataset, "ROIs1868_summer_s2_146_p203", 1, "Forest;");
    expect_labels(dataset, "ROIs1868_summer_s2_146_p204", 0, "");
    expect_labels(dataset, "ROIs1158_spring_s2_3_p33", 1, "");
    EXPECT_OK(mos_dataset_sample(dataset, mos_dataset_find(dataset, "ROIs1158_spring_s2_3_p32"),
                                 &sample));
    assert_int_equal(sample.present, 1);
    mos_dataset_close(&dataset);
}

static void lists_give_splits(void **state) {
    const char *root = *state;
    char lists[256], text[512];
    mos_dataset *dataset;
    write_three(root);
    snprintf(lists, sizeof lists, "%s/lists", root);
    put_text(root, "SEN12MS_holdOutScenes.txt", "ROIs1158_spring/s1_63\nROIs1970_fall/s1_120\n");
    EXPECT_OK(open_dataset(&dataset, "data.root", root, NULL));
    assert_int_equal(split_of(dataset, a), MOS_SPLIT_TRAIN);
    assert_int_equal(split_of(dataset, c), MOS_SPLIT_TEST);
    mos_dataset_close(&dataset);

    /* A test list alone: the rest is train; it counts before the scenes. */
    snprintf(text, sizeof text, "%s.tif\nROIs1158_spring_s2_124_p100.tif\n", a);
    put_text(lists, "test_list.txt", text);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.metadata", lists, NULL));
    assert_int_equal(split_of(dataset, a), MOS_SPLIT_TEST);
    assert_int_equal(split_of(dataset, b), MOS_SPLIT_TRAIN);
    assert_int_equal(split_of(dataset, c), MOS_SPLIT_TRAIN);
    expect_defect(dataset, "row without files", 1, "124_p100");
    mos_dataset_close(&dataset);
    snprintf(text, sizeof text, "%s\n", b);
    put_text(lists, "val_list.txt", text);
    snprintf(text, sizeof text, "ROIs1868_summer_s2_146_p202.tif\n");
    put_text(lists, "train_list.txt", text);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.metadata", lists, NULL));
    assert_int_equal(split_of(dataset, b), MOS_SPLIT_VALIDATION);
    assert_int_equal(split_of(dataset, c), MOS_SPLIT_NONE);
    expect_defect(dataset, "in no split list: split none", 1, c);
    expect_defect(dataset, "row without files", 1, "124_p100");
    mos_dataset_close(&dataset);

    snprintf(text, sizeof text, "%s\n", a);
    put_text(lists, "train_list.txt", text);
    EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", root, "data.metadata", lists, NULL),
                      "listed as test here, as train before");
    put_text(lists, "train_list.txt", "nonsense\n");
    EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", root, "data.metadata", lists, NULL),
                      "train_list.txt:1: 'nonsense'");
    snprintf(text, sizeof text, "%s/list.txt", lists);
    put_text(lists, "list.txt", "ROIs1970_fall/s1_120\n");
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.metadata", text, NULL));
    assert_int_equal(split_of(dataset, c), MOS_SPLIT_TEST);
    mos_dataset_close(&dataset);
    put_text(lists, "list.txt", "ROIs1970_fall/s1_120\nROIs1970_fall\n");
    EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", root, "data.metadata", text, NULL),
                      "list.txt:2");
    put_text(lists, "list.txt", a);
    EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", root, "data.metadata", text, NULL),
                      "tells no split");
}

/* Enough rasters for several threads. */
static void many_rasters_are_counted(void **state) {
    const char *root = *state;
    enum { COUNT = 24 };
    char name[MOS_SEN12MS_NAME_SIZE], wanted[64];
    mos_dataset *dataset;
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "ROIs1158_spring_s1_3_p%d", i);
        write_s1(root, name);
        snprintf(name, sizeof name, "ROIs1158_spring_lc_3_p%d", i);
        write_lc(root, name, SIDE, 1 + i % MOS_IGBP_CLASSES, 1);
    }
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.classes", "igbp17", NULL));
    assert_int_equal(mos_dataset_count(dataset), COUNT);
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "ROIs1158_spring_s2_3_p%d", i);
        snprintf(wanted, sizeof wanted, "%s;", mos_igbp_classes[i % MOS_IGBP_CLASSES]);
        expect_labels(dataset, name, 1, wanted);
    }
    mos_dataset_close(&dataset);
}

/* A table of shares is written once, read again, and goes before the rasters. */
static void shares_are_kept(void **state) {
    const char *root = *state;
    char table[256], text[1024];
    mos_dataset *dataset;
    char *data;
    size_t size;
    write_three(root);
    snprintf(table, sizeof table, "%s/shares.tsv", root);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.metadata", table, NULL));
    expect_labels(dataset, a, 1, "Forest;");
    mos_dataset_close(&dataset);
    EXPECT_OK(mos_file_read(table, 4096, &data, &size));
    assert_non_null(strstr(data, "name\tigbp1\tigbp2\t"));
    assert_non_null(strstr(data, "ROIs1158_spring_s2_3_p30.tif\t0.9375\t0\t"));
    mos_free(data);
    snprintf(text, sizeof text, "%s/ROIs1158_spring/lc_3", root);
    EXPECT_OK(mos_remove_tree(text));
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.metadata", table,
                           "data.label_threshold", "0.0625", NULL));
    assert_null(find_defect(dataset, "labels unknown (no lc)"));
    expect_labels(dataset, a, 1, "Forest;Water;");
    expect_labels(dataset, b, 1, "Croplands;Urban/Built-up;");
    mos_dataset_close(&dataset);

    static const char header[] = "name\tigbp1\tigbp2\tigbp3\tigbp4\tigbp5\tigbp6\tigbp7\tigbp8\t"
                                 "igbp9\tigbp10\tigbp11\tigbp12\tigbp13\tigbp14\tigbp15\tigbp16\t"
                                 "igbp17\n",
                      rest[] = "\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\n";
    static const struct {
        const char *head, *name, *share, *part;
    } bad[] = {{header, a, "1.5", "shares.tsv:2: igbp1 is '1.5'"},
               {header, a, "nan", "igbp1 is 'nan'"},
               {header, a, "-0.1", "igbp1 is '-0.1'"},
               {header, a, "", "igbp1 is ''"},
               {header, "somewhere", "1", "'somewhere' is no patch name"},
               {"name\tigbp1\n", a, NULL, "no column 'igbp2'"},
               {"id\tigbp1\n", a, NULL, "no column 'name'"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, "%s%s\t%s%s", bad[i].head, bad[i].name,
                 bad[i].share == NULL ? "1" : bad[i].share, bad[i].share == NULL ? "\n" : rest);
        put_text(root, "shares.tsv", text);
        EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", root, "data.metadata", table, NULL),
                          bad[i].part);
    }
    /* Where it usually lies, and no shares at all: unknown. */
    snprintf(text, sizeof text, "%s%s.tif\t0%s", header, a, rest);
    put_text(root, "IGBP_probability_labels.tsv", text);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, NULL));
    expect_defect(dataset, "labels unknown (no lc)", 2, a);
    expect_labels(dataset, c, 1, "Grassland;");
    mos_dataset_close(&dataset);
}

static void wrong_files_are_named(void **state) {
    const char *root = *state;
    char path[4096];
    mos_dataset *dataset;
    mos_reader *reader;
    mos_patch *patch = malloc(sizeof *patch);
    const int band = 0;
    assert_non_null(patch);
    EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", root, "data.format", "sen12ms", NULL),
                      "no SEN12MS patch");
    write_three(root);
    file_path(root, "ROIs1970_fall_s2_120_p7", path);
    static const int bases[13] = {300, 310, 320, 330, 340, 350, 360, 370, 380, 390, 400, 410, 420};
    write_u16_raster(path, 13, SIDE / 2, bases);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, NULL));
    EXPECT_OK(mos_reader_open(dataset, &reader));
    EXPECT_DATA_ERROR(mos_reader_read(reader, mos_dataset_find(dataset, c), 1, &band, 1, patch),
                      "ROIs1970_fall_s2_120_p7.tif: 8 x 8 pixels, wanted 16 x 16");
    mos_reader_close(&reader);
    mos_dataset_close(&dataset);
    file_path(root, "ROIs1158_spring_s2_3_p30", path);
    write_u16_raster(path, 12, SIDE, bases);
    EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", root, NULL), "12 bands, wanted 13");
    free(patch);
}

/* Top-of-atmosphere deserts have every band above 1000: nothing is taken off, unless asked for. */
static void bright_patches_stay(void **state) {
    const char *root = *state;
    mos_dataset *dataset;
    write_three(root);
    write_s2(root, b, 1500);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, NULL));
    assert_float_equal(first_pixel(dataset, b, "s2", "B02"), 1510, 0);
    assert_int_equal(mos_dataset_offsets_removed(dataset), 0);
    mos_dataset_close(&dataset);
    EXPECT_DATA_ERROR(open_dataset(&dataset, "data.root", root, "data.boa_offset", "remove", NULL),
                      "+1000 by data.boa_offset remove, but");
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.boa_offset", "remove", "data.accept",
                           "boa-offset-conflict", NULL));
    assert_float_equal(first_pixel(dataset, b, "s2", "B02"), 510, 0);
    mos_dataset_close(&dataset);
}

/* A pack holds each modality under its own name, the labels, and that no 1000 was added. */
static void a_pack_is_the_same(void **state) {
    const char *root = *state;
    char folder[256];
    mos_dataset *dataset;
    mos_pack_result result;
    write_three(root);
    write_s2(root, b, 1500);
    write_s1(root, "ROIs1158_spring_s1_3_p32");
    snprintf(folder, sizeof folder, "%s/pack", root);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, NULL));
    EXPECT_OK(mos_pack(dataset, &(mos_pack_options){.folder = folder, .threads = 1}, &result));
    mos_dataset_close(&dataset);
    assert_int_equal(result.samples, 4);
    assert_int_equal(result.records, 7);
    EXPECT_OK(open_dataset(&dataset, "data.root", folder, NULL));
    assert_int_equal(mos_dataset_count(dataset), 4);
    assert_float_equal(first_pixel(dataset, a, "s1", "VV"), -9.5f, 0);
    assert_float_equal(first_pixel(dataset, a, "s1", "VH"), -16.25f, 0);
    assert_float_equal(first_pixel(dataset, b, "s2", "B02"), 1510, 0);
    assert_float_equal(first_pixel(dataset, b, "s2", "B8A"), 1580, 0);
    expect_labels(dataset, a, 1, "Forest;");
    expect_labels(dataset, "ROIs1158_spring_s2_3_p32", 0, "");
    mos_sample sample;
    EXPECT_OK(mos_dataset_sample(dataset, mos_dataset_find(dataset, "ROIs1158_spring_s2_3_p32"),
                                 &sample));
    assert_int_equal(sample.present, 1);
    mos_dataset_close(&dataset);
}

static void roots_may_lie_apart(void **state) {
    const char *root = *state;
    char s1[256], from[512], to[512];
    mos_dataset *dataset;
    write_three(root);
    snprintf(s1, sizeof s1, "%s/radar", root);
    snprintf(to, sizeof to, "%s/ROIs1158_spring", s1);
    EXPECT_OK(mos_make_dirs(to));
    snprintf(to, sizeof to, "%s/ROIs1158_spring/s1_3", s1);
    snprintf(from, sizeof from, "%s/ROIs1158_spring/s1_3", root);
    assert_int_equal(rename(from, to), 0);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.s1", s1, NULL));
    expect_defect(dataset, "missing partner (no s1)", 1, c);
    assert_float_equal(first_pixel(dataset, a, "s1", "VV"), -9.5f, 0);
    assert_float_equal(first_pixel(dataset, a, "s2", "B02"), 310, 0);
    mos_dataset_close(&dataset);
}

/* Whichever allocation fails while opening: an error or, where a look at a patch failed, a data
 * set. */
static void lack_of_memory_is_an_error(void **state) {
    const char *root = *state;
    mos_dataset *dataset;
    int failed = 0;
    write_three(root);
    put_text(root, "SEN12MS_holdOutScenes.txt", "ROIs1970_fall/s1_120\n");
    EXPECT_OK(open_dataset(&dataset, "data.root", root, NULL)); /* GDAL starts up */
    mos_dataset_close(&dataset);
    for (uint64_t n = 1; n < 80; n++) {
        mos_alloc_fail_at(n);
        mosaic_status status = open_dataset(&dataset, "data.root", root, NULL);
        mos_alloc_fail_at(0);
        if (status == MOSAIC_OK)
            mos_dataset_close(&dataset);
        else
            assert_int_equal(status, MOSAIC_ERR_MEMORY);
        failed += status != MOSAIC_OK;
    }
    assert_true(failed > 20);
}

static void reads_the_real_patch(void **state) {
    (void)state;
    char root[4096], table[4200];
    static const char id[] = "ROIs1970_fall_s2_139_p839";
    mos_dataset *dataset;
    mos_sample sample;
    real_path("sen12ms", root);
    mos_log_set_level(MOS_LOG_ERROR);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, NULL));
    assert_string_equal(mos_dataset_format(dataset), "sen12ms");
    assert_int_equal(mos_dataset_count(dataset), 1);
    EXPECT_OK(mos_dataset_sample(dataset, 0, &sample));
    assert_string_equal(sample.id, id);
    assert_int_equal(sample.present, 3);
    assert_int_equal(sample.split, MOS_SPLIT_TRAIN);
    expect_defect(dataset, "labels unknown (no lc)", 1, id);
    expect_defect(dataset, "row without files", 18106, "ROIs1158_spring_s2_124_p100.tif");
    /* As GDAL's own tools print them. */
    assert_float_equal(first_pixel(dataset, id, "s1", "VV"), -9.63746643066406f, 1e-6f);
    assert_float_equal(first_pixel(dataset, id, "s1", "VH"), -14.6303405761719f, 1e-6f);
    assert_float_equal(first_pixel(dataset, id, "s2", "B01"), 1641, 0);
    mos_dataset_close(&dataset);
    snprintf(table, sizeof table, "%s/SEN12MS_holdOutScenes.txt", root);
    EXPECT_OK(open_dataset(&dataset, "data.root", root, "data.metadata", table, NULL));
    assert_int_equal(split_of(dataset, id), MOS_SPLIT_TRAIN);
    mos_dataset_close(&dataset);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_test_folder, remove_test_folder)

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(takes_names_apart),
                                       cmocka_unit_test(shares_become_labels),
                                       IN_FOLDER(reads_a_tree),
                                       IN_FOLDER(names_what_does_not_fit),
                                       IN_FOLDER(lists_give_splits),
                                       IN_FOLDER(many_rasters_are_counted),
                                       IN_FOLDER(shares_are_kept),
                                       IN_FOLDER(wrong_files_are_named),
                                       IN_FOLDER(bright_patches_stay),
                                       IN_FOLDER(a_pack_is_the_same),
                                       IN_FOLDER(roots_may_lie_apart),
                                       IN_FOLDER(lack_of_memory_is_an_error),
                                       cmocka_unit_test(reads_the_real_patch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
