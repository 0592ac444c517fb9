/* Scenes on several grids, cut into patches: values against gdalwarp, shares of land cover against
 * pixels counted by hand and against gdaltransform. */
#include "scene_support.h"

#include "data/scene/scene_frame.h"
#include "io/area.h"
#include "io/raster_window.h"

#include <pthread.h>

/* 20 x 20 px patches of a 100 x 80 px scene at 10 m. */
static const test_raster optical = {.path = "s2.tif",
                                    .width = 100,
                                    .height = 80,
                                    .bands = 4,
                                    .transform = {500000, 10, 0, 5400000, 0, -10},
                                    .epsg = 32633};
/* The same ground and more, in degrees, at another resolution, its west half without data. */
static const test_raster degrees = {.path = "s1.tif",
                                    .width = 260,
                                    .height = 200,
                                    .bands = 2,
                                    .transform = {14.996, 9e-5, 0, 48.7585, 0, -8e-5},
                                    .epsg = 4326,
                                    .radar = true,
                                    .border = 130};
/* In the zone beside, turned by 25 degrees. */
static const test_raster turned = {.path = "s1.tif",
                                   .width = 260,
                                   .height = 260,
                                   .bands = 2,
                                   .transform = {57862, 9, 4, 5417598, 4, -9},
                                   .epsg = 32634,
                                   .radar = true};

/* A patch's pixels against those of the judge's raster of all patches, [height, width]. */
static void compare_band(const struct mos_patch_band *band, const float *judge, int64_t width,
                         int64_t *differing, int64_t *valid) {
    for (int64_t i = 0; i < band->width * band->height; i++) {
        float a = band->data[i], b = judge[i / band->width * width + i % band->width];
        bool empty_a = isnan(a) || (band->has_nodata && a == band->nodata);
        bool empty_b = isnan(b) || (band->has_nodata && b == band->nodata);
        *differing += empty_a != empty_b || (!empty_a && a != b);
        *valid += !empty_a;
    }
}

/* gdalwarp's scale of its kernels, at the raster's middle, to four digits and 1 where it is near:
 * what it would choose for itself depends on the window. */
static void judge_scale(const char *folder, const test_raster *source, double pixel, char *out,
                        size_t size) {
    char path[4096];
    double x[3], y[3], scale[2];
    snprintf(path, sizeof path, "%s/middle.txt", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int p = 0; p < 3; p++)
        fprintf(file, "%.1f %.1f\n", source->width / 2.0 + (p == 1),
                source->height / 2.0 + (p == 2));
    fclose(file);
    run_program("gdaltransform %s -output_xy -t_srs EPSG:32633 %s/%s <%s >%s.out",
                source->points ? "-tps" : "", folder, source->path, path, path);
    strcat(path, ".out");
    file = fopen(path, "r");
    assert_non_null(file);
    for (int p = 0; p < 3; p++)
        assert_int_equal(fscanf(file, "%lf %lf", &x[p], &y[p]), 2);
    fclose(file);
    for (int axis = 0; axis < 2; axis++) {
        scale[axis] = hypot(x[axis + 1] - x[0], y[axis + 1] - y[0]) / pixel;
        if (fabs(scale[axis] - 1) < 0.02) scale[axis] = 1;
    }
    snprintf(out, size, "-wo XSCALE=%.4g -wo YSCALE=%.4g", scale[0], scale[1]);
}

