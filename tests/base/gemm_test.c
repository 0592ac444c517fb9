/* Products against sums in twice the precision, on every instruction set of this processor: sizes around
 * every edge of a tile and of a block, strides, alpha, accumulation, values that are not finite. */
#include "base/gemm.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/simd.h"
#include "base/thread.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_THREADS = 5, LEVELS = 3, BLANK = 3 };

typedef enum layout { NN, NT, TN, TT, STEPS, LAYOUTS } layout;

typedef struct problem {
    int64_t m, n, k;
    layout layout;
    double alpha;
    bool accumulate, is_double;
} problem;

/* Everything in double: what the operands hold is exact in float. */
typedef struct operands {
    double *a, *b, *c; /* [m, k], [k, n], [m, n] */
} operands;

static void *room;

static void *make(int64_t count, size_t size) {
    void *memory;
    assert_int_equal(mos_alloc((size_t)(count > 0 ? count : 1), size, "a matrix", &memory),
                     MOSAIC_OK);
    return memory;
}

static operands make_operands(const problem *p, uint32_t salt) {
    operands o = {make(p->m * p->k, sizeof(double)), make(p->k * p->n, sizeof(double)),
                  make(p->m * p->n, sizeof(double))};
    mos_rng rng = mos_rng_at(19, MOS_RNG_TEST, salt, 0, 0);
    for (int64_t i = 0; i < p->m * p->k; i++)
        o.a[i] = (double)(mos_rng_uniform(&rng) - 0.5F);
    for (int64_t i = 0; i < p->k * p->n; i++)
        o.b[i] = (double)(mos_rng_uniform(&rng) - 0.25F);
    for (int64_t i = 0; i < p->m * p->n; i++)
        o.c[i] = (double)(mos_rng_uniform(&rng) - 0.5F);
    return o;
}

static void release(operands *o) {
    mos_free(o->a);
    mos_free(o->b);
    mos_free(o->c);
}

/* A matrix [rows, columns] as the layout keeps it; what lies between its values is NaN. */
static void place(const double *values, int64_t rows, int64_t columns, bool turned, int64_t step,
                  bool is_double, void **out, int64_t *row, int64_t *column) {
    const int64_t count = step * (rows + BLANK) * (columns + BLANK);
    *row = step * (turned ? 1 : columns + BLANK);
    *column = step * (turned ? rows + BLANK : 1);
    *out = make(count, is_double ? sizeof(double) : sizeof(float));
    for (int64_t i = 0; i < count; i++)
        if (is_double)
            ((double *)*out)[i] = NAN;
        else
            ((float *)*out)[i] = NAN;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            if (is_double)
                ((double *)*out)[i * *row + j * *column] = values[i * columns + j];
            else
                ((float *)*out)[i * *row + j * *column] = (float)values[i * columns + j];
}

/* What the product makes of o, in double [m, n]. Checks that c is not written beside its values. */
static double *multiply(const problem *p, const operands *o, int threads) {
    const bool ta = p->layout == TN || p->layout == TT || p->layout == STEPS;
    const bool tb = p->layout == NT || p->layout == TT;
    const int64_t step = p->layout == STEPS ? 2 : 1, ldc = p->n + BLANK;
    int64_t a_row, a_column, b_row, b_column;
    void *a, *b;
    place(o->a, p->m, p->k, ta, step, p->is_double, &a, &a_row, &a_column);
    place(o->b, p->k, p->n, tb, step, p->is_double, &b, &b_row, &b_column);
    double *result = make(p->m * p->n, sizeof *result), *c64 = make(p->m * ldc, sizeof *c64);
    float *c32 = make(p->m * ldc, sizeof *c32);
    for (int64_t i = 0; i < p->m; i++)
        for (int64_t j = 0; j < ldc; j++) {
            /* c is read only to be added to */
            c64[i * ldc + j] = j >= p->n ? 7 : p->accumulate ? o->c[i * p->n + j] : NAN;
            c32[i * ldc + j] = (float)c64[i * ldc + j];
        }
    if (p->is_double) {
        const mos_product_f64 g = {p->m,     p->n, p->k, p->alpha,     a, b, a_row, a_column, b_row,
                                   b_column, c64,  ldc,  p->accumulate};
        mos_gemm_f64(&g, threads, room);
    } else {
        const mos_product_f32 g = {p->m, p->n,  p->k,         (float)p->alpha, a,
                                   b,    a_row, a_column,     b_row,           b_column,
                                   c32,  ldc,   p->accumulate};
        mos_gemm_f32(&g, threads, room);
    }
    for (int64_t i = 0; i < p->m; i++)
        for (int64_t j = 0; j < ldc; j++) {
            double value = p->is_double ? c64[i * ldc + j] : (double)c32[i * ldc + j];
            if (j < p->n)
                result[i * p->n + j] = value;
            else
                assert_true(value == 7);
        }
    mos_free(a);
    mos_free(b);
    mos_free(c64);
    mos_free(c32);
    return result;
}

