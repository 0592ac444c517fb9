#if defined(__x86_64__)
#define KERNELS     mos_gemm_kernels_avx512
#define KERNEL_NAME "avx512 14x32"
#include "base/gemm_kernel_types.h"
#else
typedef int mos_no_avx512_here;
#endif
