#include "study/sweep_spec.h"

#include "base/file.h"
#include "base/memory.h"
#include "config/config.h"
#include "study/ready_sweeps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const sweep_keys[] = {
    "base",      "synth",    "set",    "grid",  "variants",   "fractions", "seeds",
    "reference", "evaluate", "floors", "pages", "start_from", NULL};

static mosaic_status fail_at(const mos_sweep_spec *spec, const mos_yaml *node, const char *wanted) {
    static const char *const found[] = {"nothing", "a value", "a list", "a group of keys"};
    return mos_fail(MOSAIC_ERR_USAGE, "%s:%d:%d: '%s' wants %s, found %s", spec->what, node->line,
                    node->column, node->key == NULL ? "an entry" : node->key, wanted,
                    found[node->kind]);
}

static void say_where(const mos_sweep_spec *spec, const mos_yaml *node, char *out, size_t size) {
    (void)snprintf(out, size, "%s:%d:%d", spec->what, node->line, node->column);
}

/* ---- sections of the file ---- */

static mosaic_status read_base(mos_sweep_spec *spec, const mos_yaml *node) {
    if (node->kind == MOS_YAML_NULL) return MOSAIC_OK;
    if (node->kind == MOS_YAML_MAP) {
        spec->base = node;
        return MOSAIC_OK;
    }
    if (node->kind != MOS_YAML_SCALAR || node->value[0] == '\0')
        return fail_at(spec, node, "a configuration file or a group of keys");
    if (node->value[0] != '/')
        return mos_path_join(spec->config, sizeof spec->config, spec->folder, node->value);
    return snprintf(spec->config, sizeof spec->config, "%s", node->value) < (int)sizeof spec->config
               ? MOSAIC_OK
               : fail_at(spec, node, "a shorter path");
}

static mosaic_status read_synth(mos_sweep_spec *spec, const mos_yaml *node) {
    spec->has_synth = true;
    if (node->kind == MOS_YAML_NULL) return MOSAIC_OK;
    if (node->kind != MOS_YAML_MAP) return fail_at(spec, node, "keys such as patches and size");
    for (size_t i = 0; i < node->count; i++) {
        const mos_yaml *item = &node->items[i];
        char where[4200];
        say_where(spec, item, where, sizeof where);
        if (item->kind != MOS_YAML_SCALAR) return fail_at(spec, item, "a value");
        MOS_TRY(mos_options_set(&mos_synth_option_table, &spec->synth, item->key, item->value,
                                false, where));
    }
    return MOSAIC_OK;
}

static mosaic_status read_map(mos_sweep_spec *spec, const mos_yaml *node, const mos_yaml **out) {
    if (node->kind == MOS_YAML_NULL) return MOSAIC_OK;
    if (node->kind != MOS_YAML_MAP) return fail_at(spec, node, "a group of keys");
    *out = node;
    return MOSAIC_OK;
}

static mosaic_status read_grid(mos_sweep_spec *spec, const mos_yaml *node) {
    if (node->kind == MOS_YAML_NULL) return MOSAIC_OK;
    if (node->kind != MOS_YAML_MAP) return fail_at(spec, node, "keys with lists of values");
    for (size_t i = 0; i < node->count; i++) {
        const mos_yaml *item = &node->items[i];
        if (item->kind != MOS_YAML_LIST || item->count == 0)
            return fail_at(spec, item, "a list of values");
        if (spec->axes == MOS_SWEEP_AXES) return fail_at(spec, node, "at most 8 keys");
        spec->axis[spec->axes++] =
            (mos_sweep_axis){.key = item->key, .values = item, .what = spec->what};
    }
    return MOSAIC_OK;
}

