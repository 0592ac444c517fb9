/* The op table of the cpu backend against ref, case by case, in fp32 and in bf16; that results
 * repeat; and, on ref, that they do not depend on the number of threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "op_cases.h"
#include "op_support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The error allowed: of the root mean square of the output, relative; single values may be ten
 * times as far off, relative to the largest. The first row that fits counts. */
typedef struct tolerance {
    op_kind kind;
    const char *output; /* NULL: any */
    double fp32, bf16;
    const char *reason;
} tolerance;

static const tolerance tolerances[] = {
    {OP_CONV, "dw", 5e-6, 6e-3,
     "sums of up to 4e4 products in fp32; in bf16 the products of a Winograd F(2x2) are rounded"},
    {OP_CONV, NULL, 5e-6, 6e-3,
     "F(4x4) errs by 9e-7 in fp32; in bf16 the result is rounded (1.6e-3), F(2x2) errs by up to "
     "4.5e-3"},
    {OP_NORM, "y", 2e-6, 3e-3, "one rounding to bf16"},
    {OP_NORM, "dx", 2e-5, 4e-3, "one rounding to bf16; dx is a difference of larger terms"},
    {OP_NORM, "dskip", 1e-6, 3e-3, "a sum of two, rounded to bf16"},
    {OP_NORM, "dgamma", 2e-5, 2e-5, "fp32 sums, whatever the activations are kept in"},
    {OP_NORM, "dbeta", 2e-5, 2e-5, "fp32 sums, whatever the activations are kept in"},
    {OP_NORM, NULL, 2e-6, 2e-6, "statistics are taken in fp32 or better"},
    {OP_INFER, NULL, 2e-6, 3e-3, "one rounding to bf16"},
    {OP_FOLDED, NULL, 5e-6, 6e-3, "a convolution's; the scaled weights are rounded to bf16"},
    {OP_POOL, "y", 0, 0, "a maximum is one of its inputs"},
    {OP_POOL, "dx", 1e-6, 4e-3, "up to four gradients are summed, then rounded"},
    {OP_MEAN, "y", 1e-6, 1e-6, "fp32 sums of 16 values"},
    {OP_MEAN, "dx", 1e-6, 3e-3, "one rounding to bf16"},
    {OP_LINEAR, NULL, 5e-6, 5e-6, "always fp32: sums of up to 512 products"},
    {OP_UNIT, NULL, 2e-6, 2e-6, "always fp32"},
    {OP_MODAL, NULL, 2e-6, 2e-6, "always fp32"},
    {OP_ROWS, NULL, 1e-7, 1e-7, "copies are exact, one addition is rounded"},
    {OP_CONTRAST, "counts", 1e-12, 1e-12, "weights are summed in double"},
    {OP_CONTRAST, NULL, 1e-5, 1e-5, "always fp32: similarities divided by tau, then exponentials"},
    {OP_BCE, NULL, 2e-6, 2e-6, "always fp32, sums in double"},
    {OP_OPTIMIZE, NULL, 2e-6, 2e-6, "always fp32"},
    {OP_MEASURE, "sum", 1e-12, 1e-12, "sums in double of numbers that fp32 holds"},
    {OP_MEASURE, NULL, 0, 0, "a count"},
    {OP_MEMORY, NULL, 0, 0, "the values are bfloat16 numbers"},
};

typedef struct worst_error {
    double error, allowed;
    const char *name;
} worst_error;

static const tolerance *tolerance_of(const op_case *which, const char *output) {
    for (size_t i = 0; i < sizeof tolerances / sizeof tolerances[0]; i++)
        if (tolerances[i].kind == which->kind &&
            (tolerances[i].output == NULL || strcmp(tolerances[i].output, output) == 0))
            return &tolerances[i];
    fail_msg("%s: no tolerance for %s", which->name, output);
    return NULL;
}

/* Relative error of the root mean square; INFINITY where a number is missing or a single value is
 * too far off. */
static double output_error(const op_output *found, const op_output *want, double allowed) {
    double off = 0, size = 0, most_off = 0, most = 0;
    for (int64_t i = 0; i < want->count; i++) {
        const double d = fabs(found->values[i] - want->values[i]);
        if (!isfinite(d)) return INFINITY;
        off += d * d;
        size += want->values[i] * want->values[i];
        most_off = fmax(most_off, d);
        most = fmax(most, fabs(want->values[i]));
    }
    if (off == 0) return 0;
    if (most_off > 10 * allowed * most) return INFINITY;
    return sqrt(off / size);
}

static int compare(const op_case *which, const op_outputs *found, const op_outputs *want, bool bf16,
                   worst_error *worst) {
    int wrong = 0;
    assert_int_equal(found->count, want->count);
    for (int i = 0; i < want->count; i++) {
        const tolerance *rule = tolerance_of(which, want->items[i].name);
        const double allowed = bf16 ? rule->bf16 : rule->fp32;
        const double error = output_error(&found->items[i], &want->items[i], allowed);
        worst_error *entry = &worst[rule - tolerances];
        if (entry->name == NULL || error > entry->error)
            *entry = (worst_error){error, allowed, which->name};
        if (error <= allowed) continue;
        printf("%s: %s is off by %.2g, allowed %.2g (%s)\n", which->name, want->items[i].name,
               error, allowed, rule->reason);
        wrong++;
    }
    return wrong;
}

