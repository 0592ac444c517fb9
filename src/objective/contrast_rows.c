/* Rows of contrastive problems: where they are, who is present, copies and the way back. */
#include "objective/objective_internal.h"

void *mos_row_at(const mos_objective *o, const void *rows, int64_t row) {
    union {
        const void *read;
        void *write;
    } at = {.read = rows};
    return (unsigned char *)at.write + (size_t)(row * o->latent) * o->device->real_bytes;
}

mos_row_set mos_view_rows(const mos_objective *o, const mos_objective_input *in, int64_t m,
                          int64_t view, bool inter) {
    int64_t row = view * in->batch;
    return inter ? (mos_row_set){mos_row_at(o, in->z_inter[m], row),
                                 mos_row_at(o, in->dz_inter[m], row)}
                 : (mos_row_set){mos_row_at(o, in->z[m], row), mos_row_at(o, in->dz[m], row)};
}

void mos_rows_set_present(mos_objective *o, const mos_objective_input *in, int64_t part,
                          int64_t m) {
    o->device->ops->copy(o->device, o->present + part * in->batch, o->presence + m * in->batch,
                         (size_t)in->batch);
}

mos_row_set mos_rows_gather(mos_objective *o, const mos_objective_input *in, const int64_t *list,
                            int64_t count) {
    mos_device *device = o->device;
    size_t part_bytes = (size_t)(in->batch * o->latent) * device->real_bytes;
    for (int64_t k = 0; k < count; k++) {
        mos_row_set from = mos_view_rows(o, in, list[k], o->views.anchor, true);
        device->ops->copy(device, mos_row_at(o, o->rows, k * in->batch), from.z, part_bytes);
        mos_rows_set_present(o, in, k, list[k]);
    }
    device->ops->zero(device, o->drows, (size_t)count * part_bytes);
    return (mos_row_set){o->rows, o->drows};
}

void mos_rows_scatter(mos_objective *o, const mos_objective_input *in, const int64_t *list,
                      int64_t count) {
    mos_device *device = o->device;
    for (int64_t k = 0; k < count; k++) {
        mos_row_set to = mos_view_rows(o, in, list[k], o->views.anchor, true);
        device->ops->columns(device, in->batch, o->latent, mos_row_at(o, o->drows, k * in->batch),
                             o->latent, to.dz, o->latent, true);
    }
}

mos_contrast mos_rows_square(const mos_objective *o, int64_t count) {
    return (mos_contrast){.anchors = count,
                          .references = count,
                          .d = o->latent,
                          .self = o->self,
                          .anchor_present = o->present,
                          .reference_present = o->present};
}

void mos_rows_contrast(mos_objective *o, const mos_contrast *problem, mos_row_set anchors,
                       mos_row_set references, double weight, mos_problem of) {
    mos_contrast_result *result = &o->block->problem[o->problems];
    mos_contrast own = *problem;
    if (o->own_count > 0) {
        own.part = o->batch;
        own.own_first = o->own_first;
        own.own_count = o->own_count;
    }
    o->problem[o->problems++] = of;
    o->device->ops->contrast(o->device, &own, anchors.z, references.z, of.share * weight,
                             anchors.dz, references.dz, o->scratch, result);
}