static mosaic_status read_variants(mos_sweep_spec *spec, const mos_yaml *node) {
    if (node->kind == MOS_YAML_NULL) return MOSAIC_OK;
    if (node->kind != MOS_YAML_MAP) return fail_at(spec, node, "names with groups of keys");
    for (size_t i = 0; i < node->count; i++) {
        const mos_yaml *item = &node->items[i];
        if (item->kind != MOS_YAML_MAP && item->kind != MOS_YAML_NULL)
            return fail_at(spec, item, "a group of keys");
        if (item->key[0] == '\0' || strlen(item->key) >= MOS_SWEEP_NAME)
            return fail_at(spec, item, "a name of 1 to 63 bytes");
        if (spec->variants == MOS_SWEEP_VARIANTS) return fail_at(spec, node, "at most 64 variants");
        spec->variant[spec->variants++] = (mos_sweep_variant){item->key, item, -1};
    }
    return MOSAIC_OK;
}

static mosaic_status add_fraction(mos_sweep_spec *spec, const char *text, const char *where) {
    double value;
    if (!mos_parse_double(text, &value) || !(value > 0 && value <= 1))
        return mos_fail(MOSAIC_ERR_USAGE,
                        "%s: 'fractions' wants numbers above 0 and up to 1, found '%s'", where,
                        text);
    for (int i = 0; i < spec->fractions; i++)
        if (spec->fraction[i] == value)
            return mos_fail(MOSAIC_ERR_USAGE, "%s: fraction %s is there twice", where, text);
    if (spec->fractions == MOS_SWEEP_FRACTIONS)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: at most %d fractions", where, MOS_SWEEP_FRACTIONS);
    spec->fraction[spec->fractions++] = value;
    return MOSAIC_OK;
}

static mosaic_status add_seed(mos_sweep_spec *spec, const char *text, const char *where) {
    int64_t value;
    if (!mos_parse_int(text, &value) || value < 0 || value > (int64_t)1 << 53)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: 'seeds' wants whole numbers from 0 up, found '%s'",
                        where, text);
    for (int i = 0; i < spec->seeds; i++)
        if (spec->seed[i] == value)
            return mos_fail(MOSAIC_ERR_USAGE, "%s: seed %s is there twice", where, text);
    if (spec->seeds == MOS_SWEEP_SEEDS)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: at most %d seeds", where, MOS_SWEEP_SEEDS);
    spec->seed[spec->seeds++] = value;
    return MOSAIC_OK;
}

static mosaic_status add_split(mos_sweep_spec *spec, const char *text, const char *where) {
    for (int s = 0; s < MOS_SPLIT_NONE; s++) {
        if (strcmp(text, mos_split_names[s]) != 0) continue;
        for (int i = 0; i < spec->splits; i++)
            if ((int)spec->evaluate[i] == s)
                return mos_fail(MOSAIC_ERR_USAGE, "%s: split %s is there twice", where, text);
        spec->evaluate[spec->splits++] = (mos_split)s;
        return MOSAIC_OK;
    }
    const char *near = mos_nearest_name(text, mos_split_names, MOS_SPLIT_NONE);
    return mos_fail(MOSAIC_ERR_USAGE,
                    "%s: 'evaluate' wants train, validation or test, found '%s'%s%s%s", where, text,
                    near == NULL ? "" : ", did you mean '", near == NULL ? "" : near,
                    near == NULL ? "" : "'?");
}

typedef mosaic_status add_item(mos_sweep_spec *spec, const char *text, const char *where);

static mosaic_status read_list(mos_sweep_spec *spec, const mos_yaml *node, add_item *add) {
    if (node->kind != MOS_YAML_LIST || node->count == 0)
        return fail_at(spec, node, "a list of values");
    for (size_t i = 0; i < node->count; i++) {
        char where[4200];
        say_where(spec, &node->items[i], where, sizeof where);
        if (node->items[i].kind != MOS_YAML_SCALAR)
            return fail_at(spec, &node->items[i], "a plain value");
        MOS_TRY(add(spec, node->items[i].value, where));
    }
    return MOSAIC_OK;
}

static mosaic_status read_reference(mos_sweep_spec *spec, const mos_yaml *node) {
    if (node->kind != MOS_YAML_SCALAR || strlen(node->value) >= sizeof spec->reference)
        return fail_at(spec, node, "the name of a setting");
    (void)snprintf(spec->reference, sizeof spec->reference, "%s", node->value);
    return MOSAIC_OK;
}

