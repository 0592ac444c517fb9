#include "support/delayed.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- addresses ---- */

/* No user address has this bit, on x86-64 and on aarch64. */
static const uintptr_t mark = (uintptr_t)1 << 52;

static void die(const char *op, const char *what) {
    (void)fprintf(stderr, "delayed: %s: %s\n", op, what);
    abort();
}

static void *real_of(const void *address) {
    uintptr_t bits = (uintptr_t)address;
    if (address != NULL && (bits & mark) == 0) die("an op", "was given a host address");
    return (void *)(bits & ~mark);
}
#define R(address) real_of(address)

/* ---- records ---- */

typedef void (*op_run)(mos_device *to, const void *arguments, const void *extra);

typedef struct record {
    const char *name;
    op_run run;
    size_t arguments, extra; /* bytes behind the record, each rounded up */
} record;

typedef struct delayed {
    mos_device inner;
    mos_backend table; /* the inner one's */
    unsigned char *log;
    size_t used, capacity;
    bool failed;
    char message[128];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum { IDLE, WORK, STOP } state;
} delayed;

static atomic_llong ran, fails_at;

static delayed *of(const mos_device *device) {
    return device->state;
}

static size_t round_up(size_t bytes) {
    return (bytes + 15) / 16 * 16;
}

/* Not the program's allocator: its counts are tested. */
static void note(mos_device *device, const char *name, op_run run, const void *arguments,
                 size_t bytes, const void *extra, size_t extra_bytes) {
    delayed *d = of(device);
    const record head = {name, run, round_up(bytes), round_up(extra_bytes)};
    const size_t need = round_up(sizeof head) + head.arguments + head.extra;
    if (d->failed) return;
    if (d->used + need > d->capacity) {
        d->capacity = 2 * (d->used + need);
        d->log = realloc(d->log, d->capacity);
        if (d->log == NULL) die(name, "no memory");
    }
    unsigned char *at = d->log + d->used;
    memcpy(at, &head, sizeof head);
    memcpy(at + round_up(sizeof head), arguments, bytes);
    if (extra_bytes > 0) memcpy(at + round_up(sizeof head) + head.arguments, extra, extra_bytes);
    d->used += need;
}

static void run_log(delayed *d) {
    for (size_t at = 0; at < d->used && !d->failed;) {
        record head;
        memcpy(&head, d->log + at, sizeof head);
        const unsigned char *arguments = d->log + at + round_up(sizeof head);
        if (atomic_fetch_add(&ran, 1) + 1 == atomic_load(&fails_at)) {
            d->failed = true;
            (void)snprintf(d->message, sizeof d->message, "%s failed, as it was told to",
                           head.name);
            break;
        }
        head.run(&d->inner, arguments, arguments + head.arguments);
        at += round_up(sizeof head) + head.arguments + head.extra;
    }
    d->used = 0;
}

static void *work(void *context) {
    delayed *d = context;
    (void)pthread_mutex_lock(&d->lock);
    while (d->state != STOP) {
        if (d->state == WORK) {
            run_log(d);
            d->state = IDLE;
            (void)pthread_cond_broadcast(&d->changed);
        }
        if (d->state == IDLE) (void)pthread_cond_wait(&d->changed, &d->lock);
    }
    (void)pthread_mutex_unlock(&d->lock);
    return NULL;
}

static void flush(mos_device *device) {
    delayed *d = of(device);
    if (d->used == 0) return;
    (void)pthread_mutex_lock(&d->lock);
    d->state = WORK;
    (void)pthread_cond_broadcast(&d->changed);
    while (d->state == WORK)
        (void)pthread_cond_wait(&d->changed, &d->lock);
    (void)pthread_mutex_unlock(&d->lock);
}

static mosaic_status d_settle(mos_device *device) {
    flush(device);
    const delayed *d = of(device);
    if (d->failed) return mos_fail(MOSAIC_ERR_RUNTIME, "device: %s", d->message);
    return mos_settle(&of(device)->inner);
}

