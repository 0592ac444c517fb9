#include "deploy/onnx_graph.h"

#include "base/memory.h"
#include "model/resnet.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NUMBERS_MOST = 64 + MOS_MAX_CLASSES, NUMBER_ROOM = MOS_MAX_BANDS };
static const float hidden_score = -1e30F; /* of what is absent, before a softmax */

/* A value of the graph, by name. */
typedef struct value {
    char name[MOS_NAME_SIZE + 64];
} value;

struct mos_onnx_number {
    value name;
    float reals[NUMBER_ROOM];
    int64_t integers[MOS_ONNX_MAX_RANK];
};

typedef struct builder {
    mos_onnx *onnx;
    const mos_model_card *card;
    mos_onnx_weights *weights;
    value present[MOS_MAX_MODALITIES]; /* [n, 1]: 1 where there is such a patch */
    value features[MOS_MAX_MODALITIES];
} builder;

static value named(const char *format, ...) __attribute__((format(printf, 1, 2)));
static value named(const char *format, ...) {
    value out;
    va_list arguments;
    va_start(arguments, format);
    (void)mos_vformat(out.name, sizeof out.name, format, arguments);
    va_end(arguments);
    return out;
}

/* ---- nodes ---- */

static value node(builder *b, const char *op, value out, int count, const value *inputs,
                  int attribute_count, const mos_onnx_attribute *attributes) {
    const char *names[8];
    for (int i = 0; i < count; i++)
        names[i] = inputs[i].name;
    mos_onnx_node(b->onnx, op, names, count, out.name, attributes, attribute_count);
    return out;
}

static value apply(builder *b, const char *op, value out, value x) {
    return node(b, op, out, 1, &x, 0, NULL);
}

static value join(builder *b, const char *op, value out, value x, value y) {
    return node(b, op, out, 2, (const value[]){x, y}, 0, NULL);
}

static mos_onnx_attribute number(const char *name, int64_t n) {
    return (mos_onnx_attribute){.name = name, .single = true, .count = 1, .values = {n}};
}

static mos_onnx_attribute pair(const char *name, int64_t n) {
    return (mos_onnx_attribute){.name = name, .count = 2, .values = {n, n}};
}

static mos_onnx_attribute around(int64_t n) {
    return (mos_onnx_attribute){.name = "pads", .count = 4, .values = {n, n, n, n}};
}

/* ---- constants; a failed one sticks in the graph's status ---- */

static struct mos_onnx_number *next_number(builder *b, const char *name) {
    if (b->weights->number_count == NUMBERS_MOST) {
        b->onnx->status =
            mos_fail(MOSAIC_ERR_RUNTIME, "more than %d small constants", NUMBERS_MOST);
        b->weights->number_count--;
    }
    struct mos_onnx_number *to = &b->weights->numbers[b->weights->number_count++];
    to->name = named("%s", name);
    return to;
}

/* [1, count, 1, 1], or a scalar (count 0) */
static value reals(builder *b, const char *name, int64_t count, const double *from) {
    struct mos_onnx_number *to = next_number(b, name);
    for (int64_t i = 0; i < (count > 0 ? count : 1); i++)
        to->reals[i] = (float)from[i];
    mos_onnx_constant(b->onnx, &(mos_onnx_tensor){.name = to->name.name,
                                                  .rank = count > 0 ? 4 : 0,
                                                  .shape = {1, count, 1, 1},
                                                  .data = to->reals});
    return to->name;
}

static value real(builder *b, const char *name, double from) {
    return reals(b, name, 0, &from);
}

static value integers(builder *b, const char *name, int count, const int64_t *from) {
    struct mos_onnx_number *to = next_number(b, name);
    memcpy(to->integers, from, (size_t)count * sizeof *from);
    mos_onnx_constant(b->onnx, &(mos_onnx_tensor){.name = to->name.name,
                                                  .integers = true,
                                                  .rank = 1,
                                                  .shape = {count},
                                                  .data = to->integers});
    return to->name;
}

static value axis_one(void) {
    return named("constant.axis");
}

/* ---- layers, by the names of their tensors ---- */

static value normed(builder *b, const char *prefix, value x) {
    const value inputs[] = {x, named("%s.weight", prefix), named("%s.bias", prefix),
                            named("%s.running_mean", prefix), named("%s.running_var", prefix)};
    /* epsilon is the operator's default, 1e-5, as in every norm of the model */
    return node(b, "BatchNormalization", named("%s.out", prefix), 5, inputs, 0, NULL);
}