static mosaic_status read_flag(const mos_sweep_spec *spec, const mos_yaml *node, bool *out) {
    bool yes = node->kind == MOS_YAML_SCALAR && strcmp(node->value, "true") == 0;
    if (!yes && (node->kind != MOS_YAML_SCALAR || strcmp(node->value, "false") != 0))
        return fail_at(spec, node, "true or false");
    *out = yes;
    return MOSAIC_OK;
}

static mosaic_status read_section(mos_sweep_spec *spec, const mos_yaml *node) {
    const char *key = node->key;
    if (strcmp(key, "base") == 0) return read_base(spec, node);
    if (strcmp(key, "synth") == 0) return read_synth(spec, node);
    if (strcmp(key, "set") == 0) return read_map(spec, node, &spec->set);
    if (strcmp(key, "grid") == 0) return read_grid(spec, node);
    if (strcmp(key, "variants") == 0) return read_variants(spec, node);
    if (strcmp(key, "fractions") == 0) return read_list(spec, node, add_fraction);
    if (strcmp(key, "seeds") == 0) return read_list(spec, node, add_seed);
    if (strcmp(key, "evaluate") == 0) return read_list(spec, node, add_split);
    if (strcmp(key, "reference") == 0) return read_reference(spec, node);
    if (strcmp(key, "floors") == 0) return read_flag(spec, node, &spec->floors);
    if (strcmp(key, "pages") == 0) return read_flag(spec, node, &spec->pages);
    if (strcmp(key, "start_from") == 0) return read_map(spec, node, &spec->starts);
    const char *near =
        mos_nearest_name(key, sweep_keys, sizeof sweep_keys / sizeof *sweep_keys - 1);
    return mos_fail(MOSAIC_ERR_USAGE, "%s:%d:%d: unknown key '%s' in a sweep%s%s%s", spec->what,
                    node->key_line, node->key_column, key, near == NULL ? "" : ", did you mean '",
                    near == NULL ? "" : near, near == NULL ? "" : "'?");
}

/* ---- where the sweep comes from ---- */

static bool is_sweep_key(const char *key) {
    for (size_t i = 0; sweep_keys[i] != NULL; i++)
        if (strcmp(sweep_keys[i], key) == 0) return true;
    return false;
}

/* A training configuration has keys of its own and none of a sweep's. */
static bool is_configuration(const mos_yaml *root) {
    static const char *const groups[] = {"data",    "model",  "loss",  "train",
                                         "augment", "method", "preset"};
    bool known = false;
    for (size_t i = 0; i < root->count; i++) {
        if (is_sweep_key(root->items[i].key)) return false;
        for (size_t g = 0; g < sizeof groups / sizeof *groups; g++)
            known = known || strncmp(root->items[i].key, groups[g], strlen(groups[g])) == 0;
    }
    return known;
}

static mosaic_status find_folder(const char *path, char *folder, size_t size) {
    char parent[4096], absolute[4096];
    (void)snprintf(parent, sizeof parent, "%s", path);
    char *slash = strrchr(parent, '/');
    if (slash == NULL)
        (void)snprintf(parent, sizeof parent, ".");
    else
        slash[slash == parent] = '\0';
    if (realpath(parent, absolute) == NULL) return mos_fail_errno("open", path);
    return snprintf(folder, size, "%s", absolute) < (int)size
               ? MOSAIC_OK
               : mos_fail(MOSAIC_ERR_USAGE, "path '%s' is too long", absolute);
}

static void name_after(const char *path, char *name, size_t size) {
    const char *slash = strrchr(path, '/');
    (void)snprintf(name, size, "%.*s", (int)size - 1, slash == NULL ? path : slash + 1);
    char *dot = strrchr(name, '.');
    if (dot != NULL && dot != name) *dot = '\0';
}

