/* A configuration as one table over one struct: building it, setting one key, presets. */
#include "config/config.h"

#include "base/log.h"
#include "base/memory.h"
#include "config/config_struct.h"
#include "data/band_identity.h"

#include <stdio.h>
#include <string.h>

/* ---- the combined table ---- */

/* Tables of other rooms name their keys with or without the group in front. */
static mosaic_status add_key(mos_config *config, const char *group, const char *key) {
    char full[160];
    size_t size = group == NULL ? 0 : strlen(group);
    bool whole = group == NULL || (strncmp(key, group, size) == 0 && key[size] == '.');
    (void)snprintf(full, sizeof full, "%s%s%s", whole ? "" : group, whole ? "" : ".", key);
    return mos_text_list_add(&config->keys, full);
}

static mosaic_status add_table(mos_config *config, const mos_option_table *table, const char *group,
                               size_t offset) {
    for (size_t i = 0; i < table->count; i++) {
        MOS_TRY(add_key(config, group, table->options[i].key));
        mos_option *option = &config->options[config->table.count++];
        *option = table->options[i];
        option->offset += offset;
        option->letter = 0;
        if (strcmp(option->key, "method") == 0 && group == NULL) option->choices = config->methods;
    }
    return MOSAIC_OK;
}

static mosaic_status list_methods(mos_config *config) {
    size_t count = 0;
    while (mos_methods[count].name != NULL)
        count++;
    MOS_TRY(mos_alloc(count + 1, sizeof *config->methods, "method names", &config->methods));
    for (size_t i = 0; i < count; i++)
        config->methods[i] = mos_methods[i].name;
    return MOSAIC_OK;
}

static mosaic_status build_table(mos_config *config) {
    const mos_option_table *own = mos_settings_tables;
    size_t count = mos_data_option_table.count + mos_augment_option_table.count;
    for (size_t i = 0; i < mos_settings_table_count; i++)
        count += own[i].count;
    MOS_TRY(mos_alloc(count, sizeof *config->options, "the option table", &config->options));
    MOS_TRY(mos_alloc(count, sizeof *config->origins, "the option table", &config->origins));
    size_t settings = offsetof(mos_config, settings);
    /* One group stands together: the resolved file writes a group where its keys are. */
    MOS_TRY(add_table(config, &own[0], NULL, settings));
    MOS_TRY(add_table(config, &mos_data_option_table, "data", offsetof(mos_config, data)));
    MOS_TRY(add_table(config, &own[1], NULL, settings));
    MOS_TRY(add_table(config, &mos_augment_option_table, "augment", offsetof(mos_config, augment)));
    for (size_t i = 2; i < mos_settings_table_count; i++)
        MOS_TRY(add_table(config, &own[i], NULL, settings));
    for (size_t i = 0; i < count; i++)
        config->options[i].key = config->keys.items[i];
    config->table.name = "the configuration";
    config->table.options = config->options;
    return MOSAIC_OK;
}

static void name_default(mos_config *config, size_t i) {
    const char *source = config->options[i].source;
    config->origins[i].rank = MOS_ORIGIN_DEFAULT;
    (void)snprintf(config->origins[i].text, sizeof config->origins[i].text, "default%s%s%s",
                   source == NULL ? "" : " [", source == NULL ? "" : source,
                   source == NULL ? "" : "]");
}

mosaic_status mos_config_create(mos_config **out) {
    mos_config *config;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof *config, "a configuration", &config));
    mosaic_status status;
    MOS_GOTO(list_methods(config));
    MOS_GOTO(build_table(config));
    MOS_GOTO(mos_options_init(&config->table, config));
    for (size_t i = 0; i < config->table.count; i++)
        name_default(config, i);
    *out = config;
    config = NULL;
done:
    mos_config_destroy(&config);
    return status;
}

void mos_config_destroy(mos_config **config) {
    mos_config *it = *config;
    if (it == NULL) return;
    mos_config_clear_modalities(it);
    if (it->options != NULL && it->table.options != NULL) mos_options_release(&it->table, it);
    mos_text_list_release(&it->keys);
    mos_free(it->options);
    mos_free(it->origins);
    mos_free(it->methods);
    mos_free(it);
    *config = NULL;
}

/* ---- one key ---- */

mosaic_status mos_config_assign(mos_config *config, const char *key, const char *text,
                                mos_origin_rank rank, const char *where) {
    const mos_option *option = mos_options_find(&config->table, key);
    struct mos_config_origin *origin =
        option == NULL ? NULL : &config->origins[option - config->options];
    if (origin != NULL && origin->rank > rank) return MOSAIC_OK;
    bool automatic = option != NULL && strcmp(key, "train.lr") == 0 && strcmp(text, "auto") == 0;
    MOS_TRY(mos_options_set(&config->table, config, key, automatic ? "0" : text, false, where));
    origin->rank = rank;
    (void)snprintf(origin->text, sizeof origin->text, "%s", where);
    config->data.any_size = config->settings.data.size > 0;
    return MOSAIC_OK;
}

const mos_data_options *mos_config_data(const mos_config *config) {
    return &config->data;
}

mosaic_status mos_config_get(const mos_config *config, const char *key, mos_text *out) {
    const mos_option *option = mos_options_find(&config->table, key);
    if (option == NULL) {
        const char *nearest =
            mos_nearest_name(key, (const char *const *)config->keys.items, config->keys.count);
        return mos_fail(MOSAIC_ERR_USAGE, "unknown key '%s'%s%s%s", key,
                        nearest == NULL ? "" : ", did you mean '", nearest == NULL ? "" : nearest,
                        nearest == NULL ? "" : "'?");
    }
    mos_options_get(&config->table, config, option, out);
    return out->failed ? mos_fail_memory(0, "a text") : MOSAIC_OK;
}

