/* SIGTERM, SIGINT and SIGUSR1 ask a run to stop at the next step; SIGXFSZ becomes a failed write.
 */
#ifndef CLI_STOP_SIGNAL_H
#define CLI_STOP_SIGNAL_H

/* Hands the library hooks that catch the signals while it heeds them, and at no other time: all
 * other commands end at once, as programs do. */
void take_stop_signals(void);

#endif
