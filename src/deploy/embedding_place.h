/* Where the rows of a store lie on the ground. */
#ifndef MOS_DEPLOY_EMBEDDING_PLACE_H
#define MOS_DEPLOY_EMBEDDING_PLACE_H

#include "deploy/embedding_store.h"
#include "io/vector_file.h"

/* As the cells of its row say, into which out->crs points. out->crs NULL: not known. */
void mos_embedding_square(const mos_embedding_store *store, char *const *cells,
                          mos_vector_square *out);

#endif
