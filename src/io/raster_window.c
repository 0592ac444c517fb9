#include "io/raster_window.h"

#include "base/memory.h"
#include "base/text.h"
#include "io/raster_gdal.h"
#include "io/raster_scene.h"

#include <math.h>
#include <string.h>

const char *const mos_resampling_names[] = {"nearest", "bilinear", "cubic",
                                            "average", "mode",     NULL};

/* A window of a very fine raster would be read whole: 64 Mi pixels of one band. */
static const double max_source_pixels = 67108864.0;

struct mos_window {
    char *path;
    GDALDatasetH dataset;
    void *transformer; /* source pixels to pixels of the grid */
    GDALWarpOperationH operation;
    bool aligned;          /* the grid's pixels are the raster's own ... */
    int64_t across, down;  /* ... and its first is that many from the grid's */
    char scale[2][16];     /* pixels of the grid per source pixel, across and down */
    int bands[256], count; /* of the operation */
    mos_window_options options;
    unsigned char *buffer;
    size_t buffer_capacity;
    float *values; /* of land cover */
    size_t value_capacity;
    double *columns, *rows, *heights;
    size_t column_capacity, row_capacity, height_capacity;
    int *success;
    size_t success_capacity;
};

static GDALResampleAlg algorithm(mos_resampling resampling) {
    switch (resampling) {
    case MOS_RESAMPLE_BILINEAR:
        return GRA_Bilinear;
    case MOS_RESAMPLE_CUBIC:
        return GRA_Cubic;
    case MOS_RESAMPLE_AVERAGE:
        return GRA_Average;
    case MOS_RESAMPLE_MODE:
        return GRA_Mode;
    default:
        return GRA_NearestNeighbour;
    }
}

/* How much finer the grid is than the source, at the source's middle. The warper would work it out
 * for each window anew, and a pixel would depend on the window it is read in. Four digits; what is
 * nearly 1 is 1, where the kernels are those of plain interpolation. */
static mosaic_status find_scale(mos_window *window) {
    double column = GDALGetRasterXSize(window->dataset) / 2.0,
           row = GDALGetRasterYSize(window->dataset) / 2.0;
    double x[] = {column, column + 1, column}, y[] = {row, row, row + 1}, z[3] = {0};
    int success[3] = {0};
    const double nearly = 0.02;
    (void)GDALGenImgProjTransform(window->transformer, FALSE, 3, x, y, z, success);
    for (int axis = 0; axis < 2; axis++) {
        double scale = hypot(x[axis + 1] - x[0], y[axis + 1] - y[0]);
        if (!success[0] || !success[axis + 1] || !isfinite(scale) || !(scale > 0))
            return mos_fail(MOSAIC_ERR_DATA, "%s: has no place in the grid's reference system",
                            window->path);
        if (fabs(scale - 1) < nearly) scale = 1;
        mos_format_double(window->scale[axis], sizeof window->scale[axis], scale, 4);
    }
    return MOSAIC_OK;
}

/* Are the grid's pixels the raster's own? Then they are taken as they are: nothing is resampled. */
static bool is_aligned(mos_window *window) {
    double width = GDALGetRasterXSize(window->dataset),
           height = GDALGetRasterYSize(window->dataset);
    double x[] = {0, width, 0, width, width / 2}, y[] = {0, 0, height, height, height / 2},
           z[5] = {0};
    int success[5] = {0};
    const double nearly = 1e-4; /* of a pixel */
    const double from[2][5] = {{0, width, 0, width, width / 2}, {0, 0, height, height, height / 2}};
    (void)GDALGenImgProjTransform(window->transformer, FALSE, 5, x, y, z, success);
    double across = round(x[0]), down = round(y[0]);
    for (int p = 0; p < 5; p++) {
        if (!success[p] || !(fabs(x[p] - from[0][p] - across) <= nearly) ||
            !(fabs(y[p] - from[1][p] - down) <= nearly))
            return false;
    }
    window->across = (int64_t)across;
    window->down = (int64_t)down;
    return true;
}

