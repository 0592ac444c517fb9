/* Turns: several jobs on one thread, each on a stack of its own (coroutines). A job that waits for something
 * else than the processor passes, and the next one goes on. Who is next depends on nothing but the
 * passes, so that processes that do the same also take the same turns. */
#ifndef MOS_BASE_TURNS_H
#define MOS_BASE_TURNS_H

#include "base/error.h"

typedef struct mos_turns mos_turns;
typedef void (*mos_turns_job)(void *context, int own);

/* For so many jobs, at least 1. */
mosaic_status mos_turns_create(int count, mos_turns **out);
/* job(context, own) for each own below count, from 0 on; returns when all are done. Not inside a job, nor
 * inside a body of a team. No heap calls. */
void mos_turns_run(mos_turns *turns, mos_turns_job job, void *context);
/* In a job: the next one that is not done goes on, and this one when it is its turn again. Elsewhere
 * nothing. */
void mos_turns_pass(void);
/* Number of the job at hand; 0 outside. */
int mos_turns_own(void);
/* Takes NULL and half-built ones. */
void mos_turns_destroy(mos_turns **turns);

#endif
