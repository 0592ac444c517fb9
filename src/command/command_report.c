/* mosaic report: one HTML file about a run. */
#include "base/file.h"
#include "command/command_table.h"
#include "report/report.h"

typedef struct report_command {
    char *out;
} report_command;

static const mos_option own_options[] = {
    {.key = "out",
     .letter = 'o',
     .type = MOS_OPTION_PATH,
     .offset = offsetof(report_command, out),
     .help = "file to write; by default report.html in the run"},
};
static const mos_option_table own_table = {"report", own_options, 1};

static mosaic_status run_report(const void *values, const mos_text_list *positional, FILE *out) {
    const report_command *command = values;
    char path[4096];
    mos_text text = {0};
    if (command->out) {
        (void)snprintf(path, sizeof path, "%s", command->out);
    } else {
        MOS_TRY(mos_path_join(path, sizeof path, positional->items[0], "report.html"));
    }
    MOS_TRY(mos_report_write(positional->items[0], path));
    mos_text_add(&text, "%s\n", path);
    return mos_command_print(&text, out);
}

const mos_command_row mos_command_report = {
    .name = "report",
    .usage = "mosaic report [options] RUN",
    .summary = "write one self-contained HTML file about a run",
    .parts = {{&own_table, 0, NULL}},
    .size = sizeof(report_command),
    .positional_least = 1,
    .positional_most = 1,
    .run = run_report,
};
