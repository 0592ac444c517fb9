/* What a benchmark found: facts and one table of named rows, printed as text or as one JSON line.
 */
#ifndef MOS_BENCH_BENCH_REPORT_H
#define MOS_BENCH_BENCH_REPORT_H

#include "base/text.h"
#include "bench/bench_run.h"

typedef struct mos_bench_cell {
    int row; /* -1: a fact */
    char key[40], text[100];
    bool is_number;
    double value;
} mos_bench_cell;

typedef struct mos_bench_report {
    const char *name;
    mos_bench_cell *cells;
    size_t count, capacity;
    int rows;
    bool unsteady, failed;
} mos_bench_report;

void mos_bench_fact(mos_bench_report *report, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* digits: after the point, in text; JSON has all of them. */
void mos_bench_fact_number(mos_bench_report *report, const char *key, double value, int digits);
/* The following cells belong to a new row of that name. */
void mos_bench_row(mos_bench_report *report, const char *name);
void mos_bench_number(mos_bench_report *report, const char *key, double value, int digits);
void mos_bench_text(mos_bench_report *report, const char *key, const char *text);
/* Roof and drift of the run as facts; a drift beyond the limit marks the report unsteady. */
void mos_bench_steadiness(mos_bench_report *report, const mos_bench_run *run);
/* The error of an unsteady report. */
mosaic_status mos_bench_unsteady(const char *name);
void mos_bench_print(const mos_bench_report *report, bool json, mos_text *out);
void mos_bench_report_release(mos_bench_report *report);

#endif