/* ---- life ---- */

typedef struct decorated {
    const mos_backend *inner;
    mos_backend table;
} decorated;
static decorated known[8];

static void d_close(mos_device *device) {
    delayed *d = of(device);
    if (d == NULL) return;
    flush(device);
    (void)pthread_mutex_lock(&d->lock);
    d->state = STOP;
    (void)pthread_cond_broadcast(&d->changed);
    (void)pthread_mutex_unlock(&d->lock);
    (void)pthread_join(d->thread, NULL);
    (void)pthread_mutex_destroy(&d->lock);
    (void)pthread_cond_destroy(&d->changed);
    d->table.close(&d->inner);
    free(d->log);
    free(d);
    device->state = NULL;
}

static mosaic_status d_open(mos_device *device) {
    const decorated *it = known;
    while (strcmp(it->inner->name, device->ops->name) != 0)
        it++;
    delayed *d = calloc(1, sizeof *d);
    if (d == NULL) die("open", "no memory");
    d->table = *it->inner;
    mos_backend_complete(&d->table);
    d->inner = *device;
    d->inner.ops = &d->table;
    d->inner.state = NULL;
    mosaic_status status = d->table.open(&d->inner);
    if (status != MOSAIC_OK) {
        free(d);
        return status;
    }
    device->precision = d->inner.precision;
    device->real_bytes = d->inner.real_bytes;
    device->threads = d->inner.threads;
    memcpy(device->description, d->inner.description, sizeof device->description);
    device->state = d;
    (void)pthread_mutex_init(&d->lock, NULL);
    (void)pthread_cond_init(&d->changed, NULL);
    if (pthread_create(&d->thread, NULL, work, d) != 0) die("open", "no thread");
    return MOSAIC_OK;
}

static mosaic_status d_alloc(mos_device *device, size_t bytes, void **out) {
    mos_device *inner = &of(device)->inner;
    mosaic_status status = inner->ops->alloc(inner, bytes, out);
    if (status == MOSAIC_OK) *out = (void *)((uintptr_t)*out | mark);
    return status;
}

static void d_free(mos_device *device, void *memory) {
    mos_device *inner = &of(device)->inner;
    if (memory == NULL) return;
    flush(device);
    inner->ops->free(inner, R(memory));
}

static mosaic_status d_host_alloc(mos_device *device, size_t bytes, void **out) {
    mos_device *inner = &of(device)->inner;
    return inner->ops->host_alloc(inner, bytes, out);
}

static void d_host_free(mos_device *device, void *memory) {
    mos_device *inner = &of(device)->inner;
    inner->ops->host_free(inner, memory);
}

static size_t d_act_bytes(mos_device *device, int64_t n, int64_t c, int64_t h, int64_t w) {
    mos_device *inner = &of(device)->inner;
    return inner->ops->act_bytes(inner, n, c, h, w);
}

static size_t d_image_bytes(mos_device *device, int64_t n, int64_t c, int64_t h, int64_t w) {
    mos_device *inner = &of(device)->inner;
    return inner->ops->image_bytes(inner, n, c, h, w);
}

#define PLAN(kind)                                                                                 \
    static mosaic_status d_##kind##_create(mos_device *device, const mos_##kind##_shape *shape,    \
                                           mos_##kind **out) {                                     \
        mos_device *inner = &of(device)->inner;                                                    \
        return inner->ops->kind##_create(inner, shape, out);                                       \
    }
#define PLAN_END(kind)                                                                             \
    static void d_##kind##_destroy(mos_device *device, mos_##kind **plan) {                        \
        mos_device *inner = &of(device)->inner;                                                    \
        flush(device);                                                                             \
        inner->ops->kind##_destroy(inner, plan);                                                   \
    }