mosaic_status mos_config_fail_unknown(mos_config *config, const char *key, const char *where) {
    const char *names[2] = {"data.modalities", NULL};
    names[1] = mos_nearest_name(key, (const char *const *)config->keys.items, config->keys.count);
    if (mos_nearest_name(key, names, names[1] == NULL ? 1 : 2) == names[0])
        return mos_fail(MOSAIC_ERR_USAGE,
                        "%s: unknown key '%s' in the configuration, did you mean '%s'?", where, key,
                        names[0]);
    return mos_options_set(&config->table, config, key, "", false, where);
}

bool mos_config_key_is_free(const mos_option *option) {
    static const char *const free_keys[] = {"train.checkpoint_every", "train.keep",
                                            "train.workers",          "train.prefetch",
                                            "train.recompute",        "train.memory"};
    if (option->type == MOS_OPTION_PATH) return true; /* the data's fingerprint is compared */
    for (size_t i = 0; i < sizeof free_keys / sizeof free_keys[0]; i++) {
        if (strcmp(option->key, free_keys[i]) == 0) return true;
    }
    return false;
}

/* ---- presets ---- */

static const struct preset_value {
    int preset;
    const char *key, *value;
} preset_values[] = {
    {MOS_PRESET_REBEN, "train.optimizer", "adamw"},
    {MOS_PRESET_REBEN, "train.lr", "auto"},
    {MOS_PRESET_REBEN, "train.batch", "512"},
    {MOS_PRESET_REBEN, "train.weight_decay", "0.01"},
    {MOS_PRESET_REBEN, "train.schedule", "cosine"},
    {MOS_PRESET_REBEN, "train.warmup", "0.05"},
    {MOS_PRESET_REBEN, "train.final_ratio", "0.1"},
    {MOS_PRESET_REBEN, "train.epochs", "100"},
    {MOS_PRESET_IAI, "train.optimizer", "adam"},
    {MOS_PRESET_IAI, "train.lr", "1e-4"},
    {MOS_PRESET_IAI, "train.batch", "32"},
    {MOS_PRESET_IAI, "train.weight_decay", "0"},
    {MOS_PRESET_IAI, "train.schedule", "constant"},
    {MOS_PRESET_IAI, "train.warmup", "0"},
    {MOS_PRESET_IAI, "train.epochs", "100"},
    {MOS_PRESET_IAI, "model.encoder", "resnet18"},
    {MOS_PRESET_IAI, "model.stem_pool", "false"},
    {MOS_PRESET_FEW_LABELS, "data.labeled.per_batch", "0.5"},
    {MOS_PRESET_FEW_LABELS, "loss.anchor", "shared"},
    {MOS_PRESET_FEW_LABELS, "loss.positives", "soft"},
    {MOS_PRESET_FEW_LABELS, "loss.tau_ntx", "0.2"},
    {MOS_PRESET_FEW_LABELS, "loss.weights.msc", "1"},
};

/* What an earlier preset said: another one, or none, takes its place. */
static mosaic_status forget_preset(mos_config *config) {
    for (size_t i = 0; i < config->table.count; i++) {
        if (config->origins[i].rank != MOS_ORIGIN_PRESET) continue;
        const mos_option *option = &config->options[i];
        MOS_TRY(mos_config_assign(config, option->key, option->fallback, MOS_ORIGIN_PRESET, ""));
        name_default(config, i);
    }
    return MOSAIC_OK;
}

mosaic_status mos_config_apply_preset(mos_config *config) {
    const mos_option *preset = mos_options_find(&config->table, "preset");
    MOS_TRY(forget_preset(config));
    for (size_t i = 0; i < sizeof preset_values / sizeof preset_values[0]; i++) {
        const struct preset_value *row = &preset_values[i];
        if (row->preset != config->settings.preset) continue;
        char where[64];
        (void)snprintf(where, sizeof where, "preset %s", preset->choices[row->preset]);
        MOS_TRY(mos_config_assign(config, row->key, row->value, MOS_ORIGIN_PRESET, where));
    }
    return MOSAIC_OK;
}

/* ---- modalities ---- */

mosaic_status mos_config_add_modality(mos_config *config, const char *name, const char *where,
                                      mos_config_modality **out) {
    if (config->modality_count == MOS_DATA_MAX_MODALITIES)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: more than %d modalities", where,
                        MOS_DATA_MAX_MODALITIES);
    mos_config_modality *modality = &config->modality[config->modality_count];
    if (name[0] == '\0' || strlen(name) >= sizeof modality->name || strpbrk(name, ".*?[]/") != NULL)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "%s: '%s' cannot name a modality: 1 to %zu characters without . * ? [ ] /",
                        where, name, sizeof modality->name - 1);
    *modality = (mos_config_modality){0};
    (void)snprintf(modality->name, sizeof modality->name, "%s", name);
    (void)snprintf(modality->origin, sizeof modality->origin, "%s", where);
    config->modality_count++;
    *out = modality;
    return MOSAIC_OK;
}

void mos_config_clear_modalities(mos_config *config) {
    for (int64_t i = 0; i < config->modality_count; i++)
        mos_text_list_release(&config->modality[i].bands);
    config->modality_count = 0;
}

bool mos_config_is_radar(const mos_config_modality *modality) {
    if (modality->kind != MOS_CONFIG_KIND_AUTO) return modality->kind == MOS_CONFIG_KIND_RADAR;
    return mos_bands_are_radar((const char *const *)modality->bands.items,
                               (int64_t)modality->bands.count);
}
