/* The losses on ref against the reference values of the method's description, and the invariants a
 * contrastive loss has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "op_support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The reference values are given to ten digits: half a unit of the last is 5e-11. */
static const double value_tolerance = 1e-9;
/* Two orders of the same sums in double. */
static const double same = 1e-12;

enum { SMALL = 3, LABELS = 3 };
static double a_rows[SMALL * 2] = {1, 0, .6, .8, -1, 1}, b_rows[SMALL * 2] = {1, .5, 0, 1, -1, 0};
static const int8_t labels[LABELS * SMALL * 2] = {1, 0, 1, 1, 1, 0, 0, 1, 0,
                                                  1, 0, 1, 1, 1, 0, 0, 1, 0}; /* [Y; Y] */
static double both_rows[2 * SMALL * 2];

static void near(double found, double want, double tolerance, const char *what) {
    if (fabs(found - want) <= tolerance * fmax(1, fabs(want))) return;
    fail_msg("%s: found %.12g, want %.12g", what, found, want);
}

static void normalise(double *rows, int64_t n, int64_t d) {
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t k = 0; k < d; k++)
            sum += rows[i * d + k] * rows[i * d + k];
        for (int64_t k = 0; k < d; k++)
            rows[i * d + k] /= sqrt(sum);
    }
}

static int open_ref(void **state) {
    normalise(a_rows, SMALL, 2);
    normalise(b_rows, SMALL, 2);
    memcpy(both_rows, a_rows, sizeof a_rows);
    memcpy(both_rows + SMALL * 2, b_rows, sizeof b_rows);
    mos_device *device = support_open(&mos_backend_ref, MOS_PRECISION_FP64, 2);
    *state = device;
    return 0;
}

static int close_ref(void **state) {
    mos_device *device = *state;
    support_close(&device);
    return 0;
}

/* Host rows, tables and gradients; these are added to. dza may be part of dzr. */
static mos_contrast_result run(mos_device *device, const mos_contrast *problem, const double *za,
                               const double *zr, double scale, double *dza, double *dzr) {
    const int64_t anchors = problem->anchors * problem->d;
    const int64_t references = problem->references * problem->d;
    const int64_t moving = references - problem->frozen * problem->d;
    support_problem made = support_problem_make(device, problem);
    void *a = support_real(device, za, anchors), *r = support_real(device, zr, references);
    const bool inside = dza != NULL && dzr != NULL && dza >= dzr && dza < dzr + moving;
    double *dr = dzr == NULL ? NULL : support_real(device, dzr, moving);
    double *da = inside        ? dr + (dza - dzr)
                 : dza == NULL ? NULL
                               : support_real(device, dza, anchors);
    device->ops->contrast(device, &made.problem, a, r, scale, da, dr, made.scratch, made.result);
    if (dr != NULL) support_check(mos_get_f64(device, dr, dzr, moving), "gradient");
    if (da != NULL && !inside) support_check(mos_get_f64(device, da, dza, anchors), "gradient");
    device->ops->free(device, a);
    device->ops->free(device, r);
    device->ops->free(device, dr);
    if (!inside) device->ops->free(device, da);
    return support_problem_take(device, &made);
}

