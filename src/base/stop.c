#include "base/stop.h"

#include <stddef.h>

static mos_stop_hooks hooks;

void mos_stop_set_hooks(const mos_stop_hooks *given) {
    hooks = *given;
}

void mos_stop_begin(void) {
    if (hooks.stoppable != NULL) hooks.stoppable(hooks.context, 1);
}

void mos_stop_end(void) {
    if (hooks.stoppable != NULL) hooks.stoppable(hooks.context, 0);
}

int mos_stop_pending(void) {
    return hooks.stop == NULL ? 0 : hooks.stop(hooks.context);
}