static value convolved(builder *b, const char *prefix, value x, int64_t kernel, int64_t stride) {
    const mos_onnx_attribute attributes[] = {pair("kernel_shape", kernel), pair("strides", stride),
                                             around(kernel / 2)};
    const value inputs[] = {x, named("%s.weight", prefix)};
    return node(b, "Conv", named("%s.out", prefix), 2, inputs, 3, attributes);
}

/* x W^T + c */
static value linear(builder *b, const char *prefix, value x, bool bias) {
    const mos_onnx_attribute attribute = number("transB", 1);
    const value inputs[] = {x, named("%s.weight", prefix), named("%s.bias", prefix)};
    return node(b, "Gemm", named("%s.out", prefix), bias ? 3 : 2, inputs, 1, &attribute);
}

static value concatenated(builder *b, const char *name, const value *inputs, int64_t count) {
    const mos_onnx_attribute attribute = number("axis", 1);
    return node(b, "Concat", named("%s", name), (int)count, inputs, 1, &attribute);
}

/* ---- encoder ---- */

static value block(builder *b, const char *prefix, const mos_block_kind *kind, value x,
                   int64_t stride, bool down) {
    value main = x, skip = x;
    for (int u = 0; u < kind->units; u++) {
        const value conv = named("%s.conv%d", prefix, u + 1),
                    norm = named("%s.bn%d", prefix, u + 1);
        main = convolved(b, conv.name, main, kind->kernel[u], u == kind->strided ? stride : 1);
        main = normed(b, norm.name, main);
        if (u + 1 < kind->units) main = apply(b, "Relu", named("%s.relu%d", prefix, u + 1), main);
    }
    if (down) {
        const value conv = named("%s.downsample.0", prefix),
                    norm = named("%s.downsample.1", prefix);
        skip = normed(b, norm.name, convolved(b, conv.name, x, 1, stride));
    }
    return apply(b, "Relu", named("%s.out", prefix),
                 join(b, "Add", named("%s.sum", prefix), main, skip));
}

/* Images to pooled features [n, size]. */
static value encoded(builder *b, const char *modality, value x) {
    const mos_resnet_shape *shape = mos_resnet_shape_of(b->card->spec.encoder);
    const value prefix = named("backbones.%s", modality);
    const int64_t widen = shape->block->widen[shape->block->units - 1];
    int64_t ci = shape->width, width = shape->width;
    x = convolved(b, named("%s.conv1", prefix.name).name, x, 7, 2);
    x = apply(b, "Relu", named("%s.relu", prefix.name),
              normed(b, named("%s.bn1", prefix.name).name, x));
    if (b->card->spec.stem_pool) {
        const mos_onnx_attribute attributes[] = {pair("kernel_shape", 3), pair("strides", 2),
                                                 around(1)};
        x = node(b, "MaxPool", named("%s.maxpool", prefix.name), 1, &x, 3, attributes);
    }
    for (int s = 0; s < 4; s++, width *= 2)
        for (int k = 0; k < shape->depth[s]; k++) {
            const int64_t stride = s > 0 && k == 0 ? 2 : 1, co = width * widen;
            x = block(b, named("%s.layer%d.%d", prefix.name, s + 1, k).name, shape->block, x,
                      stride, stride != 1 || ci != co);
            ci = co;
        }
    x = apply(b, "GlobalAveragePool", named("%s.avgpool", prefix.name), x);
    return apply(b, "Flatten", named("%s.flat", prefix.name), x);
}

/* Raw pixels to normalised ones, zeros where a pixel is not finite; and which patches are there. */
static value standardised(builder *b, int64_t m) {
    const mos_modality_spec *modality = &b->card->spec.modality[m];
    const char *name = modality->name;
    const value x = named("%s", name);
    const value mean = reals(b, named("%s.mean", name).name, modality->bands, b->card->mean[m]);
    const value sd = reals(b, named("%s.sd", name).name, modality->bands, b->card->sd[m]);
    const value bad =
        join(b, "Or", named("%s.bad", name), apply(b, "IsNaN", named("%s.is_nan", name), x),
             apply(b, "IsInf", named("%s.is_inf", name), x));
    const mos_onnx_attribute to_float = number("to", 1);
    const mos_onnx_attribute largest[] = {{.name = "axes", .count = 3, .values = {1, 2, 3}},
                                          number("keepdims", 1)};
    value good = apply(b, "Not", named("%s.good", name), bad);
    good = node(b, "Cast", named("%s.valid", name), 1, &good, 1, &to_float);
    good = node(b, "ReduceMax", named("%s.any", name), 1, &good, 2, largest);
    b->present[m] = apply(b, "Flatten", named("%s.present", name), good);
    const value z = join(b, "Div", named("%s.scaled", name),
                         join(b, "Sub", named("%s.centred", name), x, mean), sd);
    return node(b, "Where", named("%s.image", name), 3,
                (const value[]){bad, named("constant.zero"), z}, 0, NULL);
}

