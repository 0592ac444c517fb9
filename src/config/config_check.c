/* What no single key can know: values derived from others, and keys that do not go together. */
#include "config/config.h"

#include "base/log.h"
#include "base/memory.h"
#include "config/config_struct.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *origin_of(const mos_config *config, const char *key) {
    const mos_option *option = mos_options_find(&config->table, key);
    return option == NULL ? "" : config->origins[option - config->options].text;
}

mos_optimizer_kind mos_config_optimizer(const mos_config *config) {
    return (mos_optimizer_kind)config->settings.train.optimizer;
}

mos_precision mos_config_precision(const mos_config *config) {
    const int choice = config->settings.train.precision;
    return choice == MOS_PRECISION_CHOICE_FP32 ? MOS_PRECISION_FP32 : MOS_PRECISION_BF16;
}

/* lr = 1e-3 * batch / 512: reBEN's rate, scaled linearly. */
static mosaic_status derive_rate(mos_config *config) {
    mos_settings_train *train = &config->settings.train;
    if (train->lr != 0) return MOSAIC_OK;
    mos_optimizer_kind kind = mos_config_optimizer(config);
    if (kind == MOS_OPTIMIZER_SGD || kind == MOS_OPTIMIZER_LARS)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "%s: 'train.lr' has no automatic value for %s: give a number",
                        origin_of(config, "train.lr"), kind == MOS_OPTIMIZER_SGD ? "sgd" : "lars");
    mos_text rate = {0};
    mos_text_add_number(&rate, 1e-3 * (double)train->batch / 512.0);
    mosaic_status status =
        rate.failed ? mos_fail_memory(0, "a number")
                    : mos_config_assign(config, "train.lr", rate.data, MOS_ORIGIN_DERIVED,
                                        "derived: 1e-3 * batch / 512 [inherited (from reBEN)]");
    mos_text_release(&rate);
    return status;
}

static mosaic_status parse_rows(const mos_config *config, int *out) {
    static const struct {
        const char *name;
        int bit;
    } rows[] = {{"cross", MOS_MSC_CROSS}, {"views", MOS_MSC_VIEWS}, {"joint", MOS_MSC_JOINT}};
    const mos_text_list *list = &config->settings.loss.msc_rows;
    *out = 0;
    for (size_t i = 0; i < list->count; i++) {
        size_t r = 0;
        while (r < 3 && strcmp(rows[r].name, list->items[i]) != 0)
            r++;
        if (r == 3)
            return mos_fail(MOSAIC_ERR_USAGE,
                            "%s: 'loss.msc_rows' wants cross, views or joint, found '%s'",
                            origin_of(config, "loss.msc_rows"), list->items[i]);
        *out |= rows[r].bit;
    }
    return MOSAIC_OK;
}

mosaic_status mos_config_objective(const mos_config *config, mos_objective_options *out) {
    const mos_settings_loss *loss = &config->settings.loss;
    *out = (mos_objective_options){.tau_ntx = loss->tau_ntx,
                                   .tau_msc = loss->tau_msc,
                                   .positives = (mos_positives)(loss->positives + 1),
                                   .msc_queue = loss->msc_queue,
                                   .anchor_weighting = loss->weighting == MOS_WEIGHTING_ANCHOR,
                                   .shared_anchor = loss->anchor == MOS_ANCHOR_SHARED};
    for (int k = 0; k < MOS_TERM_COUNT; k++)
        out->weight[k] = loss->weight[k];
    MOS_TRY(parse_rows(config, &out->msc_rows));
    return mos_method_find(config->methods[config->settings.method], &out->method);
}

static mosaic_status check_pos_weight(const mos_config *config) {
    const mos_text_list *list = &config->settings.loss.pos_weight;
    const char *where = origin_of(config, "loss.pos_weight");
    if (list->count == 1 &&
        (strcmp(list->items[0], "none") == 0 || strcmp(list->items[0], "auto") == 0))
        return MOSAIC_OK;
    for (size_t i = 0; i < list->count; i++) {
        double value;
        const char *equals = strrchr(list->items[i], '=');
        if (equals == NULL || equals == list->items[i] || !mos_parse_double(equals + 1, &value) ||
            !isfinite(value) || value <= 0)
            return mos_fail(MOSAIC_ERR_USAGE,
                            "%s: 'loss.pos_weight' wants none, auto or a list of CLASS=NUMBER with "
                            "positive numbers, found '%s'",
                            where, list->items[i]);
    }
    if (list->count > 0) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_USAGE,
                    "%s: 'loss.pos_weight' wants none, auto or a list of CLASS=NUMBER", where);
}

static mosaic_status check_terms(const mos_config *config) {
    mos_objective_options objective;
    MOS_TRY(mos_config_objective(config, &objective));
    for (int k = 0; k < MOS_TERM_COUNT; k++)
        if (mos_objective_uses(&objective, (mos_term)k)) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_USAGE, "method '%s' has no term left: all its weights are 0",
                    objective.method->name);
}

