/* What scenes are made of: products, virtual rasters, several files and several scenes; what is
 * refused, in which words; what becomes of them in a packed set; a real tile against patches that
 * others cut from it. */
#include "scene_support.h"

#include "data/names/band_names.h"
#include "data/sample_table.h"
#include "data/scene/land_cover.h"
#include "prepare/pack/pack.h"
#include "prepare/split/split_plan.h"

static const test_raster optical = {.path = "s2.tif",
                                    .width = 60,
                                    .height = 60,
                                    .bands = 3,
                                    .transform = {600000, 10, 0, 5300000, 0, -10},
                                    .epsg = 32633};

static const char plain[] = "grid: {size: 20}\n"
                            "modalities: {s2: {file: s2.tif, bands: [B02, B03, B04]}}\n";

/* The tile as one scene gives the patches that the sample's authors cut from it: 4 x 4 cuts of 120
 * px every 34 px, with the classes that have at least 2 % of their pixels. */
static void terramesh(void **state) {
    char root[4096], patches[4096], text[16384];
    mos_dataset *cut, *given;
    mos_reader *readers[2];
    real_path("terramesh_scene", root);
    real_path("terramesh_patches/patches.csv", patches);
    snprintf(text, sizeof text,
             "grid: {size: 120, stride: 34}\n"
             "modalities:\n"
             "  s1: {file: %s/s1/433D_629L_3_1.tif}\n"
             "  s2: {file: %s/s2/433D_629L_3_1.tif}\n"
             "land_cover:\n"
             "  file: %s/lulc/433D_629L_3_1.tif\n"
             "  classes: {1: Water, 2: Trees, 3: Flooded vegetation, 4: Crops, 5: Built area, "
             "6: Bare ground, 9: Rangeland}\n",
             root, root, root);
    write_text(*state, "scene.yaml", text);
    EXPECT_OK(open_dataset(&cut, "data.root", *state, "data.label_threshold", "0.02", NULL));
    EXPECT_OK(open_dataset(&given, "data.root", patches, NULL));
    assert_int_equal(mos_dataset_count(cut), 16);
    const char *const *names, *const *others;
    int64_t classes = mos_dataset_classes(given, &others);
    assert_int_equal(mos_dataset_classes(cut, &names), 7);
    EXPECT_OK(mos_reader_open(cut, &readers[0]));
    EXPECT_OK(mos_reader_open(given, &readers[1]));
    mos_patch *a = malloc(sizeof *a), *b = malloc(sizeof *b);
    const int bands[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    int64_t labels = 0;
    for (int64_t i = 0; i < 16; i++) {
        char id[64];
        mos_sample mine, theirs;
        snprintf(id, sizeof id, "433D_629L_3_1_%d%d", (int)i / 4, (int)i % 4);
        int64_t other = mos_dataset_find(given, id);
        assert_true(other >= 0);
        EXPECT_OK(mos_dataset_sample(cut, i, &mine));
        EXPECT_OK(mos_dataset_sample(given, other, &theirs));
        for (int c = 0; c < 7; c++) {
            int8_t wanted = 0;
            for (int64_t k = 0; k < classes; k++) {
                if (strcmp(others[k], names[c]) == 0) wanted = theirs.labels[k];
            }
            assert_int_equal(mine.labels[c], wanted);
            labels += wanted;
        }
        for (int m = 0; m < 2; m++) {
            EXPECT_OK(mos_reader_read(readers[0], i, m, bands, m == 0 ? 2 : 12, a));
            EXPECT_OK(mos_reader_read(readers[1], other, m, bands, m == 0 ? 2 : 12, b));
            for (int64_t k = 0; k < a->bands; k++)
                assert_memory_equal(a->band[k].data, b->band[k].data, 120 * 120 * sizeof(float));
        }
    }
    assert_int_equal(labels, 77);
    free(a);
    free(b);
    mos_reader_close(&readers[0]);
    mos_reader_close(&readers[1]);
    mos_dataset_close(&cut);
    mos_dataset_close(&given);
}

/* A product of baseline 04.00: images of three resolutions, the finest of each band, +1000 off. */
static void safe_product(void **state) {
    need_program("gdal_translate");
    static const char product[] =
        "S2A_MSIL2A_20220613T101031_N0400_R022_T33UUP_20220613T160000.SAFE";
    static const struct {
        const char *folder, *band;
        int side;
    } images[] = {{"R10m", "B02_10m", 60},
                  {"R10m", "B03_10m", 60},
                  {"R20m", "B02_20m", 30},
                  {"R20m", "B8A_20m", 30},
                  {"R60m", "B01_60m", 10}};
    char folder[2048];
    mos_dataset *dataset;
    const mos_modality *modality;
    for (size_t i = 0; i < sizeof images / sizeof *images; i++) {
        test_raster image = optical;
        image.path = "image.tif";
        image.bands = 1;
        image.width = image.height = images[i].side;
        image.transform[1] = 600.0 / images[i].side;
        image.transform[5] = -image.transform[1];
        write_raster(*state, &image);
        snprintf(folder, sizeof folder, "%s/%s/GRANULE/L2A_T33UUP/IMG_DATA/%s",
                 (const char *)*state, product, images[i].folder);
        EXPECT_OK(mos_make_dirs(folder));
        run_program("gdal_translate -q -of JP2OpenJPEG -co QUALITY=100 -co REVERSIBLE=YES "
                    "-scale 0 1 1000 1001 %s/image.tif %s/T33UUP_20220613T101031_%s.jp2",
                    (const char *)*state, folder, images[i].band);
    }
    char text[1024];
    snprintf(text, sizeof text, "grid: {size: 20}\nmodalities: {s2: {file: %s}}\n", product);
    EXPECT_OK(open_scene(*state, text, &dataset));
    assert_int_equal(mos_dataset_modalities(dataset, &modality), 1);
    assert_int_equal(modality->band_count, 4);
    static const char *const names[] = {"B01", "B02", "B03", "B8A"};
    for (int b = 0; b < 4; b++)
        assert_string_equal(modality->bands[b].name, names[b]);
    assert_int_equal(mos_dataset_count(dataset), 9);
    /* B02 is the 10 m image, without the 1000. */
    const char *id = "scene_r1_c1_x600200_y5299800";
    assert_true(first_pixel(dataset, id, "s2", "B02") == floorf((float)field(0, 20, 20)));
    assert_true(mos_dataset_offsets_removed(dataset) > 0);
    mos_sample sample;
    EXPECT_OK(mos_dataset_sample(dataset, 0, &sample));
    assert_int_equal(sample.time_s[0], 1655115031); /* 2022-06-13T10:10:31Z */
    mos_dataset_close(&dataset);
    snprintf(text, sizeof text,
             "grid: {size: 20}\nmodalities: {s2: {file: %s, bands: [B03, B11]}}\n", product);
    expect_scene_error(*state, text, MOSAIC_ERR_DATA, "no image of band 'B11'");
    snprintf(folder, sizeof folder, "%s/%s/GRANULE/L2A_T33UUQ", (const char *)*state, product);
    EXPECT_OK(mos_make_dirs(folder));
    snprintf(text, sizeof text, "grid: {size: 20}\nmodalities: {s2: {file: %s}}\n", product);
    expect_scene_error(*state, text, MOSAIC_ERR_DATA, "2 granules, wanted one");
}

/* A file for each band, a list of files, a virtual raster: the same pixels. */
static void several_files(void **state) {
    need_program("gdalbuildvrt");
    static const char *const texts[] = {
        "grid: {size: 20}\nmodalities: {s2: {files: {B02: a.tif, B03: b.tif, B04: c.tif}}}\n",
        "grid: {size: 20}\nmodalities: {s2: {files: [a.tif, b.tif, c.tif], bands: [B2, B3, B4]}}\n",
        "grid: {size: 20}\nmodalities: {s2: {file: all.vrt, bands: [B02, B03, B04]}}\n"};
    write_raster(*state, &optical);
    for (int b = 0; b < 3; b++)
        run_program("gdal_translate -q -b %d %s/s2.tif %s/%c.tif", b + 1, (const char *)*state,
                    (const char *)*state, 'a' + b);
    run_program("cd %s && gdalbuildvrt -q -separate all.vrt a.tif b.tif c.tif",
                (const char *)*state);
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        mos_dataset *dataset;
        EXPECT_OK(open_scene(*state, texts[t], &dataset));
        for (int b = 0; b < 3; b++) {
            static const char *const names[] = {"B02", "B03", "B04"};
            assert_true(first_pixel(dataset, "scene_r2_c1_x600200_y5299600", "s2", names[b]) ==
                        floorf((float)field(b, 20, 40)));
        }
        mos_dataset_close(&dataset);
    }
    write_text(*state, "remote.vrt",
               "<VRTDataset rasterXSize=\"60\" rasterYSize=\"60\"><SRS>EPSG:32633</SRS>"
               "<GeoTransform>600000,10,0,5300000,0,-10</GeoTransform>"
               "<VRTRasterBand dataType=\"UInt16\" band=\"1\"><SimpleSource>"
               "<SourceFilename>/vsicurl/http://example.invalid/a.tif</SourceFilename>"
               "<SourceBand>1</SourceBand><SourceProperties RasterXSize=\"60\" RasterYSize=\"60\" "
               "DataType=\"UInt16\" BlockXSize=\"60\" BlockYSize=\"1\"/></SimpleSource>"
               "</VRTRasterBand></VRTDataset>");
    expect_scene_error(*state, "modalities: {s2: {file: remote.vrt, bands: [B02]}}\n",
                       MOSAIC_ERR_DATA, "is not on this machine");
}

