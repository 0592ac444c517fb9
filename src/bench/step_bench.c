#include "bench/step_bench.h"

#include "bench/encoder_work.h"

#include <stdio.h>
#include <string.h>

enum { FORMATS = 2, OURS = 2 * FORMATS };
static const struct {
    const char *name;
    mos_precision precision;
} formats[FORMATS] = {{"mosaic bf16", MOS_PRECISION_BF16}, {"mosaic fp32", MOS_PRECISION_FP32}};

static mosaic_status run_step(void *context, double *seconds) {
    double loss;
    return mos_step_rig_run(context, seconds, &loss);
}

/* A processor without bf16 gives a notice and no such case. */
static mosaic_status add_ours(const mos_peer_bench_options *options, mos_bench_run *run,
                              mos_step_rig *steps[OURS]) {
    const bool wanted[FORMATS] = {options->bf16, options->fp32};
    const int ways = options->side_by_side ? 2 : 1;
    for (int i = 0; i < FORMATS * ways; i++) {
        const int format = i / ways;
        mos_step_setting setting = options->setting;
        char name[64];
        if (!wanted[format]) continue;
        setting.workers = i % ways == 0 ? 0 : options->threads;
        (void)snprintf(name, sizeof name, "%s%s", formats[format].name,
                       i % ways == 0 ? "" : ", side by side");
        MOS_TRY(mos_step_rig_create("cpu", formats[format].precision, options->threads, &setting,
                                    &steps[run->count]));
        if (mos_step_rig_device(steps[run->count])->precision != formats[format].precision)
            mos_step_rig_destroy(&steps[run->count]);
        else
            MOS_TRY(mos_bench_add(run, name, run_step, steps[run->count]));
    }
    return MOSAIC_OK;
}

static int64_t trained(mos_step_rig *step) {
    int64_t count, sum = 0;
    const mos_parameter *items = mos_model_parameters(mos_step_rig_model(step), &count);
    for (int64_t i = 0; i < count; i++)
        sum += items[i].trainable ? items[i].count : 0;
    return sum;
}

/* How many times faster than in turn. */
static void compare_ways(const mos_bench_run *run, int ours, mos_bench_report *report) {
    for (int i = 1; i < ours; i += 2) {
        const bool bf16 = strstr(run->cases[i].name, "bf16") != NULL;
        mos_bench_fact(report, bf16 ? "side_by_side_bf16" : "side_by_side_fp32",
                       "%.3f times as fast as in turn", mos_bench_ratio(run, i, i - 1));
    }
}

static double view_flops(const mos_step_setting *s) {
    double sum = 0;
    for (int64_t m = 0; m < s->modalities; m++)
        sum += mos_encoder_step_flops(s->encoder, true, s->bands[m], s->size);
    return sum / (double)s->modalities;
}

static void add_memory(const mos_bench_run *run, mos_step_rig *const *steps, int ours,
                       mos_bench_report *report) {
    for (int i = 0; i < ours; i++) {
        mos_memory_report memory;
        mos_model_memory(mos_step_rig_model(steps[i]), &memory);
        mos_bench_fact(report, run->cases[i].name,
                       "parameters %.1f, gradients %.1f, activations %.1f, packed %.1f, workspace "
                       "%.1f MB",
                       1e-6 * (double)memory.parameters, 1e-6 * (double)memory.gradients,
                       1e-6 * (double)memory.activations, 1e-6 * (double)memory.packed,
                       1e-6 * (double)memory.workspace);
    }
}

static void add_layer(void *context, const char *layer, const char *direction,
                      const char *implementation) {
    mos_bench_row(context, layer);
    mos_bench_text(context, "direction", direction);
    mos_bench_text(context, "implementation", implementation);
}

mosaic_status mos_step_bench(const mos_peer_bench_options *options, mos_bench_report *report) {
    const mos_step_setting *s = &options->setting;
    mos_step_rig *steps[OURS] = {NULL};
    mos_peer_cases peers = {.count = 0};
    mos_bench_run *run = NULL;
    mosaic_status status;
    MOS_GOTO(mos_bench_create("bench step", options->threads, options->rounds, &run));
    MOS_GOTO(add_ours(options, run, steps));
    MOS_GOTO(mos_peer_cases_add(options, steps[0] ? trained(steps[0]) : 0, run, &peers));
    MOS_GOTO(mos_bench_measure(run));
    mos_bench_fact(report, "step",
                   "%s, batch %lld, %lld view sets, %lld px, %lld modalities, losses and optimizer "
                   "included",
                   s->method, (long long)s->batch, (long long)s->views, (long long)s->size,
                   (long long)s->modalities);
    add_memory(run, steps, peers.first, report);
    if (options->side_by_side) compare_ways(run, peers.first, report);
    mos_peer_cases_report(&peers, run, (double)(s->batch * s->views * s->modalities), view_flops(s),
                          report);
    for (int i = 0; i < peers.first && options->layers; i++)
        mos_model_layers(mos_step_rig_model(steps[i]), add_layer, report);
done:
    mos_peer_cases_stop(&peers);
    for (int i = 0; i < OURS; i++)
        mos_step_rig_destroy(&steps[i]);
    mos_bench_destroy(&run);
    return status;
}
