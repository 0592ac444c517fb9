/* What a run would be, without a step of it: --dry-run's answer. */
#include "train/train_state.h"

#include <stdio.h>

static void add_weights(const mos_trainer *trainer, mos_text *out) {
    const mos_objective_options *options = &trainer->objective_options;
    bool first = true;
    for (int k = 0; k < MOS_TERM_COUNT; k++) {
        char number[32];
        double weight = options->weight[k];
        if (!mos_objective_uses(options, (mos_term)k)) continue;
        mos_text_add(out, "%s", first ? "" : " + ");
        if (weight != 1)
            mos_text_add(out, "%s ", mos_format_double(number, sizeof number, weight, 4));
        mos_text_add(out, "%s", mos_terms[k]->name);
        first = false;
    }
    for (int k = 0; k < MOS_TERM_COUNT && trainer->msc_warmup > 0; k++)
        if (mos_terms[k]->warms && mos_objective_uses(options, (mos_term)k))
            mos_text_add(out, ", the weight of %s rising over the first %lld steps",
                         mos_terms[k]->name, (long long)trainer->msc_warmup);
}

void mos_trainer_say_loss(const mos_trainer *trainer) {
    mos_text text = {0};
    add_weights(trainer, &text);
    if (text.size > 0) mos_log(MOS_LOG_NOTICE, "loss = %s", text.data);
    mos_text_release(&text);
}

void mos_trainer_add_draws(const mos_trainer *trainer, mos_text *out) {
    int64_t rows = trainer->batches * trainer->config->settings.train.batch;
    int64_t labeled = mos_loader_labeled_draws(trainer->loader), known = trainer->labeled_count;
    if (labeled == 0)
        mos_text_add(out, "%lld rows an epoch, drawn without regard to labels", (long long)rows);
    else
        mos_text_add(out,
                     "%lld rows an epoch, %lld of them labelled: each labelled patch %.2f times, "
                     "each other %.2f times",
                     (long long)rows, (long long)labeled, (double)labeled / (double)known,
                     (double)(rows - labeled) / (double)(trainer->train_count - known));
}

static void add_inputs(const mos_trainer *trainer, mos_text *out) {
    const mos_model_spec *spec = &trainer->card->spec;
    for (int64_t m = 0; m < spec->modalities; m++) {
        mos_text_add(out, "%-18s", spec->modality[m].name);
        for (int64_t b = 0; b < spec->modality[m].bands; b++)
            mos_text_add(out, " %s", spec->modality[m].band_names[b]);
        mos_text_add(out, ", %lld x %lld pixels\n", (long long)trainer->card->width,
                     (long long)trainer->card->height);
    }
}

/* Reads and augments a batch as the first step would. */
static mosaic_status load_batch(mos_trainer *trainer, mos_text *out) {
    mos_batch *batch;
    int64_t wait, read, augment;
    MOS_TRY(mos_loader_start(trainer->loader, 0, 0));
    MOS_TRY(mos_loader_next(trainer->loader, &batch));
    if (batch == NULL) return mos_fail(MOSAIC_ERR_DATA, "the first epoch has no batch");
    mos_loader_times(trainer->loader, &wait, &read, &augment);
    mos_text_add(out, "%-18s %lld patches x %lld views loaded, %lld skipped\n", "one batch",
                 (long long)batch->valid, (long long)trainer->views.views,
                 (long long)batch->repairs.skipped);
    return MOSAIC_OK;
}

mosaic_status mos_trainer_plan(mos_trainer *trainer, mos_text *out) {
    const mos_settings_train *train = &trainer->config->settings.train;
    mos_run_memory memory;
    mos_text_add(out, "%-18s %s, %s\n", "method", trainer->objective_options.method->name,
                 mos_encoder_names[trainer->card->spec.encoder]);
    mos_text_add(out, "%-18s ", "loss");
    add_weights(trainer, out);
    mos_text_add(out, "\n");
    add_inputs(trainer, out);
    mos_text_add(out, "%-18s %lld training (%lld with labels), %lld validation, %lld classes\n",
                 "patches", (long long)trainer->train_count, (long long)trainer->labeled_count,
                 (long long)trainer->valid_count, (long long)trainer->classes);
    mos_text_add(out, "%-18s %lld in %lld epochs of %lld, batches of %lld\n", "steps",
                 (long long)trainer->schedule.steps, (long long)train->epochs,
                 (long long)trainer->batches, (long long)train->batch);
    mos_text_add(out, "%-18s ", "rows");
    mos_trainer_add_draws(trainer, out);
    mos_text_add(out, "\n");
    MOS_TRY(mos_trainer_memory(trainer, &memory));
    mos_text_add(out,
                 "%-18s %.2f GB: views %.2f, activations %.2f, weights %.2f, gradients and moments "
                 "%.2f, other %.2f\n",
                 "memory", memory.total * 1e-9, memory.views * 1e-9, memory.activations * 1e-9,
                 memory.weights * 1e-9, (memory.gradients + memory.moments) * 1e-9,
                 (memory.total - memory.views - memory.activations - memory.weights -
                  memory.gradients - memory.moments) *
                     1e-9);
    MOS_TRY(load_batch(trainer, out));
    mos_text_add(out, "dry run: no step was done and nothing was written\n");
    return out->failed ? mos_fail_memory(out->size, "a plan") : MOSAIC_OK;
}
