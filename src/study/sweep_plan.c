#include "study/sweep_plan.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "config/config.h"
#include "data/format_options.h"

#include <stdio.h>
#include <string.h>

enum { MOST_RUNS = 10000 };

/* ---- names ---- */

static void add_value(const mos_yaml *node, mos_text *out) {
    if (node->kind == MOS_YAML_SCALAR) {
        mos_text_add_bytes(out, node->value, strlen(node->value));
    } else if (node->kind == MOS_YAML_NULL) {
        mos_text_add(out, "none");
    } else {
        for (size_t i = 0; i < node->count; i++) {
            if (i > 0) mos_text_add(out, "+");
            if (node->items[i].key != NULL) mos_text_add(out, "%s:", node->items[i].key);
            add_value(&node->items[i], out);
        }
    }
}

void mos_sweep_plan_value(const mos_sweep_plan *plan, const mos_sweep_setting *setting, int axis,
                          mos_text *out) {
    add_value(&plan->spec.axis[axis].values->items[setting->point[axis]], out);
}

void mos_sweep_plan_label(const mos_sweep_plan *plan, const mos_sweep_setting *setting, int without,
                          mos_text *out) {
    const mos_sweep_spec *spec = &plan->spec;
    if (setting->variant >= 0 && (spec->variants > 1 || spec->axes == 0))
        mos_text_add(out, "%s", spec->variant[setting->variant].name);
    for (int a = 0; a < spec->axes; a++) {
        if (a == without) continue;
        if (out->size > 0) mos_text_add(out, " ");
        if (strcmp(spec->axis[a].key, "method") != 0) mos_text_add(out, "%s=", spec->axis[a].title);
        mos_sweep_plan_value(plan, setting, a, out);
    }
    if (out->size == 0) mos_text_add(out, "%s", "base");
}

static mosaic_status make_label(const mos_sweep_plan *plan, mos_sweep_setting *setting) {
    mos_text label = {0};
    mos_sweep_plan_label(plan, setting, -1, &label);
    mosaic_status status = label.failed ? mos_fail_memory(0, "a label") : MOSAIC_OK;
    if (status == MOSAIC_OK)
        (void)snprintf(setting->label, sizeof setting->label, "%.*s",
                       (int)sizeof setting->label - 1, label.data);
    mos_text_release(&label);
    return status;
}

/* "mosaic-1_tau_ntx-0.5_f0.1_s0": what a file system and a shell take without quotes. */
static void make_name(const mos_sweep_plan *plan, mos_sweep_run *run) {
    const char *label = plan->setting[run->setting].label;
    char number[32];
    size_t at = 0;
    for (; label[at] != '\0' && at < 100; at++) {
        char c = label[at];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '.' || c == '-' || c == '+';
        run->name[at] = '_';
        if (c == '=') run->name[at] = '-';
        if (plain && !(at == 0 && c == '.')) run->name[at] = c;
    }
    (void)snprintf(run->name + at, sizeof run->name - at, "_f%s_s%lld",
                   mos_format_double(number, sizeof number, run->labeled, 15),
                   (long long)run->number);
}

/* ---- configurations ---- */

static mosaic_status apply_synth(const mos_sweep_spec *spec, const char *folder,
                                 mos_config *config) {
    char assignment[4200];
    if (!spec->has_synth) return MOSAIC_OK;
    const char *format = spec->synth.layout == 0 ? "bigearthnet-v2-lmdb" : "bigearthnet-v2";
    (void)snprintf(assignment, sizeof assignment, "data.format=%s", format);
    MOS_TRY(mos_config_set(config, assignment));
    if (snprintf(assignment, sizeof assignment, "data.root=%s/data", folder) >=
        (int)sizeof assignment)
        return mos_fail(MOSAIC_ERR_USAGE, "path '%s' is too long", folder);
    return mos_config_set(config, assignment);
}

static mosaic_status apply_base(const mos_sweep_spec *spec, const char *folder,
                                mos_config *config) {
    if (spec->config[0] != '\0') MOS_TRY(mos_config_read(config, spec->config));
    if (spec->base != NULL)
        MOS_TRY(mos_config_overlay(config, spec->base, spec->what, spec->folder));
    MOS_TRY(apply_synth(spec, folder, config));
    if (spec->set != NULL) MOS_TRY(mos_config_overlay(config, spec->set, spec->what, spec->folder));
    for (size_t i = 0; i < spec->assignments.count; i++)
        MOS_TRY(mos_config_set(config, spec->assignments.items[i]));
    return MOSAIC_OK;
}

