/* Streams written here are read back by zlib, which refuses codes that are none. */
#include "io/deflate_pairs.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

enum { ROW = 512, MOST = ROW * 130 };

static uint16_t data[MOST + 4];
static uint32_t state = 1;

static uint32_t next(void) {
    state = state * 1664525U + 1013904223U;
    return state >> 8;
}

/* Bytes of the stream of the first `values` values. */
static size_t round_trip(mos_pair_deflater *deflater, int64_t values) {
    static unsigned char out[4 * MOST];
    static uint16_t back[MOST];
    const size_t most = mos_pair_deflater_most(values);
    assert_true(most <= sizeof out - 8);
    memset(out, 0xa5, sizeof out);
    memset(back, 0, sizeof back);
    const size_t size = mos_pair_deflate(deflater, data, values, out);
    assert_true(size <= most);
    for (size_t i = most; i < sizeof out; i++)
        assert_int_equal(out[i], 0xa5);
    uLongf bytes = sizeof back;
    assert_int_equal(uncompress((Bytef *)back, &bytes, out, (uLong)size), Z_OK);
    assert_int_equal(bytes, (uLong)values * 2);
    assert_memory_equal(back, data, (size_t)values * 2);
    return size;
}

static uint16_t fill(int kind, int64_t i) {
    const int64_t x = i % ROW, y = i / ROW;
    switch (kind) {
    case 0: /* one value */
        return 65535;
    case 1: /* noise: nothing repeats */
        return (uint16_t)next();
    case 2: /* rows that repeat, with a pixel of their own */
        return (uint16_t)(x == y % ROW ? 777 : x * x / 16);
    case 3: /* small differences of both signs */
        return (uint16_t)(next() % 5 - 2);
    case 4: /* the rarer, the larger: codes of every length */
        return (uint16_t)((uint16_t)__builtin_ctz(next() | 1 << 20) * 257);
    case 5: /* halves of one and of no repeat */
        return (uint16_t)(x < ROW / 2 ? 3 : next());
    default: /* repeats from farther than a stream may look, and as far as it may */
        return (uint16_t)(i % 16384 < 300 ? i % 16384 * 7919 : i * 31);
    }
}

static void what_is_written_is_read(void **unused) {
    mos_pair_deflater *deflater;
    static const int64_t sizes[] = {1,   2,   3,   4,   5,       7,           8,
                                    129, 130, 131, ROW, ROW + 1, 3 * ROW - 1, MOST};
    (void)unused;
    assert_int_equal(mos_pair_deflater_create(MOST, ROW, &deflater), MOSAIC_OK);
    for (int kind = 0; kind < 7; kind++) {
        for (int64_t i = 0; i < MOST; i++)
            data[i] = fill(kind, i);
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            (void)round_trip(deflater, sizes[s]);
    }
    for (int64_t i = 0; i < MOST; i++) /* a run of every length, and what ends it */
        data[i] = (uint16_t)(i * i % 1000 < 30 ? i : 5);
    for (int64_t n = 1; n < 1200; n++)
        (void)round_trip(deflater, n);
    mos_pair_deflater_destroy(&deflater);
    mos_pair_deflater_destroy(&deflater);
}

/* Counts as Fibonacci's make a tree as deep as it has leaves; a code has 15 bits. */
static void codes_are_not_too_long(void **unused) {
    mos_pair_deflater *deflater;
    int64_t count = 0;
    (void)unused;
    assert_int_equal(mos_pair_deflater_create(MOST, ROW, &deflater), MOSAIC_OK);
    for (int64_t value = 0, one = 1, two = 1; count < MOST; value++) {
        for (int64_t i = 0; i < one && count < MOST; i++)
            data[count++] = (uint16_t)(value * 257);
        two += one;
        one = two - one;
    }
    for (int64_t i = MOST - 1; i > 0; i--) { /* shuffled, so that values do not repeat in fours */
        const int64_t other = (int64_t)(next() % (uint32_t)(i + 1));
        const uint16_t kept = data[i];
        data[i] = data[other];
        data[other] = kept;
    }
    (void)round_trip(deflater, MOST);
    mos_pair_deflater_destroy(&deflater);
}

static void repeats_are_found(void **unused) {
    mos_pair_deflater *deflater;
    (void)unused;
    assert_int_equal(mos_pair_deflater_create(MOST, ROW, &deflater), MOSAIC_OK);
    memset(data, 0, sizeof data);
    assert_true(round_trip(deflater, MOST) < 600); /* a row: two bytes and a half */
    for (int64_t i = 0; i < MOST; i++)
        data[i] = i < ROW ? (uint16_t)next() : data[i - ROW];
    assert_true(round_trip(deflater, MOST) < 2 * ROW + 2500);
    for (int64_t i = 0; i < MOST; i++)
        data[i] = i < 700 ? (uint16_t)next() : data[i - 700];
    assert_true(round_trip(deflater, MOST) < 2 * 700 + 2500);
    mos_pair_deflater_destroy(&deflater);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_written_is_read),
                                       cmocka_unit_test(codes_are_not_too_long),
                                       cmocka_unit_test(repeats_are_found)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