PLAN(conv)
PLAN(norm)
PLAN_END(conv)
PLAN_END(norm)
PLAN_END(pool)

static mosaic_status d_pool_create(mos_device *device, const mos_pool_shape *shape, mos_pool **out,
                                   size_t *index_bytes) {
    mos_device *inner = &of(device)->inner;
    return inner->ops->pool_create(inner, shape, out, index_bytes);
}

/* ---- ops ---- */

/* fields of the record; how the inner op is called, `a` being the record and `to` the device; the
 * entry's parameters; the record's values. */
#define OP(name, fields, call, parameters, ...)                                                    \
    typedef struct {                                                                               \
        fields                                                                                     \
    } name##_record;                                                                               \
    static void run_##name(mos_device *to, const void *arguments, const void *extra) {             \
        const name##_record *a = arguments;                                                        \
        (void)extra;                                                                               \
        to->ops->name call;                                                                        \
    }                                                                                              \
    static void d_##name parameters {                                                              \
        const name##_record values = {__VA_ARGS__};                                                \
        note(device, #name, run_##name, &values, sizeof values, NULL, 0);                          \
    }

#define PUT(name, type)                                                                            \
    typedef struct {                                                                               \
        void *real;                                                                                \
        int64_t count;                                                                             \
    } put_##name##_record;                                                                         \
    static void run_put_##name(mos_device *to, const void *arguments, const void *extra) {         \
        const put_##name##_record *a = arguments;                                                  \
        to->ops->put_##name(to, a->real, extra, a->count);                                         \
    }                                                                                              \
    static void d_put_##name(mos_device *device, void *real, const type *host, int64_t count) {    \
        const put_##name##_record values = {R(real), count};                                       \
        note(device, "put_" #name, run_put_##name, &values, sizeof values, host,                   \
             (size_t)count * sizeof *host);                                                        \
    }

#define GET(name, type)                                                                            \
    typedef struct {                                                                               \
        const void *real;                                                                          \
        type *host;                                                                                \
        int64_t count;                                                                             \
    } get_##name##_record;                                                                         \
    static void run_get_##name(mos_device *to, const void *arguments, const void *extra) {         \
        const get_##name##_record *a = arguments;                                                  \
        (void)extra;                                                                               \
        to->ops->get_##name(to, a->real, a->host, a->count);                                       \
    }                                                                                              \
    static void d_get_##name(mos_device *device, const void *real, type *host, int64_t count) {    \
        const get_##name##_record values = {R(real), host, count};                                 \
        memset(host, 0xff, (size_t)count * sizeof *host);                                          \
        note(device, "get_" #name, run_get_##name, &values, sizeof values, NULL, 0);               \
    }

PUT(f32, float)
PUT(f64, double)
GET(f32, float)
GET(f64, double)

typedef struct move_record {
    const void *from;
    void *to;
    size_t bytes;
} move_record;

static void run_put_bytes(mos_device *to, const void *arguments, const void *extra) {
    const move_record *a = arguments;
    to->ops->put_bytes(to, a->to, extra, a->bytes);
}

static void d_put_bytes(mos_device *device, void *to, const void *host, size_t bytes) {
    const move_record values = {NULL, R(to), bytes};
    note(device, "put_bytes", run_put_bytes, &values, sizeof values, host, bytes);
}

static void run_get_bytes(mos_device *to, const void *arguments, const void *extra) {
    const move_record *a = arguments;
    (void)extra;
    to->ops->get_bytes(to, a->from, a->to, a->bytes);
}

static void d_get_bytes(mos_device *device, const void *from, void *host, size_t bytes) {
    const move_record values = {R(from), host, bytes};
    memset(host, 0xff, bytes);
    note(device, "get_bytes", run_get_bytes, &values, sizeof values, NULL, 0);
}

typedef struct act_record {
    const void *from;
    void *to;
    int64_t n, c, h, w;
} act_record;

