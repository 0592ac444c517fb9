/* Batches of a loader where a device reads them best. */
#ifndef MOS_EVALUATE_BATCH_MEMORY_H
#define MOS_EVALUATE_BATCH_MEMORY_H

#include "compute/device.h"
#include "loader/loader.h"

/* For the options of a loader, which must be destroyed before the device is closed. device NULL: the
 * program's own memory. */
mos_loader_memory mos_batch_memory(mos_device *device);

#endif
