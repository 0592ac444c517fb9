/* What streaming archives of BigEarthNet v1.0 knows of their patches. No table tells beforehand
 * which are wanted: names, and the labels of the JSON files that pass, are kept until all have
 * come; then they are joined as those of a tree. */
#ifndef MOS_PREPARE_PACK_PACK_STREAM_V1_H
#define MOS_PREPARE_PACK_PACK_STREAM_V1_H

#include "base/text.h"
#include "data/bigearthnet/bigearthnet_v1_join.h"

typedef struct mos_v1_stream {
    bool snow_too;
    mos_v1_lists lists;
    mos_v1_patches patches[MOS_BEN_MODALITIES];
} mos_v1_stream;

typedef enum mos_v1_need {
    MOS_V1_UNNEEDED,
    MOS_V1_NEEDED,
    MOS_V1_OPEN /* its JSON will tell */
} mos_v1_need;

/* Reads the lists; `files` of both modalities outlive `out`. `mark` gets what tells one source from
 * another: the lists and the sizes of the archives. */
mosaic_status mos_v1_stream_open(mos_dataset *dataset, const mos_patch_files *files, mos_text *mark,
                                 mos_v1_stream *out);
void mos_v1_stream_release(mos_v1_stream *stream);
/* Is patch number `entry` of a modality part of a sample, as far as is known by now? */
mos_v1_need mos_v1_stream_need(const mos_v1_stream *stream, int modality, size_t entry);

#endif
