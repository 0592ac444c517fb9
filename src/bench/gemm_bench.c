/* Matrix products at the shapes the program has, on one thread and on all, beside OpenBLAS where it
 * is installed, and against the roofline of Williams, Waterman & Patterson (2009): the lower of what
 * multiply-adds allow, data in registers, and of what moving the matrices allows. */
#include "base/log.h"
#include "base/memory.h"
#include "base/rng.h"
#include "bench/bench_list.h"
#include "bench/blas_peer.h"
#include "bench/traffic.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

typedef enum layout { NT, NN, TN } layout; /* t: the transpose of what lies in memory */

typedef struct shape {
    const char *what;
    int64_t m, n, k;
    layout layout;
    bool is_double, accumulate, quick;
} shape;

static const shape shapes[] = {
    {"similarities, 128 rows, d 128", 128, 128, 128, NT, false, false, true},
    {"similarities, 512 rows, d 256", 512, 512, 256, NT, false, false, false},
    {"similarities, 4096 rows, d 128", 512, 4096, 128, NT, false, false, false},
    {"similarities, 4096 rows, d 512", 512, 4096, 512, NT, false, false, false},
    {"gradient of anchors, 4096 rows, d 128", 512, 128, 4096, NN, false, true, false},
    {"gradient of references, 4096 rows, d 128", 4096, 128, 512, TN, false, true, false},
    {"projection, forward, 512 to 512", 128, 512, 512, NT, false, false, false},
    {"projection, data gradient, 512 to 512", 128, 512, 512, NN, false, false, false},
    {"projection, weight gradient, 512 to 512", 512, 512, 128, TN, false, true, false},
    {"head, forward, 1024 to 19", 128, 19, 1024, NT, false, false, true},
    {"neighbours and clusters, d 1024", 2016, 2048, 1024, NT, false, false, false},
    {"covariance, double, d 1024", 1024, 1024, 256, TN, true, true, true},
};
enum { SHAPES = sizeof shapes / sizeof *shapes, SIDES = 2 };

/* A round measures a case in so many pieces, of a millisecond or two or of one product, and takes the
 * fastest: what other programs take of one piece is counted neither for a product nor for the roof. */
enum { PIECES = 50 };

typedef struct product_work {
    const mos_blas_peer *peer; /* NULL: ours */
    bool is_double;
    int threads;
    int64_t pieces, repeats; /* of a round, of a piece */
    mos_product_f32 f32;
    mos_product_f64 f64;
    void *room;
} product_work;

typedef struct roof_work {
    int threads;
    double milliseconds;
} roof_work;

typedef struct traffic_work {
    mos_traffic traffic;
    int threads;
    int64_t repeats;   /* of a piece */
    double operations; /* of the product of these matrices */
} traffic_work;

/* The last team may still wait actively for more: let it fall asleep. */
static void settle(void) {
    const struct timespec pause = {.tv_nsec = 40000000};
    (void)nanosleep(&pause, NULL);
}

static double operations(const product_work *work) {
    return work->is_double ? 2.0 * (double)work->f64.m * (double)work->f64.n * (double)work->f64.k
                           : 2.0 * (double)work->f32.m * (double)work->f32.n * (double)work->f32.k;
}

static void multiply(const product_work *work) {
    if (work->peer && work->is_double)
        mos_blas_peer_f64(work->peer, &work->f64, work->threads);
    else if (work->peer)
        mos_blas_peer_f32(work->peer, &work->f32, work->threads);
    else if (work->is_double)
        mos_gemm_f64(&work->f64, work->threads, work->room);
    else
        mos_gemm_f32(&work->f32, work->threads, work->room);
}

static double least(double a, int64_t start, double operations) {
    return fmin(a, (double)(mos_now_ns() - start) / operations);
}

/* Seconds of 1e9 operations, one product after the other as losses and clusters make them: the
 * first, which fetches the matrices and wakes the threads, is not timed. */
static mosaic_status run_product(void *context, double *seconds) {
    const product_work *work = context;
    if (work->threads > 1) settle();
    multiply(work);
    *seconds = INFINITY;
    for (int64_t p = 0; p < work->pieces; p++) {
        const int64_t start = mos_now_ns();
        for (int64_t r = 0; r < work->repeats; r++)
            multiply(work);
        *seconds = least(*seconds, start, operations(work) * (double)work->repeats);
    }
    if (work->threads > 1) settle();
    return MOSAIC_OK;
}

