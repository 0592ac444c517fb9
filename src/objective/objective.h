/* The joint objective: latents, features and logits of a planned model to losses and gradients. It
 * sees only device arrays and host label/presence tables, so it serves any model with M modalities.
 */
#ifndef MOS_OBJECTIVE_OBJECTIVE_H
#define MOS_OBJECTIVE_OBJECTIVE_H

#include "base/limits.h"
#include "compute/device.h"
#include "objective/label_queue.h"
#include "objective/method.h"

#include <stdint.h>

enum {
    MOS_OBJECTIVE_MAX_QUEUE = 1 << 20,
    /* an upper bound of the problems of a step: pairs of modalities both ways, and each by itself */
    MOS_OBJECTIVE_PROBLEMS = 3 * MOS_MAX_MODALITIES * MOS_MAX_MODALITIES
};

typedef struct mos_objective_options {
    const mos_method *method;
    double weight[MOS_TERM_COUNT]; /* lambda, 1 by default; 0 switches the term off */
    double tau_ntx, tau_msc;       /* 0.5, 0.1 */
    int msc_rows;                  /* MOS_MSC_* set, 0: the method's own */
    mos_positives positives;
    bool anchor_weighting;
    int64_t msc_queue;  /* labelled samples of earlier batches that stay references, 0: none */
    bool shared_anchor; /* anchors are the first strong view set, where there is one */
    const double *pos_weight; /* [classes] or NULL */
} mos_objective_options;

/* Is the term on: one of the method's, with a weight that is not 0? Weights that a schedule raises
 * from 0 must be given here, and to mos_objective_create, as what they will become: what is off at
 * the start stays off. */
bool mos_objective_uses(const mos_objective_options *options, mos_term term);
/* MOS_NEEDS_* of the terms that are on. */
unsigned mos_objective_needs(const mos_objective_options *options);
/* Of all the method's terms, whatever their weights. */
unsigned mos_method_needs(const mos_method *method);

/* Which view sets a method uses: how many per modality, and which one is the anchor. kinds: 's'
 * strong, 'a' anchor. Two strong sets come first where the terms within a modality need them; the
 * anchor is a third one where a term needs it, unless shared_anchor makes it view set 0. */
typedef struct mos_view_plan {
    int64_t views;
    char kinds[4]; /* e.g. "ssa", "ss" (shared), "a" */
    int64_t anchor;
} mos_view_plan;
mos_view_plan mos_objective_views(const mos_objective_options *options);

typedef struct mos_objective_input {
    int64_t modalities, batch, classes, latent;
    /* per modality, view-major */
    const void *z[MOS_MAX_MODALITIES];       /* real [views*batch, latent], unit rows */
    void *dz[MOS_MAX_MODALITIES];            /* added to */
    const void *z_inter[MOS_MAX_MODALITIES]; /* for inter and supervised terms; may equal z */
    void *dz_inter[MOS_MAX_MODALITIES];
    const uint8_t *present[MOS_MAX_MODALITIES]; /* host [batch] or NULL */
    const void *logits;                         /* real [batch, classes] or NULL */
    void *dlogits;
    const int8_t *labels; /* host [batch, classes]: 1, 0, -1 unknown */
    /* host [batch, classes] or NULL: what the BCE takes instead, 0 to 1, below 0 unknown */
    const float *targets;
} mos_objective_input;

typedef struct mos_objective_result {
    double total;                /* sum of lambda * term */
    double term[MOS_TERM_COUNT]; /* unscaled */
    double msc_floor;            /* the least value the supervised contrastive term can take */
    /* of the supervised contrastive problems: anchors, pairs of an anchor and a positive, and how
     * many of these the queue gave */
    int64_t anchors_used, anchors_without_positive, positives, queue_positives;
    int64_t known_labels; /* of the BCE */
} mos_objective_result;

typedef struct mos_objective mos_objective;
/* Scratch for batches of this size, once. A term between modalities that is on needs two of them.
 */
mosaic_status mos_objective_create(mos_device *device, const mos_objective_options *options,
                                   int64_t modalities, int64_t batch, int64_t classes,
                                   int64_t latent, mos_objective **out);
/* What such an objective holds, without a queue. */
size_t mos_objective_bytes(mos_device *device, const mos_objective_options *options,
                           int64_t modalities, int64_t batch, int64_t classes, int64_t latent);
void mos_objective_destroy(mos_objective **objective);
/* The weights and temperatures may change between steps (warm-up). */
mos_objective_options *mos_objective_settings(mos_objective *objective);
/* Weights of the terms that warm up: `share` of their final ones. */
void mos_objective_warm(mos_objective *objective, const double *weight, double share);
/* Processes share the anchors of the contrastive terms (mos_contrast in compute/device.h): this one takes
 * `count` samples of every batch, from `first`. Their losses and counts, and what is added to dz and
 * dz_inter, are then this process's share; the caller adds up those of all. Batches are as large as at
 * creation. count 0: no sharing. */
void mos_objective_share(mos_objective *objective, int64_t first, int64_t count);
/* What the contrastive problems of the last step left, once the device has settled. The caller puts the
 * sums over processes there before mos_objective_collect. */
mos_contrast_result *mos_objective_found(mos_objective *objective, int64_t *problems);
/* What the next step finds in the queue; to be saved and restored with a run. Valid until destroy;
 * size 0 where there is no queue. */
mos_label_queue *mos_objective_queue(mos_objective *objective);
/* Losses, and ADDED to dz / dz_inter, their gradients times the weights; dlogits is written when
 * the BCE is on. A weight that is 0 now skips its term, which then reads 0 (the BCE is still
 * reported). Where there is a queue, the batch's labelled anchors (view set 0 where the method has
 * no anchor) enter it afterwards, whatever the weight of the term is now. The batch may be
 * smaller than at creation (view sets then lie that batch apart). No heap calls. Terms over several
 * modalities: intra and views sum over modalities, inter and cross over pairs, cross being the mean
 * of both directions. */
mosaic_status mos_objective_run(mos_objective *objective, const mos_objective_input *input,
                                mos_objective_result *result);
/* mos_objective_run in two parts, for a caller that has more to enqueue. The losses can be collected
 * once the device has settled. */
mosaic_status mos_objective_enqueue(mos_objective *objective, const mos_objective_input *input);
void mos_objective_collect(const mos_objective *objective, mos_objective_result *result);

#endif
