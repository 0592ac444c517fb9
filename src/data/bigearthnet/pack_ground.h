/* The ground of a packed record, so that a pack's grids can be compared as its source's can.
 *
 * A cell of the pack's table, column ground:<modality>: "" where the source has no georeference,
 * "site" where it is the sample's own outline, north up, else "EPSG:32633 t0 t1 t2 t3 t4 t5 width
 * height" of its raster (GDAL's geotransform); where bands lie on ground of their own, one of these
 * per band, with ";" between them. */
#ifndef MOS_DATA_PACK_GROUND_H
#define MOS_DATA_PACK_GROUND_H

#include "base/text.h"
#include "data/dataset.h"
#include "data/source_info.h"

/* site NULL: the sample has none. */
void mos_pack_ground_add(mos_reader *reader, int64_t sample, int64_t modality, const mos_site *site,
                         mos_text *out);
/* Fills transform and epsg of a band whose width and height are known; a cell that cannot be
 * understood is MOSAIC_ERR_DATA. */
mosaic_status mos_pack_ground_read(const char *cell, const mos_site *site, int band,
                                   mos_source_info *out);

#endif
