/* Every convolution of an encoder's step, by direction and number format: implementation, share of
 * the roof, and how it stands to the library's direct one; the table of choices from the same
 * measurements. */
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/rng_noise.h"
#include "base/simd.h"
#include "bench/bench_list.h"
#include "compute/device.h"
#include "model/resnet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIRECTIONS = 3, MOST_LAYERS = 32, TABLE_BYTES = 1 << 22 };
/* Algorithms by number: what the backend stores, its first one, its others. */
enum { AUTO, DIRECT, MOST_ALGORITHMS = 16 };
static const char *const direction_names[DIRECTIONS] = {"FORWARD", "BACKWARD_DATA",
                                                        "BACKWARD_WEIGHTS"};

typedef struct conv_layer {
    mos_device *device; /* of its number format */
    mos_conv_shape shape;
    char name[48];
    int64_t oh, ow;
    /* dx is a buffer of its own: a data gradient that is computed again and again in place would
     * overflow */
    void *x, *y, *dx, *weights, *dw, *workspace;
    size_t workspace_bytes;
    mos_conv *plan[MOST_ALGORITHMS];
    double flops; /* of one direction */
    int passes;   /* of this shape through the encoders of a step */
} conv_layer;

typedef struct conv_case {
    conv_layer *layer;
    int algorithm, direction, repeats;
    const char *implementation;
} conv_case;

typedef struct conv_work {
    mos_device *device[2]; /* bf16 where there is one, fp32 */
    conv_layer layers[2 * MOST_LAYERS];
    int layer_count;
    conv_case cases[MOS_BENCH_MAX_CASES];
    mos_bench_run *run;
} conv_work;

/* How many numbers there are. */
static int algorithms(const mos_device *device) {
    int count = DIRECT;
    while (count < MOST_ALGORITHMS && device->ops->conv_algorithms[count - 1] != NULL)
        count++;
    return count;
}

static const char *name_of(const mos_conv_info *info, int direction) {
    return direction == 0   ? info->forward
           : direction == 1 ? info->backward_data
                            : info->backward_weights;
}

static mosaic_status run_case(void *context, double *seconds) {
    const conv_case *c = context;
    conv_layer *l = c->layer;
    const mos_backend *ops = l->device->ops;
    mos_conv *plan = l->plan[c->algorithm];
    int64_t start = mos_now_ns();
    for (int i = 0; i < c->repeats; i++) {
        if (c->direction == 0)
            ops->conv_forward(l->device, plan, l->x, l->weights, l->y, l->workspace);
        else if (c->direction == 1)
            ops->conv_backward_data(l->device, plan, l->weights, l->y, l->dx, l->workspace);
        else
            ops->conv_backward_weights(l->device, plan, l->x, l->y, l->dw, l->workspace);
    }
    mosaic_status status = mos_settle(l->device);
    *seconds = (double)(mos_now_ns() - start) * 1e-9 / c->repeats;
    return status;
}

/* Random numbers of a size that keeps sums ordinary, from a stream of its own. */
static mosaic_status fill(conv_layer *l, void *to, int64_t n, int64_t c, int64_t h, int64_t w,
                          bool image, bool weights) {
    size_t count = (size_t)(n * c * h * w);
    float *values = NULL;
    double *wide = NULL;
    mosaic_status status = MOSAIC_OK;
    mos_rng stream = mos_rng_at(4, MOS_RNG_TEST, (uint32_t)c, (uint64_t)h, weights);
    MOS_GOTO(mos_alloc(count, sizeof *values, "numbers", &values));
    mos_rng_fill_noise(&stream, values, count);
    if (weights) {
        l->device->ops->put_f32(l->device, to, values, (int64_t)count);
    } else if (image) {
        l->device->ops->image_load(l->device, to, values, n, c, h, w);
        MOS_GOTO(mos_settle(l->device));
    } else {
        MOS_GOTO(mos_alloc(count, sizeof *wide, "numbers", &wide));
        for (size_t i = 0; i < count; i++)
            wide[i] = (double)values[i];
        l->device->ops->put_act(l->device, to, wide, n, c, h, w);
    }
done:
    mos_free(values);
    mos_free(wide);
    return status;
}

