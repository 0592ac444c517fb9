#include "io/raster_vectors.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

enum { LEAST_SIDE = 16, LEVELS = 24, STRIP_BYTES = 64 << 20 };

typedef struct strip {
    GDALDatasetH dataset;
    const mos_map_spec *spec;
    int level;                   /* overview that is written; the one below it is read */
    int width, height;           /* of what is read */
    int64_t across, down, first; /* of what is written; its first row */
    int64_t rows;                /* of it */
    float *from, *to;            /* [bands, 2 rows, width], [bands, rows, across]; NaN: no vector */
} strip;

static GDALRasterBandH band_of(const strip *s, int band, int level) {
    GDALRasterBandH whole = GDALGetRasterBand(s->dataset, band + 1);
    return level < 0 ? whole : GDALGetOverview(whole, level);
}

static float value_of(const mos_map_spec *spec, float stored) {
    if (isnan(stored) || (double)stored == spec->nodata) return NAN;
    return (float)(spec->scale * (double)stored + spec->offset);
}

static float stored_of(const mos_map_spec *spec, float value) {
    if (isnan(value)) return (float)spec->nodata;
    if (spec->dtype == MOS_F32) return value;
    return (float)nearbyint(((double)value - spec->offset) / spec->scale);
}

static int64_t rows_read(const strip *s) {
    const int64_t left = s->height - 2 * s->first;
    return 2 * s->rows < left ? 2 * s->rows : left;
}

static bool read_strip(const strip *s) {
    const int64_t rows = rows_read(s), pixels = rows * s->width;
    for (int b = 0; b < s->spec->bands; b++) {
        float *to = s->from + b * pixels;
        if (GDALRasterIO(band_of(s, b, s->level - 1), GF_Read, 0, (int)(2 * s->first), s->width,
                         (int)rows, to, s->width, (int)rows, GDT_Float32, 0, 0) != CE_None)
            return false;
        for (int64_t i = 0; i < pixels; i++)
            to[i] = value_of(s->spec, to[i]);
    }
    return true;
}

/* The vector from band `b` on at one pixel of the strip. */
static void make_vector(const strip *s, int b, int64_t x, int64_t y) {
    const int64_t rows = rows_read(s), unit = s->spec->unit;
    double square = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t k = b; k < b + unit; k++) {
            const float *from = s->from + k * rows * s->width;
            double sum = 0;
            for (int64_t i = 2 * y; i < 2 * y + 2 && i < rows; i++)
                for (int64_t j = 2 * x; j < 2 * x + 2 && j < s->width; j++)
                    sum += isnan(from[i * s->width + j]) ? 0 : (double)from[i * s->width + j];
            if (pass == 0)
                square += sum * sum;
            else
                s->to[(k * s->rows + y) * s->across + x] =
                    stored_of(s->spec, square > 0 ? (float)(sum / sqrt(square)) : NAN);
        }
}

static bool write_strip(const strip *s) {
    for (int b = 0; b < s->spec->bands; b += s->spec->unit)
        for (int64_t y = 0; y < s->rows; y++)
            for (int64_t x = 0; x < s->across; x++)
                make_vector(s, b, x, y);
    for (int b = 0; b < s->spec->bands; b++)
        if (GDALRasterIO(band_of(s, b, s->level), GF_Write, 0, (int)s->first, (int)s->across,
                         (int)s->rows, s->to + b * s->rows * s->across, (int)s->across,
                         (int)s->rows, GDT_Float32, 0, 0) != CE_None)
            return false;
    return true;
}

static mosaic_status make_level(strip *s, bool *good) {
    GDALRasterBandH below = band_of(s, 0, s->level - 1), own = band_of(s, 0, s->level);
    mosaic_status status = MOSAIC_OK;
    *good = below != NULL && own != NULL;
    if (!*good) return MOSAIC_OK;
    s->width = GDALGetRasterBandXSize(below);
    s->height = GDALGetRasterBandYSize(below);
    s->across = GDALGetRasterBandXSize(own);
    s->down = GDALGetRasterBandYSize(own);
    const int64_t row_bytes = (int64_t)sizeof(float) * 3 * s->width * s->spec->bands;
    const int64_t most = STRIP_BYTES / row_bytes < 1 ? 1 : STRIP_BYTES / row_bytes;
    const int64_t rows = most < s->down ? most : s->down;
    s->from = s->to = NULL;
    MOS_GOTO(mos_alloc((size_t)(2 * rows * s->width * s->spec->bands), sizeof *s->from,
                       "an overview", &s->from));
    MOS_GOTO(mos_alloc((size_t)(rows * s->across * s->spec->bands), sizeof *s->to, "an overview",
                       &s->to));
    for (s->first = 0; s->first < s->down && *good; s->first += rows) {
        s->rows = s->down - s->first < rows ? s->down - s->first : rows;
        *good = read_strip(s) && write_strip(s);
    }
done:
    mos_free(s->from);
    mos_free(s->to);
    return status;
}

mosaic_status mos_vector_overviews(const char *path, const mos_map_spec *spec,
                                   const mos_gdal_capture *capture) {
    strip s = {.spec = spec};
    int levels[LEVELS], count = 0;
    mosaic_status status = MOSAIC_OK;
    const int64_t longer = spec->width > spec->height ? spec->width : spec->height;
    for (int64_t step = 2; longer > LEAST_SIDE * step / 2 && count < LEVELS; step *= 2)
        levels[count++] = (int)step;
    if (count == 0) return MOSAIC_OK;
    s.dataset = GDALOpen(path, GA_Update);
    bool good = s.dataset != NULL && GDALBuildOverviews(s.dataset, "NONE", count, levels, 0, NULL,
                                                        NULL, NULL) == CE_None;
    for (s.level = 0; s.level < count && good; s.level++)
        MOS_GOTO(make_level(&s, &good));
done:
    if (s.dataset != NULL) GDALClose(s.dataset);
    if (status == MOSAIC_OK && (!good || capture->text[0] != '\0'))
        status = mos_gdal_fail(MOSAIC_ERR_IO, path, capture, "has no room for overviews");
    return status;
}