static bool same_bits(const op_case *which, const op_outputs *a, const op_outputs *b,
                      const char *what) {
    for (int i = 0; i < a->count; i++) {
        const size_t bytes = (size_t)a->items[i].count * sizeof(double);
        if (memcmp(a->items[i].values, b->items[i].values, bytes) == 0) continue;
        printf("%s: %s differs %s\n", which->name, a->items[i].name, what);
        return false;
    }
    return true;
}

static void print_worst(const mos_device *device, const worst_error *worst) {
    printf("%s\n", device->description);
    for (size_t i = 0; i < sizeof tolerances / sizeof tolerances[0]; i++)
        if (worst[i].name != NULL)
            printf("  %-28s %-12s error %.1e of %.1e\n", worst[i].name,
                   tolerances[i].output != NULL ? tolerances[i].output : "rest", worst[i].error,
                   worst[i].allowed);
}

/* What ref answers to every case, computed once. */
static op_outputs *ref_answers;

static int answer_on_ref(void **state) {
    mos_device *ref = support_open(&mos_backend_ref, MOS_PRECISION_FP64, 2);
    *state = NULL;
    ref_answers = support_host(op_case_count, sizeof *ref_answers);
    for (int i = 0; i < op_case_count; i++)
        op_case_run(ref, &op_cases[i], &ref_answers[i]);
    support_close(&ref);
    return 0;
}

static int release_answers(void **state) {
    (void)state;
    for (int i = 0; i < op_case_count; i++)
        op_outputs_release(&ref_answers[i]);
    mos_free(ref_answers);
    return 0;
}

/* An emulator takes minutes for the layers of real networks: there they run once. */
static bool is_emulated(void) {
    return getenv("MOSAIC_EMULATED") != NULL;
}

static int case_agrees(mos_device *cpu, int i, bool bf16, worst_error *worst) {
    op_outputs first, second;
    op_case_run(cpu, &op_cases[i], &first);
    int wrong = compare(&op_cases[i], &first, &ref_answers[i], bf16, worst);
    if (!op_cases[i].slow || !is_emulated()) {
        op_case_run(cpu, &op_cases[i], &second);
        if (!same_bits(&op_cases[i], &first, &second, "on a second run")) wrong++;
        op_outputs_release(&second);
    }
    op_outputs_release(&first);
    return wrong;
}

static int backend_agrees(const char *name, mos_precision precision) {
    mos_device *cpu;
    worst_error worst[sizeof tolerances / sizeof tolerances[0]] = {{0, 0, NULL}};
    int wrong = 0;
    support_check(mos_device_open(name, precision, 2, &cpu), name);
    const bool bf16 = cpu->precision == MOS_PRECISION_BF16;
    if (precision == MOS_PRECISION_BF16 && !bf16) { /* it would be fp32 once more */
        print_message("skipped: %s has no bf16 on this processor\n", name);
        support_close(&cpu);
        return 0;
    }
    for (int i = 0; i < op_case_count; i++)
        wrong += case_agrees(cpu, i, bf16, worst);
    print_worst(cpu, worst);
    support_close(&cpu);
    return wrong;
}

/* Every backend of the list but the judge. */
static void backends_agree(mos_precision precision) {
    int wrong = 0;
    for (const char *const *name = mos_device_names(); *name != NULL; name++)
        if (strcmp(*name, mos_backend_ref.name) != 0) wrong += backend_agrees(*name, precision);
    assert_int_equal(wrong, 0);
}

static void backends_agree_in_fp32(void **state) {
    (void)state;
    backends_agree(MOS_PRECISION_FP32);
}

static void backends_agree_in_bf16(void **state) {
    (void)state;
    backends_agree(MOS_PRECISION_BF16);
}

static void ref_does_not_depend_on_threads(void **state) {
    (void)state;
    int wrong = 0;
    if (is_emulated()) {
        print_message("skipped: the judge on other threads, too slow in an emulator\n");
        skip();
    }
    for (int threads = 1; threads <= 3; threads += 2) {
        mos_device *ref = support_open(&mos_backend_ref, MOS_PRECISION_FP64, threads);
        for (int i = 0; i < op_case_count; i++) {
            op_outputs found;
            if (op_cases[i].slow) continue;
            op_case_run(ref, &op_cases[i], &found);
            if (!same_bits(&op_cases[i], &found, &ref_answers[i], "with other threads")) wrong++;
            op_outputs_release(&found);
        }
        support_close(&ref);
    }
    assert_int_equal(wrong, 0);
}

/* A folded plan on ref says what convolution and norm say in two steps. */
static void folding_changes_nothing(void **state) {
    (void)state;
    mos_device *ref = support_open(&mos_backend_ref, MOS_PRECISION_FP64, 2);
    int checked = 0;
    for (int i = 0; i < op_case_count; i++) {
        op_outputs apart;
        if (op_cases[i].kind != OP_FOLDED) continue;
        op_run_unfolded(ref, &op_cases[i], &apart);
        const double error = output_error(&ref_answers[i].items[0], &apart.items[0], 1e-12);
        if (!(error <= 1e-12)) fail_msg("%s: off by %g", op_cases[i].name, error);
        op_outputs_release(&apart);
        checked++;
    }
    support_close(&ref);
    assert_true(checked > 5);
}

