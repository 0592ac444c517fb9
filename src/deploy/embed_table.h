/* The rows of embeddings as a table. */
#ifndef MOS_DEPLOY_EMBED_TABLE_H
#define MOS_DEPLOY_EMBED_TABLE_H

#include "deploy/embedding_store.h"
#include "evaluate/inference.h"
#include "evaluate/session.h"

/* Which rows of an inference are kept, and of which of the model's modalities their parts are. */
typedef struct mos_embed_rows {
    const mos_inference *rows;
    const int64_t *kept, *chosen; /* [count], [about->modalities] */
    int64_t count;
} mos_embed_rows;

/* <folder>/embeddings.csv: id, split, country, date, centre, labels, which modalities it has, where
 * it lies, and of a scene its product and pixels. */
mosaic_status mos_embed_table_write(const char *folder, const mos_session *session,
                                    const mos_embedding_about *about, const mos_embed_rows *rows);

#endif
