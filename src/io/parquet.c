#include "io/parquet.h"

#include "base/memory.h"
#include "io/file_map.h"
#include "io/parquet_column.h"
#include "io/parquet_footer.h"

#include <string.h>

/* A decoded table may take this much, or this many times the file: real metadata tables take 20 to
 * 60 times their size. */
static const uint64_t least_budget_bytes = (uint64_t)256 << 20, budget_per_byte = 256;

static mosaic_status fail_absent(const mos_parquet_footer *footer, const char *name) {
    const char **names;
    MOS_TRY(mos_alloc(footer->field_count, sizeof *names, "column names", &names));
    for (size_t i = 0; i < footer->field_count; i++)
        names[i] = footer->fields[i].name;
    const char *nearest = mos_nearest_name(name, names, footer->field_count);
    char shown[100];
    mosaic_status status =
        nearest == NULL ? mos_fail(MOSAIC_ERR_DATA, "no column \"%s\"", name)
                        : mos_fail(MOSAIC_ERR_DATA, "no column \"%s\", the nearest is \"%s\"", name,
                                   mos_shown_text(nearest, strlen(nearest), shown, sizeof shown));
    mos_free(names);
    return status;
}

/* Indices of the asked fields, or of all that can be read. */
static mosaic_status choose_fields(const mos_parquet_footer *footer, const char *const *names,
                                   size_t count, size_t *chosen, size_t *chosen_count) {
    *chosen_count = 0;
    if (names == NULL) {
        for (size_t i = 0; i < footer->field_count; i++)
            if (footer->fields[i].unsupported == NULL) chosen[(*chosen_count)++] = i;
        return MOSAIC_OK;
    }
    for (size_t n = 0; n < count; n++) {
        size_t i = 0;
        while (i < footer->field_count && strcmp(footer->fields[i].name, names[n]) != 0)
            i++;
        if (i == footer->field_count) return fail_absent(footer, names[n]);
        if (footer->fields[i].unsupported != NULL)
            return mos_fail(MOSAIC_ERR_DATA, "column \"%s\" is %s, which is not supported",
                            names[n], footer->fields[i].unsupported);
        chosen[(*chosen_count)++] = i;
    }
    return MOSAIC_OK;
}

static mosaic_status parse_table(const void *data, size_t size, const char *const *names,
                                 size_t count, mos_table *out) {
    mos_parquet_footer footer;
    MOS_TRY(mos_parquet_footer_read(data, size, &footer));
    size_t *chosen = NULL, chosen_count = 0;
    mosaic_status status;
    uint64_t bytes =
        least_budget_bytes > size * budget_per_byte ? least_budget_bytes : size * budget_per_byte;
    mos_parquet_budget budget = {.left = bytes, .total = bytes};
    MOS_GOTO(mos_alloc(names == NULL ? footer.field_count : count, sizeof *chosen, "column choice",
                       &chosen));
    MOS_GOTO(choose_fields(&footer, names, count, chosen, &chosen_count));
    MOS_GOTO(mos_parquet_chunks_read(&footer, chosen, chosen_count));
    MOS_GOTO(mos_alloc(chosen_count, sizeof *out->columns, "Parquet columns", &out->columns));
    out->column_count = chosen_count;
    out->rows = footer.rows;
    for (size_t i = 0; i < chosen_count; i++)
        MOS_GOTO(mos_parquet_column_read(data, &footer, &footer.fields[chosen[i]], i, chosen_count,
                                         &budget, &out->columns[i]));
done:
    mos_free(chosen);
    mos_parquet_footer_release(&footer);
    return status;
}

mosaic_status mos_parquet_parse(const void *data, size_t size, const char *what,
                                const char *const *names, size_t count, mos_table *out) {
    memset(out, 0, sizeof *out);
    mosaic_status status = parse_table(data, size, names, count, out);
    if (status == MOSAIC_OK) return MOSAIC_OK;
    mos_table_release(out);
    return mos_context(status, "%s", what);
}

mosaic_status mos_parquet_read(const char *path, const char *const *names, size_t count,
                               mos_table *out) {
    memset(out, 0, sizeof *out);
    mos_file_map map;
    MOS_TRY(mos_file_map_open(path, UINT64_MAX, &map));
    mosaic_status status = mos_parquet_parse(map.data, map.size, path, names, count, out);
    mos_file_map_release(&map);
    return status;
}

void mos_table_release(mos_table *table) {
    for (size_t i = 0; table->columns != NULL && i < table->column_count; i++) {
        mos_column *column = &table->columns[i];
        mos_free(column->valid);
        mos_free(column->texts);
        mos_free(column->starts);
        mos_free(column->integers);
        mos_free(column->reals);
        mos_free(column->pool);
    }
    mos_free(table->columns);
    memset(table, 0, sizeof *table);
}

const mos_column *mos_table_find(const mos_table *table, const char *name) {
    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, name) == 0) return &table->columns[i];
    return NULL;
}
