#include "bench/step_bench.h"

#include "base/json_writer.h"
#include "base/log.h"
#include "base/memory.h"
#include "bench/encoder_work.h"
#include "bench/fma_roof.h"
#include "bench/peer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OURS = 2, MAX_PEERS = 6, MAX_MODES = OURS + MAX_PEERS, MAX_ROUNDS = 100, WARM_UP = 2 };
static const double drift_limit = 0.15;

typedef struct mode {
    char name[48];
    mos_synthetic_step *step; /* ours; NULL for a peer's */
    bool bf16;
    double seconds[MAX_ROUNDS];
} mode;

typedef struct bench {
    const mos_step_bench_options *options;
    mode modes[MAX_MODES];
    int count;
    mos_peer peer;
    char peer_note[400]; /* what the peer is, or why there is none */
    mos_roof roof[MAX_ROUNDS];
    int64_t rounds;
} bench;

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *values, int64_t count) {
    double sorted[MAX_ROUNDS];
    memcpy(sorted, values, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, compare_doubles);
    return count % 2 ? sorted[count / 2] : 0.5 * (sorted[count / 2 - 1] + sorted[count / 2]);
}

static double least(const double *values, int64_t count) {
    double best = values[0];
    for (int64_t i = 1; i < count; i++)
        best = fmin(best, values[i]);
    return best;
}

static double step_flops(const mos_step_setting *s) {
    double sum = 0;
    for (int64_t m = 0; m < s->modalities; m++)
        sum += mos_encoder_step_flops(s->encoder, true, s->bands[m], s->size);
    return sum * (double)(s->views * s->batch);
}

static mosaic_status add_ours(bench *b, mos_precision precision, const char *name) {
    mode *m = &b->modes[b->count];
    MOS_TRY(mos_synthetic_step_create("cpu", precision, b->options->threads, &b->options->setting,
                                      &m->step));
    if (precision == MOS_PRECISION_BF16 &&
        mos_synthetic_step_device(m->step)->precision != MOS_PRECISION_BF16) {
        mos_synthetic_step_destroy(&m->step); /* this processor has none; a notice was given */
        return MOSAIC_OK;
    }
    (void)snprintf(m->name, sizeof m->name, "mosaic %s", name);
    m->bf16 = precision == MOS_PRECISION_BF16;
    b->count++;
    return MOSAIC_OK;
}

static void join_modes(const mos_text_list *list, char *buffer, size_t size) {
    size_t used = 0;
    buffer[0] = 0;
    for (size_t i = 0; i < list->count && used < size; i++)
        used += (size_t)snprintf(buffer + used, size - used, "%s%s", i ? "," : "", list->items[i]);
}

/* Start the peer; without one the note says why. */
static void start_peer(bench *b) {
    const mos_step_bench_options *o = b->options;
    char modes[400], batch[24], size[24], bands[200] = "", classes[24], views[24], threads[24];
    size_t used = 0;
    if (!o->python || !o->python[0] || o->peer_modes->count == 0 || !o->peer_modes->items[0][0]) {
        (void)snprintf(b->peer_note, sizeof b->peer_note, "not asked for");
        return;
    }
    if (o->peer_modes->count > MAX_PEERS) {
        (void)snprintf(b->peer_note, sizeof b->peer_note, "more than %d modes asked for",
                       MAX_PEERS);
        return;
    }
    join_modes(o->peer_modes, modes, sizeof modes);
    (void)snprintf(batch, sizeof batch, "%lld", (long long)o->setting.batch);
    (void)snprintf(size, sizeof size, "%lld", (long long)o->setting.size);
    (void)snprintf(classes, sizeof classes, "%lld", (long long)o->setting.classes);
    (void)snprintf(views, sizeof views, "%lld", (long long)o->setting.views);
    (void)snprintf(threads, sizeof threads, "%d", o->threads);
    for (int64_t m = 0; m < o->setting.modalities; m++)
        used += (size_t)snprintf(bands + used, sizeof bands - used, "%s%lld", m ? "," : "",
                                 (long long)o->setting.bands[m]);
    const char *arguments[] = {o->python,
                               o->peer_server,
                               "--modes",
                               modes,
                               "--batch",
                               batch,
                               "--size",
                               size,
                               "--bands",
                               bands,
                               "--classes",
                               classes,
                               "--views",
                               views,
                               "--threads",
                               threads,
                               o->peer_module ? "--module" : NULL,
                               o->peer_module,
                               NULL};
    char *argv[sizeof arguments / sizeof *arguments];
    for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++)
        memcpy(&argv[i], &arguments[i], sizeof argv[i]);
    if (mos_peer_start(argv, &b->peer) != MOSAIC_OK) {
        (void)snprintf(b->peer_note, sizeof b->peer_note, "none: %.300s", mosaic_error());
        return;
    }
    (void)snprintf(b->peer_note, sizeof b->peer_note, "%s", b->peer.greeting);
    for (size_t i = 0; i < o->peer_modes->count; i++)
        (void)snprintf(b->modes[b->count++].name, sizeof b->modes[0].name, "%s",
                       o->peer_modes->items[i]);
}

