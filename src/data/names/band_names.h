/* Names of bands of multi-band rasters. */
#ifndef MOS_DATA_NAMES_BAND_NAMES_H
#define MOS_DATA_NAMES_BAND_NAMES_H

#include "data/sample_table.h"
#include "io/raster.h"

/* In the one spelling of data/band_identity.h. */
void mos_band_name(mos_band *band, const char *name);
/* Is it a band of Sentinel-1 or -2, in any case: VV, vh, B2, B02, b8a? */
bool mos_band_is_known(const char *name);

typedef enum mos_described {
    MOS_DESCRIBED_NOT,
    MOS_DESCRIBED,       /* every band has a word of its own */
    MOS_DESCRIBED_SENSOR /* and some are names of Sentinel's bands */
} mos_described;
/* What the descriptions in a file are worth; `names` are those of its bands, transparency left out,
 * in one spelling. */
mos_described mos_band_names_described(const mos_raster_info *info,
                                       char names[MOS_DATA_MAX_BANDS][MOS_BAND_NAME_SIZE]);
/* Is any band one of a Sentinel? */
bool mos_band_names_known(const mos_modality *modality);
/* Is the modality called after a Sentinel: s1..., s2...? */
bool mos_band_names_sensor(const char *modality);

/* "B02,B03,B04" for all of the modality's bands; `what` said so, of the raster at `path`. */
mosaic_status mos_band_names_use(mos_modality *modality, const char *names, const char *what,
                                 const char *path);
/* The descriptions in the file where they name Sentinel's bands, else data.bands, else other
 * descriptions, else a guess from the number of bands; nothing of it is MOSAIC_ERR_DATA.
 * modality->band_count is set before. identity [bands] gets roles and who named them; a guess and a
 * key that the file contradicts are noted. */
mosaic_status mos_band_names_find(mos_dataset *dataset, mos_modality *modality,
                                  mos_band_identity *identity, const mos_raster_info *info,
                                  const char *path);
/* Names that a key gave against the descriptions in the file: where these name Sentinel's bands in
 * another order they are taken in place of the key's, and it is noted; *won tells. */
void mos_band_names_conflict(mos_dataset *dataset, mos_modality *modality,
                             const mos_raster_info *info, const char *key, const char *path,
                             bool *won);
/* Roles of the bands named by somebody. */
void mos_band_names_told(const mos_modality *modality, mos_band_identity *identity,
                         mos_identity_source by);

#endif
