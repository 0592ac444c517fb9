/* mosaic data info: what is in a data set. */
#include "command/command_table.h"
#include "data/summary.h"

typedef struct info_command {
    mos_data_options data;
    bool json, verbose;
} info_command;

static const mos_option own_options[] = {
    {.key = "json",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(info_command, json),
     .fallback = "false",
     .help = "one JSON object instead of a table"},
    {.key = "verbose",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(info_command, verbose),
     .fallback = "false",
     .help = "also what each band is and who says so: name, role, unit, scale, no-data, level"},
};
static const mos_option_table own_table = {"data info", own_options, 2};

static mosaic_status run_info(const void *values, const mos_text_list *positional, FILE *out) {
    const info_command *command = values;
    mos_dataset *dataset = NULL;
    mos_summary summary = {0};
    mos_text text = {0};
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_command_open_data(&command->data, positional, &dataset));
    MOS_GOTO(mos_summary_make(dataset, &summary));
    if (command->json)
        MOS_GOTO(mos_summary_json(&summary, &text));
    else
        mos_summary_text(&summary, &text);
    if (command->verbose && !command->json) mos_summary_identities(dataset, &text);
    MOS_GOTO(mos_command_print(&text, out));
    if (mos_dataset_count(dataset) == 0)
        status = mos_fail(MOSAIC_ERR_DATA, "%s: no sample with a file", mos_dataset_root(dataset));
done:
    mos_text_release(&text);
    mos_summary_release(&summary);
    mos_dataset_close(&dataset);
    return status;
}

const mos_command_row mos_command_data_info = {
    .name = "data info",
    .usage = "mosaic data info [options] ROOT",
    .summary = "what is in a data set: splits, classes, countries, seasons, lags, defects",
    .parts = {{&own_table, 0, NULL},
              {&mos_data_option_table, offsetof(info_command, data), "data."}},
    .size = sizeof(info_command),
    .positional_least = 1,
    .positional_most = 1,
    .run = run_info,
};
