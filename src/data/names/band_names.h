/* Names of bands of multi-band rasters. */
#ifndef MOS_DATA_NAMES_BAND_NAMES_H
#define MOS_DATA_NAMES_BAND_NAMES_H

#include "data/sample_table.h"
#include "io/raster.h"

/* "B1" and "B01" are one band: two digits, and B8A, as in BigEarthNet. */
void mos_band_name(mos_band *band, const char *name);
/* Is it a band of Sentinel-1 or -2, in any case: VV, vh, B2, B02, b8a? */
bool mos_band_is_known(const char *name);
/* "B02,B03,B04" for all of the modality's bands; `what` said so, of the raster at `path`. */
mosaic_status mos_band_names_use(mos_modality *modality, const char *names, const char *what,
                                 const char *path);
/* What data.bands says, else the descriptions in the file, else what follows from the number of
 * bands; nothing of it is MOSAIC_ERR_DATA. modality->band_count is set before. */
mosaic_status mos_band_names_find(const mos_dataset *dataset, mos_modality *modality,
                                  const mos_raster_info *info, const char *path);

#endif
