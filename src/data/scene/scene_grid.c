#include "data/scene/scene_grid.h"

#include "base/log.h"
#include "base/text.h"
#include "data/scene/scene_ground.h"

#include <math.h>
#include <string.h>

static const double tolerance = 1e-6; /* of a pixel */
static const double max_patches = 50e6;

/* A number of pixels that has to be whole. */
static bool whole(double value, int64_t *out) {
    double rounded = round(value);
    if (!(fabs(value - rounded) <= tolerance) || rounded < 1 || rounded > 1e9) return false;
    *out = (int64_t)rounded;
    return true;
}

static const mos_scene_source *reference_of(const mos_dataset *dataset, const mos_scene *scene) {
    const mos_scene_source *first = NULL;
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        const mos_scene_source *source = &scene->sources[m];
        if (source->options == NULL) continue;
        if (first == NULL) first = source;
        const mos_modality *modality = &dataset->modalities[m];
        /* Surface reflectance as floats is optical too. */
        if (mos_modality_band(modality, "B02") >= 0 || mos_modality_band(modality, "B03") >= 0 ||
            mos_modality_band(modality, "B04") >= 0 || dataset->storage[m].optical)
            return source;
    }
    return first;
}

/* The finest raster of the reference: its pixels are the grid's. */
static mosaic_status reference_extent(const mos_scene_source *source, const char *crs,
                                      const char **path, mos_extent *extent, double *resolution) {
    for (size_t r = 0; r < source->raster_count; r++) {
        mos_extent found;
        double size;
        MOS_TRY(mos_scene_extent(source->paths[r], source->options->crs, crs, &found, &size));
        if (r > 0 && size >= *resolution) continue;
        *path = source->paths[r];
        *extent = found;
        *resolution = size;
    }
    return MOSAIC_OK;
}

static mosaic_status parse_origin(const mos_scene_set *set, double *x, double *y, bool *given) {
    const mos_text_list *origin = &set->file.grid.origin;
    *given = origin->count > 0;
    if (!*given) return MOSAIC_OK;
    if (origin->count == 2 && mos_parse_double(origin->items[0], x) &&
        mos_parse_double(origin->items[1], y) && isfinite(*x) && isfinite(*y))
        return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_USAGE, "%s: grid.origin wants two numbers, as in [300000, 5400000]",
                    set->file.path);
}

static mosaic_status set_size(const mos_scene_set *set, mos_scene *scene) {
    const mos_scene_grid_options *grid = &set->file.grid;
    scene->size = grid->size;
    if (grid->size_m > 0 && scene->grid.down > 0)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "%s: grid.size_m wants square pixels, and those of the first optical "
                        "raster are %.9g x %.9g; grid.size counts pixels, grid.resolution makes "
                        "them square",
                        set->file.path, scene->grid.resolution, scene->grid.down);
    if (grid->size_m > 0 && !whole(grid->size_m / scene->grid.resolution, &scene->size))
        return mos_fail(MOSAIC_ERR_USAGE, "%s: grid.size_m %g is no whole number of pixels of %g",
                        set->file.path, grid->size_m, scene->grid.resolution);
    scene->stride = grid->stride > 0 ? grid->stride : scene->size;
    return MOSAIC_OK;
}

/* Patches along one axis of `pixels`, `whole` of them at whole strides, and how far the last is
 * from the first. */
static void count_axis(const mos_scene *scene, bool shift, int64_t pixels, int64_t whole,
                       int64_t *count, int64_t *last) {
    *count = whole;
    *last = (whole - 1) * scene->stride;
    if (!shift || *last + scene->size >= pixels) return;
    *count = whole + 1;
    *last = pixels - scene->size;
}

/* The grid begins at its first pixel that is whole inside the raster. */
static void snap_to_extent(mos_grid *grid, const mos_extent *extent) {
    double height = mos_grid_down(grid);
    double right = ceil((extent->west - grid->x) / grid->resolution - tolerance),
           down = ceil((grid->y - extent->north) / height - tolerance);
    grid->x += right * grid->resolution;
    grid->y -= down * height;
}

