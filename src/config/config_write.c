/* The resolved configuration as YAML that reads back to the same values, and key by key
 * comparison. */
#include "config/config.h"

#include "base/file.h"
#include "base/memory.h"
#include "config/config_struct.h"

#include <stdio.h>
#include <string.h>

/* Length of the group part of a key: "data.labeled" of "data.labeled.fraction". */
static size_t group_size(const char *key) {
    const char *dot = strrchr(key, '.');
    return dot == NULL ? 0 : (size_t)(dot - key);
}

static int depth_of(const char *key, size_t size) {
    int depth = size > 0;
    for (size_t i = 0; i < size; i++)
        depth += key[i] == '.';
    return depth;
}

/* Headers of the groups of `key` that `before` was not in. */
static void open_groups(const char *before, const char *key, mos_text *out) {
    size_t old = before == NULL ? 0 : group_size(before), size = group_size(key);
    for (size_t start = 0; start < size;) {
        size_t length = strcspn(key + start, "."), end = start + length;
        bool shared = end <= old && strncmp(before, key, end) == 0 &&
                      (before[end] == '.' || before[end] == '\0');
        if (!shared)
            mos_text_add(out, "%*s%.*s:\n", 2 * depth_of(key, start == 0 ? 0 : start - 1), "",
                         (int)length, key + start);
        start = end + 1;
    }
}

static void add_list(const mos_text_list *list, mos_text *out) {
    mos_text_add(out, "[");
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0) mos_text_add(out, ", ");
        mos_text_add_json(out, list->items[i]);
    }
    mos_text_add(out, "]");
}

static void add_value(const mos_config *config, const mos_option *option, mos_text *out) {
    const void *field = (const char *)config + option->offset;
    if (option->type == MOS_OPTION_LIST) {
        add_list(field, out);
    } else if (option->type == MOS_OPTION_TEXT || option->type == MOS_OPTION_PATH) {
        const char *text = *(char *const *)field;
        mos_text_add_json(out, text == NULL ? "" : text);
    } else if (option->offset == offsetof(mos_config, settings.train.lr) &&
               config->settings.train.lr == 0) {
        mos_text_add(out, "auto");
    } else {
        mos_options_get(&config->table, config, option, out);
    }
}

static void add_modalities(const mos_config *config, mos_text *out) {
    mos_text_add(out, "  modalities:\n");
    for (int64_t m = 0; m < config->modality_count; m++) {
        const mos_config_modality *modality = &config->modality[m];
        mos_text_add(out, "    ");
        mos_text_add_json(out, modality->name);
        mos_text_add(out, ": {bands: ");
        add_list(&modality->bands, out);
        mos_text_add(out, ", kind: %s} # %s\n", mos_config_kinds[modality->kind], modality->origin);
    }
}

static bool is_data(const char *key) {
    return strncmp(key, "data.", 5) == 0;
}

mosaic_status mos_config_write(const mos_config *config, mos_text *out) {
    mos_text_add(out, "# resolved configuration of mosaic %s: every key, its value, its origin\n",
                 MOSAIC_VERSION);
    const char *before = NULL;
    for (size_t i = 0; i < config->table.count; i++) {
        const mos_option *option = &config->options[i];
        if (before != NULL && is_data(before) && !is_data(option->key)) add_modalities(config, out);
        open_groups(before, option->key, out);
        size_t group = group_size(option->key);
        const char *last = option->key + (group == 0 ? 0 : group + 1);
        mos_text_add(out, "%*s%s: ", 2 * depth_of(option->key, group), "", last);
        add_value(config, option, out);
        mos_text_add(out, " # %s\n", config->origins[i].text);
        before = option->key;
    }
    return out->failed ? mos_fail_memory(0, "the resolved configuration") : MOSAIC_OK;
}

/* ---- comparison ---- */

static void note_difference(const char *key, const mos_text *now, const mos_text *then,
                            mos_text *out, int64_t *differing) {
    if (strcmp(now->data, then->data) == 0) return;
    mos_text_add(out, "%s%s: %s, was %s", *differing == 0 ? "" : "; ", key, now->data, then->data);
    (*differing)++;
}

static mosaic_status compare_option(const mos_config *config, const mos_config *was, size_t i,
                                    mos_text *out, int64_t *differing) {
    mos_text now = {0}, then = {0};
    mos_text_add(&now, "%s", "");
    mos_text_add(&then, "%s", "");
    add_value(config, &config->options[i], &now);
    add_value(was, &was->options[i], &then);
    bool failed = now.failed || then.failed;
    if (!failed) note_difference(config->options[i].key, &now, &then, out, differing);
    mos_text_release(&now);
    mos_text_release(&then);
    return failed ? mos_fail_memory(0, "a text") : MOSAIC_OK;
}

static void describe_modalities(const mos_config *config, mos_text *out) {
    mos_text_add(out, "%s", "");
    for (int64_t m = 0; m < config->modality_count; m++) {
        const mos_config_modality *modality = &config->modality[m];
        mos_text_add(out, "%s%s ", m == 0 ? "" : ", ", modality->name);
        add_list(&modality->bands, out);
        mos_text_add(out, " %s", mos_config_is_radar(modality) ? "radar" : "optical");
    }
}

mosaic_status mos_config_compare(const mos_config *config, const mos_config *was, mos_text *out,
                                 int64_t *differing) {
    *differing = 0;
    for (size_t i = 0; i < config->table.count; i++) {
        if (mos_config_key_is_free(&config->options[i])) continue;
        MOS_TRY(compare_option(config, was, i, out, differing));
    }
    mos_text now = {0}, then = {0};
    describe_modalities(config, &now);
    describe_modalities(was, &then);
    bool failed = now.failed || then.failed;
    if (!failed) note_difference("data.modalities", &now, &then, out, differing);
    mos_text_release(&now);
    mos_text_release(&then);
    return failed || out->failed ? mos_fail_memory(0, "a text") : MOSAIC_OK;
}

/* ---- listing ---- */

mosaic_status mos_config_entry(const mos_config *config, size_t i, const char **key, bool *is_free,
                               mos_text *value) {
    *key = NULL;
    *is_free = false;
    if (i > config->table.count) return MOSAIC_OK;
    if (i == config->table.count) {
        *key = "data.modalities";
        describe_modalities(config, value);
    } else {
        *key = config->options[i].key;
        *is_free = mos_config_key_is_free(&config->options[i]);
        add_value(config, &config->options[i], value);
    }
    return value->failed ? mos_fail_memory(0, "a text") : MOSAIC_OK;
}

mosaic_status mos_config_hash(const mos_config *config, char hex[65]) {
    mos_text all = {0}, value = {0};
    mosaic_status status = MOSAIC_OK;
    for (size_t i = 0; status == MOSAIC_OK; i++) {
        const char *key;
        bool is_free;
        value.size = 0;
        status = mos_config_entry(config, i, &key, &is_free, &value);
        if (status != MOSAIC_OK || key == NULL) break;
        if (!is_free) mos_text_add(&all, "%s: %s\n", key, value.size > 0 ? value.data : "");
    }
    if (status == MOSAIC_OK && all.failed) status = mos_fail_memory(0, "a text");
    if (status == MOSAIC_OK) mos_sha256(all.data, all.size, hex);
    mos_text_release(&value);
    mos_text_release(&all);
    return status;
}