static mosaic_status make_buffers(conv_layer *l) {
    const mos_conv_shape *s = &l->shape;
    const mos_backend *ops = l->device->ops;
    size_t weights = (size_t)(s->co * s->ci * s->kernel * s->kernel) * l->device->real_bytes;
    size_t input = s->image ? ops->image_bytes(l->device, s->n, s->ci, s->h, s->w)
                            : ops->act_bytes(l->device, s->n, s->ci, s->h, s->w);
    MOS_TRY(ops->alloc(l->device, input, &l->x));
    MOS_TRY(ops->alloc(l->device, input, &l->dx));
    MOS_TRY(ops->alloc(l->device, ops->act_bytes(l->device, s->n, s->co, l->oh, l->ow), &l->y));
    MOS_TRY(ops->alloc(l->device, weights, &l->weights));
    MOS_TRY(ops->alloc(l->device, weights, &l->dw));
    MOS_TRY(ops->alloc(l->device, l->workspace_bytes, &l->workspace));
    MOS_TRY(fill(l, l->x, s->n, s->ci, s->h, s->w, s->image, false));
    MOS_TRY(fill(l, l->y, s->n, s->co, l->oh, l->ow, false, false));
    return fill(l, l->weights, s->co, s->ci, s->kernel, s->kernel, false, true);
}

/* A case for every direction whose implementation no earlier algorithm of the layer has. */
static mosaic_status add_cases(conv_work *work, conv_layer *l, int algorithm, int repeats) {
    mos_conv_info info;
    l->device->ops->conv_info(l->plan[algorithm], &info);
    for (int d = 0; d < DIRECTIONS; d++) {
        const char *implementation = name_of(&info, d);
        bool known = implementation[0] == 0;
        for (int i = 0; i < work->run->count; i++) {
            const conv_case *other = &work->cases[i];
            known = known || (other->layer == l && other->direction == d &&
                              strcmp(other->implementation, implementation) == 0);
        }
        if (known) continue;
        conv_case *added = &work->cases[work->run->count];
        *added = (conv_case){.layer = l,
                             .algorithm = algorithm,
                             .direction = d,
                             .repeats = repeats,
                             .implementation = implementation};
        MOS_TRY(mos_bench_add(work->run, l->name, run_case, added));
    }
    return MOSAIC_OK;
}

/* Of the device's layers; NULL: it is new. */
static conv_layer *find_layer(conv_work *work, const mos_device *device,
                              const mos_conv_shape *shape) {
    for (int i = 0; i < work->layer_count; i++) {
        conv_layer *l = &work->layers[i];
        const mos_conv_shape *s = &l->shape;
        if (l->device == device && s->ci == shape->ci && s->h == shape->h && s->w == shape->w &&
            s->co == shape->co && s->kernel == shape->kernel && s->stride == shape->stride)
            return l;
    }
    return NULL;
}

/* One more pass through a layer. */
static mosaic_status add_layer(const mos_bench_settings *settings, conv_work *work,
                               mos_device *device, int passes, mos_conv_shape shape) {
    conv_layer *l = find_layer(work, device, &shape);
    mos_conv_info info;
    if (l != NULL) {
        l->passes += passes;
        return MOSAIC_OK;
    }
    if (work->layer_count == 2 * MOST_LAYERS)
        return mos_fail(MOSAIC_ERR_RUNTIME, "bench conv: more than %d layers", 2 * MOST_LAYERS);
    l = &work->layers[work->layer_count++];
    shape.n = settings->batch;
    shape.train = true;
    l->device = device;
    l->shape = shape;
    l->passes = passes;
    bool bf16 = device->precision == MOS_PRECISION_BF16;
    (void)snprintf(l->name, sizeof l->name, "%s %lldx%lld/%lld %lld to %lld at %lldx%lld",
                   bf16 ? "bf16" : "fp32", (long long)shape.kernel, (long long)shape.kernel,
                   (long long)shape.stride, (long long)shape.ci, (long long)shape.co,
                   (long long)shape.h, (long long)shape.w);
    for (int a = 0; a < algorithms(device); a++) {
        bool wanted = a <= DIRECT || (settings->table && settings->table[0]);
        if (!wanted) continue;
        shape.algorithm = a == AUTO ? NULL : device->ops->conv_algorithms[a - 1];
        MOS_TRY(device->ops->conv_create(device, &shape, &l->plan[a]));
        device->ops->conv_info(l->plan[a], &info);
        if (info.workspace_bytes > l->workspace_bytes) l->workspace_bytes = info.workspace_bytes;
        MOS_TRY(add_cases(work, l, a, settings->quick ? 1 : 2));
    }
    l->oh = info.oh;
    l->ow = info.ow;
    l->flops =
        2.0 * (double)(shape.n * l->oh * l->ow * shape.ci * shape.co * shape.kernel * shape.kernel);
    return make_buffers(l);
}