/* Seconds of 1e9 operations if moving the matrices were all there is to a product: as often in a
 * row as products are made, so that they come from the same cache. */
static mosaic_status run_traffic(void *context, double *seconds) {
    const traffic_work *work = context;
    mos_traffic_run(&work->traffic, work->threads);
    *seconds = INFINITY;
    for (int p = 0; p < PIECES; p++) {
        const int64_t start = mos_now_ns();
        for (int64_t r = 0; r < work->repeats; r++)
            mos_traffic_run(&work->traffic, work->threads);
        *seconds = least(*seconds, start, work->operations * (double)work->repeats);
    }
    if (work->threads > 1) settle();
    return MOSAIC_OK;
}

static mosaic_status run_roof(void *context, double *seconds) {
    const roof_work *work = context;
    *seconds = INFINITY;
    for (int p = 0; p < PIECES; p++)
        *seconds = fmin(
            *seconds, 1 / mos_roof_measure(work->threads, work->milliseconds / PIECES).fp32_gflops);
    return MOSAIC_OK;
}

typedef struct matrices {
    void *a, *b, *c, *peer_c, *moved_c;
} matrices;

static mosaic_status make_matrix(int64_t count, bool is_double, uint32_t salt, void **out) {
    mos_rng rng = mos_rng_at(19, MOS_RNG_TEST, salt, 0, 0);
    MOS_TRY(mos_alloc((size_t)count, is_double ? sizeof(double) : sizeof(float), "a matrix", out));
    for (int64_t i = 0; i < count; i++) {
        const float value = mos_rng_uniform(&rng) - 0.5F;
        if (is_double)
            ((double *)*out)[i] = (double)value;
        else
            ((float *)*out)[i] = value;
    }
    return MOSAIC_OK;
}

static mosaic_status make_shape(const shape *s, matrices *out) {
    MOS_TRY(make_matrix(s->m * s->k, s->is_double, 1, &out->a));
    MOS_TRY(make_matrix(s->k * s->n, s->is_double, 2, &out->b));
    MOS_TRY(make_matrix(s->m * s->n, s->is_double, 3, &out->c));
    MOS_TRY(make_matrix(s->m * s->n, s->is_double, 3, &out->peer_c));
    return make_matrix(s->m * s->n, s->is_double, 3, &out->moved_c);
}

static product_work work_of(const shape *s, const matrices *of, int threads, double share,
                            const mos_blas_peer *peer, void *room) {
    const int64_t a_row = s->layout == TN ? 1 : s->k, a_column = s->layout == TN ? s->m : 1;
    const int64_t b_row = s->layout == NT ? 1 : s->n, b_column = s->layout == NT ? s->k : 1;
    const double size = 2.0 * (double)s->m * (double)s->n * (double)s->k, all = share * threads;
    const int64_t repeats = 1 + (int64_t)(all / PIECES / size);
    void *c = peer ? of->peer_c : of->c;
    /* so small an alpha that c stays finite however often it is added to */
    return (product_work){.peer = peer,
                          .is_double = s->is_double,
                          .threads = threads,
                          .pieces = 1 + (int64_t)(all / (size * (double)repeats)),
                          .repeats = repeats,
                          .room = room,
                          .f32 = {s->m, s->n, s->k, 1e-3F, of->a, of->b, a_row, a_column, b_row,
                                  b_column, c, s->n, s->accumulate},
                          .f64 = {s->m, s->n, s->k, 1e-3, of->a, of->b, a_row, a_column, b_row,
                                  b_column, c, s->n, s->accumulate}};
}

/* What no product can do without: a and b read once, c written once, or read and written. */
static mos_traffic traffic_of(const shape *s, const matrices *of) {
    const size_t size = s->is_double ? sizeof(double) : sizeof(float);
    return (mos_traffic){.read = {of->a, of->b},
                         .read_bytes = {size * (size_t)(s->m * s->k), size * (size_t)(s->k * s->n)},
                         .written = of->moved_c,
                         .written_bytes = size * (size_t)(s->m * s->n),
                         .is_read_too = s->accumulate};
}

