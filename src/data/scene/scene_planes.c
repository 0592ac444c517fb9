#include "data/scene/scene_planes.h"

#include "base/memory.h"
#include "base/thread.h"
#include "data/scene/scene_grid.h"
#include "data/scene/scene_reader.h"

#include <string.h>

enum { GROUP = 4096 /* rows of pixels held at once */, STRIP = 512 /* ... read at once */ };
enum { OF_MASK = -1, OF_AREA = -2 }; /* besides the modalities */

typedef struct plane_fill {
    mos_dataset *dataset;
    const mos_scene *scene;
    int what; /* a modality, or OF_... */
    bool power;
    int64_t size, top;         /* side of a patch; first row of the plane from the scene's first */
    int64_t y, rows;           /* the strip, from there */
    int64_t parts, part_width; /* part_width 0: a part is a column of patches */
    uint8_t *bytes;            /* [rows, width] */
    void **readers;
    mosaic_status *statuses; /* [threads] */
    int64_t *failed;         /* [threads] part of the error */
    char (*errors)[512];
    mos_bit_plane *plane;
} plane_fill;

static mosaic_status make_plane(mos_bit_plane *plane, int64_t width, int64_t height) {
    *plane = (mos_bit_plane){.width = width, .height = height, .words = (width + 63) / 64};
    return mos_alloc((size_t)(plane->words * height), sizeof *plane->bits, "pixels of a scene",
                     &plane->bits);
}

static void set_rows(mos_bit_plane *plane, int64_t y, int64_t rows, const uint8_t *bytes) {
    for (int64_t r = 0; r < rows; r++) {
        uint64_t *word = plane->bits + (y + r) * plane->words;
        for (int64_t x = 0; x < plane->width; x++)
            word[x / 64] |= (uint64_t)bytes[r * plane->width + x] << x % 64;
    }
}

/* Of row y: pixels [x, end). */
static int64_t count_row(const mos_bit_plane *plane, int64_t y, int64_t x, int64_t end) {
    const uint64_t *word = plane->bits + y * plane->words;
    int64_t count = 0;
    while (x < end) {
        int64_t bits = 64 - x % 64 < end - x ? 64 - x % 64 : end - x;
        uint64_t some = word[x / 64] >> x % 64;
        if (bits < 64) some &= ((uint64_t)1 << bits) - 1;
        count += __builtin_popcountll(some);
        x += bits;
    }
    return count;
}

static mosaic_status read_part(const plane_fill *fill, int64_t part, void *reader) {
    const mos_scene *scene = fill->scene;
    int64_t x = part * fill->part_width, width = fill->part_width, unused;
    const int64_t all = fill->plane->width, rows = fill->rows;
    uint8_t *bytes;
    if (fill->part_width == 0) {
        mos_scene_offset(scene, 0, part, &x, &unused);
        x = x * fill->size / scene->size;
        width = fill->size;
    }
    if (x + width > all) width = all - x;
    if (width <= 0) return MOSAIC_OK;
    MOS_TRY(mos_alloc((size_t)(width * rows), 1, "pixels of a scene", &bytes));
    mosaic_status status =
        fill->what == OF_MASK
            ? mos_scene_mask_pixels(reader, scene, x, fill->top + fill->y, width, rows, bytes)
        : fill->what == OF_AREA
            ? mos_scene_area_pixels(scene, x, fill->top + fill->y, width, rows, bytes)
            : mos_scene_source_valid(fill->dataset, reader, scene, fill->what, fill->power, x,
                                     fill->top + fill->y, width, rows, bytes);
    for (int64_t r = 0; r < rows && status == MOSAIC_OK; r++)
        memcpy(fill->bytes + r * all + x, bytes + r * width, (size_t)width);
    mos_free(bytes);
    return status;
}

static void read_parts(void *context, int64_t begin, int64_t end, int thread) {
    const plane_fill *fill = context;
    mosaic_status status = MOSAIC_OK;
    int64_t part = begin;
    if (begin < end && fill->readers[thread] == NULL)
        status = mos_scene_reader_open(fill->dataset, &fill->readers[thread]);
    for (; part < end && status == MOSAIC_OK; part++)
        status = read_part(fill, part, fill->readers[thread]);
    fill->statuses[thread] = status;
    fill->failed[thread] = part;
    if (status != MOSAIC_OK) mos_error_copy(fill->errors[thread], sizeof fill->errors[thread]);
}

/* The error of the leftmost part, whatever thread met it. */
static mosaic_status first_error(const plane_fill *fill, int threads) {
    int first = -1;
    for (int t = 0; t < threads; t++)
        if (fill->statuses[t] != MOSAIC_OK && (first < 0 || fill->failed[t] < fill->failed[first]))
            first = t;
    if (first < 0) return MOSAIC_OK;
    mos_error_restore(fill->errors[first]);
    return fill->statuses[first];
}

