#include "io/tile_pyramid.h"

#include "base/memory.h"
#include "base/thread.h"
#include "io/raster_pyramid.h"
#include "io/tile_encode.h"

#include <string.h>

enum { SIDE = MOS_MAP_STRIP, MOST_THREADS = 16 };

/* One thread's. */
typedef struct pyramid_thread {
    mos_tile_encoder *encoder;
    unsigned char *reduced[2]; /* of a block, for an overview and the one before */
    mosaic_status status;
    char error[512];
} pyramid_thread;

typedef struct pyramid_level {
    mos_tile_file *file;
    int64_t across, down; /* tiles */
    unsigned char *tiles; /* [bands, SIDE >> level, SIDE] that fill up; of overviews */
} pyramid_level;

struct mos_tile_pyramid {
    const mos_map_spec *spec;
    pyramid_level level[MOS_PYRAMID_LEVELS];
    int levels, threads;
    pyramid_thread *thread; /* [threads] */
    /* the block that is added */
    int64_t x, y, width, rows;
    const unsigned char *pixels; /* [bands, rows, width] */
};

int64_t mos_pyramid_reduced(int64_t size, int level) {
    return (size + ((int64_t)1 << level) - 1) >> level;
}

int mos_pyramid_levels(const mos_map_spec *spec) {
    const int64_t longer = spec->width > spec->height ? spec->width : spec->height;
    int levels = 1;
    while (levels < MOS_PYRAMID_LEVELS && mos_pyramid_reduced(longer, levels - 1) > SIDE)
        levels++;
    return levels;
}

static mosaic_status make_level(mos_tile_pyramid *pyramid, int l, const char *path) {
    const mos_map_spec *spec = pyramid->spec;
    pyramid_level *level = &pyramid->level[l];
    level->across = (mos_pyramid_reduced(spec->width, l) + SIDE - 1) / SIDE;
    level->down = (spec->height + SIDE - 1) / SIDE;
    if (l > 0)
        MOS_TRY(mos_alloc((size_t)spec->bands * (SIDE >> l) * SIDE, mos_dtype_bytes(spec->dtype),
                          "tiles of an overview", &level->tiles));
    return mos_tile_file_create(path, (uint64_t)(spec->bands * level->across * level->down),
                                &level->file);
}

static mosaic_status make_thread(const mos_map_spec *spec, pyramid_thread *thread) {
    const size_t pixel = mos_dtype_bytes(spec->dtype);
    MOS_TRY(mos_tile_encoder_create(spec->dtype, spec->codes == NULL, SIDE, &thread->encoder));
    for (int b = 0; b < 2; b++)
        MOS_TRY(mos_alloc((size_t)(SIDE >> (b + 1)) * (SIDE >> (b + 1)), pixel, "an overview",
                          &thread->reduced[b]));
    return MOSAIC_OK;
}

mosaic_status mos_tile_pyramid_create(const mos_map_spec *spec, const char *const *paths,
                                      mos_tile_pyramid **out) {
    mos_tile_pyramid *pyramid;
    mosaic_status status;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof *pyramid, "a map", &pyramid));
    pyramid->spec = spec;
    pyramid->levels = mos_pyramid_levels(spec);
    pyramid->threads = spec->threads < 1              ? 1
                       : spec->threads > MOST_THREADS ? MOST_THREADS
                                                      : spec->threads;
    MOS_GOTO(
        mos_alloc((size_t)pyramid->threads, sizeof *pyramid->thread, "threads", &pyramid->thread));
    for (int l = 0; l < pyramid->levels; l++)
        MOS_GOTO(make_level(pyramid, l, paths[l]));
    for (int t = 0; t < pyramid->threads; t++)
        MOS_GOTO(make_thread(spec, &pyramid->thread[t]));
    *out = pyramid;
    pyramid = NULL;
done:
    mos_tile_pyramid_destroy(&pyramid);
    return status;
}

void mos_tile_pyramid_destroy(mos_tile_pyramid **slot) {
    mos_tile_pyramid *pyramid = *slot;
    if (pyramid == NULL) return;
    for (int l = 0; l < MOS_PYRAMID_LEVELS; l++) {
        mos_tile_file_close(&pyramid->level[l].file);
        mos_free(pyramid->level[l].tiles);
    }
    for (int t = 0; pyramid->thread != NULL && t < pyramid->threads; t++) {
        mos_tile_encoder_destroy(&pyramid->thread[t].encoder);
        for (int b = 0; b < 2; b++)
            mos_free(pyramid->thread[t].reduced[b]);
    }
    mos_free(pyramid->thread);
    mos_free(pyramid);
    *slot = NULL;
}

