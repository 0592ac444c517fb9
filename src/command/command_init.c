/* mosaic init: from a folder to a configuration, and what to do next. */
#include "base/file.h"
#include "base/memory.h"
#include "command/command_table.h"
#include "data/csv/csv_options.h"
#include "data/data_options.h"
#include "data/formats.h"
#include "data/patch_side.h"
#include "data/summary.h"
#include "prepare/check/check.h"
#include "prepare/pairs/raster_pairs.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOOKED_AT = 25 /* samples of each split that are opened */,
    LARGE_PX = 600,
    FEW = 20,
    FEW_SHARE = 5
};

typedef struct seen_data {
    int64_t errors, side; /* side: of a patch, 0 where none can be read */
    bool guessed;         /* names of bands */
} seen_data;

typedef struct init_command {
    mos_data_options data;
    mos_command_machine machine;
    char *out, *table;
    bool overwrite;
} init_command;

static const mos_option own_options[] = {
    {.key = "out",
     .letter = 'o',
     .type = MOS_OPTION_PATH,
     .offset = offsetof(init_command, out),
     .fallback = "config.yaml",
     .help = "configuration to write"},
    {.key = "table",
     .type = MOS_OPTION_PATH,
     .offset = offsetof(init_command, table),
     .help = "table to write where the folder holds rasters and none of its own; by default "
             "patches.csv beside the configuration"},
    {.key = "overwrite",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(init_command, overwrite),
     .fallback = "false",
     .help = "replace what --out and --table name"},
};
static const mos_option_table own_table = {"init", own_options, 3};

static mosaic_status check_free(const init_command *command, const char *path, const char *option) {
    if (command->overwrite || !mos_path_exists(path)) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_USAGE,
                    "'%s' is there already: --overwrite replaces it, %s names another", path,
                    option);
}

/* ---- a folder of rasters without a table ---- */

static mosaic_status say_pairs(const mos_raster_pairs *pairs, const char *folder, const char *table,
                               FILE *out) {
    mos_text text = {0};
    mos_text_add(&text,
                 "%s holds rasters and no table. %lld patches were told by the names of the files, "
                 "%lld of them with a radar and an optical raster; %s lists them.\n",
                 folder, (long long)pairs->count, (long long)pairs->both, table);
    if (pairs->unknown > 0)
        mos_text_add(&text,
                     "%lld rasters were left out: neither s1, sar, radar nor s2, optical, msi is a "
                     "part of their path, e.g. %s\n",
                     (long long)pairs->unknown, pairs->example);
    mos_text_add(&text,
                 "Classes go into its column 'labels', as in 'Arable land;Pastures'; a patch "
                 "without any stays unlabelled.\n");
    return mos_command_print(&text, out);
}

static mosaic_status name_table(const init_command *command, char *out, size_t size) {
    const char *slash = strrchr(command->out, '/');
    if (command->table != NULL) return mos_path_join(out, size, "", command->table);
    (void)snprintf(out, size, "%.*s", slash == NULL ? 0 : (int)(slash + 1 - command->out),
                   command->out);
    return mos_path_join(out, size, out, "patches.csv");
}

/* Writes a table of what the names tell, and opens that instead. */
/* A folder that a format knows holds no rasters in pairs: what its opening lacks is the message. */
static bool is_known(const char *root) {
    for (int i = 0; mos_formats[i] != NULL; i++)
        if (mos_formats[i]->recognise(root)) return true;
    return false;
}

static mosaic_status pair_rasters(const init_command *command, mos_data_options *data,
                                  mos_survey *survey, mos_dataset **dataset, FILE *out) {
    char why[1024], table[4096];
    mos_raster_pairs pairs;
    mos_error_copy(why, sizeof why); /* of the opening that failed */
    mosaic_status status;
    if (data->root == NULL || !mos_path_is_dir(data->root) || data->format != 0)
        return mos_fail(MOSAIC_ERR_DATA, "%s", why);
    if (is_known(data->root))
        return mos_fail(MOSAIC_ERR_DATA, "%s%s", why,
                        strstr(why, "data.metadata") != NULL ? " (init: --metadata PATH)" : "");
    MOS_GOTO(mos_raster_pairs_find(data->root, &pairs));
    if (pairs.count == 0) {
        status =
            mos_fail(MOSAIC_ERR_DATA, "%s%s%s", why,
                     pairs.unknown > 0 ? "; and no path of its rasters names a sensor (s1, s2, "
                                         "radar, optical ...), as in "
                                       : "",
                     pairs.example);
        goto done;
    }
    MOS_GOTO(name_table(command, table, sizeof table));
    MOS_GOTO(check_free(command, table, "--table"));
    MOS_GOTO(mos_raster_pairs_write(&pairs, data->root, table));
    MOS_GOTO(say_pairs(&pairs, data->root, table, out));
    MOS_GOTO(mos_options_set(&mos_data_option_table, data, "data.csv", table, false, "init"));
    status = mos_dataset_survey(data, survey, dataset);
done:
    mos_raster_pairs_release(&pairs);
    return status;
}