static mosaic_status assign(mos_config *config, const char *key, const char *value) {
    char assignment[200];
    (void)snprintf(assignment, sizeof assignment, "%s=%s", key, value);
    return mos_config_set(config, assignment);
}

static mosaic_status apply_point(const mos_sweep_plan *plan, const mos_sweep_run *run,
                                 mos_config *config) {
    const mos_sweep_spec *spec = &plan->spec;
    const mos_sweep_setting *setting = &plan->setting[run->setting];
    char number[40];
    if (setting->variant >= 0)
        MOS_TRY(mos_config_overlay(config, spec->variant[setting->variant].tree, spec->what,
                                   spec->folder));
    for (int a = 0; a < spec->axes; a++) {
        const mos_sweep_axis *axis = &spec->axis[a];
        MOS_TRY(mos_config_overlay_key(config, axis->key, &axis->values->items[setting->point[a]],
                                       axis->what, spec->folder));
    }
    if (run->fraction >= 0) {
        mos_format_double(number, sizeof number, spec->fraction[run->fraction], 17);
        MOS_TRY(assign(config, "data.labeled.fraction", number));
    }
    if (run->seed < 0) return MOSAIC_OK;
    (void)snprintf(number, sizeof number, "%lld", (long long)spec->seed[run->seed]);
    MOS_TRY(assign(config, "train.seed", number));
    return assign(config, "data.labeled.seed", number);
}

static mosaic_status read_number(const mos_config *config, const char *key, double *real,
                                 int64_t *whole) {
    mos_text text = {0};
    mosaic_status status = mos_config_get(config, key, &text);
    bool good = status == MOSAIC_OK && (real != NULL ? mos_parse_double(text.data, real)
                                                     : mos_parse_int(text.data, whole));
    if (status == MOSAIC_OK && !good)
        status = mos_fail(MOSAIC_ERR_RUNTIME, "'%s' is no number", key);
    mos_text_release(&text);
    return status;
}

static mosaic_status resolve(const mos_sweep_plan *plan, const char *folder, mos_sweep_run *run) {
    mos_config *config = NULL;
    mos_text text = {0};
    mosaic_status status;
    MOS_GOTO(mos_config_create(&config));
    MOS_GOTO(apply_base(&plan->spec, folder, config));
    MOS_GOTO(apply_point(plan, run, config));
    status = mos_config_check(config);
    if (status != MOSAIC_OK) {
        status = mos_context(status, "%s", plan->setting[run->setting].label);
        goto done;
    }
    run->has_data = mos_data_place(mos_config_data(config)) != NULL;
    MOS_GOTO(read_number(config, "data.labeled.fraction", &run->labeled, NULL));
    MOS_GOTO(read_number(config, "train.seed", NULL, &run->number));
    MOS_GOTO(mos_config_hash(config, run->hash));
    MOS_GOTO(mos_config_write(config, &text));
    MOS_GOTO(mos_copy_text(text.data, &run->config));
done:
    mos_text_release(&text);
    mos_config_destroy(&config);
    return status;
}

/* ---- expansion ---- */

static mosaic_status list_settings(mos_sweep_plan *plan) {
    const mos_sweep_spec *spec = &plan->spec;
    int64_t points = 1, variants = spec->variants > 0 ? spec->variants : 1;
    for (int a = 0; a < spec->axes; a++) {
        points *= (int64_t)spec->axis[a].values->count;
        if (points * variants > MOST_RUNS)
            return mos_fail(MOSAIC_ERR_USAGE, "%s: the grid has more than %d points", spec->what,
                            MOST_RUNS);
    }
    plan->settings = points * variants;
    MOS_TRY(mos_alloc((size_t)plan->settings, sizeof *plan->setting, "settings", &plan->setting));
    for (int64_t s = 0; s < plan->settings; s++) {
        mos_sweep_setting *setting = &plan->setting[s];
        int64_t rest = s % points;
        setting->variant = spec->variants > 0 ? (int)(s / points) : -1;
        for (int a = spec->axes - 1; a >= 0; a--) {
            int64_t count = (int64_t)spec->axis[a].values->count;
            setting->point[a] = (int)(rest % count);
            rest /= count;
        }
        MOS_TRY(make_label(plan, setting));
    }
    return MOSAIC_OK;
}

