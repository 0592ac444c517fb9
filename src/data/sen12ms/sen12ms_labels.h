/* Shares of the 17 IGBP classes in SEN12MS patches, from a table or from the lc rasters.
 *
 * The table (tab separated) has a column `name`, an s2 file's name with or without ".tif", and
 * columns igbp1 .. igbp17 with shares of the patch in [0, 1]: the authors'
 * IGBP_probability_labels.pkl as text. It is data.metadata, or IGBP_probability_labels.tsv in
 * data.metadata's folder or in root. What is not in it is counted in band 1 of the lc raster, which
 * takes minutes for the whole set: where data.metadata names a .tsv that does not exist yet, what
 * was counted is written there. */
#ifndef MOS_DATA_SEN12MS_SEN12MS_LABELS_H
#define MOS_DATA_SEN12MS_SEN12MS_LABELS_H

#include "data/names/nomenclature_sen12ms.h"
#include "data/sen12ms/sen12ms_tree.h"

typedef struct mos_sen12ms_shares {
    bool known;
    bool strange; /* the raster has pixels outside 1..17 */
    mosaic_status status;
    double share[MOS_IGBP_CLASSES];
} mos_sen12ms_shares;

/* shares [tree->count]; lc rasters have width x height pixels. */
mosaic_status mos_sen12ms_shares_read(mos_dataset *dataset, const mos_sen12ms_tree *tree,
                                      int64_t width, int64_t height, mos_sen12ms_shares *shares);
/* Which classes reach the threshold: labels [10], or [17] when `full`; -1 everywhere when unknown.
 */
void mos_sen12ms_labels(const mos_sen12ms_shares *shares, bool full, double threshold,
                        int8_t *labels);

#endif
