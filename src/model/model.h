/* The M-modal model: per modality an encoder and a projector, one fusion, one head. Parameters live
 * in one flat block of named segments; a planned model owns one arena that is allocated once.
 *
 * One pass handles `views` view sets of a batch at once: the encoder sees views*batch patches,
 * batch norm treats each view set as its own group. */
#ifndef MOS_MODEL_MODEL_H
#define MOS_MODEL_MODEL_H

#include "base/limits.h"
#include "compute/device.h"

#include <stdbool.h>
#include <stdint.h>

enum { MOS_ENCODER_STAGES = 5 }; /* at most: a ResNet's stem, layer1, ... layer4 */
enum { MOS_NAME_SIZE = 128 };

/* The encoders, in the order of model.encoder's choices: a row's C name (model/encoder.h), and the
 * name of users and files. The narrow one is a quarter as wide: for trials and tests. */
#define MOS_ENCODER_LIST(ROW)                                                                      \
    ROW(RESNET18, resnet18, "resnet18")                                                            \
    ROW(RESNET34, resnet34, "resnet34")                                                            \
    ROW(RESNET50, resnet50, "resnet50")                                                            \
    ROW(RESNET10_NARROW, resnet10_narrow, "resnet10-narrow")                                       \
    MOS_ENCODER_MORE(ROW)
/* A test's own. */
#ifndef MOS_ENCODER_MORE
#define MOS_ENCODER_MORE(ROW)
#endif

#define MOS_ENCODER_NUMBER(UPPER, lower, name) MOS_ENCODER_##UPPER,
typedef enum mos_encoder_kind {
    MOS_ENCODER_LIST(MOS_ENCODER_NUMBER) MOS_ENCODER_COUNT
} mos_encoder_kind;
extern const char *const mos_encoder_names[]; /* in this order, NULL-terminated */

typedef enum mos_fusion_id {
    MOS_FUSION_CONCAT,
    MOS_FUSION_GATED,
    MOS_FUSION_BILINEAR,
    MOS_FUSION_ATTENTION,
    MOS_FUSION_KINDS
} mos_fusion_id;
/* "concat" "gated" "bilinear" "cross-attention" NULL */
extern const char *const mos_fusion_names[];
/* What stands for the features of a modality a sample lacks. */
typedef enum mos_missing_kind { MOS_MISSING_ZERO, MOS_MISSING_LEARNED } mos_missing_kind;
extern const char *const mos_missing_names[]; /* "zero" "learned" NULL */

typedef struct mos_modality_spec {
    char name[32]; /* "s1" */
    int64_t bands;
    char band_names[MOS_MAX_BANDS][16];
} mos_modality_spec;

typedef struct mos_model_spec {
    int64_t modalities;
    mos_modality_spec modality[MOS_MAX_MODALITIES];
    mos_encoder_kind encoder;
    bool stem_pool;         /* the 3x3/2 max-pool after the stem (torchvision: yes) */
    int64_t hidden, latent; /* projector widths: 512, 128 */
    bool inter_projector;   /* a second projector per modality for the inter and supervised terms */
    int64_t classes;        /* 0: no head */
    /* How the features of the modalities become the row that the head scores. dim: width of that
     * row and inside, all but concat; rank: bilinear; heads: attention, a divisor of dim. */
    mos_fusion_id fusion;
    int64_t fusion_dim, fusion_rank, fusion_heads;
    mos_missing_kind missing;
} mos_model_spec;

/* A named tensor of the model. Names: "backbones.<modality>.conv1.weight" ... (torchvision's names
 * without fc), "projectors.<modality>.0.weight" (Linear, no bias),
 * ".1.weight/.bias/.running_mean/.running_var/.num_batches_tracked" (BatchNorm), ".3.weight/.bias"
 * (Linear), "projectors_inter.<modality>..." when there is one, "fusion...." as the fusion's file
 * says (concat has none), "head.weight", "head.bias", "missing.<modality>" when that is learned. */
typedef struct mos_parameter {
    char name[MOS_NAME_SIZE];
    int rank;
    int64_t shape[4];
    int64_t offset,
        count; /* in the params block (trainable) or the state block (running statistics) */
    bool trainable, decay;
    int stage;    /* of an encoder, from 1; 0: it is no encoder's */
    bool counter; /* num_batches_tracked: int64 scalar in files; one real in the state block */
} mos_parameter;

typedef struct mos_model mos_model;