static value latents(builder *b, int64_t m) {
    const value prefix = named("projectors.%s", b->card->spec.modality[m].name);
    const mos_onnx_attribute attributes[] = {number("axis", 1), number("p", 2)};
    value x = linear(b, named("%s.0", prefix.name).name, b->features[m], false);
    x = normed(b, named("%s.1", prefix.name).name, x);
    x = apply(b, "Relu", named("%s.2.out", prefix.name), x);
    x = linear(b, named("%s.3", prefix.name).name, x, true);
    x = node(b, "LpNormalization", named("%s.unit", prefix.name), 1, &x, 2, attributes);
    return join(b, "Mul", named("%s.latent", prefix.name), x, b->present[m]);
}

/* ---- fusion: the formulas are those of model/fusion_*.c ---- */

static value absent(builder *b, int64_t m) {
    return join(b, "Sub", named("%s.absent", b->card->spec.modality[m].name), named("constant.one"),
                b->present[m]);
}

/* Layer `layer` of every modality's features. */
static value own_layer(builder *b, int64_t m, const char *layer, value row) {
    const value prefix = named("fusion.%s.%s", b->card->spec.modality[m].name, layer);
    return linear(b, prefix.name, row, true);
}

/* Rows [n, d] of the modalities as [n, modalities, d]. */
static value stacked(builder *b, const char *name, const value *rows) {
    value wide[MOS_MAX_MODALITIES];
    const int64_t count = b->card->spec.modalities;
    for (int64_t m = 0; m < count; m++)
        wide[m] = join(b, "Unsqueeze", named("%s.%lld", name, (long long)m), rows[m], axis_one());
    return concatenated(b, name, wide, count);
}

/* Sum over the modalities, [n, m, d] to [n, d]. */
static value summed(builder *b, const char *name, value x) {
    const mos_onnx_attribute attribute = number("keepdims", 0);
    return node(b, "ReduceSum", named("%s", name), 2, (const value[]){x, axis_one()}, 1,
                &attribute);
}

static value gated(builder *b, const value *rows, const value *away) {
    value values[MOS_MAX_MODALITIES], gates[MOS_MAX_MODALITIES];
    const mos_onnx_attribute axis = number("axis", 1);
    for (int64_t m = 0; m < b->card->spec.modalities; m++) {
        const char *name = b->card->spec.modality[m].name;
        values[m] =
            apply(b, "Tanh", named("fusion.%s.tanh", name), own_layer(b, m, "value", rows[m]));
        const value hide =
            join(b, "Mul", named("fusion.%s.hide", name), away[m], named("constant.hidden"));
        gates[m] =
            join(b, "Add", named("fusion.%s.shown", name), own_layer(b, m, "gate", rows[m]), hide);
    }
    value gate = stacked(b, "fusion.gates", gates);
    gate = node(b, "Softmax", named("fusion.shares"), 1, &gate, 1, &axis);
    return summed(b, "fusion.row",
                  join(b, "Mul", named("fusion.parts"), gate, stacked(b, "fusion.values", values)));
}

static value bilinear(builder *b, const value *rows, const value *away) {
    const mos_model_spec *spec = &b->card->spec;
    value product = {{0}};
    for (int64_t m = 0; m < spec->modalities; m++) {
        const char *name = spec->modality[m].name;
        value factor = own_layer(b, m, "factor", rows[m]);
        factor = join(b, "Mul", named("fusion.%s.there", name), factor, b->present[m]);
        factor = join(b, "Add", named("fusion.%s.or_one", name), factor, away[m]);
        product = m == 0
                      ? factor
                      : join(b, "Mul", named("fusion.product.%lld", (long long)m), product, factor);
    }
    const value shape =
        integers(b, "fusion.shape", 3, (const int64_t[]){-1, spec->fusion_rank, spec->fusion_dim});
    return summed(b, "fusion.row", join(b, "Reshape", named("fusion.ranks"), product, shape));
}

