#include "data/scene/scene_frame.h"

#include "base/memory.h"
#include "data/scene/scene_grid.h"
#include "data/scene/scene_reader.h"

#include <math.h>
#include <string.h>

struct mos_frame_reader {
    mos_dataset *dataset;
    void *state;
};

static const mos_scene_set *set_of(const mos_dataset *dataset) {
    return strcmp(dataset->format->name, "scene") == 0 ? dataset->handle : NULL;
}

int64_t mos_scene_frames(const mos_dataset *dataset) {
    const mos_scene_set *set = set_of(dataset);
    return set == NULL ? 0 : (int64_t)set->file.count;
}

/* Equal to a millionth of a pixel. */
static bool near(double a, double b, double pixel) {
    return fabs(a - b) <= 1e-6 * pixel;
}

/* The raster's own numbers where the frame is that raster: ours went through a transformation. */
static mosaic_status take_transform(const mos_scene *scene, mos_scene_frame *out) {
    const double resolution = scene->grid.resolution;
    mos_raster_info info;
    char crs[MOS_CRS_BYTES];
    mos_scene_corner(scene, 0, 0, &out->transform[0], &out->transform[3]);
    out->transform[1] = resolution;
    out->transform[2] = out->transform[4] = 0;
    out->transform[5] = -mos_grid_down(&scene->grid);
    MOS_TRY(mos_scene_info_read(scene->reference, &info));
    if (!info.has_transform || info.width != scene->width || info.height != scene->height)
        return MOSAIC_OK;
    MOS_TRY(mos_scene_crs_read(scene->reference, NULL, crs));
    bool same = strcmp(crs, scene->grid.crs) == 0;
    for (int i = 0; i < 6; i++)
        same = same && near(info.transform[i], out->transform[i], resolution);
    if (same) memcpy(out->transform, info.transform, sizeof out->transform);
    return MOSAIC_OK;
}

/* Pixels of the area's box, as far as they are of the frame. */
static void take_part(const mos_scene *scene, mos_scene_frame *out) {
    const double side = scene->grid.resolution, down = mos_grid_down(&scene->grid);
    out->has_area = scene->area != NULL;
    out->left = out->top = 0;
    out->across = scene->width;
    out->down = scene->height;
    if (scene->area == NULL) return;
    double x, y;
    const mos_extent box = mos_area_box(scene->area);
    mos_scene_corner(scene, 0, 0, &x, &y);
    double left = fmax(floor((box.west - x) / side), 0),
           right = fmin(ceil((box.east - x) / side), (double)scene->width),
           top = fmax(floor((y - box.north) / down), 0),
           bottom = fmin(ceil((y - box.south) / down), (double)scene->height);
    bool any = left < right && top < bottom;
    out->left = any ? (int64_t)left : 0;
    out->top = any ? (int64_t)top : 0;
    out->across = any ? (int64_t)right - out->left : 0;
    out->down = any ? (int64_t)bottom - out->top : 0;
}

static void add_sources(const mos_dataset *dataset, const mos_scene *scene, mos_scene_frame *out) {
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        const mos_scene_source *source = &scene->sources[m];
        for (size_t r = 0; source->options != NULL && r < source->raster_count; r++)
            if (out->sources < MOS_FRAME_SOURCES) out->source[out->sources++] = source->paths[r];
    }
}

mosaic_status mos_scene_frame_of(const mos_dataset *dataset, int64_t index, mos_scene_frame *out) {
    const mos_scene *scene = &set_of(dataset)->scenes[index];
    *out = (mos_scene_frame){.name = scene->options->name,
                             .crs = scene->crs,
                             .product = scene->product,
                             .width = scene->width,
                             .height = scene->height,
                             .size = scene->size,
                             .rows = scene->rows,
                             .columns = scene->columns};
    take_part(scene, out);
    add_sources(dataset, scene, out);
    return take_transform(scene, out);
}

void mos_scene_frame_place(const mos_dataset *dataset, int64_t scene, int64_t row, int64_t column,
                           int64_t *x, int64_t *y) {
    mos_scene_offset(&set_of(dataset)->scenes[scene], row, column, x, y);
}

double mos_scene_frame_valid_share(const mos_dataset *dataset, const mos_site *place) {
    const mos_scene_set *set = set_of(dataset);
    const mos_scene *scene = &set->scenes[place->scene];
    return (double)set->valid[scene->first_patch + place->row * scene->columns + place->column];
}

mosaic_status mos_frame_reader_open(mos_dataset *dataset, mos_frame_reader **out) {
    mos_frame_reader *reader;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof *reader, "a reader", &reader));
    reader->dataset = dataset;
    mosaic_status status = mos_scene_reader_open(dataset, &reader->state);
    if (status == MOSAIC_OK)
        *out = reader;
    else
        mos_free(reader);
    return status;
}

void mos_frame_reader_close(mos_frame_reader **reader) {
    if (*reader != NULL) mos_scene_reader_close((*reader)->state);
    mos_free(*reader);
    *reader = NULL;
}

mosaic_status mos_frame_reader_valid(mos_frame_reader *reader, int64_t scene, int64_t x, int64_t y,
                                     int64_t width, int64_t height, uint8_t *out) {
    const mos_scene_set *set = set_of(reader->dataset);
    return mos_scene_valid(reader->dataset, reader->state, &set->scenes[scene], x, y, width, height,
                           out);
}