static void refusals(void **state) {
    test_raster other = optical, unplaced = optical, two = optical;
    other.path = "far.tif";
    other.transform[0] = 700000;
    unplaced.path = "unplaced.tif";
    unplaced.epsg = 0;
    two.path = "two.tif";
    two.bands = 2;
    write_raster(*state, &optical);
    write_raster(*state, &other);
    write_raster(*state, &unplaced);
    write_raster(*state, &two);
    const struct {
        const char *text, *part;
        mosaic_status status;
    } cases[] = {
        {"modalities: {s2: {file: s2.tif, bands: [B02, B03]}}\n", "3 bands of s2, but 2 are named",
         MOSAIC_ERR_DATA},
        {"grid: {size: 20}\nmodalities:\n  s2: {file: s2.tif, bands: [B02, B03, B04]}\n"
         "  dem: {file: far.tif, bands: [a, b, c]}\n",
         "far.tif: dem has no valid pixel on the grid of scene 'scene' (EPSG:32633): the raster is "
         "at x 700000 to 700600",
         MOSAIC_ERR_DATA},
        {"modalities: {s2: {file: unplaced.tif, bands: [B02, B03, B04]}}\n",
         "unplaced.tif: no reference system; the key crs", MOSAIC_ERR_DATA},
        {"modalities: {s2: {file: gone.tif}}\n", "gone.tif: No such file", MOSAIC_ERR_IO},
        {"modalities: {s2: {file: s2.tif, bands: [B02, B03, B04]}}\n",
         "s2.tif: 60 x 60 pixels of 10 in EPSG:32633: smaller than one patch of 120 x 10 "
         "(grid.size, grid.resolution); grid.size can be 60 at most, or pixels of 5 make it",
         MOSAIC_ERR_DATA},
        {"grid: {size: 40, origin: [599900, 5300100]}\n"
         "modalities: {s2: {file: s2.tif, bands: [B02, B03, B04]}}\n",
         "s2.tif: 60 x 60 pixels of 10, but no patch of the grid is whole inside: grid.size 40, "
         "patches every 40 pixels (grid.stride) from 599900, 5300100 (grid.origin) on; without "
         "grid.origin, or with grid.edges: shift",
         MOSAIC_ERR_DATA},
        {"modalities: {s2: {file: s2.tif, band: [B02]}}\n",
         "scene.yaml:1:33: unknown key 'band' in modalities, did you mean 'bands'?",
         MOSAIC_ERR_USAGE},
        {"grid: {size: 20, resampling: mode}\nmodalities: {s2: {file: s2.tif}}\n",
         "scene.yaml:1:18: unknown key 'resampling'", MOSAIC_ERR_USAGE},
        {"grid: {crs: EPSG:1}\nmodalities: {s2: {file: s2.tif, bands: [B02, B03, B04]}}\n",
         "is no reference system", MOSAIC_ERR_USAGE},
        {"grid: {size: 20, origin: [1]}\nmodalities: {s2: {file: s2.tif, bands: [B02, B03, "
         "B04]}}\n",
         "grid.origin wants two numbers", MOSAIC_ERR_USAGE},
        {"grid: {size: 20}\nmodalities: {s2: {file: s2.tif, bands: [B02, B03, B04], resolution: "
         "15}}\n",
         "resolution 15 of s2 does not divide", MOSAIC_ERR_USAGE},
        {"grid: {size: 20}\nmodalities: {s1: {file: two.tif, bands: [VV, VH]}}\n",
         "two.tif: s1 is stored as U16: scaled values, or decibels cut", MOSAIC_ERR_DATA},
        {"grid: {size: 20}\nmodalities: {s2: {files: {B02: s2.tif}}}\n",
         "s2.tif: 3 bands, wanted one", MOSAIC_ERR_DATA},
        {"modalities: {s2: {bands: [B02]}}\n", "wants one of file and files", MOSAIC_ERR_USAGE},
        {"grid: {size: 20}\nmodalities: {s2: {file: s2.tif, bands: [B02, B03, B04]}}\n"
         "land_cover: {file: s2.tif, classes: corin19}\n",
         "is 'corine19' meant?", MOSAIC_ERR_USAGE},
        {"grid: {size: 20}\nmodalities: {s2: {file: s2.tif, bands: [B02, B03, B04]}}\n"
         "land_cover: {file: s2.tif, classes: {100: a, 101: b}, unknown: refuse}\n",
         "s2.tif: value ", MOSAIC_ERR_DATA},
        {"grid: {size: 20}\nscenes:\n"
         "  - {name: a, modalities: {s2: {file: s2.tif, bands: [B02, B03, B04]}}}\n"
         "  - {name: b, modalities: {s2: {file: two.tif, bands: [B02, B03]}}}\n",
         "two.tif: scene 'b': s2 has no band 'B04'", MOSAIC_ERR_DATA},
        {"modalities: {s2: {file: s2.tif}}\nland_cover: {file: s2.tif, classes: {nan: a}}\n",
         "classes wants <value>: <class name>, found 'nan'", MOSAIC_ERR_USAGE},
        {"scenes: []\n", "no scene", MOSAIC_ERR_USAGE},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        expect_scene_error(*state, cases[c].text, cases[c].status, cases[c].part);
}

/* Floats without a fraction are integers all the same, also after resampling. */
static void whole_decibels(void **state) {
    char path[4096];
    float *plane;
    const double transform[] = {600003, 10, 0, 5300003, 0, -10};
    write_raster(*state, &optical);
    EXPECT_OK(mos_alloc(62 * 62, sizeof *plane, "test", &plane));
    for (int i = 0; i < 62 * 62; i++)
        plane[i] = (float)(-10 - i % 7);
    EXPECT_OK(mos_path_join(path, sizeof path, *state, "s1.tif"));
    EXPECT_OK(mos_raster_write(path, MOS_F32, 62, 62, 1, (const void *const *)&plane, transform,
                               32633, NULL, NULL));
    const char *text = "grid: {size: 20}\nmodalities:\n"
                       "  s2: {file: s2.tif, bands: [B02, B03, B04]}\n"
                       "  s1: {file: s1.tif, bands: [VV]}\n";
    expect_scene_error(*state, text, MOSAIC_ERR_DATA, "s1.tif: s1 is all whole numbers");
    /* Linear power is converted, with a word about it. */
    for (int i = 0; i < 62 * 62; i++)
        plane[i] = 0.125f;
    plane[0] = 0.25f;
    for (int i = 0; i < 62 * 62; i += 3)
        plane[i] = 0.0625f;
    EXPECT_OK(mos_raster_write(path, MOS_F32, 62, 62, 1, (const void *const *)&plane, transform,
                               32633, NULL, NULL));
    mos_dataset *dataset;
    EXPECT_OK(open_scene(*state, text, &dataset));
    assert_non_null(find_defect(dataset, "s1 in linear power: converted to dB"));
    float value = first_pixel(dataset, "scene_r0_c0_x600000_y5300000", "s1", "VV");
    assert_true(value < -6 && value > -13);
    mos_dataset_close(&dataset);
    mos_free(plane);
}

static int corine(int column, int row) {
    (void)row;
    return column < 20 ? 12 : column < 40 ? 24 : 44; /* 211, 312, 523 */
}

/* Two scenes on one lattice, one of them split by itself; packed and back. */
static void scenes_and_pack(void **state) {
    test_raster second = optical;
    second.path = "east.tif";
    second.transform[0] = 600605;
    write_raster(*state, &optical);
    write_raster(*state, &second);
    write_cover(*state, "lc.tif", 60, 60, optical.transform, 32633, corine);
    static const char text[] =
        "grid: {size: 20, crs: 'EPSG:32633', resolution: 10, origin: [600000, 5300000]}\n"
        "land_cover: {classes: corine19}\n"
        "scenes:\n"
        "  - name: west\n"
        "    split: train\n"
        "    country: Austria\n"
        "    modalities: {s2: {file: s2.tif, bands: [B02, B03, B04], product: "
        "S2A_MSIL2A_20200101T101031_N0213_R022_T33UUP_20200101T101031}}\n"
        "    land_cover: lc.tif\n"
        "  - name: east\n"
        "    modalities: {s2: {file: east.tif, bands: [B02, B03, B04]}}\n";
    mos_dataset *dataset, *packed;
    mos_sample sample;
    EXPECT_OK(open_scene(*state, text, &dataset));
    /* The second begins 5 m inside the lattice: two whole columns of patches are left. */
    assert_int_equal(mos_dataset_count(dataset), 9 + 6);
    EXPECT_OK(mos_dataset_sample(dataset, 14, &sample));
    assert_string_equal(sample.id, "east_r2_c5_x601000_y5299600");
    assert_int_equal(sample.split, MOS_SPLIT_NONE);
    assert_int_equal(sample.labels[0], -1);
    EXPECT_OK(mos_dataset_sample(dataset, 5, &sample));
    assert_int_equal(sample.split, MOS_SPLIT_TRAIN);
    assert_string_equal(sample.country, "Austria");
    assert_true(sample.time_s[0] == 1577873431); /* 2020-01-01T10:10:31Z, from the product */
    const char *const *classes;
    assert_int_equal(mos_dataset_classes(dataset, &classes), 19);
    for (int c = 0; c < 19; c++)
        assert_int_equal(sample.labels[c], strcmp(classes[c], "Marine waters") == 0);
    char folder[4096];
    mos_pack_result result;
    snprintf(folder, sizeof folder, "%s/packed", (const char *)*state);
    const mos_pack_options options = {.folder = folder, .threads = 2, .verify = true};
    EXPECT_OK(mos_pack(dataset, &options, &result));
    assert_int_equal(result.verified, 15);
    assert_int_equal(result.records, 15);
    EXPECT_OK(open_dataset(&packed, "data.root", folder, NULL));
    assert_int_equal(mos_dataset_count(packed), 15);
    for (int64_t i = 0; i < 15; i++) {
        mos_site before, after;
        mos_sample again;
        EXPECT_OK(mos_dataset_sample(dataset, i, &sample));
        EXPECT_OK(mos_dataset_sample(packed, i, &again));
        assert_string_equal(sample.id, again.id);
        assert_int_equal(sample.split, again.split);
        assert_memory_equal(sample.labels, again.labels, 19);
        assert_true(mos_dataset_site(dataset, i, &before) && mos_dataset_site(packed, i, &after));
        assert_string_equal(before.crs, after.crs);
        assert_true(before.x == after.x && before.y == after.y && before.width == after.width &&
                    before.height == 200 && after.height == 200);
        assert_true(first_pixel(dataset, sample.id, "s2", "B03") ==
                    first_pixel(packed, sample.id, "s2", "B03"));
    }
    mos_dataset_close(&packed);
    mos_dataset_close(&dataset);
}

/* Overlapping patches, dealt out by blocks with a buffer: none is in two splits. */
static void split_by_blocks(void **state) {
    mos_dataset *dataset;
    mos_split_columns *columns = NULL;
    mos_split_options options = {0};
    mos_split_report report;
    test_raster large = optical;
    large.width = large.height = 200;
    write_raster(*state, &large);
    EXPECT_OK(open_scene(*state,
                         "grid: {size: 20, stride: 10}\n"
                         "modalities: {s2: {file: s2.tif, bands: [B02, B03, B04]}}\n",
                         &dataset));
    assert_int_equal(mos_dataset_count(dataset), 19 * 19);
    EXPECT_OK(mos_options_init(&mos_split_option_table, &options));
    options.rule = MOS_SPLIT_RULE_SHARE;
    options.units = MOS_SPLIT_UNITS_BLOCK;
    options.block_m = 500;
    options.buffer_m = 1;
    EXPECT_OK(mos_split_make(dataset, &options, &columns, &report));
    assert_int_equal(report.without_place, 0);
    assert_true(report.overlaps > 300 && report.leaks == 0);
    int64_t counts[MOS_SPLIT_COUNT] = {0};
    for (int64_t i = 0; i < columns->count; i++) {
        mos_site a, b;
        counts[columns->split[i]]++;
        assert_true(mos_dataset_site(dataset, i, &a));
        for (int64_t j = 0; j < i; j++) {
            assert_true(mos_dataset_site(dataset, j, &b));
            bool overlap = fabs(a.x - b.x) < 200 && fabs(a.y - b.y) < 200;
            bool apart = columns->split[i] != columns->split[j] &&
                         columns->split[i] != MOS_SPLIT_NONE && columns->split[j] != MOS_SPLIT_NONE;
            assert_false(overlap && apart);
        }
    }
    for (int s = 0; s < MOS_SPLIT_NONE; s++)
        assert_true(counts[s] > 10);
    mos_split_columns_destroy(&columns);
    mos_options_release(&mos_split_option_table, &options);
    mos_dataset_close(&dataset);
}

/* CORINE by code and by raster value, and what its classes drop. */
static void corine_values(void **state) {
    mos_dataset *dataset;
    mos_cover_map map;
    const mos_scene_land_cover cover = {.classes = (char *)(uintptr_t) "corine19"};
    write_raster(*state, &optical);
    EXPECT_OK(open_scene(*state, plain, &dataset));
    EXPECT_OK(mos_cover_map_make(dataset, &cover, ".", "test", &map));
    static const struct {
        int code, value;
        const char *name;
    } known[] = {{111, 1, "Urban fabric"},
                 {142, 11, NULL},
                 {211, 12, "Arable land"},
                 {244, 22, "Agro-forestry areas"},
                 {324, 29, "Transitional woodland, shrub"},
                 {335, 34, NULL},
                 {423, 39, NULL},
                 {511, 40, "Inland waters"},
                 {523, 44, "Marine waters"}};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        const mos_cover_value *by_code = mos_cover_map_find(&map, known[k].code),
                              *by_value = mos_cover_map_find(&map, known[k].value);
        assert_true(by_code != NULL && by_value != NULL);
        assert_int_equal(by_code->class_index, by_value->class_index);
        if (known[k].name == NULL)
            assert_int_equal(by_code->class_index, MOS_COVER_NO_CLASS);
        else
            assert_string_equal(dataset->classes[by_code->class_index], known[k].name);
    }
    assert_null(mos_cover_map_find(&map, 45));
    assert_non_null(mos_cover_map_find(&map, 999));
    mos_cover_map_release(&map);
    mos_dataset_close(&dataset);
}