/* ---- the configuration ---- */

static void add_bands(const mos_dataset *dataset, mos_text *out) {
    const mos_modality *modality;
    int64_t modalities = mos_dataset_modalities(dataset, &modality);
    mos_text_add(out, "  modalities: # what the model sees, by name; a shorter list leaves bands "
                      "out\n");
    for (int64_t m = 0; m < modalities; m++) {
        const char *const *names = mos_dataset_default_bands(dataset, modality[m].name);
        mos_text_add(out, "    ");
        mos_text_add_json(out, modality[m].name);
        mos_text_add(out, ": {bands: [");
        for (int64_t b = 0; names != NULL ? names[b] != NULL : b < modality[m].band_count; b++) {
            mos_text_add(out, b == 0 ? "" : ", ");
            mos_text_add_json(out, names != NULL ? names[b] : modality[m].bands[b].name);
        }
        mos_text_add(out, "]}\n");
    }
}

/* The key that settles what the files do not say. */
static void add_guesses(const mos_dataset *dataset, mos_text *out) {
    const mos_modality *modality;
    int64_t modalities = mos_dataset_modalities(dataset, &modality);
    mos_text_add(out,
                 "  # The files do not name their bands: these were guessed from their number. "
                 "Mend what is wrong and take the # away.\n  # bands: [");
    for (int64_t m = 0; m < modalities; m++) {
        mos_text_add(out, "%s\"%s=", m == 0 ? "" : ", ", modality[m].name);
        for (int64_t b = 0; b < modality[m].band_count; b++)
            mos_text_add(out, "%s%s", b == 0 ? "" : ",", modality[m].bands[b].name);
        mos_text_add(out, "\"");
    }
    mos_text_add(out, "]\n");
}

static bool has_labels(const mos_summary *s) {
    return s->labeled[MOS_SPLIT_TRAIN] + s->labeled[MOS_SPLIT_NONE] > 0;
}

/* Without splits of its own, or with all samples in one, a set wants a split file. */
static bool wants_split(const mos_summary *s) {
    return s->split[MOS_SPLIT_TRAIN] == 0 || s->split[MOS_SPLIT_VALIDATION] == 0 ||
           s->split[MOS_SPLIT_TEST] == 0;
}

static int64_t training_rows(const mos_summary *s) {
    return wants_split(s) ? s->samples * 7 / 10 : s->split[MOS_SPLIT_TRAIN];
}

static void add_method(const mos_summary *s, mos_text *out) {
    bool labels = has_labels(s);
    const char *method = s->modalities < 2 ? (labels ? "supervised" : "simclr")
                         : labels          ? "mosaic-1"
                                           : "iai-simclr";
    const char *why = s->modalities < 2
                          ? (labels ? "one modality with labels" : "one modality, no labels")
                      : labels ? "two sensors and labels; the others: docs/guide.md, \"Training\""
                               : "two sensors, no labels: score its features later with a probe";
    mos_text_add(out, "method: %s # %s\n", method, why);
}

/* Large enough for contrast, small enough for a few steps an epoch. */
static int64_t choose_batch(int64_t rows) {
    int64_t batch = 512;
    while ((batch > 8 && batch * 16 > rows) || (batch > 2 && batch * 2 > rows))
        batch /= 2;
    return batch;
}

/* Labels of a fifth of the training patches or fewer; splits that are still to be made count whole. */
static bool has_few_labels(const mos_summary *s) {
    const bool whole = wants_split(s);
    int64_t rows = whole ? s->samples : s->split[MOS_SPLIT_TRAIN], labeled = 0;
    for (int split = 0; split < MOS_SPLIT_COUNT; split++)
        if (whole || split == MOS_SPLIT_TRAIN) labeled += s->labeled[split];
    return labeled * FEW_SHARE <= rows;
}

static void add_preset(const mos_summary *s, mos_text *out) {
    if (!has_labels(s) || s->modalities < 2) return;
    if (has_few_labels(s))
        mos_text_add(out,
                     "preset: few-labels # a fifth of the patches or fewer have labels: mosaic "
                     "help preset\n");
    else
        mos_text_add(out, "# preset: few-labels # where a fifth of the labels or fewer are used: "
                          "mosaic help preset\n");
}

