/* A planned convolution of the cpu backend: up to three oneDNN primitives with their memories and
 * argument lists made at plan time, and how the weights get into the layouts they want. Each pass
 * packs them into its workspace just before it runs; only a folded plan, which runs many times on
 * the same ones, keeps its copy. */
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

/* A direction run by our own Winograd kernels. */
typedef struct conv_winograd {
    bool used;
    bool gathered; /* the weight gradient of conv_gather.c, without the transform */
    const mos_winograd_kernels *kernels; /* of its tiles; not of a gathered one */
    int64_t rows; /* tiles of a block; for the weight gradient pairs of tiles of a chunk */
    size_t bytes; /* of workspace */
    /* of the transformed weights, [outputs/32, planes, inputs/2, 32, 2] in bf16, [outputs/32,
     * planes, inputs, 32] in fp32 */
    size_t weight_bytes;
    /* how the weight gradient shares its work out */
    void (*run_weights)(const mos_cpu *, const mos_conv *, const void *x, const void *dy, float *dw,
                        void *workspace);
} conv_winograd;

struct mos_conv {
    mos_conv_shape shape;
    int64_t oh, ow;
    int64_t stored; /* input channels as stored: ci, or ci rounded up for a padded image */
    bool plain;     /* x is plain nchw */
    conv_pass pass[CONV_DIRECTIONS];
    conv_reorder reorder[2]; /* forward, backward data; where the pass is oneDNN's */
    conv_winograd winograd[CONV_DIRECTIONS];
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

void mos_winograd_plan(const mos_cpu *cpu, mos_conv *conv, conv_direction direction,
                       const mos_winograd_kernels *kernels);
/* packed: weight_bytes, from weights [co, ci, 3, 3] */
void mos_winograd_pack(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                       const float *weights, void *packed);
void mos_winograd_run(const mos_cpu *cpu, const mos_conv *conv, conv_direction direction,
                      const void *packed, const void *in, void *out, void *workspace);
void mos_winograd_run_weights(const mos_cpu *cpu, const mos_conv *conv, const void *x,
                              const void *dy, float *dw, void *workspace);

/* The weight gradient as products of gathered pairs of outputs, for strided layers. */
void mos_gather_plan(const mos_cpu *cpu, mos_conv *conv);
void mos_gather_run_weights(const mos_cpu *cpu, const mos_conv *conv, const void *x, const void *dy,
                            float *dw, void *workspace);

/* The algorithm of a direction, one that is possible there: what the shape asks for, or the stored
 * choice. WINOGRAD may still turn out not to exist; then it is DIRECT. */
mos_conv_algorithm mos_conv_choose(const mos_cpu *cpu, const mos_conv_shape *shape,
                                   conv_direction direction);

#endif
