/* A planned convolution of the cpu backend: each direction is run by our own kernels or by oneDNN's
 * (conv_onednn.h), and packs the weights into the layout it wants. It packs into its workspace just
 * before it runs; only a folded plan, which runs many times on the same weights, keeps its copy. */
#ifndef MOS_COMPUTE_CPU_CONV_PLAN_H
#define MOS_COMPUTE_CPU_CONV_PLAN_H

#include "compute/cpu/cpu_state.h"

typedef enum conv_direction {
    CONV_FORWARD,
    CONV_BACKWARD_DATA,
    CONV_BACKWARD_WEIGHTS,
    CONV_DIRECTIONS
} conv_direction;

/* What a shape's `algorithm` may name, in the order of mos_cpu_conv_algorithms. */
typedef enum conv_algorithm {
    CPU_CONV_DIRECT,   /* oneDNN's */
    CPU_CONV_WINOGRAD, /* oneDNN's */
    CPU_CONV_F2X2,     /* Winograd F(2x2, 3x3), our kernels */
    CPU_CONV_F3X3,     /* Winograd F(3x3, 3x3), our kernels; fp32 only */
    CPU_CONV_F4X4,     /* Winograd F(4x4, 3x3), our kernels; fp32 only */
    CPU_CONV_MAP2X2,   /* a whole map of 2x2 in nine products, our kernels; fp32 only */
    CPU_CONV_GATHERED, /* direct, products of what the taps of outputs read, our kernels */
    CPU_CONV_STEM,     /* direct, of images, our kernels */
    CPU_CONV_IM2COL,   /* im2col and a matrix product: any shape, our kernels */
    CPU_CONV_AUTO,     /* as stored */
    CPU_CONV_ALGORITHMS = CPU_CONV_AUTO
} conv_algorithm;
/* The algorithm of that name; AUTO for NULL and for an unknown name. */
conv_algorithm mos_cpu_conv_algorithm(const char *name);

/* One side of a map as a gathered direction writes it: positions whose taps lie inside the map read
 * are grouped by which taps those are. Group g (a bit per tap) holds [first[g], first[g + 1]) of
 * both lists. */
enum {
    GATHER_MAX_KERNEL = 3,
    GATHER_GROUPS = 1 << GATHER_MAX_KERNEL,
    GATHER_CLASSES = GATHER_GROUPS * GATHER_GROUPS
};
typedef struct conv_axis {
    int32_t *out, *in; /* a position written, and what its first tap reads */
    int64_t first[GATHER_GROUPS + 1];
    int64_t step[GATHER_GROUPS]
                [GATHER_MAX_KERNEL]; /* from the first tap's position to each tap's */
} conv_axis;

/* How a direction is run, by our own kernels or by oneDNN. */
typedef struct conv_own {
    const char *name; /* NULL: it is not planned */
    bool padded;      /* packs weights of the stored channels, of a padded image more than ci */
    void (*pack)(const mos_cpu *, const mos_conv *, conv_direction, const float *weights,
                 void *packed);
    void (*run)(const mos_cpu *, const mos_conv *, conv_direction, const void *packed,
                const void *in, void *out, void *workspace);
    void (*run_weights)(const mos_cpu *, const mos_conv *, const void *x, const void *dy, float *dw,
                        void *workspace);
    size_t bytes, weight_bytes; /* of workspace; of the packed weights */
    int64_t rows; /* worked on at a time: tiles, outputs, lines; of weight gradients pairs */
    const mos_winograd_kernels *kernels; /* of a Winograd direction */
    conv_axis axis[2];                   /* of a gathered one: y, x */
} conv_own;

struct mos_conv {
    mos_conv_shape shape;
    int64_t oh, ow;
    int64_t block;  /* channels of a block of activations */
    int64_t stored; /* input channels as stored: ci, or ci rounded up for a padded image */
    bool plain;     /* x is plain nchw */
    conv_own own[CONV_DIRECTIONS];
    struct conv_onednn *onednn; /* what oneDNN's directions keep; NULL: none is its */
    /* folded plans: packed weights and [co] */
    void *folded;
    float *bias;
    /* In the workspaces, behind what the direction itself wants: packed weights, and what is packed
     * of a padded image, [co, stored, k, k]. */
    size_t packed_offset[2], padded_offset;
    size_t workspace_bytes[CONV_DIRECTIONS];
};

/* Plan one direction with our kernels of an algorithm that is possible there. */
void mos_winograd_plan(const mos_cpu *cpu, mos_conv *conv, conv_direction direction,
                       const mos_winograd_kernels *kernels);
mosaic_status mos_gather_plan(const mos_cpu *cpu, mos_conv *conv, conv_direction direction);
void mos_gather_plan_weights(const mos_cpu *cpu, const mos_conv *conv, conv_own *plan);
void mos_stem_plan(const mos_cpu *cpu, mos_conv *conv, conv_direction direction);
void mos_im2col_plan(const mos_cpu *cpu, mos_conv *conv, conv_direction direction);

/* The ending (epilogue) of a group of output channels from `channel` on; NULL: there is none. */
const mos_conv_ending *mos_conv_ending_at(const mos_conv *conv, int64_t channel,
                                          mos_conv_ending *room);

/* The algorithm of a direction, one that is possible there: what the shape asks for, or the stored
 * choice. WINOGRAD may still turn out not to exist; then it is DIRECT. */
conv_algorithm mos_conv_choose(const mos_cpu *cpu, const mos_conv_shape *shape,
                               conv_direction direction);

#endif
