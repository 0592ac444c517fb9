#include "bench/bench_report.h"

#include "base/json_writer.h"
#include "base/memory.h"
#include "base/simd.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MOST_COLUMNS = 24 };

/* NULL when memory is gone; then the report is failed. */
static mos_bench_cell *new_cell(mos_bench_report *report, int row, const char *key) {
    if (report->failed || mos_grow(&report->cells, &report->capacity, report->count + 1,
                                   sizeof *report->cells, "benchmark report") != MOSAIC_OK) {
        report->failed = true;
        return NULL;
    }
    mos_bench_cell *cell = &report->cells[report->count++];
    *cell = (mos_bench_cell){.row = row};
    (void)snprintf(cell->key, sizeof cell->key, "%s", key);
    return cell;
}

static void add_number(mos_bench_report *report, int row, const char *key, double value,
                       int digits) {
    mos_bench_cell *cell = new_cell(report, row, key);
    if (cell == NULL) return;
    cell->is_number = true;
    cell->value = value;
    mos_text text = {0};
    mos_text_add(&text, "%.*f", digits, value);
    (void)snprintf(cell->text, sizeof cell->text, "%s",
                   text.data && isfinite(value) ? text.data : "-");
    mos_text_release(&text);
}

void mos_bench_fact(mos_bench_report *report, const char *key, const char *format, ...) {
    mos_bench_cell *cell = new_cell(report, -1, key);
    if (cell == NULL) return;
    va_list arguments;
    va_start(arguments, format);
    (void)mos_vformat(cell->text, sizeof cell->text, format, arguments);
    va_end(arguments);
}

void mos_bench_fact_number(mos_bench_report *report, const char *key, double value, int digits) {
    add_number(report, -1, key, value, digits);
}

void mos_bench_row(mos_bench_report *report, const char *name) {
    report->rows++;
    mos_bench_text(report, "name", name);
}

void mos_bench_number(mos_bench_report *report, const char *key, double value, int digits) {
    add_number(report, report->rows - 1, key, value, digits);
}

void mos_bench_text(mos_bench_report *report, const char *key, const char *text) {
    mos_bench_cell *cell = new_cell(report, report->rows - 1, key);
    if (cell != NULL) (void)snprintf(cell->text, sizeof cell->text, "%s", text);
}

void mos_bench_steadiness(mos_bench_report *report, const mos_bench_run *run) {
    double drift = mos_bench_drift(run);
    char processor[MOS_PROCESSOR_NAME];
    mos_processor_name(processor);
    report->unsteady = report->unsteady || drift > MOS_BENCH_DRIFT_LIMIT;
    mos_bench_fact(report, "processor", "%s", processor);
    mos_bench_fact_number(report, "rounds", (double)run->rounds, 0);
    mos_bench_fact_number(report, "threads", run->threads, 0);
    mos_bench_fact_number(report, "roof_fp32_gflops", mos_bench_roof(run, false), 0);
    mos_bench_fact_number(report, "roof_bf16_gflops", mos_bench_roof(run, true), 0);
    mos_bench_fact_number(report, "roof_moved_percent", 100 * drift, 1);
}

mosaic_status mos_bench_unsteady(const char *name) {
    return mos_fail(MOSAIC_ERR_RUNTIME,
                    "bench %s: the processor's roof moved by more than %.0f %% during the run: run "
                    "it again on a quiet machine",
                    name, 100 * MOS_BENCH_DRIFT_LIMIT);
}

/* Columns in the order in which their keys appear. */
static int find_columns(const mos_bench_report *report, const char *keys[MOST_COLUMNS],
                        int widths[MOST_COLUMNS]) {
    int columns = 0;
    for (size_t i = 0; i < report->count; i++) {
        const mos_bench_cell *cell = &report->cells[i];
        int c = 0;
        if (cell->row < 0) continue;
        while (c < columns && strcmp(keys[c], cell->key) != 0)
            c++;
        if (c == MOST_COLUMNS) continue;
        if (c == columns) {
            keys[columns++] = cell->key;
            widths[c] = (int)strlen(cell->key);
        }
        if ((int)strlen(cell->text) > widths[c]) widths[c] = (int)strlen(cell->text);
    }
    return columns;
}

static const mos_bench_cell *find_cell(const mos_bench_report *report, int row, const char *key) {
    for (size_t i = 0; i < report->count; i++)
        if (report->cells[i].row == row && strcmp(report->cells[i].key, key) == 0)
            return &report->cells[i];
    return NULL;
}

static bool is_text_column(const mos_bench_report *report, const char *key) {
    for (size_t i = 0; i < report->count; i++)
        if (report->cells[i].row >= 0 && strcmp(report->cells[i].key, key) == 0)
            return !report->cells[i].is_number;
    return false;
}

static void print_text(const mos_bench_report *report, mos_text *out) {
    const char *keys[MOST_COLUMNS];
    int widths[MOST_COLUMNS], columns = find_columns(report, keys, widths);
    mos_text_add(out, "bench %s%s\n", report->name,
                 report->unsteady ? ": UNSTEADY, do not quote these figures" : "");
    for (size_t i = 0; i < report->count; i++)
        if (report->cells[i].row < 0)
            mos_text_add(out, "%s: %s\n", report->cells[i].key, report->cells[i].text);
    for (int row = -1; row < report->rows; row++) {
        for (int c = 0; c < columns; c++) {
            const mos_bench_cell *cell = row < 0 ? NULL : find_cell(report, row, keys[c]);
            const char *text = row < 0 ? keys[c] : cell ? cell->text : "";
            int width = is_text_column(report, keys[c]) ? -widths[c] : widths[c];
            mos_text_add(out, "%s%*s", c ? "  " : "", width, text);
        }
        mos_text_add(out, "\n");
    }
}

static void add_cell(mos_json *json, const mos_bench_cell *cell) {
    if (cell->is_number)
        mos_json_number(json, cell->key, cell->value);
    else
        mos_json_string(json, cell->key, cell->text);
}

static void print_json(const mos_bench_report *report, mos_text *out) {
    mos_json json = {.flat = true};
    mos_json_open(&json, NULL, '{');
    mos_json_string(&json, "bench", report->name);
    mos_json_bool(&json, "steady", !report->unsteady);
    for (size_t i = 0; i < report->count; i++)
        if (report->cells[i].row < 0) add_cell(&json, &report->cells[i]);
    mos_json_open(&json, "rows", '[');
    size_t i = 0;
    for (int row = 0; row < report->rows; row++) {
        mos_json_open(&json, NULL, '{');
        for (; i < report->count && report->cells[i].row <= row; i++)
            if (report->cells[i].row == row) add_cell(&json, &report->cells[i]);
        mos_json_close(&json, '}');
    }
    mos_json_close(&json, ']');
    mos_json_close(&json, '}');
    if (mos_json_end(&json) == MOSAIC_OK)
        mos_text_add_bytes(out, json.text.data, json.text.size);
    else
        out->failed = true;
    mos_json_release(&json);
}

void mos_bench_print(const mos_bench_report *report, bool json, mos_text *out) {
    out->failed = out->failed || report->failed;
    if (json)
        print_json(report, out);
    else
        print_text(report, out);
}

void mos_bench_report_release(mos_bench_report *report) {
    mos_free(report->cells);
    *report = (mos_bench_report){0};
}