/* Neither a ready-made sweep nor a file. */
static mosaic_status fail_source(const char *source) {
    const char *names[16];
    size_t count = 0;
    mos_text all = {0};
    for (; mos_ready_sweeps[count].name != NULL; count++) {
        names[count] = mos_ready_sweeps[count].name;
        mos_text_add(&all, "%s%s", count == 0 ? "" : ", ", names[count]);
    }
    const char *near = mos_nearest_name(source, names, count);
    mosaic_status status =
        mos_fail(MOSAIC_ERR_USAGE, "'%s' is neither a file nor a ready-made sweep (%s)%s%s%s",
                 source, all.failed ? "" : all.data, near == NULL ? "" : ", did you mean '",
                 near == NULL ? "" : near, near == NULL ? "" : "'?");
    mos_text_release(&all);
    return status;
}

static mosaic_status read_source(mos_sweep_spec *spec, const char *source) {
    const mos_ready_sweep *ready = mos_ready_sweep_find(source);
    /* `sweep tau --out tau` is to go on when it is given again: a folder is no sweep. */
    if (ready != NULL && (!mos_path_exists(source) || mos_path_is_dir(source))) {
        (void)snprintf(spec->name, sizeof spec->name, "%s", ready->name);
        (void)snprintf(spec->what, sizeof spec->what, "sweep %s", ready->name);
        (void)snprintf(spec->folder, sizeof spec->folder, "/");
        return mos_yaml_parse(ready->text, strlen(ready->text), spec->what, &spec->root);
    }
    if (!mos_path_exists(source)) return fail_source(source);
    if (strlen(source) >= sizeof spec->what)
        return mos_fail(MOSAIC_ERR_USAGE, "path '%s' is too long", source);
    (void)snprintf(spec->what, sizeof spec->what, "%s", source);
    name_after(source, spec->name, sizeof spec->name);
    MOS_TRY(find_folder(source, spec->folder, sizeof spec->folder));
    return mos_yaml_read(source, &spec->root);
}

static mosaic_status read_sections(mos_sweep_spec *spec, const char *source) {
    if (spec->root.kind != MOS_YAML_MAP)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: a sweep is a map of keys", spec->what);
    if (is_configuration(&spec->root)) {
        (void)snprintf(spec->config, sizeof spec->config, "%s", source);
        return MOSAIC_OK;
    }
    for (size_t i = 0; i < spec->root.count; i++)
        MOS_TRY(read_section(spec, &spec->root.items[i]));
    return MOSAIC_OK;
}

/* ---- what the command line says ---- */

static mosaic_status choose_list(mos_sweep_spec *spec, const mos_text_list *list, const char *where,
                                 add_item *add, int *count) {
    if (list == NULL || list->count == 0) return MOSAIC_OK;
    *count = 0;
    for (size_t i = 0; i < list->count; i++)
        MOS_TRY(add(spec, list->items[i], where));
    return MOSAIC_OK;
}

static mosaic_status choose_variants(mos_sweep_spec *spec, const mos_text_list *names) {
    mos_sweep_variant chosen[MOS_SWEEP_VARIANTS];
    const char *known[MOS_SWEEP_VARIANTS];
    int count = 0;
    if (names == NULL || names->count == 0) return MOSAIC_OK;
    for (int v = 0; v < spec->variants; v++) {
        known[v] = spec->variant[v].name;
        for (size_t i = 0; i < names->count; i++)
            if (strcmp(names->items[i], known[v]) == 0 &&
                (count == 0 || chosen[count - 1].name != known[v]))
                chosen[count++] = spec->variant[v];
    }
    for (size_t i = 0; i < names->count; i++) {
        int v = 0;
        while (v < spec->variants && strcmp(names->items[i], known[v]) != 0)
            v++;
        if (v < spec->variants) continue;
        const char *near = mos_nearest_name(names->items[i], known, (size_t)spec->variants);
        return mos_fail(MOSAIC_ERR_USAGE, "--variants: no variant '%s' in %s%s%s%s",
                        names->items[i], spec->what, near == NULL ? "" : ", did you mean '",
                        near == NULL ? "" : near, near == NULL ? "" : "'?");
    }
    memcpy(spec->variant, chosen, sizeof chosen);
    spec->variants = count;
    return MOSAIC_OK;
}