/* [n, m, d] to [n, heads, m, d / heads] (keys: [n, heads, d / heads, m]). */
static value heads_of(builder *b, const char *layer, value u, bool keys) {
    const value prefix = named("fusion.%s", layer), weight = named("fusion.%s.weight", layer);
    const mos_onnx_attribute order = {
        .name = "perm", .count = 4, .values = {0, 2, keys ? 3 : 1, keys ? 1 : 3}};
    const value turned = apply(b, "Transpose", named("%s.turned", prefix.name), weight);
    value x = join(b, "MatMul", named("%s.all", prefix.name), u, turned);
    x = join(b, "Reshape", named("%s.split", prefix.name), x, named("fusion.shape"));
    return node(b, "Transpose", named("%s.heads", prefix.name), 1, &x, 1, &order);
}

static value attended(builder *b, const value *rows, const value *away) {
    const mos_model_spec *spec = &b->card->spec;
    const int64_t d = spec->fusion_dim, heads = spec->fusion_heads, width = d / heads;
    const mos_onnx_attribute last = number("axis", -1);
    const mos_onnx_attribute back = {.name = "perm", .count = 4, .values = {0, 2, 1, 3}};
    value tokens[MOS_MAX_MODALITIES];
    (void)integers(b, "fusion.shape", 4, (const int64_t[]){-1, spec->modalities, heads, width});
    const value joined =
        integers(b, "fusion.joined", 3, (const int64_t[]){-1, spec->modalities, d});
    const value scale = real(b, "fusion.scale", 1 / sqrt((double)width));
    const value places = integers(b, "fusion.places", 2, (const int64_t[]){1, 2});
    for (int64_t m = 0; m < spec->modalities; m++)
        tokens[m] = own_layer(b, m, "token", rows[m]);
    const value u = stacked(b, "fusion.tokens", tokens);
    value score = join(b, "MatMul", named("fusion.scores"), heads_of(b, "query", u, false),
                       heads_of(b, "key", u, true));
    score = join(b, "Mul", named("fusion.scaled"), score, scale);
    /* [n, modalities] to [n, 1, 1, modalities]: no query attends to absent tokens */
    const value hide = join(b, "Unsqueeze", named("fusion.hide"),
                            join(b, "Mul", named("fusion.hidden"),
                                 concatenated(b, "fusion.absent", away, spec->modalities),
                                 named("constant.hidden")),
                            places);
    score = join(b, "Add", named("fusion.shown"), score, hide);
    score = node(b, "Softmax", named("fusion.weights"), 1, &score, 1, &last);
    value o = join(b, "MatMul", named("fusion.answers"), score, heads_of(b, "value", u, false));
    o = node(b, "Transpose", named("fusion.answers_back"), 1, &o, 1, &back);
    o = join(b, "Reshape", named("fusion.answer_rows"), o, joined);
    /* the mean over the present tokens */
    const value there = stacked(b, "fusion.there", b->present);
    const value share = join(b, "Div", named("fusion.share"), there,
                             node(b, "ReduceSum", named("fusion.count"), 2,
                                  (const value[]){there, axis_one()}, 0, NULL));
    const value mean_u =
        summed(b, "fusion.mean_token", join(b, "Mul", named("fusion.token_parts"), u, share));
    const value mean_o =
        summed(b, "fusion.mean_answer", join(b, "Mul", named("fusion.answer_parts"), o, share));
    return join(b, "Add", named("fusion.row"), mean_u, linear(b, "fusion.out", mean_o, true));
}

/* Features as the fusion sees them: a learned vector where a modality is absent. */
static value with_missing(builder *b, int64_t m, value away) {
    const char *name = b->card->spec.modality[m].name;
    if (b->card->spec.missing != MOS_MISSING_LEARNED) return b->features[m];
    return join(b, "Add", named("missing.%s.row", name), b->features[m],
                join(b, "Mul", named("missing.%s.part", name), away, named("missing.%s", name)));
}

