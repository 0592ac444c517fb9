/* Two teams with as many threads each as there are processors: those that wait must leave the
 * processors to those that work. Judged by processor time against the same work one after the
 * other, in one run; a thread that waits awake for one that has no processor shows there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/team.h"
#include "base/thread.h"

#include <pthread.h>
#include <time.h>

enum { BODIES = 500, TURNS = 4, STEPS = 4000, MOST = 256 };

typedef struct caller {
    pthread_t thread;
    int threads;
    struct {
        _Alignas(64) uint64_t value;
    } sum[MOST];
} caller;

/* Short work between barriers, as in small layers. */
static void work(void *context, int thread, int threads, mos_team *team) {
    caller *me = context;
    (void)threads;
    for (int turn = 0; turn < TURNS; turn++) {
        uint64_t value = me->sum[thread].value;
        for (int i = 0; i < STEPS; i++)
            value = value * 6364136223846793005u + 1442695040888963407u;
        me->sum[thread].value = value;
        mos_team_barrier(team);
    }
}

static void *call(void *pointer) {
    caller *me = pointer;
    for (int i = 0; i < BODIES; i++)
        mos_team_run(me->threads, work, me);
    return NULL;
}

static double processor_time(void) {
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double time_of(caller *callers, int count) {
    const double before = processor_time();
    for (int i = 0; i < count; i++)
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call, &callers[i]), 0);
    for (int i = 0; i < count; i++)
        assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
    return processor_time() - before;
}

static void two_teams_share(void **state) {
    static caller callers[2];
    const int processors = mos_cpu_count();
    (void)state;
    for (int i = 0; i < 2; i++)
        callers[i].threads = processors < 2 ? 2 : processors > MOST ? MOST : processors;
    const double in_turn = time_of(callers, 1) + time_of(callers + 1, 1);
    const uint64_t sum = callers[0].sum[1].value;
    assert_int_equal(callers[1].sum[1].value, sum);
    const double at_once = time_of(callers, 2);
    assert_int_equal(callers[1].sum[1].value, callers[0].sum[1].value);
    print_message("processor time: %.2f s in turn, %.2f s at once\n", in_turn, at_once);
    /* Waiting costs a switch of threads then: up to 4.4 times was seen beside other programs. A
     * team that spins without bound takes hundreds of times as long. */
    assert_true(at_once < 30 * in_turn);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(two_teams_share)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
