#include "io/io_support.h"
#include "io/lmdb_store.h"
#include "io/raster.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

enum { WIDTH = 23, HEIGHT = 17, PIXELS = WIDTH * HEIGHT };

static const double transform[6] = {404400, 10, 0, 5342400, 0, -10};

static void fill(void *out, mos_dtype dtype, int band) {
    for (int i = 0; i < PIXELS; i++) {
        double value =
            i * 3 + band * 100 -
            (dtype == MOS_I16 || dtype == MOS_F32 || dtype == MOS_F64 || dtype == MOS_I32 ? 700
                                                                                          : 0);
        switch (dtype) {
        case MOS_U8:
            ((uint8_t *)out)[i] = (uint8_t)(i + band);
            break;
        case MOS_U16:
            ((uint16_t *)out)[i] = (uint16_t)value;
            break;
        case MOS_I16:
            ((int16_t *)out)[i] = (int16_t)value;
            break;
        case MOS_U32:
            ((uint32_t *)out)[i] = 4000000000u - (uint32_t)i;
            break;
        case MOS_I32:
            ((int32_t *)out)[i] = (int32_t)value;
            break;
        case MOS_F32:
            ((float *)out)[i] = (float)value / 8;
            break;
        default:
            ((double *)out)[i] = value / 7;
        }
    }
}

static void write_planes(const char *path, mos_dtype dtype, int bands, const char *const *options) {
    static double storage[4][PIXELS];
    const void *planes[4];
    double nodata = 0;
    for (int b = 0; b < bands; b++) {
        fill(storage[b], dtype, b);
        planes[b] = storage[b];
    }
    EXPECT_OK(mos_raster_write(path, dtype, WIDTH, HEIGHT, bands, planes, transform, 32633, &nodata,
                               options));
}

static void every_type_reads_back(void **state) {
    static const mos_dtype dtypes[] = {MOS_U8,  MOS_U16, MOS_I16, MOS_U32,
                                       MOS_I32, MOS_F32, MOS_F64};
    static const char *const deflate[] = {"COMPRESS=DEFLATE", "PREDICTOR=2", NULL},
                             *const tiled[] = {"TILED=YES", "INTERLEAVE=BAND", NULL};
    char path[4096];
    test_path(state, "types.tif", path);
    for (size_t t = 0; t < sizeof dtypes / sizeof *dtypes; t++) {
        mos_dtype dtype = dtypes[t];
        write_planes(path, dtype, 3,
                     t % 3 == 1 && dtype != MOS_F32 ? deflate
                     : t % 3 == 2                   ? tiled
                                                    : NULL);
        mos_raster_info info;
        EXPECT_OK(mos_raster_info_read(path, &info));
        assert_int_equal(info.width, WIDTH);
        assert_int_equal(info.height, HEIGHT);
        assert_int_equal(info.bands, 3);
        assert_int_equal(info.dtype, dtype);
        assert_int_equal(info.epsg, 32633);
        assert_true(info.has_nodata && info.nodata >= 0 && info.nodata <= 0);
        assert_true(info.has_transform);
        assert_memory_equal(info.transform, transform, sizeof transform);
        double read[2][PIXELS], wanted[PIXELS];
        const int bands[] = {3, 1};
        void *const out[] = {read[0], read[1]};
        EXPECT_OK(mos_raster_read_bands(path, bands, 2, dtype, out, WIDTH, HEIGHT));
        for (int b = 0; b < 2; b++) {
            fill(wanted, dtype, bands[b] - 1);
            assert_memory_equal(read[b], wanted, PIXELS * mos_dtype_bytes(dtype));
        }
    }
    char side[4200];
    snprintf(side, sizeof side, "%s.aux.xml", path);
    assert_false(mos_path_exists(side));
}

