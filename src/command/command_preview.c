/* mosaic preview: a page of augmented views, as the network gets them. */
#include "command/command_table.h"
#include "command/preview_page.h"

typedef struct preview_command {
    mos_command_machine machine;
    char *out;
    mos_text_list set;
    int64_t patches, epoch;
} preview_command;

static const mos_option own_options[] = {
    {.key = "out",
     .letter = 'o',
     .type = MOS_OPTION_PATH,
     .offset = offsetof(preview_command, out),
     .fallback = "preview.html",
     .help = "HTML file to write"},
    {.key = "set",
     .type = MOS_OPTION_LIST,
     .offset = offsetof(preview_command, set),
     .unit = "KEY=VALUE",
     .help = "KEY=VALUE over the file's, e.g. augment.blur=0; may be repeated"},
    {.key = "patches",
     .letter = 'n',
     .type = MOS_OPTION_INT,
     .offset = offsetof(preview_command, patches),
     .fallback = "6",
     .minimum = 1,
     .maximum = MOS_PREVIEW_MOST,
     .help = "how many patches to show; fewer where the page would exceed 5 MB"},
    {.key = "epoch",
     .type = MOS_OPTION_INT,
     .offset = offsetof(preview_command, epoch),
     .fallback = "1",
     .minimum = 1,
     .maximum = 1e9,
     .help = "the epoch whose views to show"},
};
static const mos_option_table own_table = {"preview", own_options,
                                           sizeof own_options / sizeof *own_options};

static mosaic_status run_preview(const void *values, const mos_text_list *positional, FILE *out) {
    const preview_command *command = values;
    const mos_preview_options options = {.config = positional->items[0],
                                         .set = &command->set,
                                         .out = command->out,
                                         .patches = command->patches,
                                         .epoch = command->epoch,
                                         .threads = mos_command_threads(&command->machine)};
    mos_text text = {0};
    int64_t shown;
    MOS_TRY(mos_preview_write(&options, &shown));
    mos_text_add(&text, "%s\n", command->out);
    return mos_command_print(&text, out);
}

const mos_command_row mos_command_preview = {
    .name = "preview",
    .usage = "mosaic preview [options] CONFIG",
    .summary = "show augmented views as the network sees them, and what was drawn for each",
    .parts = {{&own_table, 0, NULL},
              {&mos_command_threads_table, offsetof(preview_command, machine), NULL}},
    .size = sizeof(preview_command),
    .positional_least = 1,
    .positional_most = 1,
    .run = run_preview,
};
