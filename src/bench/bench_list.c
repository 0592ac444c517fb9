#include "bench/bench_list.h"

#include "base/text.h"
#include "model/model.h"

#include <stddef.h>
#include <string.h>

#define AT(field) .offset = offsetof(mos_bench_settings, field)
static const mos_option options_list[] = {
    {.key = "rounds",
     .type = MOS_OPTION_INT,
     AT(rounds),
     .fallback = "5",
     .minimum = MOS_BENCH_LEAST_ROUNDS,
     .maximum = MOS_BENCH_MAX_ROUNDS,
     .help = "rounds; each measures the roof and every case once"},
    {.key = "batch",
     .type = MOS_OPTION_INT,
     AT(batch),
     .fallback = "32",
     .minimum = 2,
     .maximum = 65536,
     .help = "samples per view set"},
    {.key = "size",
     .type = MOS_OPTION_INT,
     AT(size),
     .fallback = "120",
     .minimum = 16,
     .maximum = 1024,
     .unit = "px",
     .help = "side of a patch"},
    {.key = "encoder",
     .type = MOS_OPTION_CHOICE,
     AT(encoder),
     .fallback = "resnet34",
     .choices = mos_encoder_names,
     .help = "of the step: conv, memory, ways, end-to-end and scaling"},
    {.key = "views",
     .type = MOS_OPTION_INT,
     AT(views),
     .fallback = "2",
     .minimum = 2,
     .maximum = 3,
     .help = "view sets per modality of that step; 3: with a separate anchor"},
    {.key = "precision",
     .type = MOS_OPTION_CHOICE,
     AT(precision),
     .fallback = "bf16",
     .choices = mos_precision_choices + MOS_PRECISION_CHOICE_FP32, /* behind "auto" */
     .help = "of the step"},
    {.key = "data",
     .type = MOS_OPTION_PATH,
     AT(data),
     .help = "data set of loader and end-to-end; by default a procedural one, packed, made for the "
             "run"},
    {.key = "write-table",
     .type = MOS_OPTION_PATH,
     AT(table),
     .help = "conv: measure every algorithm and put this processor's choices into this file "
             "(src/compute/cpu/conv_choices.h); with --batch as many patches as go through an "
             "encoder at once"},
    {.key = "quick",
     .type = MOS_OPTION_BOOL,
     AT(quick),
     .fallback = "false",
     .help = "small sizes, seconds instead of minutes: only whether it runs"},
};
#undef AT
const mos_option_table mos_bench_option_table = {"bench", options_list,
                                                 sizeof options_list / sizeof *options_list};

const mos_bench_entry mos_bench_entries[] = {
    {"fma", "the roof: multiply-adds per second on one thread and on all", mos_fma_bench},
    {"conv",
     "every convolution by direction and number format, its implementation and share of "
     "the roof",
     mos_conv_bench},
    {"gemm",
     "matrix products of losses, layers and measures: share of the roof of multiply-adds and of "
     "memory, and OpenBLAS",
     mos_gemm_bench},
    {"bn", "batch norm against copying the same bytes", mos_norm_bench},
    {"loss", "the contrastive loss by row blocks against the whole matrix", mos_loss_bench},
    {"augment", "views against the plain scalar way", mos_augment_bench},
    {"loader", "samples per second, and the stage that limits them", mos_loader_bench},
    {"memory", "what a step takes against what it should", mos_memory_bench},
    {"ways", "recomputing, cached gradients, encoders side by side: memory and time of a step",
     mos_ways_bench},
    {"end-to-end", "steps fed by the loader against steps on synthetic input",
     mos_end_to_end_bench},
    {"scaling", "a step on one thread against all", mos_scaling_bench},
    {NULL, NULL, NULL},
};

static mosaic_status run_entry(const mos_bench_entry *entry, const mos_bench_settings *settings,
                               bool json, mos_text *out) {
    mos_bench_report report = {.name = entry->name};
    mosaic_status status = entry->run(settings, &report);
    bool unsteady = report.unsteady;
    if (status == MOSAIC_OK) mos_bench_print(&report, json, out);
    mos_bench_report_release(&report);
    MOS_TRY(mos_context(status, "bench %s", entry->name));
    return unsteady && !settings->quick ? mos_bench_unsteady(entry->name) : MOSAIC_OK;
}

mosaic_status mos_bench_run_named(const char *name, const mos_bench_settings *settings, bool json,
                                  mos_text *out) {
    const char *names[32];
    size_t count = 0;
    mosaic_status status = MOSAIC_OK;
    for (const mos_bench_entry *entry = mos_bench_entries; entry->name; entry++) {
        names[count++] = entry->name;
        if (strcmp(name, entry->name) == 0) return run_entry(entry, settings, json, out);
        if (strcmp(name, "all") != 0) continue;
        mosaic_status one = run_entry(entry, settings, json, out);
        if (status == MOSAIC_OK) status = one;
    }
    if (strcmp(name, "all") == 0) return status;
    const char *near = mos_nearest_name(name, names, count);
    return mos_fail(MOSAIC_ERR_USAGE, "no benchmark '%s'%s%s%s; mosaic bench lists them", name,
                    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

void mos_bench_print_list(mos_text *out) {
    mos_text_add(out, "benchmarks (mosaic bench NAME, all: every one of these):\n");
    for (const mos_bench_entry *entry = mos_bench_entries; entry->name; entry++)
        mos_text_add(out, "  %-12s %s\n", entry->name, entry->summary);
}
