/* Attention across modalities (Vaswani et al. 2017), one token per modality: its feature row, not
 * the places of its map, which are 4 x 4 at 120 px and see the whole patch anyway.
 *   u_m = P_m h_m + p_m,   q = Q u, k = K u, v = V u,   o = attention of `heads` heads among the
 *   present tokens,   row = mean over the present m of (u_m + O o_m + c)
 * The last layer is linear, so it is applied to the mean of o. A token attends to itself as well:
 * with two modalities there would otherwise be one key, whose weight is always 1. Tensors: fusion.<m>.token
 * (P_m, p_m), fusion.query, .key, .value (no bias), fusion.out (O, c). */
#include "model/fusion.h"

enum { TOKEN };                       /* layer of every modality */
enum { QUERY, KEY, VALUE, OUT };      /* shared layers; the first three also number buffers */
enum { U = 3, P, O, DU, DQ, DK, DV }; /* further buffers */

static mosaic_status init(mos_fusion *fusion, mos_parameter_table *table,
                          const mos_model_spec *spec) {
    static const char *const names[] = {"fusion.query", "fusion.key", "fusion.value", "fusion.out"};
    const int64_t d = fusion->dim;
    fusion->width = d;
    MOS_TRY(mos_fusion_add_own(fusion, table, spec, TOKEN, "token", d));
    for (int layer = QUERY; layer <= OUT; layer++)
        MOS_TRY(
            mos_fusion_add_layer(table, names[layer], d, d, layer == OUT, &fusion->shared[layer]));
    return MOSAIC_OK;
}

static void place(mos_fusion *fusion, const mos_device *device, mos_arena *arena, bool train) {
    const int64_t rows = fusion->modalities * fusion->batch, d = fusion->dim;
    const int64_t pairs = fusion->heads * fusion->modalities * fusion->modalities;
    void **buffer = fusion->buffer;
    for (int b = QUERY; b <= U; b++)
        buffer[b] = mos_fusion_take(device, arena, rows, d);
    buffer[P] = mos_fusion_take(device, arena, fusion->batch, pairs);
    buffer[O] = mos_fusion_take(device, arena, fusion->batch, d);
    for (int b = DU; b <= DV; b++)
        buffer[b] = train || b == DU ? mos_fusion_take(device, arena, rows, d) : NULL;
}

static void apply(const mos_weights *weights, const mos_fusion_layer *layer, int64_t rows,
                  const void *x, void *y) {
    weights->device->ops->linear_forward(
        weights->device, rows, layer->inputs, layer->outputs, x, layer->inputs,
        mos_param_at(weights, layer->weight),
        layer->bias < 0 ? NULL : mos_param_at(weights, layer->bias), y, layer->outputs);
}

static void apply_back(const mos_weights *weights, const mos_fusion_layer *layer, int64_t rows,
                       const void *x, const void *dy, void *dx, bool accumulate) {
    weights->device->ops->linear_backward(
        weights->device, rows, layer->inputs, layer->outputs, x, layer->inputs,
        mos_param_at(weights, layer->weight), dy, layer->outputs, dx, layer->inputs, accumulate,
        mos_grad_at(weights, layer->weight),
        layer->bias < 0 ? NULL : mos_grad_at(weights, layer->bias));
}

static void forward(mos_fusion *fusion, const mos_weights *weights, void *fused) {
    mos_device *device = weights->device;
    const int64_t n = fusion->batch, d = fusion->dim, rows = fusion->modalities * n;
    const mos_modal_rows all = mos_fusion_rows(fusion, d);
    void **buffer = fusion->buffer;
    mos_fusion_project(fusion, weights, TOKEN, buffer[U]);
    for (int layer = QUERY; layer <= VALUE; layer++)
        apply(weights, &fusion->shared[layer], rows, buffer[U], buffer[layer]);
    device->ops->attend_forward(device, &all, fusion->heads, buffer[QUERY], buffer[KEY],
                                buffer[VALUE], buffer[P], buffer[O]);
    device->ops->blend_forward(device, &all, buffer[U], fused);
    apply(weights, &fusion->shared[OUT], n, buffer[O], buffer[DU]);
    device->ops->columns(device, n, d, buffer[DU], d, fused, d, true);
}

static void backward(mos_fusion *fusion, const mos_weights *weights, void *dfused) {
    mos_device *device = weights->device;
    const int64_t n = fusion->batch, d = fusion->dim, rows = fusion->modalities * n;
    const mos_modal_rows all = mos_fusion_rows(fusion, d);
    void **buffer = fusion->buffer;
    /* the gradient of o takes the place of u's, which comes after it */
    void *mean_gradient = buffer[DU];
    apply_back(weights, &fusion->shared[OUT], n, buffer[O], dfused, mean_gradient, false);
    device->ops->attend_backward(device, &all, fusion->heads, buffer[QUERY], buffer[KEY],
                                 buffer[VALUE], buffer[P], mean_gradient, buffer[DQ], buffer[DK],
                                 buffer[DV]);
    device->ops->blend_backward(device, &all, dfused, buffer[DU]);
    for (int layer = QUERY; layer <= VALUE; layer++)
        apply_back(weights, &fusion->shared[layer], rows, buffer[U], buffer[DQ + layer], buffer[DU],
                   true);
    mos_fusion_project_back(fusion, weights, TOKEN, buffer[DU]);
}

const mos_fusion_kind mos_fusion_attention = {
    .init = init, .place = place, .forward = forward, .backward = backward};
