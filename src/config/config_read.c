/* YAML, and "--set key=value", into a configuration: every value knows its file, line and column.
 */
#include "config/config.h"

#include "base/file.h"
#include "base/memory.h"
#include "config/config_struct.h"
#include "io/yaml_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One document being read. */
typedef struct source {
    mos_config *config;
    const char *name;   /* "config.yaml" or "--set" */
    const char *folder; /* relative paths are relative to it */
    mos_origin_rank rank;
    bool positions; /* line and column mean something */
    bool cleared;   /* the modalities of a weaker source are gone */
    mos_config_modality before[MOS_DATA_MAX_MODALITIES]; /* what they were */
    int64_t before_count;
} source;

static void say_where(const source *from, const mos_yaml *node, char *where, size_t size) {
    if (from->positions)
        (void)snprintf(where, size, "%s:%d:%d", from->name, node->line, node->column);
    else
        (void)snprintf(where, size, "%s", from->name);
}

/* An unknown key is shown where the key stands, a bad value where the value does. */
static void say_where_key(const source *from, const mos_yaml *node, char *where, size_t size) {
    if (from->positions && node->key_line > 0)
        (void)snprintf(where, size, "%s:%d:%d", from->name, node->key_line, node->key_column);
    else
        say_where(from, node, where, size);
}

static bool is_group(const mos_config *config, const char *path) {
    size_t size = strlen(path);
    for (size_t i = 0; i < config->table.count; i++) {
        if (strncmp(config->options[i].key, path, size) == 0 && config->options[i].key[size] == '.')
            return true;
    }
    return strcmp(path, "data.modalities") == 0;
}

/* ---- values ---- */

static mosaic_status set_list(const source *from, const mos_option *option, const mos_yaml *node,
                              const char *where) {
    struct mos_config_origin *origin = &from->config->origins[option - from->config->options];
    if (origin->rank > from->rank) return MOSAIC_OK;
    MOS_TRY(mos_config_assign(from->config, option->key, "", from->rank, where));
    for (size_t i = 0; i < node->count; i++) {
        const mos_yaml *item = &node->items[i];
        if (item->kind != MOS_YAML_SCALAR)
            return mos_fail(MOSAIC_ERR_USAGE, "%s: entry %zu of '%s' wants a plain value", where,
                            i + 1, option->key);
        MOS_TRY(mos_options_set(&from->config->table, from->config, option->key, item->value, true,
                                where));
    }
    return MOSAIC_OK;
}

static mosaic_status set_path(const source *from, const mos_option *option, const char *text,
                              const char *where) {
    char joined[4096];
    if (text[0] == '\0' || text[0] == '/')
        return mos_config_assign(from->config, option->key, text, from->rank, where);
    MOS_TRY(mos_path_join(joined, sizeof joined, from->folder, text));
    return mos_config_assign(from->config, option->key, joined, from->rank, where);
}

static const char *kind_name(const mos_yaml *node) {
    static const char *const names[] = {"nothing", "a value", "a list", "a group of keys"};
    return names[node->kind];
}

static mosaic_status set_leaf(const source *from, const mos_option *option, const mos_yaml *node,
                              const char *where) {
    if (node->kind == MOS_YAML_LIST && option->type == MOS_OPTION_LIST)
        return set_list(from, option, node, where);
    bool text = option->type == MOS_OPTION_TEXT || option->type == MOS_OPTION_PATH;
    if (node->kind == MOS_YAML_NULL && text)
        return mos_config_assign(from->config, option->key, "", from->rank, where);
    if (node->kind != MOS_YAML_SCALAR)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: '%s' wants a value, found %s", where, option->key,
                        kind_name(node));
    bool number = option->type == MOS_OPTION_INT || option->type == MOS_OPTION_REAL ||
                  option->type == MOS_OPTION_BOOL;
    if (node->quoted && number && strcmp(node->value, "auto") != 0)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: '%s' wants %s, found the text \"%s\"", where,
                        option->key, option->type == MOS_OPTION_BOOL ? "true or false" : "a number",
                        node->value);
    if (option->type == MOS_OPTION_PATH) return set_path(from, option, node->value, where);
    return mos_config_assign(from->config, option->key, node->value, from->rank, where);
}