static void converts_only_exactly(void **state) {
    static const struct {
        mos_dtype stored, wanted;
        bool good;
    } cases[] = {{MOS_U16, MOS_F32, true},  {MOS_I16, MOS_F64, true},  {MOS_U8, MOS_F32, true},
                 {MOS_F32, MOS_F64, true},  {MOS_F64, MOS_F32, false}, {MOS_U16, MOS_I16, false},
                 {MOS_F32, MOS_U16, false}, {MOS_U32, MOS_F32, false}, {MOS_U16, MOS_U8, false},
                 {MOS_I32, MOS_F32, false}, {MOS_U16, MOS_BF16, false}};
    char path[4096];
    test_path(state, "convert.tif", path);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double out[PIXELS], stored[PIXELS];
        write_planes(path, cases[i].stored, 1, NULL);
        if (!cases[i].good) {
            EXPECT_DATA_ERROR(mos_raster_read_band(path, 1, cases[i].wanted, out, WIDTH, HEIGHT),
                              "does not convert exactly");
            continue;
        }
        EXPECT_OK(mos_raster_read_band(path, 1, cases[i].wanted, out, WIDTH, HEIGHT));
        fill(stored, cases[i].stored, 0);
        for (int p = 0; p < PIXELS; p++) {
            double wanted = cases[i].stored == MOS_U8    ? ((uint8_t *)stored)[p]
                            : cases[i].stored == MOS_U16 ? ((uint16_t *)stored)[p]
                            : cases[i].stored == MOS_I16 ? ((int16_t *)stored)[p]
                                                         : (double)((float *)stored)[p];
            double got = cases[i].wanted == MOS_F32 ? (double)((float *)out)[p] : out[p];
            assert_true(got >= wanted && got <= wanted);
        }
    }
}

static void refuses_what_does_not_fit(void **state) {
    char path[4096], other[4096];
    double out[PIXELS];
    write_planes(test_path(state, "plain.tif", path), MOS_U16, 2, NULL);
    EXPECT_DATA_ERROR(mos_raster_read_band(path, 1, MOS_U16, out, WIDTH + 1, HEIGHT),
                      "23 x 17 pixels, wanted 24 x 17");
    EXPECT_DATA_ERROR(mos_raster_read_band(path, 3, MOS_U16, out, WIDTH, HEIGHT),
                      "no band 3, it has 2");
    EXPECT_DATA_ERROR(mos_raster_read_band(path, 0, MOS_U16, out, WIDTH, HEIGHT), "no band 0");
    mos_raster_info info;
    EXPECT_STATUS(MOSAIC_ERR_IO,
                  mos_raster_info_read(test_path(state, "absent.tif", other), &info));
    assert_non_null(strstr(mosaic_error(), "absent.tif"));
    EXPECT_OK(mos_atomic_write(test_path(state, "text.tif", other), "hello", 5));
    EXPECT_DATA_ERROR(mos_raster_info_read(other, &info), "text.tif");
    /* A VRT could name any file. */
    char vrt[8300];
    snprintf(vrt, sizeof vrt,
             "<VRTDataset rasterXSize=\"23\" rasterYSize=\"17\"><VRTRasterBand dataType=\"UInt16\" "
             "band=\"1\"><SimpleSource>"
             "<SourceFilename>%s</SourceFilename><SourceBand>1</SourceBand></SimpleSource></"
             "VRTRasterBand></VRTDataset>",
             path);
    EXPECT_OK(mos_atomic_write(test_path(state, "x.vrt", other), vrt, strlen(vrt)));
    EXPECT_DATA_ERROR(mos_raster_info_read(other, &info), "x.vrt");
    const void *plane = out;
    EXPECT_STATUS(MOSAIC_ERR_USAGE,
                  mos_raster_write(other, MOS_BF16, WIDTH, HEIGHT, 1, &plane, NULL, 0, NULL, NULL));
    EXPECT_STATUS(MOSAIC_ERR_IO, mos_raster_write("/nonexistent/x.tif", MOS_F64, WIDTH, HEIGHT, 1,
                                                  &plane, NULL, 0, NULL, NULL));
}