mosaic_status mos_window_open(const char *path, const mos_grid *grid,
                              const mos_window_options *options, mos_window **out) {
    mos_window *window;
    mos_gdal_capture capture;
    mosaic_status status;
    *out = NULL;
    MOS_TRY(mos_raster_init());
    MOS_TRY(mos_alloc(1, sizeof *window, "a raster window", &window));
    window->options = *options;
    mos_gdal_capture_begin(&capture);
    MOS_GOTO(mos_copy_text(path, &window->path));
    MOS_GOTO(mos_scene_open(path, &capture, &window->dataset));
    MOS_GOTO(mos_scene_transformer(path, window->dataset, options->crs, grid->crs, &capture,
                                   &window->transformer));
    const double transform[6] = {grid->x, grid->resolution, 0, grid->y, 0, -mos_grid_down(grid)};
    GDALSetGenImgProjTransformerDstGeoTransform(window->transformer, transform);
    MOS_GOTO(find_scale(window));
    window->aligned = is_aligned(window);
    if (window->aligned) window->options.resampling = MOS_RESAMPLE_NEAREST;
    *out = window;
    window = NULL;
done:
    mos_gdal_capture_end();
    mos_window_close(&window);
    return status;
}

void mos_window_close(mos_window **pointer) {
    mos_window *window = *pointer;
    if (window == NULL) return;
    mos_gdal_capture silent;
    mos_gdal_capture_begin(&silent);
    if (window->operation != NULL) GDALDestroyWarpOperation(window->operation);
    if (window->transformer != NULL) GDALDestroyGenImgProjTransformer(window->transformer);
    if (window->dataset != NULL) GDALClose(window->dataset);
    mos_gdal_capture_end();
    mos_free(window->path);
    mos_free(window->buffer);
    mos_free(window->values);
    mos_free(window->columns);
    mos_free(window->rows);
    mos_free(window->heights);
    mos_free(window->success);
    mos_free(window);
    *pointer = NULL;
}

static mosaic_status set_bands(mos_window *window, GDALWarpOptions *warp, const int *bands,
                               int count) {
    warp->nBandCount = count;
    warp->panSrcBands = CPLMalloc((size_t)count * sizeof(int));
    warp->panDstBands = CPLMalloc((size_t)count * sizeof(int));
    warp->padfDstNoDataReal = CPLMalloc((size_t)count * sizeof(double));
    double *sources = CPLMalloc((size_t)count * sizeof(double));
    bool any = false;
    for (int b = 0; b < count; b++) {
        int has = 0;
        if (bands[b] < 1 || bands[b] > GDALGetRasterCount(window->dataset)) {
            CPLFree(sources);
            return mos_fail(MOSAIC_ERR_DATA, "%s: no band %d, it has %d", window->path, bands[b],
                            GDALGetRasterCount(window->dataset));
        }
        warp->panSrcBands[b] = bands[b];
        warp->panDstBands[b] = b + 1;
        warp->padfDstNoDataReal[b] = window->options.nodata;
        sources[b] = GDALGetRasterNoDataValue(GDALGetRasterBand(window->dataset, bands[b]), &has);
        if (window->options.has_source_nodata) sources[b] = window->options.source_nodata;
        any = any || has || window->options.has_source_nodata;
        /* A value no pixel has: the other bands' no-data is theirs. */
        if (!has && !window->options.has_source_nodata) sources[b] = -1.234567e300;
    }
    int alpha = mos_gdal_alpha(window->dataset);
    if (alpha > 0) warp->nSrcAlphaBand = alpha;
    if (any)
        warp->padfSrcNoDataReal = sources;
    else
        CPLFree(sources);
    return MOSAIC_OK;
}