/* Parameters are initialised from (seed): He normal fan-out for convolutions, 1/0 for norms,
 * PyTorch's uniform for linear layers. The model keeps the device but does not own it. */
#define MOS_MODEL_UNSET UINT64_MAX /* as seed: all zero, for a model that is loaded right away */
mosaic_status mos_model_create(mos_device *device, const mos_model_spec *spec, uint64_t seed,
                               mos_model **out);
void mos_model_destroy(mos_model **model);
const mos_model_spec *mos_model_get_spec(const mos_model *model);
mos_device *mos_model_device(const mos_model *model);

/* Parameter table, and the flat device blocks: params/grads [param_count], state [state_count], all
 * real. */
const mos_parameter *mos_model_parameters(const mos_model *model, int64_t *count);
int64_t mos_model_param_count(const mos_model *model);
int64_t mos_model_state_count(const mos_model *model);
/* grads is NULL until the first training plan is made, and stays from then on. */
void *mos_model_params(mos_model *model);
void *mos_model_grads(mos_model *model);
void *mos_model_state(mos_model *model);
/* The parameter of that name, or NULL. */
const mos_parameter *mos_model_find(const mos_model *model, const char *name);
/* One tensor by name to/from host floats (count checked by the caller via the table). */
mosaic_status mos_model_get(mos_model *model, const mos_parameter *parameter, float *host);
void mos_model_put(mos_model *model, const mos_parameter *parameter, const float *host);
/* Call after parameters or running statistics changed and before inference: its plan holds weights
 * of its own, with the norms folded in. Training reads the parameters themselves. */
void mos_model_refresh(mos_model *model);
/* Segments for the optimizer. */
const mos_segment_range *mos_model_segments(const mos_model *model, int64_t *count);

/* What the backward pass works out again instead of keeping it from the forward pass; results are
 * the same to the bit. */
typedef enum mos_recompute {
    MOS_RECOMPUTE_NONE,
    MOS_RECOMPUTE_NORM, /* the norm and ReLU inside a block, and the stem's image: a pass over
                           memory */
    MOS_RECOMPUTE_BLOCK /* all that is inside a block, convolutions too */
} mos_recompute;
extern const char *const mos_recompute_names[]; /* "none" "norm" "block" NULL */

/* What of the encoders stays as it is in training. */
typedef struct mos_freeze {
    int64_t stages; /* the first so many: 1 the stem, 2 and layer1, ... MOS_ENCODER_STAGES all.
                       Their norms use the running statistics and they get no gradient */
    bool norms;     /* every norm of an encoder uses its running statistics, which stay */
} mos_freeze;

typedef struct mos_model_plan {
    int64_t batch;                     /* samples per view set */
    int64_t views[MOS_MAX_MODALITIES]; /* view sets per modality; 0: this modality is not used */
    int64_t height, width;
    bool train;
    bool latents; /* the projectors are needed */
    mos_recompute recompute;
    mos_freeze freeze;
    /* Gradient caching (Gao et al. 2021, "Scaling deep contrastive learning batch size under memory
     * limited setup"): so many samples go through the encoders at a time, and once more in the
     * backward pass; everything behind the features sees the whole batch. A chunk's batch norm has
     * statistics of its own; the running ones follow every chunk, once. 0: all at once. Must divide
     * the batch. */
    int64_t chunk;
    /* A batch that several processes encode: of its `ranks` equal parts this one encodes part `rank`.
     * Chunks are of its part, and where chunk is 0 the part is one. Between mos_model_encode_all and
     * mos_model_project_all the caller brings the features of the other parts. 0: one process. */
    int64_t ranks, rank;
    /* Training: the processes that take the statistics of the encoders' norms together, all of the
     * batch's or a few; kept as long as the plan. Not with chunks of a part: they all must
     * meet in one order. NULL: each takes those of its own part. */
    const mos_norm_peers *peers;
    /* Every view set (of a chunk) is normalised in so many equal parts; 0: one. */
    int64_t norm_parts;
    /* Training: so many encoders run side by side, each on its share of the device's threads
     * (at least one); 0 or 1: one after the other, each on all. More than the modalities in use:
     * as many as these; fewer: the others wait their turn. Results repeat to the bit, and are those
     * of encoders in turn with so few threads each. With peers: so many encoders take turns on all
     * threads, one goes on where another waits for its peers; results are those of encoders in turn. */
    int64_t workers;
} mos_model_plan;
/* Bytes a planned model holds. */
typedef struct mos_memory_report {
    size_t parameters, gradients; /* running statistics are among the parameters */
    size_t packed;                /* the folded weights of an inference plan */
    size_t activations;           /* of the encoders, kept from forward to backward */
    size_t rows;                  /* features, latents, projectors, fusion, head */
    size_t workspace; /* what the arena holds beyond that: gradients on their way, scratch */
    size_t least;     /* no placement of the encoders' buffers is smaller than this */
    size_t arena;     /* activations + rows + workspace */
    size_t total;
} mos_memory_report;
/* Allocates the arena and makes every plan. May be called again (frees the old plan first). */
mosaic_status mos_model_plan_make(mos_model *model, const mos_model_plan *plan);
/* As it was made: chunk and ranks are filled in. batch 0: there is none. */
const mos_model_plan *mos_model_get_plan(const mos_model *model);
/* What that plan would hold, without making it; the model is left without a plan. */
mosaic_status mos_model_plan_measure(mos_model *model, const mos_model_plan *plan,
                                     mos_memory_report *out);
