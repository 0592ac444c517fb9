/* The backends of this build: one row each, and nothing else names them. A backend is a folder that
 * fills a table (device.h); CMakeLists.txt says which folders are built. "auto" is the first row
 * whose machine is there. */
#ifndef MOS_COMPUTE_BACKENDS_H
#define MOS_COMPUTE_BACKENDS_H

#include "compute/device.h"

#define MOS_BACKENDS(ROW)                                                                          \
    ROW(cpu)                                                                                       \
    ROW(ref)

#define MOS_BACKEND_DECLARE(name) extern const mos_backend mos_backend_##name;
MOS_BACKENDS(MOS_BACKEND_DECLARE)
#undef MOS_BACKEND_DECLARE

/* For tests: the table of every device that is opened from now on goes through this (NULL: as it
 * is). */
typedef const mos_backend *(*mos_backend_decorator)(const mos_backend *table);
void mos_device_decorate(mos_backend_decorator decorator);

/* Opens the index-th device of a table. */
mosaic_status mos_backend_open(const mos_backend *table, int index, mos_precision precision,
                               int threads, mos_device **out);

/* composed.c: fills the optional entries that a table lacks. */
void mos_backend_complete(mos_backend *table);

#endif
