#include "base/workers.h"

#include "base/memory.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef struct worker {
    mos_workers *workers;
    pthread_t thread;
    int number;
    bool started;
    uint64_t round; /* the last one it has done */
} worker;

struct mos_workers {
    pthread_mutex_t mutex;
    pthread_cond_t work, done;
    bool mutex_made, work_made, done_made;
    uint64_t round; /* the one that is asked for */
    int busy;
    bool stop;
    mos_worker_job job;
    void *context;
    int count;
    worker *worker;
};

static void *serve(void *pointer) {
    worker *self = pointer;
    mos_workers *workers = self->workers;
    char name[32];
    (void)snprintf(name, sizeof name, "mosaic-worker-%d", self->number);
    (void)pthread_setname_np(pthread_self(), name);
    (void)pthread_mutex_lock(&workers->mutex);
    for (;;) {
        while (!workers->stop && self->round == workers->round)
            (void)pthread_cond_wait(&workers->work, &workers->mutex);
        if (workers->stop) break;
        self->round = workers->round;
        (void)pthread_mutex_unlock(&workers->mutex);
        workers->job(workers->context, self->number);
        (void)pthread_mutex_lock(&workers->mutex);
        if (--workers->busy == 0) (void)pthread_cond_signal(&workers->done);
    }
    (void)pthread_mutex_unlock(&workers->mutex);
    return NULL;
}

mosaic_status mos_workers_create(int count, mos_workers **out) {
    mos_workers *workers = NULL;
    mosaic_status status;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof *workers, "workers", &workers));
    MOS_GOTO(mos_alloc((size_t)count, sizeof *workers->worker, "workers", &workers->worker));
    workers->count = count;
    workers->mutex_made = pthread_mutex_init(&workers->mutex, NULL) == 0;
    workers->work_made = pthread_cond_init(&workers->work, NULL) == 0;
    workers->done_made = pthread_cond_init(&workers->done, NULL) == 0;
    bool made = workers->mutex_made && workers->work_made && workers->done_made;
    for (int i = 0; made && i < count; i++) {
        worker *self = &workers->worker[i];
        self->workers = workers;
        self->number = i;
        int code = pthread_create(&self->thread, NULL, serve, self);
        self->started = made = code == 0;
    }
    if (!made) {
        status = mos_fail(MOSAIC_ERR_RUNTIME, "cannot start %d threads of their own", count);
        goto done;
    }
    *out = workers;
    return MOSAIC_OK;
done:
    mos_workers_destroy(&workers);
    return status;
}

void mos_workers_run(mos_workers *workers, mos_worker_job job, void *context) {
    (void)pthread_mutex_lock(&workers->mutex);
    workers->job = job;
    workers->context = context;
    workers->busy = workers->count;
    workers->round++;
    (void)pthread_cond_broadcast(&workers->work);
    while (workers->busy > 0)
        (void)pthread_cond_wait(&workers->done, &workers->mutex);
    (void)pthread_mutex_unlock(&workers->mutex);
}

void mos_workers_destroy(mos_workers **slot) {
    mos_workers *workers = *slot;
    *slot = NULL;
    if (workers == NULL) return;
    if (workers->mutex_made && workers->work_made) {
        (void)pthread_mutex_lock(&workers->mutex);
        workers->stop = true;
        (void)pthread_cond_broadcast(&workers->work);
        (void)pthread_mutex_unlock(&workers->mutex);
    }
    for (int i = 0; workers->worker != NULL && i < workers->count; i++)
        if (workers->worker[i].started) (void)pthread_join(workers->worker[i].thread, NULL);
    if (workers->done_made) (void)pthread_cond_destroy(&workers->done);
    if (workers->work_made) (void)pthread_cond_destroy(&workers->work);
    if (workers->mutex_made) (void)pthread_mutex_destroy(&workers->mutex);
    mos_free(workers->worker);
    mos_free(workers);
}
