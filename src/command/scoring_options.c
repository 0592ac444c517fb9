#include "command/scoring_options.h"

#include "data/dataset.h"
#include "evaluate/patch_pictures.h"

static const mos_option rows[] = {
    {.key = "split",
     .type = MOS_OPTION_CHOICE,
     .offset = offsetof(mos_command_scoring, split),
     .fallback = "test",
     .choices = mos_split_names,
     .help = "samples to score"},
    {.key = "out",
     .letter = 'o',
     .type = MOS_OPTION_PATH,
     .offset = offsetof(mos_command_scoring, out),
     .help =
         "folder for the result files; by default eval/SPLIT in the run (a probe's: SPLIT-probe or "
         "SPLIT-knn); probe --kind finetune: the run directory that is made"},
    {.key = "set",
     .type = MOS_OPTION_LIST,
     .unit = "KEY=VALUE",
     .offset = offsetof(mos_command_scoring, set),
     .help =
         "KEY=VALUE over the model's configuration, e.g. data.root=/elsewhere; may be repeated"},
    {.key = "limit",
     .type = MOS_OPTION_INT,
     .offset = offsetof(mos_command_scoring, limit),
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e15,
     .help = "score at most so many samples, 0: all; results are marked as reduced"},
    {.key = "pictures",
     .type = MOS_OPTION_INT,
     .offset = offsetof(mos_command_scoring, pictures),
     .fallback = "8",
     .minimum = 0,
     .maximum = MOS_PICTURED_MOST,
     .source = "chosen",
     .help = "small pictures of so many of the best, worst and most uncertain patches each, and of "
             "examples of confused classes, for the report; 0: none"},
};
const mos_option_table mos_command_scoring_table = {"scoring", rows, sizeof rows / sizeof *rows};