static void add_value(const mos_option *option, const mos_data_options *data, mos_text *out) {
    const void *field = (const char *)data + option->offset;
    char whole[PATH_MAX];
    if (option->type == MOS_OPTION_LIST) {
        const mos_text_list *list = field;
        for (size_t i = 0; i < list->count; i++) {
            mos_text_add(out, i == 0 ? "[" : ", ");
            mos_text_add_json(out, list->items[i]);
        }
        mos_text_add(out, "]");
    } else if (option->type == MOS_OPTION_TEXT || option->type == MOS_OPTION_PATH) {
        const char *text = *(char *const *)field; /* the file's paths begin at its own folder */
        const bool path = option->type == MOS_OPTION_PATH && realpath(text, whole) != NULL;
        mos_text_add_json(out, path ? whole : text);
    } else {
        mos_options_get(&mos_data_option_table, data, option, out);
    }
}

/* What was asked for on the command line belongs to the data set: the next commands know the file
 * alone. Root, table and bands have lines of their own. */
static mosaic_status add_given(const mos_data_options *data, mos_text *out) {
    static const char *const own[] = {"data.format", "data.root", "data.csv", "data.bands"};
    const mos_option_table *table = &mos_data_option_table;
    mos_data_options plain = {0};
    mosaic_status status = mos_options_init(table, &plain);
    for (size_t i = 0; status == MOSAIC_OK && i < table->count; i++) {
        const mos_option *option = &table->options[i];
        mos_text given = {0}, fallback = {0};
        bool is_own = strncmp(option->key, "data.", 5) != 0 || strchr(option->key + 5, '.') != NULL;
        for (size_t k = 0; k < sizeof own / sizeof *own; k++)
            is_own = is_own || strcmp(option->key, own[k]) == 0;
        mos_options_get(table, data, option, &given);
        mos_options_get(table, &plain, option, &fallback);
        if (given.failed || fallback.failed)
            status = mos_fail_memory(given.size, "a configuration");
        else if (!is_own && given.size > 0 &&
                 (given.size != fallback.size ||
                  memcmp(given.data, fallback.data, given.size) != 0)) {
            mos_text_add(out, "  %s: ", option->key + 5);
            add_value(option, data, out);
            mos_text_add(out, "\n");
        }
        mos_text_release(&given);
        mos_text_release(&fallback);
    }
    mos_options_release(table, &plain);
    return status;
}

static mosaic_status add_configuration(const mos_dataset *dataset, const mos_data_options *data,
                                       const mos_summary *s, const seen_data *seen,
                                       const char *root, mos_text *out) {
    int64_t rows = training_rows(s);
    mos_text_add(out,
                 "# Written by mosaic init. Every other key has a default: docs/configuration.md, "
                 "or mosaic help KEY.\ndata:\n  format: %s\n",
                 mos_dataset_format(dataset));
    mos_text_add(out, "  root: ");
    mos_text_add_json(out, root);
    mos_text_add(out, "\n");
    for (size_t i = 0; i < data->bands.count; i++)
        mos_text_add(out, i == 0 ? "  bands: [\"%s\"" : ", \"%s\"", data->bands.items[i]);
    if (data->bands.count > 0) mos_text_add(out, "]\n");
    MOS_TRY(add_given(data, out));
    if (seen->guessed) add_guesses(dataset, out);
    add_bands(dataset, out);
    if (has_labels(s))
        mos_text_add(out, "  labeled: {fraction: 1, seed: 0} # 0.1: a tenth of the labels is "
                          "used, the other patches train without\n");
    if (wants_split(s) && data->split_file == NULL)
        mos_text_add(out, "  split_file: split.csv # the command below makes it: this set has no "
                          "training, validation and test of its own\n");
    add_method(s, out);
    add_preset(s, out);
    mos_text_add(out, "model: {encoder: %s} # resnet18, resnet34 (the paper's) or resnet50\n",
                 rows < 20000 ? "resnet18" : "resnet34");
    mos_text_add(out, "train: {epochs: %d, batch: %lld, seed: 0}\n", rows < 2000 ? 50 : 100,
                 (long long)choose_batch(rows));
    return MOSAIC_OK;
}

/* ---- what is said ---- */

static void add_next(const mos_summary *s, const char *config, mos_text *out) {
    mos_text_add(out, "next:\n");
    if (wants_split(s))
        mos_text_add(out, "  mosaic data split %s split.csv --rule share\n", config);
    else
        mos_text_add(out, "  mosaic data check %s\n", config);
    mos_text_add(out, "  mosaic train %s --out run\n", config);
    if (has_labels(s))
        mos_text_add(out, "  mosaic eval run --split test && mosaic report run\n");
    else
        mos_text_add(out, "  mosaic embed run --out embeddings\n");
}

/* Hints that follow from the numbers. */
static void add_hints(const mos_summary *s, const seen_data *seen, const char *config,
                      mos_text *out) {
    if (seen->guessed)
        mos_text_add(
            out,
            "the files do not name their bands: look at 'bands' in %s and take its # away; "
            "until then training stops\n",
            config);
    if (s->samples < FEW)
        mos_text_add(out, "%lld patch%s too few to learn from and to be scored on\n",
                     (long long)s->samples, s->samples == 1 ? " is" : "es are");
    if (seen->side <= LARGE_PX) return;
    mos_text_add(
        out,
        "patches of %lld px are large: if they are whole scenes, let a scene file cut them "
        "(data.format: scene; \"Keys of a scene file\" in "
        "docs/configuration.md)\n",
        (long long)seen->side);
}

