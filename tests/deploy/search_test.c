/* A search in a store against a plain one in double. The numbers are such that every product is
 * exact in each type, so that equal cosines are equal: the same rows, in the same order. */
#include "deploy/search.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* More rows than are multiplied at a time, more queries than one compare has, a size longer than
 * one chain of a product. */
enum { ROWS = 500, PARTS = 3, SIZE = 263, WIDE = PARTS * SIZE, QUERIES = 45, MOST = 8 };
static float values[ROWS * WIDE];
static uint16_t halves[ROWS * WIDE];
static int8_t bytes[ROWS * WIDE];
static mos_embedding_store store;
static mos_text table;
static char table_path[64];
static char *ids[QUERIES], id_text[QUERIES][8];
static const mos_text_list queries = {.items = ids, .count = QUERIES};

static bool has(int row, int part) {
    return (row * 7 + part * 3) % 11 != 0;
}

/* Each has the first modality, some lack another. */
static int asks(int q) {
    return has(q * 10 + 1, 0) ? q * 10 + 1 : q * 10 + 2;
}

/* 4 or 16 quarters of either sign, across the place where a product's next chain begins: lengths
 * of 1/2 and 1. */
static void make_part(mos_rng *rng, int64_t at) {
    for (int left = mos_rng_uniform(rng) < 0.5F ? 4 : 16; left > 0;) {
        const int64_t i = at + 244 + (int64_t)(mos_rng_uniform(rng) * 19);
        if (bytes[i] != 0) continue;
        bytes[i] = mos_rng_uniform(rng) < 0.5F ? -1 : 1;
        left--;
    }
}

static int make_store(void **state) {
    mos_rng rng = mos_rng_at(14, MOS_RNG_TEST, 0, 1, 0);
    (void)state;
    (void)snprintf(table_path, sizeof table_path, "search_test.%d.csv", (int)getpid());
    store.about = (mos_embedding_about){.kind = MOS_EMBED_LATENTS,
                                        .scale = 0.25,
                                        .rows = ROWS,
                                        .modalities = PARTS,
                                        .size = SIZE,
                                        .modality = {"s1", "s2", "dem"}};
    mos_text_add(&table, "id,split,country,date,longitude,latitude,labels,has:s1,has:s2,has:dem\n");
    for (int r = 0; r < ROWS; r++) {
        for (int p = 0; p < PARTS; p++)
            if (r % 40 == 39 && has(r - 39, p) && has(r, p)) /* the same again */
                memcpy(bytes + r * WIDE + p * SIZE, bytes + (r - 39) * WIDE + p * SIZE, SIZE);
            else if (has(r, p))
                make_part(&rng, r * WIDE + p * SIZE);
        mos_text_add(&table, "r%d,,%s,,,,,%d,%d,%d\n", r, r % 3 == 0 ? "Finland" : "Austria",
                     has(r, 0), has(r, 1), has(r, 2));
    }
    for (int i = 0; i < ROWS * WIDE; i++) {
        values[i] = 0.25F * (float)bytes[i];
        halves[i] = bytes[i] == 0 ? 0 : bytes[i] > 0 ? 0x3400 : 0xb400;
    }
    for (int q = 0; q < QUERIES; q++) {
        (void)snprintf(id_text[q], sizeof id_text[q], "r%d", asks(q));
        ids[q] = id_text[q];
    }
    assert_int_equal(mos_atomic_write(table_path, table.data, table.size), MOSAIC_OK);
    assert_int_equal(mos_csv_rows_open(table_path, ',', &store.table), MOSAIC_OK);
    store.country = 2;
    for (int p = 0; p < PARTS; p++)
        store.present[p] = 7 + p;
    return 0;
}

static int release_store(void **state) {
    (void)state;
    mos_csv_rows_close(&store.table);
    mos_free(store.has);
    (void)unlink(table_path);
    mos_text_release(&table);
    return 0;
}

static double dot(const float *x, const float *y) {
    double sum = 0;
    for (int k = 0; k < SIZE; k++)
        sum += (double)x[k] * (double)y[k];
    return sum;
}

/* Which modality asks and which answers; -1: all of them. */
typedef struct pair {
    int by, among;
} pair;

