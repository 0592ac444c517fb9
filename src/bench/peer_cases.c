#include "bench/peer_cases.h"

#include "base/isa.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

mosaic_status mos_peer_modes(const mos_text_list *asked, const char *usual, mos_text_list *out,
                             bool *left_out) {
    *left_out = false;
    if (asked->count != 1 || strcmp(asked->items[0], "auto") != 0) {
        for (size_t i = 0; i < asked->count; i++)
            MOS_TRY(mos_text_list_add(out, asked->items[i]));
        return MOSAIC_OK;
    }
    for (const char *at = usual; *at; at += at[0] == ',') {
        char mode[64];
        const size_t length = strcspn(at, ",");
        (void)snprintf(mode, sizeof mode, "%.*s", (int)length, at);
        at += length;
        if (strstr(mode, "bf16") && mos_isa_used() < MOS_ISA_AVX512_BF16)
            *left_out = true;
        else
            MOS_TRY(mos_text_list_add(out, mode));
    }
    return MOSAIC_OK;
}

static mosaic_status run_peer(void *context, double *seconds) {
    const struct {
        mos_peer_cases *cases;
        const char *mode;
    } *item = context;
    return mos_peer_step(&item->cases->peer, item->mode, seconds);
}

typedef struct peer_words {
    char modes[400], bands[200], number[5][24];
} peer_words;

static const char *whole(char number[24], int64_t value) {
    (void)snprintf(number, 24, "%lld", (long long)value);
    return number;
}

static mosaic_status start(const mos_peer_bench_options *o, mos_peer *peer) {
    peer_words words = {.modes = ""};
    const mos_step_setting *s = &o->setting;
    size_t used = 0;
    for (size_t i = 0; i < o->peer_modes->count && used < sizeof words.modes; i++)
        used += (size_t)snprintf(words.modes + used, sizeof words.modes - used, "%s%s",
                                 i ? "," : "", o->peer_modes->items[i]);
    used = 0;
    for (int64_t m = 0; m < s->modalities && used < sizeof words.bands; m++)
        used += (size_t)snprintf(words.bands + used, sizeof words.bands - used, "%s%lld",
                                 m ? "," : "", (long long)s->bands[m]);
    const char *arguments[] = {o->python,
                               o->peer_server,
                               "--modes",
                               words.modes,
                               "--bands",
                               words.bands,
                               "--encoder",
                               mos_encoder_names[s->encoder],
                               "--batch",
                               whole(words.number[0], s->batch),
                               "--size",
                               whole(words.number[1], s->size),
                               "--classes",
                               whole(words.number[2], s->classes),
                               "--views",
                               whole(words.number[3], s->views),
                               "--threads",
                               whole(words.number[4], o->threads),
                               o->peer_module ? "--module" : NULL,
                               o->peer_module,
                               NULL};
    return mos_peer_start(arguments, peer);
}

/* A file of one's own may build what it likes, whatever encoder it is asked for. */
static mosaic_status check_network(const mos_peer_bench_options *o, const mos_peer *peer,
                                   int64_t parameters) {
    const double most_apart = 0.03, theirs = (double)peer->parameters, ours = (double)parameters;
    if (ours <= 0 || theirs <= 0 || fabs(theirs / ours - 1) <= most_apart) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_USAGE,
                    "--peer%s%s: trains %.1f million parameters, our %s %.1f million: not the same "
                    "work",
                    o->peer_module ? " " : "", o->peer_module ? o->peer_module : "", 1e-6 * theirs,
                    mos_encoder_names[o->setting.encoder], 1e-6 * ours);
}

mosaic_status mos_peer_cases_add(const mos_peer_bench_options *o, int64_t parameters,
                                 mos_bench_run *run, mos_peer_cases *out) {
    *out = (mos_peer_cases){.first = run->count, .emulated_left_out = o->emulated_left_out};
    if (!o->python || !o->python[0] || o->peer_modes->count == 0 || !o->peer_modes->items[0][0]) {
        (void)snprintf(out->note, sizeof out->note, "not asked for");
        return MOSAIC_OK;
    }
    if (o->peer_modes->count > MOS_PEER_CASES)
        return mos_fail(MOSAIC_ERR_USAGE, "--peer-modes: wanted at most %d modes, got %zu",
                        MOS_PEER_CASES, o->peer_modes->count);
    if (start(o, &out->peer) != MOSAIC_OK) {
        (void)snprintf(out->note, sizeof out->note, "none: %.300s", mosaic_error());
        return MOSAIC_OK;
    }
    (void)snprintf(out->note, sizeof out->note, "%s", out->peer.greeting);
    MOS_TRY(check_network(o, &out->peer, parameters));
    for (; out->count < (int)o->peer_modes->count; out->count++) {
        out->item[out->count].cases = out;
        out->item[out->count].mode = o->peer_modes->items[out->count];
        MOS_TRY(mos_bench_add(run, out->item[out->count].mode, run_peer, &out->item[out->count]));
    }
    return MOSAIC_OK;
}

