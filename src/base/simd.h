/* Vector code without intrinsics: one body in plain C, compiled once per instruction set and chosen
 * at run time. All versions give the same bits, because only mos_simd_fma makes a fused multiply-
 * add (-ffp-contract=off) and these macros reorder no sum. */
#ifndef MOS_BASE_SIMD_H
#define MOS_BASE_SIMD_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define MOS_SIMD_INLINE static inline __attribute__((always_inline, unused))

typedef enum mos_simd { MOS_SIMD_PLAIN, MOS_SIMD_AVX2, MOS_SIMD_AVX512 } mos_simd;
/* The best instruction set that is used (base/isa.h), not above the limit. */
mos_simd mos_simd_level(void);
/* For tests and comparisons: process-wide, AVX512 at the start. */
void mos_simd_limit(mos_simd most);

/* "AuthenticAMD-25-17": vendor, family and model; "unknown" where the processor does not say. */
enum { MOS_PROCESSOR_NAME = 40 };
void mos_processor_name(char name[MOS_PROCESSOR_NAME]);

/* MOS_SIMD_KERNEL(blur, (float *out, size_t count), (out, count)) defines `static void blur(...)`
 * from `blur_body(...)`, an MOS_SIMD_INLINE function whose loops carry `#pragma omp simd`. */
#if defined(__clang__)
#define MOS_SIMD_AVX512_TARGET "avx512f,avx512bw,avx512dq,avx512vl"
#else /* gcc takes half the width unless told */
#define MOS_SIMD_AVX512_TARGET "avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512"
#endif
#if defined(__x86_64__)
#define MOS_SIMD_KERNEL(name, parameters, arguments)                                               \
    __attribute__((target(MOS_SIMD_AVX512_TARGET))) static void name##_avx512 parameters {         \
        name##_body arguments;                                                                     \
    }                                                                                              \
    __attribute__((target("avx2,fma"))) static void name##_avx2 parameters {                       \
        name##_body arguments;                                                                     \
    }                                                                                              \
    static void name##_plain parameters {                                                          \
        name##_body arguments;                                                                     \
    }                                                                                              \
    static void name parameters {                                                                  \
        switch (mos_simd_level()) {                                                                \
        case MOS_SIMD_AVX512:                                                                      \
            name##_avx512 arguments;                                                               \
            break;                                                                                 \
        case MOS_SIMD_AVX2:                                                                        \
            name##_avx2 arguments;                                                                 \
            break;                                                                                 \
        default:                                                                                   \
            name##_plain arguments;                                                                \
        }                                                                                          \
    }
#else
#define MOS_SIMD_KERNEL(name, parameters, arguments)                                               \
    static void name parameters {                                                                  \
        name##_body arguments;                                                                     \
    }
#endif

/* The larger of x and a positive floor. As integers, because a branch on a constant is split off by
 * the compiler, and a loop with control flow is not vectorised. */
MOS_SIMD_INLINE float mos_simd_floor_at(float x, float floor) {
    int32_t bits, least;
    memcpy(&bits, &x, sizeof bits);
    memcpy(&least, &floor, sizeof least);
    bits = bits > least ? bits : least; /* negative floats are negative integers */
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* a b + c, rounded once, on every instruction set (slowly without vectors). */
MOS_SIMD_INLINE float mos_simd_fma(float a, float b, float c) {
    return __builtin_fmaf(a, b, c);
}

/* Natural logarithm of a positive normal number, relative error below 2e-7 away from 1 and absolute
 * error below 1e-7 near it: mantissa in [sqrt(1/2), sqrt(2)), then log m = 2 artanh((m-1)/(m+1)).
 */
MOS_SIMD_INLINE float mos_simd_log(float x) {
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    int32_t shifted = bits - 0x3f3504f3;
    int32_t exponent = shifted >> 23;
    int32_t mantissa_bits = (shifted & 0x007fffff) + 0x3f3504f3;
    float m;
    memcpy(&m, &mantissa_bits, sizeof m);
    float t = (m - 1.0F) / (m + 1.0F), q = t * t;
    float series = 2.0F + q * (0.66666667F + q * (0.4F + q * (0.28571429F + q * 0.2437F)));
    return (float)exponent * 0.69314718F + t * series;
}

/* exp(x) for |x| below 87, relative error below 3e-7: x = n log 2 + r, |r| <= log(2)/2, Taylor. */
MOS_SIMD_INLINE float mos_simd_exp(float x) {
    float scaled = x * 1.44269504F;
    float shifted = scaled + 12582912.0F; /* 1.5 * 2^23: rounds to the nearest integer */
    float n = shifted - 12582912.0F;
    float r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
    float p =
        1.0F +
        r * (1.0F + r * (0.5F + r * (0.16666667F + r * (0.041666667F +
                                                        r * (0.0083333333F + r * 0.0013888889F)))));
    int32_t bits = ((int32_t)n + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

/* sin and cos of 2 pi u for u in [0, 1), absolute error below 1e-6: the half angle pi (u - 1/2)
 * lies in
 * [-pi/2, pi/2], where the Taylor polynomials hold, then the double-angle formulas. */
MOS_SIMD_INLINE void mos_simd_sincos_turn(float u, float *sine, float *cosine) {
    float x = (u - 0.5F) * 3.14159265F, q = x * x;
    float s =
        x * (1.0F + q * (-0.16666667F +
                         q * (0.0083333333F +
                              q * (-1.9841270e-4F + q * (2.7557319e-6F - q * 2.5052108e-8F)))));
    float c =
        1.0F +
        q * (-0.5F + q * (0.041666667F +
                          q * (-0.0013888889F +
                               q * (2.4801587e-5F - q * (2.7557319e-7F - q * 2.0876757e-9F)))));
    *sine = -2.0F * s * c;         /* sin(2x + pi) */
    *cosine = 2.0F * s * s - 1.0F; /* cos(2x + pi) */
}

#endif