static mosaic_status make_operation(mos_window *window, const int *bands, int count,
                                    const mos_gdal_capture *capture) {
    if (window->operation != NULL && window->count == count &&
        memcmp(window->bands, bands, (size_t)count * sizeof *bands) == 0)
        return MOSAIC_OK;
    if (window->operation != NULL) GDALDestroyWarpOperation(window->operation);
    window->operation = NULL;
    GDALWarpOptions *warp = GDALCreateWarpOptions();
    mosaic_status status;
    warp->hSrcDS = window->dataset;
    warp->eResampleAlg = algorithm(window->options.resampling);
    warp->eWorkingDataType = mos_gdal_type(window->options.dtype);
    warp->pfnTransformer = GDALGenImgProjTransform;
    warp->pTransformerArg = window->transformer;
    warp->papszWarpOptions = CSLSetNameValue(warp->papszWarpOptions, "INIT_DEST", "NO_DATA");
    warp->papszWarpOptions = CSLSetNameValue(warp->papszWarpOptions, "UNIFIED_SRC_NODATA", "NO");
    warp->papszWarpOptions = CSLSetNameValue(warp->papszWarpOptions, "XSCALE", window->scale[0]);
    warp->papszWarpOptions = CSLSetNameValue(warp->papszWarpOptions, "YSCALE", window->scale[1]);
    MOS_GOTO(set_bands(window, warp, bands, count));
    window->operation = GDALCreateWarpOperation(warp);
    if (window->operation == NULL)
        status = mos_gdal_fail(MOSAIC_ERR_DATA, window->path, capture, "cannot be resampled");
    memcpy(window->bands, bands, (size_t)count * sizeof *bands);
    window->count = count;
done:
    GDALDestroyWarpOptions(warp);
    return status;
}

/* Room for `count` points. */
static mosaic_status reserve_points(mos_window *window, size_t count) {
    MOS_TRY(mos_grow(&window->columns, &window->column_capacity, count, sizeof(double), "points"));
    MOS_TRY(mos_grow(&window->rows, &window->row_capacity, count, sizeof(double), "points"));
    MOS_TRY(mos_grow(&window->heights, &window->height_capacity, count, sizeof(double), "points"));
    return mos_grow(&window->success, &window->success_capacity, count, sizeof(int), "points");
}

/* The box of a window's outline in the source's pixels; *any is false where none of it has a place
 * there. */
static mosaic_status source_box(mos_window *window, int64_t x, int64_t y, int64_t width,
                                int64_t height, double box[4], bool *any) {
    enum { STEPS = 20, POINTS = 4 * STEPS };
    MOS_TRY(reserve_points(window, POINTS));
    for (int p = 0; p < POINTS; p++) {
        double share = (double)(p % STEPS) / STEPS;
        int side = p / STEPS;
        double across = side == 0 ? share : side == 1 ? 1 : side == 2 ? 1 - share : 0;
        double down = side == 0 ? 0 : side == 1 ? share : side == 2 ? 1 : 1 - share;
        window->columns[p] = (double)x + across * (double)width;
        window->rows[p] = (double)y + down * (double)height;
        window->heights[p] = 0;
    }
    (void)GDALGenImgProjTransform(window->transformer, TRUE, POINTS, window->columns, window->rows,
                                  window->heights, window->success);
    *any = false;
    for (int p = 0; p < POINTS; p++) {
        double column = window->columns[p], row = window->rows[p];
        if (!window->success[p] || !isfinite(column) || !isfinite(row)) continue;
        if (!*any) box[0] = box[2] = column, box[1] = box[3] = row;
        *any = true;
        box[0] = fmin(box[0], column);
        box[1] = fmin(box[1], row);
        box[2] = fmax(box[2], column);
        box[3] = fmax(box[3], row);
    }
    if (*any && (box[2] - box[0]) * (box[3] - box[1]) > max_source_pixels)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: a window of %lld x %lld pixels of the grid is %.0f x %.0f of its own, "
                        "at most 67,108,864 are read",
                        window->path, (long long)width, (long long)height, box[2] - box[0],
                        box[3] - box[1]);
    return MOSAIC_OK;
}

