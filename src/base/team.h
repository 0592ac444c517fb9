/* Teams: several threads at one body, with barriers. Every thread that asks has a team of its own,
 * whose workers stay until it ends: they wait for the next body briefly awake, then asleep. A team
 * schedules statically: the body divides the work by thread number, so that sums do not depend on
 * which thread adds what. Work stealing is compute/cpu/cpu_work.h's, for items that do not care. */
#ifndef MOS_BASE_TEAM_H
#define MOS_BASE_TEAM_H

typedef struct mos_team mos_team;
/* thread: 0 (the caller) to threads - 1. */
typedef void (*mos_team_body)(void *context, int thread, int threads, mos_team *team);

/* Runs the body on `threads` threads and returns when all are done. All threads see what the caller
 * wrote before, the caller sees what they wrote, and the caller's floating-point settings hold for
 * all. Any number of threads may call at the same time. A call inside a body runs on that thread
 * alone, which is told that there is 1 thread. There may also be fewer than asked for when the
 * system gives no more (a warning is logged). No heap calls. A child after fork() has a team of its
 * own; a fork inside a body leaves that body without its other threads. */
void mos_team_run(int threads, mos_team_body body, void *context);

/* Inside a body: waits until all its threads are here. */
void mos_team_barrier(mos_team *team);

#endif
