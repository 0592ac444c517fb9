/* The seam between mathematics and machines: a device, its memory, and the op table every backend
 * fills.
 *
 * Two number types live on a device. "real" is what parameters, gradients, optimizer moments,
 * features, latents and logits are kept in: float on `cpu`, double on `ref`. "act" is what
 * convolution activations are kept in: float or bfloat16 on `cpu`, double on `ref`, in whatever
 * layout the backend likes; only the backend looks inside. Activations have multiples of 16
 * channels; a backend may refuse others when planning.
 *
 * Arrays that an op reads or writes are device addresses, also where their type is written out
 * (masks, labels, results); only what a comment calls "host" is not. On cpu and ref a device address
 * happens to be a host address; nobody above this line may use that (tests/support/delayed.h does
 * not let them).
 *
 * An op is enqueued: it runs after those before it and perhaps after the call has returned. What it
 * writes, on the device or to the host (get_*), is there once mos_settle has returned MOSAIC_OK.
 * Host memory that put_* reads may be reused when the call returns; images (image_load), segments
 * (optimize) and host arrays of get_* must stay until then. An op cannot report a failure: the
 * device keeps the first one, skips what follows and tells it at this and every later mos_settle; a
 * device that failed is only good for closing. Freeing memory or a plan waits for the ops before it.
 *
 * Calls on one device come from one thread at a time; the backend uses device->threads threads
 * inside. Two devices of one backend may read each other's memory once the writer has settled.
 *
 * A plan holds shapes, descriptors and algorithm; running one cannot fail for a reason planning
 * could have found. Planning allocates; running never does. */
#ifndef MOS_COMPUTE_DEVICE_H
#define MOS_COMPUTE_DEVICE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum mos_precision {
    MOS_PRECISION_FP32,
    MOS_PRECISION_BF16,
    MOS_PRECISION_FP64
} mos_precision;
extern const char *const mos_precision_names[]; /* in this order, NULL-terminated */

/* What a user may ask for; whoever offers "auto" says what it stands for. */
typedef enum mos_precision_choice {
    MOS_PRECISION_CHOICE_AUTO,
    MOS_PRECISION_CHOICE_FP32,
    MOS_PRECISION_CHOICE_BF16
} mos_precision_choice;
extern const char *const mos_precision_choices[]; /* in this order, NULL-terminated */

typedef struct mos_backend mos_backend;

typedef struct mos_device {
    const mos_backend *ops;
    int index;               /* which of the backend's devices, from 0 */
    mos_precision precision; /* of activations */
    size_t real_bytes;       /* 4 or 8 */
    int threads;
    char description[160]; /* "cpu avx512_bf16, 2 threads, bf16, oneDNN 2.6.3" */
    void *state;           /* the backend's own */
} mos_device;

/* name: "auto", a backend's (backends.h), or one of its devices, "name:1". threads 0: all this
 * process may use. bf16 where the processor lacks it falls back to fp32 with a notice. The ref
 * device is always FP64. */
mosaic_status mos_device_open(const char *name, mos_precision precision, int threads,
                              mos_device **out);
/* The same for a table that is not registered in backends.h: a test's own build of a backend. */
mosaic_status mos_device_open_table(const mos_backend *table, mos_precision precision, int threads,
                                    mos_device **out);
void mos_device_close(mos_device **device);
/* Names of the backends of this build, NULL-terminated. */
const char *const *mos_device_names(void);
extern const char *const mos_device_choices[]; /* "auto" and these, NULL-terminated */

/* Waits until every enqueued op has run. MOSAIC_OK: their results are there. Otherwise the device's
 * first failure, which this and every later call returns. */
mosaic_status mos_settle(mos_device *device);
/* mos_settle for callers that are about to free host memory which ops read, and that cannot report a
 * failure: the device keeps it and returns it from the next mos_settle. NULL: does nothing. */
void mos_drain(mos_device *device);
/* Copy device memory to the host: enqueue the copy and settle. [count] values of host. */
mosaic_status mos_get_f32(mos_device *device, const void *real, float *host, int64_t count);
mosaic_status mos_get_f64(mos_device *device, const void *real, double *host, int64_t count);
mosaic_status mos_get_act(mos_device *device, const void *act, double *host, int64_t n, int64_t c,
                          int64_t h, int64_t w);