static void fill(unsigned char *out, size_t pixels, mos_dtype dtype, double nodata) {
    GDALCopyWords(&nodata, GDT_Float64, 0, out, mos_gdal_type(dtype), (int)mos_dtype_bytes(dtype),
                  (int)pixels);
}

/* The warper compares floats with a tolerance; of whole numbers, and with 0, there is none. */
static bool is_exact(GDALRasterBandH band, double nodata) {
    const GDALDataType type = GDALGetRasterDataType(band);
    return nodata == 0 || (type != GDT_Float32 && type != GDT_Float64);
}

/* Aligned pixels whose no-data value stays what it is, or is none, need no warper. */
static bool is_plain(const mos_window *window, const int *bands, int count) {
    const double nodata = window->options.nodata;
    if (!window->aligned || mos_gdal_alpha(window->dataset) > 0) return false;
    for (int b = 0; b < count; b++) {
        int has = 0;
        if (bands[b] < 1 || bands[b] > GDALGetRasterCount(window->dataset)) return false;
        GDALRasterBandH band = GDALGetRasterBand(window->dataset, bands[b]);
        double own = GDALGetRasterNoDataValue(band, &has);
        int flags = GDALGetMaskFlags(band);
        if (flags != GMF_ALL_VALID && flags != GMF_NODATA) return false;
        if (window->options.has_source_nodata) {
            has = 1;
            own = window->options.source_nodata;
        }
        /* The warper keeps what is measured apart from the no-data value: it is moved. */
        if (!isnan(nodata) && (!has || own != nodata)) return false;
        if (isnan(nodata) && has && !isnan(own) && !(count == 1 && is_exact(band, own)))
            return false;
    }
    return true;
}

/* After a plain read for NaN: the band's own no-data value. */
static void replace_nodata(const mos_window *window, int band, size_t pixels, float *values) {
    int has = 0;
    double own = GDALGetRasterNoDataValue(GDALGetRasterBand(window->dataset, band), &has);
    if (window->options.has_source_nodata) {
        has = 1;
        own = window->options.source_nodata;
    }
    if (!has || isnan(own)) return;
    const float none = (float)own;
    for (size_t i = 0; i < pixels; i++)
        values[i] = values[i] == none ? NAN : values[i];
}

static bool is_inside(const mos_window *window, int64_t x, int64_t y, int64_t width,
                      int64_t height) {
    const int64_t left = x - window->across, top = y - window->down;
    return left >= 0 && top >= 0 && left + width <= GDALGetRasterXSize(window->dataset) &&
           top + height <= GDALGetRasterYSize(window->dataset);
}

/* The part of the window that the raster has, in place; the rest is filled before. */
static mosaic_status read_plain(mos_window *window, const int *bands, int count, int64_t x,
                                int64_t y, int64_t width, int64_t height,
                                const mos_gdal_capture *capture) {
    const mos_dtype dtype = window->options.dtype;
    const int64_t bytes = (int64_t)mos_dtype_bytes(dtype);
    int64_t columns = GDALGetRasterXSize(window->dataset),
            rows = GDALGetRasterYSize(window->dataset);
    int64_t left = x - window->across, top = y - window->down, right = left + width,
            bottom = top + height;
    int64_t from_x = left < 0 ? 0 : left, from_y = top < 0 ? 0 : top;
    if (right > columns) right = columns;
    if (bottom > rows) bottom = rows;
    if (from_x >= right || from_y >= bottom) return MOSAIC_OK;
    unsigned char *to = window->buffer + ((from_y - top) * width + from_x - left) * bytes;
    int numbers[sizeof window->bands / sizeof *window->bands];
    memcpy(numbers, bands, (size_t)count * sizeof *bands);
    if (GDALDatasetRasterIOEx(window->dataset, GF_Read, (int)from_x, (int)from_y,
                              (int)(right - from_x), (int)(bottom - from_y), to,
                              (int)(right - from_x), (int)(bottom - from_y), mos_gdal_type(dtype),
                              count, numbers, bytes, bytes * width, bytes * width * height,
                              NULL) != CE_None)
        return mos_gdal_fail(MOSAIC_ERR_DATA, window->path, capture, "pixels cannot be read");
    if (count == 1 && dtype == MOS_F32 && isnan(window->options.nodata))
        replace_nodata(window, bands[0], (size_t)(width * height), (float *)window->buffer);
    return MOSAIC_OK;
}

