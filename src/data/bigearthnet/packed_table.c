#include "data/bigearthnet/packed_table.h"

#include "base/memory.h"
#include "base/text.h"
#include "data/bigearthnet/metadata.h"
#include "data/names/csv_cells.h"
#include "data/sample_table.h"

#include <stdio.h>
#include <string.h>

static const char record_prefix[] = "record:", time_prefix[] = "datetime_",
                  ground_prefix[] = "ground:";
enum { RECORD_PREFIX = sizeof record_prefix - 1, HEADER_BYTES = 1 << 16 };

mosaic_status mos_packed_table_recognise(const char *path, bool *packed) {
    *packed = false;
    FILE *file = fopen(path, "rb");
    if (file == NULL) return mos_fail_errno("open", path);
    char *line;
    mosaic_status status = mos_alloc(HEADER_BYTES, 1, "header of a table", &line);
    if (status == MOSAIC_OK) {
        size_t size = fread(line, 1, HEADER_BYTES - 1, file);
        line[size] = '\0';
        line[strcspn(line, "\r\n")] = '\0';
        *packed = memcmp(line, "PAR1", 4) != 0 && strstr(line, record_prefix) != NULL;
        mos_free(line);
    }
    fclose(file);
    return status;
}

typedef struct packed_columns {
    int64_t record[MOS_DATA_MAX_MODALITIES], time[MOS_DATA_MAX_MODALITIES], product;
    int64_t ground[MOS_DATA_MAX_MODALITIES], location; /* -1: of an earlier version */
    int64_t crs, place[4];                             /* x, y, width, height */
} packed_columns;

static mosaic_status find_columns(mos_dataset *dataset, const mos_csv *csv, packed_columns *at) {
    static const char *const places[] = {"x", "y", "width", "height"};
    at->product = mos_csv_column(csv, "product");
    at->crs = mos_csv_column(csv, "crs");
    at->location = mos_csv_column(csv, "location");
    for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
        at->place[p] = mos_csv_column(csv, places[p]);
        if (at->place[p] < 0) at->crs = -1; /* nothing without all of them */
    }
    for (size_t c = 0; c < csv->columns; c++) {
        if (strncmp(csv->header[c], record_prefix, RECORD_PREFIX) != 0) continue;
        mos_modality *modality;
        int64_t m = dataset->modality_count;
        MOS_TRY(mos_dataset_add_modality(dataset, csv->header[c] + RECORD_PREFIX, 1, &modality));
        char name[64], ground[64];
        snprintf(name, sizeof name, "%s%s", time_prefix, modality->name);
        at->record[m] = (int64_t)c;
        snprintf(ground, sizeof ground, "%s%s", ground_prefix, modality->name);
        at->ground[m] = mos_csv_column(csv, ground);
        at->time[m] = mos_csv_column(csv, name);
        if (at->time[m] < 0) at->time[m] = mos_csv_column(csv, "datetime");
    }
    return MOSAIC_OK;
}

/* Bands of a modality from its first record. */
static mosaic_status set_bands(mos_dataset *dataset, int64_t m, const mos_safetensors *record,
                               const char *key) {
    mos_modality *modality = &dataset->modalities[m];
    mos_modality_storage *storage = &dataset->storage[m];
    if (record->count == 0 || record->count > MOS_DATA_MAX_BANDS)
        return mos_fail(MOSAIC_ERR_DATA, "record '%s': %zu tensors, wanted 1 to %d", key,
                        record->count, MOS_DATA_MAX_BANDS);
    modality->band_count = (int64_t)record->count;
    for (size_t b = 0; b < record->count; b++) {
        const mos_tensor_view *tensor = &record->tensors[b];
        mos_band *band = &modality->bands[b];
        if (strlen(tensor->name) >= sizeof band->name || tensor->rank != 2 ||
            tensor->shape[0] < 1 || tensor->shape[1] < 1)
            return mos_fail(MOSAIC_ERR_DATA, "record '%s': tensor '%.40s' is no band", key,
                            tensor->name);
        snprintf(band->name, sizeof band->name, "%s", tensor->name);
        band->is_integer = tensor->dtype == MOS_U16 || tensor->dtype == MOS_U8;
        storage->dtype[b] = tensor->dtype;
        storage->height[b] = tensor->shape[0];
        storage->width[b] = tensor->shape[1];
    }
    const char *nodata = mos_safetensors_metadata(record, "nodata");
    if (nodata != NULL) {
        if (!mos_parse_double(nodata, &storage->nodata))
            return mos_fail(MOSAIC_ERR_DATA, "record '%s': nodata '%.40s' is no number", key,
                            nodata);
        storage->has_nodata = true;
    }
    return MOSAIC_OK;
}

