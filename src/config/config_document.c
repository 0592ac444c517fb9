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
                 "\n## Scene files\n\nKeys of a scene file (`data.format: scene`). With one scene, "
                 "the keys below "
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

/* ---- help on a key ---- */

static bool is_below(const char *key, const char *topic) {
    size_t size = strlen(topic);
    return strncmp(key, topic, size) == 0 && (key[size] == '\0' || key[size] == '.');
}

static void add_help(const mos_option *option, mos_text *out) {
    mos_text_add(out, "%s: %s\n    ", option->key, option->help == NULL ? "" : option->help);
    add_type(option, out);
    add_range(option, out);
    if (option->unit != NULL && option->unit[0] != '\0') mos_text_add(out, " (%s)", option->unit);
    if (option->fallback != NULL && option->fallback[0] != '\0')
        mos_text_add(out, "; default %s",
                     strcmp(option->key, "train.lr") == 0 ? "auto" : option->fallback);
    if (option->source != NULL) mos_text_add(out, " (%s)", option->source);
    mos_text_add(out, "\n");
}

/* The keys below names of the user's, which no table of fixed keys has. */
static const mos_option modality_options[] = {
    {.key = "data.modalities.NAME.bands",
     .type = MOS_OPTION_LIST,
     .help =
         "bands of modality NAME in channel order, as in [VV, VH]; not set: those of the format. "
         "When any modality is named, only the named ones are used",
     .source = "inherited (from reBEN)"},
    {.key = "data.modalities.NAME.kind",
     .type = MOS_OPTION_CHOICE,
     .choices = mos_config_kinds,
     .fallback = "auto",
     .help = "how NAME is augmented; auto: radar when all its bands are VV, VH, HH, HV",
     .source = "chosen"},
};
enum { MODALITY_OPTIONS = sizeof modality_options / sizeof *modality_options };

mosaic_status mos_config_help(const char *topic, mos_text *out) {
    mos_config *config = NULL;
    mosaic_status status = mos_config_create(&config);
    if (status != MOSAIC_OK) return status;
    size_t shown = 0;
    for (size_t i = 0; i < config->table.count; i++) {
        if (!is_below(config->options[i].key, topic)) continue;
        add_help(&config->options[i], out);
        shown++;
    }
    for (size_t i = 0; i < MODALITY_OPTIONS; i++) {
        if (!is_below(topic, "data.modalities") && !is_below(modality_options[i].key, topic))
            continue;
        add_help(&modality_options[i], out);
        shown++;
    }
    if (shown == 0) status = mos_config_fail_unknown(config, topic, "help");
    mos_config_destroy(&config);
    return status == MOSAIC_OK && out->failed ? mos_fail_memory(0, "a text") : status;
}

static const char *last_part(const char *key) {
    const char *dot = strrchr(key, '.');
    return dot == NULL ? key : dot + 1;
}

mosaic_status mos_config_find_key(const char *word, mos_text *key) {
    mos_config *config = NULL;
    const char **names = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_config_create(&config));
    const size_t count = config->table.count;
    MOS_GOTO(mos_alloc(count, sizeof *names, "the keys", &names));
    for (size_t i = 0; i < count; i++)
        names[i] = strchr(word, '.') ? config->options[i].key : last_part(config->options[i].key);
    const char *near = mos_nearest_name(word, names, count), *found = NULL;
    for (size_t i = 0; near != NULL && i < count; i++)
        if (strcmp(names[i], near) == 0 &&
            (found == NULL || (strncmp(found, "train.", 6) != 0 &&
                               strncmp(config->options[i].key, "train.", 6) == 0)))
            found = config->options[i].key;
    if (found != NULL) mos_text_add(key, "%s", found);
    if (key->failed) status = mos_fail_memory(0, "a key");
done:
    mos_free(names);
    mos_config_destroy(&config);
    return status;
}

/* ---- Markdown ---- */

/* Keys by the task they serve, in the order of the tables. */
static const struct section {
    const char *prefix, *title, *text;
} sections[] = {
    {"data.", "Data",
     "Where the patches are, which of them and which bands are used, what is done with damaged "
     "ones."},
    {"model.", "Model", "The network of each modality and how modalities are put together."},
    {"method", "Method", "Which losses are combined (README, table of methods)."},
    {"preset", "Preset", "Many settings under one name; keys given beside it win."},
    {"loss.", "Losses", "Weights, temperatures and which pairs are positives."},
    {"augment.", "Augmentation", "What differs between the views of one patch."},
    {"train.", "Training", "How long, how fast, on what, and what is kept."},
};
enum { SECTIONS = sizeof sections / sizeof *sections };

static bool is_in(const struct section *section, const char *key) {
    return strncmp(key, section->prefix, strlen(section->prefix)) == 0;
}

static void add_head(mos_text *out) {
    mos_text_add(out, "| key | type | default | source of the default | meaning |\n"
                      "|---|---|---|---|---|\n");
}

static void add_section(const mos_config *config, const struct section *section, mos_text *out) {
    mos_text_add(out, "\n## %s\n\n%s\n\n", section->title, section->text);
    add_head(out);
    for (size_t i = 0; i < config->table.count; i++)
        if (is_in(section, config->options[i].key)) add_row(&config->options[i], out);
    if (strcmp(section->prefix, "data.") == 0)
        for (size_t i = 0; i < MODALITY_OPTIONS; i++)
            add_row(&modality_options[i], out);
}

/* Keys that no section names would vanish from the document. */
static void add_others(const mos_config *config, mos_text *out) {
    bool any = false;
    for (size_t i = 0; i < config->table.count; i++) {
        bool listed = false;
        for (int s = 0; s < SECTIONS; s++)
            listed = listed || is_in(&sections[s], config->options[i].key);
        if (listed) continue;
        if (!any) {
            mos_text_add(out, "\n## Others\n\n");
            add_head(out);
        }
        any = true;
        add_row(&config->options[i], out);
    }
}

mosaic_status mos_config_markdown(mos_text *out) {
    mos_config *config = NULL;
    MOS_TRY(mos_config_create(&config));
    mos_text_add(
        out,
        "# Configuration\n\n"
        "A training run is one YAML file; `mosaic train FILE --out RUN` reads it, and every key "
        "can "
        "be set on the command line too, as in `--set train.epochs=20`. What is not given has the "
        "default below; `RUN/config.yaml` holds all of it, with where each value came from. An "
        "unknown key is an error that names the nearest one. A dot stands for nesting: "
        "`train.epochs` is\n\n"
        "```yaml\ntrain:\n  epochs: 20\n```\n\n"
        "or `train: {epochs: 20}`. `mosaic help KEY` says what is said here, `mosaic --schema` is "
        "the JSON schema for editors. The source of a default: the paper, a parent method "
        "(inherited), or chosen here.\n\n"
        "The least that a file must say is `data.root` and `method`. This document is made by "
        "`mosaic --schema=md`.\n");
    for (int s = 0; s < SECTIONS; s++)
        add_section(config, &sections[s], out);
    add_others(config, out);
    mos_config_destroy(&config);
    add_scene_keys(out);
    return out->failed ? mos_fail_memory(0, "a table") : MOSAIC_OK;
}