static void run_put_act(mos_device *to, const void *arguments, const void *extra) {
    const act_record *a = arguments;
    to->ops->put_act(to, a->to, extra, a->n, a->c, a->h, a->w);
}

static void d_put_act(mos_device *device, void *act, const double *host, int64_t n, int64_t c,
                      int64_t h, int64_t w) {
    const act_record values = {NULL, R(act), n, c, h, w};
    note(device, "put_act", run_put_act, &values, sizeof values, host,
         (size_t)(n * c * h * w) * sizeof *host);
}

static void run_get_act(mos_device *to, const void *arguments, const void *extra) {
    const act_record *a = arguments;
    (void)extra;
    to->ops->get_act(to, a->from, a->to, a->n, a->c, a->h, a->w);
}

static void d_get_act(mos_device *device, const void *act, double *host, int64_t n, int64_t c,
                      int64_t h, int64_t w) {
    const act_record values = {R(act), host, n, c, h, w};
    memset(host, 0xff, (size_t)(n * c * h * w) * sizeof *host);
    note(device, "get_act", run_get_act, &values, sizeof values, NULL, 0);
}

/* clang-format off */
OP(zero, void *x; size_t bytes;, (to, a->x, a->bytes),
   (mos_device *device, void *x, size_t bytes), R(x), bytes)
OP(copy, void *x; const void *from; size_t bytes;, (to, a->x, a->from, a->bytes),
   (mos_device *device, void *x, const void *from, size_t bytes), R(x), R(from), bytes)
OP(image_load, void *image; const float *host; int64_t n; int64_t c; int64_t h; int64_t w;,
   (to, a->image, a->host, a->n, a->c, a->h, a->w),
   (mos_device *device, void *image, const float *host, int64_t n, int64_t c, int64_t h, int64_t w),
   R(image), host, n, c, h, w)
OP(conv_fold, mos_conv *plan; const void *weights; mos_norm_running norm; void *room;,
   (to, a->plan, a->weights, &a->norm, a->room),
   (mos_device *device, mos_conv *plan, const void *weights, const mos_norm_running *norm, void *room),
   plan, R(weights), {R(norm->gamma), R(norm->beta), R(norm->mean), R(norm->var), norm->eps}, R(room))
OP(conv_forward, mos_conv *plan; const void *x; const void *weights; void *y; void *room;,
   (to, a->plan, a->x, a->weights, a->y, a->room),
   (mos_device *device, mos_conv *plan, const void *x, const void *weights, void *y, void *room),
   plan, R(x), R(weights), R(y), R(room))
OP(conv_backward_data, mos_conv *plan; const void *weights; const void *dy; void *dx; void *room;,
   (to, a->plan, a->weights, a->dy, a->dx, a->room),
   (mos_device *device, mos_conv *plan, const void *weights, const void *dy, void *dx, void *room),
   plan, R(weights), R(dy), R(dx), R(room))
OP(conv_backward_weights, mos_conv *plan; const void *x; const void *dy; void *dw; void *room;,
   (to, a->plan, a->x, a->dy, a->dw, a->room),
   (mos_device *device, mos_conv *plan, const void *x, const void *dy, void *dw, void *room),
   plan, R(x), R(dy), R(dw), R(room))
OP(norm_forward, mos_norm *plan; const void *p[4]; void *q[5]; const uint8_t *present;,
   (to, a->plan, a->p[0], a->p[1], a->p[2], a->p[3], a->q[0], a->q[1], a->q[2], a->q[3], a->q[4], a->present),
   (mos_device *device, mos_norm *plan, const void *x, const void *skip, const void *gamma,
    const void *beta, void *running_mean, void *running_var, void *mean, void *rstd, void *y,
    const uint8_t *present),
   plan, {R(x), R(skip), R(gamma), R(beta)}, {R(running_mean), R(running_var), R(mean), R(rstd), R(y)},
   R(present))
