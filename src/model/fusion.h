/* From the features of all modalities to one row per sample.
 *
 * A fusion is a row of a table: what it registers, which buffers it keeps, its two passes. Each has
 * its own file. Which modalities a sample has is a mask, the same for every fusion; what it means
 * that one is missing is the fusion's to say:
 *   concat     its part of the row is exactly zero
 *   gated      the gates are shared among those that are present
 *   bilinear   it is no factor of the products
 *   attention  it is no token: it is neither query nor key
 * and none of them lets a gradient through to it. */
#ifndef MOS_MODEL_FUSION_H
#define MOS_MODEL_FUSION_H

#include "base/memory.h"
#include "model/parameters.h"

/* One modality's part: a view set's rows. */
typedef struct mos_fusion_input {
    const void *features;   /* real [batch, size], NULL: the modality is not used */
    void *dfeatures;        /* the same shape, added to */
    const uint8_t *present; /* host [batch] or NULL: all */
} mos_fusion_input;

typedef struct mos_fusion mos_fusion;

typedef struct mos_fusion_kind {
    /* Registers the fusion's tensors and sets its width. */
    mosaic_status (*init)(mos_fusion *fusion, mos_parameter_table *table,
                          const mos_model_spec *spec);
    void (*place)(mos_fusion *fusion, const mos_device *device, mos_arena *arena, bool train);
    void (*forward)(mos_fusion *fusion, const mos_weights *weights, void *fused);
    /* dfused may be overwritten; gradients of tensors and features are added. */
    void (*backward)(mos_fusion *fusion, const mos_weights *weights, void *dfused);
} mos_fusion_kind;
extern const mos_fusion_kind mos_fusion_concat, mos_fusion_gated, mos_fusion_bilinear,
    mos_fusion_attention;

enum { MOS_FUSION_LAYERS = 5, MOS_FUSION_BUFFERS = 10 };

/* Offsets of a linear layer's tensors; bias -1: none. */
typedef struct mos_fusion_layer {
    int64_t inputs, outputs, weight, bias;
} mos_fusion_layer;

struct mos_fusion {
    const mos_fusion_kind *kind;
    int64_t modalities, size;                                    /* size: of a feature row */
    int64_t width;                                               /* of a fused row */
    int64_t dim, rank, heads;                                    /* of the specification */
    mos_fusion_layer own[MOS_FUSION_LAYERS][MOS_MAX_MODALITIES]; /* numbered by the kind */
    mos_fusion_layer shared[MOS_FUSION_LAYERS];

    /* planned */
    int64_t batch;
    uint8_t *present;                           /* host [modalities, batch], */
    uint8_t *mask;                              /* and on the device */
    mos_fusion_input input[MOS_MAX_MODALITIES]; /* of the last forward pass */
    void *buffer[MOS_FUSION_BUFFERS];           /* numbered by the kind */
};

mosaic_status mos_fusion_init(mos_fusion *fusion, mos_parameter_table *table,
                              const mos_model_spec *spec, int64_t size);
mosaic_status mos_fusion_plan(mos_fusion *fusion, int64_t batch);
void mos_fusion_place(mos_fusion *fusion, const mos_device *device, mos_arena *arena, bool train);
void mos_fusion_unplan(mos_fusion *fusion);
/* Uses fusion->input. fused, dfused: real [batch, width]. */
void mos_fusion_forward(mos_fusion *fusion, const mos_weights *weights, void *fused);
void mos_fusion_backward(mos_fusion *fusion, const mos_weights *weights, void *dfused);

/* ---- for the kinds ---- */

/* Registers "<prefix>.weight" [outputs, inputs] and, with bias, "<prefix>.bias". */
mosaic_status mos_fusion_add_layer(mos_parameter_table *table, const char *prefix, int64_t inputs,
                                   int64_t outputs, bool bias, mos_fusion_layer *out);
/* Layer `number` of every modality, "fusion.<modality>.<name>", with bias. */
mosaic_status mos_fusion_add_own(mos_fusion *fusion, mos_parameter_table *table,
                                 const mos_model_spec *spec, int number, const char *name,
                                 int64_t outputs);
/* A buffer real [rows, width]. */
void *mos_fusion_take(const mos_device *device, mos_arena *arena, int64_t rows, int64_t width);
/* Rows of the last pass, [modalities, batch, d]. */
mos_modal_rows mos_fusion_rows(const mos_fusion *fusion, int64_t d);
/* Every modality's features through its layer `number`: to [modalities, batch, outputs]. */
void mos_fusion_project(const mos_fusion *fusion, const mos_weights *weights, int number, void *to);
void mos_fusion_project_back(const mos_fusion *fusion, const mos_weights *weights, int number,
                             const void *dto);

#endif
