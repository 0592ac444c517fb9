/* What stands for the features of a modality that a sample lacks, before the fusion
 * (model.missing): nothing (the fusion masks it: exact zeros in a concatenation), or a vector of
 * the modality's own that is learned with the rest and starts at zero. */
#ifndef MOS_MODEL_MISSING_H
#define MOS_MODEL_MISSING_H

#include "base/memory.h"
#include "model/parameters.h"

typedef struct mos_missing {
    bool learned;
    int64_t modalities, size;
    int64_t vector[MOS_MAX_MODALITIES]; /* offsets in params and grads: real [size] */

    /* planned */
    int64_t batch;
    float *numbers;                   /* host [batch] */
    void *absent[MOS_MAX_MODALITIES]; /* real [batch]: 1 where absent */
    uint8_t *mask;                    /* [batch] */
    void *rows;                       /* real [batch, size] */
    bool any[MOS_MAX_MODALITIES];     /* of the last forward pass: some row is absent */
} mos_missing;

/* Parameters "missing.<modality>", when learned. */
mosaic_status mos_missing_init(mos_missing *missing, mos_parameter_table *table,
                               const mos_model_spec *spec, int64_t size);
mosaic_status mos_missing_plan(mos_missing *missing, int64_t batch);
void mos_missing_unplan(mos_missing *missing);
void mos_missing_place(mos_missing *missing, const mos_device *device, mos_arena *arena);
/* h_i = v where i is absent. features: real [batch, size] of modality m, changed in place; present:
 * host [batch] or NULL. Returns the mask for the fusion: `present` itself, or NULL when every row
 * has a vector now. */
const uint8_t *mos_missing_forward(mos_missing *missing, const mos_weights *weights, int64_t m,
                                   void *features, const uint8_t *present);
/* dv += sum of dh_i over absent i. dfeatures: real [batch, size], as the fusion left them. */
void mos_missing_backward(mos_missing *missing, const mos_weights *weights, int64_t m,
                          const void *dfeatures);

#endif
