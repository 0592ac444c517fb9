#include "base/team.h"

#include "base/float_control.h"
#include "base/log.h"
#include "base/thread.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- waiting ---- */

/* A word that one side changes and the other waits for. Its lowest bit: somebody sleeps on it. */
typedef _Atomic uint32_t signal_word;
#define ASLEEP 1u

/* A wait looks at its word this often before it sleeps; a look is 20 ns on Zen and 40 on a Skylake.
 * Every wait that was long halves what the next may take. */
enum { MOST_LOOKS = 1000, LEAST_LOOKS = 16 };
/* Below this a wait that ended asleep was short: waiting awake would have been better. */
#define SHORT_NS 60000

static inline void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}

static uint32_t value_of(const signal_word *word) {
    return atomic_load_explicit(word, memory_order_acquire) & ~ASLEEP;
}

/* By the side that changes it. */
static void give_signal(signal_word *word) {
    const uint32_t next =
        (atomic_load_explicit(word, memory_order_relaxed) & ~ASLEEP) + (ASLEEP << 1);
    if (atomic_exchange_explicit(word, next, memory_order_acq_rel) & ASLEEP)
        (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static void sleep_while(signal_word *word, uint32_t value) {
    uint32_t seen = value;
    if (!atomic_compare_exchange_strong_explicit(word, &seen, value | ASLEEP, memory_order_acquire,
                                                 memory_order_acquire) &&
        seen != (value | ASLEEP))
        return;
    do
        (void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value | ASLEEP, NULL, NULL, 0);
    while (atomic_load_explicit(word, memory_order_acquire) == (value | ASLEEP));
}

/* looks: how often to look before sleeping, kept from wait to wait. */
static void wait_while(signal_word *word, uint32_t value, int *looks, int most_looks) {
    if (value_of(word) != value) return;
    if (*looks > most_looks) *looks = most_looks;
    for (int i = 0; i < *looks; i++) {
        relax();
        if (value_of(word) != value) return;
    }
    const int64_t before = mos_now_ns();
    sleep_while(word, value);
    if (mos_now_ns() - before < SHORT_NS)
        *looks = MOST_LOOKS;
    else
        *looks = *looks / 2 < LEAST_LOOKS ? LEAST_LOOKS : *looks / 2;
}

/* ---- teams ---- */

enum { MOST_THREADS = 1024 };

typedef struct worker {
    _Alignas(64) signal_word order; /* changes when there is something to do */
    pthread_t thread;
    mos_team *team;
    int number;
} worker;

struct mos_team {
    /* of the body at hand; the owner writes them while no worker looks */
    mos_team_body body;
    void *context;
    uint64_t control;
    int threads, most_looks;
    bool stop;
    int most; /* threads there can be */
    int processors;
    int made; /* threads there are, the owner among them */
    _Alignas(64) _Atomic int at_work;
    _Alignas(64) signal_word done;
    _Alignas(64) _Atomic int arrived;
    _Alignas(64) signal_word turn; /* changes when all have arrived at a barrier */
    worker worker[MOST_THREADS];
};

/* What a thread knows of itself. */
static _Thread_local struct {
    mos_team *team; /* its own */
    bool inside;    /* a body */
    int idle_looks, barrier_looks;
} self = {.idle_looks = MOST_LOOKS, .barrier_looks = MOST_LOOKS};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key; /* a thread's own team, for its end */
static bool key_made;

static void *serve(void *pointer) {
    worker *me = pointer;
    mos_team *team = me->team;
    uint32_t order = 0;
    char name[16];
    (void)snprintf(name, sizeof name, "mosaic-%d", me->number);
    (void)pthread_setname_np(pthread_self(), name);
    self.inside = true;
    for (;;) {
        /* most_looks is the owner's to write while this thread may have no part in its body */
        wait_while(&me->order, order, &self.idle_looks, MOST_LOOKS);
        order = value_of(&me->order);
        if (team->stop) return NULL;
        if (mos_float_control() != team->control) mos_float_set_control(team->control);
        if (self.idle_looks > team->most_looks) self.idle_looks = team->most_looks;
        team->body(team->context, me->number, team->threads, team);
        if (atomic_fetch_sub_explicit(&team->at_work, 1, memory_order_acq_rel) == 1)
            give_signal(&team->done);
    }
}

static void end_team(void *pointer) {
    mos_team *team = pointer;
    self.team = NULL;
    team->stop = true;
    for (int i = 1; i < team->made; i++)
        give_signal(&team->worker[i].order);
    for (int i = 1; i < team->made; i++)
        (void)pthread_join(team->worker[i].thread, NULL);
    (void)munmap(team, sizeof *team);
}

/* The child of a fork has the thread that forked and no other. */
static void leave_team_to_parent(void) {
    if (self.team != NULL && !self.inside) (void)munmap(self.team, sizeof *self.team);
    self.team = NULL;
    self.inside = false;
    (void)pthread_setspecific(key, NULL);
}

static void make_key(void) {
    key_made = pthread_key_create(&key, end_team) == 0 &&
               pthread_atfork(NULL, NULL, leave_team_to_parent) == 0;
}

/* Zeroed, and not from the heap. */
static mos_team *new_team(void) {
    (void)pthread_once(&once, make_key);
    if (!key_made) return NULL;
    mos_team *team = mmap(NULL, sizeof *team, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (team == MAP_FAILED) return NULL;
    if (pthread_setspecific(key, team) != 0) {
        (void)munmap(team, sizeof *team);
        return NULL;
    }
    team->made = 1;
    team->most = MOST_THREADS;
    team->processors = mos_cpu_count();
    return team;
}

/* Signals are for the threads of the program, but for those that a thread brings on itself. */
static void block_signals(sigset_t *before) {
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGPROF};
    sigset_t most;
    (void)sigfillset(&most);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        (void)sigdelset(&most, own[i]);
    (void)pthread_sigmask(SIG_SETMASK, &most, before);
}

static void start_workers(mos_team *team, int threads) {
    sigset_t before;
    block_signals(&before);
    while (team->made < threads) {
        worker *next = &team->worker[team->made];
        next->team = team;
        next->number = team->made;
        if (pthread_create(&next->thread, NULL, serve, next) != 0) {
            team->most = team->made;
            mos_log(MOS_LOG_WARNING,
                    "the system gives %d threads, %d were wanted: going on with %d", team->made,
                    threads, team->made);
            break;
        }
        team->made++;
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* The calling thread's team, with up to `threads` threads. */
static mos_team *own_team(int threads) {
    if (self.team == NULL) self.team = new_team();
    mos_team *team = self.team;
    if (team == NULL) return NULL;
    if (threads > team->most) threads = team->most;
    if (threads > team->made) start_workers(team, threads);
    return team;
}

void mos_team_run(int threads, mos_team_body body, void *context) {
    mos_team *team = threads > 1 && !self.inside ? own_team(threads) : NULL;
    if (team == NULL || team->made == 1) {
        body(context, 0, 1, NULL);
        return;
    }
    if (threads > team->made) threads = team->made;
    team->body = body;
    team->context = context;
    team->control = mos_float_control();
    team->threads = threads;
    team->most_looks = threads > team->processors ? LEAST_LOOKS : MOST_LOOKS;
    atomic_store_explicit(&team->at_work, threads - 1, memory_order_relaxed);
    const uint32_t done = value_of(&team->done);
    self.inside = true;
    for (int i = 1; i < threads; i++)
        give_signal(&team->worker[i].order);
    body(context, 0, threads, team);
    wait_while(&team->done, done, &self.barrier_looks, team->most_looks);
    self.inside = false;
}

void mos_team_barrier(mos_team *team) {
    if (team == NULL) return;
    const uint32_t turn = value_of(&team->turn);
    if (atomic_fetch_add_explicit(&team->arrived, 1, memory_order_acq_rel) + 1 < team->threads) {
        wait_while(&team->turn, turn, &self.barrier_looks, team->most_looks);
        return;
    }
    atomic_store_explicit(&team->arrived, 0, memory_order_relaxed);
    give_signal(&team->turn);
}
