/* Rows of a store as polygons for a GIS. */
#ifndef MOS_DEPLOY_EMBEDDING_LAYER_H
#define MOS_DEPLOY_EMBEDDING_LAYER_H

#include "deploy/search.h"

/* A GeoPackage with a row of a store each: id, split, country, date, labels, the embedding as a
 * JSON list. *written false: none has a known place. */
mosaic_status mos_embedding_layer_write(const mos_embedding_store *store, const char *path,
                                        bool *written);
/* The answers of a search: query, id, split, country, date, labels, rank, cosine; coloured by
 * cosine. */
mosaic_status mos_search_layer_write(const mos_embedding_store *store,
                                     const mos_search_result *found, const char *path,
                                     bool *written);

#endif
