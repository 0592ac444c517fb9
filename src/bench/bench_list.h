/* The benchmarks of `mosaic bench NAME`. Adding one: a file <name>_bench.c with its run function,
 * declared and listed in bench_list.c. */
#ifndef MOS_BENCH_BENCH_LIST_H
#define MOS_BENCH_BENCH_LIST_H

#include "base/options.h"
#include "bench/bench_report.h"
#include "bench/step_rig.h"

/* Options all of them share; each takes what concerns it. */
typedef struct mos_bench_settings {
    int64_t rounds, batch, size, views;
    int encoder;   /* mos_encoder_kind; `quick` takes the smallest */
    int precision; /* 0 bf16, 1 fp32 */
    char *data;    /* a data set; NULL: a procedural one is made for the run */
    char *table;   /* conv: write the table of choices here; NULL: no */
    bool quick;    /* seconds instead of minutes: does it run at all? */
    int threads;   /* filled in by the caller */
} mos_bench_settings;
extern const mos_option_table mos_bench_option_table;
/* The step these settings ask for, on 2 + 12 bands. */
mos_step_setting mos_bench_step(const mos_bench_settings *settings);

typedef struct mos_bench_entry {
    const char *name, *summary;
    mosaic_status (*run)(const mos_bench_settings *settings, mos_bench_report *report);
} mos_bench_entry;
extern const mos_bench_entry mos_bench_entries[]; /* up to a NULL name */

/* Run one by name, "all" for all of them, and print. An unsteady roof is MOSAIC_ERR_RUNTIME, with
 * the report, marked, in `out`; an unknown name names the nearest. */
mosaic_status mos_bench_run_named(const char *name, const mos_bench_settings *settings, bool json,
                                  mos_text *out);
void mos_bench_print_list(mos_text *out);

mosaic_status mos_augment_bench(const mos_bench_settings *settings, mos_bench_report *report);
mosaic_status mos_conv_bench(const mos_bench_settings *settings, mos_bench_report *report);
mosaic_status mos_end_to_end_bench(const mos_bench_settings *settings, mos_bench_report *report);
mosaic_status mos_fma_bench(const mos_bench_settings *settings, mos_bench_report *report);
mosaic_status mos_gemm_bench(const mos_bench_settings *settings, mos_bench_report *report);
mosaic_status mos_loader_bench(const mos_bench_settings *settings, mos_bench_report *report);
mosaic_status mos_loss_bench(const mos_bench_settings *settings, mos_bench_report *report);
mosaic_status mos_memory_bench(const mos_bench_settings *settings, mos_bench_report *report);
mosaic_status mos_norm_bench(const mos_bench_settings *settings, mos_bench_report *report);
mosaic_status mos_ways_bench(const mos_bench_settings *settings, mos_bench_report *report);
mosaic_status mos_scaling_bench(const mos_bench_settings *settings, mos_bench_report *report);

#endif