mosaic_status mos_get_bytes(mos_device *device, const void *from, void *host, size_t bytes);

/* ---- plans ---- */

typedef struct mos_conv mos_conv;
typedef struct mos_norm mos_norm;
typedef struct mos_pool mos_pool;

typedef struct mos_conv_shape {
    int64_t n, ci, h, w;             /* input [n, ci, h, w] */
    int64_t co, kernel, stride, pad; /* weights [co, ci, kernel, kernel], real, row-major */
    bool image; /* the input is an image buffer (image_load); no data gradient is ever asked for */
    bool train; /* plan the two backward passes too */
    /* For inference: the plan keeps weights of its own, into which conv_fold puts the batch norm
     * behind the convolution, and forward is y = relu?(conv(x) + bias + y?); sum: y holds what is
     * added. */
    bool folded, relu, sum;
    /* The algorithm of every direction. NULL: the one that the backend has stored for this shape.
     * Benchmarks and tests name one of the backend's conv_algorithms; a direction that lacks it is
     * computed by the first of them. */
    const char *algorithm;
} mos_conv_shape;

/* A batch norm as inference sees it: real [co] each. */
typedef struct mos_norm_running {
    const void *gamma, *beta, *mean, *var;
    double eps;
} mos_norm_running;

typedef struct mos_conv_info {
    int64_t oh, ow;
    /* scratch a caller provides to a run: of each pass, and the most of all */
    size_t forward_bytes, data_bytes, weights_bytes, workspace_bytes;
    size_t packed_bytes; /* the weights a folded plan holds, else 0 */
    const char *forward, *backward_data,
        *backward_weights; /* implementation names, "" when not planned */
} mos_conv_info;

/* Processes that take the statistics of a batch norm together, each with its part of every group. */
typedef struct mos_norm_peers {
    void *context;
    int64_t count; /* this process among them */
    /* all [count, values]: what each of them gives, in one order on all. Called from the thread that
     * runs the pass; all make the same calls in the same order. A failure stays with the context, which
     * then gives this process's values for everybody's. */
    void (*gather)(void *context, const double *mine, int64_t values, double *all);
} mos_norm_peers;

/* Batch normalisation over (n/groups, h, w) of each channel, for each of `groups` equal consecutive
 * parts of the batch (one per view set), optionally followed by + skip and by ReLU:
 *   y = relu?(gamma (x - mean) rstd + beta + skip?)
 * features: x is a plain real matrix [n, c] (h = w = 1), as in the projector; otherwise x, y and
 * skip are activations in the backend's layout. */
typedef struct mos_norm_shape {
    int64_t n, c, h, w, groups;
    bool features, relu, skip, train;
    double eps, momentum; /* 1e-5, 0.1 as in PyTorch: running = (1 - momentum) running + momentum
                             batch, variance unbiased */
    bool fixed; /* acts only: mean and variance are the running ones, which stay as they are, and no
                   gradient goes through them */
    /* acts only, NULL: none. dgamma and dbeta get this process's share. */
    const mos_norm_peers *peers;
} mos_norm_shape;

typedef struct mos_pool_shape {
    int64_t n, c, h, w, kernel, stride, pad;
    bool train;
} mos_pool_shape;

/* ---- the contrastive problem (docs/math.md) ---- */

typedef enum mos_positives {
    MOS_POSITIVES_PARTNER,   /* W_ip = [p = partner_i]: NT-Xent */
    MOS_POSITIVES_MULSUPCON, /* W_ip = sum over common labels l of 1/|P_l(i)| */
    MOS_POSITIVES_ALL,       /* identical known label sets (non-empty), 1/|P(i)| each */
    MOS_POSITIVES_ANY,       /* at least one common label, 1/|P(i)| each */
    MOS_POSITIVES_JACCARD,   /* |Y_i and Y_p| / |Y_i or Y_p|, normalised to sum 1 over p */
    MOS_POSITIVES_SOFT       /* no softmax: each pair has a target, see below */
} mos_positives;