OP(norm_again, mos_norm *plan; const void *p[6]; void *y; const uint8_t *present;,
   (to, a->plan, a->p[0], a->p[1], a->p[2], a->p[3], a->p[4], a->p[5], a->y, a->present),
   (mos_device *device, mos_norm *plan, const void *x, const void *skip, const void *gamma,
    const void *beta, const void *mean, const void *rstd, void *y, const uint8_t *present),
   plan, {R(x), R(skip), R(gamma), R(beta), R(mean), R(rstd)}, R(y), R(present))
OP(norm_backward, mos_norm *plan; const void *p[8]; void *q[4]; const uint8_t *present;,
   (to, a->plan, a->p[0], a->p[1], a->p[2], a->p[3], a->p[4], a->p[5], a->p[6], a->p[7],
    a->q[0], a->q[1], a->q[2], a->q[3], a->present),
   (mos_device *device, mos_norm *plan, const void *x, const void *y, const void *dy,
    const void *dy2, const void *gamma, const void *beta, const void *mean, const void *rstd,
    void *dx, void *dskip, void *dgamma, void *dbeta, const uint8_t *present),
   plan, {R(x), R(y), R(dy), R(dy2), R(gamma), R(beta), R(mean), R(rstd)},
   {R(dx), R(dskip), R(dgamma), R(dbeta)}, R(present))
OP(norm_infer, mos_norm *plan; const void *p[6]; void *y;,
   (to, a->plan, a->p[0], a->p[1], a->p[2], a->p[3], a->p[4], a->p[5], a->y),
   (mos_device *device, mos_norm *plan, const void *x, const void *skip, const void *gamma,
    const void *beta, const void *running_mean, const void *running_var, void *y),
   plan, {R(x), R(skip), R(gamma), R(beta), R(running_mean), R(running_var)}, R(y))
OP(pool_forward, mos_pool *plan; const void *x; void *y; void *index;,
   (to, a->plan, a->x, a->y, a->index),
   (mos_device *device, mos_pool *plan, const void *x, void *y, void *index),
   plan, R(x), R(y), R(index))
OP(pool_backward, mos_pool *plan; const void *dy; const void *dy2; const void *index; void *dx;,
   (to, a->plan, a->dy, a->dy2, a->index, a->dx),
   (mos_device *device, mos_pool *plan, const void *dy, const void *dy2, const void *index, void *dx),
   plan, R(dy), R(dy2), R(index), R(dx))
OP(mean_forward, int64_t n; int64_t c; int64_t h; int64_t w; const void *x; void *y;,
   (to, a->n, a->c, a->h, a->w, a->x, a->y),
   (mos_device *device, int64_t n, int64_t c, int64_t h, int64_t w, const void *x, void *y),
   n, c, h, w, R(x), R(y))
OP(mean_backward, int64_t n; int64_t c; int64_t h; int64_t w; const void *dy; void *dx;,
   (to, a->n, a->c, a->h, a->w, a->dy, a->dx),
   (mos_device *device, int64_t n, int64_t c, int64_t h, int64_t w, const void *dy, void *dx),
   n, c, h, w, R(dy), R(dx))
OP(linear_forward, int64_t n; int64_t i; int64_t o; const void *x; int64_t xs; const void *w; const void *b; void *y; int64_t ys;,
   (to, a->n, a->i, a->o, a->x, a->xs, a->w, a->b, a->y, a->ys),
   (mos_device *device, int64_t n, int64_t i, int64_t o, const void *x, int64_t x_stride,
    const void *w, const void *b, void *y, int64_t y_stride),
   n, i, o, R(x), x_stride, R(w), R(b), R(y), y_stride)
