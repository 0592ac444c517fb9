/* Manual pages and completion of the command line, made from the option tables. Each function adds
 * one file's text. */
#ifndef MOS_COMMAND_PAGES_H
#define MOS_COMMAND_PAGES_H

#include "command/command_table.h"

/* What stands before the command; `value`: what the option takes, NULL of a switch. */
typedef struct mos_page_global {
    const char *flag, *value, *help;
} mos_page_global;
extern const mos_page_global mos_page_globals[]; /* up to the first without a flag */

/* mosaic.1, and the page of one command. */
void mos_page_manual(mos_text *out);
void mos_page_manual_of(const mos_command_row *row, const mos_option_table *table, mos_text *out);

/* A function that goes through all commands: called with each row and its options. */
typedef void mos_page_visit(const mos_command_row *row, const mos_option_table *table,
                            mos_text *out);
mosaic_status mos_page_each(mos_page_visit *visit, mos_text *out);
/* Is the value of an option a file or folder? */
bool mos_page_takes_path(const mos_option *option);

mosaic_status mos_page_bash(mos_text *out);
mosaic_status mos_page_zsh(mos_text *out);
mosaic_status mos_page_fish(mos_text *out);

#endif