/* Every patch of a modality against one run of gdalwarp over the scene of optical's extent. */
static void judge_modality(const char *folder, mos_dataset *dataset, int64_t m,
                           const test_raster *source, const char *options) {
    mos_reader *reader;
    mos_patch *patch = malloc(sizeof *patch);
    float *judge[4];
    char path[4096], scale[100];
    mos_raster_info info;
    const int all[] = {0, 1, 2, 3}, bands = source->bands;
    int64_t differing = 0, valid = 0;
    assert_non_null(patch);
    EXPECT_OK(mos_reader_open(dataset, &reader));
    EXPECT_OK(mos_reader_read(reader, 0, m, all, bands, patch));
    double pixel = 200.0 / (double)patch->band[0].width;
    judge_scale(folder, source, pixel, scale, sizeof scale);
    snprintf(path, sizeof path, "%s/judge.tif", folder);
    run_program("gdalwarp %s -q -overwrite -et 0 -ovr NONE -wo UNIFIED_SRC_NODATA=NO -t_srs "
                "EPSG:32633 -te 500000 5399200 501000 5400000 -tr %g %g %s %s %s/%s %s",
                source->points ? "-tps" : "", pixel, pixel, scale, options, folder, source->path,
                path);
    EXPECT_OK(mos_raster_info_read(path, &info));
    for (int b = 0; b < bands; b++) {
        EXPECT_OK(mos_alloc((size_t)(info.width * info.height), 4, "test", &judge[b]));
        EXPECT_OK(mos_raster_read_band(path, b + 1, MOS_F32, judge[b], info.width, info.height));
    }
    /* From the last to the first: no patch depends on those read before. */
    for (int64_t i = mos_dataset_count(dataset) - 1; i >= 0; i--) {
        mos_site place;
        assert_true(mos_dataset_site(dataset, i, &place));
        assert_string_equal(place.crs, "EPSG:32633");
        EXPECT_OK(mos_reader_read(reader, i, m, all, bands, patch));
        int64_t at = (int64_t)((5400000 - place.y) / pixel) * info.width +
                     (int64_t)((place.x - 500000) / pixel);
        for (int b = 0; b < bands; b++)
            compare_band(&patch->band[b], judge[b] + at, info.width, &differing, &valid);
    }
    assert_int_equal(differing, 0);
    assert_true(valid > 400);
    for (int b = 0; b < bands; b++)
        mos_free(judge[b]);
    free(patch);
    mos_reader_close(&reader);
}

static void same_grid(void **state) {
    need_program("gdalwarp");
    mos_dataset *dataset;
    mos_reader *reader;
    write_raster(*state, &optical);
    EXPECT_OK(open_scene(*state,
                         "grid: {size: 20}\n"
                         "modalities: {s2: {file: s2.tif, bands: [B02, B03, B04, B8]}}\n",
                         &dataset));
    assert_int_equal(mos_dataset_count(dataset), 20);
    assert_string_equal(mos_dataset_format(dataset), "scene");
    mos_sample sample;
    EXPECT_OK(mos_dataset_sample(dataset, 7, &sample));
    assert_string_equal(sample.id, "scene_r1_c2_x500400_y5399800");
    assert_int_equal(sample.split, MOS_SPLIT_NONE);
    /* On the raster's own grid nothing is interpolated. */
    mos_patch *patch = malloc(sizeof *patch);
    int nir = 3;
    EXPECT_OK(mos_reader_open(dataset, &reader));
    EXPECT_OK(mos_reader_read(reader, 7, 0, &nir, 1, patch));
    for (int i = 0; i < 400; i++)
        assert_true(patch->band[0].data[i] == floorf((float)field(3, 40 + i % 20, 20 + i / 20)));
    free(patch);
    mos_reader_close(&reader);
    judge_modality(*state, dataset, 0, &optical, "-r bilinear -srcnodata 0 -dstnodata 0");
    mos_dataset_close(&dataset);
}

/* Nothing in the file says that 0 is no data: it is all the same, and does not bleed into others.
 */
static void zeros(void **state) {
    need_program("gdalwarp");
    mos_dataset *dataset;
    test_raster bordered = optical;
    bordered.border = 33;
    write_raster(*state, &bordered);
    EXPECT_OK(open_scene(*state,
                         "grid: {size: 20, minimum_valid: 0.3}\n"
                         "modalities:\n"
                         "  s2: {file: s2.tif, bands: [B02, B03, B04, B08], resolution: 8}\n",
                         &dataset));
    assert_int_equal(mos_dataset_count(dataset), 16);
    expect_defect(dataset, "left out: s2 covers too little", 4, "scene_r0_c0");
    judge_modality(*state, dataset, 0, &bordered, "-r bilinear -srcnodata 0 -dstnodata 0");
    mos_dataset_close(&dataset);
}

static const char two_grids[] =
    "grid: {size: 20, missing: keep, minimum_valid: 0.5}\n"
    "modalities:\n"
    "  s1: {file: s1.tif, bands: [VV, VH], datetime: 2020-06-03T05:00:00Z, resampling: cubic}\n"
    "  s2: {file: s2.tif, bands: [B02, B03, B04, B08], datetime: 2020-06-01T10:00:00Z}\n";

