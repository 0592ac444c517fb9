/* Cluster measures against scikit-learn's (tests/golden/make_embedding_golden.py). */
#include "score/clusters.h"

#include "base/memory.h"
#include "score/label_sets.h"
#include "score/neighbours.h"
#include "score/planted_rows.h"

static golden_file golden;
static float x[PLANTED_N * PLANTED_D];
static int8_t labels[PLANTED_N * PLANTED_L];

static mos_cluster_input planted(const char *name) {
    planted_rows(name, strcmp(name, "tight") == 0 ? 0.6 : 2.5, x, labels);
    return (mos_cluster_input){.x = x,
                               .labels = labels,
                               .n = PLANTED_N,
                               .d = PLANTED_D,
                               .l = PLANTED_L,
                               .top_sets = 20,
                               .neighbours = 10,
                               .threads = 2};
}

static void check(const char *name, const char *part, double found, int64_t at) {
    golden_near(part, found, golden_number(&golden, name, part, at), 1, 1e-6);
}

static void equals_scikit_learn(void **state) {
    static const char *const names[] = {"tight", "loose"};
    (void)state;
    for (int f = 0; f < 2; f++) {
        mos_cluster_input input = planted(names[f]);
        mos_cluster_scores s;
        assert_int_equal(mos_clusters_measure(&input, &s), MOSAIC_OK);
        assert_int_equal(s.rows, PLANTED_N);
        check(names[f], "sets20", (double)s.sets, 0);
        check(names[f], "sets20", (double)s.set_rows, 1);
        check(names[f], "silhouette20", s.silhouette, 0);
        check(names[f], "davies_bouldin20", s.davies_bouldin, 0);
        check(names[f], "jaccard", s.neighbour_jaccard, 0);
        check(names[f], "class_cosine", s.intra_cosine, 0);
        check(names[f], "class_cosine", s.inter_cosine, 1);
        check(names[f], "rankme", s.health.rankme, 0);
        check(names[f], "uniformity", s.health.uniformity, 0);
        input.top_sets = 3;
        assert_int_equal(mos_clusters_measure(&input, &s), MOSAIC_OK);
        assert_int_equal(s.sets, 3);
        check(names[f], "sets3", (double)s.set_rows, 1);
        check(names[f], "silhouette3", s.silhouette, 0);
        check(names[f], "davies_bouldin3", s.davies_bouldin, 0);
    }
}

static void threads_change_nothing(void **state) {
    (void)state;
    mos_cluster_input input = planted("loose");
    mos_cluster_scores one, other;
    input.threads = 1;
    assert_int_equal(mos_clusters_measure(&input, &one), MOSAIC_OK);
    for (int threads = 2; threads <= 5; threads++) {
        input.threads = threads;
        assert_int_equal(mos_clusters_measure(&input, &other), MOSAIC_OK);
        assert_true(one.silhouette == other.silhouette);
        assert_true(one.neighbour_jaccard == other.neighbour_jaccard);
        assert_true(one.health.rankme == other.health.rankme);
    }
}

/* Rows of zeros and unknown labels must count as if they were not there. */
static void absent_rows_are_left_out(void **state) {
    (void)state;
    mos_cluster_input input = planted("tight");
    mos_cluster_scores some, all;
    for (int64_t k = 0; k < PLANTED_D; k++)
        x[7 * PLANTED_D + k] = 0;
    labels[9 * PLANTED_L] = -1;
    assert_int_equal(mos_clusters_measure(&input, &all), MOSAIC_OK);
    assert_int_equal(all.rows, PLANTED_N - 1);
    assert_int_equal(all.labelled_rows, PLANTED_N - 2);
    int64_t kept = 0;
    for (int64_t i = 0; i < PLANTED_N; i++) {
        if (i == 7 || i == 9) continue;
        memmove(x + kept * PLANTED_D, x + i * PLANTED_D, PLANTED_D * sizeof *x);
        memmove(labels + kept * PLANTED_L, labels + i * PLANTED_L, PLANTED_L);
        kept++;
    }
    input.n = kept;
    assert_int_equal(mos_clusters_measure(&input, &some), MOSAIC_OK);
    assert_true(some.silhouette == all.silhouette);
    assert_true(some.davies_bouldin == all.davies_bouldin);
    assert_true(some.intra_cosine == all.intra_cosine);
    assert_true(some.neighbour_jaccard == all.neighbour_jaccard);
}

static void alignment_is_of_unit_rows(void **state) {
    (void)state;
    static float pair[PLANTED_N * PLANTED_D];
    mos_cluster_input input = planted("tight");
    mos_cluster_scores s;
    for (int64_t i = 0; i < PLANTED_N * PLANTED_D; i++)
        pair[i] = 3 * x[i]; /* the same directions */
    input.pair = pair;
    assert_int_equal(mos_clusters_measure(&input, &s), MOSAIC_OK);
    assert_true(s.health.alignment < 1e-12);
    for (int64_t i = 0; i < PLANTED_N * PLANTED_D; i++)
        pair[i] = -x[i];
    assert_int_equal(mos_clusters_measure(&input, &s), MOSAIC_OK);
    assert_true(fabs(s.health.alignment - 4) < 1e-6);
}

