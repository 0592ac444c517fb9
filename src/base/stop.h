/* Stopping long work in good order. Who owns the process says how it learns that it should stop;
 * the library catches no signals. */
#ifndef MOS_BASE_STOP_H
#define MOS_BASE_STOP_H

#include "base/error.h"

#include <stdint.h>

typedef struct mos_stop_hooks {
    void *context;
    void (*stoppable)(void *context, int begins); /* may be NULL */
    int (*stop)(void *context);                   /* may be NULL: never */
} mos_stop_hooks;

/* For the process, before work begins. */
void mos_stop_set_hooks(const mos_stop_hooks *hooks);
/* Between the two, mos_stop_pending is asked and heeded. */
void mos_stop_begin(void);
void mos_stop_end(void);
/* 0: go on; else the number of the signal that came, or what the owner calls its reason. */
int mos_stop_pending(void);
/* The same for loops whose rounds are short, whose hooks are asked fifty times a second at most, and for
 * work that keeps nothing of what it has done: MOSAIC_INTERRUPTED, with how far `doing` came. On the
 * thread that was given the hooks, beside the progress of that work. */
mosaic_status mos_stop_check(const char *doing, int64_t done, int64_t total);

#endif