/* The judge itself leaves no hole: no output of ref is NaN, and absent rows get exact zeros. */
static void ref_writes_every_value(void **state) {
    (void)state;
    for (int i = 0; i < op_case_count; i++)
        for (int k = 0; k < ref_answers[i].count; k++)
            for (int64_t at = 0; at < ref_answers[i].items[k].count; at++)
                if (!isfinite(ref_answers[i].items[k].values[at]))
                    fail_msg("%s: %s[%ld] is not finite", op_cases[i].name,
                             ref_answers[i].items[k].name, (long)at);
}

static void expect_double(const double *once, const double *twice, int count) {
    for (int i = 0; i < count; i++)
        assert_true(once[i] != 0 && fabs(twice[i] - 2 * once[i]) <= 1e-5 * fabs(once[i]));
}

/* Gradients of parameters are added to what is there: twice the call is twice the gradient. */
static void gradients_are_added(const mos_backend *table, mos_precision precision) {
    enum { N = 2, C = 16, H = 3, COUNT = N * C * H * H, W = C * C * 9 };
    mos_device *device = support_open(table, precision, 2);
    const mos_backend *ops = device->ops;
    const mos_conv_shape conv_shape = {N, C, H, H, C, 3, 1, 1, .train = true};
    const mos_norm_shape norm_shape = {N,     C,    H,    H,   1,     false, false,
                                       false, true, 1e-5, 0.1, false, NULL};
    double *host = support_normal(COUNT, 1), *weights = support_normal(W, 2);
    double dw[2][W], dgamma[2][C], dbeta[2][C], linear_dw[2][C * C], db[2][C];
    mos_conv *conv;
    mos_norm *norm;
    mos_conv_info info;
    support_check(ops->conv_create(device, &conv_shape, &conv), "convolution");
    support_check(ops->norm_create(device, &norm_shape, &norm), "batch norm");
    ops->conv_info(conv, &info);
    void *x = support_act(device, host, N, C, H, H), *y = support_act(device, host, N, C, H, H);
    void *dx = support_act(device, NULL, N, C, H, H), *w = support_real(device, weights, W);
    void *workspace = support_bytes(device, info.workspace_bytes);
    void *reals[5], *rows = support_real(device, host, N * C);
    for (int i = 0; i < 5; i++)
        reals[i] = support_real(device, NULL, W);
    for (int pass = 0; pass < 2; pass++) {
        ops->conv_backward_weights(device, conv, x, y, reals[0], workspace);
        /* w serves as gamma, beta, mean and rstd */
        ops->norm_backward(device, norm, x, y, y, NULL, w, w, w, w, dx, NULL, reals[1], reals[2],
                           NULL);
        ops->linear_backward(device, N, C, C, rows, C, w, rows, C, NULL, C, false, reals[3],
                             reals[4]);
        (void)!mos_get_f64(device, reals[0], dw[pass], W);
        (void)!mos_get_f64(device, reals[1], dgamma[pass], C);
        (void)!mos_get_f64(device, reals[2], dbeta[pass], C);
        (void)!mos_get_f64(device, reals[3], linear_dw[pass], C * C);
        (void)!mos_get_f64(device, reals[4], db[pass], C);
    }
    expect_double(dw[0], dw[1], W);
    expect_double(linear_dw[0], linear_dw[1], C * C);
    expect_double(dgamma[0], dgamma[1], C);
    expect_double(dbeta[0], dbeta[1], C);
    expect_double(db[0], db[1], C);
    for (int i = 0; i < 5; i++)
        ops->free(device, reals[i]);
    void *arrays[] = {x, y, dx, w, workspace, rows};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        ops->free(device, arrays[i]);
    ops->conv_destroy(device, &conv);
    ops->norm_destroy(device, &norm);
    mos_free(host);
    mos_free(weights);
    support_close(&device);
}

static void ref_adds_gradients(void **state) {
    (void)state;
    gradients_are_added(&mos_backend_ref, MOS_PRECISION_FP64);
}

static void cpu_adds_gradients(void **state) {
    (void)state;
    if (mos_backend_cpu.open == NULL) skip();
    gradients_are_added(&mos_backend_cpu, MOS_PRECISION_FP32);
    gradients_are_added(&mos_backend_cpu, MOS_PRECISION_BF16);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ref_writes_every_value),  cmocka_unit_test(ref_does_not_depend_on_threads),
        cmocka_unit_test(folding_changes_nothing), cmocka_unit_test(ref_adds_gradients),
        cmocka_unit_test(cpu_adds_gradients),      cmocka_unit_test(backends_agree_in_fp32),
        cmocka_unit_test(backends_agree_in_bf16),
    };
    return cmocka_run_group_tests(tests, answer_on_ref, release_answers);
}
