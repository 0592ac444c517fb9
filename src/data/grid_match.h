/* Do the files of a sample lie on the same ground, as they say themselves? */
#ifndef MOS_DATA_GRID_MATCH_H
#define MOS_DATA_GRID_MATCH_H

#include "data/source_info.h"

/* One sample, modality by modality: start from zeros. */
typedef struct mos_grid_match {
    mos_source_info reference; /* the first file with a georeference; path "" while there is none */
    const char *reference_name; /* of its modality */
    mos_source_info found;      /* the file that lies elsewhere */
    int64_t band;               /* and its band; -1: the first file stands for the modality */
    int64_t compared;           /* modalities held against the reference */
} mos_grid_match;

/* The modality's files against the reference: false where one lies elsewhere, which is in `found`.
 * Reference system, first and last corner have to agree to half a pixel of the finer grid. A raster
 * from south to north is another grid: its first pixel is another place. */
bool mos_grid_match_add(mos_grid_match *match, mos_reader *reader, int64_t sample,
                        int64_t modality);
/* "x y to x y (EPSG:n)": the corners of the first and the last pixel. */
void mos_grid_describe(const mos_source_info *info, char *out, size_t size);

#endif