/* A dot product in twice the precision of double (Ogita, Rump and Oishi's Dot2): long double would be
 * emulated on 64-bit Arm. */
typedef struct dot {
    double sum, rest, size; /* size: of the magnitudes */
} dot;

static void add_term(dot *d, double x, double y) {
    const double term = x * y, lost = fma(x, y, -term);
    const double sum = d->sum + term, back = sum - d->sum;
    d->rest += lost + ((d->sum - (sum - back)) + (term - back));
    d->sum = sum;
    d->size += fabs(term);
}

/* Each rounding is relative to what was summed so far, at most the sum of the magnitudes; three more
 * are of the reference. */
static void check_values(const problem *p, const operands *o, const double *result) {
    const double unit = p->is_double ? 0x1p-53 : 0x1p-24;
    const int64_t chain = p->k < MOS_GEMM_DEPTH ? p->k : MOS_GEMM_DEPTH;
    for (int64_t i = 0; i < p->m; i++)
        for (int64_t j = 0; j < p->n; j++) {
            dot d = {0};
            for (int64_t q = 0; q < p->k; q++)
                add_term(&d, o->a[i * p->k + q], o->b[q * p->n + j]);
            const double before = p->accumulate ? o->c[i * p->n + j] : 0;
            const double wanted = p->alpha * (d.sum + d.rest) + before;
            const double size = fabs(p->alpha) * d.size + fabs(before);
            const double roundings = 2 * (double)(chain + p->k / MOS_GEMM_DEPTH) + 7;
            const double off = fabs(result[i * p->n + j] - wanted);
            if (!(off <= roundings * unit * size))
                fail_msg("%s, %s, layout %d, %lld x %lld x %lld: value %lld, %lld is %.9g, off %g",
                         mos_gemm_kernel_name(), p->is_double ? "double" : "float", (int)p->layout,
                         (long long)p->m, (long long)p->n, (long long)p->k, (long long)i,
                         (long long)j, result[i * p->n + j], off);
        }
}

static bool level_exists(int level) {
    mos_simd_limit((mos_simd)level);
    return (int)mos_simd_level() == level;
}

/* Around the tiles (6, 12, 14 by 8, 16, 32; 4, 8, 16 in double; 4, 8 by 12, 20 at the end), the
 * blocks (168 and 1,536; 84 and 768), what tiles read in place (up to 128 columns) and the depth. */
static void values_at_every_edge(void **state) {
    (void)state;
    static const int64_t rows[] = {1, 3, 4, 5, 6, 7, 12, 13, 14, 15, 29, 84, 85, 169};
    static const int64_t columns[] = {1, 4, 7, 8, 9, 12, 16, 17, 19, 20, 31, 33, 36, 128, 257, 513};
    static const int64_t depths[] = {0, 1, 3, 4, 5, 63, 255, 256, 257, 515};
    enum { ROWS = 14, COLUMNS = 16, DEPTHS = 10, EACH = 240 };
    for (int level = 0; level < LEVELS; level++) {
        if (!level_exists(level)) continue;
        mos_rng rng = mos_rng_at(19, MOS_RNG_TEST, 1, 0, 0);
        for (int c = 0; c < EACH; c++) {
            problem p = {.m = rows[c % ROWS],
                         .n = columns[mos_rng_below(&rng, COLUMNS)],
                         .k = depths[mos_rng_below(&rng, DEPTHS)],
                         .layout = (layout)(c % LAYOUTS),
                         .alpha = c % 3 ? 1 : -2.5,
                         .accumulate = c / 2 % 2,
                         .is_double = c % 11 == 0};
            operands o = make_operands(&p, (uint32_t)c);
            double *result = multiply(&p, &o, 1);
            check_values(&p, &o, result);
            mos_free(result);
            release(&o);
        }
    }
    mos_simd_limit(MOS_SIMD_AVX512);
}

/* Threads, the place of a value, and the instruction set where it fuses multiply-adds leave the
 * bits as they are. */
