#include "data/split_file.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/data_options.h"
#include "data/sample_table.h"
#include "io/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char first_line[] = "# mosaic-split-1 sha256=";
static const size_t largest_bytes = (size_t)4 << 30;

mosaic_status mos_split_columns_create(int64_t count, mos_split_columns **out) {
    mos_split_columns *columns;
    mosaic_status status;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof *columns, "split columns", &columns));
    columns->count = count;
    MOS_GOTO(mos_alloc((size_t)count, 1, "split columns", &columns->split));
    MOS_GOTO(mos_alloc((size_t)count, sizeof *columns->fold, "split columns", &columns->fold));
    MOS_GOTO(mos_alloc((size_t)count, 1, "split columns", &columns->labeled));
    for (int64_t i = 0; i < count; i++) {
        columns->split[i] = MOS_SPLIT_NONE;
        columns->fold[i] = -1;
        columns->labeled[i] = UINT8_MAX;
    }
    *out = columns;
    columns = NULL;
done:
    mos_split_columns_destroy(&columns);
    return status;
}

void mos_split_columns_destroy(mos_split_columns **pointer) {
    mos_split_columns *columns = *pointer;
    if (columns == NULL) return;
    mos_free(columns->split);
    mos_free(columns->fold);
    mos_free(columns->labeled);
    mos_free(columns->made_by);
    mos_free(columns);
    *pointer = NULL;
}

void mos_split_columns_move(mos_split_columns *columns, int64_t from, int64_t to) {
    if (columns == NULL) return;
    columns->split[to] = columns->split[from];
    columns->fold[to] = columns->fold[from];
    columns->labeled[to] = columns->labeled[from];
}