static mosaic_status read_warped(mos_window *window, const int *bands, int count, int64_t x,
                                 int64_t y, int64_t width, int64_t height,
                                 mos_gdal_capture *capture) {
    double box[4];
    bool any;
    MOS_TRY(make_operation(window, bands, count, capture));
    MOS_TRY(source_box(window, x, y, width, height, box, &any));
    capture->text[0] = '\0'; /* points that have no place there are no failure */
    if (!any || GDALWarpRegionToBuffer(window->operation, (int)x, (int)y, (int)width, (int)height,
                                       window->buffer, mos_gdal_type(window->options.dtype), 0, 0,
                                       0, 0) == CE_None)
        return MOSAIC_OK;
    return mos_gdal_fail(MOSAIC_ERR_DATA, window->path, capture, "pixels cannot be read");
}

mosaic_status mos_window_read(mos_window *window, const int *bands, int count, int64_t x, int64_t y,
                              int64_t width, int64_t height, void *const *out) {
    mos_dtype dtype = window->options.dtype;
    size_t pixels = (size_t)(width * height), plane = pixels * mos_dtype_bytes(dtype);
    mos_gdal_capture capture;
    mosaic_status status;
    if (count < 1 || count > (int)(sizeof window->bands / sizeof *window->bands))
        return mos_fail(MOSAIC_ERR_USAGE, "%s: %d bands asked for", window->path, count);
    mos_gdal_capture_begin(&capture);
    MOS_GOTO(
        mos_grow(&window->buffer, &window->buffer_capacity, plane * (size_t)count, 1, "a window"));
    const bool plain = is_plain(window, bands, count);
    if (!plain || !is_inside(window, x, y, width, height))
        fill(window->buffer, pixels * (size_t)count, dtype, window->options.nodata);
    MOS_GOTO(plain ? read_plain(window, bands, count, x, y, width, height, &capture)
                   : read_warped(window, bands, count, x, y, width, height, &capture));
    if (capture.text[0] != '\0') {
        status = mos_gdal_fail(MOSAIC_ERR_DATA, window->path, &capture, "");
        goto done;
    }
    for (int b = 0; b < count; b++)
        memcpy(out[b], window->buffer + (size_t)b * plane, plane);
done:
    mos_gdal_capture_end();
    return status;
}

static mosaic_status count_value(mos_value_counts *counts, double value) {
    size_t low = 0, high = counts->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (counts->values[middle].value < value)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < counts->count && counts->values[low].value == value) {
        counts->values[low].count++;
        return MOSAIC_OK;
    }
    MOS_TRY(mos_grow(&counts->values, &counts->capacity, counts->count + 1, sizeof *counts->values,
                     "values of a raster"));
    memmove(counts->values + low + 1, counts->values + low,
            (counts->count - low) * sizeof *counts->values);
    counts->values[low] = (mos_value_count){.value = value, .count = 1};
    counts->count++;
    return MOSAIC_OK;
}

/* The source's pixels in a box, clipped to the raster. */
static mosaic_status read_box(mos_window *window, int band, const int64_t box[4],
                              const mos_gdal_capture *capture) {
    int64_t width = box[2] - box[0], height = box[3] - box[1];
    if (width <= 0 || height <= 0) return MOSAIC_OK;
    MOS_TRY(mos_grow(&window->values, &window->value_capacity, (size_t)(width * height),
                     sizeof *window->values, "land cover"));
    CPLErr answer = GDALRasterIO(GDALGetRasterBand(window->dataset, band), GF_Read, (int)box[0],
                                 (int)box[1], (int)width, (int)height, window->values, (int)width,
                                 (int)height, GDT_Float32, 0, 0);
    if (answer != CE_None || capture->text[0] != '\0')
        return mos_gdal_fail(MOSAIC_ERR_DATA, window->path, capture, "pixels cannot be read");
    return MOSAIC_OK;
}

