/* The smallest encoder there can be: one convolution of the image with its norm and ReLU, and the
 * mean of what comes out. */
#include "base/memory.h"
#include "model/encoder.h"

enum { WIDTH = 16 };

static mosaic_status init(mos_encoder *encoder, mos_parameter_table *table, const char *prefix) {
    const mos_unit_shape shape = {.conv = "conv1",
                                  .norm = "bn1",
                                  .ci = encoder->bands,
                                  .co = WIDTH,
                                  .kernel = 7,
                                  .stride = 2,
                                  .stage = 1,
                                  .image = true,
                                  .relu = true};
    mos_unit *unit;
    MOS_TRY(mos_alloc(1, sizeof *unit, "an encoder", &unit));
    encoder->own = unit;
    encoder->feature_size = WIDTH;
    return mos_encoder_add_unit(encoder, table, prefix, &shape, unit);
}

static void release(mos_encoder *encoder) {
    mos_free(encoder->own);
}

static mosaic_status plan(mos_encoder *encoder, mos_device *device) {
    return mos_unit_plan(encoder->own, device, encoder->n, encoder->groups, encoder->height,
                         encoder->width, encoder->train);
}

static void unplan(mos_encoder *encoder, mos_device *device) {
    (void)encoder, (void)device;
}

static void list(mos_encoder *encoder, const mos_device *device, mos_placement *placement) {
    if (encoder->train)
        mos_unit_list(encoder->own, device, placement, false, false);
    else
        mos_unit_list_inference(encoder->own, device, placement, NULL);
}

static void mean(mos_encoder *encoder, mos_device *device) {
    const mos_unit *unit = encoder->own;
    device->ops->mean_forward(device, encoder->n, WIDTH, unit->oh, unit->ow, unit->y,
                              encoder->features);
}

static void forward(mos_encoder *encoder, const mos_weights *weights, const mos_images *images,
                    const uint8_t *present, bool learn) {
    mos_encoder_load(encoder, weights->device, images, encoder->image);
    mos_unit_forward(encoder->own, weights, encoder->image, NULL, present, learn);
    mean(encoder, weights->device);
}

static void infer(mos_encoder *encoder, mos_device *device, const mos_images *images) {
    mos_encoder_load(encoder, device, images, encoder->image);
    mos_unit_infer(encoder->own, device, encoder->image);
    mean(encoder, device);
}

static void backward(mos_encoder *encoder, const mos_weights *weights, const mos_images *images,
                     const uint8_t *present) {
    mos_device *device = weights->device;
    mos_unit *unit = encoder->own;
    if (encoder->freeze.stages > 0) return;
    device->ops->mean_backward(device, encoder->n, WIDTH, unit->oh, unit->ow, encoder->dfeatures,
                               unit->dy);
    if (encoder->recompute != MOS_RECOMPUTE_NONE)
        mos_encoder_load(encoder, device, images, encoder->image_again);
    mos_unit_backward(unit, weights, encoder->image_again, &(mos_unit_flow){.dy = unit->dy},
                      present);
}

static const mos_encoder_family family = {.init = init,
                                          .release = release,
                                          .plan = plan,
                                          .unplan = unplan,
                                          .list = list,
                                          .forward = forward,
                                          .infer = infer,
                                          .backward = backward};
extern const mos_encoder_row mos_encoder_stem;
const mos_encoder_row mos_encoder_stem = {.family = &family};
