/* What the commands that make a split file share: --overwrite, and the order of their run. */
#ifndef MOS_COMMAND_DIVIDE_H
#define MOS_COMMAND_DIVIDE_H

#include "base/options.h"
#include "base/text.h"
#include "data/dataset.h"
#include "data/split_file.h"

#include <stdio.h>

typedef struct mos_divide_target {
    bool overwrite;
} mos_divide_target;
extern const mos_option_table mos_divide_target_table;

/* The two steps in which these commands differ; `context` is their own. */
typedef struct mos_divide_steps {
    mosaic_status (*make)(void *context, mos_dataset *dataset, mos_split_columns **columns);
    /* after the file is written: columns have its path and hash */
    void (*describe)(void *context, const mos_dataset *dataset, const mos_split_columns *columns,
                     mos_text *text);
} mos_divide_steps;

/* Opens the data set at `root`, makes its columns, writes them to `path`, which may exist only where
 * target->overwrite is set, and prints the description to `out`. */
mosaic_status mos_divide(const mos_data_options *data, char *root, const char *path,
                         const mos_divide_target *target, const mos_divide_steps *steps,
                         void *context, FILE *out);
/* The lines that end most descriptions: path and hash of the file. */
void mos_divide_describe_file(const mos_split_columns *columns, mos_text *text);

#endif
