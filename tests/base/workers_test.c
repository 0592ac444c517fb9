/* Workers: every job once per round, all at the same time, each with a thread team of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/thread.h"
#include "base/workers.h"

#include <pthread.h>

enum { WORKERS = 3, ROUNDS = 200, COUNT = 1000 };

typedef struct rounds {
    pthread_barrier_t all;
    int given, seen[WORKERS];
    pthread_t thread[WORKERS];
    int64_t sum[WORKERS];
} rounds;

static void add_part(void *context, int64_t begin, int64_t end, int thread) {
    int64_t *parts = context;
    for (int64_t i = begin; i < end; i++)
        parts[thread] += i;
}

/* The barrier lets nobody through unless all workers are at work together. */
static void job(void *context, int worker) {
    rounds *r = context;
    int64_t parts[2] = {0};
    (void)pthread_barrier_wait(&r->all);
    r->seen[worker] += r->given == r->seen[worker] + 1;
    r->thread[worker] = pthread_self();
    mos_parallel_for(2, COUNT, add_part, parts);
    r->sum[worker] = parts[0] + parts[1];
}

static void all_at_once(void **state) {
    (void)state;
    rounds r = {.given = 0};
    mos_workers *workers;
    assert_int_equal(pthread_barrier_init(&r.all, NULL, WORKERS), 0);
    assert_int_equal(mos_workers_create(WORKERS, &workers), MOSAIC_OK);
    const uint64_t allocations = mos_alloc_count();
    pthread_t thread[WORKERS];
    for (int round = 1; round <= ROUNDS; round++) {
        r.given = round;
        mos_workers_run(workers, job, &r);
        for (int i = 0; i < WORKERS; i++) {
            assert_int_equal(r.seen[i], round);
            assert_int_equal(r.sum[i], COUNT * (COUNT - 1) / 2);
            assert_false(pthread_equal(r.thread[i], pthread_self()));
            if (round > 1) assert_true(pthread_equal(r.thread[i], thread[i])); /* they stay */
            thread[i] = r.thread[i];
        }
    }
    assert_int_equal(mos_alloc_count(), allocations);
    mos_workers_destroy(&workers);
    assert_null(workers);
    mos_workers_destroy(&workers);
    (void)pthread_barrier_destroy(&r.all);
}

static void without_memory(void **state) {
    (void)state;
    for (uint64_t n = 1; n <= 2; n++) {
        mos_workers *workers = (mos_workers *)state;
        mos_alloc_fail_at(n);
        assert_int_equal(mos_workers_create(2, &workers), MOSAIC_ERR_MEMORY);
        assert_null(workers);
    }
    mos_alloc_fail_at(0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_at_once),
                                       cmocka_unit_test(without_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
