#include "prepare/pairs/raster_pairs.h"

#include "base/file.h"
#include "base/memory.h"
#include "io/csv.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_DEPTH = 5, MOST_RASTERS = 2000000 };

typedef struct found_raster {
    char *id, *path;
    int sensor;
} found_raster;

typedef struct finder {
    const char *root;
    mos_raster_pairs *pairs;
    found_raster *found; /* [count] owned until they are joined */
    size_t count, capacity;
} finder;

/* ---- names ---- */

static bool is_separator(char c) {
    return strchr("/_-. ", c) != NULL;
}

static bool is_raster(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot != NULL && (strcasecmp(dot, ".tif") == 0 || strcasecmp(dot, ".tiff") == 0);
}

/* 0: radar, 1: optical, -1: neither. */
static int sensor_of(const char *part, size_t size) {
    static const char *const names[][5] = {{"s1", "sar", "radar", "sentinel1", NULL},
                                           {"s2", "optical", "msi", "sentinel2", NULL}};
    for (int sensor = 0; sensor < 2; sensor++)
        for (int k = 0; names[sensor][k] != NULL; k++)
            if (strlen(names[sensor][k]) == size && strncasecmp(part, names[sensor][k], size) == 0)
                return sensor;
    return -1;
}

/* The path without its sensor and its ending becomes the id; the last sensor named counts. */
static int take_apart(const char *path, char *id, size_t room) {
    int sensor = -1;
    size_t used = 0, end = (size_t)(strrchr(path, '.') - path);
    for (size_t at = 0; at < end;) {
        size_t size = 0;
        while (at + size < end && !is_separator(path[at + size]))
            size++;
        int own = sensor_of(path + at, size);
        if (own >= 0) sensor = own;
        if (own < 0 && size > 0 && used + size + 2 < room) {
            if (used > 0) id[used++] = '_';
            memcpy(id + used, path + at, size);
            used += size;
        }
        at += size + 1;
    }
    id[used] = '\0';
    return sensor;
}

/* ---- the folder ---- */

static mosaic_status take_raster(finder *it, const char *path) {
    char id[512];
    int sensor = take_apart(path, id, sizeof id);
    if (sensor < 0) {
        if (it->pairs->unknown++ == 0)
            (void)snprintf(it->pairs->example, sizeof it->pairs->example, "%.500s", path);
        return MOSAIC_OK;
    }
    if (it->count == MOST_RASTERS)
        return mos_fail(MOSAIC_ERR_DATA, "%s: more than %d rasters", it->root, MOST_RASTERS);
    MOS_TRY(mos_grow(&it->found, &it->capacity, it->count + 1, sizeof *it->found, "rasters"));
    found_raster *raster = &it->found[it->count];
    *raster = (found_raster){.sensor = sensor};
    it->count++; /* from now on it is released */
    MOS_TRY(mos_copy_text(id[0] == '\0' ? "patch" : id, &raster->id));
    return mos_copy_text(path, &raster->path);
}

static mosaic_status walk(finder *it, const char *folder, int depth) {
    char path[4096];
    MOS_TRY(mos_path_join(path, sizeof path, it->root, folder));
    DIR *stream = opendir(path);
    if (stream == NULL) return mos_fail_errno("list", path);
    mosaic_status status = MOSAIC_OK;
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        char name[4096], full[4096];
        if (entry->d_name[0] == '.') continue;
        MOS_GOTO(mos_path_join(name, sizeof name, folder, entry->d_name));
        MOS_GOTO(mos_path_join(full, sizeof full, it->root, name));
        if (!mos_path_is_dir(full)) {
            if (is_raster(entry->d_name)) MOS_GOTO(take_raster(it, name));
        } else if (depth < MOST_DEPTH) {
            MOS_GOTO(walk(it, name, depth + 1));
        }
    }
done:
    (void)closedir(stream);
    return status;
}

/* ---- who belongs together ---- */

static int by_id(const void *a, const void *b) {
    const found_raster *x = a, *y = b;
    int order = strcmp(x->id, y->id);
    return order != 0               ? order
           : x->sensor != y->sensor ? x->sensor - y->sensor
                                    : strcmp(x->path, y->path);
}

