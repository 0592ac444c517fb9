#include "data/csv/csv_layout.h"

#include "base/file.h"
#include "base/log.h"
#include "data/file_layout.h"
#include "data/names/band_names.h"
#include "io/raster.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

mosaic_status mos_csv_cell_path(const mos_csv_layout *layout, const char *cell, char *out,
                                size_t size) {
    if (cell[0] != '/') return mos_path_join(out, size, layout->folder, cell);
    if (strlen(cell) >= size)
        return mos_fail(MOSAIC_ERR_DATA, "path '%.80s...' is longer than %zu bytes", cell,
                        size - 1);
    memcpy(out, cell, strlen(cell) + 1);
    return MOSAIC_OK;
}

static bool looks_like_raster(const char *cell) {
    /* The second row is not read, and said so when the file is opened. */
    static const char *const ends[] = {".tif", ".tiff", ".jp2", ".png", ".img",  ".vrt",
                                       ".nc",  ".nc4",  ".h5",  ".hdf", ".hdf5", ".npy"};
    size_t size = strlen(cell);
    for (size_t e = 0; e < sizeof ends / sizeof ends[0]; e++) {
        size_t n = strlen(ends[e]);
        if (size > n && strcasecmp(cell + size - n, ends[e]) == 0) return true;
    }
    return false;
}

/* Under s1 and s2 every name of a file is one of a raster, so that formats that are not read are named
 * when it is opened. */
static bool is_file_of_sensor(const char *column, const char *cell) {
    if (strcasecmp(column, "s1") != 0 && strcasecmp(column, "s2") != 0) return false;
    const char *end = strrchr(cell, '.');
    size_t size = end == NULL || end == cell ? 0 : strlen(end + 1);
    return size >= 2 && size <= 5 && isalpha((unsigned char)end[1]) && strpbrk(end, "/ ") == NULL;
}

/* The first filled cell of a column decides. */
static mosaic_status holds_paths(const mos_csv *csv, size_t column, const mos_csv_layout *layout,
                                 bool *yes) {
    *yes = false;
    for (size_t r = 0; r < csv->rows; r++) {
        const char *cell = csv->cells[r * csv->columns + column];
        if (cell[0] == '\0') continue;
        char path[4096];
        *yes = looks_like_raster(cell) || is_file_of_sensor(csv->header[column], cell);
        if (*yes || strchr(cell, '/') == NULL) return MOSAIC_OK;
        MOS_TRY(mos_csv_cell_path(layout, cell, path, sizeof path));
        *yes = mos_path_exists(path) && !mos_path_is_dir(path);
        return MOSAIC_OK;
    }
    return MOSAIC_OK;
}

static bool reserved(const char *name) {
    static const char *const names[] = {"id",       "patch_id", "labels",   "split", "country",
                                        "datetime", "product",  "location", NULL};
    for (int n = 0; names[n] != NULL; n++) {
        if (strcmp(name, names[n]) == 0) return true;
    }
    return strncmp(name, "class:", 6) == 0 || strncmp(name, "datetime_", 9) == 0;
}

/* Columns s2:B02, s2:B03 ... side by side. */
static mosaic_status add_split_modality(mos_dataset *dataset, const mos_csv *csv, size_t *column,
                                        const char *path, mos_csv_layout *out) {
    const char *header = csv->header[*column];
    char name[32];
    size_t length = strcspn(header, ":"), first = *column, count = 0;
    if (length == 0 || length >= sizeof name)
        return mos_fail(MOSAIC_ERR_DATA, "%s: column '%.60s': wanted <modality>:<band>", path,
                        header);
    snprintf(name, sizeof name, "%.*s", (int)length, header);
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        if (strcmp(dataset->modalities[m].name, name) == 0)
            return mos_fail(MOSAIC_ERR_DATA, "%s: columns of '%s' are not side by side", path,
                            name);
    }
    while (first + count < csv->columns &&
           strncmp(csv->header[first + count], header, length + 1) == 0)
        count++;
    if (count > MOS_DATA_MAX_BANDS)
        return mos_fail(MOSAIC_ERR_DATA, "%s: '%s' has more than %d bands", path, name,
                        MOS_DATA_MAX_BANDS);
    mos_modality *modality;
    int64_t slot = dataset->slots;
    MOS_TRY(mos_dataset_add_modality(dataset, name, (int64_t)count, &modality));
    modality->band_count = (int64_t)count;
    dataset->storage[dataset->modality_count - 1].named_in_table = true;
    for (size_t b = 0; b < count; b++) {
        const char *band = csv->header[first + b] + length + 1;
        if (band[0] == '\0' || strlen(band) >= sizeof modality->bands[b].name)
            return mos_fail(MOSAIC_ERR_DATA, "%s: column '%.60s': the band name is empty or long",
                            path, csv->header[first + b]);
        mos_band_name(&modality->bands[b], band);
        out->slot_column[slot + (int64_t)b] = (int64_t)(first + b);
    }
    mos_band_names_told(modality, dataset->storage[dataset->modality_count - 1].identity,
                        MOS_SAID_BY_POSITION);
    *column = first + count - 1;
    return MOSAIC_OK;
}

