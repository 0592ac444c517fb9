#define KERNEL_TABLE mos_kernels_base
#define KERNEL_ISA   "base"
#include "compute/cpu/kernel_body.h"
