/* What the tree and the LMDB of BigEarthNet V2 have in common: two modalities with their bands, and
 * rows of metadata that become samples. */
#ifndef MOS_DATA_BIGEARTHNET_BIGEARTHNET_LAYOUT_H
#define MOS_DATA_BIGEARTHNET_BIGEARTHNET_LAYOUT_H

#include "data/bigearthnet/metadata.h"
#include "data/formats.h"
#include "data/name_set.h"
#include "data/sample_table.h"

enum { MOS_BEN_S1, MOS_BEN_S2, MOS_BEN_MODALITIES };

/* Both polarisations, and the ten bands that its authors train on (without B01 and B09). */
extern const mos_default_bands mos_ben_default_bands[];

/* The modalities s1 (VV VH) and s2 (B01 .. B12) with their resolutions. */
mosaic_status mos_ben_modalities(mos_dataset *dataset);
/* The sizes that follow from the side of a 10 m band: a multiple of 6. */
mosaic_status mos_ben_sizes(mos_dataset *dataset, int64_t side, const char *source);

/* Where the metadata is: data.metadata, or the first that exists of metadata.parquet, metadata.csv
 * and metadata.tsv in `folder`. */
mosaic_status mos_ben_metadata_path(const mos_dataset *dataset, const char *folder, char *out,
                                    size_t size);

/* The second table: data.snow_metadata, or its usual name beside the first. */
mosaic_status mos_ben_snow_path(const mos_dataset *dataset, const char *main_path, char *out,
                                size_t size);

/* Read the metadata (and the snow/cloud file where wanted), join it with what is stored, add the
 * samples and count what does not fit: rows without files, missing partners, names that are none,
 * orphans. The sets hold the patch names on disk or the keys of the store. `metadata` is the main
 * table, already read from `path`; rows' names are marked used. */
mosaic_status mos_ben_join(mos_dataset *dataset, const mos_metadata *metadata, const char *path,
                           mos_name_set *stored_s1, mos_name_set *stored_s2);

#endif