/* ---- data.modalities: names are the user's ---- */

static mosaic_status read_bands(const source *from, const mos_yaml *node,
                                mos_config_modality *modality) {
    char where[160];
    say_where(from, node, where, sizeof where);
    if (node->kind == MOS_YAML_NULL) return MOSAIC_OK;
    if (node->kind != MOS_YAML_LIST)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "%s: 'data.modalities.%s.bands' wants a list such as [VV, VH], found %s",
                        where, modality->name, kind_name(node));
    mos_text_list_release(&modality->bands);
    for (size_t i = 0; i < node->count; i++) {
        const mos_yaml *item = &node->items[i];
        if (item->kind != MOS_YAML_SCALAR || item->value[0] == '\0')
            return mos_fail(MOSAIC_ERR_USAGE, "%s: band %zu of '%s' wants a name", where, i + 1,
                            modality->name);
        for (size_t j = 0; j < modality->bands.count; j++) {
            if (strcmp(modality->bands.items[j], item->value) == 0)
                return mos_fail(MOSAIC_ERR_USAGE, "%s: band '%s' of '%s' is named twice", where,
                                item->value, modality->name);
        }
        MOS_TRY(mos_text_list_add(&modality->bands, item->value));
    }
    return MOSAIC_OK;
}

static mosaic_status read_kind(const source *from, const mos_yaml *node,
                               mos_config_modality *modality) {
    char where[160];
    say_where(from, node, where, sizeof where);
    size_t count = 0;
    for (; mos_config_kinds[count] != NULL; count++) {
        if (node->kind != MOS_YAML_SCALAR || strcmp(mos_config_kinds[count], node->value) != 0)
            continue;
        modality->kind = (int)count;
        return MOSAIC_OK;
    }
    const char *value = node->kind == MOS_YAML_SCALAR ? node->value : "";
    const char *near = mos_nearest_name(value, mos_config_kinds, count);
    return mos_fail(MOSAIC_ERR_USAGE,
                    "%s: 'data.modalities.%s.kind' wants one of auto, optical, radar, found "
                    "'%s'%s%s%s",
                    where, modality->name, value, near == NULL ? "" : ", did you mean '",
                    near == NULL ? "" : near, near == NULL ? "" : "'?");
}

static mosaic_status read_modality_key(const source *from, const mos_yaml *node, const char *key,
                                       mos_config_modality *modality) {
    static const char *const known[] = {"bands", "kind"};
    if (strcmp(key, "bands") == 0) return read_bands(from, node, modality);
    if (strcmp(key, "kind") == 0) return read_kind(from, node, modality);
    char where[160];
    say_where(from, node, where, sizeof where);
    const char *nearest = mos_nearest_name(key, known, 2);
    return mos_fail(MOSAIC_ERR_USAGE,
                    "%s: unknown key '%s' in data.modalities.%s, did you mean "
                    "'%s'?",
                    where, key, modality->name, nearest == NULL ? "bands" : nearest);
}

static void release_before(source *from) {
    for (int64_t i = 0; i < from->before_count; i++)
        mos_text_list_release(&from->before[i].bands);
    from->before_count = 0;
}

/* Bands and kind that the replaced set had under this name. */
static void keep_before(source *from, mos_config_modality *modality) {
    for (int64_t i = 0; i < from->before_count; i++) {
        mos_config_modality *before = &from->before[i];
        if (strcmp(before->name, modality->name) != 0) continue;
        modality->bands = before->bands;
        modality->kind = before->kind;
        before->bands = (mos_text_list){0};
    }
}

/* The first modality a stronger source names replaces the whole set of a weaker one; --set adds to
 * and changes what is there. */
