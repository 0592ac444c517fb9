/* After the last step: the best weights, thresholds tuned on validation, and the model's files. */
#include "train/train_state.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/identity_fields.h"

#include <stdio.h>
#include <string.h>

/* Weights of the best checkpoint, or the present ones where there is none (or it is damaged). */
static mosaic_status take_best(mos_trainer *trainer) {
    int64_t best = trainer->at.best_step;
    mos_train_share_weights(&trainer->learner);
    if (best == 0 || best == trainer->at.step) return MOSAIC_OK;
    mosaic_status status = mos_checkpoint_weights(trainer, best, trainer->learner.eval_model);
    if (status != MOSAIC_ERR_DATA && status != MOSAIC_ERR_IO) return status;
    mos_log(MOS_LOG_WARNING, "the best checkpoint cannot be read, the last weights are used: %s",
            mosaic_error());
    mos_train_share_weights(&trainer->learner);
    return MOSAIC_OK;
}

static mosaic_status tune(mos_train_learner *learner, mos_train_data *data,
                          mos_validation *validation) {
    mos_model_card *card = learner->card;
    card->has_thresholds = false;
    for (int64_t l = 0; l < data->classes; l++)
        card->threshold[l] = 0.5;
    MOS_TRY(mos_train_validate(learner, data, validation));
    if (!validation->valid) return MOSAIC_OK;
    MOS_TRY(mos_threshold_tune(validation->probability, validation->labels, validation->n,
                               data->classes, card->threshold, &card->global_threshold));
    card->threshold_precision = learner->device->precision;
    card->has_thresholds = true;
    return MOSAIC_OK;
}

/* ---- the model card for people ---- */

static void add_bands(const mos_model_card *card, mos_text *out) {
    mos_text_add(out, "| modality | band, in channel order | role | named by | unit | level | "
                      "no-data |\n|---|---|---|---|---|---|---|\n");
    for (int64_t m = 0; m < card->spec.modalities; m++) {
        const mos_modality_spec *modality = &card->spec.modality[m];
        for (int64_t b = 0; b < modality->bands; b++) {
            static const mos_identity_field shown[] = {MOS_IDENTITY_ROLE, MOS_IDENTITY_NAMED_BY,
                                                       MOS_IDENTITY_UNIT, MOS_IDENTITY_LEVEL,
                                                       MOS_IDENTITY_NODATA};
            mos_text_add(out, "| %s | %s |", modality->name, modality->band_names[b]);
            for (size_t f = 0; f < sizeof shown / sizeof *shown; f++) {
                mos_text_add(out, " ");
                mos_identity_write(&card->identity[m][b], modality->band_names[b], shown[f], out);
                mos_text_add(out, " |");
            }
            mos_text_add(out, "\n");
        }
    }
}

static void add_scores(const mos_trainer *trainer, const mos_validation *validation,
                       mos_text *out) {
    if (!validation->valid) {
        mos_text_add(out, "There were no labelled validation patches: nothing was measured and the "
                          "thresholds are 0.5.\n");
        return;
    }
    const mos_metrics *metrics = &validation->metrics;
    char number[4][32];
    mos_text_add(
        out,
        "On %lld validation patches, threshold 0.5: macro AP %s, micro AP %s, macro F1 %s, "
        "micro F1 %s; macro means are over the %lld of %lld classes that have positives and "
        "negatives there. The thresholds in the file were tuned on the same patches, on scores "
        "computed in %s%s.\n",
        (long long)validation->n,
        mos_format_double(number[0], 32, metrics->macro.average_precision, 4),
        mos_format_double(number[1], 32, metrics->micro.average_precision, 4),
        mos_format_double(number[2], 32, metrics->macro.f1, 4),
        mos_format_double(number[3], 32, metrics->micro.f1, 4), (long long)metrics->averaged,
        (long long)metrics->classes, mos_precision_names[trainer->learner.device->precision],
        trainer->at.best_step > 0 ? ", and they chose the epoch" : "");
}

/* Whose patches the norms of the encoders took as a batch. */
static void describe_ranks(const mos_trainer *trainer, mos_text *out) {
    const mos_train_job *job = &trainer->job;
    const int64_t ranks = mos_comm_size(job->options->comm), together = mos_train_norm_ranks(job);
    if (ranks < 2) return;
    mos_text_add(out, "The last steps were done by %s.", mos_comm_description(job->options->comm));
    if (job->config->settings.train.freeze_norms)
        mos_text_add(out, " The norms of the encoders were frozen.\n\n");
    else if (together == ranks)
        mos_text_add(out, " The norms of the encoders saw the whole batch.\n\n");
    else
        mos_text_add(
            out,
            " The norms of the encoders took the patches of each %lld rank%s as a batch of "
            "their own (train.batch_norm: %s); their running statistics are the ranks' "
            "mean.\n\n",
            (long long)together, together == 1 ? "" : "s", job->config->settings.train.batch_norm);
}