/* No patch has room in the raster: it is too small, or the grid's lines do not leave a whole one. */
static mosaic_status fail_no_patch(const mos_scene *scene, const char *path,
                                   const mos_extent *extent) {
    const mos_grid *grid = &scene->grid;
    const double pixel = mos_grid_down(grid);
    const double width = floor((extent->east - extent->west) / grid->resolution + tolerance),
                 height = floor((extent->north - extent->south) / pixel + tolerance);
    const double least = fmin(width, height);
    if (least >= (double)scene->size)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: %.0f x %.0f pixels of %g, but no patch of the grid is whole inside: "
                        "grid.size %lld, patches every %lld pixels (grid.stride) from %.15g, %.15g "
                        "(grid.origin) on; without grid.origin, or with grid.edges: shift, the "
                        "grid begins in the raster",
                        path, width, height, grid->resolution, (long long)scene->size,
                        (long long)scene->stride, grid->x, grid->y);
    return mos_fail(MOSAIC_ERR_DATA,
                    "%s: %.0f x %.0f pixels of %g in %.40s: smaller than one patch of %lld x %g "
                    "(grid.size, grid.resolution); grid.size can be %.0f at most, or pixels of %g "
                    "make it large enough. `predict` and `embed` take both from the model: they "
                    "need a larger raster",
                    path, width, height, grid->resolution, grid->crs, (long long)scene->size,
                    grid->resolution, fmax(least, 1),
                    fmin(extent->east - extent->west, extent->north - extent->south) /
                        (double)scene->size);
}

static mosaic_status count_patches(const mos_scene_grid_options *options, const char *path,
                                   const mos_extent *extent, mos_scene *scene) {
    const mos_grid *grid = &scene->grid;
    double step = (double)scene->stride * grid->resolution,
           side = (double)scene->size * grid->resolution, slack = tolerance * grid->resolution;
    double pixel = mos_grid_down(grid), fall = (double)scene->stride * pixel,
           depth = (double)scene->size * pixel, play = tolerance * pixel;
    double first_column = ceil((extent->west - grid->x - slack) / step),
           first_row = ceil((grid->y - extent->north - play) / fall);
    double west = grid->x + first_column * step, north = grid->y - first_row * fall;
    double columns = floor((extent->east - west - side + slack) / step) + 1,
           rows = floor((north - extent->south - depth + play) / fall) + 1;
    double width = floor((extent->east - west + slack) / grid->resolution),
           height = floor((north - extent->south + play) / pixel);
    if (!(columns >= 1 && rows >= 1)) return fail_no_patch(scene, path, extent);
    if (columns * rows > max_patches || fabs(first_column) > 1e6 || fabs(first_row) > 1e6 ||
        (fabs(first_column) + columns) * (double)scene->stride > 1e9 ||
        (fabs(first_row) + rows) * (double)scene->stride > 1e9)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "%s: %.0f x %.0f patches from (%.0f, %.0f): too many, or too far from "
                        "grid.origin",
                        path, columns, rows, first_column, first_row);
    scene->first_column = (int64_t)first_column;
    scene->first_row = (int64_t)first_row;
    scene->width = (int64_t)width;
    scene->height = (int64_t)height;
    bool shift = options->edges == MOS_EDGES_SHIFT;
    count_axis(scene, shift, scene->width, (int64_t)columns, &scene->columns, &scene->last_x);
    count_axis(scene, shift, scene->height, (int64_t)rows, &scene->rows, &scene->last_y);
    return MOSAIC_OK;
}

static bool fits(double own, double wanted, double slack) {
    return fabs(own - wanted) <= slack * wanted;
}

/* A model knows its pixels in metres on the ground, not what a scene's reference system counts in. Where
 * that is no metre, the ground's size changes over the scene: the middle decides, and what fits it
 * nearly is left alone. */
static mosaic_status take_metres(const mos_scene_grid_options *options, const char *path,
                                 const mos_extent *extent, double own, mos_grid *grid) {
    const double metres = options->resolution_m;
    double across, down;
    if (options->resolution > 0 || metres == 0) return MOSAIC_OK;
    MOS_TRY(mos_context(mos_scene_ground(grid->crs, (extent->west + extent->east) / 2,
                                         (extent->south + extent->north) / 2, &across, &down),
                        "%s", path));
    const bool plain = across == 1 && down == 1;
    const double width = extent->pixel_width > 0 ? extent->pixel_width : own,
                 height = extent->pixel_height > 0 ? extent->pixel_height : own,
                 slack = plain ? tolerance : 0.02;
    const bool same = fits(width * across, metres, slack) && fits(height * down, metres, slack);
    grid->resolution = same ? width : metres / across;
    const double tall = same ? height : metres / down;
    grid->down = fits(tall, grid->resolution, tolerance) ? 0 : tall;
    if (!same && fits(width * across, height * down, tolerance))
        mos_log(MOS_LOG_WARNING, "%s: pixels of %g m are resampled to %g m", path, width * across,
                metres);
    else if (!same)
        mos_log(MOS_LOG_WARNING,
                "%s: pixels of %.4g x %.4g m on the ground are resampled to %g x %g m", path,
                width * across, height * down, metres, metres);
    return MOSAIC_OK;
}

