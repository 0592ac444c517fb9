/* One table per options struct: parser, --help, --json-usage, YAML, JSON schema, docs and the run
 * manifest all come from it. */
#ifndef MOS_BASE_OPTIONS_H
#define MOS_BASE_OPTIONS_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum mos_option_type {
    MOS_OPTION_BOOL,   /* bool */
    MOS_OPTION_INT,    /* int64_t, within [minimum, maximum] */
    MOS_OPTION_REAL,   /* double, within [minimum, maximum] */
    MOS_OPTION_TEXT,   /* char * owned by the struct, NULL when unset */
    MOS_OPTION_PATH,   /* as text; relative paths in a file are relative to that file's folder */
    MOS_OPTION_CHOICE, /* int: index into choices */
    MOS_OPTION_LIST    /* mos_text_list of texts */
} mos_option_type;

typedef struct mos_text_list {
    char **items;
    size_t count, capacity;
} mos_text_list;
mosaic_status mos_text_list_add(mos_text_list *list, const char *item) MOSAIC_CHECKED;
void mos_text_list_release(mos_text_list *list);

typedef struct mos_option {
    const char *key; /* dotted: "train.epochs"; on a command line "--epochs" style names are the
                        caller's table */
    char letter;     /* one-letter form on the command line, 0 for none */
    mos_option_type type;
    size_t offset;              /* of the field in the struct */
    const char *fallback;       /* default as text, NULL: unset */
    const char *const *choices; /* NULL-terminated, for CHOICE */
    double minimum, maximum;    /* inclusive, for INT and REAL; both 0: unbounded */
    const char *unit;           /* "patches", "m", ""; of a LIST: what an item is, "KEY=VALUE" */
    const char
        *source; /* "paper" | "inherited (from ...)" | "chosen"; NULL where it makes no sense */
    const char *help; /* one line, lower case */
} mos_option;

typedef struct mos_option_table {
    const char *name; /* of the whole, for messages */
    const mos_option *options;
    size_t count;
} mos_option_table;

/* Fill `values` with the defaults (zero it first). */
mosaic_status mos_options_init(const mos_option_table *table, void *values) MOSAIC_CHECKED;
void mos_options_release(const mos_option_table *table, void *values);
/* Set one option from text. `where` ("config.yaml:12:7" or "--set") goes before every message. For
 * a LIST, "a,b,c" (or "k=a,b,m=c": two items) replaces the list when `append` is false; otherwise
 * one item is appended. Unknown key: names the nearest, groups of keys ("train") included. The wanted type, range or choices are
 * part of the message. */
mosaic_status mos_options_set(const mos_option_table *table, void *values, const char *key,
                              const char *text, bool append, const char *where) MOSAIC_CHECKED;
const mos_option *mos_options_find(const mos_option_table *table, const char *key);
/* Value as text (the form mos_options_set takes). An unset TEXT or PATH is "", and setting ""
 * unsets it. */
void mos_options_get(const mos_option_table *table, const void *values, const mos_option *option,
                     mos_text *out);

/* Command line: --key value, --key=value, -k value, bools as --key / --no-key, `--` ends. `-` and
 * `_` in a key are the same. The first use of a LIST replaces its default and each further one adds
 * to it; a value is split at its commas unless it is "name=value". Positional arguments are
 * returned in order (NULL positional: none are allowed). argv starts at the first argument, without
 * the program's name. Handles -h/--help and --json-usage by setting *help (1 help, 2 json; else 0).
 */
mosaic_status mos_options_parse(const mos_option_table *table, void *values, int argc, char **argv,
                                mos_text_list *positional, int *help) MOSAIC_CHECKED;
/* The key as it is typed after two dashes: "max_lag" is max-lag. */
void mos_option_flag(const char *key, char *out, size_t size);
/* The help text, and the table as JSON (key, type, default, choices, range, unit, source, help). */
void mos_options_help(const mos_option_table *table, const char *usage, const char *summary,
                      mos_text *out);
void mos_options_json(const mos_option_table *table, mos_text *out);
/* JSON schema (draft 2020-12) with nested objects for dotted keys, additionalProperties false. */
void mos_options_schema(const mos_option_table *table, mos_text *out);

#endif