static void bits_are_the_same(void **state) {
    (void)state;
    static const struct {
        int64_t n;
        bool is_double;
    } each[] = {
        {203, false}, {203, true}, {35, false}, {19, false}}; /* 35 ends in a tail, 19 is one */
    for (size_t c = 0; c < sizeof each / sizeof *each; c++) {
        problem p = {131, each[c].n, 300, NT, 1.25, true, each[c].is_double};
        operands o = make_operands(&p, 77);
        double *fused = NULL;
        for (int level = 0; level < LEVELS; level++) {
            if (!level_exists(level)) continue;
            double *one = multiply(&p, &o, 1);
            check_values(&p, &o, one);
            for (int threads = 2; threads <= MOST_THREADS; threads++) {
                double *other = multiply(&p, &o, threads);
                assert_memory_equal(one, other, (size_t)(p.m * p.n) * sizeof *one);
                mos_free(other);
            }
            problem single = {1, 1, p.k, TN, p.alpha, true, p.is_double};
            for (int64_t at = 0; at < p.m * p.n; at += 1009) {
                operands cell = make_operands(&single, 0);
                memcpy(cell.a, o.a + at / p.n * p.k, (size_t)p.k * sizeof *cell.a);
                for (int64_t q = 0; q < p.k; q++)
                    cell.b[q] = o.b[q * p.n + at % p.n];
                cell.c[0] = o.c[at];
                double *alone = multiply(&single, &cell, 1);
                assert_true(*alone == one[at]);
                mos_free(alone);
                release(&cell);
            }
            if (level != MOS_SIMD_PLAIN && fused)
                assert_memory_equal(one, fused, (size_t)(p.m * p.n) * sizeof *one);
            if (level != MOS_SIMD_PLAIN && !fused)
                fused = one;
            else
                mos_free(one);
        }
        mos_free(fused);
        release(&o);
    }
    mos_simd_limit(MOS_SIMD_AVX512);
}

/* A column has the bits that it has alone, whichever tile it is in: 11, 12 and 17 to 20 columns end in
 * tiles of their own. */
static void columns_are_as_they_are_alone(void **state) {
    (void)state;
    static const int64_t widths[] = {5, 11, 12, 17, 18, 19, 20, 35, 51};
    for (int level = 0; level < LEVELS; level++) {
        if (!level_exists(level)) continue;
        for (size_t w = 0; w < 2 * sizeof widths / sizeof *widths; w++) {
            const problem p = {13, widths[w / 2], 300, w % 2 ? NT : NN, 1.25, w % 4 < 2, false};
            problem single = p;
            single.n = 1;
            operands o = make_operands(&p, 31), alone = make_operands(&single, 31);
            double *all = multiply(&p, &o, 1);
            for (int64_t j = 0; j < p.n; j++) {
                for (int64_t q = 0; q < p.k; q++)
                    alone.b[q] = o.b[q * p.n + j];
                memcpy(alone.a, o.a, (size_t)(p.m * p.k) * sizeof *o.a);
                for (int64_t i = 0; i < p.m; i++)
                    alone.c[i] = o.c[i * p.n + j];
                double *column = multiply(&single, &alone, 1);
                for (int64_t i = 0; i < p.m; i++)
                    if (column[i] != all[i * p.n + j])
                        fail_msg("%s, %lld columns: value %lld, %lld is not the one made alone",
                                 mos_gemm_kernel_name(), (long long)p.n, (long long)i,
                                 (long long)j);
                mos_free(column);
            }
            mos_free(all);
            release(&o);
            release(&alone);
        }
    }
    mos_simd_limit(MOS_SIMD_AVX512);
}

/* A NaN reaches its row or column and nothing else; so does an infinity, through the zeros beyond
 * an edge too. */
static void what_is_not_finite_stays_in_its_row(void **state) {
    (void)state;
    for (int level = 0; level < LEVELS; level++) {
        if (!level_exists(level)) continue;
        for (int form = 0; form < 2 * LAYOUTS; form++) {
            const int64_t n = form < LAYOUTS ? 37 : 19; /* 19: a tail */
            const problem p = {17, n, 9, (layout)(form % LAYOUTS), 1, false, false};
            operands o = make_operands(&p, 5);
            o.a[16 * p.k + 3] = NAN;
            o.a[4 * p.k + 8] = INFINITY;
            o.b[2 * p.n + n - 1] = -INFINITY;
            double *result = multiply(&p, &o, 1);
            for (int64_t i = 0; i < p.m; i++)
                for (int64_t j = 0; j < p.n; j++) {
                    const double value = result[i * p.n + j];
                    if (i == 16)
                        assert_true(isnan(value));
                    else if (i == 4 || j == n - 1)
                        assert_true(!isfinite(value));
                    else
                        assert_true(isfinite(value));
                }
            mos_free(result);
            release(&o);
        }
    }
    mos_simd_limit(MOS_SIMD_AVX512);
}

static int make_room(void **state) {
    (void)state;
    return mos_alloc(mos_gemm_room(MOST_THREADS), 1, "room of products", &room) != MOSAIC_OK;
}

static int free_room(void **state) {
    (void)state;
    mos_free(room);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_at_every_edge),
        cmocka_unit_test(bits_are_the_same),
        cmocka_unit_test(columns_are_as_they_are_alone),
        cmocka_unit_test(what_is_not_finite_stays_in_its_row),
    };
    return cmocka_run_group_tests(tests, make_room, free_room);
}