void mos_model_memory(const mos_model *model, mos_memory_report *out);
/* Implementation names per layer, one line each, for bench and debug: calls visit(name, direction,
 * implementation). */
typedef void (*mos_layer_visit)(void *context, const char *layer, const char *direction,
                                const char *implementation);
void mos_model_layers(const mos_model *model, mos_layer_visit visit, void *context);

/* Training passes of all modalities that have images (NULL: this one sits the step out), as the
 * plan says in turn or side by side: images to features, then features to latents. images, present:
 * [modalities], of each as below; present NULL: all patches have everything. With a part of the
 * batch (plan.ranks) images are that part's alone, [views * batch / ranks, ...]; present is the
 * whole batch's. */
mosaic_status mos_model_encode_all(mos_model *model, const float *const *images,
                                   const uint8_t *const *present);
void mos_model_project_all(mos_model *model);
/* Did the modality get images in this step? */
bool mos_model_has_images(const mos_model *model, int64_t m);
/* dfeatures and dlatents to parameter gradients (added), through projectors and encoders of all
 * modalities whose forward pass was run in this step; with a part of the batch the encoders' are
 * those of this part. */
mosaic_status mos_model_backward_all(mos_model *model);
/* The same for modality m alone. images: host float [views*batch, bands, h, w], view-major, which
 * must stay until the backward pass; present: host [batch] or NULL (the same for each view set).
 * Afterwards features h [views*batch, 512], latents z [views*batch, latent] (unit rows) are valid.
 * Modalities may come in any order, but all forward passes before the first backward pass. */
mosaic_status mos_model_forward(mos_model *model, int64_t m, const float *images,
                                const uint8_t *present);
/* Inference (running statistics), with an inference plan; images [views*batch, ...] as above, which
 * must stay until the device has settled, like those of training. A
 * sample's features, latents and logits are bit-equal wherever it stands in the batch and whatever
 * stands beside it: the caller pads a short batch. */
mosaic_status mos_model_infer(mos_model *model, int64_t m, const float *images);
int64_t mos_model_feature_size(const mos_model *model); /* 512; bottlenecks 2048, narrow 128 */
void *mos_model_features(mos_model *model, int64_t m);  /* real [views*batch, feature size] */
void *mos_model_latents(mos_model *model, int64_t m);   /* real [views*batch, latent], unit rows */
void *mos_model_latents_inter(mos_model *model,
                              int64_t m); /* the inter projector's, or the same as latents */
/* Their gradients: same shapes; zeroed by mos_model_begin, filled by objectives and the head,
 * consumed by backward. */
void *mos_model_dlatents(mos_model *model, int64_t m);
void *mos_model_dlatents_inter(mos_model *model, int64_t m);
/* Start a step: zero grads, dfeatures, dlatents, dlogits. */
void mos_model_begin(mos_model *model);
/* Head on the features of view set view[m] of each used modality, joined by the fusion;
 * present[m]: host [batch] or NULL: all; what a missing modality means is said in model/fusion.h,
 * and by spec.missing. logits, dlogits: real [batch, classes]. */
void mos_model_head_forward(mos_model *model, const int64_t *view, const uint8_t *const *present);
void *mos_model_logits(mos_model *model);
void *mos_model_dlogits(mos_model *model);
/* dlogits to head gradients and dfeatures (added). */
void mos_model_head_backward(mos_model *model);
/* dfeatures and dlatents to parameter gradients (added), through projector and encoder of modality
 * m. */
mosaic_status mos_model_backward(mos_model *model, int64_t m);

#endif
