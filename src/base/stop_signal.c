#include "base/stop_signal.h"

#include <stddef.h>

static volatile sig_atomic_t pending;

static const int watched[4] = {SIGTERM, SIGINT, SIGUSR1, SIGXFSZ};

static void remember(int number) {
    pending = number;
}

void mos_stop_signal_install(mos_stop_signal *signals) {
    struct sigaction action = {0};
    pending = 0;
    (void)sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART; /* reads and writes in flight go on */
    for (size_t i = 0; i < 4; i++) {
        if (watched[i] == SIGXFSZ)
            action.sa_handler = SIG_IGN;
        else
            action.sa_handler = remember;
        (void)sigaction(watched[i], &action, &signals->before[i]);
    }
    signals->installed = true;
}

void mos_stop_signal_restore(mos_stop_signal *signals) {
    if (!signals->installed) return;
    for (size_t i = 0; i < 4; i++)
        (void)sigaction(watched[i], &signals->before[i], NULL);
    signals->installed = false;
}

int mos_stop_signal_pending(void) {
    return (int)pending;
}
