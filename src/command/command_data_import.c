/* mosaic data import-split: makes a split file, which training verifies, of a list that somebody
 * shared. */
#include "base/log.h"
#include "command/command_table.h"
#include "prepare/split/split_import.h"

typedef struct import_command {
    mos_data_options data;
    bool overwrite;
} import_command;

static const mos_option own_options[] = {
    {.key = "overwrite",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(import_command, overwrite),
     .fallback = "false",
     .help = "replace FILE"},
};
static const mos_option_table own_table = {"data import-split", own_options, 1};

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

static mosaic_status run_import(const void *values, const mos_text_list *positional, FILE *out) {
    const import_command *command = values;
    const char *list = positional->items[1], *path = positional->items[2];
    mos_dataset *dataset = NULL;
    mos_split_columns *columns = NULL;
    mos_import_report report;
    mos_text text = {0};
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_command_open_data_for(&command->data, positional->items[0], path,
                                       command->overwrite, &dataset));
    MOS_GOTO(mos_split_import(dataset, list, &columns, &report));
    warn(&report, list);
    MOS_GOTO(mos_split_file_write(dataset, columns, path));
    mos_split_import_describe(&report, &text);
    mos_text_add(&text, "written to %s\nsha256 %s\n", path, columns->sha256);
    MOS_GOTO(mos_command_print(&text, out));
done:
    mos_text_release(&text);
    mos_split_columns_destroy(&columns);
    mos_dataset_close(&dataset);
    return status;
}

const mos_command_row mos_command_data_import = {
    .name = "data import-split",
    .usage = "mosaic data import-split [options] ROOT LIST FILE",
    .summary = "take over a list of ids and splits (a table, or a folder of train, val and test "
               "lists) as a split file, naming what is unknown, doubled or missing",
    .parts = {{&own_table, 0, NULL},
              {&mos_data_option_table, offsetof(import_command, data), "data."}},
    .size = sizeof(import_command),
    .positional_least = 3,
    .positional_most = 3,
    .divides = true,
    .run = run_import,
};
