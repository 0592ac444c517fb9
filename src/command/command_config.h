/* Commands on data sets take a training configuration in place of a data set, so that they look at
 * exactly what will be trained. */
#ifndef MOS_COMMAND_COMMAND_CONFIG_H
#define MOS_COMMAND_COMMAND_CONFIG_H

#include "command/command_table.h"

/* Is the file a training configuration: YAML with a key `data`? Scene files have none. */
bool mos_command_is_config(const char *path);
/* The configuration's `data` keys into `values` (released first), and where its data set lies in
 * place of positional argument 0. */
mosaic_status mos_command_take_config(const char *path, mos_data_options *values,
                                      mos_text_list *positional);
/* For a command line that was refused: where an option that does not exist is a key of the
 * configuration, the message says how to set it (--set train.epochs=3). Returns `status`. */
mosaic_status mos_command_suggest_key(const mos_option_table *table, mosaic_status status, int argc,
                                      char **argv);

#endif
