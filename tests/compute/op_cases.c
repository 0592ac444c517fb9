#include "op_cases.h"

#include "base/memory.h"
#include "op_support.h"

double *op_output_add(op_outputs *out, const char *name, int64_t count) {
    op_output *item = &out->items[out->count++];
    item->name = name;
    item->count = count;
    item->values = support_host(count, sizeof *item->values);
    return item->values;
}

void op_outputs_release(op_outputs *out) {
    for (int i = 0; i < out->count; i++)
        mos_free(out->items[i].values);
    *out = (op_outputs){.count = 0};
}

void op_case_run(mos_device *device, const op_case *which, op_outputs *out) {
    static void (*const runs[OP_KINDS])(mos_device *, const op_case *, op_outputs *) = {
        [OP_CONV] = op_run_conv,         [OP_NORM] = op_run_norm,
        [OP_INFER] = op_run_infer,       [OP_FOLDED] = op_run_folded,
        [OP_POOL] = op_run_pool,         [OP_MEAN] = op_run_mean,
        [OP_LINEAR] = op_run_linear,     [OP_UNIT] = op_run_unit,
        [OP_ROWS] = op_run_rows,         [OP_MODAL] = op_run_modal,
        [OP_CONTRAST] = op_run_contrast, [OP_BCE] = op_run_bce,
        [OP_OPTIMIZE] = op_run_optimize, [OP_MEASURE] = op_run_measure,
        [OP_MEMORY] = op_run_memory};
    *out = (op_outputs){.count = 0};
    runs[which->kind](device, which, out);
}

#define CONV(n, ci, h, w, co, k, s, p)                                                             \
    .kind = OP_CONV, .conv = {n, ci, h, w, co, k, s, p, .train = true}
#define LAYER(n, ci, h, co, k, s, p)                                                               \
    .kind = OP_CONV, .slow = true, .conv = {n, ci, h, h, co, k, s, p, .train = true}
#define IMAGE(n, ci, h, w, co, k, s, p)                                                            \
    .kind = OP_CONV, .conv = {n, ci, h, w, co, k, s, p, .image = true, .train = true}
#define STEM(n, ci)                                                                                \
    .kind = OP_CONV, .slow = true,                                                                 \
    .conv = {n, ci, 120, 120, 64, 7, 2, 3, .image = true, .train = true}
#define NORM(n, c, h, w, groups, features, relu, skip)                                             \
    .kind = OP_NORM, .norm.shape = {n, c, h, w, groups, features, relu, skip, true, 1e-5, 0.1}
#define INFER(n, c, h, w, features, relu, skip)                                                    \
    .kind = OP_INFER, .norm.shape = {n, c, h, w, 1, features, relu, skip, false, 1e-5, 0.1}
#define FOLDED(n, ci, h, w, co, k, s, p, with_relu, with_sum)                                      \
    .kind = OP_FOLDED,                                                                             \
    .conv = {n, ci, h, w, co, k, s, p, .folded = true, .relu = with_relu, .sum = with_sum}
#define POOL(n, c, h, w, k, s, p) .kind = OP_POOL, .pool.shape = {n, c, h, w, k, s, p, true}
#define FROZEN(anchors, references, d, classes, tau, positives, one_set, weighting, masked,        \
               frozen)                                                                             \
    .kind = OP_CONTRAST,                                                                           \
    .contrast = {anchors, references, d,      classes, tau, MOS_POSITIVES_##positives,             \
                 one_set, weighting,  masked, frozen}
#define CONTRAST(anchors, references, d, classes, tau, positives, one_set, weighting, masked)      \
    FROZEN(anchors, references, d, classes, tau, positives, one_set, weighting, masked, 0)
