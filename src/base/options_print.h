/* The parts of an option's help, for what shows them in another form: manual pages, completion. */
#ifndef MOS_BASE_OPTIONS_PRINT_H
#define MOS_BASE_OPTIONS_PRINT_H

#include "base/options.h"

/* The option as it is listed, without the two dashes: "no-flip" of a switch that is on. */
void mos_option_add_flag(const mos_option *option, mos_text *out);
/* What follows it: "PATH", "KEY=VALUE"; "" of a switch. */
const char *mos_option_placeholder(const mos_option *option);
/* The words in parentheses after the help: default, range, unit, source. */
void mos_option_add_remarks(const mos_option *option, mos_text *out);

#endif
