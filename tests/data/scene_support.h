/* Scenes for tests: rasters with a known pattern, scene files, and GDAL's programs as judges. */
#ifndef TESTS_SCENE_SUPPORT_H
#define TESTS_SCENE_SUPPORT_H

#include "data_support.h"

#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

/* The judges are programs of the package gdal-bin. */
static inline void need_program(const char *name) {
    char command[200];
    snprintf(command, sizeof command, "command -v %s >/dev/null", name);
    FILE *found = popen(command, "r");
    assert_non_null(found);
    if (pclose(found) == 0) return;
    print_message("skipped: no program %s\n", name);
    skip();
}

__attribute__((format(printf, 1, 2))) static inline void run_program(const char *format, ...) {
    char command[65536], line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    FILE *output = popen(command, "r");
    assert_non_null(output);
    while (fgets(line, sizeof line, output) != NULL)
        ;
    if (pclose(output) != 0) fail_msg("failed: %s", command);
}

/* A smooth field with texture, distinct in every band. */
static inline double field(int band, int64_t column, int64_t row) {
    return 100.0 * (band + 1) + 40 * sin((double)column * 0.11 + band) +
           30 * cos((double)row * 0.07) + (double)((column * 7 + row * 13) % 11);
}

typedef struct test_raster {
    const char *path;
    int width, height, bands;
    double transform[6];
    int epsg;
    bool radar;  /* float32 dB, else uint16 */
    int border;  /* pixels of no data at the west */
    bool points; /* placed by ground control points: the judges take splines through them */
} test_raster;

static inline void write_raster(const char *folder, const test_raster *raster) {
    char path[4096];
    void *planes[16] = {NULL};
    size_t pixels = (size_t)(raster->width * raster->height);
    const double nodata = -9999;
    for (int b = 0; b < raster->bands; b++) {
        EXPECT_OK(mos_alloc(pixels, raster->radar ? 4 : 2, "test", &planes[b]));
        for (int64_t i = 0; i < (int64_t)pixels; i++) {
            int64_t column = i % raster->width, row = i / raster->width;
            bool empty = column < raster->border;
            double value = field(b, column, row);
            if (raster->radar)
                ((float *)planes[b])[i] = empty ? -9999.0f : (float)(-5 - 6 * b - value / 50);
            else
                ((uint16_t *)planes[b])[i] = (uint16_t)(empty ? 0 : value);
        }
    }
    EXPECT_OK(mos_path_join(path, sizeof path, folder, raster->path));
    EXPECT_OK(mos_raster_write(path, raster->radar ? MOS_F32 : MOS_U16, raster->width,
                               raster->height, raster->bands, (const void *const *)planes,
                               raster->transform, raster->epsg, raster->radar ? &nodata : NULL,
                               NULL));
    for (int b = 0; b < raster->bands; b++)
        mos_free(planes[b]);
}

/* One uint8 band, value by place. */
static inline void write_cover(const char *folder, const char *name, int width, int height,
                               const double *transform, int epsg,
                               int (*value)(int column, int row)) {
    char path[4096];
    uint8_t *plane;
    EXPECT_OK(mos_alloc((size_t)(width * height), 1, "test", &plane));
    for (int i = 0; i < width * height; i++)
        plane[i] = (uint8_t)value(i % width, i / width);
    EXPECT_OK(mos_path_join(path, sizeof path, folder, name));
    EXPECT_OK(mos_raster_write(path, MOS_U8, width, height, 1, (const void *const *)&plane,
                               transform, epsg, NULL, NULL));
    mos_free(plane);
}

/* Opens the scene file `text` of a folder, named scene.yaml. */
static inline mosaic_status open_scene(const char *folder, const char *text, mos_dataset **out) {
    write_text(folder, "scene.yaml", text);
    return open_dataset(out, "data.root", folder, NULL);
}

static inline void expect_scene_error(const char *folder, const char *text, mosaic_status wanted,
                                      const char *part) {
    mos_dataset *dataset;
    EXPECT_STATUS(wanted, open_scene(folder, text, &dataset));
    if (strstr(mosaic_error(), part) == NULL)
        fail_msg("message \"%s\" lacks \"%s\"", mosaic_error(), part);
}

#endif
