/* The configuration of a run: YAML, typed by option tables, unknown keys refused with the nearest name. */
#ifndef MOS_TRAIN_CONFIG_H
#define MOS_TRAIN_CONFIG_H

#include "data/dataset.h"
#include "loader/loader.h"
#include "model/model.h"
#include "objective/objective.h"

typedef struct mos_config_modality {
    char name[32];
    mos_text_list bands; /* empty: the default set of the data format */
} mos_config_modality;

/* See train/config.c for the tables: keys, defaults, ranges, sources. */
typedef struct mos_config mos_config;

mosaic_status mos_config_create(mos_config **out); /* all defaults */
/* Read a YAML file over the defaults. */
mosaic_status mos_config_read(mos_config *config, const char *path);
/* "--set key=value"; value may be a YAML flow list. */
mosaic_status mos_config_set(mos_config *config, const char *assignment);
/* Cross-field checks and derived values (method exists, needed modalities...). */
mosaic_status mos_config_check(mos_config *config);
/* The resolved file: every key, its value, and in a comment where it came from (default (source), file:line, --set, preset). */
mosaic_status mos_config_write(const mos_config *config, mos_text *out);
/* JSON schema of the whole, and a Markdown table for the docs. */
void mos_config_schema(mos_text *out);
void mos_config_markdown(mos_text *out);
void mos_config_destroy(mos_config **config);

#endif
