/* Embeddings of a scene's windows as a raster of vectors. */
#ifndef MOS_DEPLOY_EMBEDDING_RASTER_H
#define MOS_DEPLOY_EMBEDDING_RASTER_H

#include "deploy/embed_rows.h"

/* <folder>/<scene>_embeddings.tif of every scene, a Cloud-Optimized GeoTIFF. A pixel is a square of
 * `cell` pixels of the scene, counted from its upper left corner. It holds a unit vector for each
 * modality: the mean of the windows over the square's middle with Hann weights, as in maps, scaled to
 * length 1. Overviews are means, scaled to length 1 again. float16: values are rounded to it and
 * stored as float32. int8: bytes of scale 1/127 and offset -128/127, no-data 0. Memory is a line of
 * cells and the windows over it, whatever the height of the scene. Paths are added to `files`, one a
 * line. */
mosaic_status mos_embedding_raster_write(const char *folder, const mos_session *session,
                                         const mos_embedding_about *about,
                                         const mos_embed_rows *rows, int64_t cell, mos_text *files);

#endif
