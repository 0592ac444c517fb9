/* All that the cpu backend takes from oneDNN, whose types conv_onednn.c alone knows. A build
 * without it (MOSAIC_ONEDNN=OFF) has the same functions: opening gives NULL, planning says what
 * would be missing. */
#ifndef MOS_COMPUTE_CPU_CONV_ONEDNN_H
#define MOS_COMPUTE_CPU_CONV_ONEDNN_H

#include "compute/cpu/conv_plan.h"

/* A device's engine and stream. NULL: this build has no oneDNN. */
mosaic_status mos_onednn_open(mos_onednn **out);
void mos_onednn_close(mos_onednn **onednn);
/* ", oneDNN 2.6.3" or "", for a device's description */
void mos_onednn_describe(const mos_onednn *onednn, char *out, size_t size);

/* Plan one direction; winograd: by its fp32 Winograd where it has that. MOSAIC_ERR_UNSUPPORTED:
 * there is no implementation. What it keeps besides own[direction] hangs on conv->onednn. */
mosaic_status mos_onednn_plan(const mos_cpu *cpu, mos_conv *conv, conv_direction direction,
                              bool winograd);
void mos_onednn_release(mos_conv *conv);

#endif
