/* What the files of the cpu backend share: the device's state, the guard every op opens with, and
 * the partition of work.
 *
 * Activations are blocked, [n, c/block, h, w, block] with as many channels in a block as a vector
 * register holds floats (nChw16c with AVX-512, nChw8c with AVX2), float or bfloat16; c is a
 * multiple of 16. Reals are float. */
#ifndef MOS_COMPUTE_CPU_CPU_STATE_H
#define MOS_COMPUTE_CPU_CPU_STATE_H

#include "base/gemm.h"
#include "compute/cpu/kernel_table.h"
#include "compute/device.h"

#define CPU_BLOCK       16 /* the largest block size; channel counts are its multiples */
#define CPU_MAX_THREADS 256

typedef struct mos_onednn mos_onednn; /* conv_onednn.c */

typedef struct mos_cpu {
    mos_onednn *onednn;                /* NULL: a build without it */
    const mos_kernels *kernels;        /* real ops, for this processor */
    const mos_act_kernels *activation; /* act ops of the device's precision */
    int64_t block;                     /* channels of an activation block: 16, 8 or 4 */
    int64_t group;                     /* output channels of a product: two blocks */
    int64_t rows;                      /* rows of a product */
    size_t act_size;                   /* bytes of one activation value */
    int threads;
    void *room; /* of products (base/gemm.h), for all threads: one op at a time */
    bool bf16;
    bool tiles; /* oneDNN multiplies bf16 matrix tiles here (AMX), far faster than vectors */
} mos_cpu;

static inline mos_cpu *cpu_of(const mos_device *device) {
    return (mos_cpu *)device->state;
}

/* What one thread of an op multiplies in. */
static inline void *mos_cpu_room(const mos_cpu *cpu, int thread) {
    return (char *)cpu->room + (size_t)thread * mos_gemm_room(1);
}

/* Every op runs between enter and leave: denormals are flushed on all threads; the caller's own
 * setting comes back afterwards. */
typedef struct mos_cpu_guard {
    uint64_t control;
} mos_cpu_guard;
mos_cpu_guard mos_cpu_enter(const mos_cpu *cpu);
void mos_cpu_leave(mos_cpu_guard guard);

/* The range of [0, count) that thread `index` of `threads` takes: contiguous, sizes differ by at
 * most one. */
static inline void mos_cpu_range(int64_t count, int threads, int index, int64_t *begin,
                                 int64_t *end) {
    const int64_t size = count / threads, rest = count % threads;
    *begin = size * index + (index < rest ? index : rest);
    *end = *begin + size + (index < rest ? 1 : 0);
}

static inline int64_t mos_cpu_round_up(int64_t value, int64_t unit) {
    return (value + unit - 1) / unit * unit;
}

/* How an image of c channels is stored: the number of channels its layout holds, and whether it is
 * plain nchw. */
typedef struct mos_cpu_image {
    int64_t channels;
    bool plain;
} mos_cpu_image;
mos_cpu_image mos_cpu_image_layout(const mos_cpu *cpu, int64_t c);

/* The entries of the op table, by file. */
size_t mos_cpu_image_bytes(mos_device *, int64_t n, int64_t c, int64_t h, int64_t w);
void mos_cpu_image_load(mos_device *, void *image, const float *host, int64_t n, int64_t c,
                        int64_t h, int64_t w);

extern const char *const mos_cpu_conv_algorithms[]; /* conv_table.c */
mosaic_status mos_cpu_conv_create(mos_device *, const mos_conv_shape *, mos_conv **out);
void mos_cpu_conv_destroy(mos_device *, mos_conv **);
void mos_cpu_conv_info(const mos_conv *, mos_conv_info *out);
void mos_cpu_conv_fold(mos_device *, mos_conv *, const void *weights, const mos_norm_running *norm,
                       void *workspace);
void mos_cpu_conv_forward(mos_device *, mos_conv *, const void *x, const void *weights, void *y,
                          void *workspace);
void mos_cpu_conv_backward_data(mos_device *, mos_conv *, const void *weights, const void *dy,
                                void *dx, void *workspace);
void mos_cpu_conv_backward_weights(mos_device *, mos_conv *, const void *x, const void *dy,
                                   void *dw, void *workspace);

mosaic_status mos_cpu_norm_create(mos_device *, const mos_norm_shape *, mos_norm **out);
void mos_cpu_norm_destroy(mos_device *, mos_norm **);
void mos_cpu_norm_forward(mos_device *, mos_norm *, const void *x, const void *skip,
                          const void *gamma, const void *beta, void *running_mean,
                          void *running_var, void *mean, void *rstd, void *y,
                          const uint8_t *present);
