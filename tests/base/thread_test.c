#include "base/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sched.h>
#include <string.h>

enum { ITEMS = 1003 };

typedef struct seen {
    int times[ITEMS];
    int thread[ITEMS];
    int64_t begin[64], end[64];
} seen;

static void note(void *context, int64_t begin, int64_t end, int thread) {
    seen *all = context;
    all->begin[thread] = begin;
    all->end[thread] = end;
    for (int64_t i = begin; i < end; i++) {
        all->times[i]++;
        all->thread[i] = thread;
    }
}

static void test_every_item_once_in_order(void **state) {
    (void)state;
    for (int threads = -1; threads <= 9; threads++) {
        for (int64_t count = 0; count <= ITEMS; count = count < 12 ? count + 1 : count * 3) {
            seen all = {0};
            mos_parallel_for(threads, count, note, &all);
            for (int64_t i = 0; i < ITEMS; i++)
                assert_int_equal(all.times[i], i < count);
            for (int64_t i = 1; i < count; i++)
                assert_true(all.thread[i] >= all.thread[i - 1]);
            int used = threads < 1 ? 1 : threads;
            if (used > count) used = (int)count;
            for (int t = 0; t < used; t++) {
                int64_t size = all.end[t] - all.begin[t];
                assert_true(size == count / used || size == count / used + 1);
                assert_int_equal(all.begin[t], t == 0 ? 0 : all.end[t - 1]);
            }
        }
    }
}

static void nest(void *context, int64_t begin, int64_t end, int thread) {
    (void)thread;
    for (int64_t i = begin; i < end; i++)
        mos_parallel_for(3, 100, note, (seen *)context + i);
}

static void test_nested_loops_are_complete(void **state) {
    (void)state;
    static seen all[4];
    memset(all, 0, sizeof all);
    mos_parallel_for(4, 4, nest, all);
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 100; j++)
            assert_int_equal(all[i].times[j], 1);
    }
}

static void add_part(void *context, int64_t begin, int64_t end, int thread) {
    float sum = 0;
    for (int64_t i = begin; i < end; i++)
        sum += 1.0f / (float)(i + 1);
    ((float *)context)[thread] = sum;
}

static void test_sums_repeat_for_a_thread_count(void **state) {
    (void)state;
    float first[5], again[5];
    for (int trial = 0; trial < 20; trial++) {
        mos_parallel_for(5, 100000, add_part, trial == 0 ? first : again);
        if (trial > 0) assert_memory_equal(first, again, sizeof first);
    }
}

static void test_cpu_count_follows_affinity(void **state) {
    (void)state;
    cpu_set_t before, one;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    assert_in_range(mos_cpu_count(), 1, CPU_COUNT(&before));
    size_t first = 0;
    while (!CPU_ISSET(first, &before))
        first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0) {
        print_message("skipped: this machine does not let a process choose its processors\n");
        skip();
    }
    int narrowed = mos_cpu_count();
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    assert_int_equal(narrowed, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_item_once_in_order),
        cmocka_unit_test(test_nested_loops_are_complete),
        cmocka_unit_test(test_sums_repeat_for_a_thread_count),
        cmocka_unit_test(test_cpu_count_follows_affinity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
