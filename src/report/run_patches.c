#include "report/run_patches.h"

#include "base/file.h"
#include "base/memory.h"
#include "report/run_table.h"

#include <math.h>
#include <string.h>

enum { FIXED_COLUMNS = 10, MOST_BYTES = 1 << 20 };
const char *const mos_report_role_names[MOS_REPORT_ROLES] = {"best", "worst", "uncertain"};

static int big_endian(const char *bytes) {
    const unsigned char *b = (const unsigned char *)bytes;
    return (int)((unsigned)(b[0] & 0x7f) << 24 | (unsigned)b[1] << 16 | (unsigned)b[2] << 8 | b[3]);
}

static mosaic_status read_picture(const char *folder, const char *name, mos_report_picture *out) {
    static const char begin[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    char path[4096];
    if (name[0] == '/' || strstr(name, ".."))
        return mos_fail(MOSAIC_ERR_DATA, "'%s/patches.csv': picture '%s' lies elsewhere", folder,
                        name);
    MOS_TRY(mos_path_join(path, sizeof path, folder, name));
    MOS_TRY(mos_file_read(path, MOST_BYTES, &out->bytes, &out->size));
    if (out->size < sizeof begin + 8 || memcmp(out->bytes, begin, sizeof begin - 1) != 0)
        return mos_fail(MOSAIC_ERR_DATA, "'%s' is not a PNG picture", path);
    out->width = big_endian(out->bytes + sizeof begin - 1);
    out->height = big_endian(out->bytes + sizeof begin + 3);
    return MOSAIC_OK;
}

static int rank_of(double value) {
    return value >= 1 && value < 1e6 ? (int)value : 0;
}

/* After the fixed columns come two a modality: the picture's file and what it shows. */
static mosaic_status read_patch(const char *folder, const int64_t *c, size_t row,
                                const mos_csv *table, mos_report_patch *out) {
    out->id = mos_run_table_cell(table, row, c[0]);
    for (int role = 0; role < MOS_REPORT_ROLES; role++)
        out->rank[role] = rank_of(mos_run_table_number(table, row, c[1 + role]));
    out->error = mos_run_table_number(table, row, c[4]);
    out->entropy = mos_run_table_number(table, row, c[5]);
    out->labels = mos_run_table_cell(table, row, c[6]);
    out->predicted = mos_run_table_cell(table, row, c[7]);
    out->missed = mos_run_table_cell(table, row, c[8]);
    out->wrong = mos_run_table_cell(table, row, c[9]);
    for (size_t k = FIXED_COLUMNS; k + 1 < table->columns; k += 2) {
        const char *name = mos_run_table_cell(table, row, (int64_t)k);
        if (!name[0] || out->pictures == MOS_REPORT_PICTURES) continue;
        mos_report_picture *picture = &out->picture[out->pictures++];
        picture->modality = table->header[k];
        picture->shows = mos_run_table_cell(table, row, (int64_t)k + 1);
        MOS_TRY(read_picture(folder, name, picture));
    }
    return MOSAIC_OK;
}

mosaic_status mos_run_patches_read(const char *folder, mos_report_patches *out) {
    static const char *const wanted[FIXED_COLUMNS] = {"id",     "best",    "worst",  "uncertain",
                                                      "error",  "entropy", "labels", "predicted",
                                                      "missed", "wrong"};
    int64_t column[FIXED_COLUMNS];
    *out = (mos_report_patches){0};
    MOS_TRY(mos_run_table_open(folder, "patches.csv", wanted, column, FIXED_COLUMNS, &out->table));
    mosaic_status status = mos_alloc(out->table.rows, sizeof *out->patch, "patches", &out->patch);
    for (size_t r = 0; status == MOSAIC_OK && r < out->table.rows; r++)
        status = read_patch(folder, column, r, &out->table, &out->patch[out->count++]);
    if (status != MOSAIC_OK) mos_run_patches_release(out);
    return status;
}

void mos_run_patches_release(mos_report_patches *patches) {
    for (size_t k = 0; k < patches->count; k++)
        for (int p = 0; p < patches->patch[k].pictures; p++)
            mos_free(patches->patch[k].picture[p].bytes);
    mos_free(patches->patch);
    mos_csv_release(&patches->table);
    *patches = (mos_report_patches){0};
}

const mos_report_patch *mos_run_patches_find(const mos_report_patches *patches, const char *id) {
    for (size_t k = 0; k < patches->count && id[0]; k++)
        if (strcmp(patches->patch[k].id, id) == 0) return &patches->patch[k];
    return NULL;
}
