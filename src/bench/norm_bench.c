/* Batch norm with ReLU and the sum of a block's end, against copying the bytes it cannot avoid. */
#include "base/log.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/thread.h"
#include "bench/bench_list.h"
#include "compute/device.h"

#include <stdio.h>
#include <string.h>

enum { STAGES = 5, FORWARD, BACKWARD, COPY, WAYS = 3 };

typedef struct norm_stage {
    mos_device *device;
    mos_norm_shape shape;
    mos_norm *plan;
    void *x, *y, *skip, *dy, *dx; /* act */
    void *gamma, *beta, *mean, *rstd, *run_mean, *run_var, *dgamma,
        *dbeta;   /* real [groups, c] at most */
    size_t bytes; /* of an activation */
    int repeats;
} norm_stage;

typedef struct norm_case {
    norm_stage *stage;
    int way;
    double moved; /* activations read and written, at least */
} norm_case;

static void copy_part(void *context, int64_t begin, int64_t end, int thread) {
    const norm_stage *s = context;
    (void)thread;
    memcpy((char *)s->y + begin, (const char *)s->x + begin, (size_t)(end - begin));
}

static mosaic_status run_case(void *context, double *seconds) {
    const norm_case *c = context;
    norm_stage *s = c->stage;
    const mos_backend *ops = s->device->ops;
    int64_t start = mos_now_ns();
    for (int i = 0; i < s->repeats; i++) {
        if (c->way == FORWARD)
            ops->norm_forward(s->device, s->plan, s->x, s->skip, s->gamma, s->beta, s->run_mean,
                              s->run_var, s->mean, s->rstd, s->y, NULL);
        else if (c->way == BACKWARD)
            ops->norm_backward(s->device, s->plan, s->x, s->y, s->dy, NULL, s->gamma, s->beta,
                               s->mean, s->rstd, s->dx, s->skip, s->dgamma, s->dbeta, NULL);
        else
            mos_parallel_for(s->device->threads, (int64_t)s->bytes, copy_part, s);
    }
    mosaic_status status = mos_settle(s->device);
    *seconds = (double)(mos_now_ns() - start) * 1e-9 / s->repeats;
    return status;
}

static mosaic_status fill(norm_stage *s, void *act, uint32_t salt) {
    int64_t count = s->shape.n * s->shape.c * s->shape.h * s->shape.w;
    double *values;
    mos_rng rng = mos_rng_at(5, MOS_RNG_TEST, salt, (uint64_t)s->shape.c, 0);
    MOS_TRY(mos_alloc((size_t)count, sizeof *values, "numbers", &values));
    for (int64_t i = 0; i < count; i++)
        values[i] = (double)mos_rng_uniform(&rng) - 0.5;
    s->device->ops->put_act(s->device, act, values, s->shape.n, s->shape.c, s->shape.h, s->shape.w);
    mos_free(values);
    return MOSAIC_OK;
}

static mosaic_status make_stage(mos_device *device, norm_stage *s) {
    const mos_backend *ops = device->ops;
    const mos_norm_shape *shape = &s->shape;
    void **acts[] = {&s->x, &s->y, &s->skip, &s->dy, &s->dx};
    void **reals[] = {&s->gamma,    &s->beta,    &s->mean,   &s->rstd,
                      &s->run_mean, &s->run_var, &s->dgamma, &s->dbeta};
    s->device = device;
    s->bytes = ops->act_bytes(device, shape->n, shape->c, shape->h, shape->w);
    MOS_TRY(ops->norm_create(device, shape, &s->plan));
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        MOS_TRY(ops->alloc(device, s->bytes, acts[i]));
        MOS_TRY(fill(s, *acts[i], (uint32_t)i));
    }
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        MOS_TRY(
            ops->alloc(device, (size_t)(shape->groups * shape->c) * device->real_bytes, reals[i]));
    return MOSAIC_OK;
}

static void release_stage(norm_stage *s) {
    void *buffers[] = {s->x,    s->y,    s->skip,     s->dy,      s->dx,     s->gamma, s->beta,
                       s->mean, s->rstd, s->run_mean, s->run_var, s->dgamma, s->dbeta};
    if (s->device == NULL) return;
    s->device->ops->norm_destroy(s->device, &s->plan);
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        s->device->ops->free(s->device, buffers[i]);
}

static void report_rows(const mos_bench_run *run, const norm_case *cases,
                        mos_bench_report *report) {
    for (int i = 0; i < run->count; i++) {
        double seconds = mos_bench_median(run, i);
        double bytes = cases[i].moved * (double)cases[i].stage->bytes;
        /* Time that the same bytes take by copying, over the time taken. */
        double share = mos_bench_ratio(run, i, i / WAYS * WAYS + WAYS - 1) * cases[i].moved / 2;
        mos_bench_row(report, run->cases[i].name);
        mos_bench_number(report, "ms", 1e3 * seconds, 3);
        mos_bench_number(report, "gb_per_s", 1e-9 * bytes / seconds, 1);
        mos_bench_number(report, "share_of_copy", share, 2);
    }
}

mosaic_status mos_norm_bench(const mos_bench_settings *settings, mos_bench_report *report) {
    static const char *const names[WAYS] = {"forward", "backward", "copy"};
    static const double moved[WAYS] = {3, 5, 2}; /* x skip > y; x y dy > dx dskip; x > y */
    norm_stage stages[STAGES] = {{0}};
    norm_case cases[STAGES * WAYS];
    mos_device *device = NULL;
    mos_bench_run *run = NULL;
    mosaic_status status = MOSAIC_OK;
    int64_t side = settings->size / 2, width = 64;
    MOS_GOTO(mos_bench_create("bench bn", settings->threads, settings->rounds, &run));
    MOS_GOTO(
        mos_device_open("cpu", (mos_precision)settings->precision, settings->threads, &device));
    for (int s = 0; s < STAGES; s++) {
        stages[s].shape = (mos_norm_shape){.n = 2 * settings->batch,
                                           .c = width,
                                           .h = side,
                                           .w = side,
                                           .groups = 2,
                                           .relu = true,
                                           .skip = true,
                                           .train = true,
                                           .eps = 1e-5,
                                           .momentum = 0.1};
        stages[s].repeats = settings->quick ? 1 : 4;
        MOS_GOTO(make_stage(device, &stages[s]));
        for (int way = 0; way < WAYS; way++) {
            char name[96];
            (void)snprintf(name, sizeof name, "%lld channels at %lldx%lld, %s", (long long)width,
                           (long long)side, (long long)side, names[way]);
            cases[run->count] = (norm_case){&stages[s], FORWARD + way, moved[way]};
            MOS_GOTO(mos_bench_add(run, name, run_case, &cases[run->count]));
        }
        if (s > 0) width *= 2;
        side = (side + 1) / 2;
    }
    MOS_GOTO(mos_bench_measure(run));
    mos_bench_steadiness(report, run);
    mos_bench_fact(report, "device", "%s", device->description);
    mos_bench_fact_number(report, "batch", (double)settings->batch, 0);
    report_rows(run, cases, report);
done:
    for (int s = 0; s < STAGES; s++)
        release_stage(&stages[s]);
    mos_device_close(&device);
    mos_bench_destroy(&run);
    return status;
}
