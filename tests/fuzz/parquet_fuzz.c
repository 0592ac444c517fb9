#include "fuzz/fuzz_target.h"
#include "io/parquet.h"

#include <stdlib.h>

/* Touch everything a caller may touch, so that a slice or an index out of range is seen. */
static uint64_t read_column(const mos_column *column, uint64_t rows) {
    uint64_t sum = 0, items = column->starts != NULL ? column->starts[rows] : rows;
    for (uint64_t i = 0; i < rows; i++) {
        if (column->valid != NULL) sum += column->valid[i];
        if (column->integers != NULL) sum += (uint64_t)column->integers[i];
        if (column->reals != NULL) sum += column->reals[i] > 0;
        if (column->starts != NULL && column->starts[i] > column->starts[i + 1]) abort();
    }
    for (uint64_t i = 0; column->texts != NULL && i < items; i++) {
        mos_slice text = column->texts[i];
        if (text.size > 0)
            sum += (uint64_t)column->pool[text.offset] +
                   (uint64_t)column->pool[text.offset + text.size - 1];
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    mos_table table;
    volatile uint64_t sum = 0;
    mosaic_status status = mos_parquet_parse(data, size, "fuzz", NULL, 0, &table);
    for (size_t i = 0; i < table.column_count; i++)
        sum += read_column(&table.columns[i], table.rows);
    if (status != MOSAIC_OK && table.columns != NULL) abort();
    mos_table_release(&table);
    const char *const names[] = {"c", "name"};
    if (mos_parquet_parse(data, size, "fuzz", names, 1, &table) == MOSAIC_OK &&
        table.column_count != 1)
        abort();
    mos_table_release(&table);
    (void)sum;
    return 0;
}
