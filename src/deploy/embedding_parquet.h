/* Embedded patches as GeoParquet 1.1, with the columns of the Major TOM embeddings. */
#ifndef MOS_DEPLOY_EMBEDDING_PARQUET_H
#define MOS_DEPLOY_EMBEDDING_PARQUET_H

#include "deploy/embed_facts.h"
#include "deploy/embedding_store.h"

/* unique_id, embedding, timestamp, product_id, grid_cell, grid_row_u, grid_col_r (of the centre),
 * geometry (WGS 84), centre_lat, centre_lon, utm_footprint, utm_crs, pixel_bbox, bbox, and ours:
 * split, country, labels, modalities. What is not known is null. float16 and int8 stay what they
 * are; what the numbers mean is in the file's metadata under the key "mosaic". Rows are written as they
 * come. */
typedef struct mos_embedding_parquet mos_embedding_parquet;
/* `about` lives until the end, and is complete at mos_embedding_parquet_finish. */
mosaic_status mos_embedding_parquet_create(const char *path, const mos_embedding_about *about,
                                           mos_embedding_parquet **out);
/* stored: a row of about->type */
mosaic_status mos_embedding_parquet_add(mos_embedding_parquet *parquet,
                                        const mos_embed_facts *facts, const void *stored);
/* Gives the file its final name. Ends it, also on failure. */
mosaic_status mos_embedding_parquet_finish(mos_embedding_parquet **parquet);
void mos_embedding_parquet_abandon(mos_embedding_parquet **parquet); /* takes an empty one */

#endif