static void other_grids(void **state) {
    need_program("gdalwarp");
    static const test_raster *const radars[] = {&degrees, &turned};
    write_raster(*state, &optical);
    for (int r = 0; r < 2; r++) {
        mos_dataset *dataset;
        mos_sample sample;
        write_raster(*state, radars[r]);
        EXPECT_OK(open_scene(*state, two_grids, &dataset));
        assert_int_equal(mos_dataset_count(dataset), 20);
        EXPECT_OK(mos_dataset_sample(dataset, 0, &sample));
        assert_true(sample.time_s[0] - sample.time_s[1] == 43 * 3600);
        int64_t with_radar = 0;
        for (int64_t i = 0; i < 20; i++) {
            EXPECT_OK(mos_dataset_sample(dataset, i, &sample));
            with_radar += sample.present & 1;
            assert_true(sample.present & 2);
        }
        if (r == 1)
            assert_int_equal(with_radar, 20);
        else
            assert_true(with_radar > 4 && with_radar < 16);
        mos_dataset_close(&dataset);
        /* Patches that lack one are left out by default, with the reason. */
        EXPECT_OK(open_scene(*state,
                             "grid: {size: 20, minimum_valid: 0.5}\n"
                             "modalities:\n"
                             "  s1: {file: s1.tif, bands: [VV, VH]}\n"
                             "  s2: {file: s2.tif, bands: [B02, B03, B04, B08]}\n",
                             &dataset));
        assert_int_equal(mos_dataset_count(dataset), with_radar);
        if (r == 0)
            expect_defect(dataset, "left out: s1 covers too little", 20 - with_radar,
                          "scene_r0_c0");
        judge_modality(*state, dataset, 0, radars[r],
                       "-r bilinear -srcnodata -9999 -dstnodata nan");
        mos_dataset_close(&dataset);
        EXPECT_OK(open_scene(*state,
                             "grid: {size: 20, minimum_valid: 0.5}\n"
                             "modalities:\n"
                             "  s1: {file: s1.tif, bands: [VV, VH], resampling: cubic, "
                             "resolution: 20}\n"
                             "  s2: {file: s2.tif, bands: [B02, B03, B04, B08]}\n",
                             &dataset));
        judge_modality(*state, dataset, 0, radars[r], "-r cubic -srcnodata -9999 -dstnodata nan");
        judge_modality(*state, dataset, 1, &optical, "-r bilinear -srcnodata 0 -dstnodata 0");
        mos_dataset_close(&dataset);
    }
}

/* The raster's place as a number of control points instead of its transform, on a lattice of so
 * many columns and rows, off by up to `bow` metres. */
static void place_by_points(const char *folder, const test_raster *raster, int columns, int rows,
                            double bow) {
    mos_text command = {0};
    const double *t = raster->transform;
    mos_text_add(&command, "gdal_translate -q -a_srs EPSG:%d", raster->epsg);
    for (int p = 0; p < columns * rows; p++) {
        double x = columns == 1 ? 0 : raster->width * (double)(p % columns) / (columns - 1),
               y = rows == 1 ? 0 : raster->height * (double)(p / columns) / (rows - 1);
        mos_text_add(&command, " -gcp ");
        const double numbers[] = {x, y, t[0] + t[1] * x + t[2] * y + bow * sin(x * 0.02 + y * 0.01),
                                  t[3] + t[4] * x + t[5] * y + bow * cos(x * 0.013 - y * 0.03)};
        for (size_t n = 0; n < 4; n++) {
            mos_text_add_number(&command, numbers[n]);
            mos_text_add(&command, " ");
        }
    }
    mos_text_add(&command, "%s/%s %s/points.tif && mv %s/points.tif %s/%s", folder, raster->path,
                 folder, folder, folder, raster->path);
    assert_false(command.failed);
    run_program("%s", command.data);
    mos_text_release(&command);
}

