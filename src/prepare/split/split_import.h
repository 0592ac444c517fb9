/* Imports the lists of ids that people share as the columns of a split file. */
#ifndef MOS_PREPARE_SPLIT_SPLIT_IMPORT_H
#define MOS_PREPARE_SPLIT_SPLIT_IMPORT_H

#include "data/split_file.h"

enum { MOS_IMPORT_SHOWN = 3 };

/* How many, and the first few. */
typedef struct mos_import_names {
    int64_t count;
    char shown[MOS_IMPORT_SHOWN][128];
} mos_import_names;

typedef struct mos_import_report {
    int64_t taken, counts[MOS_SPLIT_COUNT];
    mos_import_names unknown; /* in the list, not in the data set */
    mos_import_names doubled; /* more than once, for the same split */
    mos_import_names missing; /* in the data set, not in the list: split none */
} mos_import_report;

/* `path` is a table with an id and a split on each line, with a header (id, patch_id, patch, name,
 * file or sample; split, set, subset or partition) or without; or a folder of train, val or
 * validation, and test, .csv or .txt, each a list of ids. An id may be written as a path and with
 * an extension. One id for two splits, and a list of which no id is known, are MOSAIC_ERR_DATA. */
mosaic_status mos_split_import(const mos_dataset *dataset, const char *path,
                               mos_split_columns **out, mos_import_report *report);
void mos_split_import_describe(const mos_import_report *report, mos_text *out);

#endif
