/* Rounds of a benchmark: roof, case, case, ... again and again, so that what is compared was
 * measured within the same seconds. */
#ifndef MOS_BENCH_BENCH_RUN_H
#define MOS_BENCH_BENCH_RUN_H

#include "base/error.h"
#include "bench/fma_roof.h"

#include <stdbool.h>
#include <stdint.h>

enum { MOS_BENCH_MAX_CASES = 1024, MOS_BENCH_MAX_ROUNDS = 100, MOS_BENCH_LEAST_ROUNDS = 3 };
/* A roof that moved by more than this between rounds makes the figures worthless. */
#define MOS_BENCH_DRIFT_LIMIT 0.15

/* Does the work once or several times and writes the seconds of one time. */
typedef mosaic_status (*mos_bench_work)(void *context, double *seconds);

typedef struct mos_bench_case {
    char name[96];
    mos_bench_work work;
    void *context;
    double seconds[MOS_BENCH_MAX_ROUNDS];
} mos_bench_case;

typedef struct mos_bench_run {
    const char *name;
    int threads; /* of the roof */
    int64_t rounds;
    double roof_ms; /* spent on each number format per round */
    mos_bench_case cases[MOS_BENCH_MAX_CASES];
    int count;
    mos_roof roof[MOS_BENCH_MAX_ROUNDS]; /* median of the samples of a round */
} mos_bench_run;

/* threads: of the roof. MOSAIC_ERR_USAGE when rounds is out of range. */
mosaic_status mos_bench_create(const char *name, int threads, int64_t rounds, mos_bench_run **out);
void mos_bench_destroy(mos_bench_run **run);
/* The case's number is run->count before the call. */
mosaic_status mos_bench_add(mos_bench_run *run, const char *name, mos_bench_work work,
                            void *context);
/* Every case once to warm up, then the rounds. */
mosaic_status mos_bench_measure(mos_bench_run *run);

double mos_bench_median(const mos_bench_run *run, int number); /* seconds */
double mos_bench_best(const mos_bench_run *run, int number);
/* How many times faster `number` is than `other`: the median of the rounds' ratios. */
double mos_bench_ratio(const mos_bench_run *run, int number, int other);
double mos_bench_roof(const mos_bench_run *run, bool bf16); /* GFLOP/s, median */
double mos_bench_drift(const mos_bench_run *run);           /* share by which the fp32 roof moved */

/* The middle of values, sorted in a copy; count at most MOS_BENCH_MAX_ROUNDS. */
double mos_median(const double *values, int64_t count);

#endif