/* Sentinel-1 before terrain correction: no transform, a lattice of ground control points. */
static void control_points(void **state) {
    need_program("gdalwarp");
    static const char *const resamplings[] = {"bilinear", "nearest"};
    for (int r = 0; r < 2; r++) {
        mos_dataset *dataset;
        test_raster radar = turned;
        char text[512], options[100];
        radar.points = true;
        write_raster(*state, &optical);
        write_raster(*state, &radar);
        place_by_points(*state, &radar, 5, 4, 20);
        snprintf(text, sizeof text,
                 "grid: {size: 20, minimum_valid: 0.5}\n"
                 "modalities:\n"
                 "  s1: {file: s1.tif, bands: [VV, VH], resampling: %s}\n"
                 "  s2: {file: s2.tif, bands: [B02, B03, B04, B08]}\n",
                 resamplings[r]);
        EXPECT_OK(open_scene(*state, text, &dataset));
        assert_int_equal(mos_dataset_count(dataset), 20);
        expect_defect(dataset, "placed by ground control points", 1, "s1.tif: 20 of them");
        snprintf(options, sizeof options, "-r %s -srcnodata -9999 -dstnodata nan",
                 r == 0 ? "bilinear" : "near");
        judge_modality(*state, dataset, 0, &radar, options);
        mos_dataset_close(&dataset);
    }
}

/* What has no place, or none that is known well enough, is refused by its name. */
static void no_place(void **state) {
    need_program("gdal_translate");
    static const char text[] = "grid: {size: 20, crs: \"EPSG:32633\", resolution: 10}\n"
                               "modalities: {s2: {file: s2.tif, bands: [B02, B03, B04, B08]}}\n";
    static const struct {
        int columns, rows;
        const char *said;
    } cases[] = {{2, 1, "s2.tif: placed by 2 ground control points, wanted 3 to 1000"},
                 {5, 1, "s2.tif: its 5 ground control points lie on one line"},
                 {51, 21, "s2.tif: placed by 1071 ground control points, wanted 3 to 1000"}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        write_raster(*state, &optical);
        place_by_points(*state, &optical, cases[c].columns, cases[c].rows, 0);
        expect_scene_error(*state, text, MOSAIC_ERR_DATA, cases[c].said);
    }
    write_raster(*state, &optical);
    run_program("cd %s && gdal_translate -q -co PROFILE=BASELINE s2.tif bare.tif && rm -f "
                "bare.tif.aux.xml bare.tfw && gdal_translate -q -a_srs EPSG:32633 bare.tif s2.tif",
                (const char *)*state);
    expect_scene_error(*state, text, MOSAIC_ERR_DATA,
                       "s2.tif: no georeference: neither a transform nor ground control points");
    static const char virtual_raster[] =
        "<VRTDataset rasterXSize=\"100\" rasterYSize=\"80\"><SRS>EPSG:32633</SRS>"
        "<Metadata domain=\"RPC\"><MDI key=\"LINE_OFF\">1</MDI></Metadata>"
        "<VRTRasterBand dataType=\"UInt16\" band=\"1\"><SimpleSource><SourceFilename "
        "relativeToVRT=\"1\">bare.tif</SourceFilename><SourceBand>1</SourceBand></SimpleSource>"
        "</VRTRasterBand></VRTDataset>";
    write_text(*state, "rpc.vrt", virtual_raster);
    expect_scene_error(*state,
                       "grid: {size: 20, crs: \"EPSG:32633\", resolution: 10}\n"
                       "modalities: {s2: {file: rpc.vrt, bands: [B02]}}\n",
                       MOSAIC_ERR_DATA, "rpc.vrt: placed by RPCs alone");
}

/* NaN is no value of a land cover: its pixels have no data, and the others keep their order. */
static void cover_without_number(void **state) {
    static const mos_grid grid = {.crs = "EPSG:32633", .x = 500000, .y = 5400000, .resolution = 10};
    static const mos_window_options options = {.dtype = MOS_F32};
    char path[4096];
    float plane[64];
    mos_window *window;
    mos_value_counts counts = {0};
    for (int i = 0; i < 64; i++)
        plane[i] = i % 4 == 1 ? NAN : (float)(20 - i % 4);
    EXPECT_OK(mos_path_join(path, sizeof path, *state, "lc.tif"));
    EXPECT_OK(mos_raster_write(path, MOS_F32, 8, 8, 1, (const void *const[]){plane},
                               optical.transform, 32633, NULL, NULL));
    EXPECT_OK(mos_window_open(path, &grid, &options, &window));
    EXPECT_OK(mos_window_count_values(window, 1, 0, 0, 8, 8, &counts));
    assert_int_equal(counts.inside, 48);
    assert_int_equal(counts.outside, 16);
    assert_int_equal(counts.count, 3);
    for (size_t v = 0; v < 3; v++) {
        assert_true(counts.values[v].value == (v == 2 ? 20 : 17 + (double)v));
        assert_int_equal(counts.values[v].count, 16);
    }
    mos_value_counts_release(&counts);
    mos_window_close(&window);
}

