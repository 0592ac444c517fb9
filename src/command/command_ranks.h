/* Commands that several processes do together. */
#ifndef MOS_COMMAND_COMMAND_RANKS_H
#define MOS_COMMAND_COMMAND_RANKS_H

#include "command/command_table.h"
#include "dist/comm.h"

/* comm: NULL where this process was started alone. */
typedef mosaic_status (*mos_command_work)(const void *values, const mos_text_list *positional,
                                          mos_comm *comm, FILE *out);
/* Opens the communicator, runs `work` on every rank and closes it. Rank 0 alone reports a failure.
 * agree: the work may fail on one rank alone, and the next thing that the others ask for is
 * mos_comm_agree; else it has agreed on its own failures. */
mosaic_status mos_command_on_ranks(mos_command_work work, bool agree, const void *values,
                                   const mos_text_list *positional, FILE *out);
/* As mos_command_threads; the ranks of a machine share its processors evenly, unless the launcher has
 * divided them. */
int mos_command_rank_threads(const mos_command_machine *machine, const mos_comm *comm);

#endif
