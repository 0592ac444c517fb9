#include "fuzz/fuzz_target.h"
#include "io/csv.h"

#include <stdlib.h>
#include <string.h>

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    mos_csv csv;
    static const char delimiters[] = {0, ',', '\t'};
    for (size_t i = 0; i < sizeof delimiters; i++) {
        if (mos_csv_parse((const char *)data, size, "fuzz", delimiters[i], &csv) == MOSAIC_OK) {
            for (size_t row = 1; row < csv.rows; row++)
                if (csv.lines[row] <= csv.lines[row - 1]) abort();
            round_trip(&csv);
        }
        mos_csv_release(&csv);
    }
    return 0;
}