OP(linear_backward, int64_t n; int64_t i; int64_t o; const void *x; int64_t xs; const void *w; const void *dy; int64_t dys; void *dx; int64_t dxs; bool accumulate; void *dw; void *db;,
   (to, a->n, a->i, a->o, a->x, a->xs, a->w, a->dy, a->dys, a->dx, a->dxs, a->accumulate, a->dw, a->db),
   (mos_device *device, int64_t n, int64_t i, int64_t o, const void *x, int64_t x_stride,
    const void *w, const void *dy, int64_t dy_stride, void *dx, int64_t dx_stride, bool accumulate,
    void *dw, void *db),
   n, i, o, R(x), x_stride, R(w), R(dy), dy_stride, R(dx), dx_stride, accumulate, R(dw), R(db))
OP(unit_forward, int64_t n; int64_t d; const void *x; void *y; void *norms;,
   (to, a->n, a->d, a->x, a->y, a->norms),
   (mos_device *device, int64_t n, int64_t d, const void *x, void *y, void *norms),
   n, d, R(x), R(y), R(norms))
OP(unit_backward, int64_t n; int64_t d; const void *y; const void *norms; const void *dy; void *dx;,
   (to, a->n, a->d, a->y, a->norms, a->dy, a->dx),
   (mos_device *device, int64_t n, int64_t d, const void *y, const void *norms, const void *dy, void *dx),
   n, d, R(y), R(norms), R(dy), R(dx))
OP(columns, int64_t rows; int64_t cols; const void *from; int64_t fs; void *x; int64_t xs; bool add;,
   (to, a->rows, a->cols, a->from, a->fs, a->x, a->xs, a->add),
   (mos_device *device, int64_t rows, int64_t cols, const void *from, int64_t from_stride, void *x,
    int64_t x_stride, bool add),
   rows, cols, R(from), from_stride, R(x), x_stride, add)
OP(mask_rows, int64_t rows; int64_t cols; void *x; int64_t stride; const uint8_t *present;,
   (to, a->rows, a->cols, a->x, a->stride, a->present),
   (mos_device *device, int64_t rows, int64_t cols, void *x, int64_t stride, const uint8_t *present),
   rows, cols, R(x), stride, R(present))
OP(gather_rows, int64_t rows; int64_t cols; const void *from; const int32_t *index; void *x;,
   (to, a->rows, a->cols, a->from, a->index, a->x),
   (mos_device *device, int64_t rows, int64_t cols, const void *from, const int32_t *index, void *x),
   rows, cols, R(from), R(index), R(x))
#define ROWS {rows->modalities, rows->n, rows->d, R(rows->present)}
OP(gate_forward, mos_modal_rows rows; void *v; void *g; void *y;,
   (to, &a->rows, a->v, a->g, a->y),
   (mos_device *device, const mos_modal_rows *rows, void *v, void *g, void *y),
   ROWS, R(v), R(g), R(y))
OP(gate_backward, mos_modal_rows rows; void *t; void *g; const void *dy;,
   (to, &a->rows, a->t, a->g, a->dy),
   (mos_device *device, const mos_modal_rows *rows, void *t, void *g, const void *dy),
   ROWS, R(t), R(g), R(dy))
OP(product_forward, mos_modal_rows rows; int64_t rank; const void *f; void *y;,
   (to, &a->rows, a->rank, a->f, a->y),
   (mos_device *device, const mos_modal_rows *rows, int64_t rank, const void *f, void *y),
   ROWS, rank, R(f), R(y))
OP(product_backward, mos_modal_rows rows; int64_t rank; void *f; const void *dy;,
   (to, &a->rows, a->rank, a->f, a->dy),
   (mos_device *device, const mos_modal_rows *rows, int64_t rank, void *f, const void *dy),
   ROWS, rank, R(f), R(dy))
OP(attend_forward, mos_modal_rows rows; int64_t heads; const void *q; const void *k; const void *v; void *p; void *y;,
   (to, &a->rows, a->heads, a->q, a->k, a->v, a->p, a->y),
   (mos_device *device, const mos_modal_rows *rows, int64_t heads, const void *q, const void *k,
    const void *v, void *p, void *y),
   ROWS, heads, R(q), R(k), R(v), R(p), R(y))