void mos_peer_cases_stop(mos_peer_cases *cases) {
    mos_peer_stop(&cases->peer);
}

static int find_mode(const mos_peer_cases *peers, const char *mode) {
    for (int k = 0; k < peers->count; k++)
        if (strcmp(peers->item[k].mode, mode) == 0) return peers->first + k;
    return -1;
}

/* A working PyTorch reaches half of the roof or more. Where it is far below, or slower compiled than
 * not (a compiler without its headers makes scalar code), a ratio to it says nothing. */
static void report_health(const mos_peer_cases *peers, const mos_bench_run *run, double flops,
                          mos_bench_report *report) {
    const double least_share = 0.25, most_compiled = 1.15;
    bool healthy = true;
    for (int k = 0; k < peers->count; k++) {
        const char *mode = peers->item[k].mode;
        const int number = peers->first + k;
        const bool bf16 = strstr(mode, "bf16") != NULL;
        const double share =
            1e-9 * flops / mos_bench_median(run, number) / mos_bench_roof(run, bf16);
        char eager[64] = "";
        if (strncmp(mode, "compile-", 8) == 0)
            (void)snprintf(eager, sizeof eager, "eager-%.50s", mode + 8);
        const int uncompiled = find_mode(peers, eager);
        if (uncompiled >= 0 && mos_bench_ratio(run, uncompiled, number) > most_compiled)
            mos_bench_fact(report, "peer_unhealthy", "%s is slower than %s", mode, eager);
        else if (share < least_share)
            mos_bench_fact(report, "peer_unhealthy", "%s is at %.0f %% of the roof", mode,
                           100 * share);
        else
            continue;
        healthy = false;
    }
    if (healthy && peers->count > 0) mos_bench_fact(report, "peer_healthy", "yes");
}

/* Which instruction set both sides ran on. */
static void report_isa(const mos_peer_cases *peers, mos_bench_report *report) {
    const char *name = mos_isa_name(mos_isa_used());
    if (mos_isa_is_capped())
        mos_bench_fact(report, "instruction_set",
                       "%s, a cap; the peer's too, by ATEN_CPU_CAPABILITY and ONEDNN_MAX_CPU_ISA",
                       name);
    else
        mos_bench_fact(report, "instruction_set", "%s%s, all this processor has", name,
                       mos_isa_tiles() ? " and amx" : "");
    if (peers->emulated_left_out)
        mos_bench_fact(report, "peer_modes_left_out",
                       "bf16, which the peer would only emulate on %s; ask by name", name);
}

void mos_peer_cases_report(const mos_peer_cases *peers, const mos_bench_run *run, double views,
                           double flops, mos_bench_report *report) {
    mos_bench_steadiness(report, run);
    report_isa(peers, report);
    mos_bench_fact(report, "peer", "%s", peers->note);
    report_health(peers, run, flops * views, report);
    for (int i = 0; i < run->count; i++) {
        const double seconds = mos_bench_median(run, i), gflops = 1e-9 * flops * views / seconds;
        const bool bf16 = strstr(run->cases[i].name, "bf16") != NULL;
        mos_bench_row(report, run->cases[i].name);
        mos_bench_number(report, "best_ms_per_view", 1e3 * mos_bench_best(run, i) / views, 2);
        mos_bench_number(report, "ms_per_view", 1e3 * seconds / views, 2);
        mos_bench_number(report, "gflops", gflops, 1);
        mos_bench_number(report, "share_of_roof", gflops / mos_bench_roof(run, bf16), 3);
        for (int k = 0; k < peers->count && i < peers->first; k++) {
            char key[40];
            (void)snprintf(key, sizeof key, "x_%.36s", peers->item[k].mode);
            mos_bench_number(report, key, mos_bench_ratio(run, i, peers->first + k), 2);
        }
    }
}
