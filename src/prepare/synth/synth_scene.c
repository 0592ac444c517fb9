#include "prepare/synth/synth_scene.h"

#include "base/file.h"
#include "base/memory.h"
#include "io/raster_map.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double pixel_m = 10;
static const int64_t most_pixels = 64 << 20; /* all patches of a scene are held in memory */

mosaic_status mos_synth_mosaic_init(mos_synth_mosaic *mosaic, int64_t count, int64_t size) {
    *mosaic = (mos_synth_mosaic){.size = size};
    mosaic->columns = (int64_t)ceil(sqrt((double)count));
    mosaic->rows = (count + mosaic->columns - 1) / mosaic->columns;
    mosaic->width = mosaic->columns * size;
    mosaic->height = mosaic->rows * size;
    size_t pixels = (size_t)(mosaic->width * mosaic->height);
    if ((int64_t)pixels > most_pixels)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "data synth: a scene of %lld x %lld pixels is too large: fewer or smaller "
                        "patches",
                        (long long)mosaic->width, (long long)mosaic->height);
    for (int b = 0; b < MOS_SYNTH_S2_BANDS; b++)
        MOS_TRY(mos_alloc(pixels, sizeof(uint16_t), "a scene", &mosaic->s2[b]));
    for (int k = 0; k < 2; k++) {
        MOS_TRY(mos_alloc(pixels, sizeof(float), "a scene", &mosaic->s1[k]));
        for (size_t i = 0; i < pixels; i++)
            mosaic->s1[k][i] = NAN;
    }
    return mos_alloc(pixels, sizeof(uint16_t), "a scene", &mosaic->cover);
}

void mos_synth_mosaic_release(mos_synth_mosaic *mosaic) {
    for (int b = 0; b < MOS_SYNTH_S2_BANDS; b++)
        mos_free(mosaic->s2[b]);
    for (int k = 0; k < 2; k++)
        mos_free(mosaic->s1[k]);
    mos_free(mosaic->cover);
    *mosaic = (mos_synth_mosaic){0};
}

void mos_synth_mosaic_put(mos_synth_mosaic *mosaic, int64_t index, const mos_synth_canvas *canvas,
                          const mos_synth_patch *patch) {
    const int64_t size = mosaic->size;
    int64_t corner =
        index / mosaic->columns * size * mosaic->width + index % mosaic->columns * size;
    for (int64_t y = 0; y < size; y++) {
        int64_t at = corner + y * mosaic->width;
        memcpy(mosaic->cover + at, canvas->map + y * size, (size_t)size * sizeof(uint16_t));
        for (int k = 0; patch->has_s1 && k < 2; k++) /* painted VH first */
            memcpy(mosaic->s1[k] + at, canvas->s1[1 - k] + y * size, (size_t)size * sizeof(float));
        for (int b = 0; patch->has_s2 && b < MOS_SYNTH_S2_BANDS; b++) {
            int64_t factor = mos_synth_s2_factor[b], side = size / factor;
            for (int64_t x = 0; x < size; x++)
                mosaic->s2[b][at + x] = canvas->s2[b][y / factor * side + x / factor];
        }
    }
}

typedef struct scene_raster {
    const char *name;
    mos_dtype dtype;
    double nodata;
    int bands;
    const char *const *names;
    const void *planes[MOS_SYNTH_S2_BANDS];
} scene_raster;

static mosaic_status write_raster(const mos_synth_mosaic *mosaic, const mos_synth_tile *tile,
                                  const char *folder, const scene_raster *raster) {
    char path[4096], crs[32];
    const double transform[6] = {tile->west_m, pixel_m, 0, tile->north_m, 0, -pixel_m};
    const mos_map_spec spec = {.width = mosaic->width,
                               .height = mosaic->height,
                               .bands = raster->bands,
                               .dtype = raster->dtype,
                               .crs = crs,
                               .transform = transform,
                               .nodata = raster->nodata,
                               .scale = 1,
                               .names = raster->names,
                               .format = "GTiff"};
    mos_map *map = NULL;
    mosaic_status status;
    (void)snprintf(crs, sizeof crs, "EPSG:%d", tile->epsg);
    MOS_TRY(mos_path_join(path, sizeof path, folder, raster->name));
    MOS_TRY(mos_map_create(path, &spec, &map));
    for (int b = 0; b < raster->bands; b++)
        MOS_GOTO(mos_map_write(map, b, 0, mosaic->height, raster->planes[b]));
    status = mos_map_finish(&map);
done:
    mos_map_abandon(&map);
    return status;
}

static mosaic_status write_description(const mos_synth_mosaic *mosaic, const char *folder) {
    char path[4096], text[512];
    MOS_TRY(mos_path_join(path, sizeof path, folder, "scene.yaml"));
    int size = snprintf(text, sizeof text,
                        "name: synth\n"
                        "grid: {size: %lld}\n"
                        "modalities:\n"
                        "  s1: {file: s1.tif}\n"
                        "  s2: {file: s2.tif}\n"
                        "land_cover: {file: land_cover.tif, classes: corine19}\n",
                        (long long)mosaic->size);
    return mos_atomic_write(path, text, (size_t)size);
}

mosaic_status mos_synth_mosaic_write(const mos_synth_mosaic *mosaic, const mos_synth_tile *tile,
                                     const char *folder) {
    static const char *const polarisations[] = {"VV", "VH"};
    static const char *const cover[] = {"CORINE Land Cover"};
    scene_raster s1 = {"s1.tif", MOS_F32,       (double)NAN,
                       2,        polarisations, {mosaic->s1[0], mosaic->s1[1]}},
                 s2 = {"s2.tif", MOS_U16, 0, MOS_SYNTH_S2_BANDS, mos_synth_s2_bands, {NULL}},
                 map = {"land_cover.tif", MOS_U16, 0, 1, cover, {mosaic->cover}};
    for (int b = 0; b < MOS_SYNTH_S2_BANDS; b++)
        s2.planes[b] = mosaic->s2[b];
    MOS_TRY(write_raster(mosaic, tile, folder, &s1));
    MOS_TRY(write_raster(mosaic, tile, folder, &s2));
    MOS_TRY(write_raster(mosaic, tile, folder, &map));
    return write_description(mosaic, folder);
}
