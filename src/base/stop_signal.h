/* SIGTERM, SIGINT and SIGUSR1 ask a run to stop at the next step; SIGXFSZ becomes a failed write.
 */
#ifndef MOS_BASE_STOP_SIGNAL_H
#define MOS_BASE_STOP_SIGNAL_H

#include <signal.h>
#include <stdbool.h>

typedef struct mos_stop_signal {
    struct sigaction before[4];
    bool installed;
} mos_stop_signal;

/* For the duration of a run; one at a time in a process. */
void mos_stop_signal_install(mos_stop_signal *signals);
void mos_stop_signal_restore(mos_stop_signal *signals);
/* Number of the signal that came, 0: none. */
int mos_stop_signal_pending(void);

#endif