/* What the masks of fusions and learned vectors need. */
static void add_masks(builder *b, value *rows, value *away) {
    const mos_model_spec *spec = &b->card->spec;
    (void)real(b, "constant.one", 1);
    for (int64_t m = 0; m < spec->modalities; m++) {
        away[m] = absent(b, m);
        rows[m] = with_missing(b, m, away[m]);
        if (spec->missing != MOS_MISSING_LEARNED) continue;
        /* nothing is absent to the fusion then */
        const char *name = spec->modality[m].name;
        away[m] = join(b, "Mul", named("%s.never", name), away[m], named("constant.zero"));
        b->present[m] = join(b, "Sub", named("%s.always", name), named("constant.one"), away[m]);
    }
    if (spec->fusion == MOS_FUSION_CONCAT) return;
    (void)real(b, "constant.hidden", (double)hidden_score);
    (void)integers(b, "constant.axis", 1, (const int64_t[]){1});
}

static void add_head(builder *b) {
    const mos_model_spec *spec = &b->card->spec;
    value rows[MOS_MAX_MODALITIES], away[MOS_MAX_MODALITIES], row;
    memcpy(rows, b->features, sizeof rows);
    if (spec->fusion != MOS_FUSION_CONCAT || spec->missing == MOS_MISSING_LEARNED)
        add_masks(b, rows, away);
    switch (spec->fusion) {
    case MOS_FUSION_GATED:
        row = gated(b, rows, away);
        break;
    case MOS_FUSION_BILINEAR:
        row = bilinear(b, rows, away);
        break;
    case MOS_FUSION_ATTENTION:
        row = attended(b, rows, away);
        break;
    default:
        row = concatenated(b, "fusion.row", rows, spec->modalities);
        break;
    }
    (void)apply(b, "Sigmoid", named("probabilities"), linear(b, "head", row, true));
}

/* ---- the whole ---- */

/* Which tensors the graph reads: all but counters and second projectors, and without latents the
 * first ones. */
static bool is_read(const mos_parameter *parameter, bool latent) {
    return !parameter->counter && strncmp(parameter->name, "projectors_inter.", 17) != 0 &&
           (latent || strncmp(parameter->name, "projectors.", 11) != 0);
}

static mosaic_status add_weights(builder *b, mos_model *model, bool latent) {
    int64_t count;
    size_t total = 0;
    const mos_parameter *parameters = mos_model_parameters(model, &count);
    for (int64_t i = 0; i < count; i++)
        total += is_read(&parameters[i], latent) ? (size_t)parameters[i].count : 0;
    MOS_TRY(mos_alloc(total, sizeof(float), "the model's weights", &b->weights->values));
    MOS_TRY(
        mos_alloc(NUMBERS_MOST, sizeof *b->weights->numbers, "constants", &b->weights->numbers));
    float *next = b->weights->values;
    for (int64_t i = 0; i < count; i++) {
        const mos_parameter *parameter = &parameters[i];
        if (!is_read(parameter, latent)) continue;
        mos_onnx_tensor tensor = {.name = parameter->name, .rank = parameter->rank, .data = next};
        memcpy(tensor.shape, parameter->shape, sizeof tensor.shape);
        MOS_TRY(mos_model_get(model, parameter, next));
        mos_onnx_constant(b->onnx, &tensor);
        next += parameter->count;
    }
    return b->onnx->status;
}

static void add_bands(const mos_modality_spec *modality, const char *before, mos_text *out) {
    for (int64_t k = 0; k < modality->bands; k++)
        mos_text_add(out, "%s%s", k == 0 ? before : ", ", modality->band_names[k]);
}

/* An input [batch, bands, height, width]; `help` is its text, and is released. */
static void add_input(builder *b, const char *name, int64_t bands, mos_text *help) {
    if (help->failed)
        b->onnx->status = mos_fail_memory(help->size, "a list of bands");
    else
        mos_onnx_input(b->onnx, name, 4,
                       (const int64_t[]){-1, bands, b->card->height, b->card->width}, help->data);
    mos_text_release(help);
}

/* Features of a modality, from the value of its name. */
static void add_branch(builder *b, int64_t m) {
    const mos_modality_spec *modality = &b->card->spec.modality[m];
    const value rows = encoded(b, modality->name, standardised(b, m));
    b->features[m] = join(b, "Mul", named("%s.features", modality->name), rows, b->present[m]);
}

static mosaic_status begin(builder *b, mos_model *model, bool latent) {
    *b->onnx = (mos_onnx){0};
    *b->weights = (mos_onnx_weights){0};
    if (mos_resnet_shape_of(b->card->spec.encoder) == NULL)
        return mos_fail(MOSAIC_ERR_USAGE, "encoder '%s' cannot be written as ONNX",
                        mos_encoder_names[b->card->spec.encoder]);
    MOS_TRY(add_weights(b, model, latent));
    (void)real(b, "constant.zero", 0);
    return MOSAIC_OK;
}