mosaic_status mos_config_check_pairs(const mos_config *config) {
    mos_objective_options objective;
    MOS_TRY(mos_config_objective(config, &objective));
    if ((mos_objective_needs(&objective) & MOS_NEEDS_PAIRS) == 0 || config->modality_count != 1)
        return MOSAIC_OK;
    mos_text list = {0};
    mos_method_list(MOS_NEEDS_PAIRS, &list);
    mosaic_status status = mos_fail(
        MOSAIC_ERR_USAGE,
        "method '%s' compares modalities and 'data.modalities' has only '%s' (methods "
        "that take one: %s)",
        objective.method->name, config->modality[0].name, list.data == NULL ? "none" : list.data);
    mos_text_release(&list);
    return status;
}

/* A fusion is trained through the head; a linear probe, which stands in for it where the head is
 * not trained, sees the features side by side. */
static mosaic_status check_fusion(const mos_config *config) {
    const mos_settings_model *model = &config->settings.model;
    const char *name = mos_fusion_names[model->fusion];
    mos_objective_options objective;
    MOS_TRY(mos_config_objective(config, &objective));
    if (model->fusion == MOS_FUSION_CONCAT) return MOSAIC_OK;
    if ((mos_objective_needs(&objective) & MOS_NEEDS_LOGITS) == 0)
        return mos_fail(
            MOSAIC_ERR_USAGE,
            "%s: 'model.fusion: %s' is trained by the classification term, which method "
            "'%s' %s; use concat",
            origin_of(config, "model.fusion"), name, objective.method->name,
            (mos_method_needs(objective.method) & MOS_NEEDS_LOGITS) != 0 ? "has at weight 0"
                                                                         : "does not have");
    if (model->fusion == MOS_FUSION_ATTENTION && model->fusion_dim % model->fusion_heads != 0)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "%s: 'model.fusion_heads' wants a divisor of 'model.fusion_dim' (%lld), "
                        "found %lld",
                        origin_of(config, "model.fusion_heads"), (long long)model->fusion_dim,
                        (long long)model->fusion_heads);
    return MOSAIC_OK;
}

int64_t mos_config_norm_ranks(const mos_config *config, int64_t ranks) {
    static const char group[] = "group(";
    const char *text = config->settings.train.batch_norm;
    const size_t size = strlen(text), head = sizeof group - 1;
    char digits[16];
    int64_t count;
    if (strcmp(text, "global") == 0) return ranks;
    if (strcmp(text, "local") == 0) return 1;
    if (strncmp(text, group, head) != 0 || text[size - 1] != ')' || size - head > sizeof digits)
        return 0;
    (void)snprintf(digits, sizeof digits, "%.*s", (int)(size - head - 1), text + head);
    return mos_parse_int(digits, &count) && count >= 1 ? count : 0;
}

static mosaic_status check_batch_norm(const mos_config *config) {
    if (mos_config_norm_ranks(config, 1) > 0) return MOSAIC_OK;
    return mos_fail(
        MOSAIC_ERR_USAGE,
        "%s: 'train.batch_norm' wants local, global or group(k) with a number of ranks, as "
        "in group(4), found '%s'",
        origin_of(config, "train.batch_norm"), config->settings.train.batch_norm);
}

static mosaic_status check_train(const mos_config *config) {
    const mos_settings_train *train = &config->settings.train;
    const struct {
        const char *key;
        double value;
    } below_one[] = {{"train.momentum", train->momentum},
                     {"train.beta1", train->beta1},
                     {"train.beta2", train->beta2}};
    for (size_t i = 0; i < sizeof below_one / sizeof below_one[0]; i++) {
        if (below_one[i].value >= 1)
            return mos_fail(MOSAIC_ERR_USAGE, "%s: '%s' wants a number below 1, found 1",
                            origin_of(config, below_one[i].key), below_one[i].key);
    }
    if (train->grad_cache > 0 && train->batch % train->grad_cache != 0)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "%s: 'train.grad_cache' wants a part of 'train.batch' (%lld), found %lld",
                        origin_of(config, "train.grad_cache"), (long long)train->batch,
                        (long long)train->grad_cache);
    return MOSAIC_OK;
}

bool mos_config_shares_anchor(const mos_config *config) {
    return config->settings.loss.anchor == MOS_ANCHOR_SHARED;
}

mosaic_status mos_config_check(mos_config *config) {
    MOS_TRY(derive_rate(config));
    MOS_TRY(check_train(config));
    MOS_TRY(check_batch_norm(config));
    MOS_TRY(check_pos_weight(config));
    MOS_TRY(check_fusion(config));
    return check_terms(config);
}