/* False: the row is no answer. */
static bool compare(int query, int row, pair wanted, double *out) {
    int asked = 0;
    *out = 0;
    if (query == row && wanted.by == wanted.among) return false;
    for (int p = 0; p < PARTS; p++) {
        const int of = wanted.by < 0 ? p : wanted.by, with = wanted.by < 0 ? p : wanted.among;
        if ((p > 0 && wanted.by >= 0) || !has(query, of)) continue;
        if (!has(row, with)) return false;
        const float *x = values + query * WIDE + of * SIZE, *y = values + row * WIDE + with * SIZE;
        *out += dot(x, y) / sqrt(dot(x, x) * dot(y, y));
        asked++;
    }
    *out /= asked;
    return true;
}

static int search_plainly(int query, pair wanted, bool in_finland, int *rows, double *best) {
    int count = 0;
    for (int r = 0; r < ROWS; r++) {
        double cosine;
        if ((in_finland && r % 3 != 0) || !compare(query, r, wanted, &cosine)) continue;
        int at = count;
        while (at > 0 && cosine > best[at - 1] + 1e-12)
            at--;
        if (at == MOST) continue;
        for (int i = count < MOST ? count++ : MOST - 1; i > at; i--) {
            best[i] = best[i - 1];
            rows[i] = rows[i - 1];
        }
        best[at] = cosine;
        rows[at] = r;
    }
    return count;
}

static int expect_naive(const mos_search_result *found, pair wanted, bool in_finland) {
    int ties = 0;
    for (int q = 0; q < QUERIES; q++) {
        int rows[MOST];
        double best[MOST];
        const int count = search_plainly(asks(q), wanted, in_finland, rows, best);
        assert_int_equal(found->found[q], count);
        for (int i = 0; i < count; i++) {
            const mos_row_hit *hit = &found->hit[q * MOST + i];
            assert_int_equal(hit->row, rows[i]);
            assert_true(fabs((double)hit->cosine - best[i]) < 1e-7);
            ties += i > 0 && best[i] < best[i - 1] + 1e-12;
        }
    }
    return ties;
}

static void search(pair wanted, bool in_finland) {
    static const int threads[] = {1, 2, 5};
    static const char *const names[] = {"s1", "s2", "dem"};
    const void *const types[] = {values, halves, bytes};
    for (int type = 0; type < 3; type++)
        for (int t = 0; t < 3; t++) {
            const mos_search_options options = {.store = "memory",
                                                .ids = &queries,
                                                .by = wanted.by < 0 ? NULL : names[wanted.by],
                                                .among = wanted.by < 0 ? NULL : names[wanted.among],
                                                .filter.country = in_finland ? "Finland" : NULL,
                                                .count = MOST,
                                                .threads = threads[t]};
            mos_search_result found;
            store.about.type = (mos_embedding_type)type;
            store.values = types[type];
            assert_int_equal(mos_search_run(&options, &store, &found), MOSAIC_OK);
            assert_int_equal(found.queries, QUERIES);
            assert_true(expect_naive(&found, wanted, in_finland) > QUERIES);
            mos_search_release(&found);
        }
}

static void all_modalities_are_searched_as_plainly(void **state) {
    (void)state;
    search((pair){-1, -1}, false);
}

static void filtered_rows_are_no_answers(void **state) {
    (void)state;
    search((pair){-1, -1}, true);
}

static void one_modality_is_searched_alone(void **state) {
    (void)state;
    search((pair){0, 0}, false);
}

static void another_modality_answers_with_the_row_itself_too(void **state) {
    (void)state;
    search((pair){0, 1}, true);
}

/* The table is read for ids and filters alone once it was read. Of a table with too few rows or too
 * many, nothing is found. */
static void tables_have_the_rows_that_are_described(void **state) {
    const mos_search_options options = {
        .store = "memory", .ids = &queries, .count = MOST, .threads = 1};
    static const int64_t wrong[] = {ROWS - 1, ROWS + 1};
    static const char *const words[] = {"more rows than the 499", "no row 501"};
    mos_search_result found;
    (void)state;
    for (int i = 0; i < 2; i++) {
        store.about.rows = wrong[i];
        mos_free(store.has);
        store.has = NULL;
        assert_int_equal(mos_search_run(&options, &store, &found), MOSAIC_ERR_DATA);
        assert_non_null(strstr(mosaic_error(), words[i]));
    }
    store.about.rows = ROWS;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_modalities_are_searched_as_plainly),
        cmocka_unit_test(filtered_rows_are_no_answers),
        cmocka_unit_test(one_modality_is_searched_alone),
        cmocka_unit_test(another_modality_answers_with_the_row_itself_too),
        cmocka_unit_test(tables_have_the_rows_that_are_described),
    };
    return cmocka_run_group_tests_name("deploy/search", tests, make_store, release_store);
}