/* A raster of 100,000 x 100,000 pixels costs a few bytes to claim. */
static void refuses_giants(void **state) {
    static const char *const sparse[] = {"SPARSE_OK=TRUE", "TILED=YES", NULL};
    char path[4096], *data;
    size_t size;
    static uint8_t pixels[PIXELS];
    const void *plane = pixels;
    EXPECT_OK(mos_raster_write(test_path(state, "giant.tif", path), MOS_U8, WIDTH, HEIGHT, 1,
                               &plane, NULL, 0, NULL, sparse));
    EXPECT_OK(mos_file_read(path, 1 << 20, &data, &size));
    /* Width is tag 256 of the first directory: u16 tag, u16 type, u32 count, value. */
    uint32_t directory;
    memcpy(&directory, data + 4, 4);
    uint16_t tag, type = 4;
    memcpy(&tag, data + directory + 2, 2);
    assert_int_equal(tag, 256);
    uint32_t width = 100000;
    memcpy(data + directory + 4, &type, 2);
    memcpy(data + directory + 10, &width, 4);
    EXPECT_OK(mos_atomic_write(path, data, size));
    mos_raster_info info;
    EXPECT_STATUS(MOSAIC_ERR_DATA, mos_raster_info_read(path, &info));
    mos_free(data);
}

/* A prefix gives an error or, once all pixels are there, the pixels; GDAL's words never reach the
 * terminal. */
static void survives_truncation_in_silence(void **state) {
    char path[4096], cut_path[4096], noise_path[4096], *data;
    size_t size, failed = 0, noise_size;
    uint16_t out[PIXELS], wanted[PIXELS];
    static const char *const deflate[] = {"COMPRESS=DEFLATE", NULL};
    test_path(state, "cut.tif", cut_path);
    int noise = open(test_path(state, "noise.txt", noise_path), O_CREAT | O_TRUNC | O_WRONLY, 0600);
    fflush(stderr);
    int kept = dup(2);
    assert_true(noise >= 0 && kept >= 0 && dup2(noise, 2) == 2);
    for (int variant = 0; variant < 2; variant++) {
        write_planes(test_path(state, "whole.tif", path), MOS_U16, 1,
                     variant == 0 ? NULL : deflate);
        EXPECT_OK(mos_file_read(path, 1 << 20, &data, &size));
        fill(wanted, MOS_U16, 0);
        for (size_t cut = 0; cut < size; cut += 1 + size / 300) {
            FILE *file = fopen(cut_path, "wb");
            assert_non_null(file);
            assert_int_equal(fwrite(data, 1, cut, file), cut);
            fclose(file);
            mosaic_status status = mos_raster_read_band(cut_path, 1, MOS_U16, out, WIDTH, HEIGHT);
            if (status == MOSAIC_OK) {
                assert_memory_equal(out, wanted, sizeof wanted);
                continue;
            }
            assert_int_equal(status, MOSAIC_ERR_DATA);
            assert_non_null(strstr(mosaic_error(), "cut.tif"));
            assert_null(strchr(mosaic_error(), '\n'));
            failed++;
        }
        mos_free(data);
    }
    fflush(stderr);
    dup2(kept, 2);
    close(kept);
    close(noise);
    assert_true(failed > 300);
    EXPECT_OK(mos_file_read(noise_path, 1 << 20, &data, &noise_size));
    assert_int_equal(noise_size, 0);
    mos_free(data);
}

static char no_error[] = "no error", other_pixels[] = "other pixels";

static void *read_often(void *path) {
    uint16_t out[PIXELS], wanted[PIXELS];
    fill(wanted, MOS_U16, 1);
    for (int i = 0; i < 50; i++) {
        /* A failure on one thread says nothing to the others. */
        if (mos_raster_read_band(path, 9, MOS_U16, out, WIDTH, HEIGHT) != MOSAIC_ERR_DATA)
            return no_error;
        if (mos_raster_read_band(path, 2, MOS_U16, out, WIDTH, HEIGHT) != MOSAIC_OK ||
            memcmp(out, wanted, sizeof wanted) != 0)
            return other_pixels;
    }
    return NULL;
}

