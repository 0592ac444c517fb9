/* Checks the arguments of mos_loader_create. MOSAIC_ERR_USAGE or MOSAIC_ERR_DATA say what was
 * wanted and what was found. */
#ifndef MOS_LOADER_LOADER_CHECK_H
#define MOS_LOADER_LOADER_CHECK_H

#include "loader/loader.h"

mosaic_status mos_loader_check(const mos_dataset *dataset, const mos_loader_options *options,
                               const int64_t *index, int64_t count);

#endif
