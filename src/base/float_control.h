/* A thread's floating-point settings: rounding, and what becomes of denormals. */
#ifndef MOS_BASE_FLOAT_CONTROL_H
#define MOS_BASE_FLOAT_CONTROL_H

#include <stdint.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

/* To be set in a control: denormals are zero, as results and, where the processor tells the two
 * apart, as operands. */
#if defined(__x86_64__)
#define MOS_FLOAT_FLUSH UINT64_C(0x8040)
#elif defined(__aarch64__)
#define MOS_FLOAT_FLUSH (UINT64_C(1) << 24)
#else
#define MOS_FLOAT_FLUSH UINT64_C(0)
#endif

static inline uint64_t mos_float_control(void) {
#if defined(__x86_64__)
    return _mm_getcsr() & ~0x3fu; /* without the marks of what has happened */
#elif defined(__aarch64__)
    uint64_t control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    return control;
#else
    return 0;
#endif
}

static inline void mos_float_set_control(uint64_t control) {
#if defined(__x86_64__)
    _mm_setcsr((unsigned)control);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(control));
#else
    (void)control;
#endif
}

#endif