mosaic_status mos_scene_grid(const mos_dataset *dataset, const mos_scene_set *set,
                             mos_scene *scene) {
    const mos_scene_grid_options *options = &set->file.grid;
    const mos_scene_source *reference = reference_of(dataset, scene);
    mos_grid *grid = &scene->grid;
    mos_extent extent = {0};
    const char *path = NULL;
    double own = 0, x = 0, y = 0;
    bool given;
    if (options->crs != NULL)
        MOS_TRY(mos_context(mos_crs_normalise(options->crs, grid->crs), "%s: grid.crs",
                            set->file.path));
    else
        MOS_TRY(mos_scene_crs_read(reference->paths[0], reference->options->crs, grid->crs));
    MOS_TRY(reference_extent(reference, grid->crs, &path, &extent, &own));
    MOS_TRY(parse_origin(set, &x, &y, &given));
    grid->resolution = options->resolution > 0 ? options->resolution : own;
    MOS_TRY(take_metres(options, path, &extent, own, grid));
    /* Degrees are no squares: the raster's own pixels are the grid's. */
    if (options->resolution == 0 && options->resolution_m == 0 &&
        fabs(extent.pixel_width - extent.pixel_height) > tolerance * extent.pixel_width) {
        grid->resolution = extent.pixel_width;
        grid->down = extent.pixel_height;
    }
    grid->x = given ? x : extent.west;
    grid->y = given ? y : extent.north;
    MOS_TRY(set_size(set, scene));
    scene->reference = path;
    if (options->edges == MOS_EDGES_SHIFT) snap_to_extent(grid, &extent);
    return count_patches(options, path, &extent, scene);
}

mosaic_status mos_scene_source_grid(const mos_scene_set *set, const mos_scene *scene,
                                    mos_scene_source *source) {
    double own = source->options->resolution;
    source->grid = scene->grid;
    source->size = scene->size;
    source->stride = scene->stride;
    if (own == 0) return MOSAIC_OK;
    source->grid.resolution = own;
    source->grid.down = 0;
    bool square = scene->grid.down == 0; /* a patch has as many rows as columns */
    if (square && whole((double)scene->size * scene->grid.resolution / own, &source->size) &&
        whole((double)scene->stride * scene->grid.resolution / own, &source->stride)) {
        if (scene->last_x * source->size % scene->size == 0 &&
            scene->last_y * source->size % scene->size == 0)
            return MOSAIC_OK;
        return mos_fail(
            MOSAIC_ERR_USAGE,
            "%s: scene '%s': grid.edges shift moves the last patches to pixels %lld and "
            "%lld, where no pixel of %s of resolution %g begins",
            set->file.path, scene->options->name, (long long)scene->last_x,
            (long long)scene->last_y, source->options->name, own);
    }
    return mos_fail(MOSAIC_ERR_USAGE,
                    "%s: scene '%s': resolution %g of %s does not divide patches of %lld x %g and "
                    "strides of %lld x %g",
                    set->file.path, scene->options->name, own, source->options->name,
                    (long long)scene->size, scene->grid.resolution, (long long)scene->stride,
                    scene->grid.resolution);
}

void mos_scene_offset(const mos_scene *scene, int64_t row, int64_t column, int64_t *x, int64_t *y) {
    *x = column == scene->columns - 1 ? scene->last_x : column * scene->stride;
    *y = row == scene->rows - 1 ? scene->last_y : row * scene->stride;
}

void mos_scene_corner(const mos_scene *scene, int64_t row, int64_t column, double *x, double *y) {
    double step = (double)scene->stride * scene->grid.resolution,
           height = mos_grid_down(&scene->grid), fall = (double)scene->stride * height;
    int64_t right, down;
    mos_scene_offset(scene, row, column, &right, &down);
    *x = scene->grid.x + (double)(scene->first_column + column) * step;
    *y = scene->grid.y - (double)(scene->first_row + row) * fall;
    if (right != column * scene->stride) /* moved back inside: by pixels, not by strides */
        *x = scene->grid.x +
             (double)(scene->first_column * scene->stride + right) * scene->grid.resolution;
    if (down != row * scene->stride)
        *y = scene->grid.y - (double)(scene->first_row * scene->stride + down) * height;
}
