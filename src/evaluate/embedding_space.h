/* Rows of an inference as one table of vectors: one modality, all side by side, or all one below
 * the other. Internal to the room. */
#ifndef MOS_EVALUATE_EMBEDDING_SPACE_H
#define MOS_EVALUATE_EMBEDDING_SPACE_H

#include "evaluate/embedding_results.h"

enum { MOS_SPACE_JOINT = -1, MOS_SPACE_SHARED = -2 };

typedef struct mos_embedding_space {
    int64_t n, d;
    float *x;        /* [n, d], owned */
    int64_t *row;    /* [n] row of the inference */
    int8_t *part;    /* [n] modality, or MOS_SPACE_JOINT */
    int8_t *labels;  /* [n, classes] */
    int64_t present; /* rows there were, before they were thinned */
} mos_embedding_space;

/* modality: its number, MOS_SPACE_JOINT (rows where all are there, unit rows side by side) or
 * MOS_SPACE_SHARED (rows where all are there, each modality's unit row a point of its own). latent:
 * z instead of h. At most `most` points, evenly spaced. */
mosaic_status mos_embedding_space_make(const mos_inference *inference, int64_t modality,
                                       bool latent, int64_t most, mos_embedding_space *out);
void mos_embedding_space_release(mos_embedding_space *space);

#endif
