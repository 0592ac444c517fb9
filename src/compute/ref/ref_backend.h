/* The reference backend: double everywhere, plain NCHW, loops as the formulas read. It judges the
 * other backends, so nothing here is clever. Threads only share out independent outputs: every sum
 * has one order. */
#ifndef MOS_COMPUTE_REF_REF_BACKEND_H
#define MOS_COMPUTE_REF_REF_BACKEND_H

#include "compute/device.h"

/* A test build that defines MOS_MUTATION flips the sign of the backward term whose number is in
 * mos_ref_mutant, to see the gradient tests fail. Numbers count up from 1; each is used at one
 * place. */
#ifdef MOS_MUTATION
enum { MOS_REF_MUTANTS = 35 };
extern int mos_ref_mutant;
#define TERM(n, value) (mos_ref_mutant == (n) ? -(value) : (value))
#else
#define TERM(n, value) (value)
#endif

/* ref_memory.c */
mosaic_status mos_ref_alloc(mos_device *device, size_t bytes, void **out);
void mos_ref_free(mos_device *device, void *pointer);
void mos_ref_zero(mos_device *device, void *pointer, size_t bytes);
void mos_ref_copy(mos_device *device, void *to, const void *from, size_t bytes);
void mos_ref_put_f32(mos_device *device, void *real, const float *host, int64_t count);
void mos_ref_get_f32(mos_device *device, const void *real, float *host, int64_t count);
void mos_ref_put_f64(mos_device *device, void *real, const double *host, int64_t count);
void mos_ref_get_f64(mos_device *device, const void *real, double *host, int64_t count);
void mos_ref_get_bytes(mos_device *device, const void *from, void *host, size_t bytes);
size_t mos_ref_act_bytes(mos_device *device, int64_t n, int64_t c, int64_t h, int64_t w);
void mos_ref_put_act(mos_device *device, void *act, const double *host, int64_t n, int64_t c,
                     int64_t h, int64_t w);
void mos_ref_get_act(mos_device *device, const void *act, double *host, int64_t n, int64_t c,
                     int64_t h, int64_t w);
void mos_ref_image_load(mos_device *device, void *image, const float *host, int64_t n, int64_t c,
                        int64_t h, int64_t w);

/* ref_conv.c */
mosaic_status mos_ref_conv_create(mos_device *device, const mos_conv_shape *shape, mos_conv **out);
void mos_ref_conv_destroy(mos_device *device, mos_conv **conv);
void mos_ref_conv_info(const mos_conv *conv, mos_conv_info *out);
void mos_ref_conv_fold(mos_device *device, mos_conv *conv, const void *weights,
                       const mos_norm_running *norm, void *workspace);
void mos_ref_conv_forward(mos_device *device, mos_conv *conv, const void *x, const void *weights,
                          void *y, void *workspace);
void mos_ref_conv_backward_data(mos_device *device, mos_conv *conv, const void *weights,
                                const void *dy, void *dx, void *workspace);
void mos_ref_conv_backward_weights(mos_device *device, mos_conv *conv, const void *x,
                                   const void *dy, void *dw, void *workspace);

/* ref_norm.c */
mosaic_status mos_ref_norm_create(mos_device *device, const mos_norm_shape *shape, mos_norm **out);
void mos_ref_norm_destroy(mos_device *device, mos_norm **norm);
void mos_ref_norm_forward(mos_device *device, mos_norm *norm, const void *x, const void *skip,
                          const void *gamma, const void *beta, void *running_mean,
                          void *running_var, void *mean, void *rstd, void *y,
                          const uint8_t *present);
void mos_ref_norm_again(mos_device *device, mos_norm *norm, const void *x, const void *skip,
                        const void *gamma, const void *beta, const void *mean, const void *rstd,
                        void *y, const uint8_t *present);
void mos_ref_norm_backward(mos_device *device, mos_norm *norm, const void *x, const void *y,
                           const void *dy, const void *dy2, const void *gamma, const void *beta,
                           const void *mean, const void *rstd, void *dx, void *dskip, void *dgamma,
                           void *dbeta, const uint8_t *present);
void mos_ref_norm_infer(mos_device *device, mos_norm *norm, const void *x, const void *skip,
                        const void *gamma, const void *beta, const void *running_mean,
                        const void *running_var, void *y);

