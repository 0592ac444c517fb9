/* A copy of a data set on a node's own disk, for `train --stage`. */
#ifndef MOS_DATA_STAGE_H
#define MOS_DATA_STAGE_H

#include "data/dataset.h"
#include "dist/comm.h"

/* Collective. One rank of each host copies the files of the folder `source` to a folder below `folder`,
 * whose name tells one source from another; path [size]: that folder. Every copied file is read back and its
 * SHA-256 compared with the source's; a list beside the copy keeps what is done, so that a copy that was
 * killed goes on and a later run copies only what has another size or time at the source. Before the first
 * file MOSAIC_ERR_IO where the disk has no room for all. comm NULL: one process. */
mosaic_status mos_stage(mos_comm *comm, const char *source, const char *folder, char *path,
                        size_t size);
/* Collective. The same for the files that an open table names, wherever they are, with what lies beside
 * them (io/raster_beside.h); from then on the data set reads the copies. Files below `folder` stay as they
 * are. Nothing for formats whose samples are no files of their own. */
mosaic_status mos_stage_files(mos_comm *comm, mos_dataset *dataset, const char *folder);

#endif