/* Opens a few samples of each split and checks them by the rules that need no training. */
static mosaic_status look(const init_command *command, const mos_data_options *data,
                          seen_data *out) {
    mos_data_options few = {0};
    mos_survey survey = {0};
    mos_dataset *dataset = NULL;
    mos_check check = {0};
    mos_check_options options = {.threads = mos_command_threads(&command->machine)};
    mosaic_status status;
    for (int c = 0; c < MOS_CHECK_CLASSES; c++)
        options.wanted[c] = true;
    MOS_GOTO(mos_data_options_copy(data, &few));
    few.limit = LOOKED_AT;
    MOS_GOTO(mos_dataset_survey(&few, &survey, &dataset));
    MOS_GOTO(mos_check_run(dataset, &survey, &options, &check));
    mos_check_log(&check);
    out->errors = check.errors;
    out->guessed = check.found[MOS_CHECK_GUESSED_BANDS] > 0;
    if (mos_dataset_patch_side(dataset, &out->side) != MOSAIC_OK) out->side = 0; /* said above */
done:
    mos_check_release(&check);
    mos_dataset_close(&dataset);
    mos_survey_release(&survey);
    mos_options_release(&mos_data_option_table, &few);
    return status;
}

static mosaic_status write_configuration(const init_command *command, const mos_data_options *data,
                                         mos_dataset *dataset, const mos_summary *summary,
                                         const seen_data *seen, mos_text *said) {
    char root[PATH_MAX];
    mos_text text = {0};
    const char *table = mos_csv_options_of(data)->csv;
    const char *place = table != NULL ? table : data->root;
    if (place == NULL || realpath(place, root) == NULL)
        return mos_fail_errno("open", place == NULL ? "" : place);
    mosaic_status status = add_configuration(dataset, data, summary, seen, root, &text);
    if (status == MOSAIC_OK)
        status = text.failed ? mos_fail_memory(text.size, "a configuration")
                             : mos_atomic_write(command->out, text.data, text.size);
    mos_text_release(&text);
    mos_text_add(said, "%s: %s, %lld patches, %lld modalities, %lld classes\nwritten: %s\n", root,
                 mos_dataset_format(dataset), (long long)summary->samples,
                 (long long)summary->modalities, (long long)summary->classes, command->out);
    return status;
}

static mosaic_status run_init(const void *values, const mos_text_list *positional, FILE *out) {
    const init_command *command = values;
    mos_data_options data = {0};
    mos_survey survey = {0};
    mos_dataset *dataset = NULL;
    mos_summary summary = {0};
    mos_text text = {0};
    seen_data seen = {0};
    mosaic_status status;
    MOS_GOTO(check_free(command, command->out, "--out"));
    MOS_GOTO(mos_data_options_copy(&command->data, &data));
    mos_free(data.root);
    data.root = NULL;
    MOS_GOTO(mos_copy_text(positional->items[0], &data.root));
    status = mos_dataset_survey(&data, &survey, &dataset);
    if (status == MOSAIC_ERR_DATA || status == MOSAIC_ERR_USAGE)
        status = pair_rasters(command, &data, &survey, &dataset, out);
    if (status != MOSAIC_OK) goto done;
    MOS_GOTO(mos_summary_make(dataset, &summary));
    MOS_GOTO(look(command, &data, &seen));
    MOS_GOTO(write_configuration(command, &data, dataset, &summary, &seen, &text));
    if (seen.errors > 0)
        mos_text_add(&text,
                     "%lld errors among the first patches (above; docs/defects.md): mend them "
                     "before training\n",
                     (long long)seen.errors);
    add_hints(&summary, &seen, command->out, &text);
    add_next(&summary, command->out, &text);
    status = mos_command_print(&text, out);
done:
    mos_text_release(&text);
    mos_summary_release(&summary);
    mos_dataset_close(&dataset);
    mos_survey_release(&survey);
    mos_options_release(&mos_data_option_table, &data);
    return status;
}

const mos_command_row mos_command_init = {
    .name = "init",
    .usage = "mosaic init [options] DATA",
    .summary = "look at a folder, an archive or a table; write a configuration for it and say what "
               "to do next",
    .parts = {{&own_table, 0, NULL},
              {&mos_data_option_table, offsetof(init_command, data), "data."},
              {&mos_command_threads_table, offsetof(init_command, machine), NULL}},
    .size = sizeof(init_command),
    .positional_least = 1,
    .positional_most = 1,
    .run = run_init,
};