OP(attend_backward, mos_modal_rows rows; int64_t heads; const void *q; const void *k; const void *v; const void *p; const void *dy; void *dq; void *dk; void *dv;,
   (to, &a->rows, a->heads, a->q, a->k, a->v, a->p, a->dy, a->dq, a->dk, a->dv),
   (mos_device *device, const mos_modal_rows *rows, int64_t heads, const void *q, const void *k,
    const void *v, const void *p, const void *dy, void *dq, void *dk, void *dv),
   ROWS, heads, R(q), R(k), R(v), R(p), R(dy), R(dq), R(dk), R(dv))
OP(blend_forward, mos_modal_rows rows; const void *x; void *y;, (to, &a->rows, a->x, a->y),
   (mos_device *device, const mos_modal_rows *rows, const void *x, void *y), ROWS, R(x), R(y))
OP(blend_backward, mos_modal_rows rows; const void *dy; void *dx;, (to, &a->rows, a->dy, a->dx),
   (mos_device *device, const mos_modal_rows *rows, const void *dy, void *dx), ROWS, R(dy), R(dx))
OP(bce, int64_t n; int64_t l; const void *logits; const float *targets; const double *weight; double scale; void *dlogits; mos_bce_result *result;,
   (to, a->n, a->l, a->logits, a->targets, a->weight, a->scale, a->dlogits, a->result),
   (mos_device *device, int64_t n, int64_t l, const void *logits, const float *targets,
    const double *weight, double scale, void *dlogits, mos_bce_result *result),
   n, l, R(logits), R(targets), R(weight), scale, R(dlogits), R(result))
OP(optimize, mos_optimizer_step step; const mos_segment_range *segments; int64_t count; void *params; const void *grads; void *m; void *v;,
   (to, &a->step, a->segments, a->count, a->params, a->grads, a->m, a->v),
   (mos_device *device, const mos_optimizer_step *step, const mos_segment_range *segments,
    int64_t count, void *params, const void *grads, void *m, void *v),
   *step, segments, count, R(params), R(grads), R(m), R(v))
OP(measure, const void *x; int64_t count; mos_measure_result *result;,
   (to, a->x, a->count, a->result),
   (mos_device *device, const void *x, int64_t count, mos_measure_result *result),
   R(x), count, R(result))

static mos_contrast inner_problem(const mos_contrast *problem) {
    mos_contrast inner = *problem;
    inner.self = R(problem->self);
    inner.partner = R(problem->partner);
    inner.anchor_labels = R(problem->anchor_labels);
    inner.reference_labels = R(problem->reference_labels);
    inner.anchor_present = R(problem->anchor_present);
    inner.reference_present = R(problem->reference_present);
    return inner;
}

typedef struct contrast_record {
    mos_contrast problem;
    const void *za, *zr;
    double scale;
    void *dza, *dzr, *scratch;
    mos_contrast_result *result;
} contrast_record;

static void run_contrast(mos_device *to, const void *arguments, const void *extra) {
    const contrast_record *a = arguments;
    (void)extra;
    to->ops->contrast(to, &a->problem, a->za, a->zr, a->scale, a->dza, a->dzr, a->scratch, a->result);
}
/* clang-format on */

static void d_contrast(mos_device *device, const mos_contrast *problem, const void *za,
                       const void *zr, double scale, void *dza, void *dzr, void *scratch,
                       mos_contrast_result *result) {
    const contrast_record values = {
        inner_problem(problem), R(za), R(zr), scale, R(dza), R(dzr), R(scratch), R(result)};
    note(device, "contrast", run_contrast, &values, sizeof values, NULL, 0);
}

/* A problem that is only measured may have no tables yet. */
static size_t d_contrast_bytes(mos_device *device, const mos_contrast *problem) {
    mos_device *inner = &of(device)->inner;
    return inner->ops->contrast_bytes(inner, problem);
}

