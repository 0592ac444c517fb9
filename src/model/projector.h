/* The projector: Linear without bias, batch norm, ReLU, Linear, unit rows. Features to latents. */
#ifndef MOS_MODEL_PROJECTOR_H
#define MOS_MODEL_PROJECTOR_H

#include "base/memory.h"
#include "model/parameters.h"

/* Buffers that all projectors share, because their passes run one after the other. */
typedef struct mos_projector_scratch {
    size_t hidden_bytes, latent_bytes;
    void *hidden[2], *latent;
} mos_projector_scratch;

typedef struct mos_projector {
    bool exists;
    int64_t inputs, hidden, latent;
    int64_t weight1, weight2, bias2; /* offsets in params and grads */
    mos_norm_offsets norm_at;
    int64_t first_counter, counters;

    /* planned */
    int64_t n, groups;
    mos_norm *norm;
    void *u, *v;       /* real [n, hidden]: the first layer's output, and after norm and ReLU */
    void *mean, *rstd; /* real [groups, hidden] */
    void *norms;       /* real [n]: lengths of the rows before they became unit rows */
    void *z, *dz;      /* real [n, latent] */
} mos_projector;

mosaic_status mos_projector_init(mos_projector *projector, mos_parameter_table *table,
                                 const char *prefix, int64_t inputs, int64_t hidden,
                                 int64_t latent);
mosaic_status mos_projector_plan(mos_projector *projector, mos_device *device,
                                 mos_projector_scratch *scratch, int64_t batch, int64_t groups,
                                 bool train);
void mos_projector_place(mos_projector *projector, const mos_device *device, mos_arena *arena,
                         bool train);
void mos_projector_unplan(mos_projector *projector, mos_device *device);

/* features real [n, inputs] to z, with batch statistics or the running ones. present: [n] or
 * NULL. */
void mos_projector_forward(mos_projector *projector, const mos_weights *weights,
                           const void *features, bool infer, const uint8_t *present,
                           const mos_projector_scratch *scratch);
/* dz to the weights' gradients (added) and dfeatures (added). */
void mos_projector_backward(mos_projector *projector, const mos_weights *weights,
                            const void *features, void *dfeatures, const uint8_t *present,
                            const mos_projector_scratch *scratch);

#endif