static mosaic_status join(finder *it) {
    mos_raster_pairs *pairs = it->pairs;
    if (it->count > 1) qsort(it->found, it->count, sizeof *it->found, by_id);
    MOS_TRY(mos_alloc(it->count, sizeof *pairs->pair, "pairs", &pairs->pair));
    for (size_t i = 0; i < it->count; i++) {
        found_raster *raster = &it->found[i];
        mos_raster_pair *last = pairs->count > 0 ? &pairs->pair[pairs->count - 1] : NULL;
        if (last == NULL || strcmp(last->id, raster->id) != 0) {
            last = &pairs->pair[pairs->count++];
            last->id = raster->id;
            raster->id = NULL;
        }
        char **place = raster->sensor == 0 ? &last->s1 : &last->s2;
        if (*place != NULL)
            return mos_fail(MOSAIC_ERR_DATA,
                            "%s: '%s' and '%s' are both the %s raster of '%s': write a table "
                            "(id,s1,s2,labels) that says which one is meant",
                            it->root, *place, raster->path,
                            raster->sensor == 0 ? "radar" : "optical", last->id);
        *place = raster->path;
        raster->path = NULL;
        pairs->both += last->s1 != NULL && last->s2 != NULL;
    }
    return MOSAIC_OK;
}

mosaic_status mos_raster_pairs_find(const char *folder, mos_raster_pairs *out) {
    finder it = {.root = folder, .pairs = out};
    *out = (mos_raster_pairs){0};
    mosaic_status status = walk(&it, "", 1);
    if (status == MOSAIC_OK) status = join(&it);
    for (size_t i = 0; i < it.count; i++) {
        mos_free(it.found[i].id);
        mos_free(it.found[i].path);
    }
    mos_free(it.found);
    return status;
}

void mos_raster_pairs_release(mos_raster_pairs *pairs) {
    for (int64_t i = 0; i < pairs->count; i++) {
        mos_free(pairs->pair[i].id);
        mos_free(pairs->pair[i].s1);
        mos_free(pairs->pair[i].s2);
    }
    mos_free(pairs->pair);
    *pairs = (mos_raster_pairs){0};
}

/* ---- the table ---- */

static mosaic_status add_path(const char *folder, const char *name, mos_text *out) {
    char path[4096];
    mos_text_add_bytes(out, ",", 1);
    if (name == NULL) return MOSAIC_OK;
    MOS_TRY(mos_path_join(path, sizeof path, folder, name));
    mos_csv_add_field(out, path);
    return MOSAIC_OK;
}

static mosaic_status add_rows(const mos_raster_pairs *pairs, const char *folder, mos_text *out) {
    bool radar = false, optical = false;
    for (int64_t i = 0; i < pairs->count; i++) {
        radar = radar || pairs->pair[i].s1 != NULL;
        optical = optical || pairs->pair[i].s2 != NULL;
    }
    mos_text_add(out, "id%s%s,labels\n", radar ? ",s1" : "", optical ? ",s2" : "");
    for (int64_t i = 0; i < pairs->count; i++) {
        mos_csv_add_field(out, pairs->pair[i].id);
        if (radar) MOS_TRY(add_path(folder, pairs->pair[i].s1, out));
        if (optical) MOS_TRY(add_path(folder, pairs->pair[i].s2, out));
        mos_text_add(out, ",\n");
    }
    return out->failed ? mos_fail_memory(out->size, "a table") : MOSAIC_OK;
}

mosaic_status mos_raster_pairs_write(const mos_raster_pairs *pairs, const char *folder,
                                     const char *path) {
    char absolute[PATH_MAX];
    mos_text out = {0};
    if (realpath(folder, absolute) == NULL) return mos_fail_errno("open", folder);
    mosaic_status status = add_rows(pairs, absolute, &out);
    if (status == MOSAIC_OK) status = mos_atomic_write(path, out.data, out.size);
    mos_text_release(&out);
    return status;
}