/* Every allocation on the way may fail; none of it leaks or crashes (watched by the sanitizer
 * build). */
static void failing_allocations(void **state) {
    mos_dataset *dataset;
    write_raster(*state, &optical);
    write_cover(*state, "lc.tif", 60, 60, optical.transform, 32633, corine);
    write_text(*state, "scene.yaml",
               "grid: {size: 30}\n"
               "land_cover: {classes: {12: a, 24: b}, ignore: [44]}\n"
               "scenes:\n"
               "  - modalities: {s2: {file: s2.tif, bands: [B02, B03, B04], nodata: 0}}\n"
               "    land_cover: lc.tif\n");
    uint64_t last = 0;
    for (uint64_t n = 1;; n += n < 100 ? 1 : 5) {
        mos_alloc_fail_at(n);
        mosaic_status status = open_dataset(&dataset, "data.root", *state, NULL);
        mos_alloc_fail_at(0);
        bool whole = status == MOSAIC_OK && find_defect(dataset, "unreadable") == NULL;
        if (status != MOSAIC_OK) assert_int_equal(status, MOSAIC_ERR_MEMORY);
        mos_dataset_close(&dataset);
        assert_true(n < 2000);
        last = n;
        if (whole) break;
    }
    assert_true(last > 50);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_test_folder, remove_test_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(terramesh),       TEST(safe_product),   TEST(several_files),
        TEST(refusals),        TEST(whole_decibels), TEST(scenes_and_pack),
        TEST(split_by_blocks), TEST(corine_values),  TEST(failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
