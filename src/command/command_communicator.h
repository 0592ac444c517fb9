/* Which ranks the calling thread's command belongs to. */
#ifndef MOS_COMMAND_COMMAND_COMMUNICATOR_H
#define MOS_COMMAND_COMMAND_COMMUNICATOR_H

#include "base/error.h"

#include <stdbool.h>

/* Commands that this thread runs are done by the ranks of an MPI_Comm (its address); NULL: by all that
 * were started. */
void mos_command_use_communicator(const void *communicator);
const void *mos_command_communicator(void);
/* Of a command that ranks do not share: *left on all ranks but 0, which do nothing. Collective where a
 * communicator is in use. `name` is the command's. */
mosaic_status mos_command_leave_to_rank_0(const char *name, bool *left);

#endif
