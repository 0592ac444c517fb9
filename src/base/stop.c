#include "base/stop.h"

#include "base/thread_hooks.h"

#include <stddef.h>

static mos_stop_hooks hooks;
static _Thread_local const mos_stop_hooks *own; /* of this thread */

static const mos_stop_hooks *in_force(void) {
    return own != NULL ? own : &hooks;
}

void mos_stop_set_hooks(const mos_stop_hooks *given) {
    hooks = *given;
}

void mos_stop_set_thread_hooks(const mos_stop_hooks *given) {
    own = given;
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
