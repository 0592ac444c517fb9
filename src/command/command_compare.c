/* mosaic compare: one HTML file about several runs. */
#include "command/command_table.h"
#include "study/comparison.h"

typedef struct compare_command {
    mos_command_machine machine;
    char *out, *split, *reference;
} compare_command;

static const mos_option own_options[] = {
    {.key = "out",
     .letter = 'o',
     .type = MOS_OPTION_PATH,
     .offset = offsetof(compare_command, out),
     .fallback = "compare.html",
     .help = "file to write"},
    {.key = "split",
     .type = MOS_OPTION_TEXT,
     .offset = offsetof(compare_command, split),
     .help = "evaluation to compare, e.g. validation or test-probe; by default test"},
    {.key = "reference",
     .type = MOS_OPTION_TEXT,
     .offset = offsetof(compare_command, reference),
     .help = "run that the others are compared with; by default the first"},
};
static const mos_option_table own_table = {"compare", own_options,
                                           sizeof own_options / sizeof *own_options};

static mosaic_status run_compare(const void *values, const mos_text_list *positional, FILE *out) {
    const compare_command *command = values;
    const mos_compare_options options = {.runs = positional,
                                         .out = command->out,
                                         .split = command->split,
                                         .reference = command->reference,
                                         .threads = mos_command_threads(&command->machine)};
    mos_text text = {0};
    MOS_TRY(mos_compare(&options));
    mos_text_add(&text, "%s\n", command->out);
    return mos_command_print(&text, out);
}

const mos_command_row mos_command_compare = {
    .name = "compare",
    .usage = "mosaic compare [options] RUN RUN...",
    .summary = "write one self-contained HTML file about several runs side by side",
    .parts = {{&own_table, 0, NULL},
              {&mos_command_threads_table, offsetof(compare_command, machine), NULL}},
    .size = sizeof(compare_command),
    .positional_least = 2,
    .positional_most = 64,
    .run = run_compare,
};