#define STEP(name, lr, b1, b2, decay, scale, nesterov)                                             \
    .kind = OP_OPTIMIZE,                                                                           \
    .optimize = {{MOS_OPTIMIZER_##name, 1, lr, b1, b2, 1e-8, 0.001, decay, scale, nesterov}, 3}

/* Channels of activations are multiples of 16, as in every network here. */
const op_case op_cases[] = {
    /* odd shapes */
    {"conv 3x3", CONV(1, 16, 7, 5, 16, 3, 1, 1)},
    {"conv 3x3 wide", CONV(5, 48, 6, 11, 16, 3, 1, 1)},
    {"conv 3x3 stride 2", CONV(2, 16, 9, 7, 32, 3, 2, 1)},
    {"conv 3x3 stride 2 even", CONV(3, 32, 8, 6, 32, 3, 2, 1)},
    {"conv 3x3 on one pixel", CONV(2, 16, 1, 1, 16, 3, 1, 1)},
    {"conv 3x3 on two pixels", CONV(2, 16, 2, 2, 16, 3, 2, 1)},
    {"conv 3x3 wide on 2x2", CONV(3, 64, 2, 2, 96, 3, 1, 1)},
    {"conv 3x3 wide on 3x3", CONV(2, 64, 3, 3, 96, 3, 1, 1)},
    {"conv 3x3 wide on 6x5", CONV(2, 32, 6, 5, 64, 3, 1, 1)},
    {"conv 1x1", CONV(1, 16, 4, 4, 32, 1, 1, 0)},
    {"conv 1x1 on one pixel", CONV(3, 32, 1, 1, 16, 1, 1, 0)},
    {"conv 1x1 stride 2", CONV(2, 32, 5, 3, 16, 1, 2, 0)},
    {"conv forward only", .kind = OP_CONV, .conv = {2, 16, 6, 5, 32, 3, 1, 1}},
    /* stems */
    {"stem 2 bands 7x7", IMAGE(2, 2, 7, 7, 64, 7, 2, 3)},
    {"stem 3 bands 7x7", IMAGE(2, 3, 7, 7, 64, 7, 2, 3)},
    {"stem 10 bands 7x7", IMAGE(2, 10, 7, 7, 64, 7, 2, 3)},
    {"stem 12 bands 7x7", IMAGE(2, 12, 7, 7, 64, 7, 2, 3)},
    {"stem 13 bands 7x7", IMAGE(2, 13, 7, 7, 64, 7, 2, 3)},
    {"stem 2 bands 21x18", IMAGE(3, 2, 21, 18, 64, 7, 2, 3)},
    {"stem 10 bands 18x21", IMAGE(1, 10, 18, 21, 64, 7, 2, 3)},
    {"stem 3x3", IMAGE(2, 10, 9, 9, 64, 3, 1, 1)},
    {"stem forward only", .kind = OP_CONV, .conv = {1, 12, 33, 32, 64, 7, 2, 3, .image = true}},
    {"stem 2 bands 120x120", STEM(2, 2)},
    {"stem 10 bands 120x120", STEM(1, 10)},
    /* ResNet-34 at 120 pixels */
    {"layer1", LAYER(1, 64, 30, 64, 3, 1, 1)},
    {"layer2 first", LAYER(1, 64, 30, 128, 3, 2, 1)},
    {"layer2 shortcut", LAYER(1, 64, 30, 128, 1, 2, 0)},
    {"layer2", LAYER(1, 128, 15, 128, 3, 1, 1)},
    {"layer3 first", LAYER(1, 128, 15, 256, 3, 2, 1)},
    {"layer3 shortcut", LAYER(1, 128, 15, 256, 1, 2, 0)},
    {"layer3", LAYER(1, 256, 8, 256, 3, 1, 1)},
    {"layer4 first", LAYER(1, 256, 8, 512, 3, 2, 1)},
    {"layer4 shortcut", LAYER(1, 256, 8, 512, 1, 2, 0)},
    {"layer4", LAYER(2, 512, 4, 512, 3, 1, 1)},
    {"layer4 batch 1", LAYER(1, 512, 4, 512, 3, 1, 1)},
    {"layer3 batch 3", LAYER(3, 256, 8, 256, 3, 1, 1)},
    /* ResNet-50's */
    {"bottleneck out", LAYER(1, 64, 30, 256, 1, 1, 0)},
    {"bottleneck in", LAYER(1, 256, 30, 64, 1, 1, 0)},
    {"bottleneck shortcut", LAYER(1, 256, 30, 512, 1, 2, 0)},
    /* with a norm folded in: bias, sum and ReLU behind each kind of kernel */
    {"folded", FOLDED(2, 16, 7, 5, 32, 3, 1, 1, false, false)},
    {"folded relu", FOLDED(3, 64, 9, 7, 64, 3, 1, 1, true, false)},
    {"folded sum", FOLDED(2, 32, 7, 9, 96, 3, 1, 1, false, true)},
    {"folded sum relu", FOLDED(3, 64, 15, 13, 64, 3, 1, 1, true, true)},
    {"folded sum relu 4x4", FOLDED(2, 128, 4, 4, 128, 3, 1, 1, true, true)},
    {"folded 2x2", FOLDED(3, 64, 2, 2, 96, 3, 1, 1, false, false)},
    {"folded sum relu 2x2", FOLDED(2, 128, 2, 2, 64, 3, 1, 1, true, true)},
    {"folded relu 3x3", FOLDED(2, 64, 3, 3, 96, 3, 1, 1, true, false)},
    {"folded sum 5x6", FOLDED(3, 32, 5, 6, 64, 3, 1, 1, false, true)},
    {"folded stride 2", FOLDED(2, 64, 9, 8, 128, 3, 2, 1, true, false)},
    {"folded stride 2 sum relu", FOLDED(3, 64, 9, 7, 96, 3, 2, 1, true, true)},
    {"folded stride 2 sum", FOLDED(3, 32, 7, 9, 32, 3, 2, 1, false, true)},
    {"folded shortcut", FOLDED(2, 64, 9, 8, 128, 1, 2, 0, false, false)},
    {"folded bottleneck out", FOLDED(1, 64, 15, 15, 256, 1, 1, 0, true, true)},
    {"folded stem 2 bands", FOLDED(2, 2, 21, 18, 64, 7, 2, 3, true, false), .conv.image = true},
    {"folded stem 12 bands", FOLDED(1, 12, 33, 32, 64, 7, 2, 3, true, false), .conv.image = true},
    /* batch norm */
    {"norm", NORM(3, 16, 5, 7, 1, false, false, false)},
    {"norm relu", NORM(2, 32, 6, 5, 1, false, true, false)},
    {"norm relu, two gradients", NORM(2, 32, 6, 5, 1, false, true, false), .norm.second = true},
    {"norm skip", NORM(2, 16, 3, 3, 1, false, false, true)},
    {"norm skip relu", NORM(4, 48, 4, 3, 2, false, true, true)},
    {"norm skip relu, dskip is dy", NORM(4, 48, 4, 3, 2, false, true, true), .norm.alias = true},
    {"norm skip relu, all at once", NORM(6, 16, 3, 5, 3, false, true, true), .norm.second = true,
     .norm.alias = true, .norm.masked = true},
    {"norm masked", NORM(8, 16, 3, 2, 2, false, true, false), .norm.masked = true},
    {"norm batch 1", NORM(1, 64, 7, 7, 1, false, true, false)},
    {"norm of one pixel", NORM(7, 32, 1, 1, 1, false, true, true)},
    {"norm of layer1", NORM(4, 64, 30, 30, 2, false, true, true), .norm.second = true},
    {"norm of layer4", NORM(6, 512, 4, 4, 3, false, true, false)},
    {"norm fixed", NORM(3, 32, 5, 7, 1, false, true, false), .norm.shape.fixed = true},
    {"norm fixed, all at once", NORM(6, 16, 3, 5, 3, false, true, true), .norm.second = true,
     .norm.alias = true, .norm.masked = true, .norm.shape.fixed = true},
    {"norm features", NORM(9, 37, 1, 1, 1, true, false, false)},
    {"norm features relu", NORM(12, 512, 1, 1, 3, true, true, false)},
    {"norm features masked", NORM(12, 20, 1, 1, 2, true, true, false), .norm.masked = true},
    {"norm forward only", .kind = OP_NORM,
     .norm.shape = {4, 16, 3, 3, 2, false, true, true, false, 1e-5, 0.1}},
    {"norm infer", INFER(3, 32, 5, 3, false, true, true)},
    {"norm infer plain", INFER(1, 16, 1, 1, false, false, false)},
    {"norm infer features", INFER(5, 37, 1, 1, true, true, false)},
    /* pools */
    {"max pool", POOL(2, 16, 7, 6, 3, 2, 1)},
    {"max pool, two gradients", POOL(2, 32, 6, 9, 3, 2, 1), .pool.second = true},
    {"max pool of rectified", POOL(2, 32, 11, 8, 3, 2, 1), .pool.rectified = true},
    {"max pool on one pixel", POOL(3, 16, 1, 1, 3, 2, 1)},
    {"max pool of the stem", POOL(2, 64, 60, 60, 3, 2, 1), .pool.rectified = true},
    {"max pool forward only", .kind = OP_POOL, .pool.shape = {1, 16, 8, 8, 3, 2, 1, false}},
    {"mean", .kind = OP_MEAN, .rows = {3, 512, 4, 4}},
    {"mean odd", .kind = OP_MEAN, .rows = {1, 48, 5, 3}},
    {"mean of one pixel", .kind = OP_MEAN, .rows = {2, 16, 1, 1}},
    /* real matrices */
    {"linear", .kind = OP_LINEAR, .linear = {32, 512, 128, 0, true, false, true}},
    {"linear odd", .kind = OP_LINEAR, .linear = {7, 37, 19, 0, true, false, true}},
    {"linear strided", .kind = OP_LINEAR, .linear = {9, 33, 17, 5, false, false, true}},
    {"linear strided, added to", .kind = OP_LINEAR, .linear = {9, 33, 17, 5, true, true, true}},
    {"linear without dx", .kind = OP_LINEAR, .linear = {5, 64, 10, 3, true, false, false}},
    {"linear of one", .kind = OP_LINEAR, .linear = {1, 1, 1, 0, true, false, true}},
    {"unit rows", .kind = OP_UNIT, .rows = {33, 128, 1, 1}},
    {"unit rows odd", .kind = OP_UNIT, .rows = {3, 13, 1, 1}},
    {"columns and masks", .kind = OP_ROWS, .rows = {11, 23, 9, 1}},
    /* losses */
    /* fusions */
    {"gate", .kind = OP_MODAL, .modal = {MODAL_GATE, 2, 13, 96, 0, false}},
    {"gate of three, masked", .kind = OP_MODAL, .modal = {MODAL_GATE, 3, 21, 37, 0, true}},
    {"product", .kind = OP_MODAL, .modal = {MODAL_PRODUCT, 2, 13, 64, 4, false}},
    {"product of eight, masked", .kind = OP_MODAL, .modal = {MODAL_PRODUCT, 8, 17, 19, 2, true}},
    {"attend", .kind = OP_MODAL, .modal = {MODAL_ATTEND, 2, 13, 128, 4, false}},
    {"attend of three, masked", .kind = OP_MODAL, .modal = {MODAL_ATTEND, 3, 21, 36, 3, true}},
    {"attend of one", .kind = OP_MODAL, .modal = {MODAL_ATTEND, 1, 2, 7, 1, false}},
    {"blend", .kind = OP_MODAL, .modal = {MODAL_BLEND, 3, 21, 37, 0, true}},
    {"nt-xent", CONTRAST(48, 48, 128, 1, 0.5, PARTNER, true, false, false)},
    {"nt-xent cold", CONTRAST(48, 48, 128, 1, 0.1, PARTNER, true, false, false)},
    {"nt-xent masked", CONTRAST(35, 35, 37, 1, 0.5, PARTNER, true, false, true)},
    {"partners across", CONTRAST(13, 21, 19, 1, 0.5, PARTNER, false, false, false)},
    {"mulsupcon cross", CONTRAST(33, 47, 64, 19, 0.1, MULSUPCON, false, false, false)},
    {"mulsupcon within", CONTRAST(40, 40, 128, 19, 0.1, MULSUPCON, true, false, false)},
    {"mulsupcon per anchor", CONTRAST(40, 40, 37, 43, 0.1, MULSUPCON, true, true, true)},
    {"mulsupcon 70 classes", CONTRAST(17, 29, 16, 70, 0.2, MULSUPCON, false, false, true)},
    {"contrast all", CONTRAST(60, 60, 32, 3, 0.2, ALL, true, false, true)},
    {"contrast any", CONTRAST(21, 34, 33, 5, 0.2, ANY, false, false, false)},
    {"contrast jaccard", CONTRAST(37, 37, 32, 19, 0.2, JACCARD, true, false, true)},
    {"contrast soft", CONTRAST(37, 37, 32, 19, 0.2, SOFT, true, false, true)},
    {"contrast soft 70 classes", CONTRAST(17, 29, 16, 70, 0.1, SOFT, false, true, false)},
    {"contrast soft large", CONTRAST(40, 1300, 64, 19, 0.1, SOFT, false, false, true)},
    {"contrast soft of one", CONTRAST(1, 1, 3, 2, 0.5, SOFT, true, false, false)},
    {"contrast frozen", FROZEN(33, 71, 64, 19, 0.1, MULSUPCON, false, false, true, 38)},
    {"contrast frozen within", FROZEN(40, 57, 32, 19, 0.1, JACCARD, true, false, true, 17)},
    {"contrast soft frozen", FROZEN(21, 40, 32, 19, 0.1, SOFT, true, true, false, 19)},
    {"contrast all frozen", FROZEN(5, 9, 16, 3, 0.2, ANY, false, false, false, 9)},
    {"contrast of one", CONTRAST(1, 1, 3, 2, 0.5, MULSUPCON, true, false, false)},
    {"contrast larger", .slow = true,
     CONTRAST(300, 517, 128, 19, 0.1, MULSUPCON, false, false, true)},
    {"bce", .kind = OP_BCE, .bce = {33, 19, false, false}},
    {"bce weighted", .kind = OP_BCE, .bce = {7, 43, true, false}},
    {"bce mixed", .kind = OP_BCE, .bce = {33, 19, true, false, true}},
    {"bce without labels", .kind = OP_BCE, .bce = {4, 3, true, true}},
    /* flat blocks */
    {"sgd", STEP(SGD, 0.1, 0.9, 0, 0.01, 1, false)},
    {"sgd nesterov", STEP(SGD, 0.05, 0.8, 0, 0.02, 0.5, true)},
    {"sgd plain", STEP(SGD, 0.05, 0, 0, 0, 1, false)},
    {"adam", STEP(ADAM, 1e-3, 0.9, 0.999, 0.01, 1, false)},
    {"adamw", STEP(ADAMW, 1e-2, 0.9, 0.98, 0.1, 0.25, false)},
    {"lars", STEP(LARS, 0.5, 0.9, 0, 1e-3, 1, false)},
    {"measure", .kind = OP_MEASURE, .rows = {10007, 1, 1, 1}},
    {"memory", .kind = OP_MEMORY, .rows = {2, 48, 3, 5}},
};
const int op_case_count = sizeof op_cases / sizeof op_cases[0];
