/* The rows and labels of tests/golden/make_embedding_golden.py. */
#ifndef TEST_EVAL_PLANTED_ROWS_H
#define TEST_EVAL_PLANTED_ROWS_H

#include "golden/golden_file.h"

enum { PLANTED_N = 400, PLANTED_D = 24, PLANTED_L = 6, PLANTED_SETS = 9 };

static inline uint64_t planted_hash(const char *name, const char *part) {
    char text[64];
    (void)snprintf(text, sizeof text, "%s.%s", name, part);
    return formula_hash(text);
}

static inline void planted_rows(const char *name, double noise, float *x, int8_t *labels) {
    static const int sets[PLANTED_SETS] = {1, 2, 3, 4, 12, 48, 32, 21, 0};
    uint64_t set = planted_hash(name, "set"), centre = planted_hash(name, "centre"),
             jitter = planted_hash(name, "noise");
    for (int64_t i = 0; i < PLANTED_N; i++) {
        int64_t k = formula_bits(set, i) % 100, which = k * k / 1000;
        if (which > PLANTED_SETS - 1) which = PLANTED_SETS - 1;
        for (int64_t j = 0; j < PLANTED_L; j++)
            labels[i * PLANTED_L + j] = (int8_t)((sets[which] >> j) & 1);
        for (int64_t c = 0; c < PLANTED_D; c++)
            x[i * PLANTED_D + c] =
                (float)(formula_uniform(centre, which * PLANTED_D + c) +
                        noise * formula_uniform(jitter, i * PLANTED_D + c) + 0.25);
    }
}

static inline double golden_number(const golden_file *golden, const char *name, const char *part,
                                   int64_t at) {
    char text[96];
    (void)snprintf(text, sizeof text, "%s.%s", name, part);
    const golden_entry *entry = golden_find(golden, text);
    assert_true(at < entry->count);
    return entry->values[at];
}

/* Standard normal rows around nothing: no structure at all. */
static inline void noise_rows(const char *name, int64_t count, float *x) {
    uint64_t hash = formula_hash(name);
    for (int64_t i = 0; i < count; i++) {
        double sum = 0;
        for (int64_t k = 0; k < 4; k++)
            sum += formula_uniform(hash, 4 * i + k);
        x[i] = (float)sum;
    }
}

#endif
