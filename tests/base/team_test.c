/* Teams: every part once, barriers that hold, bodies inside bodies, callers side by side, a child
 * after fork, more threads than processors, and no cliff beside another team. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/float_control.h"
#include "base/memory.h"
#include "base/team.h"
#include "base/thread.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 64 };

typedef struct visits {
    int times[MOST], threads[MOST];
    pthread_t thread[MOST];
} visits;

static void visit(void *context, int thread, int threads, mos_team *team) {
    visits *all = context;
    (void)team;
    all->times[thread]++;
    all->threads[thread] = threads;
    all->thread[thread] = pthread_self();
}

static void every_thread_once(void **state) {
    static const int counts[] = {1, 2, 3, 7, 2, MOST, 4, 0, -3};
    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        visits all = {.times = {0}};
        const int threads = counts[i] < 1 ? 1 : counts[i];
        mos_team_run(counts[i], visit, &all);
        assert_true(pthread_equal(all.thread[0], pthread_self()));
        for (int t = 0; t < MOST; t++) {
            assert_int_equal(all.times[t], t < threads);
            if (t >= threads) continue;
            assert_int_equal(all.threads[t], threads);
            for (int other = 0; other < t; other++)
                assert_false(pthread_equal(all.thread[t], all.thread[other]));
        }
    }
}

static void workers_stay(void **state) {
    visits first = {.times = {0}}, again = {.times = {0}};
    (void)state;
    mos_team_run(5, visit, &first);
    const uint64_t allocations = mos_alloc_count();
    for (int i = 0; i < 100; i++)
        mos_team_run(2 + i % 4, visit, &again);
    assert_int_equal(mos_alloc_count(), allocations);
    for (int t = 0; t < 5; t++)
        assert_true(pthread_equal(first.thread[t], again.thread[t]));
    assert_int_equal(again.times[1], 100);
    assert_int_equal(again.times[4], 25);
}

/* ---- barriers ---- */

enum { TURNS = 500 };

typedef struct turns {
    int value[MOST];
    _Atomic int wrong;
} turns;

/* Each writes its number of turns, then reads its neighbour's: a barrier that lets one through
 * early shows as another turn. */
static void take_turns(void *context, int thread, int threads, mos_team *team) {
    turns *all = context;
    for (int turn = 1; turn <= TURNS; turn++) {
        all->value[thread] = turn;
        mos_team_barrier(team);
        if (all->value[(thread + 1) % threads] != turn) atomic_fetch_add(&all->wrong, 1);
        mos_team_barrier(team);
    }
}

static void barriers_hold(void **state) {
    static const int counts[] = {1, 2, 3, 8};
    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        turns all = {{0}, 0};
        mos_team_run(counts[i], take_turns, &all);
        assert_int_equal(all.wrong, 0);
        for (int t = 0; t < counts[i]; t++)
            assert_int_equal(all.value[t], TURNS);
    }
}

/* ---- inside a body ---- */

typedef struct inner {
    turns turn;
    visits visit;
    int order[MOST], count;
} inner;

static void note_part(void *context, int64_t begin, int64_t end, int thread) {
    inner *all = context;
    for (int64_t i = begin; i < end; i++)
        all->order[all->count++] = thread;
}

static void nest(void *context, int thread, int threads, mos_team *team) {
    inner *all = (inner *)context + thread;
    (void)threads, (void)team;
    mos_team_run(4, take_turns, &all->turn);
    mos_team_run(4, visit, &all->visit);
    mos_parallel_for(5, 5, note_part, all);
}

static void bodies_inside_bodies(void **state) {
    static inner all[3];
    (void)state;
    memset(all, 0, sizeof all);
    mos_team_run(3, nest, all);
    for (int t = 0; t < 3; t++) {
        assert_int_equal(all[t].turn.value[0], TURNS);
        assert_int_equal(all[t].visit.times[0], 1);
        assert_int_equal(all[t].visit.threads[0], 1);
        assert_int_equal(all[t].visit.times[1], 0);
        assert_int_equal(all[t].count, 5); /* a loop keeps its parts, in order */
        for (int part = 0; part < 5; part++)
            assert_int_equal(all[t].order[part], part);
    }
    visits after = {.times = {0}};
    mos_team_run(3, visit, &after);
    assert_int_equal(after.times[2], 1);
}

/* ---- several callers ---- */

enum { CALLERS = 4, RUNS = 200, VALUES = 5000 };

static void add_part(void *context, int64_t begin, int64_t end, int thread) {
    float sum = 0;
    for (int64_t i = begin; i < end; i++)
        sum += 1.0f / (float)(i + 1);
    ((float *)context)[thread] = sum;
}