typedef struct read_job {
    mos_dataset *dataset;
    double sum;
    bool backwards;
} read_job;

static void *read_all(void *context) {
    read_job *job = context;
    mos_reader *reader;
    mos_patch *patch = malloc(sizeof *patch);
    const int bands[] = {0, 1};
    int64_t count = mos_dataset_count(job->dataset);
    if (mos_reader_open(job->dataset, &reader) != MOSAIC_OK) return NULL;
    for (int64_t n = 0; n < count; n++) {
        int64_t i = job->backwards ? count - 1 - n : n;
        if (mos_reader_read(reader, i, 0, bands, 2, patch) != MOSAIC_OK) break;
        for (int p = 0; p < 400; p++)
            job->sum +=
                isnan(patch->band[1].data[p]) ? 0 : (double)patch->band[1].data[p] * (p + 1);
    }
    free(patch);
    mos_reader_close(&reader);
    return NULL;
}

/* Threads have their own rasters: whole values, so that sums do not depend on the order. */
static void threads(void **state) {
    enum { THREADS = 4 };
    mos_dataset *dataset;
    pthread_t handles[THREADS];
    read_job jobs[THREADS];
    write_raster(*state, &optical);
    write_raster(*state, &turned);
    EXPECT_OK(open_scene(*state,
                         "grid: {size: 20}\n"
                         "modalities:\n"
                         "  s2: {file: s2.tif, bands: [B02, B03, B04, B08]}\n"
                         "  s1: {file: s1.tif, bands: [VV, VH]}\n",
                         &dataset));
    for (int t = 0; t < THREADS; t++) {
        jobs[t] = (read_job){.dataset = dataset, .backwards = t % 2 == 1};
        assert_int_equal(pthread_create(&handles[t], NULL, read_all, &jobs[t]), 0);
    }
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(pthread_join(handles[t], NULL), 0);
    for (int t = 0; t < THREADS; t++)
        assert_true(jobs[t].sum == jobs[0].sum && jobs[t].sum > 0);
    mos_dataset_close(&dataset);
}

/* 5 m pixels, shifted by 2 m against the grid: 10 in the west, 20 in the east, a strip of 77. */
static int strips(int column, int row) {
    if (row == 0) return 77;
    return column < 100 ? 10 : column < 180 ? 20 : 95;
}

static void shares(void **state) {
    mos_dataset *dataset;
    const char *const *classes;
    const double transform[] = {499998, 5, 0, 5400002, 0, -5};
    write_raster(*state, &optical);
    write_cover(*state, "lc.tif", 190, 161, transform, 32633, strips);
    EXPECT_OK(open_scene(*state,
                         "grid: {size: 20}\n"
                         "modalities: {s2: {file: s2.tif, bands: [B02, B03, B04, B08]}}\n"
                         "land_cover: {file: lc.tif, classes: worldcover}\n",
                         &dataset));
    assert_int_equal(mos_dataset_classes(dataset, &classes), 11);
    assert_string_equal(classes[0], "Tree cover");
    assert_string_equal(classes[9], "Mangroves");
    /* Centres: column c lies at 500000.5 + 5 c, so patch k has the columns 40 k to 40 k + 39; the
     * strip's row has its centres at 5399999.5. The third patch of a row is half 10, half 20; the
     * raster ends at column 190, which leaves the fifth three quarters of its area. */
    expect_defect(dataset, "land-cover value without a class", 1, "190 pixels of 77");
    for (int64_t i = 0; i < 20; i++) {
        static const int wanted[5][3] = {{1, 0, 0}, {1, 0, 0}, {1, 1, 0}, {0, 1, 0}, {0, 1, 1}};
        mos_sample sample;
        EXPECT_OK(mos_dataset_sample(dataset, i, &sample));
        /* In the first row a fortieth is the strip: 0.75 * 39 / 40 is too little. */
        bool unknown = i == 4;
        assert_int_equal(sample.labels[0], unknown ? -1 : wanted[i % 5][0]);
        assert_int_equal(sample.labels[1], unknown ? -1 : wanted[i % 5][1]);
        assert_int_equal(sample.labels[9], unknown ? -1 : wanted[i % 5][2]);
        assert_int_equal(sample.labels[5], unknown ? -1 : 0);
    }
    expect_defect(dataset, "unlabelled: too little known land cover", 1,
                  "scene_r0_c4_x500800_y5400000: 0.731 of it");
    mos_dataset_close(&dataset);
    /* Half is reached at 0.5 and not above. */
    write_text(*state, "scene.yaml",
               "grid: {size: 20}\n"
               "modalities: {s2: {file: s2.tif, bands: [B02, B03, B04, B08]}}\n"
               "land_cover: {file: lc.tif, classes: {10: Wood, 20: Shrub, 95: Wet}, ignore: [77], "
               "unknown: refuse}\n");
    for (int above = 0; above < 2; above++) {
        mos_sample sample;
        EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.label_threshold",
                               above ? "0.5001" : "0.5", NULL));
        EXPECT_OK(mos_dataset_sample(dataset, 7, &sample));
        assert_int_equal(sample.labels[0], !above);
        assert_int_equal(sample.labels[1], !above);
        assert_null(find_defect(dataset, "land-cover value without a class"));
        mos_dataset_close(&dataset);
    }
}

