/* Workers: threads that stay, each with a job of its own while the caller waits. Unlike a thread of
 * mos_parallel_for a worker may run parallel loops with a team of its own. */
#ifndef MOS_BASE_WORKERS_H
#define MOS_BASE_WORKERS_H

#include "base/error.h"

typedef struct mos_workers mos_workers;
typedef void (*mos_worker_job)(void *context, int worker);

/* count: at least 1. Fails when the system gives no thread. */
mosaic_status mos_workers_create(int count, mos_workers **out);
/* job(context, worker) once on every worker, all at the same time; returns when all are done. What
 * the caller wrote before is seen by the workers, and what they wrote by the caller. From one thread
 * at a time, never from a worker. No heap calls. */
void mos_workers_run(mos_workers *workers, mos_worker_job job, void *context);
/* Takes NULL and half-built ones. */
void mos_workers_destroy(mos_workers **workers);

#endif