/* S_ip = za_i . zr_p / tau
 *   L = -1/N sum_i sum_p W_ip (S_ip - lse_i),   lse_i over the references of i,   N = sum W
 * An anchor without positives contributes nothing and is counted. A row's label set
 * is the labels known to be 1; N = 0 adds no gradient.
 *
 * SOFT (the form of SoftCon, Wang et al. 2024, arXiv 2405.20462) is a binary cross entropy per pair
 * between the sigmoid of the similarity and the similarity of the labels:
 *   L = 1/N sum_i sum_p softplus(S_ip) - T_ip S_ip,   T_ip = |Y_i and Y_p| / sqrt(|Y_i| |Y_p|)
 * T is the cosine of the two label vectors over the labels known of both (0 where either set is
 * empty); a pair of which no label is known of both is left out, so an unlabelled row neither
 * attracts nor repels. N = the number of pairs; anchor_weighting: each anchor's pairs are averaged
 * first. An anchor without such a pair counts as one without positive. */
typedef struct mos_contrast {
    int64_t anchors, references, d;
    double tau;
    mos_positives positives;
    bool anchor_weighting; /* divide each anchor's W row by its sum: N = number of anchors that have
                              a positive */
    const int32_t *self; /* [anchors]: reference row that is anchor i itself (left out), -1 or NULL:
                            none */
    const int32_t *partner; /* [anchors]: for PARTNER, -1: none; one that does not exist is none */
    const int8_t *anchor_labels,
        *reference_labels; /* [rows, classes]: 1, 0, -1 unknown; NULL for PARTNER */
    int64_t classes;
    const uint8_t *anchor_present,
        *reference_present; /* [rows]: 0 = the row does not exist; NULL: all present */
    int64_t frozen; /* the last references are constants: dzr has references - frozen rows */
    /* Where processes share the anchors. Of every `part` consecutive ones (a batch) this process takes
     * own_count from own_first on: losses, counts and gradients are theirs alone. N is that of all, so
     * that shares add up to the whole. part 0: all are taken. */
    int64_t part, own_first, own_count;
} mos_contrast;
static inline bool mos_contrast_takes(const mos_contrast *contrast, int64_t anchor) {
    const int64_t at = contrast->part > 0 ? anchor % contrast->part - contrast->own_first : 0;
    return contrast->part == 0 || (at >= 0 && at < contrast->own_count);
}
typedef struct mos_contrast_result {
    double loss;  /* unscaled; 0 when N = 0 */
    double floor; /* the least value the loss can take: -1/N sum W log(W / r); SOFT: the mean binary
                     entropy of T */
    double weight; /* N */
    int64_t anchors_used, anchors_without_positive;
    int64_t positives, frozen_positives; /* pairs of W > 0, or T > 0; those of frozen references */
} mos_contrast_result;

/* Further results that ops leave on the device. */
typedef struct mos_bce_result {
    double loss;   /* unscaled; 0 when no label is known */
    int64_t known; /* labels */
} mos_bce_result;
typedef struct mos_measure_result {
    double sum_of_squares; /* in a fixed order */
    int64_t not_finite;    /* values that are NaN or Inf */
} mos_measure_result;

/* ---- fusion of modalities ---- */

enum { MOS_MODAL_MAX = 8 };
/* Rows of several modalities, real [modalities, n, d], and which of them exist. A row that does not
 * takes no part, whatever it holds, and gets a zero gradient. */
typedef struct mos_modal_rows {
    int64_t modalities, n, d;
    const uint8_t *present; /* [modalities, n] */
} mos_modal_rows;

/* ---- optimizer ---- */

typedef enum mos_optimizer_kind {
    MOS_OPTIMIZER_SGD,
    MOS_OPTIMIZER_ADAM,
    MOS_OPTIMIZER_ADAMW,
    MOS_OPTIMIZER_LARS
} mos_optimizer_kind;
typedef struct mos_optimizer_step {
    mos_optimizer_kind kind;
    int64_t step;                 /* 1 for the first */
    double lr, beta1, beta2, eps; /* momentum is beta1 for SGD and LARS */
    double trust;                 /* LARS coefficient, 0.001 */
    double weight_decay;
    double grad_scale; /* gradients are multiplied by this first (clipping) */
    bool nesterov;     /* SGD */
} mos_optimizer_step;
/* SGD:   g += decay p,  m = beta1 m + g,  p -= lr (nesterov ? g + beta1 m : m)
 * Adam, AdamW: as PyTorch
 * LARS (You et al. 2017, algorithm 1):  m = beta1 m + lr rate (g + decay p),  p -= m
 *   rate = trust |p| / (|g| + decay |p|) per segment, 1 where the segment has no decay or a norm is 0
 * Parameters outside every segment stay as they are. */