static int compare_ids(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

mosaic_status mos_split_hash_ids(const char **ids, size_t count, char end, char hex[65]) {
    mos_text text = {0};
    mosaic_status status = MOSAIC_OK;
    qsort(ids, count, sizeof *ids, compare_ids);
    for (size_t i = 0; i < count; i++) {
        mos_text_add_bytes(&text, ids[i], strlen(ids[i]));
        mos_text_add_bytes(&text, &end, 1);
    }
    if (text.failed)
        status = mos_fail_memory(text.size, "sorted ids");
    else
        mos_sha256(text.data == NULL ? "" : text.data, text.size, hex);
    mos_text_release(&text);
    return status;
}

static mosaic_status hash_ids(const mos_dataset *dataset, char hex[65]) {
    const char **ids;
    const size_t count = (size_t)dataset->count;
    MOS_TRY(mos_alloc(count, sizeof *ids, "sorted ids", &ids));
    memcpy(ids, dataset->ids, count * sizeof *ids);
    const mosaic_status status = mos_split_hash_ids(ids, count, '\0', hex);
    mos_free(ids);
    return status;
}

/* ---- writing ---- */

static void add_settings(const mos_dataset *dataset, const mos_split_columns *columns,
                         mos_text *out) {
    mos_text_add(out, "# ids=%s samples=%lld folds=%lld fractions=", columns->ids_sha256,
                 (long long)dataset->count, (long long)columns->folds);
    for (int f = 0; f < columns->fraction_count; f++) {
        if (f > 0) mos_text_add(out, ";");
        mos_text_add_number(out, columns->fraction[f]);
    }
    mos_text_add(out, " %s\n", columns->made_by == NULL ? "" : columns->made_by);
}

static void add_rows(const mos_dataset *dataset, const mos_split_columns *columns, mos_text *out) {
    mos_text_add(out, "id,split%s%s\n", columns->folds > 0 ? ",fold" : "",
                 columns->fraction_count > 0 ? ",labeled" : "");
    for (int64_t i = 0; i < dataset->count; i++) {
        mos_csv_add_field(out, dataset->ids[i]);
        mos_text_add(out, ",%s", mos_split_names[columns->split[i]]);
        if (columns->folds > 0 && columns->fold[i] >= 0)
            mos_text_add(out, ",%d", columns->fold[i]);
        else if (columns->folds > 0)
            mos_text_add(out, ",");
        if (columns->fraction_count > 0) {
            mos_text_add(out, ",");
            if (columns->labeled[i] < columns->fraction_count)
                mos_text_add_number(out, columns->fraction[columns->labeled[i]]);
            else if (columns->split[i] == MOS_SPLIT_TRAIN)
                mos_text_add(out, "1");
        }
        mos_text_add(out, "\n");
    }
}

mosaic_status mos_split_file_compose(const mos_dataset *dataset, mos_split_columns *columns,
                                     mos_text *out) {
    mos_text body = {0};
    mosaic_status status;
    MOS_GOTO(hash_ids(dataset, columns->ids_sha256));
    add_settings(dataset, columns, &body);
    add_rows(dataset, columns, &body);
    if (body.failed) MOS_GOTO(mos_fail_memory(body.size, "a split file"));
    mos_sha256(body.data, body.size, columns->sha256);
    mos_text_add(out, "%s%s\n", first_line, columns->sha256);
    mos_text_add_bytes(out, body.data, body.size);
    if (out->failed) MOS_GOTO(mos_fail_memory(out->size, "a split file"));
done:
    mos_text_release(&body);
    return status;
}

mosaic_status mos_split_file_write(const mos_dataset *dataset, mos_split_columns *columns,
                                   const char *path) {
    mos_text text = {0};
    mosaic_status status;
    MOS_GOTO(mos_split_file_compose(dataset, columns, &text));
    MOS_GOTO(mos_atomic_write(path, text.data, text.size));
    (void)snprintf(columns->path, sizeof columns->path, "%s", path);
done:
    mos_text_release(&text);
    return status;
}

/* ---- reading ---- */

/* Where the CSV begins, the two comment lines checked. */
static mosaic_status read_head(const char *path, char *data, size_t size,
                               mos_split_columns *columns, const char **csv) {
    char found[65];
    char *line = memchr(data, '\n', size);
    size_t prefix = sizeof first_line - 1;
    if (line == NULL || (size_t)(line - data) < prefix + 64 ||
        memcmp(data, first_line, prefix) != 0)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: no split file: the first line is not '%s...', as `mosaic data split` "
                        "writes it; `mosaic data import-split` makes one of a plain list of ids",
                        path, first_line);
    char *body = line + 1;
    mos_sha256(body, size - (size_t)(body - data), found);
    memcpy(columns->sha256, found, sizeof found);
    if (memcmp(data + prefix, found, 64) != 0)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: changed since it was made: its SHA-256 is %s, its first line says "
                        "%.64s",
                        path, found, data + prefix);
    char *end = memchr(body, '\n', size - (size_t)(body - data));
    const char *ids = end == NULL ? NULL : strstr(body, "# ids=");
    if (ids != body || end - body < 6 + 64)
        return mos_fail(MOSAIC_ERR_DATA, "%s:2: no '# ids=' line", path);
    memcpy(columns->ids_sha256, body + 6, 64);
    *end = '\0';
    MOS_TRY(mos_copy_text(body + 6 + 64, &columns->made_by));
    *csv = end + 1;
    return MOSAIC_OK;
}

/* "fractions=0.01;0.1" and "folds=5" of the second line. */
static mosaic_status read_settings(const char *path, mos_split_columns *columns) {
    const char *folds = strstr(columns->made_by, " folds=");
    const char *list = strstr(columns->made_by, " fractions=");
    char text[32];
    int64_t number;
    double before = 0; /* they rise: each holds the one before */
    if (folds == NULL || list == NULL)
        return mos_fail(MOSAIC_ERR_DATA, "%s:2: no folds= and fractions=", path);
    (void)snprintf(text, sizeof text, "%.*s", (int)strcspn(folds + 7, " "), folds + 7);
    if (!mos_parse_int(text, &number) || number < 0 || number > MOS_SPLIT_MAX_FOLDS)
        return mos_fail(MOSAIC_ERR_DATA, "%s:2: folds=%s is no number of folds", path, text);
    columns->folds = number;
    for (const char *at = list + 11; *at != ' ' && *at != '\0';) {
        size_t length = strcspn(at, "; ");
        double value;
        (void)snprintf(text, sizeof text, "%.*s", (int)length, at);
        if (columns->fraction_count == MOS_SPLIT_MAX_FRACTIONS || !mos_parse_double(text, &value) ||
            !(value > before && value < 1))
            return mos_fail(MOSAIC_ERR_DATA, "%s:2: fractions= lists '%s'", path, text);
        columns->fraction[columns->fraction_count++] = before = value;
        at += length + (at[length] == ';');
    }
    return MOSAIC_OK;
}