static mosaic_status get_modality(source *from, const char *name, const mos_yaml *node,
                                  mos_config_modality **out) {
    mos_config *config = from->config;
    char where[160];
    say_where(from, node, where, sizeof where);
    if (!from->cleared) {
        memcpy(from->before, config->modality, sizeof from->before);
        from->before_count = config->modality_count;
        config->modality_count = 0;
    }
    from->cleared = true;
    config->modality_rank = from->rank;
    for (int64_t i = 0; i < config->modality_count; i++) {
        if (strcmp(config->modality[i].name, name) != 0) continue;
        *out = &config->modality[i];
        return MOSAIC_OK;
    }
    MOS_TRY(mos_config_add_modality(config, name, where, out));
    keep_before(from, *out);
    return MOSAIC_OK;
}

static mosaic_status read_modalities(source *from, const mos_yaml *node) {
    char where[160];
    say_where(from, node, where, sizeof where);
    if (node->kind == MOS_YAML_NULL) return MOSAIC_OK;
    if (node->kind != MOS_YAML_MAP)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "%s: 'data.modalities' wants names with their bands, found %s", where,
                        kind_name(node));
    for (size_t i = 0; i < node->count; i++) {
        const mos_yaml *child = &node->items[i];
        mos_config_modality *modality = NULL;
        MOS_TRY(get_modality(from, child->key, child, &modality));
        if (child->kind == MOS_YAML_NULL) continue;
        if (child->kind != MOS_YAML_MAP) {
            say_where(from, child, where, sizeof where);
            return mos_fail(MOSAIC_ERR_USAGE, "%s: 'data.modalities.%s' wants {bands: [...]}",
                            where, child->key);
        }
        for (size_t j = 0; j < child->count; j++)
            MOS_TRY(read_modality_key(from, &child->items[j], child->items[j].key, modality));
    }
    return MOSAIC_OK;
}

/* ---- the tree ---- */

/* A group, a leaf or an unknown key. A node is at most as deep as the YAML reader allows. */
static mosaic_status read_node(source *from, const char *path, const mos_yaml *node) {
    char where[160];
    say_where(from, node, where, sizeof where);
    if (strcmp(path, "data.modalities") == 0) return read_modalities(from, node);
    const mos_option *option = mos_options_find(&from->config->table, path);
    if (option != NULL) return set_leaf(from, option, node, where);
    if (!is_group(from->config, path)) {
        say_where_key(from, node, where, sizeof where);
        return mos_config_fail_unknown(from->config, path, where);
    }
    if (node->kind == MOS_YAML_NULL) return MOSAIC_OK;
    if (node->kind != MOS_YAML_MAP)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: '%s' is a group of keys, found %s", where, path,
                        kind_name(node));
    for (size_t i = 0; i < node->count; i++) {
        char longer[512];
        MOS_TRY(snprintf(longer, sizeof longer, "%s.%s", path, node->items[i].key) <
                        (int)sizeof longer
                    ? MOSAIC_OK
                    : mos_fail(MOSAIC_ERR_USAGE, "%s: key too long below '%s'", where, path));
        MOS_TRY(read_node(from, longer, &node->items[i]));
    }
    return MOSAIC_OK;
}

static void folder_of(const char *path, char *folder, size_t size) {
    (void)snprintf(folder, size, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash == NULL)
        (void)snprintf(folder, size, ".");
    else if (slash == folder)
        folder[1] = '\0';
    else
        *slash = '\0';
}

static mosaic_status read_root(mos_config *config, const mos_yaml *root, mos_origin_rank rank,
                               const char *name, const char *folder) {
    source from = {
        .config = config, .name = name, .folder = folder, .rank = rank, .positions = true};
    if (root->kind != MOS_YAML_MAP && root->kind != MOS_YAML_NULL)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: a configuration is a map of keys, found %s", name,
                        kind_name(root));
    mosaic_status status = MOSAIC_OK;
    for (size_t i = 0; i < root->count && status == MOSAIC_OK; i++)
        status = read_node(&from, root->items[i].key, &root->items[i]);
    release_before(&from);
    return status == MOSAIC_OK ? mos_config_apply_preset(config) : status;
}