static mosaic_status check_names(mos_sweep_plan *plan, int64_t r) {
    mos_sweep_run *run = &plan->run[r];
    for (int64_t i = 0; i < r; i++) {
        if (run->twin < 0 && plan->run[i].twin < 0 && strcmp(plan->run[i].hash, run->hash) == 0)
            run->twin = i;
        if (strcmp(plan->run[i].name, run->name) != 0) continue;
        size_t size = strlen(run->name); /* values that read alike: told apart by their hash */
        (void)snprintf(run->name + size, sizeof run->name - size, "_%.8s", run->hash);
    }
    plan->unique += run->twin < 0;
    return MOSAIC_OK;
}

/* The run of a setting's start at the same point, fraction and seed; settings of one variant lie
 * side by side. */
static void find_start(const mos_sweep_plan *plan, int64_t points, mos_sweep_run *run) {
    const mos_sweep_setting *setting = &plan->setting[run->setting];
    int start = setting->variant < 0 ? -1 : plan->spec.variant[setting->variant].start;
    int64_t r = run - plan->run, settings = plan->settings, each = plan->runs / settings;
    run->start = -1;
    if (start < 0) return;
    run->start = r + (start - setting->variant) * points * each;
}

/* A run's weights come from its start's: its hash does, too. Starts come first, so that chains are
 * hashed from their beginning. */
static mosaic_status add_starts(mos_sweep_plan *plan) {
    const mos_sweep_spec *spec = &plan->spec;
    int64_t points = spec->variants > 0 ? plan->settings / spec->variants : plan->settings;
    for (int64_t r = 0; r < plan->runs; r++)
        find_start(plan, points, &plan->run[r]);
    for (int pass = 0; pass <= spec->variants; pass++)
        for (int64_t r = 0; r < plan->runs; r++) {
            mos_sweep_run *run = &plan->run[r];
            char both[2 * 65];
            int depth = 0;
            for (int64_t s = run->start; s >= 0 && depth <= spec->variants; s = plan->run[s].start)
                depth++;
            if (depth > spec->variants)
                return mos_fail(MOSAIC_ERR_USAGE, "%s: 'start_from' goes in a circle at '%s'",
                                spec->what, plan->setting[run->setting].label);
            if (depth != pass || pass == 0) continue;
            (void)snprintf(both, sizeof both, "%s%s", run->hash, plan->run[run->start].hash);
            mos_sha256(both, strlen(both), run->hash);
        }
    return MOSAIC_OK;
}

/* The start as the first line of the configuration, for readers and for those who go on: of twins
 * the one that is trained. */
static mosaic_status name_start(const mos_sweep_plan *plan, mos_sweep_run *run) {
    mos_text text = {0};
    if (plan->run[run->start].twin >= 0) run->start = plan->run[run->start].twin;
    mos_text_add(&text, MOS_SWEEP_START_LINE "%s\n%s", plan->run[run->start].name, run->config);
    mosaic_status status = text.failed ? mos_fail_memory(0, "a configuration") : MOSAIC_OK;
    if (status == MOSAIC_OK) {
        mos_free(run->config);
        run->config = NULL;
        status = mos_copy_text(text.data, &run->config);
    }
    mos_text_release(&text);
    return status;
}

static mosaic_status list_runs(mos_sweep_plan *plan, const char *folder) {
    const mos_sweep_spec *spec = &plan->spec;
    int64_t fractions = spec->fractions > 0 ? spec->fractions : 1;
    int64_t seeds = spec->seeds > 0 ? spec->seeds : 1;
    plan->runs = plan->settings * fractions * seeds;
    if (plan->runs > MOST_RUNS)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: %lld runs, at most %d", spec->what,
                        (long long)plan->runs, MOST_RUNS);
    MOS_TRY(mos_alloc((size_t)plan->runs, sizeof *plan->run, "runs", &plan->run));
    for (int64_t r = 0; r < plan->runs; r++) {
        mos_sweep_run *run = &plan->run[r];
        run->twin = -1;
        run->setting = r / (fractions * seeds);
        run->fraction = spec->fractions > 0 ? (int)(r / seeds % fractions) : -1;
        run->seed = spec->seeds > 0 ? (int)(r % seeds) : -1;
        MOS_TRY(resolve(plan, folder, run));
        make_name(plan, run);
    }
    MOS_TRY(add_starts(plan));
    for (int64_t r = 0; r < plan->runs; r++)
        MOS_TRY(check_names(plan, r));
    for (int64_t r = 0; r < plan->runs; r++)
        if (plan->run[r].start >= 0) MOS_TRY(name_start(plan, &plan->run[r]));
    return MOSAIC_OK;
}

