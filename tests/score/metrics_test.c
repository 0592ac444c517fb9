/* Metrics against scikit-learn's (tests/golden/make_metrics_golden.py), and what it does not cover:
 * unknown labels, thresholds. */
#include "score/metrics.h"

#include "base/memory.h"
#include "base/text.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_ROWS = 128, MAX_CLASSES = 16, LINE = 1 << 16 };
static const double tolerance = 1e-9;

typedef struct fixture {
    char name[64];
    int n, l;
    int8_t labels[MAX_ROWS * MAX_CLASSES];
    float probability[MAX_ROWS * MAX_CLASSES];
    mos_metrics metrics;
    int checked;
} fixture;

static int numbers(char *text, double *out, int capacity) {
    int count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(text, " \n", &rest); word && count < capacity;
         word = strtok_r(NULL, " \n", &rest)) {
        double value = NAN;
        if (strcmp(word, "nan") != 0) assert_true(mos_parse_double(word, &value));
        out[count++] = value;
    }
    return count;
}

static void expect(fixture *f, const char *key, double got, double want) {
    bool same = isnan(want) ? isnan(got) : fabs(got - want) <= tolerance;
    if (!same) print_error("%s: %s is %.17g, scikit-learn says %.17g\n", f->name, key, got, want);
    assert_true(same);
    f->checked++;
}

static void expect_scores(fixture *f, const char *key, const mos_scores *s, const double *want) {
    expect(f, key, s->precision, want[0]);
    expect(f, key, s->recall, want[1]);
    expect(f, key, s->f1, want[2]);
    expect(f, key, s->f2, want[3]);
}

static double class_value(const mos_class_metrics *c, const char *key) {
    if (strcmp(key, "class_precision") == 0) return c->scores.precision;
    if (strcmp(key, "class_recall") == 0) return c->scores.recall;
    if (strcmp(key, "class_f1") == 0) return c->scores.f1;
    if (strcmp(key, "class_f2") == 0) return c->scores.f2;
    if (strcmp(key, "class_ap") == 0) return c->scores.average_precision;
    if (strcmp(key, "class_auc") == 0) return c->scores.roc_auc;
    return (double)c->positives;
}

static void check_line(fixture *f, const char *key, char *rest) {
    static double v[MAX_ROWS * MAX_CLASSES];
    int count = numbers(rest, v, MAX_ROWS * MAX_CLASSES);
    const mos_metrics *m = &f->metrics;
    if (strcmp(key, "labels") == 0) {
        for (int i = 0; i < count; i++)
            f->labels[i] = (int8_t)v[i];
    } else if (strcmp(key, "probability") == 0) {
        double half[MAX_CLASSES];
        for (int j = 0; j < f->l; j++)
            half[j] = 0.5;
        for (int i = 0; i < count; i++)
            f->probability[i] = (float)v[i];
        assert_int_equal(
            mos_metrics_compute(f->probability, f->labels, f->n, f->l, half, &f->metrics),
            MOSAIC_OK);
    } else if (strncmp(key, "class_", 6) == 0) {
        assert_int_equal(count, f->l);
        for (int j = 0; j < f->l; j++)
            expect(f, key, class_value(&m->per_class[j], key), v[j]);
    } else if (strcmp(key, "micro") == 0) {
        expect_scores(f, key, &m->micro, v);
    } else if (strcmp(key, "macro") == 0) {
        expect_scores(f, key, &m->macro_all, v);
    } else if (strcmp(key, "macro_told") == 0) {
        expect_scores(f, key, &m->macro, v);
    } else if (strcmp(key, "samples") == 0) {
        expect_scores(f, key, &m->sample, v);
    } else if (strcmp(key, "micro_ap") == 0) {
        expect(f, key, m->micro.average_precision, v[0]);
    } else if (strcmp(key, "micro_auc") == 0) {
        expect(f, key, m->micro.roc_auc, v[0]);
    } else if (strcmp(key, "macro_all_ap") == 0) {
        expect(f, key, m->macro_all.average_precision, v[0]);
    } else if (strcmp(key, "averaged") == 0) {
        expect(f, key, (double)m->averaged, v[0]);
        if (m->averaged == 0) assert_true(isnan(m->macro.f1) && isnan(m->macro.average_precision));
    } else if (strcmp(key, "macro_told_ap") == 0) {
        expect(f, key, m->macro.average_precision, v[0]);
    } else if (strcmp(key, "macro_told_auc") == 0) {
        expect(f, key, m->macro.roc_auc, v[0]);
    } else if (strcmp(key, "hamming") == 0) {
        expect(f, key, m->hamming_loss, v[0]);
    } else if (strcmp(key, "subset") == 0) {
        expect(f, key, m->subset_accuracy, v[0]);
    } else {
        fail_msg("unknown key %s", key);
    }
}

static void equals_scikit_learn(void **state) {
    (void)state;
    FILE *file = fopen(MOSAIC_SOURCE_DIR "/tests/golden/metrics_golden.txt", "r");
    assert_non_null(file);
    char *line = malloc(LINE);
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(line);
    assert_non_null(f);
    int fixtures = 0;
    while (fgets(line, LINE, file)) {
        char *space = strchr(line, ' ');
        if (!space) { /* "end" */
            assert_true(f->checked >= 12 + 5 + 7 * f->l);
            mos_metrics_release(&f->metrics);
            fixtures++;
            continue;
        }
        *space = 0;
        if (strcmp(line, "fixture") == 0) {
            memset(f, 0, sizeof *f);
            assert_int_equal(sscanf(space + 1, "%63s %d %d", f->name, &f->n, &f->l), 3);
        } else {
            check_line(f, line, space + 1);
        }
    }
    assert_int_equal(fixtures, 5);
    free(f);
    free(line);
    fclose(file);
}