/* A named part of the flat parameter block. */
typedef struct mos_segment_range {
    int64_t offset, count;
    bool decay; /* weight decay (and LARS adaptation) applies: false for norm parameters and biases
                 */
} mos_segment_range;

/* ---- the table ---- */

/* Entries marked (optional) may be NULL in a backend's table: a device's own table has them composed
 * of the others (composed.c). */
struct mos_backend {
    const char *name;
    int (*count)(void); /* (optional) its devices on this machine; without it one */
    mosaic_status (*open)(
        mos_device *device); /* fills state, description, real_bytes; may lower precision */
    void (*close)(mos_device *device);
    mosaic_status (*settle)(mos_device *); /* (optional) none where ops are done on return */

    /* memory: zeroed, 64-byte aligned device memory */
    mosaic_status (*alloc)(mos_device *, size_t bytes, void **out);
    void (*free)(mos_device *, void *);
    /* (optional) the same of the host, where image_load and put_* read it best */
    mosaic_status (*host_alloc)(mos_device *, size_t bytes, void **out);
    void (*host_free)(mos_device *, void *);
    /* (optional) where the host itself reads and writes this device memory, once the device has
     * settled; NULL: it cannot */
    void *(*map)(mos_device *, void *memory);
    void (*zero)(mos_device *, void *, size_t bytes);
    void (*copy)(mos_device *, void *to, const void *from, size_t bytes); /* device to device */
    /* real arrays to and from host doubles/floats */
    void (*put_f32)(mos_device *, void *real, const float *host, int64_t count);
    void (*get_f32)(mos_device *, const void *real, float *host, int64_t count);
    void (*put_f64)(mos_device *, void *real, const double *host, int64_t count);
    void (*get_f64)(mos_device *, const void *real, double *host, int64_t count);
    /* masks, labels, indices, results: bytes as they are */
    void (*put_bytes)(mos_device *, void *to, const void *host, size_t bytes);
    void (*get_bytes)(mos_device *, const void *from, void *host, size_t bytes);

    /* activations: size of [n, c, h, w] in the backend's layout; test access as plain row-major
     * doubles */
    size_t (*act_bytes)(mos_device *, int64_t n, int64_t c, int64_t h, int64_t w);
    void (*put_act)(mos_device *, void *act, const double *host, int64_t n, int64_t c, int64_t h,
                    int64_t w);
    void (*get_act)(mos_device *, const void *act, double *host, int64_t n, int64_t c, int64_t h,
                    int64_t w);
    /* images: host float [n, c, h, w] into what the stem convolution takes, one pass */
    size_t (*image_bytes)(mos_device *, int64_t n, int64_t c, int64_t h, int64_t w);
    void (*image_load)(mos_device *, void *image, const float *host, int64_t n, int64_t c,
                       int64_t h, int64_t w);

    /* convolution, no bias. weights: real [co, ci, k, k]; a pass that wants another layout or type
     * packs them into its workspace first. NULL to the forward pass of a folded plan, which reads
     * those of the last fold. backward_weights ADDS to dw. */
    const char *const *conv_algorithms; /* (optional) names, NULL-terminated */
    mosaic_status (*conv_create)(mos_device *, const mos_conv_shape *, mos_conv **out);
    void (*conv_destroy)(mos_device *, mos_conv **);
    void (*conv_info)(const mos_conv *, mos_conv_info *out);
    /* of a folded plan: weights * gamma / sqrt(var + eps), bias = beta - mean gamma / sqrt(var + eps).
     * After the weights or the statistics changed and before forward. */
    void (*conv_fold)(mos_device *, mos_conv *, const void *weights, const mos_norm_running *norm,
                      void *workspace);
    void (*conv_forward)(mos_device *, mos_conv *, const void *x, const void *weights, void *y,
                         void *workspace);
    void (*conv_backward_data)(mos_device *, mos_conv *, const void *weights, const void *dy,
                               void *dx, void *workspace);
    void (*conv_backward_weights)(mos_device *, mos_conv *, const void *x, const void *dy, void *dw,
                                  void *workspace);

