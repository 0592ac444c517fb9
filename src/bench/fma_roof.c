#include "bench/fma_roof.h"

#include "base/isa.h"
#include "base/log.h"
#include "base/thread.h"

#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { CHAINS = 12, INNER = 2000, MAX_THREADS = 1024 };

/* Begins every chain with `first` and puts INNER rounds of `step` on it, k being the chain. The empty
 * assembly keeps the compiler from folding rounds together. */
#define RUN_CHAINS(first, step)                                                                    \
    _Pragma("GCC unroll 12") for (int k = 0; k < CHAINS; k++) a[k] = first;                        \
    for (int i = 0; i < INNER; i++) {                                                              \
        _Pragma("GCC unroll 12") for (int k = 0; k < CHAINS; k++) a[k] = step;                     \
        __asm__ volatile("" ::: "memory");                                                         \
    }
/* Adds up what the chains hold, so that they are computed at all. */
#define SINK_CHAINS(sum) _Pragma("GCC unroll 12") for (int k = 0; k < CHAINS; k++) *sink += sum

/* INNER rounds of CHAINS independent multiply-adds; returns the operations of one call. */
typedef double (*roof_kernel)(float *sink);

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static double kernel_avx512(float *sink) {
    __m512 a[CHAINS], b = _mm512_set1_ps(0.999f), c = _mm512_set1_ps(1e-3f);
    RUN_CHAINS(_mm512_set1_ps((float)k), _mm512_fmadd_ps(a[k], b, c));
    SINK_CHAINS(_mm512_reduce_add_ps(a[k]));
    return 2.0 * 16 * CHAINS * INNER;
}

__attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16"))) static double
kernel_bf16(float *sink) {
    __m512 a[CHAINS];
    __m512bh b = _mm512_cvtne2ps_pbh(_mm512_set1_ps(0.5f), _mm512_set1_ps(0.25f));
    RUN_CHAINS(_mm512_set1_ps((float)k), _mm512_dpbf16_ps(a[k], b, b));
    SINK_CHAINS(_mm512_reduce_add_ps(a[k]));
    return 2.0 * 32 * CHAINS * INNER;
}

__attribute__((target("avx2,fma"))) static double kernel_avx2(float *sink) {
    __m256 a[CHAINS], b = _mm256_set1_ps(0.999f), c = _mm256_set1_ps(1e-3f);
    RUN_CHAINS(_mm256_set1_ps((float)k), _mm256_fmadd_ps(a[k], b, c));
    SINK_CHAINS(_mm256_cvtss_f32(a[k]));
    return 2.0 * 8 * CHAINS * INNER;
}
#endif

/* Four lanes, which every processor has; a multiply and an addition where there is no fused one. */
typedef float four __attribute__((vector_size(16)));

static double kernel_base(float *sink) {
    const four b = {0.999f, 0.999f, 0.999f, 0.999f}, c = {1e-3f, 1e-3f, 1e-3f, 1e-3f};
    four a[CHAINS];
    RUN_CHAINS(b * (float)k, a[k] * b + c);
    SINK_CHAINS(a[k][0]);
    return 2.0 * 4 * CHAINS * INNER;
}

static roof_kernel choose_fp32(void) {
#if defined(__x86_64__)
    if (mos_isa_used() >= MOS_ISA_AVX512) return kernel_avx512;
    if (mos_isa_used() == MOS_ISA_AVX2) return kernel_avx2;
#endif
    return kernel_base;
}

static roof_kernel choose_bf16(void) {
#if defined(__x86_64__)
    if (mos_isa_used() >= MOS_ISA_AVX512_BF16) return kernel_bf16;
#endif
    return NULL;
}

typedef struct roof_job {
    roof_kernel kernel;
    double milliseconds;
    double gflops[MAX_THREADS];
    volatile float sink[MAX_THREADS];
} roof_job;

/* Each thread runs for the whole time and reports its own rate. */
static void run_thread(void *context, int64_t begin, int64_t end, int thread) {
    roof_job *job = context;
    float sink = 0;
    (void)end;
    (void)thread;
    double operations = 0;
    int64_t start = mos_now_ns(), now;
    do {
        operations += job->kernel(&sink);
        now = mos_now_ns();
    } while ((double)(now - start) < job->milliseconds * 1e6);
    job->gflops[begin] = operations / (double)(now - start);
    job->sink[begin] = sink;
}

static double measure(roof_kernel kernel, int threads, double milliseconds) {
    static roof_job job; /* too large for a stack; measured from one thread at a time */
    if (!kernel) return 0;
    if (threads > MAX_THREADS) threads = MAX_THREADS;
    job.kernel = kernel;
    job.milliseconds = milliseconds;
    mos_parallel_for(threads, threads, run_thread, &job);
    double sum = 0;
    for (int t = 0; t < threads; t++)
        sum += job.gflops[t];
    return sum;
}

mos_roof mos_roof_measure(int threads, double milliseconds) {
    return (mos_roof){.fp32_gflops = measure(choose_fp32(), threads, milliseconds),
                      .bf16_gflops = measure(choose_bf16(), threads, milliseconds)};
}
