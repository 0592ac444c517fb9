/* The table of encoders, and what all families have in common. */
#include "model/encoder.h"

#include "base/memory.h"
#include "model/pass_recorder.h"

#define DECLARE(UPPER, lower, name) extern const mos_encoder_row mos_encoder_##lower;
MOS_ENCODER_LIST(DECLARE)

#define POINT_AT(UPPER, lower, name) &mos_encoder_##lower,
const mos_encoder_row *const mos_encoders[MOS_ENCODER_COUNT] = {MOS_ENCODER_LIST(POINT_AT)};

#define NAME(UPPER, lower, name) name,
const char *const mos_encoder_names[] = {MOS_ENCODER_LIST(NAME) NULL};

/* ---- description ---- */

mosaic_status mos_encoder_init(mos_encoder *encoder, mos_parameter_table *table, const char *prefix,
                               mos_encoder_kind kind, int64_t bands, bool stem_pool) {
    *encoder = (mos_encoder){.family = mos_encoders[kind]->family,
                             .shape = mos_encoders[kind]->shape,
                             .bands = bands,
                             .stem_pool = stem_pool,
                             .first_counter = table->counter_count};
    MOS_TRY(encoder->family->init(encoder, table, prefix));
    encoder->counters = table->counter_count - encoder->first_counter;
    return MOSAIC_OK;
}

mosaic_status mos_encoder_add_unit(mos_encoder *encoder, mos_parameter_table *table,
                                   const char *prefix, const mos_unit_shape *shape,
                                   mos_unit *unit) {
    MOS_TRY(mos_unit_init(unit, table, prefix, shape));
    MOS_TRY(mos_grow(&encoder->units, &encoder->unit_capacity, encoder->unit_count + 1,
                     sizeof(mos_unit *), "the units of an encoder"));
    encoder->units[encoder->unit_count++] = unit;
    return MOSAIC_OK;
}

void mos_encoder_release(mos_encoder *encoder, mos_device *device) {
    mos_encoder_unplan(encoder, device);
    if (encoder->family != NULL) encoder->family->release(encoder);
    mos_free(encoder->units);
    *encoder = (mos_encoder){0};
}

/* ---- planning ---- */

mosaic_status mos_encoder_make(mos_encoder *encoder, mos_device *device,
                               const mos_encoder_plan *plan) {
    const int64_t h = plan->height, w = plan->width;
    encoder->n = plan->parts * plan->rows;
    encoder->groups = plan->groups;
    encoder->parts = plan->parts;
    encoder->height = h;
    encoder->width = w;
    encoder->train = plan->train;
    encoder->recompute = plan->recompute;
    encoder->freeze = plan->freeze;
    encoder->image_bytes = device->ops->image_bytes(device, encoder->n, encoder->bands, h, w);
    encoder->part_bytes = device->ops->image_bytes(device, plan->rows, encoder->bands, h, w);
    for (size_t i = 0; i < encoder->unit_count; i++) {
        encoder->units[i]->fixed =
            plan->freeze.norms || encoder->units[i]->stage <= plan->freeze.stages;
        encoder->units[i]->peers = plan->peers;
    }
    return encoder->family->plan(encoder, device);
}

int64_t mos_encoder_fixed_counters(const mos_encoder *encoder) {
    int64_t count = 0;
    for (size_t i = 0; i < encoder->unit_count; i++)
        count += encoder->units[i]->fixed;
    return count;
}

void mos_encoder_unplan(mos_encoder *encoder, mos_device *device) {
    for (size_t i = 0; i < encoder->unit_count; i++)
        mos_unit_release(encoder->units[i], device);
    if (encoder->own != NULL) encoder->family->unplan(encoder, device);
    encoder->n = 0;
    encoder->features = encoder->dfeatures = NULL;
}

void mos_encoder_record(mos_encoder *encoder, const mos_weights *weights,
                        mos_placement *placement) {
    static const float nothing;
    const mos_images images = {.first = &nothing};
    const mos_encoder_family *family = encoder->family;
    mos_pass_recorder recorder;
    mos_pass_recorder_init(&recorder, weights->device, placement);
    mos_placement_buffer(placement, &encoder->image, encoder->image_bytes);
    if (encoder->recompute == MOS_RECOMPUTE_NONE)
        mos_placement_same(placement, &encoder->image_again, &encoder->image);
    else
        mos_placement_buffer(placement, &encoder->image_again, encoder->image_bytes);
    family->list(encoder, weights->device, placement);
    if (placement->status != MOSAIC_OK) return; /* told by mos_placement_solve */
    if (!encoder->train) {
        family->infer(encoder, &recorder.device, &images);
        return;
    }
    mos_weights looked_at = *weights;
    looked_at.device = &recorder.device;
    if (looked_at.grads == NULL) looked_at.grads = looked_at.params; /* there are none yet */
    family->forward(encoder, &looked_at, &images, NULL, true);
    mos_placement_turn(placement);
    family->backward(encoder, &looked_at, &images, NULL);
}

void mos_encoder_fold(mos_encoder *encoder, const mos_weights *weights) {
    if (encoder->n == 0 || encoder->train) return;
    for (size_t i = 0; i < encoder->unit_count; i++)
        mos_unit_fold(encoder->units[i], weights);
}

size_t mos_encoder_packed_bytes(const mos_encoder *encoder, const mos_device *device) {
    size_t bytes = 0;
    for (size_t i = 0; i < encoder->unit_count; i++) {
        mos_conv_info info;
        device->ops->conv_info(encoder->units[i]->conv, &info);
        bytes += info.packed_bytes;
    }
    return bytes;
}

void mos_encoder_layers(const mos_encoder *encoder, const mos_device *device, mos_layer_visit visit,
                        void *context) {
    for (size_t i = 0; i < encoder->unit_count && encoder->n > 0; i++) {
        const mos_unit *unit = encoder->units[i];
        mos_conv_info info;
        device->ops->conv_info(unit->conv, &info);
        visit(context, unit->name, "forward", info.forward);
        if (info.backward_data[0] != 0)
            visit(context, unit->name, "backward_data", info.backward_data);
        if (info.backward_weights[0] != 0)
            visit(context, unit->name, "backward_weights", info.backward_weights);
    }
}

/* ---- running ---- */

void mos_encoder_load(const mos_encoder *encoder, mos_device *device, const mos_images *images,
                      void *to) {
    for (int64_t k = 0; k < encoder->parts; k++)
        device->ops->image_load(device, (unsigned char *)to + (size_t)k * encoder->part_bytes,
                                images->first + k * images->stride, encoder->n / encoder->parts,
                                encoder->bands, encoder->height, encoder->width);
}
