/* What BigEarthNet's trees and plain tars have in common, V1 or V2: two modalities whose patches
 * are files of a patch each, listed, measured and read alike. A data set's handle is a
 * mos_ben_files. */
#ifndef MOS_DATA_BIGEARTHNET_BIGEARTHNET_FILES_H
#define MOS_DATA_BIGEARTHNET_BIGEARTHNET_FILES_H

#include "data/bigearthnet/bigearthnet_layout.h"
#include "data/bigearthnet/patch_files.h"

typedef struct mos_ben_files {
    mos_patch_files files[MOS_BEN_MODALITIES];
} mos_ben_files;

/* Finds both modalities (data.s1, data.s2, or below root), opens their tars, and adds the patches'
 * names to `sets`. What can only be streamed is refused. Makes the handle, also when it fails. */
mosaic_status mos_ben_files_open(mos_dataset *dataset, const mos_patch_layout *layouts,
                                 mos_name_set *const *sets);
void mos_ben_files_close(mos_dataset *dataset);
/* A folder or an archive of one of the layouts lies below `root`. */
bool mos_ben_files_recognise(const char *root, const mos_patch_layout *layouts);
/* Sizes of the bands from the first patch whose 10 m band can be read; 120 where there is none. */
mosaic_status mos_ben_files_measure(mos_dataset *dataset);

/* read and describe of a format (data/formats.h); the reader's state is that of
 * data/raster_buffers.h. */
mosaic_status mos_ben_files_read(mos_dataset *dataset, void *state, int64_t sample,
                                 int64_t modality, const int *bands, int64_t count,
                                 mos_raw_band *out);
mosaic_status mos_ben_files_describe(mos_dataset *dataset, void *state, int64_t sample,
                                     int64_t modality, int band, mos_source_info *out);

#endif