static void what_cannot_be_measured_is_nan(void **state) {
    (void)state;
    mos_cluster_input input = planted("tight");
    mos_cluster_scores s;
    memset(labels, 0, sizeof labels); /* one label set */
    assert_int_equal(mos_clusters_measure(&input, &s), MOSAIC_OK);
    assert_true(isnan(s.silhouette) && isnan(s.davies_bouldin) && isnan(s.intra_cosine));
    assert_true(s.neighbour_jaccard == 1);
    memset(labels, -1, sizeof labels);
    assert_int_equal(mos_clusters_measure(&input, &s), MOSAIC_OK);
    assert_int_equal(s.labelled_rows, 0);
    assert_true(isnan(s.neighbour_jaccard) && isfinite(s.health.rankme));
    input.n = 1;
    assert_int_equal(mos_clusters_measure(&input, &s), MOSAIC_OK);
    assert_true(isnan(s.health.rankme));
    x[3] = NAN;
    assert_int_equal(mos_clusters_measure(&input, &s), MOSAIC_ERR_NUMERIC);
    assert_non_null(strstr(mosaic_error(), "row 0"));
}

/* Every pair compared one by one, on sizes that fill no block. */
static void neighbours_are_exact(void **state) {
    (void)state;
    enum { N = 101, D = 131, K = 7 };
    static float rows[N * D];
    int32_t found[N * K];
    float cosine[N * K];
    noise_rows("neighbours", N * D, rows);
    for (int64_t k = 0; k < D; k++)
        rows[50 * D + k] = rows[20 * D + k]; /* a tie */
    assert_int_equal(mos_unit_rows(rows, N, D), N);
    assert_int_equal(mos_cosine_neighbours(rows, N, D, K, 3, found, cosine), MOSAIC_OK);
    for (int64_t i = 0; i < N; i++)
        for (int64_t k = 0; k < K; k++) {
            int64_t better = 0;
            double own = 0;
            for (int64_t c = 0; c < D; c++)
                own += (double)rows[i * D + c] * (double)rows[found[i * K + k] * D + c];
            assert_true(fabs(own - (double)cosine[i * K + k]) < 1e-6);
            assert_int_not_equal(found[i * K + k], i);
            for (int64_t j = 0; j < N; j++) {
                double dot = 0;
                for (int64_t c = 0; c < D; c++)
                    dot += (double)rows[i * D + c] * (double)rows[j * D + c];
                better += j != i && dot > own + 1e-6;
            }
            assert_true(better <= k);
        }
    assert_int_equal(found[20 * K], 50);
    assert_int_equal(found[50 * K], 20);
    assert_int_equal(mos_cosine_neighbours(rows, N, D, N, 1, found, NULL), MOSAIC_ERR_USAGE);
}

static void sets_come_by_frequency(void **state) {
    (void)state;
    const int8_t y[] = {1, 0, 0, 1, 1, 0, 0, 0, 1, 0, 1, -1, 0, 0};
    mos_label_sets sets;
    assert_int_equal(mos_label_sets_find(y, 7, 2, 20, 1, &sets), MOSAIC_OK);
    assert_int_equal(sets.count, 3);
    assert_int_equal(sets.size[0], 3); /* {1, 0} */
    assert_int_equal(sets.size[1], 2); /* {} */
    assert_int_equal(sets.size[2], 1);
    assert_int_equal(sets.of[0], 0);
    assert_int_equal(sets.of[3], 1);
    assert_int_equal(sets.of[1], 2);
    assert_int_equal(sets.of[5], -1);
    assert_int_equal(sets.first[1], 3);
    mos_label_sets_release(&sets);
    assert_int_equal(mos_label_sets_find(y, 7, 2, 20, 2, &sets), MOSAIC_OK);
    assert_int_equal(sets.count, 2);
    assert_int_equal(sets.of[1], -1);
    mos_label_sets_release(&sets);
}

static void allocation_failures_surface(void **state) {
    (void)state;
    mos_cluster_input input = planted("tight");
    for (uint64_t k = 1;; k++) {
        mos_cluster_scores s;
        mos_alloc_fail_at(k);
        mosaic_status status = mos_clusters_measure(&input, &s);
        mos_alloc_fail_at(0);
        if (status == MOSAIC_OK) {
            assert_true(k > 10);
            break;
        }
        assert_int_equal(status, MOSAIC_ERR_MEMORY);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_scikit_learn),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(absent_rows_are_left_out),
        cmocka_unit_test(alignment_is_of_unit_rows),
        cmocka_unit_test(what_cannot_be_measured_is_nan),
        cmocka_unit_test(neighbours_are_exact),
        cmocka_unit_test(sets_come_by_frequency),
        cmocka_unit_test(allocation_failures_surface),
    };
    golden_read("embedding_golden.txt", &golden);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    golden_release(&golden);
    return failed;
}
