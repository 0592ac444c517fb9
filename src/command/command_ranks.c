#include "command/command_ranks.h"

#include "base/log.h"
#include "command/command_communicator.h"
#include "dist/launch.h"

#include <unistd.h>

int mos_command_rank_threads(const mos_command_machine *machine, const mos_comm *comm) {
    const int all = mos_command_threads(machine);
    const int64_t ranks = mos_comm_neighbours(comm);
    if (machine->threads > 0 || ranks < 2 || all < sysconf(_SC_NPROCESSORS_ONLN)) return all;
    return all > ranks ? (int)(all / ranks) : 1;
}

/* Log lines of ranks above 0 begin with the rank's name, until their work ends. At the usual verbosity they
 * are errors alone, because rank 0 says the rest. */
static void speak_as_rank(const mos_comm *comm) {
    char prefix[128];
    if (mos_comm_rank(comm) == 0) return;
    (void)snprintf(prefix, sizeof prefix, "rank %lld (%.80s): ", (long long)mos_comm_rank(comm),
                   mos_comm_host(comm, mos_comm_rank(comm)));
    mos_log_set_prefix(prefix);
    if (mos_log_get_level() == MOS_LOG_NOTICE) mos_log_set_level(MOS_LOG_ERROR);
}

mosaic_status mos_command_on_ranks(mos_command_work work, bool agree, const void *values,
                                   const mos_text_list *positional, FILE *out) {
    const void *given = mos_command_communicator();
    const mos_launch launch = mos_launch_detect();
    const mos_comm_options options = {.communicator = given};
    mos_comm *comm = NULL;
    if (given == NULL && launch.size < 2) return work(values, positional, NULL, out);
    const mos_log_level level = mos_log_get_level();
    mosaic_status status = mos_comm_open(&options, &comm);
    const bool first = (comm == NULL ? launch.rank : mos_comm_rank(comm)) == 0;
    if (status == MOSAIC_OK) {
        speak_as_rank(comm);
        status = work(values, positional, comm, out);
        if (agree) status = mos_comm_agree(comm, status);
    }
    /* Every rank has the same message: one shows it, and before any rank ends, because launchers
     * end the others then. A failure that only one rank knows of is told when it closes. */
    const bool told = status != MOSAIC_OK && comm != NULL && mos_comm_failure_agreed(comm);
    if (told && first && given == NULL)
        mos_log(MOS_LOG_ERROR, "%s: %s", mosaic_status_name(status), mosaic_error());
    mos_comm_close(&comm, status);
    mos_log_set_prefix(""); /* a host program goes on */
    mos_log_set_level(level);
    /* The words are rank 0's, unless the line above has said them. */
    const bool has_words = first && (!told || given != NULL);
    return status == MOSAIC_OK || has_words ? status : mos_fail(status, "%s", "");
}
