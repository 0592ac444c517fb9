/* mosaic data split: splits, folds and labelled fractions as a file that training reads and
 * verifies. */
#include "command/command_table.h"
#include "command/divide.h"
#include "prepare/split/split_plan.h"

typedef struct split_command {
    mos_data_options data;
    mos_split_options split;
    mos_divide_target target;
} split_command;

typedef struct split_run {
    const mos_split_options *options;
    mos_split_report report;
} split_run;

static mosaic_status make(void *context, mos_dataset *dataset, mos_split_columns **columns) {
    split_run *run = context;
    return mos_split_make(dataset, run->options, columns, &run->report);
}

static void describe(void *context, const mos_dataset *dataset, const mos_split_columns *columns,
                     mos_text *text) {
    const split_run *run = context;
    mos_split_describe(dataset, columns, &run->report, text);
    mos_divide_describe_file(columns, text);
}

static mosaic_status run_split(const void *values, const mos_text_list *positional, FILE *out) {
    const split_command *command = values;
    split_run run = {.options = &command->split};
    return mos_divide(&command->data, positional->items[0], positional->items[1], &command->target,
                      &(mos_divide_steps){make, describe}, &run, out);
}

const mos_command_row mos_command_data_split = {
    .name = "data split",
    .usage = "mosaic data split [options] ROOT FILE",
    .summary =
        "divide a data set: shares, folds, geographic blocks, labelled fractions; stratified, "
        "checked for overlap, saved with a hash",
    .parts = {{&mos_split_option_table, offsetof(split_command, split), NULL},
              {&mos_divide_target_table, offsetof(split_command, target), NULL},
              {&mos_data_option_table, offsetof(split_command, data), "data."}},
    .size = sizeof(split_command),
    .positional_least = 2,
    .positional_most = 2,
    .divides = true,
    .run = run_split,
};
