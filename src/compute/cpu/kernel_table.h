/* The hand-written loops of the cpu backend, as tables of functions: the same source is compiled
 * once per instruction set (kernels_*.c) and a device picks its table when it opens. Each function
 * is the work of one thread.
 *
 * A "plane" is one channel block of one sample: hw values of `lanes` channels, contiguous.
 * `present` may be NULL; samples with present 0 are left out. */
#ifndef MOS_COMPUTE_CPU_KERNEL_TABLE_H
#define MOS_COMPUTE_CPU_KERNEL_TABLE_H

#include "compute/device.h"

/* n planes, `stride` values apart, of hw x LANES values each. */
typedef struct mos_planes {
    int64_t n, hw, stride;
    const uint8_t *present; /* [n] or NULL */
} mos_planes;

typedef struct mos_pool_plane {
    int64_t h, w, oh, ow, kernel, stride, pad;
} mos_pool_plane;

/* An activation map [n, c/lanes, h, w, lanes] cut into output tiles of 2x2 or 4x4: th =
 * ceil(h/tile), tw = ceil(w/tile), tiles = n th tw. */
typedef struct mos_winograd_map {
    int64_t n, c, h, w, th, tw, tiles;
} mos_winograd_map;

/* Values between the planes of a transformed input [planes, rows, c], of products [planes, rows,
 * group] and of pairs [planes, c/lanes, pairs, lanes, 2]: two cache lines more than a plane holds,
 * or streams a power of two apart would share one cache set. */
#define WINOGRAD_V_PLANE(rows, c)     ((rows) * (c) + 64)
#define WINOGRAD_M_PLANE(rows, group) ((rows) * (group) + 32)
#define WINOGRAD_P_PLANE(pairs, c)    ((pairs) * (c)*2 + 64)

/* Winograd F(2x2, 3x3) or larger tiles; described where they are defined, kernel_winograd_body.h and
 * kernel_winograd_tile.h. */
typedef struct mos_winograd_kernels {
    const char *name; /* "winograd_4x4:avx2" */
    int tile, planes; /* outputs along a side of a tile; (tile + 2)^2 products of it */
    void (*input)(const mos_winograd_map *, const void *x, int64_t first, int64_t count,
                  int64_t rows, void *v);
    void (*multiply)(int64_t planes, int64_t rows, int64_t c, const void *v, const void *u,
                     float *m);
    void (*output)(const mos_winograd_map *, const float *m, int64_t first, int64_t count,
                   int64_t rows, int64_t channel, void *y);
    /* the same with a folded norm's ending: y = relu?(. + bias + y?), bias [c] */
    void (*output_folded)(const mos_winograd_map *, const float *m, int64_t first, int64_t count,
                          int64_t rows, int64_t channel, const float *bias, bool sum, bool relu,
                          void *y);
    void (*weights)(const float *w, int64_t out_stride, int64_t in_stride, int64_t inputs,
                    int64_t begin, int64_t end, bool flip, void *u);
    void (*pairs)(const mos_winograd_map *, const void *act, bool gradient, int64_t first,
                  int64_t begin, int64_t end, int64_t pairs, void *p);
    void (*accumulate)(int64_t planes, int64_t pairs, const void *px, int64_t stride_x,
                       const void *py, int64_t stride_y, float *du, bool add);
    void (*weight_block)(const float *du, float *block);
} mos_winograd_kernels;

/* The epilogue: what follows a product of a folded convolution, y = relu?(. + bias + y?), bias
 * of the channels at hand. */
typedef struct mos_conv_ending {
    const float *bias;
    bool sum, relu;
} mos_conv_ending;

/* Outputs of a convolution that have the same taps, each of them inside the map read. */
typedef struct mos_gather_walk {
    int64_t c, plane; /* channels read; values from a block of them to the next */
    int64_t taps;
    int64_t tap[9], step[9]; /* of the kernel; values from the first tap's input to this one's */
} mos_gather_walk;

typedef struct mos_range {
    int64_t begin, end;
} mos_range;

/* Direct convolution by gathering; described where they are defined, kernel_gather_body.h. */
typedef struct mos_gather_kernels {
    const char *name; /* "gathered:avx2" */
    void (*rows)(const mos_gather_walk *, const void *act, const int64_t *from, int64_t rows,
                 int64_t held, void *v);
    void (*product)(const mos_gather_walk *, const void *v, int64_t block, const void *u,
                    int64_t rows, int64_t held, const mos_conv_ending *, const int64_t *to,
                    int64_t plane, void *y);
    void (*weights)(const float *w, int64_t out_stride, int64_t in_stride, int64_t taps,
                    int64_t inputs, int64_t begin, int64_t end, void *u);
    void (*pairs)(const void *at, const int64_t *from, int64_t pairs, void *p);
    void (*accumulate)(const mos_range *, int range_count, const void *px, const void *py,
                       int64_t stride, float *du, bool add);
    void (*accumulate_ahead)(int64_t pairs, const void *px, const void *py, int64_t stride,
                             float *du, bool add, const void *const next[2],
                             const int64_t *const from[2], int64_t ahead);
} mos_gather_kernels;

/* An image [c, h, w], or in blocks of channels, as an encoder's first convolution reads it. */
typedef struct mos_stem_map {
    int64_t c, h, w, kernel, stride, pad, ow;
    bool plain;
} mos_stem_map;

/* Rows of an image from iy on, padded to `width` values, in the weight gradient per phase. */
typedef struct mos_stem_rows {
    int64_t iy, rows, width;
} mos_stem_rows;

/* An output of a strip. */
typedef struct mos_stem_point {
    int64_t oy, ox;
} mos_stem_point;

