/* From the features of all modalities to logits: a fusion joins them to one row per sample, a
 * linear layer scores it. */
#ifndef MOS_MODEL_HEAD_H
#define MOS_MODEL_HEAD_H

#include "base/memory.h"
#include "model/parameters.h"

/* One modality's part in a fusion: a view set's rows. */
typedef struct mos_fusion_input {
    const void *features;   /* real [batch, size], NULL: the modality is not used */
    void *dfeatures;        /* the same shape, added to */
    const uint8_t *present; /* host [batch] or NULL */
} mos_fusion_input;

/* A fusion is a layer. Another one is a file of its own and a row here: how wide its rows are, and
 * its two passes. */
typedef struct mos_fusion_kind {
    const char *name;
    int64_t (*width)(int64_t modalities, int64_t size);
    void (*forward)(mos_device *, int64_t modalities, int64_t batch, int64_t size,
                    const mos_fusion_input *input, void *fused);
    void (*backward)(mos_device *, int64_t modalities, int64_t batch, int64_t size,
                     const mos_fusion_input *input, void *dfused);
} mos_fusion_kind;
extern const mos_fusion_kind mos_fusion_concat;

typedef struct mos_head {
    const mos_fusion_kind *fusion;
    int64_t modalities, size, width, classes;
    int64_t weight, bias; /* offsets in params and grads */

    /* planned */
    int64_t batch;
    mos_fusion_input input[MOS_MAX_MODALITIES]; /* of the last forward pass */
    void *fused, *dfused;                       /* real [batch, width] */
    void *logits, *dlogits;                     /* real [batch, classes] */
} mos_head;

mosaic_status mos_head_init(mos_head *head, mos_parameter_table *table,
                            const mos_fusion_kind *fusion, int64_t modalities, int64_t size,
                            int64_t classes);
void mos_head_place(mos_head *head, const mos_device *device, mos_arena *arena, int64_t batch,
                    bool train);
/* Uses head->input. */
void mos_head_forward(mos_head *head, const mos_weights *weights);
void mos_head_backward(mos_head *head, const mos_weights *weights);

#endif
