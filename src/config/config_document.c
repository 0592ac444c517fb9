/* The same tables as a JSON schema and as Markdown for the docs. */
#include "config/config.h"

#include "base/memory.h"
#include "config/config_struct.h"
#include "data/scene/scene_file.h"
#include "data/scene/scene_keys.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* data.modalities has names of the user's own, which no option table can hold. */
static json_t *modalities_schema(void) {
    return json_pack("{s:s, s:s, s:{s:s, s:b, s:{s:{s:s, s:{s:s}, s:s}, s:{s:[s,s,s], s:s}}}}",
                     "type", "object", "description",
                     "which modalities and bands the model sees; none: the data format's own",
                     "additionalProperties", "type", "object", "additionalProperties", 0,
                     "properties", "bands", "type", "array", "items", "type", "string",
                     "description", "names in channel order; none: the format's own", "kind",
                     "enum", "auto", "optical", "radar", "default", "auto");
}

/* The rate also takes the word. */
static json_t *rate_schema(void) {
    return json_pack("{s:[{s:s, s:i}, {s:s}], s:s}", "anyOf", "type", "number", "minimum", 0,
                     "const", "auto", "default", "auto");
}

static json_t *properties_of(json_t *root, const char *group) {
    json_t *at = json_object_get(root, "properties");
    return json_object_get(json_object_get(at, group), "properties");
}

mosaic_status mos_config_schema(mos_text *out) {
    mos_config *config = NULL;
    mos_text text = {0};
    json_t *root = NULL;
    char *dumped = NULL;
    mosaic_status status = mos_config_create(&config);
    if (status != MOSAIC_OK) return status;
    mos_options_schema(&config->table, &text);
    root = text.failed ? NULL : json_loads(text.data, 0, NULL);
    if (json_object_set_new(properties_of(root, "data"), "modalities", modalities_schema()) != 0 ||
        json_object_set_new(properties_of(root, "train"), "lr", rate_schema()) != 0)
        status = mos_fail(MOSAIC_ERR_RUNTIME, "cannot build the configuration's JSON schema");
    else
        dumped = json_dumps(root, JSON_INDENT(2));
    if (status == MOSAIC_OK && dumped == NULL) status = mos_fail_memory(0, "the JSON schema");
    if (status == MOSAIC_OK) mos_text_add(out, "%s\n", dumped);
    free(dumped);
    json_decref(root);
    mos_text_release(&text);
    mos_config_destroy(&config);
    return status;
}

static void add_type(const mos_option *option, mos_text *out) {
    static const char *const names[] = {"true/false", "whole number", "number", "text", "path",
                                        "",           "list"};
    if (option->type != MOS_OPTION_CHOICE) {
        mos_text_add(out, "%s", names[option->type]);
        return;
    }
    for (int i = 0; option->choices[i] != NULL; i++)
        mos_text_add(out, "%s%s", i == 0 ? "" : ", ", option->choices[i]);
}

static void add_range(const mos_option *option, mos_text *out) {
    if (option->minimum == 0 && option->maximum == 0) return;
    mos_text_add(out, ", ");
    mos_text_add_number(out, option->minimum);
    if (isinf(option->maximum)) {
        mos_text_add(out, " and up");
        return;
    }
    mos_text_add(out, " to ");
    mos_text_add_number(out, option->maximum);
}

static void add_row(const mos_option *option, mos_text *out) {
    const char *fallback = option->fallback;
    if (strcmp(option->key, "train.lr") == 0) fallback = "auto";
    mos_text_add(out, "| `%s` | ", option->key);
    add_type(option, out);
    add_range(option, out);
    if (option->unit != NULL && option->unit[0] != '\0') mos_text_add(out, " (%s)", option->unit);
    mos_text_add(
        out, " | %s%s%s | %s | %s |\n", fallback == NULL || fallback[0] == '\0' ? "" : "`",
        fallback == NULL ? "" : fallback, fallback == NULL || fallback[0] == '\0' ? "" : "`",
        option->source == NULL ? "" : option->source, option->help == NULL ? "" : option->help);
}

/* The keys of a scene file, which data.root names. */
static void add_scene_keys(mos_text *out) {
    mos_text_add(out,
                 "\nKeys of a scene file (`data.format: scene`). With one scene, the keys below "
                 "`scenes[]` may stand at the top; `land_cover` may stand in a scene too, or be "
                 "the path alone.\n\n"
                 "| key | type | default | source of the default | meaning |\n"
                 "|---|---|---|---|---|\n");
    for (size_t t = 0; mos_scene_tables[t] != NULL; t++) {
        const mos_option_table *table = mos_scene_tables[t];
        const char *prefix = table == &mos_scene_modality_table ? "scenes[].modalities.NAME."
                             : table == &mos_scene_scene_table  ? "scenes[]."
                             : table == &mos_scene_cover_table  ? "land_cover."
                                                                : "grid.";
        for (size_t i = 0; i < table->count; i++) {
            char key[128];
            mos_option option = table->options[i];
            snprintf(key, sizeof key, "%s%s", prefix, option.key);
            option.key = key;
            add_row(&option, out);
        }
    }
}

mosaic_status mos_config_markdown(mos_text *out) {
    mos_config *config = NULL;
    MOS_TRY(mos_config_create(&config));
    mos_text_add(out, "| key | type | default | source of the default | meaning |\n"
                      "|---|---|---|---|---|\n");
    for (size_t i = 0; i < config->table.count; i++) {
        const mos_option *option = &config->options[i];
        bool last_of_data =
            strncmp(option->key, "data.", 5) == 0 &&
            (i + 1 == config->table.count || strncmp(config->options[i + 1].key, "data.", 5) != 0);
        add_row(option, out);
        if (last_of_data)
            mos_text_add(out,
                         "| `data.modalities.NAME.bands` | list | the format's | %s | bands "
                         "of modality NAME in channel order; when any modality is named, only "
                         "the named ones are used |\n"
                         "| `data.modalities.NAME.kind` | auto, optical, radar | `auto` | "
                         "chosen | how NAME is augmented; auto: radar when all its bands are "
                         "VV, VH, HH, HV |\n",
                         "inherited (from reBEN)");
    }
    mos_config_destroy(&config);
    add_scene_keys(out);
    return out->failed ? mos_fail_memory(0, "a table") : MOSAIC_OK;
}
