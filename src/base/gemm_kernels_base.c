/* What every processor of the architecture has: SSE2, or NEON. */
#define KERNELS mos_gemm_kernels_base
#if defined(__aarch64__)
#define KERNEL_NAME "neon 12x8"
#else
#define KERNEL_NAME "base 6x8"
#endif
#include "base/gemm_kernel_types.h"
