/* data.limit on archives that can only be streamed. Which samples there are is known only when all
 * names have passed (V1: and the labels), so the archives are read once for that alone, before they
 * are read for their pixels. */
#ifndef MOS_PREPARE_PACK_PACK_STREAM_LIMIT_H
#define MOS_PREPARE_PACK_PACK_STREAM_LIMIT_H

#include "data/bigearthnet/patch_files.h"

/* `dataset` is begun and has its modalities; `files` [kinds of patches] are archives. Fills it with
 * the samples that data.limit picks from the unpacked tree, the same rows in the same order, and
 * `wanted` [kinds of patches] with the names of their patches. */
mosaic_status mos_stream_choose(mos_dataset *dataset, const mos_patch_files *files, bool progress,
                                mos_name_set *wanted);
/* Names of `wanted` that are not marked as used have no record, since data.policy left them out:
 * their samples go, as without data.limit. */
mosaic_status mos_stream_drop_damaged(mos_dataset *dataset, const mos_name_set *wanted);

#endif