static const int32_t self_rows[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

static mos_contrast cross_problem(double tau) {
    return (mos_contrast){.anchors = SMALL,
                          .references = SMALL,
                          .d = 2,
                          .tau = tau,
                          .positives = MOS_POSITIVES_MULSUPCON,
                          .anchor_labels = labels,
                          .reference_labels = labels,
                          .classes = LABELS};
}

static void published_losses(void **state) {
    static const struct {
        double tau, ntx, a_to_b, b_to_a, per_anchor, within;
    } values[] = {
        {0.5, 0.8208068712, 0.9883293585, 1.0384865530, 0.9495627342, 1.4217036832},
        {0.1, 0.5184357176, 2.8478169548, 2.6105072535, 2.4887083217, 3.3611460157},
    };
    static const int32_t partner[] = {3, 4, 5, 0, 1, 2};
    for (int i = 0; i < 2; i++) {
        mos_contrast problem = cross_problem(values[i].tau);
        mos_contrast_result result = run(*state, &problem, a_rows, b_rows, 1, NULL, NULL);
        near(result.loss, values[i].a_to_b, value_tolerance, "a to b");
        near(result.weight, 5, same, "N, the pairs of anchor and label");
        near(result.floor, 0.7794518, 5e-8, "floor");
        assert_int_equal(result.positives, 7);
        assert_int_equal(result.anchors_used, 3);
        near(run(*state, &problem, b_rows, a_rows, 1, NULL, NULL).loss, values[i].b_to_a,
             value_tolerance, "b to a");
        problem.anchor_weighting = true;
        result = run(*state, &problem, a_rows, b_rows, 1, NULL, NULL);
        near(result.loss, values[i].per_anchor, value_tolerance, "per anchor");
        near(result.weight, 3, same, "N, the anchors");
        problem.anchor_weighting = false;
        problem.anchors = problem.references = 2 * SMALL;
        problem.self = self_rows;
        near(run(*state, &problem, both_rows, both_rows, 1, NULL, NULL).loss, values[i].within,
             value_tolerance, "within");
        problem.positives = MOS_POSITIVES_PARTNER;
        problem.partner = partner;
        result = run(*state, &problem, both_rows, both_rows, 1, NULL, NULL);
        near(result.loss, values[i].ntx, value_tolerance, "nt-xent");
        near(result.floor, 0, same, "floor of one positive each");
    }
}

static void published_gradient(void **state) {
    static const double want[] = {.049543, -.055231, .380633, .053667, .033837, -.001281};
    const mos_contrast problem = cross_problem(0.5);
    double dza[SMALL * 2] = {0}, twice[SMALL * 2] = {1, 2, 3, 4, 5, 6};
    (void)run(*state, &problem, a_rows, b_rows, 1, dza, NULL);
    for (int i = 0; i < SMALL * 2; i++)
        near(dza[i], want[i], 6e-7, "gradient");
    (void)run(*state, &problem, a_rows, b_rows, 2, twice, NULL);
    for (int i = 0; i < SMALL * 2; i++)
        near(twice[i], i + 1 + 2 * dza[i], same, "added, scaled");
}

/* With equal references the softmax is uniform, and S drops out of nothing but W: so the rows of G
 * = (r/n - W)/N, seen through references that are unit axes at a huge tau, give W itself. */
static void published_weights(void **state) {
    static const double want[] = {1.5, .5, 0, .5, 1, .5, 0, .5, .5}, total[] = {2, 2, 1};
    mos_contrast problem = cross_problem(1);
    double axes[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1}, zeros[9] = {0}, dza[9] = {0};
    problem.d = 3;
    const mos_contrast_result result = run(*state, &problem, zeros, axes, 1, dza, NULL);
    for (int i = 0; i < 3; i++)
        for (int p = 0; p < 3; p++)
            near(total[i] / 3 - dza[i * 3 + p] * result.weight, want[i * 3 + p], same, "W");
}

/* Rows of G sum to 0: with references that share one component, no gradient arrives along it. */
static void gradient_rows_sum_to_zero(void **state) {
    enum { N = 6, D = 5 };
    double *za = support_normal64(N * D, 1), *zr = support_normal64(N * D, 2), dza[N * D] = {0};
    mos_contrast problem = cross_problem(0.3);
    problem.anchors = problem.references = N;
    problem.d = D;
    for (int i = 0; i < N; i++)
        zr[i * D] = 1;
    for (int kind = MOS_POSITIVES_MULSUPCON; kind <= MOS_POSITIVES_JACCARD; kind++) {
        problem.positives = (mos_positives)kind;
        memset(dza, 0, sizeof dza);
        (void)run(*state, &problem, za, zr, 1, dza, NULL);
        for (int i = 0; i < N; i++) {
            near(dza[i * D], 0, same, "sum of a row of G");
            assert_true(fabs(dza[i * D + 1]) > 1e-6);
        }
    }
    mos_free(za);
    mos_free(zr);
}

static void identical_embeddings(void **state) {
    enum { B = 6 };
    double rows[2 * B * 2];
    int8_t one_label[2 * B];
    int32_t partner[2 * B];
    for (int i = 0; i < 2 * B; i++) {
        rows[2 * i] = .6;
        rows[2 * i + 1] = .8;
        one_label[i] = 1;
        partner[i] = (i + B) % (2 * B);
    }
    mos_contrast problem = {.anchors = 2 * B,
                            .references = 2 * B,
                            .d = 2,
                            .tau = 0.1,
                            .positives = MOS_POSITIVES_PARTNER,
                            .self = self_rows,
                            .partner = partner,
                            .anchor_labels = one_label,
                            .reference_labels = one_label,
                            .classes = 1};
    near(run(*state, &problem, rows, rows, 1, NULL, NULL).loss, log(2 * B - 1), same, "nt-xent");
    problem.positives = MOS_POSITIVES_MULSUPCON;
    near(run(*state, &problem, rows, rows, 1, NULL, NULL).loss, log(2 * B - 1), same, "within");
    problem.anchors = problem.references = B;
    problem.self = NULL;
    near(run(*state, &problem, rows, rows, 1, NULL, NULL).loss, log(B), same, "cross");
}

/* A label per sample, carried by its two views alone, makes every loss of the family NT-Xent. */
static void one_positive_each_is_nt_xent(void **state) {
    enum { B = 4, D = 3 };
    double *z = support_normal64(2 * B * D, 3), want[2 * B * D] = {0}, found[2 * B * D];
    int8_t own[2 * B * B] = {0};
    int32_t partner[2 * B];
    normalise(z, 2 * B, D);
    for (int i = 0; i < 2 * B; i++) {
        own[i * B + i % B] = 1;
        partner[i] = (i + B) % (2 * B);
    }
    mos_contrast problem = {.anchors = 2 * B,
                            .references = 2 * B,
                            .d = D,
                            .tau = 0.5,
                            .positives = MOS_POSITIVES_PARTNER,
                            .self = self_rows,
                            .partner = partner,
                            .anchor_labels = own,
                            .reference_labels = own,
                            .classes = B};
    const double loss = run(*state, &problem, z, z, 1, want, want).loss;
    for (int kind = MOS_POSITIVES_MULSUPCON; kind <= MOS_POSITIVES_JACCARD; kind++) {
        problem.positives = (mos_positives)kind;
        memset(found, 0, sizeof found);
        near(run(*state, &problem, z, z, 1, found, found).loss, loss, same, "loss");
        for (int i = 0; i < 2 * B * D; i++)
            near(found[i], want[i], same, "gradient");
    }
    mos_free(z);
}

/* A problem of N rows with all the trouble: unknown labels, rows without labels, absent rows. */
enum { N = 8, D = 4, CLASSES = 3 };
static const int8_t trouble[N * CLASSES] = {1, 0, 1, 1,  1, 0, 0, 0, 0,  -1, -1, -1,
                                            0, 1, 0, -1, 1, 0, 1, 1, -1, 0,  0,  1};

static mos_contrast trouble_problem(int kind) {
    return (mos_contrast){.anchors = N,
                          .references = N,
                          .d = D,
                          .tau = 0.4,
                          .positives = (mos_positives)kind,
                          .self = self_rows,
                          .anchor_labels = trouble,
                          .reference_labels = trouble,
                          .classes = CLASSES};
}

static void permutation_changes_nothing(void **state) {
    static const int order[N] = {3, 7, 0, 5, 1, 6, 2, 4};
    double *z = support_normal64(N * D, 4), moved[N * D], dz[N * D], dmoved[N * D];
    int8_t moved_labels[N * CLASSES];
    for (int i = 0; i < N; i++) {
        memcpy(moved + i * D, z + order[i] * D, D * sizeof *z);
        memcpy(moved_labels + i * CLASSES, trouble + order[i] * CLASSES, CLASSES);
    }
    for (int kind = MOS_POSITIVES_MULSUPCON; kind <= MOS_POSITIVES_SOFT; kind++) {
        mos_contrast problem = trouble_problem(kind);
        memset(dz, 0, sizeof dz);
        memset(dmoved, 0, sizeof dmoved);
        const mos_contrast_result want = run(*state, &problem, z, z, 1, dz, dz);
        problem.anchor_labels = problem.reference_labels = moved_labels;
        const mos_contrast_result found = run(*state, &problem, moved, moved, 1, dmoved, dmoved);
        near(found.loss, want.loss, same, "loss");
        near(found.floor, want.floor, same, "floor");
        assert_int_equal(found.anchors_without_positive, want.anchors_without_positive);
        for (int i = 0; i < N * D; i++)
            near(dmoved[i], dz[order[i / D] * D + i % D], same, "gradient");
    }
    mos_free(z);
}

/* Anchors split over two ranks, references gathered: with N known, the parts add up to the whole.
 */
static void split_anchors_add_up(void **state) {
    double *z = support_normal64(N * D, 5), whole[N * D] = {0}, parts[N * D] = {0};
    mos_contrast problem = trouble_problem(MOS_POSITIVES_MULSUPCON);
    const mos_contrast_result want = run(*state, &problem, z, z, 1, whole, whole);
    double loss = 0, weight = 0;
    problem.anchors = N / 2;
    for (int rank = 0; rank < 2; rank++) {
        double *first = z + rank * D * N / 2, *dfirst = parts + rank * D * N / 2;
        problem.self = self_rows + rank * N / 2;
        problem.anchor_labels = trouble + rank * CLASSES * N / 2;
        mos_contrast_result part = run(*state, &problem, first, z, 1, NULL, NULL);
        (void)run(*state, &problem, first, z, part.weight / want.weight, dfirst, parts);
        loss += part.loss * part.weight;
        weight += part.weight;
    }
    near(weight, want.weight, same, "N");
    near(loss / weight, want.loss, same, "loss");
    for (int i = 0; i < N * D; i++)
        near(parts[i], whole[i], same, "gradient");
    mos_free(z);
}

static void anchors_without_positive_are_counted(void **state) {
    static const int8_t lonely[4 * 2] = {1, 0, 1, 0,
                                         0, 1, 0, 0}; /* row 2: nobody else; row 3: no label */
    double *z = support_normal64(4 * D, 6), dz[4 * D] = {0};
    for (int kind = MOS_POSITIVES_MULSUPCON; kind <= MOS_POSITIVES_JACCARD; kind++) {
        mos_contrast problem = trouble_problem(kind);
        problem.anchors = problem.references = 4;
        problem.classes = 2;
        problem.anchor_labels = problem.reference_labels = lonely;
        const mos_contrast_result result = run(*state, &problem, z, z, 1, dz, dz);
        assert_int_equal(result.anchors_used, 2);
        assert_int_equal(result.anchors_without_positive, 2);
        assert_int_equal(result.positives, 2);
        near(result.weight, 2, same, "N");
        assert_true(isfinite(result.loss));
    }
    mos_free(z);
}

/* Nobody knows anything: no loss, no gradient, not even a rounding error of one. */
static void unknown_labels_give_nothing(void **state) {
    int8_t unknown[N * CLASSES];
    double *z = support_normal64(N * D, 7), dz[N * D];
    memset(unknown, -1, sizeof unknown);
    for (int kind = MOS_POSITIVES_MULSUPCON; kind <= MOS_POSITIVES_SOFT; kind++) {
        mos_contrast problem = trouble_problem(kind);
        problem.anchor_labels = problem.reference_labels = unknown;
        memset(dz, 0, sizeof dz);
        const mos_contrast_result result = run(*state, &problem, z, z, 1, dz, dz);
        assert_true(result.loss == 0 && result.floor == 0 && result.weight == 0);
        assert_int_equal(result.anchors_without_positive, N);
        for (int i = 0; i < N * D; i++)
            assert_true(dz[i] == 0);
    }
    /* Across modalities, an unlabelled anchor draws no gradient, while an unlabelled reference
     * repels. */
    mos_contrast problem = trouble_problem(MOS_POSITIVES_MULSUPCON);
    double *zr = support_normal64(N * D, 8), dza[N * D] = {0}, dzr[N * D] = {0};
    problem.self = NULL;
    (void)run(*state, &problem, z, zr, 1, dza, dzr);
    for (int k = 0; k < D; k++) {
        assert_true(dza[2 * D + k] == 0 && dza[3 * D + k] == 0);
        assert_true(dzr[2 * D + k] != 0 && dzr[3 * D + k] != 0);
    }
    mos_free(z);
    mos_free(zr);
}

static void absent_rows_change_nothing(void **state) {
    static const uint8_t present[N] = {1, 0, 1, 1, 0, 1, 1, 1};
    static const int32_t partner[N] = {1, 0, 3, 2, 5, 4, 7, 6};
    double *z = support_normal64(N * D, 9), kept[N * D], dz[N * D], dkept[N * D];
    int8_t kept_labels[N * CLASSES];
    int32_t kept_partner[N], place[N];
    int count = 0;
    for (int i = 0; i < N; i++)
        place[i] = present[i] ? count++ : -1;
    for (int i = 0; i < N; i++) {
        if (place[i] < 0) continue;
        memcpy(kept + place[i] * D, z + i * D, D * sizeof *z);
        memcpy(kept_labels + place[i] * CLASSES, trouble + i * CLASSES, CLASSES);
        kept_partner[place[i]] = place[partner[i]];
    }
    for (int k = 0; k < D; k++)
        z[D + k] = NAN; /* nobody may look at an absent row */
    for (int kind = MOS_POSITIVES_PARTNER; kind <= MOS_POSITIVES_SOFT; kind++) {
        mos_contrast problem = trouble_problem(kind);
        problem.partner = partner;
        problem.anchor_present = problem.reference_present = present;
        memset(dz, 0, sizeof dz);
        memset(dkept, 0, sizeof dkept);
        const mos_contrast_result found = run(*state, &problem, z, z, 1, dz, dz);
        problem.anchor_present = problem.reference_present = NULL;
        problem.anchors = problem.references = count;
        problem.partner = kept_partner;
        problem.anchor_labels = problem.reference_labels = kept_labels;
        const mos_contrast_result want = run(*state, &problem, kept, kept, 1, dkept, dkept);
        assert_memory_equal(&found, &want, sizeof found);
        for (int i = 0; i < N * D; i++)
            assert_true(dz[i] == (place[i / D] < 0 ? 0 : dkept[place[i / D] * D + i % D]));
    }
    mos_free(z);
}

static void weights_of_other_positives(void **state) {
    /* Label sets {0,2} {0,1} {} unknown {1} {0} {0,1} {2}: of anchor 1 = {0,1} the Jaccard weights
     * are 1/3 to {0,2}, 1/2 to {1}, 1/2 to {0}, 1 to {0,1}, sum 7/3; sets equal: row 6 alone; any:
     * rows 0 4 5 6. */
    static const int8_t sets[N * CLASSES] = {1, 0, 1, 1, 1,  0, 0, 0, 0, -1, -1, -1,
                                             0, 1, 0, 1, -1, 0, 1, 1, 0, 0,  0,  1};
    static const double want[][N] = {
        [MOS_POSITIVES_ALL] = {0, 0, 0, 0, 0, 0, 1, 0},
        [MOS_POSITIVES_ANY] = {.25, 0, 0, 0, .25, .25, .25, 0},
        [MOS_POSITIVES_JACCARD] = {1. / 7, 0, 0, 0, 1.5 / 7, 1.5 / 7, 3. / 7, 0}};
    for (int kind = MOS_POSITIVES_ALL; kind <= MOS_POSITIVES_JACCARD; kind++) {
        mos_contrast problem = trouble_problem(kind);
        double axes[N * N] = {0}, zeros[N * N] = {0}, dza[N * N] = {0};
        for (int i = 0; i < N; i++)
            axes[i * N + i] = 1;
        problem.anchor_labels = problem.reference_labels = sets;
        problem.d = N;
        problem.tau = 1;
        const mos_contrast_result result = run(*state, &problem, zeros, axes, 1, dza, NULL);
        for (int p = 0; p < N; p++)
            near((p == 1 ? 0 : 1. / (N - 1)) - dza[N + p] * result.weight, want[kind][p], same,
                 "W");
    }
}

/* An anchor {0, 1} and three references at S = 0, 1, -1: {0} with label 1 unknown, so that only
 * label 0 is compared and T = 1; {1}, T = 1/sqrt 2; and one of which nothing is known. */
static void soft_targets(void **state) {
    static const int8_t of_anchor[2] = {1, 1}, of_references[6] = {1, -1, 0, 1, -1, -1};
    const double tau = 0.25, za[2] = {1, 0}, zr[6] = {0, 1, 0.25, 0, -0.25, 0};
    double dza[2] = {0}, dzr[6] = {0};
    mos_contrast problem = {.anchors = 1,
                            .references = 3,
                            .d = 2,
                            .tau = tau,
                            .positives = MOS_POSITIVES_SOFT,
                            .anchor_labels = of_anchor,
                            .reference_labels = of_references,
                            .classes = 2};
    mos_contrast_result result = run(*state, &problem, za, zr, 1, dza, dzr);
    const double target = sqrt(0.5), sigmoid = 1 / (1 + exp(-1));
    const double want = log(2) + log(1 + exp(1)) - target;
    near(result.loss, want / 2, same, "loss");
    near(result.weight, 2, same, "N");
    near(result.floor, -(target * log(target) + (1 - target) * log(1 - target)) / 2, same, "floor");
    assert_int_equal(result.positives, 2);
    near(dzr[0], -0.5 / tau / 2, same, "towards the first");
    near(dzr[2], (sigmoid - target) / tau / 2, same, "towards the second");
    assert_true(dzr[4] == 0 &&
                dzr[5] == 0); /* nothing is known of both: neither pulls nor pushes */
    near(dza[0], dzr[2] * 0.25, same, "gradient of the anchor");
    problem.anchor_weighting = true;
    result = run(*state, &problem, za, zr, 1, dza, dzr);
    near(result.loss, want / 2, same, "loss of one anchor");
    near(result.weight, 1, same, "N, the anchors");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_losses),
        cmocka_unit_test(published_gradient),
        cmocka_unit_test(published_weights),
        cmocka_unit_test(gradient_rows_sum_to_zero),
        cmocka_unit_test(identical_embeddings),
        cmocka_unit_test(one_positive_each_is_nt_xent),
        cmocka_unit_test(permutation_changes_nothing),
        cmocka_unit_test(split_anchors_add_up),
        cmocka_unit_test(anchors_without_positive_are_counted),
        cmocka_unit_test(unknown_labels_give_nothing),
        cmocka_unit_test(absent_rows_change_nothing),
        cmocka_unit_test(weights_of_other_positives),
        cmocka_unit_test(soft_targets),
    };
    return cmocka_run_group_tests(tests, open_ref, close_ref);
}