/* Hiding cells must equal computing without them. */
static void unknown_labels_are_left_out(void **state) {
    (void)state;
    const float p[] = {.9f, .2f, .8f, .7f, .1f, .6f};
    const int8_t with_unknown[] = {1, 0, -1, 1, 0, -1};
    const double half[] = {.5, .5};
    mos_metrics m;
    assert_int_equal(mos_metrics_compute(p, with_unknown, 3, 2, half, &m), MOSAIC_OK);
    assert_int_equal(m.known, 4);
    assert_int_equal(m.per_class[0].positives, 1);
    assert_int_equal(m.per_class[0].negatives, 1);
    assert_float_equal(m.hamming_loss, 0, 1e-12);
    assert_float_equal(m.per_class[0].scores.f1, 1, 1e-12);
    /* one row has all labels known: rows 1 and 2 have an unknown cell */
    assert_float_equal(m.subset_accuracy, 1, 1e-12);
    mos_metrics_release(&m);
}

static void not_finite_is_refused(void **state) {
    (void)state;
    const float p[] = {.5f, NAN};
    const int8_t y[] = {1, 0};
    const double half[] = {.5, .5};
    mos_metrics m;
    assert_int_equal(mos_metrics_compute(p, y, 1, 2, half, &m), MOSAIC_ERR_NUMERIC);
    assert_non_null(strstr(mosaic_error(), "class 1"));
}

static double f1_at(const float *p, const int8_t *y, int n, double t) {
    int tp = 0, fp = 0, fn = 0;
    for (int i = 0; i < n; i++) {
        bool q = (double)p[i] >= t;
        tp += q && y[i] == 1;
        fp += q && y[i] == 0;
        fn += !q && y[i] == 1;
    }
    return tp ? 2.0 * tp / (2.0 * tp + fp + fn) : 0;
}

/* No threshold on a fine grid may beat the tuned one. */
static void tuned_thresholds_are_best(void **state) {
    (void)state;
    enum { N = 200 };
    float p[N];
    int8_t y[N];
    uint32_t s = 7;
    for (int i = 0; i < N; i++) {
        s = s * 1664525u + 1013904223u;
        y[i] = (s >> 16) % 4 == 0;
        s = s * 1664525u + 1013904223u;
        p[i] = (float)(0.3 * y[i] + 0.7 * (double)(s >> 8) / 16777216.0);
    }
    double tuned, global;
    assert_int_equal(mos_threshold_tune(p, y, N, 1, &tuned, &global), MOSAIC_OK);
    double best = f1_at(p, y, N, tuned);
    for (int k = 0; k <= 2000; k++)
        assert_true(f1_at(p, y, N, k / 2000.0) <= best + 1e-12);
    assert_float_equal(tuned, global, 0);
    memset(y, 0, sizeof y);
    assert_int_equal(mos_threshold_tune(p, y, N, 1, &tuned, &global), MOSAIC_OK);
    assert_float_equal(tuned, 0.5, 0);
}

/* Four positives say nothing of where to cut: the class takes the threshold of all classes. */
static void few_positives_take_the_threshold_of_all(void **state) {
    (void)state;
    enum { N = 60 };
    float p[2 * N];
    int8_t y[2 * N];
    for (int i = 0; i < N; i++) {
        y[2 * i] = i % 3 == 0;
        p[2 * i] = y[2 * i] ? 0.7f : 0.2f;
        y[2 * i + 1] = i < 4;
        p[2 * i + 1] = i < 4 ? 4e-7f : 1e-7f;
    }
    double tuned[2], global;
    assert_int_equal(mos_threshold_tune(p, y, N, 2, tuned, &global), MOSAIC_OK);
    assert_float_equal(tuned[0], 0.45, 1e-6);
    assert_float_equal(tuned[1], global, 0);
    assert_true(global > 0.1);
    for (int i = 4; i < 10; i++) /* ten are enough */
        y[2 * i + 1] = 1, p[2 * i + 1] = 4e-7f;
    assert_int_equal(mos_threshold_tune(p, y, N, 2, tuned, &global), MOSAIC_OK);
    assert_true(tuned[1] < 1e-6 && tuned[1] > 0);
}

/* Every allocation may fail; nothing leaks and the status says so. */
static void allocation_failures_surface(void **state) {
    (void)state;
    const float p[] = {.9f, .2f, .8f, .7f};
    const int8_t y[] = {1, 0, 0, 1};
    const double half[] = {.5, .5};
    for (uint64_t k = 1;; k++) {
        mos_metrics m;
        mos_alloc_fail_at(k);
        mosaic_status status = mos_metrics_compute(p, y, 2, 2, half, &m);
        mos_alloc_fail_at(0);
        if (status == MOSAIC_OK) {
            assert_true(k > 2);
            mos_metrics_release(&m);
            break;
        }
        assert_int_equal(status, MOSAIC_ERR_MEMORY);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_scikit_learn),
        cmocka_unit_test(unknown_labels_are_left_out),
        cmocka_unit_test(not_finite_is_refused),
        cmocka_unit_test(tuned_thresholds_are_best),
        cmocka_unit_test(few_positives_take_the_threshold_of_all),
        cmocka_unit_test(allocation_failures_surface),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