/* Both have multiplied the same: what they found must agree. */
static mosaic_status compare(const shape *s, const matrices *of) {
    double worst = 0, most = 0;
    for (int64_t i = 0; i < s->m * s->n; i++) {
        const double own = s->is_double ? ((double *)of->c)[i] : (double)((float *)of->c)[i];
        const double peer =
            s->is_double ? ((double *)of->peer_c)[i] : (double)((float *)of->peer_c)[i];
        worst = fmax(worst, fabs(own - peer));
        most = fmax(most, fabs(peer));
    }
    if (worst <= 1e-4 * most) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_NUMERIC, "%s: ours and OpenBLAS differ by %g of %g", s->what, worst,
                    most);
}

/* The cases of one shape on one number of threads; theirs is negative without a peer. */
typedef struct case_numbers {
    int roof, traffic, ours, theirs;
} case_numbers;

/* Seconds of 1e9 operations at the roof of a round: as many doubles as half the floats. */
static double roof_seconds(const mos_bench_run *run, const case_numbers *of, bool is_double,
                           int64_t round) {
    const double peak = run->cases[of->roof].seconds[round] * (is_double ? 2 : 1);
    return fmax(peak, run->cases[of->traffic].seconds[round]);
}

static double share_of_roof(const mos_bench_run *run, const case_numbers *of, bool is_double,
                            int number) {
    double values[MOS_BENCH_MAX_ROUNDS];
    for (int64_t r = 0; r < run->rounds; r++)
        values[r] = roof_seconds(run, of, is_double, r) / run->cases[number].seconds[r];
    return mos_median(values, run->rounds);
}

static double roof_gflops(const mos_bench_run *run, const case_numbers *of, bool is_double) {
    double values[MOS_BENCH_MAX_ROUNDS];
    for (int64_t r = 0; r < run->rounds; r++)
        values[r] = 1 / roof_seconds(run, of, is_double, r);
    return mos_median(values, run->rounds);
}

/* alone: the same on one thread */
static void report_case(const mos_bench_run *run, const case_numbers *of, const case_numbers *alone,
                        const traffic_work *moved, bool is_double, mos_bench_report *report) {
    const double intensity = moved->operations / mos_traffic_bytes(&moved->traffic);
    mos_bench_row(report, run->cases[of->ours].name);
    mos_bench_number(report, "gflops", 1 / mos_bench_median(run, of->ours), 1);
    mos_bench_number(report, "flop_per_byte", intensity, 1);
    mos_bench_number(report, "gb_s", 1 / (intensity * mos_bench_median(run, of->traffic)), 1);
    mos_bench_number(report, "roof", roof_gflops(run, of, is_double), 1);
    mos_bench_number(report, "of_roof", share_of_roof(run, of, is_double, of->ours), 2);
    mos_bench_number(report, "times_one_thread", mos_bench_ratio(run, of->ours, alone->ours), 2);
    if (of->theirs < 0) return;
    mos_bench_number(report, "openblas_gflops", 1 / mos_bench_median(run, of->theirs), 1);
    mos_bench_number(report, "openblas_of_roof", share_of_roof(run, of, is_double, of->theirs), 2);
    mos_bench_number(report, "times_openblas", mos_bench_ratio(run, of->ours, of->theirs), 2);
}

typedef struct gemm_bench {
    mos_bench_run *run;
    mos_blas_peer peer;
    roof_work roof[SIDES]; /* beside every product: it moves within a round */
    matrices of[SHAPES];
    product_work work[SHAPES][SIDES][2];
    traffic_work moved[SHAPES][SIDES];
    case_numbers numbers[SHAPES][SIDES];
    int threads[SIDES], sides;
    void *room;
} gemm_bench;