/* Would its owner call the labels so? */
static bool means_labels(const char *name) {
    static const char *const names[] = {"label",    "class",      "classes",   "target", "targets",
                                        "category", "categories", "landcover", "y"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcasecmp(name, names[k]) == 0) return true;
    return strcasecmp(name, "labels") == 0 || strcasecmp(name, "land_cover") == 0;
}

static mosaic_status add_modalities(mos_dataset *dataset, const mos_csv *csv, const char *path,
                                    mos_csv_layout *out) {
    for (size_t c = 0; c < csv->columns; c++) {
        const char *name = csv->header[c];
        if (reserved(name)) continue;
        if (strchr(name, ':') != NULL) {
            MOS_TRY(add_split_modality(dataset, csv, &c, path, out));
            continue;
        }
        bool paths;
        MOS_TRY(holds_paths(csv, c, out, &paths));
        if (!paths) {
            bool meant = out->labels < 0 && means_labels(name);
            mos_log(meant ? MOS_LOG_WARNING : MOS_LOG_NOTICE,
                    "%s: column '%s' holds no rasters and is not used%s", path, name,
                    meant ? "; if it holds the labels, call it 'labels'" : "");
            continue;
        }
        if (mos_band_is_known(name))
            return mos_fail(MOSAIC_ERR_DATA,
                            "%s: column '%s' is named like a band, and each column of rasters "
                            "would be a modality of its own: with one file a band call the columns "
                            "<modality>:<band>, here '%s:%s'",
                            path, name, name[0] == 'B' || name[0] == 'b' ? "s2" : "s1", name);
        mos_modality *modality;
        out->slot_column[dataset->slots] = (int64_t)c;
        MOS_TRY(mos_dataset_add_modality(dataset, name, 1, &modality));
    }
    if (dataset->modality_count == 0)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: no column holds paths of rasters: wanted one column per modality "
                        "(s1, s2, ...) or columns <modality>:<band>",
                        path);
    return MOSAIC_OK;
}

static mosaic_status fail_without_id(const mos_csv *csv, const char *path) {
    mos_text columns = {0};
    for (size_t c = 0; c < csv->columns; c++)
        mos_text_add(&columns, "%s'%s'", c == 0 ? "" : ", ", csv->header[c]);
    mosaic_status status =
        columns.failed
            ? mos_fail_memory(columns.size, "a message")
            : mos_fail(MOSAIC_ERR_DATA,
                       "%s: no column 'id' (or 'patch_id'), one name a patch; its columns "
                       "are %.400s",
                       path, columns.size ? columns.data : "none");
    mos_text_release(&columns);
    return status;
}

mosaic_status mos_csv_layout_find(mos_dataset *dataset, const mos_csv *csv, const char *path,
                                  mos_csv_layout *out) {
    *out = (mos_csv_layout){.id = mos_csv_column(csv, "id"),
                            .labels = mos_csv_column(csv, "labels"),
                            .split = mos_csv_column(csv, "split"),
                            .country = mos_csv_column(csv, "country"),
                            .product = mos_csv_column(csv, "product"),
                            .datetime = mos_csv_column(csv, "datetime"),
                            .location = mos_csv_column(csv, "location"),
                            .first_class = -1};
    if (out->id < 0) out->id = mos_csv_column(csv, "patch_id");
    if (out->id < 0) return fail_without_id(csv, path);
    const char *slash = strrchr(path, '/');
    int written = slash == NULL ? snprintf(out->folder, sizeof out->folder, ".")
                                : snprintf(out->folder, sizeof out->folder, "%.*s",
                                           slash == path ? 1 : (int)(slash - path), path);
    if (written < 0 || (size_t)written >= sizeof out->folder)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: path is too long", path);
    MOS_TRY(add_modalities(dataset, csv, path, out));
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        char name[64];
        snprintf(name, sizeof name, "datetime_%s", dataset->modalities[m].name);
        out->time_column[m] = mos_csv_column(csv, name);
        if (out->time_column[m] < 0) out->time_column[m] = out->datetime;
    }
    return MOSAIC_OK;
}

mosaic_status mos_csv_layout_bands(mos_dataset *dataset, int64_t m, const char *const *paths) {
    const mos_modality *modality = &dataset->modalities[m];
    mos_raster_info info;
    if (dataset->storage[m].slots > 1 || modality->band_count > 0) { /* one file per band */
        for (int64_t b = 0; b < modality->band_count; b++) {
            MOS_TRY(mos_raster_info_read(paths[b], &info));
            MOS_TRY(mos_file_layout_settle(dataset, m, (int)b, &info, paths[b]));
        }
        return MOSAIC_OK;
    }
    MOS_TRY(mos_raster_info_read(paths[0], &info));
    return mos_file_layout_settle(dataset, m, -1, &info, paths[0]);
}