static int chessboard(int column, int row) {
    return (column / 9 + row / 7) % 3 == 0 ? 1 : (column + row) % 5 == 0 ? 12 : 2;
}

/* Land cover in another zone, turned: gdaltransform says where its pixels' centres lie. */
static void shares_elsewhere(void **state) {
    need_program("gdaltransform");
    enum { SIDE = 200 };
    mos_dataset *dataset;
    char path[4096], line[256];
    double counts[20][3] = {{0}};
    const double turned_cover[] = {58452, 8, 3, 5417448, 3, -8};
    write_raster(*state, &optical);
    write_cover(*state, "lc.tif", SIDE, SIDE, turned_cover, 32634, chessboard);
    snprintf(path, sizeof path, "%s/points.txt", (const char *)*state);
    FILE *points = fopen(path, "w");
    assert_non_null(points);
    for (int i = 0; i < SIDE * SIDE; i++)
        fprintf(points, "%.1f %.1f\n", i % SIDE + 0.5, i / SIDE + 0.5);
    fclose(points);
    run_program("gdaltransform -output_xy -t_srs EPSG:32633 %s/lc.tif <%s >%s.out",
                (const char *)*state, path, path);
    strcat(path, ".out");
    FILE *placed = fopen(path, "r");
    assert_non_null(placed);
    for (int i = 0; fgets(line, sizeof line, placed) != NULL; i++) {
        double x, y;
        assert_int_equal(sscanf(line, "%lf %lf", &x, &y), 2);
        double column = floor((x - 500000) / 200), row = floor((5400000 - y) / 200);
        if (column < 0 || column > 4 || row < 0 || row > 3) continue;
        int value = chessboard(i % SIDE, i / SIDE);
        counts[(int)row * 5 + (int)column][value == 1 ? 0 : value == 2 ? 1 : 2]++;
    }
    fclose(placed);
    /* A threshold between the judge's share and the next smaller one tells the share exactly. */
    write_text(*state, "scene.yaml",
               "grid: {size: 20}\n"
               "modalities: {s2: {file: s2.tif, bands: [B02, B03, B04, B08]}}\n"
               "land_cover: {file: lc.tif, classes: igbp17}\n");
    for (int patch = 0; patch < 20; patch += 9) {
        static const int class_of[] = {0, 1, 11};
        double total = counts[patch][0] + counts[patch][1] + counts[patch][2];
        assert_true(total > 400);
        for (int k = 0; k < 3; k++) {
            for (int above = 0; above < 2; above++) {
                char threshold[64];
                mos_sample sample;
                snprintf(threshold, sizeof threshold, "%.12f",
                         (counts[patch][k] + (above ? 0.01 : -0.01)) / total);
                EXPECT_OK(open_dataset(&dataset, "data.root", *state, "data.label_threshold",
                                       threshold, NULL));
                EXPECT_OK(mos_dataset_sample(dataset, patch, &sample));
                assert_int_equal(sample.labels[class_of[k]], !above);
                mos_dataset_close(&dataset);
            }
        }
    }
}

