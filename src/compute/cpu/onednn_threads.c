#include "compute/cpu/onednn_threads.h"

#if defined(MOSAIC_HAS_ONEDNN)
#include "base/float_control.h"

#include <omp.h>
#include <pthread.h>
#include <unistd.h>

static int idle_threads;

/* Never wakes up, and keeps a team of the runtime that never works. */
static void *idle(void *unused) {
    (void)unused;
    (void)pthread_setname_np(pthread_self(), "mosaic-idle");
#pragma omp parallel num_threads(idle_threads)
    (void)mos_float_control();
    while (pause() != 0)
        ;
    return NULL;
}

/* Threads of libgomp that have nothing to do hold their processors for milliseconds, and ours need
 * them at once. Where its threads are more than the processors it lets go after microseconds, so
 * it gets a few more; its own settings for this are read before main. */
static void let_go_early(int threads) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_t thread;
    (void)pthread_mutex_lock(&mutex);
    if (idle_threads == 0) {
        const int missing = omp_get_num_procs() - threads + 2;
        idle_threads = missing < 2 ? 2 : missing;
        if (pthread_create(&thread, NULL, idle, NULL) == 0) (void)pthread_detach(thread);
    }
    (void)pthread_mutex_unlock(&mutex);
}

int mos_onednn_enter(int threads) {
    static _Thread_local int prepared;
    const int before = omp_get_max_threads();
    if (before != threads) omp_set_num_threads(threads);
    if (prepared != threads && threads > 1) {
        const uint64_t control = mos_float_control();
        let_go_early(threads);
#pragma omp parallel num_threads(threads)
        mos_float_set_control(control);
        prepared = threads;
    }
    return before;
}

void mos_onednn_leave(int before) {
    if (before != omp_get_max_threads()) omp_set_num_threads(before);
}

#endif
