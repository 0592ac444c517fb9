#include "train/finetune.h"

#include "base/log.h"
#include "base/memory.h"
#include "io/yaml_tree.h"
#include "train/trainer.h"

#include <stdio.h>
#include <string.h>

static mosaic_status set_text(mos_config *config, const char *key, const char *value) {
    char assignment[200];
    (void)snprintf(assignment, sizeof assignment, "%s=%s", key, value);
    return mos_config_set(config, assignment);
}

static mosaic_status set_number(mos_config *config, const char *key, double value) {
    char number[32];
    return set_text(config, key, mos_format_double(number, sizeof number, value, 17));
}

/* Only the modalities asked for, each with the bands it had. */
static mosaic_status choose_modalities(const mos_finetune_options *options, mos_config *config) {
    const mos_text_list *names = options->modalities;
    mos_text text = {0};
    mos_yaml value = {0};
    mosaic_status status = MOSAIC_OK;
    if (names == NULL || names->count == 0) return MOSAIC_OK;
    for (size_t i = 0; i < names->count; i++) {
        if (strspn(names->items[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789_-") != strlen(names->items[i]))
            return mos_fail(MOSAIC_ERR_USAGE, "--modalities: '%s' is no modality's name",
                            names->items[i]);
        mos_text_add(&text, "%s%s: {}", i == 0 ? "{" : ", ", names->items[i]);
    }
    mos_text_add(&text, "}");
    if (text.failed) status = mos_fail_memory(text.size, "a text");
    if (status == MOSAIC_OK) status = mos_yaml_parse(text.data, text.size, "--modalities", &value);
    if (status == MOSAIC_OK)
        status = mos_config_overlay_key(config, "data.modalities", &value, "--modalities", ".");
    mos_yaml_release(&value);
    mos_text_release(&text);
    return status;
}

/* The model's configuration turned into that of its fine-tuning. */
static mosaic_status choose_settings(const mos_finetune_options *options, mos_config *config) {
    const double rate = options->lr;
    MOS_TRY(set_text(config, "method", "supervised"));
    MOS_TRY(set_text(config, "loss.weights.bce", "1"));
    MOS_TRY(set_text(config, "loss.msc_queue", "0"));
    MOS_TRY(set_text(config, "data.labeled.use_unlabeled", "false"));
    MOS_TRY(set_text(config, "data.statistics", "model"));
    MOS_TRY(set_text(config, "train.monitor", "auto"));
    MOS_TRY(set_text(config, "train.online_probe", "none"));
    MOS_TRY(set_number(config, "train.epochs", (double)options->epochs));
    MOS_TRY(set_number(config, "train.seed", (double)options->seed));
    if (options->batch > 0) MOS_TRY(set_number(config, "train.batch", (double)options->batch));
    if (options->fraction >= 0) {
        MOS_TRY(set_number(config, "data.labeled.fraction", options->fraction));
        MOS_TRY(set_number(config, "data.labeled.seed", (double)options->seed));
    }
    if (options->session.precision != MOS_PRECISION_CHOICE_AUTO)
        MOS_TRY(
            set_text(config, "train.precision", mos_precision_choices[options->session.precision]));
    MOS_TRY(set_text(config, "train.optimizer", "adamw"));
    MOS_TRY(set_number(config, "train.lr", rate));
    MOS_TRY(set_number(config, "train.freeze_stages", (double)options->freeze_stages));
    return set_text(config, "train.freeze_norms", options->freeze_norms ? "true" : "false");
}

/* The encoders' rate: as asked for, or a tenth of the head's, which the check has filled in. */
static mosaic_status choose_encoder_rate(const mos_finetune_options *options, mos_config *config) {
    mos_text rate = {0};
    double value = options->encoder_lr;
    mosaic_status status = MOSAIC_OK;
    if (value == 0) {
        status = mos_config_get(config, "train.lr", &rate);
        if (status == MOSAIC_OK && !mos_parse_double(rate.data, &value))
            status = mos_fail(MOSAIC_ERR_RUNTIME, "'train.lr' is '%s'", rate.data);
        value /= 10;
    }
    mos_text_release(&rate);
    return status == MOSAIC_OK ? set_number(config, "train.encoder_lr", value) : status;
}

/* The model's configuration, the settings of fine-tuning over it, and --set over both. */
static mosaic_status make_config(const mos_finetune_options *options, const char *path,
                                 const mos_model_card *card, mos_text *out) {
    const mos_text_list *set = options->session.set;
    mos_config *config = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_config_create(&config));
    if (card->config == NULL) {
        status = mos_fail(MOSAIC_ERR_DATA, "%s: no configuration to start fine-tuning from", path);
        goto done;
    }
    MOS_GOTO(mos_config_read_text(config, card->config, path));
    MOS_GOTO(choose_modalities(options, config));
    MOS_GOTO(choose_settings(options, config));
    for (size_t i = 0; set != NULL && i < set->count; i++)
        MOS_GOTO(mos_config_set(config, set->items[i]));
    MOS_GOTO(mos_config_check(config));
    MOS_GOTO(choose_encoder_rate(options, config));
    for (size_t i = 0; set != NULL && i < set->count; i++)
        MOS_GOTO(mos_config_set(config, set->items[i]));
    MOS_GOTO(mos_config_check(config));
    MOS_GOTO(mos_config_write(config, out));
done:
    mos_config_destroy(&config);
    return status;
}

static mosaic_status train(const mos_finetune_options *options) {
    char path[4096];
    mos_model_card *card = NULL;
    mos_text config = {0};
    mos_train_summary summary;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_alloc(1, sizeof *card, "a model card", &card));
    MOS_GOTO(mos_model_file_resolve(options->session.model, path, sizeof path));
    MOS_GOTO(mos_model_file_card(path, card));
    MOS_GOTO(make_config(options, path, card, &config));
    const mos_train_options run = {.config = path,
                                   .config_text = config.data,
                                   .out = options->run,
                                   .resume = options->resume,
                                   .overwrite = options->overwrite,
                                   .init_from = path,
                                   .init_pattern = "backbones.*",
                                   .device = options->session.device,
                                   .threads = options->session.threads,
                                   .max_steps = options->max_steps};
    MOS_GOTO(mos_train_run(&run, &summary));
done:
    mos_text_release(&config);
    if (card != NULL) mos_model_card_release(card);
    mos_free(card);
    return status;
}

mosaic_status mos_finetune(const mos_finetune_options *options, mos_evaluate_summary *out) {
    *out = (mos_evaluate_summary){0};
    if (options->run == NULL)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "fine-tuning makes a run of its own: --out RUN is wanted");
    MOS_TRY(train(options));
    mos_evaluate_options evaluate = {.session = options->session,
                                     .split = options->split,
                                     .limit = options->limit,
                                     .pictures = options->pictures};
    evaluate.session.model = options->run;
    evaluate.session.set = NULL;
    return mos_evaluate(&evaluate, out);
}
