#include "op_support.h"

#include <stdio.h>

mos_device *support_open_cpu(mos_precision precision) {
    if (mos_backend_cpu.open == NULL) {
        printf("skipped: this build has no cpu backend\n");
        return NULL;
    }
    mos_device *device = support_open(&mos_backend_cpu, precision, 2);
    if (device->precision != precision)
        printf("notice: the processor has no such precision; running as %s\n", device->description);
    return device;
}
