/* A store of embeddings as GeoParquet 1.1, with the columns of the Major TOM embeddings. */
#ifndef MOS_DEPLOY_EMBEDDING_PARQUET_H
#define MOS_DEPLOY_EMBEDDING_PARQUET_H

#include "deploy/embedding_store.h"

/* unique_id, embedding, timestamp, product_id, grid_cell, grid_row_u, grid_col_r (of the centre),
 * geometry (WGS 84), centre_lat, centre_lon, utm_footprint, utm_crs, pixel_bbox, bbox, and ours:
 * split, country, labels, modalities. What is not known is null. float16 and int8 stay what they
 * are; what the numbers mean is in the file's metadata under the key "mosaic". */
mosaic_status mos_embedding_parquet_write(const mos_embedding_store *store, const char *path);

#endif
