/* Where buffers lie in one block of memory, by when they are needed: a liveness analysis, and the
 * placement that follows from it.
 *
 * A caller lists its buffers, then tells what is done with them, one tick after the other: what a
 * tick writes, and what it reads. A buffer is live from the first to the last tick that touches it
 * and may share memory with any that is not live meanwhile. Work is done by owners (a modality's
 * encoder each time), and owners belong to workers. Those of one worker run their passes in any
 * order but never at once: the first tick of every owner's backward pass is behind TURN, and between
 * the passes other owners run. So what lives over TURN keeps clear of everything of other owners;
 * what does not shares with all of it. Workers run side by side, each at its own pace, and cross
 * TURN together: a tick of one may meet any tick of another on the same side. With `alone` an
 * owner's two passes are not parted by others of its worker, and workers do not wait for each other
 * at TURN. */
#ifndef MOS_MODEL_PLACEMENT_H
#define MOS_MODEL_PLACEMENT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MOS_PLACEMENT_TURN ((int64_t)1 << 40)
enum { MOS_PLACEMENT_WORKERS = 8 }; /* at most */

typedef struct mos_placed {
    void *holder; /* address of the pointer that will hold the buffer's */
    size_t bytes, offset;
    int owner, worker;
    int64_t first, last; /* ticks, both included; -1: no tick touches it */
    int64_t same_as;     /* index of the buffer this is another name of, -1: none */
} mos_placed;

typedef struct mos_placement {
    bool alone;
    /* the list, and how far the telling is */
    int owner, worker;
    int64_t now;
    mos_placed *items;
    size_t capacity;
    int64_t count;
    mosaic_status status; /* the first failure of these, told by solve */
    /* solved */
    size_t total; /* bytes of the block */
    size_t least; /* the most that is needed at one time: no placement is smaller */
    size_t kept;  /* the most that lives over TURN at one time */
} mos_placement;

/* From here on buffers and ticks are this owner's, from its first tick. */
void mos_placement_begin(mos_placement *placement, int owner, int worker);
static inline void mos_placement_tick(mos_placement *placement) {
    placement->now++;
}
/* The ticks that follow are those of the backward pass. */
static inline void mos_placement_turn(mos_placement *placement) {
    placement->now = MOS_PLACEMENT_TURN;
}
/* One more buffer. `holder` is the address of a pointer. The pointer holds a mark from here on, by
 * which read and write know the buffer, with or without an offset into it, and its address once
 * that is handed out. 0 bytes: NULL. */
void mos_placement_buffer(mos_placement *placement, void *holder, size_t bytes);
/* `holder` is another name of the buffer behind `of`. */
void mos_placement_same(mos_placement *placement, void *holder, const void *of);
/* This tick writes or reads that memory; addresses that are no marks are somebody else's. Reading
 * what nothing has written is a mistake, told by solve. */
void mos_placement_write(mos_placement *placement, const void *address);
void mos_placement_read(mos_placement *placement, const void *address);

/* Offsets for all: one after the other, each as low as it goes. */
mosaic_status mos_placement_solve(mos_placement *placement);
/* Buffers that nothing touches get NULL. */
void mos_placement_hand_out(const mos_placement *placement, void *block);
void mos_placement_release(mos_placement *placement);

#endif