static mosaic_status run_mode(bench *b, mode *m, double *seconds) {
    double loss;
    return m->step ? mos_synthetic_step_run(m->step, seconds, &loss)
                   : mos_peer_step(&b->peer, m->name, seconds);
}

/* Rounds of roof, mode, mode, ...: what is compared was measured within the same seconds. */
static mosaic_status run_rounds(bench *b) {
    double ignored;
    mos_progress progress;
    for (int i = 0; i < b->count; i++)
        for (int k = 0; k < WARM_UP; k++)
            MOS_TRY(run_mode(b, &b->modes[i], &ignored));
    mos_progress_begin(&progress, "bench step", b->options->rounds);
    mosaic_status status = MOSAIC_OK;
    for (b->rounds = 0; b->rounds < b->options->rounds && status == MOSAIC_OK;) {
        b->roof[b->rounds] = mos_roof_measure(b->options->threads, 60);
        for (int i = 0; i < b->count && status == MOSAIC_OK; i++)
            status = run_mode(b, &b->modes[i], &b->modes[i].seconds[b->rounds]);
        b->rounds += status == MOSAIC_OK;
        mos_progress_update(&progress, b->rounds);
    }
    mos_progress_end(&progress);
    return status;
}

static double roof_drift(const bench *b) {
    double low = INFINITY, high = 0;
    for (int64_t r = 0; r < b->rounds; r++) {
        low = fmin(low, b->roof[r].fp32_gflops);
        high = fmax(high, b->roof[r].fp32_gflops);
    }
    return high > 0 ? 1 - low / high : 1;
}

static double median_roof(const bench *b, bool bf16) {
    double values[MAX_ROUNDS];
    for (int64_t r = 0; r < b->rounds; r++)
        values[r] = bf16 ? b->roof[r].bf16_gflops : b->roof[r].fp32_gflops;
    return median(values, b->rounds);
}

/* Median over rounds of peer seconds / our seconds: above 1 we are faster. */
static double median_ratio(const bench *b, const mode *ours, const mode *peer) {
    double values[MAX_ROUNDS];
    for (int64_t r = 0; r < b->rounds; r++)
        values[r] = peer->seconds[r] / ours->seconds[r];
    return median(values, b->rounds);
}

typedef struct figures {
    double best_ms, median_ms, samples, gflops, share;
} figures;

static figures figures_of(const bench *b, const mode *m) {
    const mos_step_setting *s = &b->options->setting;
    double views = (double)(s->batch * s->views * s->modalities),
           middle = median(m->seconds, b->rounds);
    bool bf16 = m->step ? m->bf16 : strstr(m->name, "bf16") != NULL;
    figures f = {.best_ms = 1e3 * least(m->seconds, b->rounds) / views,
                 .median_ms = 1e3 * middle / views,
                 .samples = (double)s->batch / middle,
                 .gflops = step_flops(s) * 1e-9 / middle};
    double roof = median_roof(b, bf16);
    f.share = roof > 0 ? f.gflops / roof : NAN;
    return f;
}

static void add_layer(void *context, const char *layer, const char *direction,
                      const char *implementation) {
    mos_text_add(context, "  %-40s %-18s %s\n", layer, direction, implementation);
}

