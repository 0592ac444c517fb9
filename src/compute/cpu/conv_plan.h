/* A planned convolution of the cpu backend: each direction is our own kernels' or a oneDNN
 * primitive with its memories and argument list made at plan time, and packs the weights into the
 * layout it wants. It packs into its workspace just before it runs; only a folded plan, which runs
 * many times on the same weights, keeps its copy. */
#ifndef MOS_COMPUTE_CPU_CONV_PLAN_H
#define MOS_COMPUTE_CPU_CONV_PLAN_H

#include "compute/cpu/cpu_state.h"

typedef enum conv_direction {
    CONV_FORWARD,
    CONV_BACKWARD_DATA,
    CONV_BACKWARD_WEIGHTS,
    CONV_DIRECTIONS
} conv_direction;

#define CONV_NAME_SIZE 64

/* One oneDNN primitive. Slots: the three tensors in the order (x, weights, y) or their gradients,
 * then scratch and, in a folded plan, the bias. */
enum { CONV_SCRATCH = 3, CONV_BIAS, CONV_SLOTS };
typedef struct conv_pass {
    dnnl_primitive_t primitive; /* NULL: not planned */
    dnnl_memory_desc_t x, weights, y;
    dnnl_memory_t memory[CONV_SLOTS];
    dnnl_exec_arg_t args[CONV_SLOTS];
    int arg_count;
    size_t scratch_bytes;
    char name[CONV_NAME_SIZE];
} conv_pass;

/* Packs real [co, stored ci, k, k] for one primitive. */
typedef struct conv_reorder {
    size_t bytes, scratch_bytes; /* of the packed weights; while packing */
    dnnl_primitive_t primitive;
    dnnl_memory_t from, to, scratch;
    dnnl_exec_arg_t args[3];
} conv_reorder;

/* One side of a map as a gathered direction writes it: places whose taps lie inside the map read
 * are grouped by which those are. Group g (a bit per tap) holds [first[g], first[g + 1]) of both
 * lists. */
enum {
    GATHER_MAX_KERNEL = 3,
    GATHER_GROUPS = 1 << GATHER_MAX_KERNEL,
    GATHER_CLASSES = GATHER_GROUPS * GATHER_GROUPS
};
typedef struct conv_axis {
    int32_t *out, *in; /* a place written, and what its first tap reads */
    int64_t first[GATHER_GROUPS + 1];
    int64_t step[GATHER_GROUPS][GATHER_MAX_KERNEL]; /* from the first tap's place to each tap's */
} conv_axis;

/* A direction run by our own kernels. */
typedef struct conv_own {
    const char *name; /* NULL: it is oneDNN's */
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
    conv_pass pass[CONV_DIRECTIONS];
    conv_reorder reorder[2]; /* forward, backward data; where the pass is oneDNN's */
    conv_own own[CONV_DIRECTIONS];
    const char *names[CONV_DIRECTIONS];
    /* folded plans: packed weights and [co] */
    void *folded;
    float *bias;
    /* In the workspaces, behind the scratch of the pass: packed weights, what is packed of a padded
     * image, [co, stored, k, k], and the blocked weight gradient. */
    size_t packed_offset[2], padded_offset, dw_offset;
    size_t workspace_bytes[CONV_DIRECTIONS];
};

/* Plan one direction with oneDNN; MOSAIC_ERR_UNSUPPORTED when the algorithm has no implementation
 * there. The forward pass is planned first: the other two take its descriptor as a hint through
 * `hint`. */
mosaic_status mos_conv_plan_pass(const mos_cpu *cpu, mos_conv *conv, conv_direction direction,
                                 bool winograd, dnnl_primitive_desc_t *hint);
void mos_conv_release_pass(conv_pass *pass);
mosaic_status mos_conv_plan_reorder(const mos_cpu *cpu, const mos_conv *conv,
                                    const dnnl_memory_desc_t *wanted, conv_reorder *reorder);
void mos_conv_release_reorder(conv_reorder *reorder);
/* dw [co, ci, k, k] += the blocked gradient `block` described by `layout` */
void mos_conv_add_weights(const mos_cpu *cpu, const mos_conv *conv,
                          const dnnl_memory_desc_t *layout, const float *block, float *dw);

/* Plan one direction with our kernels of an algorithm that is possible there. */
void mos_winograd_plan(const mos_cpu *cpu, mos_conv *conv, conv_direction direction,
                       const mos_winograd_kernels *kernels);
mosaic_status mos_gather_plan(const mos_cpu *cpu, mos_conv *conv, conv_direction direction);
void mos_gather_plan_weights(const mos_cpu *cpu, const mos_conv *conv, conv_own *plan);
void mos_stem_plan(const mos_cpu *cpu, mos_conv *conv, conv_direction direction);
void mos_im2col_plan(const mos_cpu *cpu, mos_conv *conv, conv_direction direction);

/* The ending of a group of output channels from `channel` on; NULL where there is none. */
const mos_conv_ending *mos_conv_ending_at(const mos_conv *conv, int64_t channel,
                                          mos_conv_ending *room);

/* The algorithm of a direction, one that is possible there: what the shape asks for, or the stored
 * choice. WINOGRAD may still turn out not to exist; then it is DIRECT. */
mos_conv_algorithm mos_conv_choose(const mos_cpu *cpu, const mos_conv_shape *shape,
                                   conv_direction direction);

#endif
