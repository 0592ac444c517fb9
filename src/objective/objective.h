/* The joint objective: latents, features and logits of a planned model to losses and gradients. It sees only device
 * arrays and host label/presence tables, so it serves any model with M modalities. */
#ifndef MOS_OBJECTIVE_OBJECTIVE_H
#define MOS_OBJECTIVE_OBJECTIVE_H

#include "compute/device.h"
#include "objective/method.h"

#include <stdint.h>

enum { MOS_OBJECTIVE_MAX_MODALITIES = 8 };

typedef enum mos_term { MOS_TERM_INTRA, MOS_TERM_INTER, MOS_TERM_MSC, MOS_TERM_BCE, MOS_TERM_COUNT } mos_term;
extern const char *const mos_term_names[MOS_TERM_COUNT]; /* "intra" "inter" "msc" "bce" */

typedef struct mos_objective_options {
    const mos_method *method;
    double weight[MOS_TERM_COUNT]; /* lambda, 1 by default; 0 switches the term off */
    double tau_ntx, tau_msc;       /* 0.5, 0.1 */
    int msc_rows;                  /* MOS_MSC_* set, 0: the method's own */
    mos_positives positives;
    bool anchor_weighting;
    bool shared_anchor; /* anchors are view set 0 (x'); otherwise view set 2 when intra or views need strong ones, else 0 */
    const double *pos_weight; /* [classes] or NULL */
} mos_objective_options;

/* Which view sets a method uses: how many per modality, and which one is the anchor. kinds: 's' strong, 'a' anchor. */
typedef struct mos_view_plan {
    int64_t views;
    char kinds[4]; /* e.g. "ssa", "ss" (shared), "a" */
    int64_t anchor;
} mos_view_plan;
mos_view_plan mos_objective_views(const mos_objective_options *options);

typedef struct mos_objective_input {
    int64_t modalities, batch, classes, latent;
    /* per modality, view-major */
    const void *z[MOS_OBJECTIVE_MAX_MODALITIES];        /* real [views*batch, latent], unit rows */
    void *dz[MOS_OBJECTIVE_MAX_MODALITIES];             /* added to */
    const void *z_inter[MOS_OBJECTIVE_MAX_MODALITIES];  /* for inter and supervised terms; may equal z */
    void *dz_inter[MOS_OBJECTIVE_MAX_MODALITIES];
    const uint8_t *present[MOS_OBJECTIVE_MAX_MODALITIES]; /* host [batch] or NULL */
    const void *logits; /* real [batch, classes] or NULL */
    void *dlogits;
    const int8_t *labels; /* host [batch, classes]: 1, 0, -1 unknown */
} mos_objective_input;

typedef struct mos_objective_result {
    double total;                    /* sum of lambda * term */
    double term[MOS_TERM_COUNT];     /* unscaled */
    double msc_floor;
    int64_t anchors_used, anchors_without_positive;
    int64_t known_labels;
} mos_objective_result;

typedef struct mos_objective mos_objective;
/* Scratch for batches of this size, once. */
mosaic_status mos_objective_create(mos_device *device, const mos_objective_options *options, int64_t modalities,
                                   int64_t batch, int64_t classes, int64_t latent, mos_objective **out);
void mos_objective_destroy(mos_objective **objective);
/* The weights may change between steps (warm-up). */
mos_objective_options *mos_objective_settings(mos_objective *objective);
/* Losses and, into dz / dz_inter / dlogits, their gradients. No heap calls. */
mosaic_status mos_objective_run(mos_objective *objective, const mos_objective_input *input, mos_objective_result *result);

#endif