static void describe(const mos_trainer *trainer, const mos_validation *validation, mos_text *out) {
    const mos_model_card *card = trainer->learner.card;
    mos_text_add(out, "# %s, %s\n\n", card->method, mos_encoder_names[card->spec.encoder]);
    if (card->reduced)
        mos_text_add(out, "**Reduced run**: fewer steps or patches than configured. Its scores say "
                          "that the program works, nothing more.\n\n");
    mos_text_add(out,
                 "Trained by mosaic %s for %lld epochs (%lld steps) on %lld patches, %lld of them "
                 "with known labels, of `%s` data with fingerprint `%.16s...`. Patches are %lld x "
                 "%lld pixels.\n\n",
                 MOSAIC_VERSION, (long long)card->epochs, (long long)card->steps,
                 (long long)trainer->data.train_count, (long long)trainer->data.labeled_count,
                 mos_dataset_format(trainer->data.set), trainer->data.fingerprint,
                 (long long)card->width, (long long)card->height);
    describe_ranks(trainer, out);
    add_bands(card, out);
    mos_text_add(out, "\n");
    add_scores(trainer, validation, out);
    if (card->probe_head)
        mos_text_add(out, "The method has no classification term: the head is a linear probe, "
                          "fitted on the frozen features of labelled training patches.\n");
    if (card->spec.classes > 0) mos_text_add(out, "\n## Classes, in the order of the outputs\n\n");
    for (int64_t l = 0; l < card->spec.classes; l++)
        mos_text_add(out, "%lld. %s\n", (long long)l + 1, card->class_names[l]);
    mos_text_add(out,
                 "\n## Files\n\n"
                 "- `model.safetensors`: weights in float32 under torchvision's names "
                 "(`backbones.<modality>.conv1.weight` ...), and in its metadata all that "
                 "prediction needs\n"
                 "- `config.json`: the same description as JSON\n"
                 "- `../config.yaml`: the run's configuration with the origin of every value\n");
}

static mosaic_status write_text(const mos_train_run_files *run, const char *name, mos_text *text) {
    char path[4096];
    mosaic_status status = text->failed ? mos_fail_memory(text->size, "a text") : MOSAIC_OK;
    if (status == MOSAIC_OK) status = mos_train_path(run, name, path, sizeof path);
    if (status == MOSAIC_OK) status = mos_atomic_write(path, text->data, text->size);
    mos_text_release(text);
    return status;
}

static mosaic_status write_files(mos_trainer *trainer, const mos_validation *validation,
                                 mos_train_summary *out) {
    char folder[4096];
    mos_text json = {0}, readme = {0};
    MOS_TRY(mos_train_path(&trainer->run, "model", folder, sizeof folder));
    MOS_TRY(mos_make_dirs(folder));
    MOS_TRY(mos_path_join(out->model, sizeof out->model, folder, "model.safetensors"));
    MOS_TRY(mos_model_file_write(out->model, trainer->learner.eval_model, trainer->learner.card));
    mos_model_card_json(trainer->learner.card, &json);
    MOS_TRY(write_text(&trainer->run, "model/config.json", &json));
    describe(trainer, validation, &readme);
    return write_text(&trainer->run, "model/README.md", &readme);
}

mosaic_status mos_train_save_initial(const mos_train_run_files *run, mos_train_learner *learner) {
    char folder[4096], path[4096];
    mos_model_card *card = learner->card;
    card->reduced = true; /* no step: its scores are those of random weights */
    MOS_TRY(mos_train_path(run, "model", folder, sizeof folder));
    MOS_TRY(mos_make_dirs(folder));
    MOS_TRY(mos_path_join(path, sizeof path, folder, "initial.safetensors"));
    mos_train_share_weights(learner);
    MOS_TRY(mos_model_file_write(path, learner->eval_model, card));
    mos_log(MOS_LOG_NOTICE, "the model before the first step written to %s", path);
    return MOSAIC_OK;
}

/* Head and thresholds of the model that rank 0 has chosen: all ranks run over the patches. */
static mosaic_status finish_model(mos_trainer *trainer, mos_validation *validation) {
    const mos_train_job *job = &trainer->job;
    MOS_TRY(mos_train_ranks_head(trainer));
    if (trainer->learner.card->probe_head)
        MOS_TRY(mos_train_ranks_fit_head(trainer, job->config->settings.train.probe_final_limit));
    return tune(&trainer->learner, &trainer->data, validation);
}

mosaic_status mos_trainer_finish(mos_trainer *trainer, mos_train_summary *out) {
    const mos_train_job *job = &trainer->job;
    const bool writes = mos_train_writes(job);
    mos_validation validation = {0};
    mos_model_card *card = trainer->learner.card;
    card->epochs = trainer->at.epoch;
    card->steps = trainer->at.step;
    card->reduced = trainer->run.reduced;
    card->probe_head = mos_train_needs_probe(job, &trainer->data);
    mosaic_status status;
    MOS_GOTO(mos_train_agree(job, writes ? take_best(trainer) : MOSAIC_OK));
    trainer->learner.comm = job->options->comm;
    status = finish_model(trainer, &validation);
    trainer->learner.comm = NULL;
    if (status != MOSAIC_OK || !writes) goto done;
    MOS_GOTO(write_files(trainer, &validation, out));
    mos_train_log_repairs(&trainer->data, &trainer->at);
    mos_log(MOS_LOG_NOTICE, "model written to %s%s", out->model,
            trainer->run.reduced ? " (reduced run)" : "");
done:
    mos_validation_release(&validation);
    return status;
}