typedef struct split_cells {
    const char *path;
    mos_csv csv;
    int64_t id, split, fold, labeled; /* columns, -1: none */
    uint8_t *seen;                    /* [count] */
} split_cells;

/* Two comment lines stand before the table. */
static unsigned line_of(const split_cells *cells, size_t row) {
    return (unsigned)cells->csv.lines[row] + 2;
}

static mosaic_status find_columns(split_cells *cells, const mos_split_columns *columns) {
    cells->id = mos_csv_column(&cells->csv, "id");
    cells->split = mos_csv_column(&cells->csv, "split");
    cells->fold = mos_csv_column(&cells->csv, "fold");
    cells->labeled = mos_csv_column(&cells->csv, "labeled");
    if (cells->id >= 0 && cells->split >= 0 && (cells->fold >= 0) == (columns->folds > 0) &&
        (cells->labeled >= 0) == (columns->fraction_count > 0))
        return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA,
                    "%s:3: wanted the columns id, split and those that line 2 speaks of: fold, "
                    "labeled",
                    cells->path);
}

static mosaic_status read_labeled(const split_cells *cells, size_t row, const char *cell,
                                  const mos_split_columns *columns, uint8_t *out) {
    double value;
    *out = UINT8_MAX;
    if (cell[0] == '\0' || strcmp(cell, "1") == 0) return MOSAIC_OK;
    for (int f = 0; mos_parse_double(cell, &value) && f < columns->fraction_count; f++) {
        if (columns->fraction[f] != value) continue;
        *out = (uint8_t)f;
        return MOSAIC_OK;
    }
    return mos_fail(MOSAIC_ERR_DATA, "%s:%u: labeled is '%.40s', which line 2 does not list",
                    cells->path, line_of(cells, row), cell);
}

static mosaic_status read_row(const mos_dataset *dataset, split_cells *cells, size_t row,
                              mos_split_columns *columns) {
    char **cell = cells->csv.cells + row * cells->csv.columns;
    const char *id = cell[cells->id];
    unsigned line = line_of(cells, row);
    int64_t i = mos_dataset_find(dataset, id), fold;
    mos_split split;
    if (i < 0)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s:%u: sample '%.200s' is not in '%s': the split was made for another "
                        "data set",
                        cells->path, line, id, dataset->root);
    if (cells->seen[i]++)
        return mos_fail(MOSAIC_ERR_DATA, "%s:%u: sample '%.200s' is listed twice", cells->path,
                        line, id);
    MOS_TRY(mos_context(mos_split_parse(cell[cells->split], &split), "%s:%u", cells->path, line));
    columns->split[i] = (uint8_t)split;
    if (cells->fold >= 0 && cell[cells->fold][0] != '\0') {
        if (!mos_parse_int(cell[cells->fold], &fold) || fold < 0 || fold >= columns->folds)
            return mos_fail(MOSAIC_ERR_DATA, "%s:%u: fold '%.40s' is none of 0 to %lld",
                            cells->path, line, cell[cells->fold], (long long)columns->folds - 1);
        columns->fold[i] = (int16_t)fold;
    }
    if (cells->labeled < 0) return MOSAIC_OK;
    return read_labeled(cells, row, cell[cells->labeled], columns, &columns->labeled[i]);
}

static mosaic_status read_rows(const mos_dataset *dataset, split_cells *cells,
                               mos_split_columns *columns) {
    MOS_TRY(find_columns(cells, columns));
    MOS_TRY(mos_alloc((size_t)dataset->count, 1, "listed samples", &cells->seen));
    for (size_t row = 0; row < cells->csv.rows; row++)
        MOS_TRY(read_row(dataset, cells, row, columns));
    for (int64_t i = 0; i < dataset->count; i++)
        if (!cells->seen[i])
            return mos_fail(MOSAIC_ERR_DATA,
                            "%s: sample '%.200s' of '%s' is not listed (%zu are, the data set has "
                            "%lld): the split was made for another data set",
                            cells->path, dataset->ids[i], dataset->root, cells->csv.rows,
                            (long long)dataset->count);
    return MOSAIC_OK;
}

/* ---- taking it over ---- */