static mosaic_status read_strips(plane_fill *fill, int threads) {
    mos_bit_plane *plane = fill->plane;
    size_t count = (size_t)threads;
    mosaic_status status;
    MOS_GOTO(mos_alloc((size_t)(STRIP * plane->width), 1, "pixels of a scene", &fill->bytes));
    MOS_GOTO(mos_alloc(count, sizeof *fill->statuses, "threads", &fill->statuses));
    MOS_GOTO(mos_alloc(count, sizeof *fill->failed, "threads", &fill->failed));
    MOS_GOTO(mos_alloc(count, sizeof *fill->errors, "threads", &fill->errors));
    for (fill->y = 0; fill->y < plane->height; fill->y += STRIP) {
        fill->rows = plane->height - fill->y < STRIP ? plane->height - fill->y : STRIP;
        memset(fill->bytes, 0, (size_t)(fill->rows * plane->width));
        memset(fill->statuses, 0, count * sizeof *fill->statuses);
        mos_parallel_for(threads, fill->parts, read_parts, fill);
        MOS_GOTO(first_error(fill, threads));
        set_rows(plane, fill->y, fill->rows, fill->bytes);
    }
done:
    mos_free(fill->bytes);
    mos_free(fill->statuses);
    mos_free(fill->failed);
    mos_free(fill->errors);
    return status;
}

/* Patches far apart are read one by one; others share their pixels. */
static bool is_sparse(const mos_scene *scene) {
    return scene->stride > scene->size;
}

static mosaic_status fill_plane(const mos_scene_planes *planes, plane_fill fill, int threads,
                                mos_bit_plane *out) {
    const mos_scene *scene = planes->scene;
    int64_t x, top, last, unused;
    mos_scene_offset(scene, planes->row, scene->columns - 1, &x, &top);
    mos_scene_offset(scene, planes->row + planes->rows - 1, 0, &unused, &last);
    fill.top = top * fill.size / scene->size;
    MOS_TRY(make_plane(out, x * fill.size / scene->size + fill.size,
                       (last - top) * fill.size / scene->size + fill.size));
    fill.plane = out;
    fill.parts = is_sparse(scene) ? scene->columns : threads;
    fill.part_width = is_sparse(scene) ? 0 : (out->width + threads - 1) / threads;
    return read_strips(&fill, threads);
}

static int64_t rows_from(const mos_scene *scene, int64_t row) {
    int64_t top, last, unused, rows = 1;
    mos_scene_offset(scene, row, 0, &unused, &top);
    while (!is_sparse(scene) && row + rows < scene->rows) {
        mos_scene_offset(scene, row + rows, 0, &unused, &last);
        if (last - top + scene->size > GROUP) break;
        rows++;
    }
    return rows;
}

mosaic_status mos_scene_planes_read(mos_dataset *dataset, const mos_scene *scene, uint32_t power,
                                    int64_t row, int threads, void **readers,
                                    mos_scene_planes *out) {
    plane_fill fill = {.dataset = dataset, .scene = scene, .size = scene->size, .readers = readers};
    mosaic_status status = MOSAIC_OK;
    *out = (mos_scene_planes){.scene = scene, .row = row, .rows = rows_from(scene, row)};
    if (scene->area != NULL) {
        fill.what = OF_AREA;
        MOS_GOTO(fill_plane(out, fill, threads, &out->inside));
    }
    if (scene->mask_count > 0) {
        fill.what = OF_MASK;
        MOS_GOTO(fill_plane(out, fill, threads, &out->masked));
    }
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        if (scene->sources[m].options == NULL) continue;
        fill.what = (int)m;
        fill.power = power >> m & 1;
        fill.size = scene->sources[m].size;
        MOS_GOTO(fill_plane(out, fill, threads, &out->valid[m]));
    }
done:
    if (status != MOSAIC_OK) mos_scene_planes_release(out);
    return status;
}

void mos_scene_planes_release(mos_scene_planes *planes) {
    for (int m = 0; m < MOS_DATA_MAX_MODALITIES; m++)
        mos_free(planes->valid[m].bits);
    mos_free(planes->masked.bits);
    mos_free(planes->inside.bits);
    *planes = (mos_scene_planes){0};
}

int64_t mos_scene_planes_count(const mos_scene_planes *planes, const mos_bit_plane *plane,
                               int64_t size, int64_t row, int64_t column) {
    const mos_scene *scene = planes->scene;
    int64_t x, y, top, unused, count = 0;
    mos_scene_offset(scene, row, column, &x, &y);
    mos_scene_offset(scene, planes->row, 0, &unused, &top);
    x = x * size / scene->size;
    y = y * size / scene->size - top * size / scene->size;
    for (int64_t r = 0; r < size; r++)
        count += count_row(plane, y + r, x, x + size);
    return count;
}