/* 130 x 130 px, patches of 120 every 60: the second would not fit and is moved back inside. */
static void edges(void **state) {
    const char *folder = *state;
    const test_raster square = {.path = "s2.tif",
                                .width = 130,
                                .height = 130,
                                .bands = 4,
                                .transform = {500000, 10, 0, 5400000, 0, -10},
                                .epsg = 32633};
    static const double corners[4][2] = {
        {500000, 5400000}, {500100, 5400000}, {500000, 5399900}, {500100, 5399900}};
    mos_dataset *dataset;
    write_raster(folder, &square);
    EXPECT_OK(open_scene(folder,
                         "grid: {size: 120, stride: 60, edges: shift}\n"
                         "modalities: {s2: {file: s2.tif, bands: [B02, B03, B04, B08]}}\n",
                         &dataset));
    assert_int_equal(mos_dataset_count(dataset), 4);
    for (int64_t i = 0; i < 4; i++) {
        mos_site place;
        assert_true(mos_dataset_site(dataset, i, &place));
        assert_true(place.x == corners[i][0] && place.y == corners[i][1]);
    }
    mos_dataset_close(&dataset);
}

/* Shares of valid pixels, found in one pass, are those of the patches as they are read. */
static void valid_shares(void **state) {
    const char *folder = *state;
    static const char *const strides[] = {"6", "41"}; /* over each other, and apart */
    write_raster(folder, &optical);
    write_raster(folder, &degrees);
    for (int g = 0; g < 2; g++) {
        char text[512];
        const int first = 0;
        int64_t partly = 0;
        mos_dataset *dataset;
        mos_reader *reader;
        mos_patch *patch = malloc(sizeof *patch);
        assert_non_null(patch);
        snprintf(text, sizeof text,
                 "grid: {size: 20, stride: %s, minimum_valid: 0, missing: keep}\n"
                 "modalities:\n  s2: {file: s2.tif, bands: [B02, B03, B04, B08]}\n"
                 "  s1: {file: s1.tif, bands: [VV, VH], resolution: 5}\n",
                 strides[g]);
        EXPECT_OK(open_scene(folder, text, &dataset));
        EXPECT_OK(mos_reader_open(dataset, &reader));
        assert_true(mos_dataset_count(dataset) >= 4);
        for (int64_t i = 0; i < mos_dataset_count(dataset); i++) {
            double least = 1;
            mos_site place;
            for (int64_t m = 0; m < 2; m++) {
                mos_sample sample;
                int64_t valid = 0;
                EXPECT_OK(mos_dataset_sample(dataset, i, &sample));
                least = sample.present >> m & 1 ? least : 0;
                if (!(sample.present >> m & 1)) continue;
                EXPECT_OK(mos_reader_read(reader, i, m, &first, 1, patch));
                const struct mos_patch_band *band = &patch->band[0];
                for (int64_t p = 0; p < band->width * band->height; p++)
                    valid += !isnan(band->data[p]) &&
                             !(band->has_nodata && band->data[p] == band->nodata);
                least = fmin(least, (double)valid / (double)(band->width * band->height));
            }
            assert_true(mos_dataset_site(dataset, i, &place));
            assert_true(fabs(mos_scene_frame_valid_share(dataset, &place) - least) < 1e-6);
            partly += least > 0 && least < 1;
        }
        assert_true(partly > 0);
        free(patch);
        mos_reader_close(&reader);
        mos_dataset_close(&dataset);
    }
}

static void area_scene(char *out, size_t size, const char *area) {
    snprintf(out, size,
             "grid: {size: 20, area: %s, area_crs: \"EPSG:32633\"}\n"
             "modalities: {s2: {file: s2.tif, bands: [B02, B03, B04, B08]}}\n",
             area);
}

