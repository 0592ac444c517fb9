/* Where the rows of a store lie on the ground. */
#ifndef MOS_DEPLOY_EMBEDDING_PLACE_H
#define MOS_DEPLOY_EMBEDDING_PLACE_H

#include "deploy/embedding_store.h"
#include "io/vector_file.h"

/* square->crs NULL: not known. */
void mos_embedding_square(const mos_embedding_store *store, int64_t row, mos_vector_square *out);
/* The corners of a square from the upper left one on, against the clock, and that one again. */
void mos_square_ring(const mos_vector_square *square, double x[5], double y[5]);
/* The one system of all these rows that have a place, else "EPSG:4326"; NULL: none has a place.
 * rows NULL: all of the store. */
const char *mos_embedding_crs(const mos_embedding_store *store, const int64_t *rows, int64_t count);

#endif
