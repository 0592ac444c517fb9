/* Painted patches to disk: as packed records, or as a tree of GeoTIFFs. */
#ifndef MOS_PREPARE_SYNTH_SYNTH_WRITE_H
#define MOS_PREPARE_SYNTH_SYNTH_WRITE_H

#include "prepare/synth/synth_canvas.h"

/* The records of one patch: S1, S2, reference map; NULL where there is none. */
typedef struct mos_synth_records {
    void *blob[3];
    size_t bytes[3];
} mos_synth_records;

mosaic_status mos_synth_encode(const mos_synth_canvas *canvas, const mos_synth_patch *patch,
                               mos_synth_records *out);
void mos_synth_records_release(mos_synth_records *records);
/* Files of one patch below `folder`. */
mosaic_status mos_synth_write_tree(const mos_synth_canvas *canvas, const mos_synth_plan *plan,
                                   const mos_synth_patch *patch, const char *folder);
/* As in the official archive, and the cover of every patch beside. */
#define MOS_SYNTH_CLOUDY_TABLE "metadata_for_patches_with_snow_cloud_or_shadow.csv"
#define MOS_SYNTH_COVER_TABLE  "clouds.csv"
/* folder/metadata.csv with the columns of the official table; labels: [plan->count] bit per class.
 * clouds: patches under clouds are rows of the second table, and the third is written. */
mosaic_status mos_synth_write_metadata(const mos_synth_plan *plan, const uint32_t *labels,
                                       bool clouds, const char *folder);

#endif