/* The convolutions of one residual block of both encoders; moves `in` on to what follows it. */
static mosaic_status add_block(const mos_bench_settings *settings, conv_work *work,
                               mos_device *device, const mos_block_kind *kind, int64_t width,
                               int64_t stride, mos_conv_shape *in) {
    const mos_conv_shape first = *in;
    const int64_t outputs = width * kind->widen[kind->units - 1];
    for (int u = 0; u < kind->units; u++) {
        in->co = width * kind->widen[u];
        in->kernel = kind->kernel[u];
        in->pad = in->kernel / 2;
        in->stride = u == kind->strided ? stride : 1;
        MOS_TRY(add_layer(settings, work, device, 2, *in));
        in->h = in->w = (in->h + in->stride - 1) / in->stride;
        in->ci = in->co;
    }
    if (stride == 1 && first.ci == outputs) return MOSAIC_OK;
    return add_layer(settings, work, device, 2,
                     (mos_conv_shape){.ci = first.ci,
                                      .h = first.h,
                                      .w = first.w,
                                      .co = outputs,
                                      .kernel = 1,
                                      .stride = stride});
}

static mosaic_status add_network(const mos_bench_settings *settings, conv_work *work,
                                 mos_device *device) {
    const mos_resnet_shape *encoder = mos_resnet_shape_of((mos_encoder_kind)settings->encoder);
    if (encoder == NULL)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "the layers of encoder '%s' are not known to this benchmark",
                        mos_encoder_names[settings->encoder]);
    const int64_t size = settings->size, side = ((size + 1) / 2 + 1) / 2;
    mos_conv_shape in = {.ci = encoder->width, .h = side, .w = side};
    for (int64_t bands = 2; bands <= 12; bands += 10)
        MOS_TRY(add_layer(settings, work, device, 1,
                          (mos_conv_shape){.ci = bands,
                                           .h = size,
                                           .w = size,
                                           .co = encoder->width,
                                           .kernel = 7,
                                           .stride = 2,
                                           .pad = 3,
                                           .image = true}));
    for (int stage = 0; stage < 4; stage++)
        for (int k = 0; k < encoder->depth[stage]; k++)
            MOS_TRY(add_block(settings, work, device, encoder->block, encoder->width << stage,
                              stage > 0 && k == 0 ? 2 : 1, &in));
    return MOSAIC_OK;
}

/* The case of the same layer and direction with another algorithm; -1: its implementation is that
 * of an earlier one. */
static int find_case(const conv_work *work, int number, int algorithm) {
    const conv_case *c = &work->cases[number];
    for (int i = 0; i < work->run->count; i++)
        if (work->cases[i].layer == c->layer && work->cases[i].direction == c->direction &&
            work->cases[i].algorithm == algorithm)
            return i;
    return -1;
}

static void report_cases(const conv_work *work, mos_bench_report *report) {
    for (int i = 0; i < work->run->count; i++) {
        const conv_case *c = &work->cases[i];
        bool bf16 = c->layer->device->precision == MOS_PRECISION_BF16;
        double seconds = mos_bench_median(work->run, i), gflops = 1e-9 * c->layer->flops / seconds;
        int direct = find_case(work, i, DIRECT);
        mos_bench_row(report, c->layer->name);
        mos_bench_text(report, "direction", direction_names[c->direction]);
        mos_bench_text(report, "used", c->algorithm == AUTO ? "yes" : "no");
        mos_bench_number(report, "ms", 1e3 * seconds, 3);
        mos_bench_number(report, "gflops", gflops, 1);
        mos_bench_number(report, "share_of_roof", gflops / mos_bench_roof(work->run, bf16), 3);
        mos_bench_number(report, "times_direct",
                         direct < 0 ? 1 : mos_bench_ratio(work->run, i, direct), 2);
        mos_bench_text(report, "implementation", c->implementation);
    }
}

