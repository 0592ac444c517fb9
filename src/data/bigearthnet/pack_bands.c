#include "data/bigearthnet/pack_bands.h"

#include "base/file.h"
#include "base/text.h"
#include "data/identity_fields.h"
#include "data/sample_table.h"
#include "data/verdicts.h"
#include "io/csv.h"

#include <string.h>

static const char file_name[] = "bands.csv";
static const char *const columns[] = {"modality", "band", "resolution_m", "source_format",
                                      "classes"};
enum { MODALITY, BAND, RESOLUTION, FORMAT, CLASSES, COLUMNS };
/* Are the classes those that occur among the labels? Then another model's further ones do not. */
static const char found_word[] = "found", given_word[] = "given";

static void add_identity(const mos_dataset *dataset, int64_t m, int64_t b, mos_text *out) {
    const mos_band_identity identity = mos_dataset_identity(dataset, m, b);
    for (int f = 0; f < MOS_IDENTITY_FIELDS; f++) {
        mos_text cell = {0};
        mos_text_add(out, ",");
        mos_identity_write(&identity, dataset->modalities[m].bands[b].name, (mos_identity_field)f,
                           &cell);
        mos_csv_add_field(out, cell.data == NULL ? "" : cell.data);
        out->failed = out->failed || cell.failed;
        mos_text_release(&cell);
    }
    mos_text_add(out, "\n");
}

mosaic_status mos_pack_bands_write(const mos_dataset *dataset, const char *folder) {
    mos_text text = {0};
    char path[4096];
    mosaic_status status;
    for (int c = 0; c < COLUMNS; c++)
        mos_text_add(&text, "%s%s", c == 0 ? "" : ",", columns[c]);
    for (int f = 0; f < MOS_IDENTITY_FIELDS; f++)
        mos_text_add(&text, ",%s", mos_identity_fields[f]);
    mos_text_add(&text, "\n");
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        const mos_modality *modality = &dataset->modalities[m];
        for (int64_t b = 0; b < modality->band_count; b++) {
            mos_csv_add_field(&text, modality->name);
            mos_text_add(&text, ",");
            mos_csv_add_field(&text, modality->bands[b].name);
            mos_text_add(&text, ",");
            if (modality->bands[b].resolution_m > 0)
                mos_text_add_number(&text, modality->bands[b].resolution_m);
            mos_text_add(&text, ",%s,%s", mos_dataset_origin(dataset),
                         dataset->classes_found ? found_word : given_word);
            add_identity(dataset, m, b, &text);
        }
    }
    if (text.failed) MOS_GOTO(mos_fail_memory(text.size, "a table of bands"));
    MOS_GOTO(mos_path_join(path, sizeof path, folder, file_name));
    status = mos_atomic_write(path, text.data, text.size);
done:
    mos_text_release(&text);
    return status;
}

/* What the source's files said; a key of this data set is stronger. */
static mosaic_status take_identity(mos_dataset *dataset, const mos_csv *csv, const int64_t *at,
                                   const char *path, size_t r, int64_t m, int64_t b) {
    mos_modality_storage *storage = &dataset->storage[m];
    const mos_band_identity own = storage->identity[b];
    mos_band_identity told = {.scale = 1};
    for (int f = 0; f < MOS_IDENTITY_FIELDS; f++) {
        const char *text = csv->cells[r * csv->columns + (size_t)at[COLUMNS + f]];
        if (!mos_identity_read(&told, (mos_identity_field)f, text))
            return mos_fail(MOSAIC_ERR_DATA, "%s:%u: '%.40s' is no %s of a band", path,
                            csv->lines[r], text, mos_identity_fields[f]);
    }
    told.role = own.role;
    if (own.nodata_by == MOS_SAID_BY_KEY || told.has_nodata != own.has_nodata) {
        told.has_nodata = own.has_nodata;
        told.nodata_by = own.nodata_by;
        told.nodata = own.nodata;
    }
    storage->identity[b] = told;
    if (told.level[0] != '\0') {
        memcpy(storage->level, told.level, sizeof storage->level);
        storage->level_by = told.level_by;
    }
    if (b == 0 && told.named_by == MOS_SAID_BY_GUESS)
        mos_verdict_note(dataset, MOS_CHECK_GUESSED_BANDS,
                         "%s: %s: names guessed from the number of bands, %lld, when it was packed",
                         path, dataset->modalities[m].name,
                         (long long)dataset->modalities[m].band_count);
    return MOSAIC_OK;
}

static mosaic_status take_row(mos_dataset *dataset, const mos_csv *csv, const int64_t *at,
                              const char *path, size_t r) {
    char *const *cells = csv->cells + r * csv->columns;
    const char *resolution = cells[at[RESOLUTION]];
    for (int64_t m = 0; m < dataset->modality_count; m++) {
        mos_modality *modality = &dataset->modalities[m];
        if (strcmp(modality->name, cells[at[MODALITY]]) != 0) continue;
        int64_t b = mos_modality_band(modality, cells[at[BAND]]);
        if (b >= 0 && at[COLUMNS] >= 0) MOS_TRY(take_identity(dataset, csv, at, path, r, m, b));
        if (b < 0 || resolution[0] == '\0') continue;
        if (!mos_parse_double(resolution, &modality->bands[b].resolution_m))
            return mos_fail(MOSAIC_ERR_DATA, "%s:%u: resolution_m '%.40s' is no number", path,
                            csv->lines[r], resolution);
    }
    dataset->classes_found = strcmp(cells[at[CLASSES]], found_word) == 0;
    if (dataset->origin != NULL) return MOSAIC_OK;
    const char *format = cells[at[FORMAT]];
    for (int f = 1; mos_format_names[f] != NULL; f++)
        if (strcmp(mos_format_names[f], format) == 0) dataset->origin = mos_format_names[f];
    if (dataset->origin != NULL) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA, "%s:%u: '%.40s' is no format of a data set", path,
                    csv->lines[r], format);
}

mosaic_status mos_pack_bands_read(mos_dataset *dataset, const char *folder, mos_pack_bands *found) {
    char path[4096];
    mos_csv csv = {0};
    int64_t at[COLUMNS + MOS_IDENTITY_FIELDS];
    mosaic_status status;
    *found = MOS_PACK_BANDS_ABSENT;
    MOS_TRY(mos_path_join(path, sizeof path, folder, file_name));
    if (!mos_path_exists(path)) return MOSAIC_OK;
    MOS_GOTO(mos_csv_read(path, 0, &csv));
    for (int c = 0; c < COLUMNS; c++) {
        at[c] = mos_csv_column(&csv, columns[c]);
        if (at[c] < 0) MOS_GOTO(mos_fail(MOSAIC_ERR_DATA, "%s: no column '%s'", path, columns[c]));
    }
    *found = MOS_PACK_BANDS_WHOLE;
    for (int f = 0; f < MOS_IDENTITY_FIELDS; f++) {
        at[COLUMNS + f] = mos_csv_column(&csv, mos_identity_fields[f]);
        if (at[COLUMNS + f] < 0) *found = MOS_PACK_BANDS_UNNAMED;
    }
    if (*found == MOS_PACK_BANDS_UNNAMED) at[COLUMNS] = -1; /* nothing without all of them */
    for (size_t r = 0; r < csv.rows; r++)
        MOS_GOTO(take_row(dataset, &csv, at, path, r));
done:
    mos_csv_release(&csv);
    return status;
}