static void *call(void *pointer) {
    float *sums = pointer, again[3];
    mos_parallel_for(3, VALUES, add_part, sums);
    for (int i = 0; i < RUNS; i++) {
        turns turn = {{0}, 0};
        mos_parallel_for(3, VALUES, add_part, again);
        if (memcmp(again, sums, sizeof again) != 0) return NULL;
        if (i % 50 == 0) mos_team_run(3, take_turns, &turn);
        if (turn.wrong != 0) return NULL;
    }
    return pointer;
}

static void callers_at_once(void **state) {
    float sums[CALLERS][3];
    pthread_t caller[CALLERS];
    void *result;
    (void)state;
    for (int i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_create(&caller[i], NULL, call, sums[i]), 0);
    for (int i = 0; i < CALLERS; i++) {
        assert_int_equal(pthread_join(caller[i], &result), 0);
        assert_ptr_equal(result, sums[i]);
        assert_memory_equal(sums[i], sums[0], sizeof sums[0]);
    }
}

/* ---- what a worker is given ---- */

typedef struct manners {
    uint64_t control[2];
    bool blocked;
    char name[16];
} manners;

static void look_around(void *context, int thread, int threads, mos_team *team) {
    manners *found = context;
    sigset_t set;
    (void)threads, (void)team;
    found->control[thread] = mos_float_control();
    if (thread == 0) return;
    (void)pthread_sigmask(SIG_SETMASK, NULL, &set);
    found->blocked = sigismember(&set, SIGINT) == 1 && sigismember(&set, SIGSEGV) == 0;
    (void)pthread_getname_np(pthread_self(), found->name, sizeof found->name);
}

static void workers_have_manners(void **state) {
    const uint64_t plain = mos_float_control();
    manners found = {{0}, false, ""};
    sigset_t set;
    (void)state;
    mos_team_run(2, look_around, &found);
    assert_string_equal(found.name, "mosaic-1");
    assert_true(found.blocked);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &set), 0);
    assert_int_equal(sigismember(&set, SIGINT), 0);
    for (int i = 0; i < 2; i++) { /* there and back */
        const uint64_t wanted = i == 0 ? plain | MOS_FLOAT_FLUSH : plain;
        mos_float_set_control(wanted);
        mos_team_run(2, look_around, &found);
        mos_float_set_control(plain);
        assert_int_equal(found.control[0], wanted);
        assert_int_equal(found.control[1], wanted);
    }
}

/* ---- fork ---- */

/* What a child finds: 0 all as it should be. */
static int work_as_child(const float *sums) {
    float again[3];
    turns turn = {{0}, 0};
    visits all = {.times = {0}};
    mos_parallel_for(3, VALUES, add_part, again);
    if (memcmp(again, sums, sizeof again) != 0) return 2;
    mos_team_run(4, take_turns, &turn);
    if (turn.wrong != 0 || turn.value[3] != TURNS) return 3;
    mos_team_run(4, visit, &all);
    return all.times[3] == 1 && !pthread_equal(all.thread[3], pthread_self()) ? 0 : 4;
}

static void child_of_fork(void **state) {
    (void)state;
#if defined(__SANITIZE_THREAD__)
    skip(); /* it allows a child no threads */
#endif
    if (getenv("MOSAIC_EMULATED") != NULL) {
        puts("skipped: qemu-user fails in a child that starts threads");
        skip();
    }
    float sums[3];
    mos_parallel_for(3, VALUES, add_part, sums);
    for (int i = 0; i < 3; i++) {
        int status;
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            (void)alarm(60); /* a child that waits for its parent's threads */
            _exit(work_as_child(sums));
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        assert_int_equal(work_as_child(sums), 0); /* and the parent has what it had */
    }
}

/* ---- the end of a caller ---- */

static void *call_and_end(void *pointer) {
    mos_team_run(3, visit, pointer);
    return NULL;
}

static int threads_of_process(void) {
    char line[128];
    int threads = -1;
    FILE *file = fopen("/proc/self/status", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "Threads: %d", &threads) == 1) break;
    if (file != NULL) (void)fclose(file);
    return threads;
}

static void teams_end_with_their_caller(void **state) {
    const int before = threads_of_process();
    (void)state;
    for (int i = 0; i < 20; i++) {
        pthread_t caller;
        visits all = {.times = {0}};
        assert_int_equal(pthread_create(&caller, NULL, call_and_end, &all), 0);
        assert_int_equal(pthread_join(caller, NULL), 0);
        assert_int_equal(all.times[2], 1);
    }
    /* a thread that was joined may be counted a moment longer */
    for (int i = 0; i < 1000 && threads_of_process() > before; i++)
        (void)usleep(1000);
    assert_int_equal(threads_of_process(), before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_thread_once), cmocka_unit_test(workers_stay),
        cmocka_unit_test(barriers_hold),     cmocka_unit_test(bodies_inside_bodies),
        cmocka_unit_test(callers_at_once),   cmocka_unit_test(workers_have_manners),
        cmocka_unit_test(child_of_fork),     cmocka_unit_test(teams_end_with_their_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