    /* batch norm. mean and rstd: real [groups, c], kept for the backward pass. present: [n] or
     * NULL; rows with 0 are left out of the statistics and get zero gradient (their output is
     * unspecified but finite). Running statistics are updated once per group, in order; a group of
     * one value updates the mean only, one of none neither; running_mean NULL: they stay as they
     * are. again and backward belong to the plan's latest forward pass. again (acts only): y once
     * more, equal to the bit. backward: the gradient of y is dy + dy2 (dy2 may be NULL); dskip
     * (when shape.skip) receives the gradient after the ReLU and may alias dy; dgamma and dbeta are
     * ADDED to. y is the forward output (its sign gives the ReLU mask); it may be NULL for an act
     * without skip: then the sign is worked out from x, and the mask is the same. */
    mosaic_status (*norm_create)(mos_device *, const mos_norm_shape *, mos_norm **out);
    void (*norm_destroy)(mos_device *, mos_norm **);
    void (*norm_forward)(mos_device *, mos_norm *, const void *x, const void *skip,
                         const void *gamma, const void *beta, void *running_mean, void *running_var,
                         void *mean, void *rstd, void *y, const uint8_t *present);
    void (*norm_again)(mos_device *, mos_norm *, const void *x, const void *skip, const void *gamma,
                       const void *beta, const void *mean, const void *rstd, void *y,
                       const uint8_t *present);
    void (*norm_backward)(mos_device *, mos_norm *, const void *x, const void *y, const void *dy,
                          const void *dy2, const void *gamma, const void *beta, const void *mean,
                          const void *rstd, void *dx, void *dskip, void *dgamma, void *dbeta,
                          const uint8_t *present);
    /* y = relu?(gamma (x - running_mean) / sqrt(running_var + eps) + beta + skip?) */
    void (*norm_infer)(mos_device *, mos_norm *, const void *x, const void *skip, const void *gamma,
                       const void *beta, const void *running_mean, const void *running_var,
                       void *y);

    /* max pooling; index is the plan's record of winners: index_bytes of scratch kept from forward
     * to backward. dy2 as above. The first of equal values wins. */
    mosaic_status (*pool_create)(mos_device *, const mos_pool_shape *, mos_pool **out,
                                 size_t *index_bytes);
    void (*pool_destroy)(mos_device *, mos_pool **);
    void (*pool_forward)(mos_device *, mos_pool *, const void *x, void *y, void *index);
    void (*pool_backward)(mos_device *, mos_pool *, const void *dy, const void *dy2,
                          const void *index, void *dx);

    /* global average pooling: act [n, c, h, w] to real [n, c], and back */
    void (*mean_forward)(mos_device *, int64_t n, int64_t c, int64_t h, int64_t w, const void *x,
                         void *y);
    void (*mean_backward)(mos_device *, int64_t n, int64_t c, int64_t h, int64_t w, const void *dy,
                          void *dx);

    /* linear layer on real matrices: y [n, o] = x [n, i] w^T + b; strides in elements let x, y be
     * column blocks of wider matrices. backward: dx (NULL: not wanted) is written, or added to when
     * accumulate; dw [o, i], db [o] (NULL: none) are ADDED to */
    void (*linear_forward)(mos_device *, int64_t n, int64_t i, int64_t o, const void *x,
                           int64_t x_stride, const void *w, const void *b, void *y,
                           int64_t y_stride);
    void (*linear_backward)(mos_device *, int64_t n, int64_t i, int64_t o, const void *x,
                            int64_t x_stride, const void *w, const void *dy, int64_t dy_stride,
                            void *dx, int64_t dx_stride, bool accumulate, void *dw, void *db);

