/* mosaic data split: splits, folds and labelled fractions as a file that training reads and
 * verifies. */
#include "command/command_table.h"
#include "prepare/split/split_plan.h"

typedef struct split_command {
    mos_data_options data;
    mos_split_options split;
    bool overwrite;
} split_command;

static const mos_option own_options[] = {
    {.key = "overwrite",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(split_command, overwrite),
     .fallback = "false",
     .help = "replace FILE"},
};
static const mos_option_table own_table = {"data split", own_options, 1};

static mosaic_status run_split(const void *values, const mos_text_list *positional, FILE *out) {
    const split_command *command = values;
    const char *path = positional->items[1];
    mos_dataset *dataset = NULL;
    mos_split_columns *columns = NULL;
    mos_split_report report;
    mos_text text = {0};
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_command_open_data_for(&command->data, positional->items[0], path,
                                       command->overwrite, &dataset));
    MOS_GOTO(mos_split_make(dataset, &command->split, &columns, &report));
    MOS_GOTO(mos_split_file_write(dataset, columns, path));
    mos_split_describe(dataset, columns, &report, &text);
    mos_text_add(&text, "written to %s\nsha256 %s\n", path, columns->sha256);
    MOS_GOTO(mos_command_print(&text, out));
done:
    mos_text_release(&text);
    mos_split_columns_destroy(&columns);
    mos_dataset_close(&dataset);
    return status;
}

const mos_command_row mos_command_data_split = {
    .name = "data split",
    .usage = "mosaic data split [options] ROOT FILE",
    .summary =
        "divide a data set: shares, folds, geographic blocks, labelled fractions; stratified, "
        "checked for overlap, saved with a hash",
    .parts = {{&mos_split_option_table, offsetof(split_command, split), NULL},
              {&own_table, 0, NULL},
              {&mos_data_option_table, offsetof(split_command, data), "data."}},
    .size = sizeof(split_command),
    .positional_least = 2,
    .positional_most = 2,
    .divides = true,
    .run = run_split,
};
