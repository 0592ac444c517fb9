#include "data/grid_match.h"

#include "base/text.h"
#include "data/sample_reader.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void corners(const mos_source_info *info, double out[4]) {
    const double *t = info->transform;
    double w = (double)info->width, h = (double)info->height;
    out[0] = t[0];
    out[1] = t[3];
    out[2] = t[0] + w * t[1] + h * t[2];
    out[3] = t[3] + w * t[4] + h * t[5];
}

void mos_grid_describe(const mos_source_info *info, char *out, size_t size) {
    double at[4];
    char number[4][32];
    corners(info, at);
    (void)snprintf(
        out, size, "%s %s to %s %s (EPSG:%d)", mos_format_double(number[0], 32, at[0], 10),
        mos_format_double(number[1], 32, at[1], 10), mos_format_double(number[2], 32, at[2], 10),
        mos_format_double(number[3], 32, at[3], 10), info->epsg);
}

static bool same_grid(const mos_source_info *a, const mos_source_info *b) {
    double first[4], second[4];
    double pixel_a = hypot(a->transform[1], a->transform[4]),
           pixel_b = hypot(b->transform[1], b->transform[4]);
    if (a->epsg != 0 && b->epsg != 0 && a->epsg != b->epsg) return false;
    corners(a, first);
    corners(b, second);
    for (int k = 0; k < 4; k++) {
        if (fabs(first[k] - second[k]) > 0.5 * fmin(pixel_a, pixel_b)) return false;
    }
    return true;
}

bool mos_grid_match_add(mos_grid_match *match, mos_reader *reader, int64_t sample,
                        int64_t modality) {
    const mos_modality *what = &reader->dataset->modalities[modality];
    mos_source_info *info = &match->found;
    char before[sizeof info->path] = "";
    bool compared = false, same = true;
    for (int64_t b = 0; b < what->band_count && same; b++) {
        mosaic_status status = mos_source_describe(reader, sample, modality, (int)b, info);
        if (status == MOSAIC_ERR_UNSUPPORTED) return true;
        if (!info->per_band && strcmp(info->path, before) == 0) break; /* one file for all bands */
        memcpy(before, info->path, strlen(info->path) + 1);
        if (status != MOSAIC_OK || !info->has_transform) continue;
        if (match->reference.path[0] == '\0') {
            match->reference = *info;
            match->reference_name = what->name;
            continue;
        }
        compared = true;
        match->band = b == 0 ? -1 : b;
        same = same_grid(&match->reference, info);
    }
    match->compared += compared;
    return same;
}