mosaic_status mos_config_overlay(mos_config *config, const mos_yaml *tree, const char *what,
                                 const char *folder) {
    return read_root(config, tree, MOS_ORIGIN_SET, what, folder);
}

mosaic_status mos_config_overlay_key(mos_config *config, const char *key, const mos_yaml *value,
                                     const char *what, const char *folder) {
    source from = {.config = config,
                   .name = what,
                   .folder = folder,
                   .rank = MOS_ORIGIN_SET,
                   .positions = true};
    mosaic_status status = read_node(&from, key, value);
    release_before(&from);
    return status == MOSAIC_OK ? mos_config_apply_preset(config) : status;
}

/* People hand over the table of their patches: YAML reads its first line as one value. */
static bool is_table(const char *path) {
    size_t size = strlen(path);
    return size > 4 &&
           (strcmp(path + size - 4, ".csv") == 0 || strcmp(path + size - 4, ".tsv") == 0);
}

mosaic_status mos_config_read(mos_config *config, const char *path) {
    char folder[4096], absolute[4096];
    mos_yaml root = {0};
    if (is_table(path))
        return mos_fail(MOSAIC_ERR_USAGE,
                        "%s is a table of patches: a configuration names it as data.root", path);
    folder_of(path, folder, sizeof folder);
    /* Absolute, so that the resolved copy in the run's folder means the same files. */
    if (realpath(folder, absolute) == NULL) return mos_fail_errno("open", path);
    mosaic_status status = mos_yaml_read(path, &root);
    if (status == MOSAIC_OK) status = read_root(config, &root, MOS_ORIGIN_FILE, path, absolute);
    mos_yaml_release(&root);
    return status;
}

mosaic_status mos_config_read_text(mos_config *config, const char *text, const char *what) {
    mos_yaml root = {0};
    mosaic_status status = mos_yaml_parse(text, strlen(text), what, &root);
    if (status == MOSAIC_OK) status = read_root(config, &root, MOS_ORIGIN_FILE, what, ".");
    mos_yaml_release(&root);
    return status;
}

/* ---- --set ---- */

static mosaic_status set_modality_key(source *from, const char *rest, const mos_yaml *value) {
    char name[64];
    const char *dot = strchr(rest, '.');
    if (dot == NULL || dot == rest || (size_t)(dot - rest) >= sizeof name)
        return mos_fail(
            MOSAIC_ERR_USAGE,
            "--set: wanted data.modalities.NAME.bands=[...], found 'data.modalities.%s'", rest);
    (void)snprintf(name, sizeof name, "%.*s", (int)(dot - rest), rest);
    mos_config_modality *modality = NULL;
    MOS_TRY(get_modality(from, name, value, &modality));
    (void)snprintf(modality->origin, sizeof modality->origin, "--set");
    return read_modality_key(from, value, dot + 1, modality);
}

mosaic_status mos_config_set(mos_config *config, const char *assignment) {
    static const char modalities[] = "data.modalities.";
    char key[160], folder[4096];
    const char *equals = strchr(assignment, '=');
    if (equals == NULL || equals == assignment || (size_t)(equals - assignment) >= sizeof key)
        return mos_fail(MOSAIC_ERR_USAGE, "--set wants key=value, found '%s'", assignment);
    (void)snprintf(key, sizeof key, "%.*s", (int)(equals - assignment), assignment);
    if (getcwd(folder, sizeof folder) == NULL) return mos_fail_errno("find", ".");
    mos_yaml value = {0};
    char what[200];
    (void)snprintf(what, sizeof what, "--set %s", key);
    mosaic_status status;
    MOS_GOTO(mos_yaml_parse(equals + 1, strlen(equals + 1), what, &value));
    source from = {
        .config = config, .name = what, .folder = folder, .rank = MOS_ORIGIN_SET, .cleared = true};
    if (strncmp(key, modalities, strlen(modalities)) == 0)
        status = set_modality_key(&from, key + strlen(modalities), &value);
    else
        status = read_node(&from, key, &value);
    if (status == MOSAIC_OK) status = mos_config_apply_preset(config);
done:
    mos_yaml_release(&value);
    return status;
}
