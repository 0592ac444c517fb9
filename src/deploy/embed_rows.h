/* The rows of an embedded data set as its journal holds them: computed as a stream, read back one by
 * one, so that memory does not grow with their number. */
#ifndef MOS_DEPLOY_EMBED_ROWS_H
#define MOS_DEPLOY_EMBED_ROWS_H

#include "deploy/embedding_store.h"
#include "deploy/row_stream.h"

typedef struct mos_embed_rows {
    mos_embedding_kind kind;
    int64_t size, modalities, classes;  /* size: of one modality's part of a row */
    int64_t chosen[MOS_MAX_MODALITIES]; /* modalities of the model, in the order of the columns */
    const int64_t *index;               /* [asked] rows of the data set */
    int64_t asked;
    mos_row_journal journal; /* of rank 0, as what follows is */
    int64_t with_data, kept; /* rows with any modality of the model, with one that is chosen */
    double largest;          /* absolute value of what is kept */
} mos_embed_rows;

typedef struct mos_embed_record {
    bool kept;            /* else it has none of the chosen modalities, and no row */
    const float *values;  /* [modalities, size], zeros where one is absent */
    uint32_t present;     /* bit of each modality of the model */
    const int8_t *labels; /* [classes] of the model; 1, 0, -1 unknown */
} mos_embed_record;

/* Collective, as mos_row_stream_run: kind, sizes, chosen and index are set, the rest is filled in. */
mosaic_status mos_embed_rows_run(mos_session *session, const char *journal, const char *key,
                                 bool anew, mos_embed_rows *rows);
/* What mos_embed_rows_read needs as room. */
size_t mos_embed_rows_room(const mos_embed_rows *rows);
/* Row `at` of those asked for. *out points into `room`, which is aligned as mos_alloc's is. */
mosaic_status mos_embed_rows_read(const mos_embed_rows *rows, int64_t at, void *room,
                                  mos_embed_record *out);

#endif
