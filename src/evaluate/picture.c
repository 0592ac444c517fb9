#include "evaluate/picture.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NO_DATA_GREY = 127 };
/* Least width of a contrast stretch, so that a calm lake stays dark and its noise is not stretched
 * to full contrast: for digital numbers (reflectance times 10,000), for reflectances and for
 * pictures of 8 bits, which have no no-data value and end at 255. */
static const float least_numbers = 600, least_reflectance = 0.06F, least_eight_bits = 15;
const char *const mos_picture_kind_names[] = {"natural colour", "false colour", "radar", "grey",
                                              NULL};

/* dB shown from black to full for VV, VH and VV - VH: from calm water to towns. */
static const float radar_low[3] = {-22, -29, 1}, radar_high[3] = {0, -7, 15};

static int find_band(const mos_modality *modality, const char *name) {
    for (int64_t b = 0; b < modality->band_count; b++)
        if (strcmp(modality->bands[b].name, name) == 0) return (int)b;
    return -1;
}

/* The longest, the middle and the shortest wave of what is there. */
static bool find_false(const mos_modality *modality, int bands[3]) {
    static const char *const waves[] = {"B12", "B11", "B10", "B09", "B8A", "B08", "B07",
                                        "B06", "B05", "B04", "B03", "B02", "B01"};
    int found[sizeof waves / sizeof *waves], count = 0;
    for (size_t w = 0; w < sizeof waves / sizeof *waves; w++) {
        int band = find_band(modality, waves[w]);
        if (band >= 0) found[count++] = band;
    }
    if (count < 3) return false;
    bands[0] = found[0];
    bands[1] = found[count / 2];
    bands[2] = found[count - 1];
    return true;
}

int mos_picture_bands(const mos_modality *modality, mos_picture_kind *kind, int bands[3]) {
    static const char *const optical[3] = {"B04", "B03", "B02"}, *const radar[2] = {"VV", "VH"};
    int found = 0;
    for (int k = 0; k < 3; k++)
        found += (bands[k] = find_band(modality, optical[k])) >= 0;
    *kind = MOS_PICTURE_NATURAL;
    if (found == 3) return 3;
    *kind = MOS_PICTURE_FALSE;
    if (find_false(modality, bands)) return 3;
    found = 0;
    for (int k = 0; k < 2; k++)
        found += (bands[k] = find_band(modality, radar[k])) >= 0;
    *kind = MOS_PICTURE_RADAR;
    if (found == 2) return 2;
    *kind = MOS_PICTURE_GREY;
    bands[0] = 0;
    return modality->band_count > 0 ? 1 : 0;
}

void mos_picture_size(const mos_patch *patch, int64_t *width, int64_t *height) {
    int64_t w = 1, h = 1;
    for (int64_t b = 0; b < patch->bands; b++) {
        w = patch->band[b].width > w ? patch->band[b].width : w;
        h = patch->band[b].height > h ? patch->band[b].height : h;
    }
    int64_t most = w > h ? w : h;
    if (most > MOS_PICTURE_SIDE) {
        w = (w * MOS_PICTURE_SIDE + most / 2) / most;
        h = (h * MOS_PICTURE_SIDE + most / 2) / most;
    }
    *width = w > 0 ? w : 1;
    *height = h > 0 ? h : 1;
}

/* The band's mean over each output pixel, [h, w]; NaN where nothing is valid. */
static void average(const struct mos_patch_band *band, int64_t w, int64_t h, float *out) {
    for (int64_t y = 0; y < h; y++)
        for (int64_t x = 0; x < w; x++) {
            int64_t y0 = y * band->height / h, y1 = (y + 1) * band->height / h;
            int64_t x0 = x * band->width / w, x1 = (x + 1) * band->width / w, count = 0;
            double sum = 0;
            for (int64_t i = y0; i < (y1 > y0 ? y1 : y0 + 1); i++)
                for (int64_t j = x0; j < (x1 > x0 ? x1 : x0 + 1); j++) {
                    float value = band->data[i * band->width + j];
                    if (!isfinite(value) || (band->has_nodata && value == band->nodata)) continue;
                    sum += (double)value;
                    count++;
                }
            out[y * w + x] = count > 0 ? (float)(sum / (double)count) : NAN;
        }
}

