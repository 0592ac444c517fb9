/* Where buffers lie in one block of memory, by when they are needed: a liveness analysis, and the
 * placement that follows from it.
 *
 * A caller walks through what will be run, one tick after the other: what a tick writes is born,
 * what it reads is used. A buffer may share memory with any that is not needed while it is. Work is
 * done by owners (a modality's encoder each time), and owners belong to lanes. Those of one lane
 * run their passes in any order but never at once: the first tick of every owner's backward pass is
 * TURN, and between the passes other owners run. So what lives over TURN keeps clear of everything
 * of other owners; what does not shares with all of it. Lanes run side by side, each at its own
 * pace, and cross TURN together: a tick of one may meet any tick of another on the same side. With
 * `alone` an owner's two passes are not parted by others of its lane, and lanes do not wait for
 * each other at TURN. */
#ifndef MOS_MODEL_PLACEMENT_H
#define MOS_MODEL_PLACEMENT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MOS_PLACEMENT_TURN ((int64_t)1 << 40)
enum { MOS_PLACEMENT_LANES = 8 }; /* at most */

typedef struct mos_placed {
    void *holder; /* address of the pointer that will hold the buffer's */
    size_t bytes, offset;
    int owner, lane;
    int64_t first, last; /* ticks, both included */
    int64_t same_as;     /* index of the buffer this is another name of, -1: none */
} mos_placed;

typedef struct mos_placement {
    bool alone;
    /* the walk */
    int owner, lane;
    int64_t now;
    mos_placed *items;
    size_t capacity;
    int64_t count;
    mosaic_status status; /* the first failure of the walk, told by solve */
    /* solved */
    size_t total; /* bytes of the block */
    size_t least; /* the most that is needed at one time: no placement is smaller */
    size_t kept;  /* the most that lives over TURN at one time */
} mos_placement;

/* From here on ticks are this owner's, from its first. */
void mos_placement_begin(mos_placement *placement, int owner, int lane);
static inline void mos_placement_tick(mos_placement *placement) {
    placement->now++;
}
/* To the first tick of the backward pass. */
static inline void mos_placement_turn(mos_placement *placement) {
    placement->now = MOS_PLACEMENT_TURN;
}
/* `holder` is the address of a pointer: solve remembers it, hand_out fills it in. 0 bytes: it will
 * be NULL. */
void mos_placement_born(mos_placement *placement, void *holder, size_t bytes);
void mos_placement_used(mos_placement *placement, const void *holder);
/* `holder` will hold what `of` holds; using it uses that. */
void mos_placement_same(mos_placement *placement, void *holder, const void *of);

/* Offsets for all: one after the other, each as low as it goes. */
mosaic_status mos_placement_solve(mos_placement *placement);
void mos_placement_hand_out(const mos_placement *placement, void *block);
void mos_placement_release(mos_placement *placement);

#endif
