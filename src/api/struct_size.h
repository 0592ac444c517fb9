/* Structs of the interface that begin with their own size. */
#ifndef MOS_API_STRUCT_SIZE_H
#define MOS_API_STRUCT_SIZE_H

#include "base/error.h"

/* MOSAIC_ERR_USAGE where a caller's struct is smaller than this library's. `name`: of its type. */
mosaic_status mos_check_struct_size(const char *name, size_t found, size_t wanted);

#endif
