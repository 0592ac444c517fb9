#include "data/bigearthnet/pack_ground.h"

#include "data/patch_place.h"
#include "data/sample_reader.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* ---- written ---- */

static bool is_site(const mos_source_info *info, const mos_site *site) {
    char crs[32];
    mos_site box = {0};
    const double *t = info->transform;
    if (site == NULL || t[2] != 0 || t[4] != 0 || t[1] <= 0 || t[5] >= 0) return false;
    (void)snprintf(crs, sizeof crs, "EPSG:%d", info->epsg);
    mos_box_of_grid(t, info->width, info->height, &box);
    return strcmp(site->crs, info->epsg > 0 ? crs : "unnamed") == 0 && box.x == site->x &&
           box.y == site->y && box.width == site->width && box.height == site->height;
}

static void add_grid(const mos_source_info *info, const mos_site *site, mos_text *out) {
    if (!info->has_transform) return;
    if (is_site(info, site)) {
        mos_text_add(out, "site");
        return;
    }
    mos_text_add(out, "EPSG:%d", info->epsg);
    for (int k = 0; k < 6; k++) {
        mos_text_add(out, " ");
        mos_text_add_number(out, info->transform[k]);
    }
    mos_text_add(out, " %lld %lld", (long long)info->width, (long long)info->height);
}

void mos_pack_ground_add(mos_reader *reader, int64_t sample, int64_t modality, const mos_site *site,
                         mos_text *out) {
    int64_t bands = reader->dataset->modalities[modality].band_count, files = 0;
    mos_source_info info;
    mos_text first = {0}, all = {0};
    char before[sizeof info.path] = "";
    bool alike = true;
    for (int64_t b = 0; b < bands; b++) {
        mosaic_status status = mos_source_describe(reader, sample, modality, (int)b, &info);
        if (!info.per_band && strcmp(info.path, before) == 0) break; /* one file for all bands */
        memcpy(before, info.path, strlen(info.path) + 1);
        mos_text grid = {0};
        if (status == MOSAIC_OK) add_grid(&info, site, &grid);
        const char *text = grid.data == NULL ? "" : grid.data;
        if (files++ == 0) mos_text_add(&first, "%s", text);
        alike = alike && strcmp(text, first.data == NULL ? "" : first.data) == 0;
        mos_text_add(&all, "%s%s", b == 0 ? "" : ";", text);
        out->failed = out->failed || grid.failed;
        mos_text_release(&grid);
    }
    const mos_text *cell = alike ? &first : &all;
    mos_text_add(out, "%s", cell->data == NULL ? "" : cell->data);
    out->failed = out->failed || first.failed || all.failed;
    mos_text_release(&first);
    mos_text_release(&all);
}

/* ---- read ---- */

/* The next blank-separated number of [*at, end). */
static bool take_number(const char **at, const char *end, double *out) {
    char text[64];
    while (*at < end && **at == ' ')
        (*at)++;
    size_t size = 0;
    while (*at + size < end && (*at)[size] != ' ')
        size++;
    if (size == 0 || size >= sizeof text) return false;
    memcpy(text, *at, size);
    text[size] = '\0';
    *at += size;
    return mos_parse_double(text, out);
}

static void take_site(const mos_site *site, mos_source_info *out) {
    int64_t epsg = 0;
    if (strncmp(site->crs, "EPSG:", 5) == 0) (void)mos_parse_int(site->crs + 5, &epsg);
    out->epsg = epsg > 0 && epsg <= INT_MAX ? (int)epsg : 0;
    out->has_transform = true;
    const double transform[6] = {site->x, site->width / (double)out->width,   0, site->y,
                                 0,       -site->height / (double)out->height};
    memcpy(out->transform, transform, sizeof transform);
}

/* Bands of one file have one grid, whatever their own size in the store. */
static bool take_grid(const char *at, const char *end, mos_source_info *out) {
    static const char mark[] = "EPSG:";
    double numbers[9];
    if ((size_t)(end - at) < sizeof mark || memcmp(at, mark, sizeof mark - 1) != 0) return false;
    at += sizeof mark - 1;
    for (size_t n = 0; n < 9; n++)
        if (!take_number(&at, end, &numbers[n])) return false;
    if (at != end || !(numbers[0] >= 0 && numbers[0] <= INT_MAX) || !(numbers[7] >= 1) ||
        !(numbers[8] >= 1))
        return false;
    out->epsg = (int)numbers[0];
    out->has_transform = true;
    memcpy(out->transform, numbers + 1, sizeof out->transform);
    double across = numbers[7] / (double)out->width, down = numbers[8] / (double)out->height;
    out->transform[1] *= across;
    out->transform[4] *= across;
    out->transform[2] *= down;
    out->transform[5] *= down;
    return true;
}

mosaic_status mos_pack_ground_read(const char *cell, const mos_site *site, int band,
                                   mos_source_info *out) {
    out->per_band = strchr(cell, ';') != NULL;
    for (int b = 0; b < band && out->per_band && cell != NULL; b++) {
        cell = strchr(cell, ';');
        if (cell != NULL) cell++;
    }
    if (cell == NULL) return MOSAIC_OK; /* nothing is told of this band */
    size_t size = strcspn(cell, ";");
    if (size == 0) return MOSAIC_OK;
    if (size == 4 && memcmp(cell, "site", 4) == 0 && site != NULL) {
        take_site(site, out);
        return MOSAIC_OK;
    }
    if (take_grid(cell, cell + size, out)) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA, "'%.*s' is no ground of a packed record",
                    (int)(size < 120 ? size : 120), cell);
}