/* A tile of a band, at a column of tiles of its level. */
static mosaic_status put_tile(const mos_tile_pyramid *pyramid, pyramid_thread *thread, int l,
                              int64_t band, int64_t column, const void *pixels, int64_t stride,
                              int64_t columns, int64_t rows) {
    const pyramid_level *level = &pyramid->level[l];
    const unsigned char *data;
    size_t size;
    MOS_TRY(
        mos_tile_encode(thread->encoder, pixels, stride, columns, rows, SIDE >> l, &data, &size));
    return mos_tile_file_put(
        level->file, (uint64_t)((band * level->down + pyramid->y / SIDE) * level->across + column),
        data, size);
}

/* What the block becomes in an overview goes to that overview's tile, which is written when it is
 * full. `out` [rows, width] */
static mosaic_status add_reduced(const mos_tile_pyramid *pyramid, pyramid_thread *thread, int l,
                                 int64_t band, const unsigned char *out) {
    const mos_map_spec *spec = pyramid->spec;
    const size_t pixel = mos_dtype_bytes(spec->dtype);
    const int64_t width = mos_pyramid_reduced(pyramid->width, l),
                  rows = mos_pyramid_reduced(pyramid->rows, l), left = pyramid->x >> l,
                  inside = left % SIDE;
    unsigned char *tile = pyramid->level[l].tiles + (size_t)(band * (SIDE >> l) * SIDE) * pixel;
    for (int64_t y = 0; y < rows; y++)
        memcpy(tile + (size_t)(y * SIDE + inside) * pixel, out + (size_t)(y * width) * pixel,
               (size_t)width * pixel);
    if (inside + width < SIDE && pyramid->x + pyramid->width < spec->width) return MOSAIC_OK;
    return put_tile(pyramid, thread, l, band, left / SIDE, tile, SIDE, inside + width, rows);
}

static mosaic_status add_band(const mos_tile_pyramid *pyramid, pyramid_thread *thread,
                              int64_t band) {
    const mos_map_spec *spec = pyramid->spec;
    const int64_t width = pyramid->width, rows = pyramid->rows;
    const unsigned char *pixels =
        pyramid->pixels + (size_t)(band * rows * width) * mos_dtype_bytes(spec->dtype);
    const void *finer = pixels;
    MOS_TRY(put_tile(pyramid, thread, 0, band, pyramid->x / SIDE, pixels, width, width, rows));
    for (int l = 1; l < pyramid->levels; l++) {
        unsigned char *out = thread->reduced[(l - 1) % 2];
        if (spec->codes != NULL)
            mos_pyramid_mode(pixels, width, rows, l, (uint8_t)spec->nodata, out);
        else
            mos_pyramid_mean(spec->dtype, finer, mos_pyramid_reduced(width, l - 1),
                             mos_pyramid_reduced(rows, l - 1), spec->nodata, out);
        MOS_TRY(add_reduced(pyramid, thread, l, band, out));
        finer = out;
    }
    return MOSAIC_OK;
}

static void add_bands(void *context, int64_t begin, int64_t end, int number) {
    const mos_tile_pyramid *pyramid = context;
    pyramid_thread *thread = &pyramid->thread[number];
    thread->status = MOSAIC_OK;
    for (int64_t b = begin; b < end && thread->status == MOSAIC_OK; b++)
        thread->status = add_band(pyramid, thread, b);
    if (thread->status != MOSAIC_OK) mos_error_copy(thread->error, sizeof thread->error);
}

mosaic_status mos_tile_pyramid_add(mos_tile_pyramid *pyramid, int64_t x, int64_t y, int64_t width,
                                   int64_t rows, const void *pixels, int threads) {
    if (threads > pyramid->threads) threads = pyramid->threads;
    pyramid->x = x;
    pyramid->y = y;
    pyramid->width = width;
    pyramid->rows = rows;
    pyramid->pixels = pixels;
    for (int t = 0; t < threads; t++)
        pyramid->thread[t].status = MOSAIC_OK;
    mos_parallel_for(threads, pyramid->spec->bands, add_bands, pyramid);
    for (int t = 0; t < threads; t++) {
        if (pyramid->thread[t].status == MOSAIC_OK) continue;
        mos_error_restore(pyramid->thread[t].error);
        return pyramid->thread[t].status;
    }
    return MOSAIC_OK;
}

const mos_tile_places *mos_tile_pyramid_places(const mos_tile_pyramid *pyramid, int level) {
    return mos_tile_file_places(pyramid->level[level].file);
}
