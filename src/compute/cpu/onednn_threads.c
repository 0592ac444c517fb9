#include "compute/cpu/onednn_threads.h"

#if defined(MOSAIC_HAS_ONEDNN)
#include "base/float_control.h"

#include <omp.h>
#include <pthread.h>
#include <unistd.h>

static int idle_threads;

/* A thread that sleeps for ever. It keeps a team of libgomp threads that never work. */
static void *idle(void *unused) {
    (void)unused;
    (void)pthread_setname_np(pthread_self(), "mosaic-idle");
#pragma omp parallel num_threads(idle_threads)
    (void)mos_float_control();
    while (pause() != 0)
        ;
    return NULL;
}

/* Idle threads of libgomp spin for milliseconds on processors that our threads need at once. When
 * libgomp has more threads than there are processors, it stops spinning after microseconds: so we
 * give it a few more threads. Its own settings for spinning are read before main, too early for a
 * library. */
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
