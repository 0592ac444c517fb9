#if defined(__x86_64__)
#define KERNELS     mos_gemm_kernels_avx2
#define KERNEL_NAME "avx2 6x16"
#include "base/gemm_kernel_types.h"
#else
typedef int mos_no_avx2_here;
#endif
