#include "fuzz/fuzz_target.h"
#include "io/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A table that was read, written and read again is the same table. */
static void round_trip(const mos_csv *csv) {
    mos_text text = {0};
    mos_csv again;
    for (size_t i = 0; i < csv->columns; i++) {
        if (i > 0) mos_text_add_bytes(&text, ",", 1);
        mos_csv_add_field(&text, csv->header[i]);
    }
    for (size_t i = 0; i < csv->rows * csv->columns; i++) {
        mos_text_add_bytes(&text, i % csv->columns == 0 ? "\n" : ",", 1);
        mos_csv_add_field(&text, csv->cells[i]);
    }
    if (!text.failed && csv->columns > 1) { /* an empty line is no row of one empty cell */
        if (mos_csv_parse(text.data, text.size, "again", ',', &again) != MOSAIC_OK ||
            again.rows != csv->rows || again.columns != csv->columns)
            abort();
        for (size_t i = 0; i < csv->rows * csv->columns; i++)
            if (strcmp(csv->cells[i], again.cells[i]) != 0) abort();
        mos_csv_release(&again);
    }
    mos_text_release(&text);
}

/* Row by row a table is what it is as a whole; of a wrong one some row is refused. */
static void row_by_row(const uint8_t *data, size_t size, char delimiter, const mos_csv *csv) {
    mos_csv_rows *rows = NULL;
    char *const *cells = NULL;
    char path[64];
    int64_t row = 0;
    const int file = memfd_create("fuzz", 0);
    if (file < 0 || write(file, data, size) != (ssize_t)size) abort();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    mosaic_status status = mos_csv_rows_open(path, delimiter, &rows);
    while (status == MOSAIC_OK) {
        status = mos_csv_rows_read(rows, row, &cells);
        if (status != MOSAIC_OK || cells == NULL) break;
        for (size_t c = 0; csv != NULL && c < csv->columns; c++)
            if (strcmp(cells[c], csv->cells[(size_t)row * csv->columns + c]) != 0) abort();
        row++;
    }
    if ((status == MOSAIC_OK) != (csv != NULL)) abort();
    if (csv != NULL && row != (int64_t)csv->rows) abort();
    mos_csv_rows_close(&rows);
    (void)close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    mos_csv csv;
    static const char delimiters[] = {0, ',', '\t'};
    for (size_t i = 0; i < sizeof delimiters; i++) {
        const bool good =
            mos_csv_parse((const char *)data, size, "fuzz", delimiters[i], &csv) == MOSAIC_OK;
        row_by_row(data, size, delimiters[i], good ? &csv : NULL);
        if (good) {
            for (size_t row = 1; row < csv.rows; row++)
                if (csv.lines[row] <= csv.lines[row - 1]) abort();
            round_trip(&csv);
        }
        mos_csv_release(&csv);
    }
    return 0;
}
