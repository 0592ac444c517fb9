/* mosaic data import-split: makes a split file, which training verifies, of a list that somebody
 * shared. */
#include "base/log.h"
#include "command/command_table.h"
#include "command/divide.h"
#include "prepare/split/split_import.h"

typedef struct import_command {
    mos_data_options data;
    mos_divide_target target;
} import_command;

typedef struct import_run {
    const char *list;
    mos_import_report report;
} import_run;

static void warn(const mos_import_report *report, const char *list) {
    if (report->unknown.count > 0)
        mos_log(MOS_LOG_WARNING, "%s: %lld ids are not in the data set, as in %s", list,
                (long long)report->unknown.count, report->unknown.shown[0]);
    if (report->doubled.count > 0)
        mos_log(MOS_LOG_WARNING, "%s: %lld ids are listed again, as in %s", list,
                (long long)report->doubled.count, report->doubled.shown[0]);
    if (report->missing.count > 0)
        mos_log(MOS_LOG_WARNING, "%s: %lld samples are not listed: their split is none, as in %s",
                list, (long long)report->missing.count, report->missing.shown[0]);
}

static mosaic_status make(void *context, mos_dataset *dataset, mos_split_columns **columns) {
    import_run *run = context;
    MOS_TRY(mos_split_import(dataset, run->list, columns, &run->report));
    warn(&run->report, run->list);
    return MOSAIC_OK;
}

static void describe(void *context, const mos_dataset *dataset, const mos_split_columns *columns,
                     mos_text *text) {
    const import_run *run = context;
    (void)dataset;
    mos_split_import_describe(&run->report, text);
    mos_divide_describe_file(columns, text);
}

static mosaic_status run_import(const void *values, const mos_text_list *positional, FILE *out) {
    const import_command *command = values;
    import_run run = {.list = positional->items[1]};
    return mos_divide(&command->data, positional->items[0], positional->items[2], &command->target,
                      &(mos_divide_steps){make, describe}, &run, out);
}

const mos_command_row mos_command_data_import = {
    .name = "data import-split",
    .usage = "mosaic data import-split [options] ROOT LIST FILE",
    .summary = "take over a list of ids and splits (a table, or a folder of train, val and test "
               "lists) as a split file, naming what is unknown, doubled or missing",
    .parts = {{&mos_divide_target_table, offsetof(import_command, target), NULL},
              {&mos_data_option_table, offsetof(import_command, data), "data."}},
    .size = sizeof(import_command),
    .positional_least = 3,
    .positional_most = 3,
    .divides = true,
    .run = run_import,
};
