#include "command/command_communicator.h"

#include "base/log.h"
#include "dist/comm.h"
#include "dist/launch.h"

static _Thread_local const void *given;

void mos_command_use_communicator(const void *communicator) {
    given = communicator;
}

const void *mos_command_communicator(void) {
    return given;
}

/* Where this process stands among the ranks of the caller's communicator. */
static mosaic_status ask_communicator(mos_launch *found) {
    const mos_comm_options options = {.communicator = given};
    mos_comm *comm = NULL;
    MOS_TRY(mos_comm_open(&options, &comm));
    found->rank = mos_comm_rank(comm);
    found->size = mos_comm_size(comm);
    mos_comm_close(&comm, MOSAIC_OK);
    return MOSAIC_OK;
}

mosaic_status mos_command_leave_to_rank_0(const char *name, bool *left) {
    mos_launch launch = mos_launch_detect();
    *left = false;
    if (given != NULL) MOS_TRY(ask_communicator(&launch));
    *left = launch.rank > 0;
    if (launch.size < 2 || *left) return MOSAIC_OK;
    mos_log(MOS_LOG_NOTICE, "'%s' is done by rank 0 alone, the other %lld ranks have %s", name,
            (long long)launch.size - 1, given == NULL ? "ended" : "nothing to do");
    if (given == NULL) mos_launch_forget();
    return MOSAIC_OK;
}
