/* Lanes: threads that stay, each with a job of its own while the caller waits. Unlike the parts of
 * mos_parallel_for each of them may run parallel loops with a team of its own. */
#ifndef MOS_BASE_LANES_H
#define MOS_BASE_LANES_H

#include "base/error.h"

typedef struct mos_lanes mos_lanes;
typedef void (*mos_lane_job)(void *context, int lane);

/* count: at least 1. Fails when the system gives no thread. */
mosaic_status mos_lanes_create(int count, mos_lanes **out);
/* job(context, lane) once on every lane, all at the same time; returns when all are done. What the
 * caller wrote before is seen by the lanes, and what they wrote by the caller. From one thread at a
 * time, never from a lane. No heap calls. */
void mos_lanes_run(mos_lanes *lanes, mos_lane_job job, void *context);
/* Takes NULL and half-built ones. */
void mos_lanes_destroy(mos_lanes **lanes);

#endif
