/* One modality's encoder: host images to features, and back.
 *
 * An encoder is a row of a table (MOS_ENCODER_LIST in model.h): its family, and the shape that the
 * family gives it. A family is a file (or two) of its own: which tensors and buffers it has, its
 * passes. What all have in common is here. */
#ifndef MOS_MODEL_ENCODER_H
#define MOS_MODEL_ENCODER_H

#include "model/layers.h"

typedef struct mos_encoder mos_encoder;

/* Images: `parts` pieces of host float [rows, bands, height, width], `stride` floats apart. They
 * must stay until the backward pass. */
typedef struct mos_images {
    const float *first;
    int64_t stride;
} mos_images;

typedef struct mos_encoder_family {
    /* Registers the tensors, unit by unit (mos_encoder_add_unit) in the order of the stages, and sets
     * feature_size; `own` holds the rest. */
    mosaic_status (*init)(mos_encoder *encoder, mos_parameter_table *table, const char *prefix);
    /* Frees what init made, also where init failed half way. */
    void (*release)(mos_encoder *encoder);
    /* Makes the plans, those of the units too, for the sizes in the encoder's planned fields. */
    mosaic_status (*plan)(mos_encoder *encoder, mos_device *device);
    /* Frees the family's own plans; those of the units are freed by the caller. */
    void (*unplan)(mos_encoder *encoder, mos_device *device);
    /* Lists its buffers but for image and image_again; features are the model's to place. */
    void (*list)(mos_encoder *encoder, const mos_device *device, mos_placement *placement);
    /* Images to features. present: [n] or NULL. learn: running statistics follow. */
    void (*forward)(mos_encoder *encoder, const mos_weights *weights, const mos_images *images,
                    const uint8_t *present, bool learn);
    /* Images to features with the running statistics, by the weights that the last fold put into the
     * plan. */
    void (*infer)(mos_encoder *encoder, mos_device *device, const mos_images *images);
    /* dfeatures to the gradients of all weights but the frozen stages' (added), behind the forward
     * pass on the same images. */
    void (*backward)(mos_encoder *encoder, const mos_weights *weights, const mos_images *images,
                     const uint8_t *present);
} mos_encoder_family;

typedef struct mos_encoder_row {
    const mos_encoder_family *family;
    const void *shape; /* the family's */
} mos_encoder_row;
extern const mos_encoder_row *const mos_encoders[MOS_ENCODER_COUNT];

struct mos_encoder {
    const mos_encoder_family *family;
    const void *shape;
    void *own; /* the family's */
    int64_t bands, feature_size;
    bool stem_pool;
    mos_unit **units; /* all, stage by stage */
    size_t unit_count, unit_capacity;
    int64_t first_counter, counters;

    /* planned */
    int64_t n, groups;
    int64_t parts;         /* of equal size; images come in so many pieces */
    int64_t height, width; /* of the images */
    bool train;
    mos_recompute recompute;
    mos_freeze freeze;
    size_t image_bytes, part_bytes; /* part: of an image piece */
    /* placed */
    void *image, *image_again;  /* what the first unit reads in the forward pass, in the
                                 backward pass */
    void *features, *dfeatures; /* real [n, feature_size] */
};

mosaic_status mos_encoder_init(mos_encoder *encoder, mos_parameter_table *table, const char *prefix,
                               mos_encoder_kind kind, int64_t bands, bool stem_pool);
/* Takes empty and half-built encoders. */
void mos_encoder_release(mos_encoder *encoder, mos_device *device);

/* How an encoder is run: `parts` pieces (view sets) of `rows` patches each, height x width, with
 * batch norm over `groups` equal groups. */
typedef struct mos_encoder_plan {
    int64_t parts, rows, groups, height, width;
    bool train;
    mos_recompute recompute;
    mos_freeze freeze;
    const mos_norm_peers *peers;
} mos_encoder_plan;
mosaic_status mos_encoder_make(mos_encoder *encoder, mos_device *device,
                               const mos_encoder_plan *plan);
/* Lists the buffers and runs the passes once without computing, so that the placement knows when
 * which buffer is needed; features and dfeatures are the caller's to place. */
void mos_encoder_record(mos_encoder *encoder, const mos_weights *weights, mos_placement *placement);
/* Counters of norms whose statistics stay in this plan; they are the first. */
int64_t mos_encoder_fixed_counters(const mos_encoder *encoder);
void mos_encoder_unplan(mos_encoder *encoder, mos_device *device);
/* The weights of an inference plan, after those or the running statistics changed. */
void mos_encoder_fold(mos_encoder *encoder, const mos_weights *weights);
/* Bytes of weights the plans hold: those of inference. */
size_t mos_encoder_packed_bytes(const mos_encoder *encoder, const mos_device *device);
void mos_encoder_layers(const mos_encoder *encoder, const mos_device *device, mos_layer_visit visit,
                        void *context);

/* ---- for the families ---- */

/* One more unit, which stays where it is; shape->stage counts from 1. */
mosaic_status mos_encoder_add_unit(mos_encoder *encoder, mos_parameter_table *table,
                                   const char *prefix, const mos_unit_shape *shape, mos_unit *unit);
/* All pieces into `to`, image or image_again. */
void mos_encoder_load(const mos_encoder *encoder, mos_device *device, const mos_images *images,
                      void *to);

#endif
