/* Peak memory of a training step against what it has to be: the saved activations of every view,
 * and weights, gradients and two moments. */
#include "bench/bench_list.h"
#include "bench/encoder_work.h"
#include "bench/process_memory.h"
#include "model/model.h"

static void add_row(mos_bench_report *report, const char *name, double bytes, double wanted) {
    mos_bench_row(report, name);
    mos_bench_number(report, "megabytes", 1e-6 * bytes, 1);
    mos_bench_number(report, "times_model", bytes / wanted, 3);
}

mosaic_status mos_memory_bench(const mos_bench_settings *settings, mos_bench_report *report) {
    mos_step_setting setting = mos_bench_step(settings);
    mos_step_rig *step = NULL;
    mos_memory_report plan;
    mosaic_status status = MOSAIC_OK;
    double seconds, loss, before, peak;
    if (settings->quick) setting.batch = 2;
    mos_reset_peak();
    before = mos_resident_bytes();
    MOS_GOTO(mos_step_rig_create("cpu", (mos_precision)settings->precision, settings->threads,
                                 &setting, &step));
    for (int i = 0; i < 2; i++)
        MOS_GOTO(mos_step_rig_run(step, &seconds, &loss));
    peak = mos_peak_bytes() - before;
    mos_model_memory(mos_step_rig_model(step), &plan);
    bool bf16 = mos_step_rig_device(step)->precision == MOS_PRECISION_BF16;
    double samples = (double)(setting.views * setting.batch);
    double views = (double)setting.modalities * samples;
    double input = samples * 14 * (double)(setting.size * setting.size) * sizeof(float);
    double weights = 4.0 * sizeof(float) * (double)mos_model_param_count(mos_step_rig_model(step));
    double saved = views * mos_encoder_saved_values(setting.encoder, true, setting.size) *
                   (bf16 ? 2 : sizeof(float));
    mos_bench_fact(report, "device", "%s", mos_step_rig_device(step)->description);
    mos_bench_fact(report, "encoder", "%s", mos_encoder_names[setting.encoder]);
    mos_bench_fact_number(report, "batch", (double)setting.batch, 0);
    mos_bench_fact_number(report, "views", views, 0);
    mos_bench_fact(report, "bar", "peak without input at most 1.15 times the model");
    add_row(report, "model: activations saved", saved, saved + weights);
    add_row(report, "model: weights, gradients, moments", weights, saved + weights);
    add_row(report, "model", saved + weights, saved + weights);
    add_row(report, "peak without input", peak - input, saved + weights);
    add_row(report, "planned: activations", (double)plan.activations, saved + weights);
    add_row(report, "planned: rows behind the encoders", (double)plan.rows, saved + weights);
    add_row(report, "planned: packed weights", (double)plan.packed, saved + weights);
    add_row(report, "planned: workspace", (double)plan.workspace, saved + weights);
    add_row(report, "input (views as the loader makes them)", input, saved + weights);
done:
    mos_step_rig_destroy(&step);
    return status;
}
