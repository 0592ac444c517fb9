/* The options of commands that score a trained model on a split. */
#ifndef MOS_COMMAND_SCORING_OPTIONS_H
#define MOS_COMMAND_SCORING_OPTIONS_H

#include "base/options.h"

typedef struct mos_command_scoring {
    int split; /* mos_split */
    char *out;
    mos_text_list set;
    int64_t limit, pictures;
} mos_command_scoring;
extern const mos_option_table mos_command_scoring_table;

#endif