static mosaic_status apply_fold(const mos_dataset *dataset, mos_split_columns *columns) {
    int64_t fold = dataset->options.fold, folds = columns->folds;
    bool as_test = dataset->options.fold_as == MOS_FOLD_AS_TEST;
    if (fold < 0) return MOSAIC_OK;
    if (fold >= folds)
        return mos_fail(MOSAIC_ERR_USAGE, "data.fold is %lld, but %s has %lld folds%s",
                        (long long)fold, columns->path, (long long)folds,
                        folds > 0 ? " (numbered from 0)" : "");
    if (as_test && folds < 3)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "data.fold_as: test takes one fold for test and one for validation, and "
                        "%s has %lld; data.fold_as: validation takes one",
                        columns->path, (long long)folds);
    for (int64_t i = 0; i < columns->count; i++) {
        if (columns->fold[i] < 0) continue;
        bool held = columns->fold[i] == fold, next = columns->fold[i] == (fold + 1) % folds;
        columns->split[i] = held              ? as_test ? MOS_SPLIT_TEST : MOS_SPLIT_VALIDATION
                            : as_test && next ? MOS_SPLIT_VALIDATION
                                              : MOS_SPLIT_TRAIN;
    }
    return MOSAIC_OK;
}

mosaic_status mos_split_file_take(mos_dataset *dataset, const char *path, char *data, size_t size) {
    mos_split_columns *columns = NULL;
    split_cells cells = {.path = path};
    const char *csv = NULL;
    mosaic_status status;
    MOS_GOTO(mos_split_columns_create(dataset->count, &columns));
    (void)snprintf(columns->path, sizeof columns->path, "%s", path);
    MOS_GOTO(read_head(path, data, size, columns, &csv));
    MOS_GOTO(read_settings(path, columns));
    MOS_GOTO(mos_csv_parse(csv, size - (size_t)(csv - data), path, ',', &cells.csv));
    MOS_GOTO(read_rows(dataset, &cells, columns));
    MOS_GOTO(apply_fold(dataset, columns));
    memcpy(dataset->splits, columns->split, (size_t)dataset->count);
    columns->origin = (mos_split_origin){.path = columns->path,
                                         .sha256 = columns->sha256,
                                         .ids_sha256 = columns->ids_sha256,
                                         .made_by = columns->made_by + 1,
                                         .folds = columns->folds};
    mos_split_columns_destroy(&dataset->split_columns);
    dataset->split_columns = columns;
    columns = NULL;
done:
    mos_split_columns_destroy(&columns);
    mos_csv_release(&cells.csv);
    mos_free(cells.seen);
    return status;
}

mosaic_status mos_split_file_apply(mos_dataset *dataset, const char *path) {
    char *data = NULL;
    size_t size;
    MOS_TRY(mos_file_read(path, largest_bytes, &data, &size));
    mosaic_status status = mos_split_file_take(dataset, path, data, size);
    mos_free(data);
    return status;
}

const mos_split_origin *mos_dataset_split_origin(const mos_dataset *dataset) {
    return dataset->split_columns == NULL ? NULL : &dataset->split_columns->origin;
}

mosaic_status mos_dataset_labeled_fraction(const mos_dataset *dataset, double fraction,
                                           uint8_t *keep, bool *found) {
    const mos_split_columns *columns = dataset->split_columns;
    mos_text list = {0};
    *found = columns != NULL && columns->fraction_count > 0;
    if (!*found) return MOSAIC_OK;
    for (int f = 0; f < columns->fraction_count; f++) {
        if (columns->fraction[f] != fraction) continue;
        for (int64_t i = 0; i < dataset->count; i++)
            keep[i] = dataset->splits[i] == MOS_SPLIT_TRAIN && columns->labeled[i] <= f;
        return MOSAIC_OK;
    }
    for (int f = 0; f < columns->fraction_count; f++) {
        mos_text_add(&list, f == 0 ? "" : ", ");
        mos_text_add_number(&list, columns->fraction[f]);
    }
    mosaic_status status = mos_fail(
        MOSAIC_ERR_USAGE, "data.labeled.fraction is %g, which %s does not list: it has %s (and 1)",
        fraction, columns->path, list.data == NULL ? "" : list.data);
    mos_text_release(&list);
    return status;
}