mosaic_status mos_onnx_graph_make(mos_model *model, const mos_model_card *card, mos_onnx *out,
                                  mos_onnx_weights *weights) {
    const int64_t modalities = card->spec.modalities;
    builder b = {.onnx = out, .card = card, .weights = weights};
    value z[MOS_MAX_MODALITIES];
    MOS_TRY(begin(&b, model, true));
    for (int64_t m = 0; m < modalities; m++) {
        const mos_modality_spec *modality = &card->spec.modality[m];
        mos_text bands = {0};
        add_bands(modality, "bands in this order: ", &bands);
        add_input(&b, modality->name, modality->bands, &bands);
        add_branch(&b, m);
    }
    for (int64_t m = 0; m < modalities; m++)
        z[m] = latents(&b, m);
    (void)concatenated(&b, "features", b.features, modalities);
    (void)concatenated(&b, "latents", z, modalities);
    if (card->spec.classes > 0) {
        add_head(&b);
        mos_onnx_output(out, "probabilities", 2, (const int64_t[]){-1, card->spec.classes},
                        "one per class, in the order of the metadata 'classes'");
    }
    mos_onnx_output(out, "features", 2,
                    (const int64_t[]){-1, modalities * mos_model_feature_size(model)},
                    "pooled features of the modalities side by side");
    mos_onnx_output(out, "latents", 2, (const int64_t[]){-1, modalities * card->spec.latent},
                    "unit rows of the projectors, the modalities side by side");
    return out->status;
}

/* ---- one raster in, a layer for each class out ---- */

/* The bands of each modality out of the one image. */
static void cut_image(builder *b, double factor) {
    const mos_model_spec *spec = &b->card->spec;
    mos_text help = {0};
    int64_t bands = 0;
    for (int64_t m = 0; m < spec->modalities; bands += spec->modality[m++].bands)
        add_bands(&spec->modality[m], m == 0 ? "bands in this order: " : ", ", &help);
    add_input(b, "image", bands, &help);
    const value pixels =
        join(b, "Mul", named("image.pixels"), named("image"), real(b, "constant.factor", factor));
    const value axis = integers(b, "image.axis", 1, (const int64_t[]){1});
    bands = 0;
    for (int64_t m = 0; m < spec->modalities; bands += spec->modality[m++].bands) {
        const char *name = spec->modality[m].name;
        const int64_t end = bands + spec->modality[m].bands;
        const value inputs[] = {pixels, integers(b, named("%s.first", name).name, 1, &bands),
                                integers(b, named("%s.end", name).name, 1, &end), axis};
        (void)node(b, "Slice", named("%s", name), 4, inputs, 0, NULL);
    }
}

static void spread_classes(builder *b) {
    const int64_t shape[] = {1, 1, b->card->height, b->card->width};
    const mos_onnx_attribute across = number("axis", 1);
    const value wide = integers(b, "tile.shape", 4, shape);
    const value all =
        join(b, "Reshape", named("tile.classes"), named("probabilities"),
             integers(b, "tile.apart", 4, (const int64_t[]){-1, b->card->spec.classes, 1, 1}));
    for (int64_t c = 0; c < b->card->spec.classes; c++) {
        const value out = named("class_%lld", (long long)c);
        const value inputs[] = {all, integers(b, named("%s.index", out.name).name, 1, &c)};
        const value one = node(b, "Gather", named("%s.one", out.name), 2, inputs, 1, &across);
        (void)join(b, "Expand", out, one, wide);
        mos_onnx_output(b->onnx, out.name, 4,
                        (const int64_t[]){-1, 1, b->card->height, b->card->width},
                        b->card->class_names[c]);
    }
}

mosaic_status mos_onnx_graph_make_tiled(mos_model *model, const mos_model_card *card, double factor,
                                        mos_onnx *out, mos_onnx_weights *weights) {
    builder b = {.onnx = out, .card = card, .weights = weights};
    MOS_TRY(begin(&b, model, false));
    cut_image(&b, factor);
    for (int64_t m = 0; m < card->spec.modalities; m++)
        add_branch(&b, m);
    add_head(&b);
    spread_classes(&b);
    return out->status;
}

void mos_onnx_weights_release(mos_onnx_weights *weights) {
    mos_free(weights->values);
    mos_free(weights->numbers);
    *weights = (mos_onnx_weights){0};
}
