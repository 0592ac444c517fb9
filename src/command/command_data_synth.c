/* mosaic data synth: a procedural data set with planted truth. */
#include "command/command_table.h"
#include "prepare/synth/synth.h"

typedef struct synth_command {
    mos_synth_options synth;
    mos_command_machine machine;
    bool overwrite;
} synth_command;

static const mos_option own_options[] = {
    {.key = "overwrite",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(synth_command, overwrite),
     .fallback = "false",
     .help = "replace a data set that an earlier run wrote there"},
};
static const mos_option_table own_table = {"data synth", own_options, 1};

static mosaic_status run_synth(const void *values, const mos_text_list *positional, FILE *out) {
    const synth_command *command = values;
    (void)out;
    return mos_synth_write(&command->synth, positional->items[0], command->overwrite);
}

const mos_command_row mos_command_data_synth = {
    .name = "data synth",
    .usage = "mosaic data synth [options] FOLDER",
    .summary = "make a procedural data set that looks like BigEarthNet V2, with planted truth",
    .parts = {{&mos_synth_option_table, offsetof(synth_command, synth), "synth."},
              {&own_table, 0, NULL}},
    .size = sizeof(synth_command),
    .positional_least = 1,
    .positional_most = 1,
    .run = run_synth,
};
