#include "data/bigearthnet/metadata.h"

#include "base/memory.h"
#include "data/names/class_lookup.h"
#include "data/sample_table.h"

#include <string.h>
#include <strings.h>

/* One parquet text column with its checks. */
static mosaic_status text_column(const mos_table *table, const char *path, const char *name,
                                 const mos_column **out) {
    const mos_column *column = mos_table_find(table, name);
    if (column == NULL || column->type != MOS_COLUMN_TEXT)
        return mos_fail(MOSAIC_ERR_DATA, "%s: column '%s' is %s, wanted text", path, name,
                        column == NULL ? "missing" : "not text");
    *out = column;
    return MOSAIC_OK;
}

static mosaic_status cell_of(const mos_column *column, int64_t row, const char *path,
                             const char **text, uint32_t *size) {
    if (column->valid != NULL && !column->valid[row])
        return mos_fail(MOSAIC_ERR_DATA, "%s: row %lld: %s is null", path, (long long)row + 1,
                        column->name);
    *text = column->pool + column->texts[row].offset;
    *size = column->texts[row].size;
    return MOSAIC_OK;
}

static mosaic_status split_of(const char *text, size_t size, const char *path, int64_t row,
                              uint8_t *out) {
    char word[64];
    size_t shown = size < sizeof word ? size : sizeof word - 1;
    memcpy(word, text, shown);
    word[shown] = '\0';
    mos_split split = MOS_SPLIT_NONE;
    mosaic_status status = mos_split_parse(word, &split);
    *out = (uint8_t)split;
    return mos_context(status, "%s: row %lld", path, (long long)row);
}

/* Labels of a parquet row: a list of texts, or one text as in CSV. */
static mosaic_status row_labels(mos_class_lookup *lookup, const mos_column *column, int64_t row,
                                int8_t *labels) {
    bool null = column->valid != NULL && !column->valid[row];
    if (null ||
        (column->type == MOS_COLUMN_TEXT_LIST && column->starts[row] == column->starts[row + 1])) {
        memset(labels, -1, (size_t)lookup->dataset->class_count);
        return MOSAIC_OK;
    }
    mos_class_lookup_begin(lookup, labels);
    if (column->type == MOS_COLUMN_TEXT) {
        const mos_slice *slice = &column->texts[row];
        return mos_class_lookup_cell(lookup, column->pool + slice->offset, slice->size);
    }
    for (uint32_t i = column->starts[row]; i < column->starts[row + 1]; i++)
        mos_class_lookup_add(lookup, column->pool + column->texts[i].offset, column->texts[i].size);
    return MOSAIC_OK;
}

static mosaic_status reserve_rows(mos_metadata *out, int64_t rows, int64_t classes) {
    out->rows = rows;
    out->class_count = classes;
    MOS_TRY(mos_alloc((size_t)rows, sizeof *out->row, "metadata rows", &out->row));
    return mos_alloc((size_t)rows, (size_t)classes, "metadata labels", &out->labels);
}

static mosaic_status read_parquet(mos_class_lookup *lookup, mos_metadata *out) {
    mos_dataset *dataset = lookup->dataset;
    const char *path = lookup->path;
    static const char *const names[] = {"patch_id", "labels", "split", "country", "s1_name"};
    MOS_TRY(mos_parquet_read(path, names, sizeof names / sizeof names[0], &out->table));
    const mos_column *ids = NULL, *splits = NULL, *countries = NULL, *partners = NULL,
                     *labels = mos_table_find(&out->table, "labels");
    MOS_TRY(text_column(&out->table, path, "patch_id", &ids));
    MOS_TRY(text_column(&out->table, path, "split", &splits));
    MOS_TRY(text_column(&out->table, path, "country", &countries));
    MOS_TRY(text_column(&out->table, path, "s1_name", &partners));
    if (labels == NULL || (labels->type != MOS_COLUMN_TEXT_LIST && labels->type != MOS_COLUMN_TEXT))
        return mos_fail(MOSAIC_ERR_DATA, "%s: column 'labels' is not a list of texts", path);
    MOS_TRY(reserve_rows(out, (int64_t)out->table.rows, dataset->class_count));
    out->has_s1_names = true;
    for (int64_t r = 0; r < out->rows; r++) {
        mos_metadata_row *row = &out->row[r];
        const char *text = NULL;
        uint32_t size = 0;
        MOS_TRY(cell_of(ids, r, path, &row->id, &row->id_size));
        MOS_TRY(cell_of(partners, r, path, &row->s1, &row->s1_size));
        MOS_TRY(cell_of(splits, r, path, &text, &size));
        MOS_TRY(split_of(text, size, path, r + 1, &row->split));
        MOS_TRY(cell_of(countries, r, path, &text, &size));
        MOS_TRY(mos_dataset_country(dataset, text, size, &row->country));
        lookup->row = r + 1;
        lookup->id = row->id;
        lookup->id_size = row->id_size;
        MOS_TRY(row_labels(lookup, labels, r, out->labels + r * out->class_count));
    }
    return MOSAIC_OK;
}

