/* Options that one format alone reads: the format's folder has their struct and their rows, and its
 * row of the registry names them. All of them are merged with the options of every format
 * (data/data_options.c) to mos_data_option_table, from which parser, --help, schema, documentation
 * and run records follow. A key that several formats read has its row in data/data_options.c, so
 * that it means the same in each. */
#ifndef MOS_DATA_FORMAT_OPTIONS_H
#define MOS_DATA_FORMAT_OPTIONS_H

#include "data/dataset.h"

typedef struct mos_format_option {
    mos_option option; /* key in full ("data.csv"), offset in the format's own struct */
    const char *after; /* the key behind which it stands in every list: one of every format, or of a
                          row that is merged before; NULL or not there: at the end */
} mos_format_option;

/* Formats of one folder may share it. */
typedef struct mos_format_options {
    const mos_format_option *rows;
    size_t count;
    const char *place;     /* key of a path that names the data set where data.root does not, and
                              the format with it; NULL: none */
    const char *exclusive; /* key that other formats refuse where it is set; NULL: none */
} mos_format_options;

/* The struct fits its block. */
#define MOS_FORMAT_OPTIONS_FIT(STRUCT)                                                             \
    _Static_assert(sizeof(STRUCT) <= MOS_FORMAT_OPTION_BYTES, "more than a block of options")

/* The format's own struct inside `options`. */
const void *mos_format_values_of(const mos_data_options *options, const mos_format_options *own);
/* The path that names the data set: data.root, else a format's own key, else data.s2 or data.s1;
 * NULL: none is set. */
const char *mos_data_place(const mos_data_options *options);
/* The number of the format whose own key names the place, as data.format has it; 0: none. */
int mos_data_place_format(const mos_data_options *options);
/* Has the option another value than its default? */
mosaic_status mos_data_option_is_set(const mos_data_options *options, const char *key, bool *set);

#endif
