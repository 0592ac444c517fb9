/* Stands in for the cpu backend in a build without it: an empty table, which mos_device_open
 * refuses by name. */
#include "compute/device.h"

const mos_backend mos_backend_cpu __attribute__((weak)) = {.name = "cpu"};
