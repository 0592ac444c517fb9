/* Sinks and stop hooks of one thread, in place of the process's: for a caller who runs several things
 * at a time. What other threads say on its behalf goes to the process's. */
#ifndef MOS_BASE_THREAD_HOOKS_H
#define MOS_BASE_THREAD_HOOKS_H

#include "base/log.h"
#include "base/stop.h"

/* Of the calling thread, until the next call; the struct must live as long. NULL: the process's. */
void mos_log_set_thread_sink(const mos_log_sink *sink);
void mos_stop_set_thread_hooks(const mos_stop_hooks *given);

#endif