static mosaic_status add_axis(mos_sweep_spec *spec, const char *assignment) {
    const char *equals = strchr(assignment, '=');
    char key[160];
    if (equals == NULL || equals == assignment || (size_t)(equals - assignment) >= sizeof key)
        return mos_fail(MOSAIC_ERR_USAGE, "--grid wants KEY=[A, B, ...], found '%s'", assignment);
    (void)snprintf(key, sizeof key, "%.*s", (int)(equals - assignment), assignment);
    int a = 0;
    while (a < spec->axes && strcmp(spec->axis[a].key, key) != 0)
        a++;
    if (a == MOS_SWEEP_AXES)
        return mos_fail(MOSAIC_ERR_USAGE, "--grid: at most %d keys", MOS_SWEEP_AXES);
    mos_sweep_axis *axis = &spec->axis[a];
    if (a == spec->axes) spec->axes++;
    mos_yaml_release(&axis->own);
    *axis = (mos_sweep_axis){.what = "--grid"};
    (void)snprintf(axis->own_key, sizeof axis->own_key, "%s", key);
    axis->key = axis->own_key;
    axis->values = &axis->own;
    MOS_TRY(mos_yaml_parse(equals + 1, strlen(equals + 1), "--grid", &axis->own));
    return axis->own.kind == MOS_YAML_LIST && axis->own.count > 0
               ? MOSAIC_OK
               : mos_fail(MOSAIC_ERR_USAGE, "--grid wants KEY=[A, B, ...], found '%s'", assignment);
}

/* "synth.patches=800" is about the procedural data, all others about configurations. */
static mosaic_status add_assignment(mos_sweep_spec *spec, const char *assignment) {
    char key[160];
    const char *equals = strchr(assignment, '=');
    if (strncmp(assignment, "synth.", 6) != 0)
        return mos_text_list_add(&spec->assignments, assignment);
    if (equals == NULL || (size_t)(equals - assignment - 6) >= sizeof key)
        return mos_fail(MOSAIC_ERR_USAGE, "--set wants key=value, found '%s'", assignment);
    if (!spec->has_synth)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "--set %s: this sweep makes no procedural data set (no 'synth' in %s)",
                        assignment, spec->what);
    (void)snprintf(key, sizeof key, "%.*s", (int)(equals - assignment - 6), assignment + 6);
    return mos_options_set(&mos_synth_option_table, &spec->synth, key, equals + 1, false, "--set");
}

/* A data set of the user's in place of the procedural one. */
static mosaic_status choose_data(mos_sweep_spec *spec, const char *path) {
    char absolute[4096], assignment[4200];
    spec->has_synth = false;
    if (realpath(path, absolute) == NULL) return mos_fail_errno("open", path);
    (void)snprintf(assignment, sizeof assignment, "data.root=%s", absolute);
    return mos_text_list_add(&spec->assignments, assignment);
}

static mosaic_status apply_choices(mos_sweep_spec *spec, const mos_sweep_choices *choices) {
    if (choices->config != NULL) { /* its data, not the procedural set of a ready-made sweep */
        spec->base = NULL;
        spec->has_synth = false;
        if (snprintf(spec->config, sizeof spec->config, "%s", choices->config) >=
            (int)sizeof spec->config)
            return mos_fail(MOSAIC_ERR_USAGE, "--config: path too long");
    }
    if (choices->data != NULL) MOS_TRY(choose_data(spec, choices->data));
    for (size_t i = 0; choices->grid != NULL && i < choices->grid->count; i++)
        MOS_TRY(add_axis(spec, choices->grid->items[i]));
    for (size_t i = 0; choices->set != NULL && i < choices->set->count; i++)
        MOS_TRY(add_assignment(spec, choices->set->items[i]));
    MOS_TRY(choose_variants(spec, choices->variants));
    MOS_TRY(choose_list(spec, choices->fractions, "--fractions", add_fraction, &spec->fractions));
    MOS_TRY(choose_list(spec, choices->seeds, "--seeds", add_seed, &spec->seeds));
    spec->chosen = choices->variants != NULL && choices->variants->count > 0;
    spec->narrowed = choices->reference == NULL &&
                     (spec->chosen || (choices->grid != NULL && choices->grid->count > 0));
    spec->floors = spec->floors || choices->floors;
    if (choices->reference != NULL)
        (void)snprintf(spec->reference, sizeof spec->reference, "%s", choices->reference);
    return MOSAIC_OK;
}