/* One shape on one number of threads: moving the matrices, ours, the roof, theirs. */
static mosaic_status add_shape(gemm_bench *bench, int s, int side, double share) {
    mos_bench_run *run = bench->run;
    const int threads = bench->threads[side];
    case_numbers *numbers = &bench->numbers[s][side];
    traffic_work *moved = &bench->moved[s][side];
    char name[96];
    (void)snprintf(name, sizeof name, "%s, %d thread%s", shapes[s].what, threads,
                   threads == 1 ? "" : "s");
    *moved = (traffic_work){.traffic = traffic_of(&shapes[s], &bench->of[s]), .threads = threads};
    moved->repeats =
        1 + (int64_t)(share / 20 / PIECES * threads / mos_traffic_bytes(&moved->traffic));
    *numbers = (case_numbers){.traffic = run->count, .theirs = -1};
    MOS_TRY(mos_bench_add(run, name, run_traffic, moved));
    for (int theirs = 0; theirs <= (bench->peer.library != NULL); theirs++) {
        product_work *work = &bench->work[s][side][theirs];
        *work = work_of(&shapes[s], &bench->of[s], threads, share, theirs ? &bench->peer : NULL,
                        bench->room);
        moved->operations = operations(work);
        *(theirs ? &numbers->theirs : &numbers->ours) = run->count;
        MOS_TRY(mos_bench_add(run, name, run_product, work));
        if (theirs) continue;
        numbers->roof = run->count;
        MOS_TRY(mos_bench_add(run, name, run_roof, &bench->roof[side]));
    }
    return MOSAIC_OK;
}

static mosaic_status add_cases(const mos_bench_settings *settings, gemm_bench *bench) {
    const double share = settings->quick ? 1e6 : 6e9; /* operations of a case and thread */
    for (int side = 0; side < bench->sides; side++)
        bench->roof[side] = (roof_work){bench->threads[side], bench->run->roof_ms};
    for (int s = 0; s < SHAPES; s++) {
        if (settings->quick && !shapes[s].quick) continue;
        MOS_TRY(make_shape(&shapes[s], &bench->of[s]));
        for (int side = 0; side < bench->sides; side++)
            MOS_TRY(add_shape(bench, s, side, share));
    }
    return MOSAIC_OK;
}

static mosaic_status report_all(const mos_bench_settings *settings, const gemm_bench *bench,
                                mos_bench_report *report) {
    mos_bench_steadiness(report, bench->run);
    mos_bench_fact(report, "kernel", "%s", mos_gemm_kernel_name());
    mos_bench_fact(report, "openblas", "%s", bench->peer.description);
    mos_bench_fact(report, "roof",
                   "the lower of peak and flop_per_byte x gb_s, each round; peak of double: half");
    mos_bench_fact(report, "of_roof", "peak and gb_s of as many threads as the product has");
    mos_bench_fact(report, "pieces", "of every case the fastest of %d or fewer a round", PIECES);
    mos_bench_fact(report, "flop_per_byte",
                   "2 m n k / bytes of a, b and c, each once; c twice where it is added to");
    mos_bench_fact(report, "gb_s", "these bytes, moved by the same threads from where they lie");
    for (int s = 0; s < SHAPES; s++) {
        if (settings->quick && !shapes[s].quick) continue;
        for (int side = 0; side < bench->sides; side++)
            report_case(bench->run, &bench->numbers[s][side], &bench->numbers[s][0],
                        &bench->moved[s][side], shapes[s].is_double, report);
        if (bench->peer.library) MOS_TRY(compare(&shapes[s], &bench->of[s]));
    }
    return MOSAIC_OK;
}

mosaic_status mos_gemm_bench(const mos_bench_settings *settings, mos_bench_report *report) {
    gemm_bench *bench = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_TRY(mos_alloc(1, sizeof *bench, "benchmark", &bench));
    bench->threads[0] = 1;
    bench->threads[1] = settings->threads;
    bench->sides = settings->threads > 1 ? 2 : 1;
    mos_blas_peer_open(&bench->peer);
    if (!bench->peer.library) mos_log(MOS_LOG_NOTICE, "openblas: %s", bench->peer.description);
    MOS_GOTO(mos_bench_create("bench gemm", settings->threads, settings->rounds, &bench->run));
    bench->run->roof_ms = settings->quick ? 2 : 20;
    MOS_GOTO(mos_alloc(mos_gemm_room(settings->threads), 1, "room of products", &bench->room));
    MOS_GOTO(add_cases(settings, bench));
    MOS_GOTO(mos_bench_measure(bench->run));
    MOS_GOTO(report_all(settings, bench, report));
done:
    for (int s = 0; s < SHAPES; s++) {
        mos_free(bench->of[s].a);
        mos_free(bench->of[s].b);
        mos_free(bench->of[s].c);
        mos_free(bench->of[s].peer_c);
        mos_free(bench->of[s].moved_c);
    }
    mos_free(bench->room);
    mos_blas_peer_close(&bench->peer);
    mos_bench_destroy(&bench->run);
    mos_free(bench);
    return status;
}
