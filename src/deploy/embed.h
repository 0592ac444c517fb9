/* `embed`: a data set as rows of numbers to search, cluster and learn from. */
#ifndef MOS_DEPLOY_EMBED_H
#define MOS_DEPLOY_EMBED_H

#include "deploy/embedding_store.h"
#include "deploy/predict.h"

typedef struct mos_embed_options {
    mos_session_options session;
    const char *data; /* NULL: the model's own */
    const char *out;  /* folder */
    mos_embedding_kind kind;
    mos_embedding_type type;
    const char *modality; /* this one alone; NULL: all side by side */
    mos_split split;      /* MOS_SPLIT_COUNT: all */
    int64_t limit;
} mos_embed_options;

/* Writes embeddings.npy, .csv, .json; about: what was written. */
mosaic_status mos_embed_run(const mos_embed_options *options, mos_embedding_about *about);

#endif
