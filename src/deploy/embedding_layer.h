/* Embedded patches and answers of a search as polygons for a GIS. */
#ifndef MOS_DEPLOY_EMBEDDING_LAYER_H
#define MOS_DEPLOY_EMBEDDING_LAYER_H

#include "deploy/embed_facts.h"
#include "deploy/search.h"

/* A GeoPackage with a row for each embedded patch, written as they come: id, split, country, date,
 * labels, the embedding as a JSON list. */
typedef struct mos_embedding_layer mos_embedding_layer;
/* `crs` lives until the end; columns: of an embedding. */
mosaic_status mos_embedding_layer_create(const char *path, const char *crs, int64_t columns,
                                         mos_embedding_layer **out);
/* stored [columns] of about->type */
mosaic_status mos_embedding_layer_add(mos_embedding_layer *layer, const mos_embed_facts *facts,
                                      const mos_embedding_about *about, const void *stored);
/* Gives the file its final name. Ends it, also on failure. */
mosaic_status mos_embedding_layer_finish(mos_embedding_layer **layer);
void mos_embedding_layer_abandon(mos_embedding_layer **layer); /* takes an empty one */

/* The answers of a search: query, id, split, country, date, labels, rank, cosine; coloured by
 * cosine. */
mosaic_status mos_search_layer_write(const mos_embedding_store *store,
                                     const mos_search_result *found, const char *path,
                                     bool *written);

#endif