typedef struct csv_columns {
    int64_t id, labels, split, country, s1;
    int64_t first_class, class_count;
} csv_columns;

static mosaic_status find_columns(mos_dataset *dataset, const mos_csv *csv, const char *path,
                                  csv_columns *out) {
    bool fresh = dataset->class_count == 0;
    *out = (csv_columns){.id = mos_csv_column(csv, "patch_id"),
                         .labels = mos_csv_column(csv, "labels"),
                         .split = mos_csv_column(csv, "split"),
                         .country = mos_csv_column(csv, "country"),
                         .s1 = mos_csv_column(csv, "s1_name"),
                         .first_class = -1};
    if (out->id < 0) out->id = mos_csv_column(csv, "id");
    if (out->id < 0) return mos_fail(MOSAIC_ERR_DATA, "%s: no column 'patch_id' or 'id'", path);
    if (out->split < 0) return mos_fail(MOSAIC_ERR_DATA, "%s: no column 'split'", path);
    MOS_TRY(mos_class_columns(dataset, csv, fresh, path, &out->first_class, &out->class_count));
    if (out->class_count == 0 && out->labels < 0)
        return mos_fail(MOSAIC_ERR_DATA, "%s: no column 'labels'", path);
    /* A pack of a set without classes has none; a table of texts has BigEarthNet's. */
    bool packed = false;
    for (size_t c = 0; c < csv->columns; c++)
        packed = packed || strncmp(csv->header[c], "record:", 7) == 0;
    return packed || dataset->class_count > 0 ? MOSAIC_OK : mos_default_classes(dataset);
}

static mosaic_status read_table(mos_class_lookup *lookup, mos_metadata *out) {
    mos_dataset *dataset = lookup->dataset;
    const char *path = lookup->path;
    MOS_TRY(mos_csv_read(path, 0, &out->csv));
    const mos_csv *csv = &out->csv;
    csv_columns at;
    MOS_TRY(find_columns(dataset, csv, path, &at));
    MOS_TRY(reserve_rows(out, (int64_t)csv->rows, dataset->class_count));
    out->has_s1_names = at.s1 >= 0;
    for (int64_t r = 0; r < out->rows; r++) {
        mos_metadata_row *row = &out->row[r];
        char **cells = csv->cells + r * (int64_t)csv->columns;
        row->id = cells[at.id];
        row->id_size = (uint32_t)strlen(row->id);
        if (row->id_size == 0)
            return mos_fail(MOSAIC_ERR_DATA, "%s:%u: empty id", path, csv->lines[r]);
        if (at.s1 >= 0 && cells[at.s1][0] != '\0') {
            row->s1 = cells[at.s1];
            row->s1_size = (uint32_t)strlen(row->s1);
        }
        MOS_TRY(
            split_of(cells[at.split], strlen(cells[at.split]), path, csv->lines[r], &row->split));
        const char *country = at.country < 0 ? "" : cells[at.country];
        MOS_TRY(mos_dataset_country(dataset, country, strlen(country), &row->country));
        int8_t *labels = out->labels + r * out->class_count;
        lookup->row = csv->lines[r];
        lookup->id = row->id;
        lookup->id_size = row->id_size;
        if (at.class_count > 0) {
            MOS_TRY(mos_class_cells(cells + at.first_class, at.class_count, path, csv->lines[r],
                                    labels));
        } else {
            mos_class_lookup_begin(lookup, labels);
            MOS_TRY(mos_class_lookup_cell(lookup, cells[at.labels], strlen(cells[at.labels])));
        }
    }
    return MOSAIC_OK;
}

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcasecmp(text + n - m, end) == 0;
}

mosaic_status mos_metadata_read(mos_dataset *dataset, const char *path, mos_metadata *out) {
    *out = (mos_metadata){0};
    mosaic_status status = MOSAIC_OK;
    mos_class_lookup lookup = {.dataset = dataset, .path = path};
    if (ends_with(path, ".parquet")) {
        if (dataset->class_count == 0) MOS_GOTO(mos_default_classes(dataset));
        MOS_GOTO(read_parquet(&lookup, out));
    } else {
        MOS_GOTO(read_table(&lookup, out));
    }
done:
    status = mos_class_lookup_end(&lookup, status);
    if (status != MOSAIC_OK) mos_metadata_release(out);
    return status;
}

void mos_metadata_release(mos_metadata *metadata) {
    mos_free(metadata->row);
    mos_free(metadata->labels);
    mos_csv_release(&metadata->csv);
    mos_table_release(&metadata->table);
    *metadata = (mos_metadata){0};
}