static int compare_floats(const void *a, const void *b) {
    float x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* 2nd and 98th percentile of the finite values; scratch: [count]. */
static void find_range(const float *values, int64_t count, float *scratch, float *low,
                       float *high) {
    int64_t n = 0;
    for (int64_t i = 0; i < count; i++)
        if (isfinite(values[i])) scratch[n++] = values[i];
    *low = *high = 0;
    if (n == 0) return;
    qsort(scratch, (size_t)n, sizeof *scratch, compare_floats);
    *low = scratch[(n - 1) * 2 / 100];
    *high = scratch[(n - 1) * 98 / 100];
}

static uint8_t shade(float value, float low, float width) {
    float share = width > 0 ? (value - low) / width : 0.5F;
    return (uint8_t)(255.0F * fminf(fmaxf(share, 0), 1) + 0.5F);
}

static void paint_radar(const float *plane, int64_t count, uint8_t *rgb) {
    for (int64_t i = 0; i < count; i++) {
        float vv = plane[i], vh = plane[count + i];
        const float value[3] = {vv, vh, vv - vh};
        for (int k = 0; k < 3; k++)
            rgb[3 * i + k] = isfinite(value[2])
                                 ? shade(value[k], radar_low[k], radar_high[k] - radar_low[k])
                                 : NO_DATA_GREY;
    }
}

/* planes: 3, or 1 shown as grey. The widest band's range stretches all, each from its own low. */
static void paint_stretched(const float *plane, int64_t planes, int64_t count, bool marked,
                            float *scratch, uint8_t *rgb) {
    float low[3], high, highest = 0, width = 0;
    for (int64_t k = 0; k < planes; k++) {
        find_range(plane + k * count, count, scratch, &low[k], &high);
        width = fmaxf(width, high - low[k]);
        highest = fmaxf(highest, high);
    }
    float least = highest <= 2                ? least_reflectance
                  : highest <= 255 && !marked ? least_eight_bits
                                              : least_numbers;
    if (planes == 3) width = fmaxf(width, least);
    for (int64_t i = 0; i < count; i++) {
        bool valid = true;
        for (int64_t k = 0; k < planes; k++)
            valid = valid && isfinite(plane[k * count + i]);
        for (int64_t k = 0; k < 3; k++) {
            int64_t from = planes == 3 ? k : 0;
            rgb[3 * i + k] =
                valid ? shade(plane[from * count + i], low[from], width) : NO_DATA_GREY;
        }
    }
}

mosaic_status mos_picture_draw(mos_picture_kind kind, const mos_patch *patch, uint8_t *rgb) {
    int64_t w, h, wanted = kind <= MOS_PICTURE_FALSE ? 3 : kind == MOS_PICTURE_RADAR ? 2 : 1;
    float *plane = NULL;
    if (patch->bands != wanted)
        return mos_fail(MOSAIC_ERR_RUNTIME, "a picture wants %lld bands and was given %lld",
                        (long long)wanted, (long long)patch->bands);
    mos_picture_size(patch, &w, &h);
    int64_t count = w * h;
    MOS_TRY(mos_alloc((size_t)(count * (wanted + 1)), sizeof *plane, "picture", &plane));
    for (int64_t b = 0; b < wanted; b++)
        average(&patch->band[b], w, h, plane + b * count);
    if (kind == MOS_PICTURE_RADAR)
        paint_radar(plane, count, rgb);
    else
        paint_stretched(plane, wanted, count, patch->band[0].has_nodata, plane + wanted * count,
                        rgb);
    mos_free(plane);
    return MOSAIC_OK;
}
