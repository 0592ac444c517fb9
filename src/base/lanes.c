#include "base/lanes.h"

#include "base/memory.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef struct lane {
    mos_lanes *lanes;
    pthread_t thread;
    int number;
    bool started;
    uint64_t round; /* the last one it has done */
} lane;

struct mos_lanes {
    pthread_mutex_t mutex;
    pthread_cond_t work, done;
    bool mutex_made, work_made, done_made;
    uint64_t round; /* the one that is asked for */
    int busy;
    bool stop;
    mos_lane_job job;
    void *context;
    int count;
    lane *lane;
};

static void *serve(void *pointer) {
    lane *self = pointer;
    mos_lanes *lanes = self->lanes;
    char name[32];
    (void)snprintf(name, sizeof name, "mosaic-lane-%d", self->number);
    (void)pthread_setname_np(pthread_self(), name);
    (void)pthread_mutex_lock(&lanes->mutex);
    for (;;) {
        while (!lanes->stop && self->round == lanes->round)
            (void)pthread_cond_wait(&lanes->work, &lanes->mutex);
        if (lanes->stop) break;
        self->round = lanes->round;
        (void)pthread_mutex_unlock(&lanes->mutex);
        lanes->job(lanes->context, self->number);
        (void)pthread_mutex_lock(&lanes->mutex);
        if (--lanes->busy == 0) (void)pthread_cond_signal(&lanes->done);
    }
    (void)pthread_mutex_unlock(&lanes->mutex);
    return NULL;
}

mosaic_status mos_lanes_create(int count, mos_lanes **out) {
    mos_lanes *lanes = NULL;
    mosaic_status status;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof *lanes, "lanes", &lanes));
    MOS_GOTO(mos_alloc((size_t)count, sizeof *lanes->lane, "lanes", &lanes->lane));
    lanes->count = count;
    lanes->mutex_made = pthread_mutex_init(&lanes->mutex, NULL) == 0;
    lanes->work_made = pthread_cond_init(&lanes->work, NULL) == 0;
    lanes->done_made = pthread_cond_init(&lanes->done, NULL) == 0;
    bool made = lanes->mutex_made && lanes->work_made && lanes->done_made;
    for (int i = 0; made && i < count; i++) {
        lane *self = &lanes->lane[i];
        self->lanes = lanes;
        self->number = i;
        int code = pthread_create(&self->thread, NULL, serve, self);
        self->started = made = code == 0;
    }
    if (!made) {
        status = mos_fail(MOSAIC_ERR_RUNTIME, "cannot start %d threads of their own", count);
        goto done;
    }
    *out = lanes;
    return MOSAIC_OK;
done:
    mos_lanes_destroy(&lanes);
    return status;
}

void mos_lanes_run(mos_lanes *lanes, mos_lane_job job, void *context) {
    (void)pthread_mutex_lock(&lanes->mutex);
    lanes->job = job;
    lanes->context = context;
    lanes->busy = lanes->count;
    lanes->round++;
    (void)pthread_cond_broadcast(&lanes->work);
    while (lanes->busy > 0)
        (void)pthread_cond_wait(&lanes->done, &lanes->mutex);
    (void)pthread_mutex_unlock(&lanes->mutex);
}

void mos_lanes_destroy(mos_lanes **slot) {
    mos_lanes *lanes = *slot;
    *slot = NULL;
    if (lanes == NULL) return;
    if (lanes->mutex_made && lanes->work_made) {
        (void)pthread_mutex_lock(&lanes->mutex);
        lanes->stop = true;
        (void)pthread_cond_broadcast(&lanes->work);
        (void)pthread_mutex_unlock(&lanes->mutex);
    }
    for (int i = 0; lanes->lane != NULL && i < lanes->count; i++)
        if (lanes->lane[i].started) (void)pthread_join(lanes->lane[i].thread, NULL);
    if (lanes->done_made) (void)pthread_cond_destroy(&lanes->done);
    if (lanes->work_made) (void)pthread_cond_destroy(&lanes->work);
    if (lanes->mutex_made) (void)pthread_mutex_destroy(&lanes->mutex);
    mos_free(lanes->lane);
    mos_free(lanes);
}
