#include "data/scene/scene_grid.h"

#include "base/text.h"

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
    if (grid->size_m > 0 && !whole(grid->size_m / scene->grid.resolution, &scene->size))
        return mos_fail(MOSAIC_ERR_USAGE, "%s: grid.size_m %g is no whole number of pixels of %g",
                        set->file.path, grid->size_m, scene->grid.resolution);
    scene->stride = grid->stride > 0 ? grid->stride : scene->size;
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
    grid->x = given ? x : extent.west;
    grid->y = given ? y : extent.north;
    MOS_TRY(set_size(set, scene));
    double step = (double)scene->stride * grid->resolution,
           side = (double)scene->size * grid->resolution, slack = tolerance * grid->resolution;
    double first_column = ceil((extent.west - grid->x - slack) / step),
           first_row = ceil((grid->y - extent.north - slack) / step);
    double columns =
        floor((extent.east - (grid->x + first_column * step) - side + slack) / step) + 1;
    double rows = floor((grid->y - first_row * step - extent.south - side + slack) / step) + 1;
    if (!(columns >= 1 && rows >= 1))
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: %g x %g units of %.40s: smaller than one patch of %lld x %g; "
                        "grid.size or grid.resolution can be less",
                        path, extent.east - extent.west, extent.north - extent.south, grid->crs,
                        (long long)scene->size, grid->resolution);
    if (columns * rows > max_patches || fabs(first_column) > 1e6 || fabs(first_row) > 1e6 ||
        (fabs(first_column) + columns) * (double)scene->stride > 1e9 ||
        (fabs(first_row) + rows) * (double)scene->stride > 1e9)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "%s: %.0f x %.0f patches from (%.0f, %.0f): too many, or too far from "
                        "grid.origin",
                        path, columns, rows, first_column, first_row);
    scene->first_column = (int64_t)first_column;
    scene->first_row = (int64_t)first_row;
    scene->columns = (int64_t)columns;
    scene->rows = (int64_t)rows;
    return MOSAIC_OK;
}

mosaic_status mos_scene_source_grid(const mos_scene_set *set, const mos_scene *scene,
                                    mos_scene_source *source) {
    double own = source->options->resolution;
    source->grid = scene->grid;
    source->size = scene->size;
    source->stride = scene->stride;
    if (own == 0) return MOSAIC_OK;
    source->grid.resolution = own;
    if (whole((double)scene->size * scene->grid.resolution / own, &source->size) &&
        whole((double)scene->stride * scene->grid.resolution / own, &source->stride))
        return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_USAGE,
                    "%s: scene '%s': resolution %g of %s does not divide patches of %lld x %g and "
                    "strides of %lld x %g",
                    set->file.path, scene->options->name, own, source->options->name,
                    (long long)scene->size, scene->grid.resolution, (long long)scene->stride,
                    scene->grid.resolution);
}

void mos_scene_corner(const mos_scene *scene, int64_t row, int64_t column, double *x, double *y) {
    double step = (double)scene->stride * scene->grid.resolution;
    *x = scene->grid.x + (double)(scene->first_column + column) * step;
    *y = scene->grid.y - (double)(scene->first_row + row) * step;
}
