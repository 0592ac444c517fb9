#include "stop_signal.h"

#include "mosaic/command.h"

#include <signal.h>
#include <stddef.h>

enum { WATCHED = 4 };
static const int watched[WATCHED] = {SIGTERM, SIGINT, SIGUSR1, SIGXFSZ};
static volatile sig_atomic_t pending;
static struct sigaction before[WATCHED];

static void remember(int number) {
    pending = number;
}

static void catch_signals(void *context, int begins) {
    struct sigaction action = {0};
    (void)context;
    if (begins) pending = 0;
    (void)sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART; /* reads and writes in flight go on */
    for (size_t i = 0; i < WATCHED; i++) {
        if (watched[i] == SIGXFSZ)
            action.sa_handler = SIG_IGN;
        else
            action.sa_handler = remember;
        if (begins)
            (void)sigaction(watched[i], &action, &before[i]);
        else
            (void)sigaction(watched[i], &before[i], NULL);
    }
}

static int signal_that_came(void *context) {
    (void)context;
    return (int)pending;
}

void take_stop_signals(void) {
    const mosaic_stop_hooks hooks = {.stoppable = catch_signals, .stop = signal_that_came};
    mosaic_set_stop_hooks(&hooks);
}