/* Whether a line of the table is one of `lines`, whatever algorithm it names. */
static bool is_replaced(const char *line, size_t size, const mos_text *lines) {
    size_t key = size;
    while (key > 0 && line[key - 1] != ',')
        key--;
    for (const char *at = lines->data; key > 0 && at && *at;) {
        const size_t length = strcspn(at, "\n");
        if (length >= key && memcmp(at, line, key) == 0) return true;
        at += length + (at[length] == '\n');
    }
    return false;
}

/* The lines of what was not measured now, but for the closing one. */
static void keep_lines(const char *old, const mos_text *lines, mos_text *out) {
    for (const char *line = old; line && *line;) {
        size_t size = strcspn(line, "\n");
        bool closing = strncmp(line, "/* clang-format on", 18) == 0;
        if (!closing && !is_replaced(line, size, lines)) {
            mos_text_add_bytes(out, line, size);
            mos_text_add(out, "\n");
        }
        line += size + (line[size] == '\n');
    }
}

/* Time of all convolutions of a step in a case's precision, as chosen now. */
static double step_seconds(const conv_work *work, const conv_case *of) {
    double sum = 0;
    for (int i = 0; i < work->run->count; i++) {
        const conv_case *c = &work->cases[i];
        if (c->algorithm == AUTO && c->layer->device == of->layer->device)
            sum += c->layer->passes * mos_bench_median(work->run, i);
    }
    return sum;
}

/* The fastest algorithm. But the one in use stays when the fastest saves no more than repetitions
 * differ by, or next to nothing of a step; where that one is our own, it makes no heap calls. */
static int find_winner(const conv_work *work, int used) {
    const double margin = 1.03, least = 0.005 * step_seconds(work, &work->cases[used]);
    const double now = mos_bench_median(work->run, used);
    int best = used;
    double lead = margin;
    for (int a = DIRECT; a < MOST_ALGORITHMS; a++) {
        int other = find_case(work, used, a);
        if (other < 0) continue;
        double ratio = mos_bench_ratio(work->run, other, used);
        if (ratio > lead && work->cases[used].layer->passes * now * (1 - 1 / ratio) > least) {
            lead = ratio;
            best = other;
        }
    }
    return best;
}

/* What a new table would gain: the time of a step's convolutions as chosen now, and with the winners. */
static void report_choice(const conv_work *work, mos_bench_report *report) {
    static const char *const keys[2] = {"fp32_step", "bf16_step"};
    for (int bf16 = 0; bf16 < 2; bf16++) {
        double now = 0, best = 0;
        int others = 0;
        for (int i = 0; i < work->run->count; i++) {
            const conv_layer *l = work->cases[i].layer;
            const int winner = find_winner(work, i);
            if (work->cases[i].algorithm != AUTO) continue;
            if ((l->device->precision == MOS_PRECISION_BF16) != (bf16 == 1)) continue;
            now += l->passes * mos_bench_median(work->run, i);
            best += l->passes * mos_bench_median(work->run, winner);
            others += winner != i;
        }
        if (now > 0)
            mos_bench_fact(report, keys[bf16],
                           "convolutions as chosen now %.1f ms, by the table %.1f ms (%d others)",
                           1e3 * now, 1e3 * best, others);
    }
}

/* A case that AUTO chose has that name; which algorithm it is says the plan of the same name. */
static const char *algorithm_of(const conv_case *c) {
    const char *const *names = c->layer->device->ops->conv_algorithms;
    if (c->algorithm != AUTO) return names[c->algorithm - 1];
    for (int a = algorithms(c->layer->device) - 1; a > DIRECT; a--) {
        mos_conv_info info;
        c->layer->device->ops->conv_info(c->layer->plan[a], &info);
        if (strcmp(name_of(&info, c->direction), c->implementation) == 0) {
            mos_conv_info direct;
            c->layer->device->ops->conv_info(c->layer->plan[DIRECT], &direct);
            bool fell_back = strcmp(name_of(&direct, c->direction), c->implementation) == 0;
            if (!fell_back) return names[a - 1];
        }
    }
    return names[DIRECT - 1];
}

