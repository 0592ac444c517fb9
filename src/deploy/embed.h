/* `embed`: the embeddings of a data set, a row of numbers per patch, to search, cluster and learn
 * from. */
#ifndef MOS_DEPLOY_EMBED_H
#define MOS_DEPLOY_EMBED_H

#include "deploy/embedding_store.h"
#include "deploy/predict.h"

/* What is written beside the store. */
enum { MOS_EMBED_PARQUET, MOS_EMBED_GPKG, MOS_EMBED_RASTER, MOS_EMBED_ALSO };
extern const char *const mos_embed_also_names[]; /* "parquet" "gpkg" "raster" NULL */

typedef struct mos_embed_options {
    mos_predict_options source; /* model and data: patches, or scenes cut in windows */
    const char *out;            /* folder */
    mos_embedding_kind kind;
    mos_embedding_type type;
    const char *modality; /* this one alone; NULL: all side by side */
    mos_split split;      /* MOS_SPLIT_COUNT: all */
    uint32_t also;        /* bit of each */
} mos_embed_options;

/* Collective, with source.session.comm: ranks share the rows, rank 0 writes and has `about`. Writes
 * embeddings.npy, .csv, .json and what else is asked for; about: what was written; files: paths of what
 * else, one a line. Rows go to embeddings.part as they are computed: memory does not grow with their
 * number, and a run that was stopped goes on from there. What has the final name is whole. */
mosaic_status mos_embed_run(const mos_embed_options *options, mos_embedding_about *about,
                            mos_text *files);

#endif
