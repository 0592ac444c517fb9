/* mosaic/version.h: the one place of the version. CMake, the library and packages read it here.
 *
 * Until 1.0.0 a new minor version may change the interface; a new patch version never does. Structs that
 * begin with their own size (struct_size) grow in new minor versions only; the library then refuses
 * the smaller ones of programs that were built against older headers. mosaic_average, mosaic_interval,
 * mosaic_place and the structs of hooks have none: they never change. mosaic_progress is the library's
 * own, and grows at its end.
 *
 * Threads: every function here may be called from any thread. */
#ifndef MOSAIC_VERSION_H
#define MOSAIC_VERSION_H

#include "mosaic/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MOSAIC_VERSION_MAJOR 0
#define MOSAIC_VERSION_MINOR 1
#define MOSAIC_VERSION_PATCH 0
/* One number that grows with every version: 100 for 0.1.0. */
#define MOSAIC_VERSION_NUMBER                                                                      \
    (MOSAIC_VERSION_MAJOR * 10000 + MOSAIC_VERSION_MINOR * 100 + MOSAIC_VERSION_PATCH)

/* MOSAIC_VERSION_NUMBER of the library that runs, which need not be that of these headers. */
MOSAIC_API int mosaic_version_number(void);

#ifdef __cplusplus
}
#endif
#endif
