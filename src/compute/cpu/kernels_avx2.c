#if defined(__x86_64__)
#define KERNEL_TABLE mos_kernels_avx2
#define KERNEL_ISA   "avx2"
#include "compute/cpu/kernel_body.h"
#else
typedef int mos_kernels_avx2_unused;
#endif