static const mos_backend entries = {
    .open = d_open,
    .close = d_close,
    .settle = d_settle,
    .alloc = d_alloc,
    .free = d_free,
    .host_alloc = d_host_alloc,
    .host_free = d_host_free,
    .zero = d_zero,
    .copy = d_copy,
    .put_f32 = d_put_f32,
    .get_f32 = d_get_f32,
    .put_f64 = d_put_f64,
    .get_f64 = d_get_f64,
    .put_bytes = d_put_bytes,
    .get_bytes = d_get_bytes,
    .act_bytes = d_act_bytes,
    .put_act = d_put_act,
    .get_act = d_get_act,
    .image_bytes = d_image_bytes,
    .image_load = d_image_load,
    .conv_create = d_conv_create,
    .conv_destroy = d_conv_destroy,
    .conv_fold = d_conv_fold,
    .conv_forward = d_conv_forward,
    .conv_backward_data = d_conv_backward_data,
    .conv_backward_weights = d_conv_backward_weights,
    .norm_create = d_norm_create,
    .norm_destroy = d_norm_destroy,
    .norm_forward = d_norm_forward,
    .norm_again = d_norm_again,
    .norm_backward = d_norm_backward,
    .norm_infer = d_norm_infer,
    .pool_create = d_pool_create,
    .pool_destroy = d_pool_destroy,
    .pool_forward = d_pool_forward,
    .pool_backward = d_pool_backward,
    .mean_forward = d_mean_forward,
    .mean_backward = d_mean_backward,
    .linear_forward = d_linear_forward,
    .linear_backward = d_linear_backward,
    .unit_forward = d_unit_forward,
    .unit_backward = d_unit_backward,
    .columns = d_columns,
    .mask_rows = d_mask_rows,
    .gather_rows = d_gather_rows,
    .gate_forward = d_gate_forward,
    .gate_backward = d_gate_backward,
    .product_forward = d_product_forward,
    .product_backward = d_product_backward,
    .attend_forward = d_attend_forward,
    .attend_backward = d_attend_backward,
    .blend_forward = d_blend_forward,
    .blend_backward = d_blend_backward,
    .contrast_bytes = d_contrast_bytes,
    .contrast = d_contrast,
    .bce = d_bce,
    .optimize = d_optimize,
    .measure = d_measure,
};

/* ---- under which devices ---- */

static char wanted[32]; /* a backend's name, "": all */

static const mos_backend *decorate(const mos_backend *inner) {
    if (wanted[0] != '\0' && strcmp(wanted, inner->name) != 0) return inner;
    for (decorated *it = known; it < known + sizeof known / sizeof *known; it++) {
        if (it->inner != NULL && strcmp(it->inner->name, inner->name) != 0) continue;
        it->inner = inner;
        it->table = entries;
        it->table.name = inner->name;
        it->table.count = inner->count;
        it->table.conv_info = inner->conv_info;
        it->table.conv_algorithms = inner->conv_algorithms;
        return &it->table;
    }
    die("open", "too many backends");
    return NULL;
}

void support_delay(const char *what) {
    const char *name = what == NULL ? NULL : strchr(what, ':');
    (void)snprintf(wanted, sizeof wanted, "%s", name == NULL ? "" : name + 1);
    mos_device_decorate(what == NULL ? NULL : decorate);
}

void support_delayed_fail_at(int64_t n) {
    atomic_store(&fails_at, n == 0 ? 0 : atomic_load(&ran) + n);
}

int64_t support_delayed_ops(void) {
    return atomic_load(&ran);
}

__attribute__((constructor)) static void start(void) {
    const char *what = getenv("MOSAIC_TEST_DEVICE");
    if (what != NULL && strncmp(what, "delayed", 7) == 0) support_delay(what);
}
