/* A small BigEarthNet v1.0 tree: patches with GeoTIFFs and JSON. */
#ifndef TESTS_DATA_V1_SUPPORT_H
#define TESTS_DATA_V1_SUPPORT_H

#include "data/data_support.h"

static const char one[] = "S2A_MSIL2A_20170613T101031_87_48",
                  one_s1[] = "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_87_48",
                  two[] = "S2A_MSIL2A_20170617T94161_4_55",
                  two_s1[] = "S1A_IW_GRDH_1SDV_20170617T064724_29UPU_4_55",
                  three[] = "S2B_MSIL2A_20171221T112501_56_35",
                  three_s1[] = "S1B_IW_GRDH_1SDV_20171221T064238_29SND_56_35";

/* As write_text, without waiting for the disk. */
static inline void put_text(const char *folder, const char *name, const char *text) {
    char path[4096];
    EXPECT_OK(mos_make_dirs(folder));
    EXPECT_OK(mos_path_join(path, sizeof path, folder, name));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* A patch folder with its JSON; `labels` as in the file, NULL: no JSON. */
static inline void write_json(const char *folder, const char *name, const char *labels,
                              const char *rest) {
    char path[2048], file[256], text[2048];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    EXPECT_OK(mos_make_dirs(path));
    if (labels == NULL) return;
    snprintf(file, sizeof file, "%s_labels_metadata.json", name);
    snprintf(text, sizeof text, "{\"labels\": [%s]%s}", labels, rest);
    put_text(path, file, text);
}

static inline void write_s1(const char *root, const char *name, const char *labels,
                            const char *partner) {
    char folder[1024], path[4096], rest[256];
    snprintf(folder, sizeof folder, "%s/BigEarthNet-S1-v1.0", root);
    snprintf(rest, sizeof rest, ", \"corresponding_s2_patch\": \"%s\"", partner);
    write_json(folder, name, labels, rest);
    for (int b = 0; b < 2; b++) {
        const float base = b == 0 ? -9.5f : -16.25f;
        snprintf(path, sizeof path, "%s/%s/%s_%s.tif", folder, name, name, b == 0 ? "VV" : "VH");
        write_float_raster(path, 1, TEST_SIDE, &base, 0.37f);
    }
}

static inline void write_s2(const char *root, const char *name, const char *labels) {
    static const char *const bands[] = {"B01", "B02", "B03", "B04", "B05", "B06",
                                        "B07", "B08", "B8A", "B09", "B11", "B12"};
    static const int steps[] = {6, 1, 1, 1, 2, 2, 2, 1, 2, 6, 2, 2};
    char folder[1024], path[4096];
    snprintf(folder, sizeof folder, "%s/BigEarthNet-v1.0", root);
    write_json(folder, name, labels,
               ", \"tile_source\": \"S2A_MSIL1C_20170613T101031_N0205_R022_T33UUP_x.SAFE\"");
    for (int b = 0; b < 12; b++) {
        const int base = 300 + 10 * b;
        snprintf(path, sizeof path, "%s/%s/%s_%s.tif", folder, name, name, bands[b]);
        write_u16_raster(path, 1, TEST_SIDE / steps[b], &base);
    }
}

static inline void write_three(const char *root) {
    write_s2(root, one, "\"Rice fields\", \"Airports\"");
    write_s1(root, one_s1, "\"Rice fields\", \"Airports\"", one);
    write_s2(root, two, "\"Transitional woodland/shrub\", \"Beaches, dunes, sands\"");
    write_s1(root, two_s1, "\"Transitional woodland/shrub\", \"Beaches, dunes, sands\"", two);
    write_s2(root, three, "\"Sea and ocean\", \"Estuaries\"");
    write_s1(root, three_s1, "\"Sea and ocean\", \"Estuaries\"", three);
}

#endif
