#include "base/memory.h"

#include "base/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void test_blocks_are_zero_and_aligned(void **state) {
    (void)state;
    static const size_t counts[] = {0, 1, 63, 64, 65, 100000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        unsigned char *block;
        assert_int_equal(mos_alloc(counts[i], 1, "bytes", &block), MOSAIC_OK);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % 64, 0);
        for (size_t j = 0; j < counts[i]; j++)
            assert_int_equal(block[j], 0);
        memset(block, 0xA5, counts[i]); /* the next block must not show this */
        mos_free(block);
    }
    mos_free(NULL);
}

static void test_overflow_is_refused(void **state) {
    (void)state;
    void *block = &block;
    assert_int_equal(mos_alloc(SIZE_MAX / 2, 3, "a scene", &block), MOSAIC_ERR_MEMORY);
    assert_null(block);
    assert_non_null(strstr(mosaic_error(), "a scene"));
    assert_int_equal(mos_alloc(SIZE_MAX, 1, "a scene", &block), MOSAIC_ERR_MEMORY);
    assert_int_equal(mos_alloc((size_t)PTRDIFF_MAX - 64, 1, "a scene", &block), MOSAIC_ERR_MEMORY);
    assert_null(block);
    double *array = NULL;
    size_t capacity = 0;
    assert_int_equal(mos_grow(&array, &capacity, SIZE_MAX / 4, sizeof *array, "rows"),
                     MOSAIC_ERR_MEMORY);
    assert_null(array);
    assert_int_equal(capacity, 0);
}

static void test_growing_keeps_and_zeroes(void **state) {
    (void)state;
    int *array = NULL;
    size_t capacity = 0;
    for (int i = 0; i < 1000; i++) {
        size_t before = capacity;
        assert_int_equal(mos_grow(&array, &capacity, (size_t)i + 1, sizeof *array, "rows"),
                         MOSAIC_OK);
        for (size_t j = before > (size_t)i ? before : (size_t)i; j < capacity; j++)
            assert_int_equal(array[j], 0);
        array[i] = i + 1;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(array[i], i + 1);
    assert_true(capacity < 2048); /* doubles, not more */
    uint64_t count = mos_alloc_count();
    assert_int_equal(mos_grow(&array, &capacity, 10, sizeof *array, "rows"), MOSAIC_OK);
    assert_int_equal(mos_alloc_count(), count); /* large enough: no allocation */
    mos_free(array);
}

static void test_the_nth_allocation_fails_once(void **state) {
    (void)state;
    void *block[4];
    mos_alloc_fail_at(3);
    assert_int_equal(mos_alloc(1, 8, "one", &block[0]), MOSAIC_OK);
    assert_int_equal(mos_alloc(1, 8, "two", &block[1]), MOSAIC_OK);
    assert_int_equal(mos_alloc(1, 8, "three", &block[2]), MOSAIC_ERR_MEMORY);
    assert_null(block[2]);
    assert_non_null(strstr(mosaic_error(), "three"));
    assert_int_equal(mos_alloc(1, 8, "four", &block[3]), MOSAIC_OK);
    mos_free(block[0]);
    mos_free(block[1]);
    mos_free(block[3]);
    mos_alloc_fail_at(1);
    mos_alloc_fail_at(0);
    assert_int_equal(mos_alloc(1, 8, "one", &block[0]), MOSAIC_OK);
    mos_free(block[0]);
}

static void test_a_failed_growth_keeps_the_array(void **state) {
    (void)state;
    int *array = NULL;
    size_t capacity = 0;
    assert_int_equal(mos_grow(&array, &capacity, 8, sizeof *array, "rows"), MOSAIC_OK);
    array[7] = 42;
    size_t before = capacity;
    mos_alloc_fail_at(1);
    assert_int_equal(mos_grow(&array, &capacity, before + 1, sizeof *array, "rows"),
                     MOSAIC_ERR_MEMORY);
    assert_int_equal(capacity, before);
    assert_int_equal(array[7], 42);
    mos_free(array);
    char *copy = NULL;
    mos_alloc_fail_at(1);
    assert_int_equal(mos_copy_text("abc", &copy), MOSAIC_ERR_MEMORY);
    assert_null(copy);
    assert_int_equal(mos_copy_text("abc", &copy), MOSAIC_OK);
    assert_string_equal(copy, "abc");
    mos_free(copy);
}

static void allocate_some(void *context, int64_t begin, int64_t end, int thread) {
    (void)thread;
    int *failures = context;
    for (int64_t i = begin; i < end; i++) {
        void *block;
        if (mos_alloc(1, 16, "a worker's block", &block) != MOSAIC_OK) failures[i] = 1;
        mos_free(block);
    }
}

static void test_counts_hold_across_threads(void **state) {
    (void)state;
    int failures[1000] = {0};
    uint64_t before = mos_alloc_count();
    mos_alloc_fail_at(500);
    mos_parallel_for(4, 1000, allocate_some, failures);
    assert_int_equal(mos_alloc_count() - before, 1000);
    int failed = 0;
    for (int i = 0; i < 1000; i++)
        failed += failures[i];
    assert_int_equal(failed, 1);
}

static void *layout(mos_arena *arena, size_t sizes[3], unsigned char *piece[3]) {
    for (int i = 0; i < 3; i++)
        piece[i] = mos_arena_take(arena, sizes[i]);
    return piece[0];
}

static void test_arena_measures_then_hands_out(void **state) {
    (void)state;
    size_t sizes[3] = {1, 64, 65};
    unsigned char *piece[3];
    mos_arena arena = {0};
    assert_null(layout(&arena, sizes, piece));
    assert_int_equal(arena.used, 64 + 64 + 128);
    assert_int_equal(arena.peak, arena.used);
    mos_arena real = {.size = arena.peak};
    assert_int_equal(mos_alloc(real.size, 1, "an arena", &real.base), MOSAIC_OK);
    assert_ptr_equal(layout(&real, sizes, piece), real.base);
    assert_ptr_equal(piece[1], real.base + 64);
    assert_ptr_equal(piece[2], real.base + 128);
    assert_null(mos_arena_take(&real, 1)); /* full */
    real.used = 0;
    assert_ptr_equal(mos_arena_take(&real, 10), real.base);
    mos_free(real.base);
    mos_arena huge = {0};
    assert_null(mos_arena_take(&huge, SIZE_MAX));
    assert_null(mos_arena_take(&huge, 64));
    assert_int_equal(huge.used, SIZE_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_are_zero_and_aligned),
        cmocka_unit_test(test_overflow_is_refused),
        cmocka_unit_test(test_growing_keeps_and_zeroes),
        cmocka_unit_test(test_the_nth_allocation_fails_once),
        cmocka_unit_test(test_a_failed_growth_keeps_the_array),
        cmocka_unit_test(test_counts_hold_across_threads),
        cmocka_unit_test(test_arena_measures_then_hands_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
