/* mosaic data check: every defect of a data set, as CSV. */
#include "base/file.h"
#include "command/command_ranks.h"
#include "command/command_table.h"
#include "prepare/check/check.h"

#include <stdio.h>

typedef struct check_command {
    mos_data_options data;
    mos_command_machine machine;
    mos_text_list defects, ignored;
    double max_lag;
    char *out;
    bool json, list;
} check_command;

#define AT(field) offsetof(check_command, field)
static const mos_option own_options[] = {
    {.key = "out",
     .letter = 'o',
     .type = MOS_OPTION_PATH,
     .offset = AT(out),
     .help = "write the rows to this file, not to standard output"},
    {.key = "json",
     .type = MOS_OPTION_BOOL,
     .offset = AT(json),
     .fallback = "false",
     .help = "the summary as one JSON object on standard output, in place of the rows"},
    {.key = "defect",
     .type = MOS_OPTION_LIST,
     .offset = AT(defects),
     .help = "look only for these classes of defects"},
    {.key = "ignore",
     .type = MOS_OPTION_LIST,
     .offset = AT(ignored),
     .help = "do not look for these classes"},
    {.key = "list_defects",
     .type = MOS_OPTION_BOOL,
     .offset = AT(list),
     .fallback = "false",
     .help = "print the classes with severity and meaning, and end"},
    {.key = "max_lag",
     .type = MOS_OPTION_REAL,
     .offset = AT(max_lag),
     .fallback = "7",
     .minimum = 0,
     .maximum = 1e6,
     .unit = "days",
     .source = "chosen",
     .help = "days between radar and optical that are too many; 0: any number is fine"},
};
static const mos_option_table own_table = {"data check", own_options,
                                           sizeof own_options / sizeof own_options[0]};

static mosaic_status write_results(const check_command *command, const mos_check *check,
                                   FILE *out) {
    mos_text rows = {0}, summary = {0};
    mosaic_status status = MOSAIC_OK;
    if (command->out != NULL || !command->json) mos_check_csv(check, &rows);
    if (command->json) MOS_GOTO(mos_check_json(check, &summary));
    if (command->out == NULL) {
        MOS_GOTO(mos_command_print(&rows, out));
    } else {
        MOS_GOTO(rows.failed ? mos_fail_memory(rows.size, "rows of a check")
                             : mos_atomic_write(command->out, rows.data, rows.size));
    }
    MOS_GOTO(mos_command_print(&summary, out));
done:
    mos_text_release(&rows);
    mos_text_release(&summary);
    return status;
}

static mosaic_status judge(const mos_check *check, const mos_dataset *dataset) {
    if (check->errors > 0)
        return mos_fail(MOSAIC_ERR_DATA, "%s: %lld errors in the data", mos_dataset_root(dataset),
                        (long long)check->errors);
    if (!mos_check_blind(check)) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA,
                    "%s: nothing was checked: no file of %lld samples could be opened",
                    mos_dataset_root(dataset), (long long)check->samples);
}

static mosaic_status check_data(const void *values, const mos_text_list *positional, mos_comm *comm,
                                FILE *out) {
    const check_command *command = values;
    mos_data_options data = command->data;
    mos_check_options options = {.max_lag_days = command->max_lag,
                                 .threads = mos_command_rank_threads(&command->machine, comm),
                                 .progress = true,
                                 .comm = comm};
    mos_survey survey = {0};
    mos_dataset *dataset = NULL;
    mos_check check = {0};
    mos_text text = {0};
    mosaic_status status = MOSAIC_OK;
    if (command->list) {
        if (mos_comm_rank(comm) > 0) return MOSAIC_OK;
        mos_check_class_markdown(&text);
        return mos_command_print(&text, out);
    }
    if (positional->count > 0) data.root = positional->items[0];
    if (data.root == NULL)
        return mos_fail(MOSAIC_ERR_USAGE, "missing argument; usage: %s",
                        mos_command_data_check.usage);
    MOS_GOTO(mos_check_class_select(&command->defects, &command->ignored, options.wanted));
    MOS_GOTO(mos_dataset_survey(&data, &survey, &dataset));
    MOS_GOTO(mos_check_run(dataset, &survey, &options, &check));
    if (mos_comm_rank(comm) > 0) goto done; /* rank 0 tells */
    MOS_GOTO(write_results(command, &check, out));
    mos_check_log(&check);
    status = judge(&check, dataset);
done:
    mos_check_release(&check);
    mos_dataset_close(&dataset);
    mos_survey_release(&survey);
    return status;
}

static mosaic_status run_check(const void *values, const mos_text_list *positional, FILE *out) {
    return mos_command_on_ranks(check_data, true, values, positional, out);
}

const mos_command_row mos_command_data_check = {
    .name = "data check",
    .usage = "mosaic data check [options] ROOT",
    .summary = "look for every defect in every sample; rows as CSV, exit code 3 when there are "
               "errors",
    .parts = {{&own_table, 0, NULL},
              {&mos_data_option_table, offsetof(check_command, data), "data."},
              {&mos_command_threads_table, offsetof(check_command, machine), NULL}},
    .size = sizeof(check_command),
    .ranks = true,
    .positional_most = 1,
    .run = run_check,
};