/* A value the command line gives and every setting gives too would be lost without a word. */
static mosaic_status check_assignments(const mos_sweep_plan *plan) {
    const mos_sweep_spec *spec = &plan->spec;
    for (size_t i = 0; i < spec->assignments.count; i++) {
        const char *assignment = spec->assignments.items[i];
        size_t size = strcspn(assignment, "=");
        for (int a = 0; a < spec->axes; a++)
            if (strlen(spec->axis[a].key) == size &&
                strncmp(spec->axis[a].key, assignment, size) == 0)
                return mos_fail(MOSAIC_ERR_USAGE,
                                "--set %s: the grid gives this key its values (--grid '%s=[...]' "
                                "changes them)",
                                assignment, spec->axis[a].key);
        for (int v = 0; v < spec->variants; v++)
            for (size_t k = 0; k < spec->variant[v].tree->count; k++) {
                const char *key = spec->variant[v].tree->items[k].key;
                if (strlen(key) == size && strncmp(key, assignment, size) == 0)
                    mos_log(MOS_LOG_NOTICE, "--set %s: variant '%s' has a value of its own",
                            assignment, spec->variant[v].name);
            }
    }
    return MOSAIC_OK;
}

/* ---- reference ---- */

static mosaic_status find_reference(mos_sweep_plan *plan) {
    const mos_sweep_spec *spec = &plan->spec;
    const char *names[MOS_SWEEP_VARIANTS + 512];
    size_t count = 0;
    plan->reference = -1;
    if (spec->reference[0] == '\0') {
        plan->reference = plan->settings > 1 ? 0 : -1;
        return MOSAIC_OK;
    }
    for (int64_t s = 0; s < plan->settings; s++) {
        if (count < 512) names[count++] = plan->setting[s].label;
        if (strcmp(plan->setting[s].label, spec->reference) == 0) plan->reference = s;
    }
    for (int v = 0; v < spec->variants && plan->reference < 0; v++) {
        names[count++] = spec->variant[v].name;
        if (strcmp(spec->variant[v].name, spec->reference) == 0) {
            (void)snprintf(plan->reference_variant, sizeof plan->reference_variant, "%.63s",
                           spec->reference);
            return MOSAIC_OK;
        }
    }
    if (plan->reference >= 0) return MOSAIC_OK;
    if (spec->narrowed) {
        plan->reference = plan->settings > 1 ? 0 : -1;
        if (plan->reference == 0)
            mos_log(MOS_LOG_NOTICE, "'%s' is not among the chosen settings: compared with '%s'",
                    spec->reference, plan->setting[0].label);
        return MOSAIC_OK;
    }
    const char *near = mos_nearest_name(spec->reference, names, count);
    return mos_fail(MOSAIC_ERR_USAGE, "%s: no setting '%s' to compare with%s%s%s", spec->what,
                    spec->reference, near == NULL ? "" : ", did you mean '",
                    near == NULL ? "" : near, near == NULL ? "" : "'?");
}

int64_t mos_sweep_plan_reference(const mos_sweep_plan *plan, int64_t setting) {
    const mos_sweep_setting *own = &plan->setting[setting];
    if (plan->reference_variant[0] == '\0')
        return plan->reference == setting ? -1 : plan->reference;
    for (int64_t s = 0; s < plan->settings; s++) {
        const mos_sweep_setting *other = &plan->setting[s];
        if (strcmp(plan->spec.variant[other->variant].name, plan->reference_variant) == 0 &&
            memcmp(other->point, own->point, sizeof own->point) == 0)
            return s == setting ? -1 : s;
    }
    return -1;
}

/* ---- the whole ---- */

mosaic_status mos_sweep_plan_make(const char *source, const mos_sweep_choices *choices,
                                  const char *out_folder, mos_sweep_plan **out) {
    mos_sweep_plan *plan = NULL;
    mosaic_status status;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof *plan, "a sweep", &plan));
    MOS_GOTO(mos_sweep_spec_read(source, choices, &plan->spec));
    MOS_GOTO(list_settings(plan));
    MOS_GOTO(check_assignments(plan));
    MOS_GOTO(find_reference(plan));
    MOS_GOTO(list_runs(plan, out_folder));
    *out = plan;
    plan = NULL;
done:
    mos_sweep_plan_destroy(&plan);
    return status;
}

void mos_sweep_plan_destroy(mos_sweep_plan **plan) {
    mos_sweep_plan *it = *plan;
    *plan = NULL;
    if (it == NULL) return;
    for (int64_t r = 0; it->run != NULL && r < it->runs; r++)
        mos_free(it->run[r].config);
    mos_free(it->run);
    mos_free(it->setting);
    mos_sweep_spec_release(&it->spec);
    mos_free(it);
}
