#include "model/projector.h"

#include <stdio.h>

mosaic_status mos_projector_init(mos_projector *projector, mos_parameter_table *table,
                                 const char *prefix, int64_t inputs, int64_t hidden,
                                 int64_t latent) {
    *projector = (mos_projector){.exists = true,
                                 .inputs = inputs,
                                 .hidden = hidden,
                                 .latent = latent,
                                 .first_counter = table->counter_count,
                                 .counters = 1};
    int64_t first[2] = {hidden, inputs}, second[2] = {latent, hidden};
    char norm[MOS_NAME_SIZE];
    int length = snprintf(norm, sizeof norm, "%s.1", prefix);
    if (length < 0 || (size_t)length >= sizeof norm)
        return mos_fail(MOSAIC_ERR_USAGE, "layer name '%s' is too long", prefix);
    MOS_TRY(mos_parameter_add(table, MOS_PARAMETER_WEIGHT, prefix, "0.weight", 2, first,
                              &projector->weight1));
    MOS_TRY(mos_parameter_add_norm(table, norm, hidden, &projector->norm_at));
    MOS_TRY(mos_parameter_add(table, MOS_PARAMETER_WEIGHT, prefix, "3.weight", 2, second,
                              &projector->weight2));
    return mos_parameter_add(table, MOS_PARAMETER_PLAIN, prefix, "3.bias", 1, &latent,
                             &projector->bias2);
}

mosaic_status mos_projector_plan(mos_projector *projector, mos_device *device,
                                 mos_projector_scratch *scratch, int64_t batch, int64_t groups,
                                 bool train) {
    projector->n = batch * groups;
    projector->groups = groups;
    size_t hidden_bytes = (size_t)(projector->n * projector->hidden) * device->real_bytes;
    size_t latent_bytes = (size_t)(projector->n * projector->latent) * device->real_bytes;
    if (scratch->hidden_bytes < hidden_bytes) scratch->hidden_bytes = hidden_bytes;
    if (scratch->latent_bytes < latent_bytes) scratch->latent_bytes = latent_bytes;
    mos_norm_shape norm = {.n = projector->n,
                           .c = projector->hidden,
                           .h = 1,
                           .w = 1,
                           .groups = groups,
                           .features = true,
                           .relu = true,
                           .train = train,
                           .eps = 1e-5,
                           .momentum = 0.1};
    return mos_context(device->ops->norm_create(device, &norm, &projector->norm), "projector");
}

void mos_projector_place(mos_projector *projector, const mos_device *device, mos_arena *arena,
                         bool train) {
    size_t row = (size_t)projector->n * device->real_bytes;
    size_t statistics = (size_t)(projector->groups * projector->hidden) * device->real_bytes;
    projector->u = mos_arena_take(arena, row * (size_t)projector->hidden);
    projector->v = mos_arena_take(arena, row * (size_t)projector->hidden);
    projector->mean = mos_arena_take(arena, statistics);
    projector->rstd = mos_arena_take(arena, statistics);
    projector->norms = mos_arena_take(arena, row);
    projector->z = mos_arena_take(arena, row * (size_t)projector->latent);
    projector->dz = train ? mos_arena_take(arena, row * (size_t)projector->latent) : NULL;
}

void mos_projector_unplan(mos_projector *projector, mos_device *device) {
    if (projector->norm != NULL) device->ops->norm_destroy(device, &projector->norm);
    projector->n = 0;
    projector->z = projector->dz = NULL;
}

/* u = h W1^T;  v = relu(norm(u));  z = unit(v W2^T + b2) */
void mos_projector_forward(mos_projector *projector, const mos_weights *weights,
                           const void *features, bool infer, const uint8_t *present,
                           const mos_projector_scratch *scratch) {
    mos_device *device = weights->device;
    const mos_backend *ops = device->ops;
    const mos_norm_offsets *at = &projector->norm_at;
    int64_t n = projector->n, inputs = projector->inputs, hidden = projector->hidden,
            latent = projector->latent;
    void *gamma = mos_param_at(weights, at->gamma), *beta = mos_param_at(weights, at->beta);
    void *mean = mos_state_at(weights, at->running_mean);
    void *var = mos_state_at(weights, at->running_var);
    ops->linear_forward(device, n, inputs, hidden, features, inputs,
                        mos_param_at(weights, projector->weight1), NULL, projector->u, hidden);
    if (infer)
        ops->norm_infer(device, projector->norm, projector->u, NULL, gamma, beta, mean, var,
                        projector->v);
    else
        ops->norm_forward(device, projector->norm, projector->u, NULL, gamma, beta, mean, var,
                          projector->mean, projector->rstd, projector->v, present);
    ops->linear_forward(device, n, hidden, latent, projector->v, hidden,
                        mos_param_at(weights, projector->weight2),
                        mos_param_at(weights, projector->bias2), scratch->latent, latent);
    ops->unit_forward(device, n, latent, scratch->latent, projector->z, projector->norms);
}

void mos_projector_backward(mos_projector *projector, const mos_weights *weights,
                            const void *features, void *dfeatures, const uint8_t *present,
                            const mos_projector_scratch *scratch) {
    mos_device *device = weights->device;
    const mos_backend *ops = device->ops;
    const mos_norm_offsets *at = &projector->norm_at;
    int64_t n = projector->n, inputs = projector->inputs, hidden = projector->hidden,
            latent = projector->latent;
    void *dv = scratch->hidden[0], *du = scratch->hidden[1];
    ops->unit_backward(device, n, latent, projector->z, projector->norms, projector->dz,
                       scratch->latent);
    ops->linear_backward(device, n, hidden, latent, projector->v, hidden,
                         mos_param_at(weights, projector->weight2), scratch->latent, latent, dv,
                         hidden, false, mos_grad_at(weights, projector->weight2),
                         mos_grad_at(weights, projector->bias2));
    ops->norm_backward(device, projector->norm, projector->u, projector->v, dv, NULL,
                       mos_param_at(weights, at->gamma), mos_param_at(weights, at->beta),
                       projector->mean, projector->rstd, du, NULL, mos_grad_at(weights, at->gamma),
                       mos_grad_at(weights, at->beta), present);
    ops->linear_backward(device, n, inputs, hidden, features, inputs,
                         mos_param_at(weights, projector->weight1), du, hidden, dfeatures, inputs,
                         true, mos_grad_at(weights, projector->weight1), NULL);
}