#define STEM_TAPS 8 /* most taps of a row of the kernel */

/* How the weight gradient's image lies, [c, rows, stride, width]: values of a phase of a row, from
 * a row to the next, from a channel to the next. */
typedef struct mos_stem_phases {
    int64_t width, row, channel;
} mos_stem_phases;

/* The first convolution; described where they are defined, kernel_stem_body.h. */
typedef struct mos_stem_kernels {
    const char *name; /* "stem:avx2" */
    int64_t rows;     /* outputs of one product going forward */
    void (*strip)(const mos_stem_map *, const mos_stem_rows *, const void *image, void *line,
                  void *s);
    void (*forward)(const mos_stem_map *, const mos_stem_rows *, const void *s, int64_t oy,
                    int64_t ox, const void *u, const mos_conv_ending *, int64_t plane, void *y);
    void (*points)(const mos_stem_map *, const mos_stem_rows *, const void *s,
                   const mos_stem_point *, int64_t count, const void *u, const mos_conv_ending *,
                   int64_t plane, void *y);
    void (*weights)(const mos_stem_map *, const float *w, void *u);
    void (*phases)(const mos_stem_map *, const mos_stem_rows *, const void *image, void *line,
                   void *e);
    void (*pairs)(const mos_stem_map *, const void *dy, int64_t rows, void *p);
    void (*accumulate)(const mos_stem_map *, const mos_stem_phases *, const void *e, const void *p,
                       int64_t stride_p, int64_t rows, float *du, bool add);
} mos_stem_kernels;

typedef struct mos_act_kernels {
    /* images: n samples of host [c, hw] into `blocks` blocks of channels with zero padding, or
     * (convert) plain values */
    void (*image_block)(const float *host, int64_t c, int64_t hw, int64_t blocks, void *image);
    void (*convert)(const float *host, int64_t count, void *out);
    void (*widen)(const void *act, int64_t count, float *out); /* and back */
    void (*put)(const double *host, int64_t c, int64_t hw, void *act);
    void (*get)(const void *act, int64_t c, int64_t hw, double *host);

    /* sums of x - shift and of its square, added to sum [16] and square [16] */
    void (*norm_sums)(const mos_planes *, const void *x, const float *shift, double *sum,
                      double *square);
    /* y = relu?(x * a + b + skip?) */
    void (*norm_apply)(const mos_planes *, const void *x, const void *skip, const float *a,
                       const float *b, bool relu, void *y);
    /* g = (dy + dy2?) * [y > 0]?  (y NULL: no ReLU; dskip, when wanted, receives g); adds sums of g
     * and g (x - mean). With line, which excludes y and dskip, [y > 0] is [x a + b > 0]: a and b as
     * norm_apply took them, one behind the other */
    void (*norm_back_sums)(const mos_planes *, const void *x, const void *y, const float *line,
                           const void *dy, const void *dy2, void *dskip, const float *mean,
                           double *sum, double *dot);
    /* dx = k (g - c1 - (x - mean) c2), with g as above; absent samples receive zeros */
    void (*norm_back_apply)(const mos_planes *, const void *x, const void *y, const float *line,
                            const void *dy, const void *dy2, const float *mean, const float *k,
                            const float *c1, const float *c2, void *dx);

    void (*pool_forward)(const mos_pool_plane *, const void *x, void *y, uint8_t *index);
    void (*pool_backward)(const mos_pool_plane *, const void *dy, const void *dy2,
                          const uint8_t *index, void *dx);
    void (*mean_forward)(const void *x, int64_t hw, float *y);
    void (*mean_backward)(const float *dy, int64_t hw, void *dx);
    const mos_winograd_kernels *winograd_2x2; /* F(2x2, 3x3) */
    /* in fp32 alone: bf16 has too few digits for them */
    const mos_winograd_kernels *winograd_3x3, *winograd_4x4;
    const mos_winograd_kernels *winograd_map; /* a whole map of 2x2 */
    const mos_gather_kernels *gather;         /* direct convolutions */
    const mos_stem_kernels *stem;
} mos_act_kernels;

typedef struct mos_optimizer_terms {
    mos_optimizer_kind kind;
    float lr, beta1, beta2, eps, decay,
        scale;          /* decay: what this segment uses; scale: of gradients */
    float rest1, rest2; /* 1 - beta1, 1 - beta2, rounded once */
    float bias1, bias2; /* 1 / (1 - beta1^t), 1 / sqrt(1 - beta2^t) */
    bool nesterov;
} mos_optimizer_terms;

typedef struct mos_kernels {
    const char *isa;
    int64_t lanes;                     /* channels of an activation block */
    int64_t rows;                      /* of a micro-kernel's products */
    const mos_act_kernels *f32, *bf16; /* bf16 NULL where the instruction set lacks it */

    /* s[i] = exp(s[i] - top) for i < count; returns the sum in double */
    double (*exp_row)(float *s, int64_t count, float top);
    void (*optimize)(const mos_optimizer_terms *, int64_t count, float *params, const float *grads,
                     float *m, float *v);
    void (*sum_squares)(const float *x, int64_t count, double *sum, int64_t *not_finite);
    void (*add)(float *to, const float *from, int64_t count);
    /* dw [16 rows of row_stride] += block [taps, 16 i, 16 o], columns i * taps + tap */
    void (*add_weight_block)(const float *block, int64_t taps, float *dw, int64_t row_stride);
} mos_kernels;

extern const mos_kernels mos_kernels_base;
#if defined(__x86_64__)
extern const mos_kernels mos_kernels_avx2;
extern const mos_kernels mos_kernels_avx512;
extern const mos_kernels mos_kernels_avx512_bf16;
#endif

#endif
