/* The configuration of a run: YAML, typed by option tables, unknown keys refused with the nearest
 * name. */
#ifndef MOS_CONFIG_CONFIG_H
#define MOS_CONFIG_CONFIG_H

#include "data/dataset.h"
#include "loader/loader.h"
#include "model/model.h"
#include "objective/objective.h"

struct mos_yaml; /* io/yaml_tree.h */

typedef struct mos_config_modality {
    char name[32];
    mos_text_list bands; /* empty: the default set of the data format */
    int kind;            /* MOS_CONFIG_KIND_*: how it is augmented */
    char origin[160];    /* where it was set */
} mos_config_modality;

/* See config/config_tables.c for the tables: keys, defaults, ranges, sources. */
typedef struct mos_config mos_config;

mosaic_status mos_config_create(mos_config **out); /* all defaults */
/* Read a YAML file over the defaults. */
mosaic_status mos_config_read(mos_config *config, const char *path);
/* The same for a text, such as the resolved configuration inside a model file; `what` names it in
 * messages. */
mosaic_status mos_config_read_text(mos_config *config, const char *text, const char *what);
/* "--set key=value"; value may be a YAML flow list. */
mosaic_status mos_config_set(mos_config *config, const char *assignment);
/* Keys, nested or dotted, over what is there, as strong as --set; `what` names their file in
 * messages, paths are relative to `folder`. Modalities it names replace the whole set; one without
 * bands keeps those it had. */
mosaic_status mos_config_overlay(mos_config *config, const struct mos_yaml *tree, const char *what,
                                 const char *folder);
/* The same for one key. */
mosaic_status mos_config_overlay_key(mos_config *config, const char *key,
                                     const struct mos_yaml *value, const char *what,
                                     const char *folder);
/* Cross-field checks and derived values (method exists, needed modalities...). */
mosaic_status mos_config_check(mos_config *config);
/* loss.anchor is "shared": the first strong view is the anchor, and a method has a view set less. */
bool mos_config_shares_anchor(const mos_config *config);
/* The resolved file: every key, its value, and in a comment where it came from (default (source),
 * file:line, --set, preset). It reads back as a configuration that gives the same run. */
mosaic_status mos_config_write(const mos_config *config, mos_text *out);
/* Keys whose values differ, "key: a, was b" each, into out; their number. Keys that cannot change
 * results (paths, worker threads, what is kept on disk) are left out. */
mosaic_status mos_config_compare(const mos_config *config, const mos_config *was, mos_text *out,
                                 int64_t *differing);
/* The value of one key as text, for scripts and reports; unknown keys fail with the nearest. */
mosaic_status mos_config_get(const mos_config *config, const char *key, mos_text *out);
/* The i-th key (last comes data.modalities) and its value as the resolved file has it, for listing;
 * *key is NULL behind the last. *is_free: it cannot change results. */
mosaic_status mos_config_entry(const mos_config *config, size_t i, const char **key, bool *is_free,
                               mos_text *value);
/* SHA-256 of all keys that can change results, as hex digits: equal for configurations between
 * which mos_config_compare finds no difference. */
mosaic_status mos_config_hash(const mos_config *config, char hex[65]);
/* Does the method compare modalities of which the configuration names only one? Asked when the
 * bands are found, so that a slip in a band's name is reported as that. */
mosaic_status mos_config_check_pairs(const mos_config *config);
/* What train.precision stands for; "auto" is bf16. */
mos_precision mos_config_precision(const mos_config *config);
/* The data set's part, as mos_dataset_open takes it; it lives as long as the configuration. */
const mos_data_options *mos_config_data(const mos_config *config);
/* JSON schema of the whole, a Markdown document, and a line for each key that is `topic` or below
 * it (an unknown topic names the nearest key). */
mosaic_status mos_config_help(const char *topic, mos_text *out);
/* The key that a word stands for: a key, the last part of one ("epochs"), or a slip of these; an empty
 * text where none is near. Among several with the same last part the first of train. */
mosaic_status mos_config_find_key(const char *word, mos_text *key);
mosaic_status mos_config_schema(mos_text *out);
mosaic_status mos_config_markdown(mos_text *out);
void mos_config_destroy(mos_config **config);

#endif
