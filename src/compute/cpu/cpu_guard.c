/* The floating-point state of our kernels: numbers below the normal range are zero. */
#include "base/float_control.h"
#include "compute/cpu/cpu_state.h"

/* ---- the guard ---- */

mos_cpu_guard mos_cpu_enter(const mos_cpu *cpu) {
    const mos_cpu_guard guard = {.control = mos_float_control()};
    (void)cpu;
    mos_float_set_control(guard.control | MOS_FLOAT_FLUSH); /* a team follows its caller */
    return guard;
}

void mos_cpu_leave(mos_cpu_guard guard) {
    mos_float_set_control(guard.control);
}