static mosaic_status write_table(const conv_work *work, const char *path) {
    char processor[MOS_PROCESSOR_NAME], *old = NULL;
    mos_text lines = {0}, text = {0};
    size_t size;
    mosaic_status status = MOSAIC_OK;
    mos_processor_name(processor);
    if (mos_path_exists(path)) MOS_TRY(mos_file_read(path, TABLE_BYTES, &old, &size));
    if (old == NULL)
        mos_text_add(&text, "/* Measured choices of convolution algorithms. */\n"
                            "/* clang-format off */\n");
    for (int i = 0; i < work->run->count; i++) {
        const conv_case *c = &work->cases[i];
        const mos_conv_shape *s = &c->layer->shape;
        if (c->algorithm != AUTO) continue;
        const conv_case *winner = &work->cases[find_winner(work, i)];
        mos_text_add(&lines, "CHOICE(\"%s\", %d, %d, %lld, %lld, %lld, %lld, %lld, %lld, %s, %s)\n",
                     processor, work->run->threads,
                     c->layer->device->precision == MOS_PRECISION_BF16, (long long)s->ci,
                     (long long)s->h, (long long)s->w, (long long)s->co, (long long)s->kernel,
                     (long long)s->stride, direction_names[c->direction], algorithm_of(winner));
    }
    keep_lines(old, &lines, &text);
    if (lines.data) mos_text_add(&text, "%s", lines.data);
    mos_text_add(&text, "/* clang-format on */\n");
    if (text.failed || lines.failed)
        status = mos_fail_memory(text.size, "table of choices");
    else
        status = mos_atomic_write(path, text.data, text.size);
    mos_free(old);
    mos_text_release(&lines);
    mos_text_release(&text);
    return status;
}

static mosaic_status open_devices(const mos_bench_settings *settings, conv_work *work) {
    MOS_TRY(mos_device_open("cpu", MOS_PRECISION_BF16, settings->threads, &work->device[0]));
    if (work->device[0]->precision == MOS_PRECISION_FP32) return MOSAIC_OK;
    return mos_device_open("cpu", MOS_PRECISION_FP32, settings->threads, &work->device[1]);
}

static void release(conv_work *work) {
    for (int i = 0; i < work->layer_count; i++) {
        conv_layer *l = &work->layers[i];
        for (int a = 0; a < MOST_ALGORITHMS; a++)
            if (l->plan[a] != NULL) l->device->ops->conv_destroy(l->device, &l->plan[a]);
        void *buffers[] = {l->x, l->y, l->dx, l->weights, l->dw, l->workspace};
        for (size_t k = 0; k < sizeof buffers / sizeof *buffers; k++)
            l->device->ops->free(l->device, buffers[k]);
    }
    mos_device_close(&work->device[0]);
    mos_device_close(&work->device[1]);
    mos_bench_destroy(&work->run);
    mos_free(work);
}

mosaic_status mos_conv_bench(const mos_bench_settings *settings, mos_bench_report *report) {
    conv_work *work;
    mosaic_status status = MOSAIC_OK;
    MOS_TRY(mos_alloc(1, sizeof *work, "benchmark", &work));
    MOS_GOTO(mos_bench_create("bench conv", settings->threads, settings->rounds, &work->run));
    MOS_GOTO(open_devices(settings, work));
    for (int d = 0; d < 2 && work->device[d]; d++)
        MOS_GOTO(add_network(settings, work, work->device[d]));
    MOS_GOTO(mos_bench_measure(work->run));
    mos_bench_steadiness(report, work->run);
    mos_bench_fact_number(report, "batch", (double)settings->batch, 0);
    report_cases(work, report);
    if (settings->table && settings->table[0]) {
        report_choice(work, report);
        if (report->unsteady && !settings->quick)
            mos_log(MOS_LOG_NOTICE, "bench conv: the roof moved: no table is written");
        else
            MOS_GOTO(write_table(work, settings->table));
    }
done:
    release(work);
    return status;
}
