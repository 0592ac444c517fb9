/* Nearest rows against a plain search in double. The rows are such that every product is exact, so
 * that equal cosines are equal: the answers must be the same rows in the same order. */
#include "score/neighbours.h"

#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* More queries than are answered at a time, rows than are multiplied at a time, and a size that is
 * no multiple of anything and longer than one chain of a product. */
enum { M = 400, N = 601, D = 269, NARROW = 24, K = 9 };
static float query[M * D], rows[N * D];
static int32_t index_found[N * K], naive[N * K];
static float cosine_found[N * K], naive_cosine[N * K];

/* Sixteen quarters of either sign, across the place where a product's next chain begins. */
static void make_row(mos_rng *rng, float *row) {
    int left = 16;
    memset(row, 0, D * sizeof *row);
    while (left > 0) {
        const int at = 256 - NARROW / 2 + (int)(mos_rng_uniform(rng) * NARROW);
        if (row[at] != 0) continue;
        row[at] = mos_rng_uniform(rng) < 0.5F ? -0.25F : 0.25F;
        left--;
    }
}

static void make_rows(void) {
    mos_rng rng = mos_rng_at(14, MOS_RNG_TEST, 0, 0, 0);
    for (int i = 0; i < M; i++)
        make_row(&rng, query + i * D);
    for (int i = 0; i < N; i++)
        make_row(&rng, rows + i * D);
    for (int i = 3; i < N; i += 50) /* the same row again and again */
        memcpy(rows + i * D, query + 7 * D, D * sizeof *rows);
}

static int search_plainly(const float *of, int m, bool same) {
    int ties = 0;
    for (int q = 0; q < m; q++) {
        double best[K];
        int count = 0;
        for (int r = 0; r < N; r++) {
            double sum = 0;
            if (same && q == r) continue;
            for (int k = 0; k < D; k++)
                sum += (double)of[q * D + k] * (double)rows[r * D + k];
            int at = count;
            while (at > 0 && sum > best[at - 1])
                at--;
            if (at == K) continue;
            for (int i = count < K ? count++ : K - 1; i > at; i--) {
                best[i] = best[i - 1];
                naive[q * K + i] = naive[q * K + i - 1];
            }
            best[at] = sum;
            naive[q * K + at] = r;
        }
        for (int i = 0; i < K; i++) {
            naive_cosine[q * K + i] = (float)best[i];
            ties += i > 0 && best[i] == best[i - 1];
        }
    }
    return ties;
}

static void expect_naive(int m) {
    assert_memory_equal(index_found, naive, (size_t)(m * K) * sizeof *naive);
    for (int i = 0; i < m * K; i++)
        assert_true(cosine_found[i] == naive_cosine[i]);
}

static void other_rows_are_found_as_plainly(void **state) {
    static const int threads[] = {1, 2, 3, 7};
    (void)state;
    make_rows();
    assert_true(search_plainly(query, M, false) > M);
    for (int t = 0; t < 4; t++) {
        memset(index_found, 0x55, sizeof index_found);
        assert_int_equal(
            mos_cosine_search(query, M, rows, N, D, K, threads[t], index_found, cosine_found),
            MOSAIC_OK);
        expect_naive(M);
    }
    memset(index_found, 0x55, sizeof index_found); /* a query alone has the same answers */
    assert_int_equal(mos_cosine_search(query + 350 * D, 1, rows, N, D, K, 2, index_found, NULL),
                     MOSAIC_OK);
    assert_memory_equal(index_found, naive + 350 * K, K * sizeof *naive);
}

static void a_row_does_not_find_itself(void **state) {
    static const int threads[] = {1, 3};
    (void)state;
    make_rows();
    assert_true(search_plainly(rows, N, true) > N);
    for (int t = 0; t < 2; t++) {
        memset(index_found, 0x55, sizeof index_found);
        assert_int_equal(
            mos_cosine_neighbours(rows, N, D, K, threads[t], index_found, cosine_found), MOSAIC_OK);
        expect_naive(N);
    }
}

static void what_cannot_be_searched_is_refused(void **state) {
    (void)state;
    make_rows();
    assert_int_equal(mos_cosine_search(query, 2, rows, K, D, K, 1, index_found, NULL), MOSAIC_OK);
    assert_int_equal(mos_cosine_search(query, 2, rows, K - 1, D, K, 1, index_found, NULL),
                     MOSAIC_ERR_USAGE);
    assert_int_equal(mos_cosine_neighbours(rows, K, D, K, 1, index_found, NULL), MOSAIC_ERR_USAGE);
    rows[5 * D + 1] = NAN;
    assert_int_equal(mos_cosine_search(query, 2, rows, N, D, K, 1, index_found, NULL),
                     MOSAIC_ERR_NUMERIC);
    assert_non_null(strstr(mosaic_error(), "embedding of row 5 is not finite"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_rows_are_found_as_plainly),
        cmocka_unit_test(a_row_does_not_find_itself),
        cmocka_unit_test(what_cannot_be_searched_is_refused),
    };
    return cmocka_run_group_tests_name("score/neighbours", tests, NULL, NULL);
}