/* ---- the whole ---- */

static int find_variant(const mos_sweep_spec *spec, const char *name) {
    for (int v = 0; v < spec->variants; v++)
        if (strcmp(spec->variant[v].name, name) == 0) return v;
    return -1;
}

/* `start_from`: variant to variant. Where the command line left the later one out, its start is
 * nobody's business; where it left the start out, the later one has none. */
static mosaic_status link_starts(mos_sweep_spec *spec) {
    for (size_t i = 0; spec->starts != NULL && i < spec->starts->count; i++) {
        const mos_yaml *item = &spec->starts->items[i];
        if (item->kind != MOS_YAML_SCALAR) return fail_at(spec, item, "the name of a variant");
        int later = find_variant(spec, item->key), start = find_variant(spec, item->value);
        if (later < 0 && spec->chosen) continue;
        if (later < 0 || start < 0)
            return mos_fail(
                MOSAIC_ERR_USAGE, "%s:%d:%d: 'start_from' wants names of variants: '%s' is none%s",
                spec->what, item->line, item->column, later < 0 ? item->key : item->value,
                spec->chosen ? " among the chosen ones (--variants)" : "");
        spec->variant[later].start = start;
    }
    return MOSAIC_OK;
}

static const char *last_part(const char *key) {
    const char *dot = strrchr(key, '.');
    return dot == NULL ? key : dot + 1;
}

static mosaic_status check_axes(mos_sweep_spec *spec) {
    static const char *const own[] = {"data.labeled.fraction", "train.seed", "data.labeled.seed"};
    for (int a = 0; a < spec->axes; a++) {
        mos_sweep_axis *axis = &spec->axis[a];
        bool shared = false;
        for (int b = 0; b < spec->axes; b++)
            shared = shared ||
                     (b != a && strcmp(last_part(axis->key), last_part(spec->axis[b].key)) == 0);
        (void)snprintf(axis->title, sizeof axis->title, "%.*s", MOS_SWEEP_NAME - 1,
                       shared ? axis->key : last_part(axis->key));
        if ((strcmp(axis->key, own[0]) == 0 && spec->fractions > 0) ||
            ((strcmp(axis->key, own[1]) == 0 || strcmp(axis->key, own[2]) == 0) && spec->seeds > 0))
            return mos_fail(MOSAIC_ERR_USAGE, "%s: '%s' is set by 'fractions' or 'seeds' already",
                            axis->what, axis->key);
    }
    return MOSAIC_OK;
}

static mosaic_status read_all(const char *source, const mos_sweep_choices *choices,
                              mos_sweep_spec *out) {
    MOS_TRY(mos_options_init(&mos_synth_option_table, &out->synth));
    MOS_TRY(read_source(out, source));
    MOS_TRY(read_sections(out, source));
    MOS_TRY(apply_choices(out, choices));
    if (out->splits == 0) {
        out->evaluate[out->splits++] = MOS_SPLIT_VALIDATION;
        out->evaluate[out->splits++] = MOS_SPLIT_TEST;
    }
    MOS_TRY(link_starts(out));
    return check_axes(out);
}

mosaic_status mos_sweep_spec_read(const char *source, const mos_sweep_choices *choices,
                                  mos_sweep_spec *out) {
    *out = (mos_sweep_spec){0};
    mosaic_status status = read_all(source, choices, out);
    if (status != MOSAIC_OK) mos_sweep_spec_release(out);
    return status;
}

void mos_sweep_spec_release(mos_sweep_spec *spec) {
    for (int a = 0; a < spec->axes; a++)
        mos_yaml_release(&spec->axis[a].own);
    mos_yaml_release(&spec->root);
    mos_text_list_release(&spec->assignments);
    mos_options_release(&mos_synth_option_table, &spec->synth);
    *spec = (mos_sweep_spec){0};
}
