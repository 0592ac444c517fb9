/* embeddings.csv, a line for each row, written as they come. */
#ifndef MOS_DEPLOY_EMBED_TABLE_H
#define MOS_DEPLOY_EMBED_TABLE_H

#include "base/file.h"
#include "deploy/embed_facts.h"
#include "deploy/embedding_store.h"

/* id, split, country, date, centre, labels, which modalities it has, where it lies, and of a scene its
 * product and pixels. */
typedef struct mos_embed_table {
    mos_atomic_file file;
    mos_text line;
} mos_embed_table;
mosaic_status mos_embed_table_begin(const char *folder, const mos_embedding_about *about,
                                    mos_embed_table *out);
mosaic_status mos_embed_table_add(mos_embed_table *table, const mos_embedding_about *about,
                                  const mos_embed_facts *facts);
mosaic_status mos_embed_table_commit(mos_embed_table *table);
void mos_embed_table_close(mos_embed_table *table); /* takes an empty or committed one */

#endif