/* ref_pool.c */
mosaic_status mos_ref_pool_create(mos_device *device, const mos_pool_shape *shape, mos_pool **out,
                                  size_t *index_bytes);
void mos_ref_pool_destroy(mos_device *device, mos_pool **pool);
void mos_ref_pool_forward(mos_device *device, mos_pool *pool, const void *x, void *y, void *index);
void mos_ref_pool_backward(mos_device *device, mos_pool *pool, const void *dy, const void *dy2,
                           const void *index, void *dx);
void mos_ref_mean_forward(mos_device *device, int64_t n, int64_t c, int64_t h, int64_t w,
                          const void *x, void *y);
void mos_ref_mean_backward(mos_device *device, int64_t n, int64_t c, int64_t h, int64_t w,
                           const void *dy, void *dx);

/* ref_linear.c */
void mos_ref_linear_forward(mos_device *device, int64_t n, int64_t i, int64_t o, const void *x,
                            int64_t x_stride, const void *w, const void *b, void *y,
                            int64_t y_stride);
void mos_ref_linear_backward(mos_device *device, int64_t n, int64_t i, int64_t o, const void *x,
                             int64_t x_stride, const void *w, const void *dy, int64_t dy_stride,
                             void *dx, int64_t dx_stride, bool accumulate, void *dw, void *db);

/* ref_rows.c */
void mos_ref_unit_forward(mos_device *device, int64_t n, int64_t d, const void *x, void *y,
                          void *norms);
void mos_ref_unit_backward(mos_device *device, int64_t n, int64_t d, const void *y,
                           const void *norms, const void *dy, void *dx);
void mos_ref_columns(mos_device *device, int64_t rows, int64_t cols, const void *from,
                     int64_t from_stride, void *to, int64_t to_stride, bool add);
void mos_ref_mask_rows(mos_device *device, int64_t rows, int64_t cols, void *x, int64_t stride,
                       const uint8_t *present);
void mos_ref_gather_rows(mos_device *device, int64_t rows, int64_t cols, const void *from,
                         const int32_t *index, void *to);

/* ref_fusion.c */
void mos_ref_gate_forward(mos_device *device, const mos_modal_rows *rows, void *v, void *a,
                          void *y);
void mos_ref_gate_backward(mos_device *device, const mos_modal_rows *rows, void *t, void *g,
                           const void *dy);
void mos_ref_product_forward(mos_device *device, const mos_modal_rows *rows, int64_t rank,
                             const void *f, void *y);
void mos_ref_product_backward(mos_device *device, const mos_modal_rows *rows, int64_t rank, void *f,
                              const void *dy);
void mos_ref_attend_forward(mos_device *device, const mos_modal_rows *rows, int64_t heads,
                            const void *q, const void *k, const void *v, void *p, void *y);
void mos_ref_attend_backward(mos_device *device, const mos_modal_rows *rows, int64_t heads,
                             const void *q, const void *k, const void *v, const void *p,
                             const void *dy, void *dq, void *dk, void *dv);
void mos_ref_blend_forward(mos_device *device, const mos_modal_rows *rows, const void *x, void *y);
void mos_ref_blend_backward(mos_device *device, const mos_modal_rows *rows, const void *dy,
                            void *dx);

/* ref_contrast.c */
size_t mos_ref_contrast_bytes(mos_device *device, const mos_contrast *contrast);
void mos_ref_contrast(mos_device *device, const mos_contrast *contrast, const void *za,
                      const void *zr, double scale, void *dza, void *dzr, void *scratch,
                      mos_contrast_result *result);

/* ref_bce.c */
void mos_ref_bce(mos_device *device, int64_t n, int64_t l, const void *logits, const float *targets,
                 const double *pos_weight, double scale, void *dlogits, mos_bce_result *result);

/* ref_optimizer.c */
void mos_ref_optimize(mos_device *device, const mos_optimizer_step *step,
                      const mos_segment_range *segments, int64_t segment_count, void *params,
                      const void *grads, void *m, void *v);
void mos_ref_measure(mos_device *device, const void *real, int64_t count,
                     mos_measure_result *result);

#endif
