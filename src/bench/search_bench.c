#include "bench/search_bench.h"

#include "base/file.h"
#include "base/isa.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/rng_fill.h"
#include "bench/peer.h"
#include "bench/scratch.h"
#include "deploy/search.h"
#include "io/npy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PEERS = 2 };
static const char *const peer_names[PEERS] = {"numpy", "faiss"};

typedef struct search_bench {
    const mos_search_bench_options *options;
    char folder[4096], queries[4096]; /* the store, and the vectors that ask */
    mos_embedding_store store;
    mos_peer peer;
    char note[400];
    struct peer_case {
        struct search_bench *bench;
        const char *mode;
        int number; /* of the case in the run */
    } cases[PEERS];
    int peers;
} search_bench;

/* ---- the store ---- */

static void make_unit_rows(float *rows, int64_t count, int64_t size, uint64_t stream) {
    const mos_rng rng = mos_rng_at(17, MOS_RNG_TEST, 0, stream, 0);
    mos_rng_fill_normal(&rng, rows, (size_t)(count * size));
    for (int64_t i = 0; i < count; i++) {
        float *row = rows + i * size, sum = 0;
        for (int64_t k = 0; k < size; k++)
            sum += row[k] * row[k];
        for (int64_t k = 0; k < size; k++)
            row[k] /= sqrtf(sum);
    }
}

static mosaic_status write_rows(const search_bench *bench) {
    const mos_search_bench_options *o = bench->options;
    mos_embedding_about about = {.kind = MOS_EMBED_LATENTS,
                                 .type = (mos_embedding_type)o->type,
                                 .rows = o->rows,
                                 .modalities = 1,
                                 .size = o->size,
                                 .modality = {"all"}};
    float *rows;
    MOS_TRY(mos_alloc((size_t)(o->rows * o->size), sizeof *rows, "rows to search", &rows));
    make_unit_rows(rows, o->rows, o->size, 1);
    mosaic_status status = mos_embedding_values_write(bench->folder, rows, &about);
    mos_free(rows);
    MOS_TRY(status);
    return mos_embedding_about_write(bench->folder, &about);
}

static mosaic_status write_queries(const search_bench *bench) {
    const mos_search_bench_options *o = bench->options;
    const int64_t shape[] = {o->queries, o->size};
    float *rows;
    MOS_TRY(mos_alloc((size_t)(o->queries * o->size), sizeof *rows, "queries", &rows));
    make_unit_rows(rows, o->queries, o->size, 2);
    mosaic_status status = mos_npy_write(bench->queries, MOS_F32, 2, shape, rows);
    mos_free(rows);
    return status;
}

static mosaic_status write_table(const search_bench *bench) {
    char path[4096];
    mos_text text = {0};
    mosaic_status status = MOSAIC_OK;
    mos_text_add(&text, "id,split,country,date,longitude,latitude,labels,has:all\n");
    for (int64_t i = 0; i < bench->options->rows; i++)
        mos_text_add(&text, "r%lld,,,,,,,1\n", (long long)i);
    if (text.failed) MOS_GOTO(mos_fail_memory(text.size, "a table"));
    MOS_GOTO(mos_path_join(path, sizeof path, bench->folder, "embeddings.csv"));
    MOS_GOTO(mos_atomic_write(path, text.data, text.size));
done:
    mos_text_release(&text);
    return status;
}

static mosaic_status make_store(search_bench *bench) {
    MOS_TRY(mos_bench_scratch_make(bench->options->folder, bench->folder, sizeof bench->folder));
    MOS_TRY(mos_path_join(bench->queries, sizeof bench->queries, bench->folder, "queries.npy"));
    MOS_TRY(write_rows(bench));
    MOS_TRY(write_queries(bench));
    MOS_TRY(write_table(bench));
    return mos_embedding_store_open(bench->folder, &bench->store);
}

/* ---- ours ---- */

static mosaic_status search(search_bench *bench, mos_search_result *found) {
    static const mos_text_list none = {0};
    const mos_search_options options = {.store = bench->folder,
                                        .ids = &none,
                                        .file = bench->queries,
                                        .count = bench->options->count,
                                        .threads = bench->options->threads};
    return mos_search_run(&options, &bench->store, found);
}

static mosaic_status run_ours(void *context, double *seconds) {
    mos_search_result found;
    const int64_t begin = mos_now_ns();
    MOS_TRY(search(context, &found));
    *seconds = 1e-9 * (double)(mos_now_ns() - begin);
    mos_search_release(&found);
    return MOSAIC_OK;
}