    /* unit rows: y = x / max(|x|, 1e-12), norms real [n] kept
     * backward: dx = (dy - y (y . dy)) / norm */
    void (*unit_forward)(mos_device *, int64_t n, int64_t d, const void *x, void *y, void *norms);
    void (*unit_backward)(mos_device *, int64_t n, int64_t d, const void *y, const void *norms,
                          const void *dy, void *dx);

    /* copy a column block: to[r, 0..cols) = from[r, 0..cols), strides in elements; add: += instead
     */
    void (*columns)(mos_device *, int64_t rows, int64_t cols, const void *from, int64_t from_stride,
                    void *to, int64_t to_stride, bool add);
    /* (optional, as the next) rows with present[r] == 0 become exact zeros */
    void (*mask_rows)(mos_device *, int64_t rows, int64_t cols, void *x, int64_t stride,
                      const uint8_t *present);
    /* row r of to = row index[r] of from, both real [., cols]; zeros where index[r] < 0 */
    void (*gather_rows)(mos_device *, int64_t rows, int64_t cols, const void *from,
                        const int32_t *index, void *to);

    /* Fusions: the rows of the present modalities m of a sample to one row y [n, d], 0 where none
     * is present. Results of a sample do not depend on its index in the batch. Gradients are
     * written.
     *
     * gate: t_m = tanh(v_m), g = softmax over m of a, per column; y = sum_m g_m t_m. In place: v
     * becomes t, a becomes g; backward t becomes dv, g becomes da. */
    void (*gate_forward)(mos_device *, const mos_modal_rows *, void *v, void *a, void *y);
    void (*gate_backward)(mos_device *, const mos_modal_rows *, void *t, void *g, const void *dy);
    /* product: y = sum_r prod_m f_m[r], f real [modalities, n, rank * d]. backward: f becomes df */
    void (*product_forward)(mos_device *, const mos_modal_rows *, int64_t rank, const void *f,
                            void *y);
    void (*product_backward)(mos_device *, const mos_modal_rows *, int64_t rank, void *f,
                             const void *dy);
    /* attend: per head of d / heads columns, p_mj = softmax over j of q_m . k_j / sqrt(d / heads),
     * o_m = sum_j p_mj v_j, y = mean_m o_m. p: real [n, heads, modalities, modalities], kept. */
    void (*attend_forward)(mos_device *, const mos_modal_rows *, int64_t heads, const void *q,
                           const void *k, const void *v, void *p, void *y);
    void (*attend_backward)(mos_device *, const mos_modal_rows *, int64_t heads, const void *q,
                            const void *k, const void *v, const void *p, const void *dy, void *dq,
                            void *dk, void *dv);
    /* blend: y = mean_m x_m */
    void (*blend_forward)(mos_device *, const mos_modal_rows *, const void *x, void *y);
    void (*blend_backward)(mos_device *, const mos_modal_rows *, const void *dy, void *dx);

    /* one contrastive problem: ADDS scale * dL to dza, dzr (which may be the same buffer, as za and
     * zr may; NULL: no gradient). scratch: contrast_bytes of it. Sums are in double, in a fixed
     * order. Never materialises anchors x references. */
    size_t (*contrast_bytes)(mos_device *, const mos_contrast *);
    void (*contrast)(mos_device *, const mos_contrast *, const void *za, const void *zr,
                     double scale, void *dza, void *dzr, void *scratch,
                     mos_contrast_result *result);

    /* binary cross entropy with logits, mean over known labels: targets [n, l] (0 to 1, of mixed
     * patches between; below 0 unknown); pos_weight [l] or NULL; dlogits (NULL: not wanted) = scale
     * * dL is written (unknown: exactly 0) */
    void (*bce)(mos_device *, int64_t n, int64_t l, const void *logits, const float *targets,
                const double *pos_weight, double scale, void *dlogits, mos_bce_result *result);

    /* one pass over the flat block; segments host; m, v: real [count] moments (v unused by SGD and
     * LARS) */
    void (*optimize)(mos_device *, const mos_optimizer_step *, const mos_segment_range *segments,
                     int64_t segment_count, void *params, const void *grads, void *m, void *v);
    void (*measure)(mos_device *, const void *real, int64_t count, mos_measure_result *result);
};

#endif