void mos_cpu_norm_again(mos_device *, mos_norm *, const void *x, const void *skip,
                        const void *gamma, const void *beta, const void *mean, const void *rstd,
                        void *y, const uint8_t *present);
void mos_cpu_norm_backward(mos_device *, mos_norm *, const void *x, const void *y, const void *dy,
                           const void *dy2, const void *gamma, const void *beta, const void *mean,
                           const void *rstd, void *dx, void *dskip, void *dgamma, void *dbeta,
                           const uint8_t *present);
void mos_cpu_norm_infer(mos_device *, mos_norm *, const void *x, const void *skip,
                        const void *gamma, const void *beta, const void *running_mean,
                        const void *running_var, void *y);

mosaic_status mos_cpu_pool_create(mos_device *, const mos_pool_shape *, mos_pool **out,
                                  size_t *index_bytes);
void mos_cpu_pool_destroy(mos_device *, mos_pool **);
void mos_cpu_pool_forward(mos_device *, mos_pool *, const void *x, void *y, void *index);
void mos_cpu_pool_backward(mos_device *, mos_pool *, const void *dy, const void *dy2,
                           const void *index, void *dx);
void mos_cpu_mean_forward(mos_device *, int64_t n, int64_t c, int64_t h, int64_t w, const void *x,
                          void *y);
void mos_cpu_mean_backward(mos_device *, int64_t n, int64_t c, int64_t h, int64_t w, const void *dy,
                           void *dx);

void mos_cpu_linear_forward(mos_device *, int64_t n, int64_t i, int64_t o, const void *x,
                            int64_t x_stride, const void *w, const void *b, void *y,
                            int64_t y_stride);
void mos_cpu_linear_backward(mos_device *, int64_t n, int64_t i, int64_t o, const void *x,
                             int64_t x_stride, const void *w, const void *dy, int64_t dy_stride,
                             void *dx, int64_t dx_stride, bool accumulate, void *dw, void *db);
void mos_cpu_unit_forward(mos_device *, int64_t n, int64_t d, const void *x, void *y, void *norms);
void mos_cpu_unit_backward(mos_device *, int64_t n, int64_t d, const void *y, const void *norms,
                           const void *dy, void *dx);
void mos_cpu_columns(mos_device *, int64_t rows, int64_t cols, const void *from,
                     int64_t from_stride, void *to, int64_t to_stride, bool add);
void mos_cpu_mask_rows(mos_device *, int64_t rows, int64_t cols, void *x, int64_t stride,
                       const uint8_t *present);
void mos_cpu_gather_rows(mos_device *, int64_t rows, int64_t cols, const void *from,
                         const int32_t *index, void *to);
/* cpu_fusion.c */
void mos_cpu_gate_forward(mos_device *device, const mos_modal_rows *rows, void *v, void *a,
                          void *y);
void mos_cpu_gate_backward(mos_device *device, const mos_modal_rows *rows, void *t, void *g,
                           const void *dy);
void mos_cpu_product_forward(mos_device *device, const mos_modal_rows *rows, int64_t rank,
                             const void *f, void *y);
void mos_cpu_product_backward(mos_device *device, const mos_modal_rows *rows, int64_t rank, void *f,
                              const void *dy);
void mos_cpu_attend_forward(mos_device *device, const mos_modal_rows *rows, int64_t heads,
                            const void *q, const void *k, const void *v, void *p, void *y);
void mos_cpu_attend_backward(mos_device *device, const mos_modal_rows *rows, int64_t heads,
                             const void *q, const void *k, const void *v, const void *p,
                             const void *dy, void *dq, void *dk, void *dv);
void mos_cpu_blend_forward(mos_device *device, const mos_modal_rows *rows, const void *x, void *y);
void mos_cpu_blend_backward(mos_device *device, const mos_modal_rows *rows, const void *dy,
                            void *dx);

size_t mos_cpu_contrast_bytes(mos_device *, const mos_contrast *);
void mos_cpu_contrast(mos_device *, const mos_contrast *, const void *za, const void *zr,
                      double scale, void *dza, void *dzr, void *scratch,
                      mos_contrast_result *result);
void mos_cpu_bce(mos_device *, int64_t n, int64_t l, const void *logits, const float *targets,
                 const double *pos_weight, double scale, void *dlogits, mos_bce_result *result);
void mos_cpu_optimize(mos_device *, const mos_optimizer_step *, const mos_segment_range *segments,
                      int64_t segment_count, void *params, const void *grads, void *m, void *v);
void mos_cpu_measure(mos_device *, const void *real, int64_t count, mos_measure_result *result);

#endif