/* Does the store have the record? The first of each modality tells the bands. */
static mosaic_status find_record(mos_dataset *dataset, mos_store_reader *store, int64_t m,
                                 const char *key, bool *found) {
    const void *data;
    size_t size;
    MOS_TRY(mos_store_get(store, key, &data, &size));
    *found = data != NULL;
    if (data == NULL || dataset->modalities[m].band_count > 0) return MOSAIC_OK;
    mos_safetensors record;
    MOS_TRY(mos_safetensors_parse(data, size, key, &record));
    mosaic_status status = set_bands(dataset, m, &record, key);
    mos_safetensors_release(&record);
    return status;
}

/* Where the sample lies; crs NULL where the row does not tell it. */
static mosaic_status place_of(mos_dataset *dataset, const packed_columns *at, char *const *cells,
                              const char *path, uint32_t line, mos_site *out) {
    *out = (mos_site){0};
    if (at->crs < 0 || cells[at->crs][0] == '\0') return MOSAIC_OK;
    double *const numbers[] = {&out->x, &out->y, &out->width, &out->height};
    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) {
        const char *cell = cells[at->place[n]];
        if (!mos_parse_double(cell, numbers[n]))
            return mos_fail(MOSAIC_ERR_DATA, "%s:%u: place '%.40s' is no number", path, line, cell);
    }
    const char *crs = cells[at->crs];
    if (dataset->count > 0 && dataset->sites != NULL) { /* most rows share one text */
        const char *before = dataset->sites[dataset->count - 1].crs;
        if (before != NULL && strcmp(before, crs) == 0) {
            out->crs = before;
            return MOSAIC_OK;
        }
    }
    return mos_text_pool_add(&dataset->pool, crs, strlen(crs), &out->crs);
}

static mosaic_status add_row(mos_dataset *dataset, mos_store_reader *store, const char *path,
                             const mos_metadata *metadata, const packed_columns *at, int64_t r) {
    const mos_csv *csv = &metadata->csv;
    char **cells = csv->cells + r * (int64_t)csv->columns;
    const mos_metadata_row *row = &metadata->row[r];
    const char *sources[MOS_DATA_MAX_MODALITIES] = {0};
    const char *grounds[MOS_DATA_MAX_MODALITIES];
    int64_t times[MOS_DATA_MAX_MODALITIES];
    bool any = false, grounded = false;
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        const char *key = cells[at->record[m]];
        grounds[m] = at->ground[m] < 0 ? "" : cells[at->ground[m]];
        grounded = grounded || at->ground[m] >= 0;
        times[m] = MOS_TIME_UNKNOWN;
        if (at->time[m] >= 0)
            MOS_TRY(mos_time_cell(cells[at->time[m]], path, csv->lines[r], &times[m]));
        if (key[0] == '\0') continue;
        bool found;
        MOS_TRY(find_record(dataset, store, m, key, &found));
        if (found)
            sources[m] = key;
        else
            mos_dataset_defect(dataset, "missing record", "%s", key);
        any = any || found;
    }
    if (!any) {
        mos_dataset_defect(dataset, "row without files", "%s", row->id);
        return MOSAIC_OK;
    }
    const char *product = at->product >= 0 ? cells[at->product] : "",
               *location = at->location >= 0 ? cells[at->location] : "";
    mos_site place;
    MOS_TRY(place_of(dataset, at, cells, path, csv->lines[r], &place));
    mos_sample_row sample = {.id = row->id,
                             .id_size = row->id_size,
                             .split = (mos_split)row->split,
                             .country = row->country,
                             .labels = metadata->labels + r * metadata->class_count,
                             .times = times,
                             .sources = sources,
                             .product = product[0] == '\0' ? NULL : product,
                             .location = location[0] == '\0' ? NULL : location,
                             .grounds = grounded ? grounds : NULL,
                             .site = place.crs == NULL ? NULL : &place};
    return mos_dataset_add(dataset, &sample);
}

mosaic_status mos_packed_table_open(mos_dataset *dataset, mos_store_reader *store,
                                    const char *path) {
    mos_metadata metadata;
    packed_columns at;
    mosaic_status status;
    MOS_TRY(mos_metadata_read(dataset, path, &metadata));
    MOS_GOTO(find_columns(dataset, &metadata.csv, &at));
    MOS_GOTO(mos_dataset_reserve(dataset, metadata.rows));
    dataset->metadata_rows = metadata.rows;
    for (int64_t r = 0; r < metadata.rows; r++)
        MOS_GOTO(add_row(dataset, store, path, &metadata, &at, r));
    mos_dataset_classify(dataset);
done:
    mos_metadata_release(&metadata);
    return status;
}
