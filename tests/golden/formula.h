/* The numbers of formula.py in C: goldens hold outputs only, both sides make the inputs. */
#ifndef TEST_GOLDEN_FORMULA_H
#define TEST_GOLDEN_FORMULA_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static inline uint64_t formula_hash(const char *name) {
    uint64_t value = UINT64_C(14695981039346656037);
    for (; *name != 0; name++)
        value = (value ^ (unsigned char)*name) * UINT64_C(1099511628211);
    return value;
}

/* Number i of the stream: 24 bits. */
static inline int64_t formula_bits(uint64_t hash, int64_t i) {
    uint64_t x = hash + (uint64_t)(i + 1) * UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    x ^= x >> 31;
    return (int64_t)(x >> 40);
}

/* In [-1, 1), exact in float. */
static inline double formula_uniform(uint64_t hash, int64_t i) {
    return (double)(formula_bits(hash, i) - (1 << 23)) / (double)(1 << 23);
}

/* [n, c, h, w]: an offset per patch and band, blocks of 8 x 8 pixels, and pixels. */
static inline void formula_image(const char *name, int64_t n, int64_t c, int64_t h, int64_t w,
                                 float *out) {
    char part[160];
    int64_t bh = (h + 7) / 8, bw = (w + 7) / 8;
    (void)snprintf(part, sizeof part, "%s.offset", name);
    uint64_t offset = formula_hash(part);
    (void)snprintf(part, sizeof part, "%s.block", name);
    uint64_t block = formula_hash(part);
    (void)snprintf(part, sizeof part, "%s.pixel", name);
    uint64_t pixel = formula_hash(part);
    for (int64_t plane = 0; plane < n * c; plane++)
        for (int64_t y = 0; y < h; y++)
            for (int64_t x = 0; x < w; x++) {
                int64_t i = (plane * h + y) * w + x;
                double large = formula_uniform(offset, plane) +
                               formula_uniform(block, (plane * bh + y / 8) * bw + x / 8);
                out[i] = (float)(large + 0.5 * formula_uniform(pixel, i));
            }
}

static inline void formula_labels(const char *name, int64_t count, int8_t *out) {
    uint64_t hash = formula_hash(name);
    for (int64_t i = 0; i < count; i++) {
        int64_t k = formula_bits(hash, i) % 100;
        out[i] = k < 30 ? 1 : k < 35 ? -1 : 0;
    }
}

/* Unit rows [rows, d], rounded to float. */
static inline void formula_unit_rows(const char *name, int64_t rows, int64_t d, double *out) {
    uint64_t hash = formula_hash(name);
    for (int64_t r = 0; r < rows; r++) {
        double sum = 0;
        for (int64_t k = 0; k < d; k++) {
            double u = formula_uniform(hash, r * d + k);
            sum += u * u;
        }
        for (int64_t k = 0; k < d; k++)
            out[r * d + k] = (float)(formula_uniform(hash, r * d + k) / sqrt(sum));
    }
}

static inline int formula_ends(const char *text, const char *end) {
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

/* The starting value of a golden model's parameter. */
static inline void formula_parameter(const char *name, int rank, const int64_t *shape,
                                     int64_t count, float *out) {
    uint64_t hash = formula_hash(name);
    double scale = 0.1, middle = 0;
    if (rank == 4) {
        scale = sqrt(6.0 / (double)(shape[1] * shape[2] * shape[3]));
    } else if (rank == 2) {
        scale = 0; /* divided, below, as the other side does */
    } else if (formula_ends(name, ".running_var")) {
        scale = 0.5;
        middle = 1;
    } else if (formula_ends(name, ".bn2.weight")) {
        scale = 0.05; /* quiet residual branches keep a deep random network well conditioned */
        middle = 0.25;
    } else if (formula_ends(name, ".weight")) {
        scale = 0.2;
        middle = 1;
    }
    for (int64_t i = 0; i < count; i++) {
        double u = formula_uniform(hash, i);
        out[i] = (float)(rank == 2 ? u / sqrt((double)shape[1]) : middle + scale * u);
    }
}

/* Norm and three projections, as formula.sketch. */
static inline void formula_sketch(const char *name, const double *values, int64_t count,
                                  double out[4]) {
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += values[i] * values[i];
    out[0] = sqrt(sum);
    for (int k = 0; k < 3; k++) {
        char probe[256];
        (void)snprintf(probe, sizeof probe, "probe%d.%s", k, name);
        uint64_t hash = formula_hash(probe);
        out[k + 1] = 0;
        for (int64_t i = 0; i < count; i++)
            out[k + 1] += values[i] * formula_uniform(hash, i);
    }
}

#endif
