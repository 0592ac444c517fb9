/* Teams: several threads at one body, with barriers. Every thread that asks has a team of its own,
 * whose workers stay until it ends: they wait for the next body briefly awake, then asleep. Work
 * is divided beforehand (static scheduling). There is no work stealing: which thread adds what
 * would differ from run to run, and sums with it. */
#ifndef MOS_BASE_TEAM_H
#define MOS_BASE_TEAM_H

typedef struct mos_team mos_team;
/* thread: 0 (the caller) to threads - 1. */
typedef void (*mos_team_body)(void *context, int thread, int threads, mos_team *team);

/* The body on `threads` threads at once; returns when all are done. What the caller wrote before is
 * seen by all, and what they wrote by the caller; their floating-point settings are the caller's.
 * Any number of threads may call at the same time. Inside a body it is one thread's turn alone:
 * the body is told that threads are 1. So it is, or they are fewer than asked for, when the system
 * gives no more (a warning is logged). No heap calls. A child after fork() has a team of its own as
 * well; forking inside a body leaves that body without its other threads. */
void mos_team_run(int threads, mos_team_body body, void *context);

/* Inside a body: waits until all its threads are here. */
void mos_team_barrier(mos_team *team);

#endif