static void write_text(const bench *b, bool steady, mos_text *out) {
    const mos_step_setting *s = &b->options->setting;
    mos_text_add(out,
                 "mosaic %s step: batch %lld, %lld view sets, %lld px, %lld modalities, %d "
                 "threads, %lld rounds\n",
                 s->method, (long long)s->batch, (long long)s->views, (long long)s->size,
                 (long long)s->modalities, b->options->threads, (long long)b->rounds);
    mos_text_add(out, "peer: %s\n", b->peer_note);
    mos_text_add(out, "FMA roof: fp32 %.0f, bf16 %.0f GFLOP/s; moved by %.1f %%%s\n",
                 median_roof(b, false), median_roof(b, true), 100 * roof_drift(b),
                 steady ? "" : ": UNSTEADY, do not quote these figures");
    mos_text_add(out, "%-22s %12s %12s %11s %9s %7s\n", "mode", "best ms/view", "median",
                 "samples/s", "GFLOP/s", "roof");
    for (int i = 0; i < b->count; i++) {
        figures f = figures_of(b, &b->modes[i]);
        mos_text_add(out, "%-22s %12.2f %12.2f %11.2f %9.1f %6.1f%%\n", b->modes[i].name, f.best_ms,
                     f.median_ms, f.samples, f.gflops, 100 * f.share);
    }
    for (int i = 0; i < b->count; i++)
        for (int k = 0; k < b->count; k++)
            if (b->modes[i].step && !b->modes[k].step)
                mos_text_add(out, "%s is %.2fx %s\n", b->modes[i].name,
                             median_ratio(b, &b->modes[i], &b->modes[k]), b->modes[k].name);
    for (int i = 0; i < b->count; i++) {
        if (!b->modes[i].step) continue;
        mos_memory_report memory;
        mos_model_memory(mos_synthetic_step_model(b->modes[i].step), &memory);
        mos_text_add(out,
                     "%s memory: parameters %.1f, gradients %.1f, activations %.1f, packed %.1f, "
                     "workspace %.1f MB\n",
                     b->modes[i].name, (double)memory.parameters * 1e-6,
                     (double)memory.gradients * 1e-6, (double)memory.activations * 1e-6,
                     (double)memory.packed * 1e-6, (double)memory.workspace * 1e-6);
        if (!b->options->layers) continue;
        mos_text_add(out, "%s layers:\n", b->modes[i].name);
        mos_model_layers(mos_synthetic_step_model(b->modes[i].step), add_layer, out);
    }
}

static void write_json(const bench *b, bool steady, mos_text *out) {
    const mos_step_setting *s = &b->options->setting;
    mos_json json = {.flat = true};
    mos_json_open(&json, NULL, '{');
    mos_json_string(&json, "bench", "step");
    mos_json_string(&json, "method", s->method);
    mos_json_int(&json, "batch", s->batch);
    mos_json_int(&json, "views", s->views);
    mos_json_int(&json, "size", s->size);
    mos_json_int(&json, "threads", b->options->threads);
    mos_json_int(&json, "rounds", b->rounds);
    mos_json_string(&json, "peer", b->peer_note);
    mos_json_bool(&json, "steady", steady);
    mos_json_number(&json, "roof_fp32_gflops", median_roof(b, false));
    mos_json_number(&json, "roof_bf16_gflops", median_roof(b, true));
    mos_json_open(&json, "modes", '[');
    for (int i = 0; i < b->count; i++) {
        figures f = figures_of(b, &b->modes[i]);
        mos_json_open(&json, NULL, '{');
        mos_json_string(&json, "name", b->modes[i].name);
        mos_json_number(&json, "best_ms_per_view", f.best_ms);
        mos_json_number(&json, "median_ms_per_view", f.median_ms);
        mos_json_number(&json, "samples_per_second", f.samples);
        mos_json_number(&json, "share_of_roof", f.share);
        for (int k = 0; k < b->count; k++)
            if (b->modes[i].step && !b->modes[k].step)
                mos_json_number(&json, b->modes[k].name,
                                median_ratio(b, &b->modes[i], &b->modes[k]));
        mos_json_close(&json, '}');
    }
    mos_json_close(&json, ']');
    mos_json_close(&json, '}');
    if (mos_json_end(&json) == MOSAIC_OK)
        mos_text_add_bytes(out, json.text.data, json.text.size);
    else
        out->failed = true;
    mos_json_release(&json);
}

mosaic_status mos_step_bench(const mos_step_bench_options *options, mos_text *out) {
    bench *b = NULL;
    mosaic_status status = MOSAIC_OK;
    if (options->rounds < 3 || options->rounds > MAX_ROUNDS)
        return mos_fail(MOSAIC_ERR_USAGE, "--rounds: wanted 3 to %d, got %lld", MAX_ROUNDS,
                        (long long)options->rounds);
    MOS_GOTO(mos_alloc(1, sizeof *b, "benchmark", &b));
    b->options = options;
    if (options->bf16) MOS_GOTO(add_ours(b, MOS_PRECISION_BF16, "bf16"));
    if (options->fp32) MOS_GOTO(add_ours(b, MOS_PRECISION_FP32, "fp32"));
    start_peer(b);
    MOS_GOTO(run_rounds(b));
    bool steady = roof_drift(b) <= drift_limit;
    if (options->json)
        write_json(b, steady, out);
    else
        write_text(b, steady, out);
    if (!steady)
        status = mos_fail(MOSAIC_ERR_RUNTIME,
                          "the processor's roof moved by %.0f %% during the run (limit %.0f %%): "
                          "run it again on a quiet machine",
                          100 * roof_drift(b), 100 * drift_limit);
done:
    if (b) {
        mos_peer_stop(&b->peer);
        for (int i = 0; i < b->count; i++)
            mos_synthetic_step_destroy(&b->modes[i].step);
    }
    mos_free(b);
    return status;
}