/* What the peers must find too: cosines [queries, count], best first. */
static mosaic_status write_expected(search_bench *bench) {
    const mos_search_bench_options *o = bench->options;
    const int64_t shape[] = {o->queries, o->count};
    char path[4096];
    mos_search_result found;
    float *cosines = NULL;
    mosaic_status status;
    MOS_TRY(search(bench, &found));
    MOS_GOTO(mos_path_join(path, sizeof path, bench->folder, "expected.npy"));
    MOS_GOTO(mos_alloc((size_t)(o->queries * o->count), sizeof *cosines, "answers", &cosines));
    for (int64_t i = 0; i < o->queries * o->count; i++)
        cosines[i] = found.hit[i].cosine;
    status = mos_npy_write(path, MOS_F32, 2, shape, cosines);
done:
    mos_free(cosines);
    mos_search_release(&found);
    return status;
}

/* ---- the peers ---- */

static mosaic_status run_peer(void *context, double *seconds) {
    const struct peer_case *it = context;
    return mos_peer_step(&it->bench->peer, it->mode, seconds);
}

/* A peer that is not there is no error: the note says so. */
static mosaic_status add_peers(search_bench *bench, mos_bench_run *run) {
    const mos_search_bench_options *o = bench->options;
    char threads[24], most[24];
    if (o->python == NULL || o->python[0] == '\0') {
        (void)snprintf(bench->note, sizeof bench->note, "not asked for");
        return MOSAIC_OK;
    }
    (void)snprintf(threads, sizeof threads, "%d", o->threads);
    (void)snprintf(most, sizeof most, "%lld", (long long)o->count);
    const char *arguments[] = {o->python, o->peer,   "--store", bench->folder, "--threads",
                               threads,   "--count", most,      NULL};
    if (mos_peer_start(arguments, &bench->peer) != MOSAIC_OK) {
        (void)snprintf(bench->note, sizeof bench->note, "skipped: %.300s", mosaic_error());
        return MOSAIC_OK;
    }
    (void)snprintf(bench->note, sizeof bench->note, "%s", bench->peer.greeting);
    for (int p = 0; p < PEERS; p++) {
        char there[32];
        (void)snprintf(there, sizeof there, "%s ", peer_names[p]);
        if (strstr(bench->note, there) == NULL) continue;
        struct peer_case *it = &bench->cases[bench->peers++];
        *it = (struct peer_case){bench, peer_names[p], run->count};
        MOS_TRY(mos_bench_add(run, peer_names[p], run_peer, it));
    }
    return MOSAIC_OK;
}

static void describe(const search_bench *bench, const mos_bench_run *run,
                     mos_bench_report *report) {
    const mos_search_bench_options *o = bench->options;
    const double flops = 2 * (double)o->rows * (double)o->size * (double)o->queries;
    mos_bench_fact(report, "search", "%lld rows of %lld %s, %lld queries, the best %lld of each",
                   (long long)o->rows, (long long)o->size, mos_embedding_type_names[o->type],
                   (long long)o->queries, (long long)o->count);
    mos_bench_steadiness(report, run);
    mos_bench_fact(report, "instruction_set", "%s", mos_isa_name(mos_isa_used()));
    mos_bench_fact(report, "peer", "%s", bench->note);
    for (int i = 0; i < run->count; i++) {
        mos_bench_row(report, run->cases[i].name);
        mos_bench_number(report, "ms", 1e3 * mos_bench_median(run, i), 1);
        mos_bench_number(report, "of_roof",
                         1e-9 * flops / mos_bench_median(run, i) / mos_bench_roof(run, false), 2);
        for (int p = 0; i == 0 && p < bench->peers; p++) {
            char key[40];
            (void)snprintf(key, sizeof key, "x_%s", bench->cases[p].mode);
            mos_bench_number(report, key, mos_bench_ratio(run, 0, bench->cases[p].number), 2);
        }
    }
}

mosaic_status mos_search_bench(const mos_search_bench_options *options, mos_bench_report *report) {
    search_bench *bench;
    mos_bench_run *run = NULL;
    mosaic_status status;
    if (options->count > options->rows)
        return mos_fail(MOSAIC_ERR_USAGE, "--count: the best %lld of %lld rows",
                        (long long)options->count, (long long)options->rows);
    MOS_TRY(mos_alloc(1, sizeof *bench, "a benchmark", &bench));
    bench->options = options;
    MOS_GOTO(mos_bench_create("bench search", options->threads, options->rounds, &run));
    MOS_GOTO(make_store(bench));
    MOS_GOTO(write_expected(bench));
    MOS_GOTO(mos_bench_add(run, "mosaic", run_ours, bench));
    MOS_GOTO(add_peers(bench, run));
    MOS_GOTO(mos_bench_measure(run));
    describe(bench, run, report);
done:
    mos_peer_stop(&bench->peer);
    mos_embedding_store_close(&bench->store);
    mos_bench_scratch_remove(bench->folder);
    mos_bench_destroy(&run);
    mos_free(bench);
    return status;
}