/* Patches that touch an area: a box in map units, a polygon with a hole, one in degrees. */
static void areas(void **state) {
    const char *folder = *state;
    char scene[1024], path[4096];
    mos_dataset *dataset;
    mos_area *area;
    mos_scene_frame frame;
    uint8_t inside[100 * 80];
    int64_t count = 0;
    write_raster(folder, &optical);
    /* x 205 .. 395: patches 1 of 5 columns; y 5 .. 195 from above: the first of 4 rows */
    area_scene(scene, sizeof scene, "\"500205,5399805,500395,5399995\"");
    EXPECT_OK(open_scene(folder, scene, &dataset));
    assert_int_equal(mos_dataset_count(dataset), 1);
    EXPECT_OK(mos_scene_frame_of(dataset, 0, &frame));
    assert_true(frame.left == 20 && frame.top == 0 && frame.across == 20 && frame.down == 20);
    mos_dataset_close(&dataset);
    /* Of a pixel's centres: 500194 .. 500206 has none but that at 195 and 205. */
    area_scene(scene, sizeof scene, "\"500194,5399996,500206,5400000\"");
    expect_scene_error(folder, scene, MOSAIC_ERR_DATA, "no patch of scene");
    write_text(folder, "a.geojson",
               "{\"type\": \"FeatureCollection\", \"features\": [{\"type\": \"Feature\", "
               "\"properties\": {}, \"geometry\": {\"type\": \"Polygon\", \"coordinates\": "
               "[[[500000, 5399200], [501000, 5399200], [501000, 5400000], [500000, 5400000], "
               "[500000, 5399200]], [[500100, 5399300], [500900, 5399300], [500900, 5399900], "
               "[500100, 5399900], [500100, 5399300]]]}}]}");
    area_scene(scene, sizeof scene, "a.geojson");
    EXPECT_OK(open_scene(folder, scene, &dataset)); /* the frame of 10 px: inner patches are out */
    assert_int_equal(mos_dataset_count(dataset), 14);
    mos_dataset_close(&dataset);
    mos_grid grid = {.x = 500000, .y = 5400000, .resolution = 10};
    snprintf(grid.crs, sizeof grid.crs, "EPSG:32633");
    snprintf(path, sizeof path, "%s/a.geojson", folder);
    EXPECT_OK(mos_area_open(path, "EPSG:32633", grid.crs, &area));
    EXPECT_OK(mos_area_pixels(area, &grid, 0, 0, 100, 80, inside));
    for (int i = 0; i < 100 * 80; i++) {
        int x = i % 100, y = i / 100;
        bool hole = x >= 10 && x < 90 && y >= 10 && y < 70;
        assert_int_equal(inside[i], !hole);
        count += inside[i];
    }
    assert_int_equal(count, 8000 - 80 * 60);
    mos_area_close(&area);
    /* Degrees around zone 33's middle meridian, and what is none of them. */
    EXPECT_OK(mos_area_open("14.99,48.74,15.01,48.76", NULL, grid.crs, &area));
    assert_true(mos_area_box(area).west < 500000 && mos_area_box(area).east > 500000);
    mos_area_close(&area);
    EXPECT_STATUS(MOSAIC_ERR_USAGE, mos_area_open("500000,0,600000,1", NULL, grid.crs, &area));
    EXPECT_STATUS(MOSAIC_ERR_USAGE, mos_area_open("15,48,14,49", NULL, grid.crs, &area));
    write_text(folder, "line.geojson",
               "{\"type\": \"LineString\", \"coordinates\": [[0, 0], [1, 1]]}");
    snprintf(path, sizeof path, "%s/line.geojson", folder);
    EXPECT_STATUS(MOSAIC_ERR_DATA, mos_area_open(path, NULL, grid.crs, &area));
    EXPECT_STATUS(MOSAIC_ERR_DATA, mos_area_open("nothing.gpkg", NULL, grid.crs, &area));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(same_grid, make_test_folder, remove_test_folder),
        cmocka_unit_test_setup_teardown(zeros, make_test_folder, remove_test_folder),
        cmocka_unit_test_setup_teardown(other_grids, make_test_folder, remove_test_folder),
        cmocka_unit_test_setup_teardown(control_points, make_test_folder, remove_test_folder),
        cmocka_unit_test_setup_teardown(no_place, make_test_folder, remove_test_folder),
        cmocka_unit_test_setup_teardown(cover_without_number, make_test_folder, remove_test_folder),
        cmocka_unit_test_setup_teardown(threads, make_test_folder, remove_test_folder),
        cmocka_unit_test_setup_teardown(edges, make_test_folder, remove_test_folder),
        cmocka_unit_test_setup_teardown(valid_shares, make_test_folder, remove_test_folder),
        cmocka_unit_test_setup_teardown(areas, make_test_folder, remove_test_folder),
        cmocka_unit_test_setup_teardown(shares, make_test_folder, remove_test_folder),
        cmocka_unit_test_setup_teardown(shares_elsewhere, make_test_folder, remove_test_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
