#include "base/stop.h"

#include "base/log.h"
#include "base/thread_hooks.h"

#include <stddef.h>

enum { INTERVAL_NS = 20 * 1000 * 1000 };

static mos_stop_hooks hooks;
static _Thread_local const mos_stop_hooks *own; /* of this thread */

static _Thread_local int64_t asked_ns; /* by mos_stop_check */

static const mos_stop_hooks *in_force(void) {
    return own != NULL ? own : &hooks;
}

void mos_stop_set_hooks(const mos_stop_hooks *given) {
    hooks = *given;
}

void mos_stop_set_thread_hooks(const mos_stop_hooks *given) {
    own = given;
    asked_ns = 0;
}

void mos_stop_begin(void) {
    const mos_stop_hooks *h = in_force();
    if (h->stoppable != NULL) h->stoppable(h->context, 1);
}

void mos_stop_end(void) {
    const mos_stop_hooks *h = in_force();
    if (h->stoppable != NULL) h->stoppable(h->context, 0);
}

int mos_stop_pending(void) {
    const mos_stop_hooks *h = in_force();
    return h->stop == NULL ? 0 : h->stop(h->context);
}

mosaic_status mos_stop_check(const char *doing, int64_t done, int64_t total) {
    const int64_t now = mos_now_ns();
    if (total > 0 && done >= total) return MOSAIC_OK; /* nothing is left to stop */
    if (now - asked_ns < INTERVAL_NS) return MOSAIC_OK;
    asked_ns = now;
    const int number = mos_stop_pending();
    if (number == 0) return MOSAIC_OK;
    return mos_fail(MOSAIC_INTERRUPTED, "%s: stopped by signal %d after %lld of %lld", doing,
                    number, (long long)done, (long long)total);
}