static int64_t clamp(double value, int64_t low, int64_t high) {
    return value < (double)low ? low : value > (double)high ? high : (int64_t)value;
}

/* One row of the source's pixels, whether inside the raster or not. */
static mosaic_status count_row(mos_window *window, int64_t row, const int64_t whole[4],
                               const int64_t clipped[4], const double target[4],
                               mos_value_counts *out) {
    int64_t width = whole[2] - whole[0];
    for (int64_t c = 0; c < width; c++) {
        window->columns[c] = (double)(whole[0] + c) + 0.5;
        window->rows[c] = (double)row + 0.5;
        window->heights[c] = 0;
    }
    (void)GDALGenImgProjTransform(window->transformer, FALSE, (int)width, window->columns,
                                  window->rows, window->heights, window->success);
    for (int64_t c = 0; c < width; c++) {
        double x = window->columns[c], y = window->rows[c];
        if (!window->success[c] || x < target[0] || x >= target[2] || y < target[1] ||
            y >= target[3])
            continue;
        int64_t column = whole[0] + c;
        if (column < clipped[0] || column >= clipped[2] || row < clipped[1] || row >= clipped[3]) {
            out->outside++;
            continue;
        }
        double value =
            (double)window
                ->values[(row - clipped[1]) * (clipped[2] - clipped[0]) + column - clipped[0]];
        if (isnan(value)) {
            out->outside++;
            continue;
        }
        out->inside++;
        MOS_TRY(count_value(out, value));
    }
    return MOSAIC_OK;
}

mosaic_status mos_window_count_values(mos_window *window, int band, int64_t x, int64_t y,
                                      int64_t width, int64_t height, mos_value_counts *out) {
    const double target[4] = {(double)x, (double)y, (double)(x + width), (double)(y + height)};
    mos_gdal_capture capture;
    mosaic_status status;
    double box[4];
    bool any;
    out->count = 0;
    out->inside = out->outside = 0;
    mos_gdal_capture_begin(&capture);
    if (band < 1 || band > GDALGetRasterCount(window->dataset)) {
        status = mos_fail(MOSAIC_ERR_DATA, "%s: no band %d, it has %d", window->path, band,
                          GDALGetRasterCount(window->dataset));
        goto done;
    }
    int has_nodata = 0;
    out->nodata = GDALGetRasterNoDataValue(GDALGetRasterBand(window->dataset, band), &has_nodata);
    out->has_nodata = has_nodata != 0;
    MOS_GOTO(source_box(window, x, y, width, height, box, &any));
    capture.text[0] = '\0';
    if (!any) goto done;
    /* A pixel of margin: an edge may bulge between the points looked at. */
    int64_t whole[4], clipped[4];
    const int64_t far = (int64_t)1 << 40;
    for (int side = 0; side < 4; side++)
        whole[side] = clamp(side < 2 ? floor(box[side]) - 1 : ceil(box[side]) + 1, -far, far);
    const int64_t size[2] = {GDALGetRasterXSize(window->dataset),
                             GDALGetRasterYSize(window->dataset)};
    for (int side = 0; side < 4; side++)
        clipped[side] = clamp((double)whole[side], 0, size[side % 2]);
    MOS_GOTO(reserve_points(window, (size_t)(whole[2] - whole[0])));
    MOS_GOTO(read_box(window, band, clipped, &capture));
    for (int64_t row = whole[1]; row < whole[3]; row++)
        MOS_GOTO(count_row(window, row, whole, clipped, target, out));
done:
    mos_gdal_capture_end();
    return status;
}

void mos_value_counts_release(mos_value_counts *counts) {
    mos_free(counts->values);
    *counts = (mos_value_counts){0};
}
