/* `delayed`: a device for tests that promises no more than compute/device.h does. It decorates
 * another backend: ops are recorded and run at mos_settle, on a thread of its own. Until then what
 * get_* reads is NaN (bytes 0xff). Its addresses are no addresses of the host: who follows one
 * crashes, and an op that is given a host address ends the program with a message.
 *
 * Every test program of the rooms that compute has it. MOSAIC_TEST_DEVICE=delayed, delayed:cpu or
 * delayed:ref puts it under all devices, or those of one backend. */
#ifndef TESTS_SUPPORT_DELAYED_H
#define TESTS_SUPPORT_DELAYED_H

#include "compute/backends.h"

/* From now on, as the variable does; NULL: not any more. */
void support_delay(const char *what);
/* The n-th op that runs from now on fails, on whichever device (1: the next); 0: none. */
void support_delayed_fail_at(int64_t n);
/* Ops that ran in this process. */
int64_t support_delayed_ops(void);

#endif
