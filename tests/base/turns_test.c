/* Turns: jobs of different lengths go on in one order, use parallel loops, and can be run again. */
#include "base/turns.h"

#include "base/thread.h"
#include "support/test_support.h"

enum { JOBS = 3, STEPS = 4 };

typedef struct record {
    int order[JOBS * STEPS], count, sum[JOBS];
} record;

static void add(void *context, int64_t begin, int64_t end, int thread) {
    int *parts = context;
    (void)thread;
    for (int64_t i = begin; i < end; i++)
        parts[i]++;
}

/* Job 0 passes once, job 1 twice and so on. */
static void work(void *context, int own) {
    record *found = context;
    int parts[64] = {0};
    assert_int_equal(mos_turns_own(), own);
    for (int step = 0; step <= own + 1; step++) {
        found->order[found->count++] = own;
        mos_parallel_for(2, 64, add, parts);
        if (step <= own) mos_turns_pass();
        assert_int_equal(mos_turns_own(), own);
    }
    for (int i = 0; i < 64; i++)
        found->sum[own] += parts[i];
}

static void take_turns(void **state) {
    static const int wanted[] = {0, 1, 2, 0, 1, 2, 1, 2, 2};
    mos_turns *turns;
    (void)state;
#if defined(__SANITIZE_THREAD__)
    skip(); /* it knows nothing of a thread's other stacks */
#endif
    EXPECT_OK(mos_turns_create(JOBS, &turns));
    for (int again = 0; again < 3; again++) {
        record found = {.count = 0};
        mos_turns_run(turns, work, &found);
        assert_int_equal(found.count, sizeof wanted / sizeof *wanted);
        assert_memory_equal(found.order, wanted, sizeof wanted);
        for (int own = 0; own < JOBS; own++)
            assert_int_equal(found.sum[own], 64 * (own + 2));
    }
    mos_turns_destroy(&turns);
    mos_turns_destroy(&turns);
}

static void outside(void **state) {
    (void)state;
    mos_turns_pass();
    assert_int_equal(mos_turns_own(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(take_turns), cmocka_unit_test(outside)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
