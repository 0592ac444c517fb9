/* What a caller may ask of a loader; messages name what was wanted. */
#ifndef MOS_LOADER_LOADER_CHECK_H
#define MOS_LOADER_LOADER_CHECK_H

#include "loader/loader.h"

mosaic_status mos_loader_check(const mos_dataset *dataset, const mos_loader_options *options,
                               const int64_t *index, int64_t count);

#endif