static void threads_read_at_once(void **state) {
    char path[4096];
    pthread_t threads[4];
    write_planes(test_path(state, "threads.tif", path), MOS_U16, 2, NULL);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_often, path), 0);
    for (int i = 0; i < 4; i++) {
        void *problem;
        assert_int_equal(pthread_join(threads[i], &problem), 0);
        if (problem != NULL) fail_msg("%s", (const char *)problem);
    }
}

static const char s2_name[] = "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_75_43";
static const char s1_name[] = "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_70_48";

/* Two readers of one truth: the tifs, and the records that rico-hdl made of them. */
static void check_against_record(mos_lmdb_reader *reader, const char *key, const char *folder,
                                 size_t count) {
    const void *data;
    size_t size;
    mos_safetensors file;
    static char out[120 * 120 * 4];
    EXPECT_OK(mos_lmdb_get(reader, key, &data, &size));
    assert_non_null(data);
    EXPECT_OK(mos_safetensors_parse(data, size, key, &file));
    assert_int_equal(file.count, count);
    for (size_t i = 0; i < file.count; i++) {
        const mos_tensor_view *view = &file.tensors[i];
        char name[512], path[4096];
        snprintf(name, sizeof name, "bigearthnet_v2/%s/%s/%s_%s.tif", folder, key, key, view->name);
        EXPECT_OK(mos_raster_read_band(real_path(name, path), 1, view->dtype, out, view->shape[1],
                                       view->shape[0]));
        assert_memory_equal(out, view->data, view->bytes);
    }
    mos_safetensors_release(&file);
}

static void tifs_equal_the_real_records(void **state) {
    (void)state;
    char path[4096];
    mos_lmdb *db;
    mos_lmdb_reader *reader;
    EXPECT_OK(mos_lmdb_open(real_path("bigearthnet_v2_lmdb", path), &db));
    EXPECT_OK(mos_lmdb_reader_open(db, &reader));
    check_against_record(reader, s2_name,
                         "BigEarthNet-S2/S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP", 12);
    check_against_record(reader, s1_name, "BigEarthNet-S1/S1A_IW_GRDH_1SDV_20170613T165043", 2);
    mos_lmdb_reader_close(&reader);
    mos_lmdb_close(&db);
}

static void reads_other_real_layouts(void **state) {
    (void)state;
    static const struct {
        const char *path;
        int64_t side;
        int bands;
        mos_dtype dtype;
    } files[] = {{"sen12ms/ROIs1970_fall/s1_139/ROIs1970_fall_s1_139_p839.tif", 256, 2, MOS_F32},
                 {"sen12ms/ROIs1970_fall/s2_139/ROIs1970_fall_s2_139_p839.tif", 256, 13, MOS_U16},
                 {"sen1floods11/S2/Spain_7370579_S2Hand.tif", 512, 13, MOS_I16}};
    static float out[512 * 512];
    for (size_t i = 0; i < 3; i++) {
        char path[4096];
        mos_raster_info info;
        EXPECT_OK(mos_raster_info_read(real_path(files[i].path, path), &info));
        assert_int_equal(info.width, files[i].side);
        assert_int_equal(info.bands, files[i].bands);
        assert_int_equal(info.dtype, files[i].dtype);
        EXPECT_OK(mos_raster_read_band(path, info.bands, MOS_F32, out, info.width, info.height));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_reads_back),
        cmocka_unit_test(converts_only_exactly),
        cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(refuses_giants),
        cmocka_unit_test(survives_truncation_in_silence),
        cmocka_unit_test(threads_read_at_once),
        cmocka_unit_test(tifs_equal_the_real_records),
        cmocka_unit_test(reads_other_real_layouts),
    };
    return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
