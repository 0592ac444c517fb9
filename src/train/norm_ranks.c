#include "train/norm_ranks.h"

#include "base/limits.h"
#include "base/turns.h"

#include <string.h>

_Static_assert((int)MOS_COMM_GROUPS_AT_ONCE >= (int)MOS_MAX_MODALITIES, "a slot for each encoder");

/* While the numbers of the other ranks are on their way, another encoder goes on (base/turns.h). */
static mosaic_status exchange(mos_comm *comm, const void *mine, size_t bytes, void *all) {
    const int slot = mos_turns_own();
    MOS_TRY(mos_comm_group_gather_begin(comm, slot, mine, bytes, all));
    mos_turns_pass();
    return mos_comm_group_gather_end(comm, slot);
}

/* A norm has no way to report a failure. After one it goes on with this rank's numbers, and the step
 * fails with the status that is kept here. */
static void gather(void *context, const double *mine, int64_t values, double *all) {
    mos_norm_ranks *norms = context;
    const size_t bytes = (size_t)values * sizeof *mine;
    if (norms->status == MOSAIC_OK) {
        const mosaic_status status = exchange(norms->comm, mine, bytes, all);
        if (status != MOSAIC_OK && norms->status == MOSAIC_OK)
            mos_error_copy(norms->words, sizeof norms->words);
        if (norms->status == MOSAIC_OK) norms->status = status;
    }
    for (int64_t r = 0; r < norms->peers.count && norms->status != MOSAIC_OK; r++)
        memcpy(all + r * values, mine, bytes);
}

mosaic_status mos_norm_ranks_init(mos_norm_ranks *norms, mos_comm *comm, int64_t ranks) {
    *norms = (mos_norm_ranks){.comm = comm};
    norms->peers = (mos_norm_peers){.context = norms, .count = ranks, .gather = gather};
    return ranks < 2 ? MOSAIC_OK : mos_comm_group(comm, ranks);
}

mosaic_status mos_norm_ranks_status(const mos_norm_ranks *norms) {
    if (norms->status != MOSAIC_OK) mos_error_restore(norms->words);
    return norms->status;
}
