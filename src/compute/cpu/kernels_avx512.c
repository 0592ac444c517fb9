#if defined(__x86_64__)
#define KERNEL_TABLE mos_kernels_avx512
#define KERNEL_ISA   "avx512"
#include "compute/cpu/kernel_body.h"
#else
typedef int mos_kernels_avx512_unused;
#endif
