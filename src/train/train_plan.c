/* What a run would be, without a step of it: --dry-run's answer. */
#include "train/train_state.h"

#include <stdio.h>

static void add_weights(const mos_objective_options *options, int64_t warmup, mos_text *out) {
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
    for (int k = 0; k < MOS_TERM_COUNT && warmup > 0; k++)
        if (mos_terms[k]->warms && mos_objective_uses(options, (mos_term)k))
            mos_text_add(out, ", the weight of %s rising over the first %lld steps",
                         mos_terms[k]->name, (long long)warmup);
}

void mos_train_say_loss(const mos_train_job *job, const mos_train_learner *learner) {
    mos_text text = {0};
    add_weights(&job->objective, learner->msc_warmup, &text);
    if (text.size > 0) mos_log(MOS_LOG_NOTICE, "loss = %s", text.data);
    mos_text_release(&text);
}

void mos_train_add_draws(const mos_train_data *data, mos_text *out) {
    int64_t rows = data->batches * data->loader_options.batch;
    int64_t labeled = mos_loader_labeled_draws(data->loader), known = data->labeled_count;
    if (labeled == 0)
        mos_text_add(out, "%lld rows an epoch, drawn without regard to labels", (long long)rows);
    else
        mos_text_add(out,
                     "%lld rows an epoch, %lld of them labelled: each labelled patch %.2f times, "
                     "each other %.2f times",
                     (long long)rows, (long long)labeled, (double)labeled / (double)known,
                     (double)(rows - labeled) / (double)(data->train_count - known));
}

static void add_inputs(const mos_model_card *card, mos_text *out) {
    const mos_model_spec *spec = &card->spec;
    for (int64_t m = 0; m < spec->modalities; m++) {
        mos_text_add(out, "%-18s", spec->modality[m].name);
        for (int64_t b = 0; b < spec->modality[m].bands; b++)
            mos_text_add(out, " %s", spec->modality[m].band_names[b]);
        mos_text_add(out, ", %lld x %lld pixels\n", (long long)card->width,
                     (long long)card->height);
    }
}

/* Reads and augments a batch as the first step would. */
static mosaic_status load_batch(const mos_train_data *data, mos_text *out) {
    mos_batch *batch;
    int64_t wait, read, augment;
    MOS_TRY(mos_loader_start(data->loader, 0, 0));
    MOS_TRY(mos_loader_next(data->loader, &batch));
    if (batch == NULL) return mos_fail(MOSAIC_ERR_DATA, "the first epoch has no batch");
    mos_loader_times(data->loader, &wait, &read, &augment);
    mos_text_add(out, "%-18s %lld patches x %lld views loaded, %lld skipped\n", "one batch",
                 (long long)batch->valid, (long long)data->loader_options.views,
                 (long long)batch->repairs.skipped);
    return MOSAIC_OK;
}

mosaic_status mos_trainer_plan(mos_trainer *trainer, mos_text *out) {
    const mos_train_job *job = &trainer->job;
    const mos_train_data *data = &trainer->data;
    const mos_train_learner *learner = &trainer->learner;
    const mos_settings_train *train = &job->config->settings.train;
    mos_run_memory memory;
    mos_text_add(out, "%-18s %s, %s\n", "method", job->objective.method->name,
                 mos_encoder_names[learner->card->spec.encoder]);
    mos_text_add(out, "%-18s ", "loss");
    add_weights(&job->objective, learner->msc_warmup, out);
    mos_text_add(out, "\n");
    add_inputs(learner->card, out);
    mos_text_add(out, "%-18s %lld training (%lld with labels), %lld validation, %lld classes\n",
                 "patches", (long long)data->train_count, (long long)data->labeled_count,
                 (long long)data->valid_count, (long long)data->classes);
    mos_text_add(out, "%-18s %lld in %lld epochs of %lld, batches of %lld\n", "steps",
                 (long long)learner->schedule.steps, (long long)train->epochs,
                 (long long)data->batches, (long long)train->batch);
    mos_text_add(out, "%-18s ", "rows");
    mos_train_add_draws(data, out);
    mos_text_add(out, "\n");
    MOS_TRY(mos_train_memory(job, learner, &memory));
    mos_text_add(out,
                 "%-18s %.2f GB: views %.2f, activations %.2f, weights %.2f, gradients and moments "
                 "%.2f, other %.2f\n",
                 "memory", memory.total * 1e-9, memory.views * 1e-9, memory.activations * 1e-9,
                 memory.weights * 1e-9, (memory.gradients + memory.moments) * 1e-9,
                 (memory.total - memory.views - memory.activations - memory.weights -
                  memory.gradients - memory.moments) *
                     1e-9);
    MOS_TRY(load_batch(data, out));
    mos_text_add(out, "dry run: no step was done and nothing was written\n");
    return out->failed ? mos_fail_memory(out->size, "a plan") : MOSAIC_OK;
}
