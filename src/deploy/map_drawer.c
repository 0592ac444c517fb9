#include "deploy/map_drawer.h"

#include "base/memory.h"

#include <pthread.h>

struct mos_map_drawer {
    mos_map_draw draw;
    void *context;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    /* Below: under the mutex. */
    int64_t done; /* final answers; -1: mos_map_drawer_tell was not called yet */
    bool ended;   /* no more answers will come */
    mosaic_status status;
    char error[2048];
};

static void *work(void *pointer) {
    mos_map_drawer *drawer = pointer;
    mosaic_status status = mos_map_drawer_wait(drawer, 0);
    if (status == MOSAIC_OK) status = drawer->draw(drawer->context, drawer);
    (void)pthread_mutex_lock(&drawer->mutex);
    drawer->status = status;
    if (status != MOSAIC_OK) mos_error_copy(drawer->error, sizeof drawer->error);
    (void)pthread_mutex_unlock(&drawer->mutex);
    return NULL;
}

mosaic_status mos_map_drawer_start(mos_map_draw draw, void *context, mos_map_drawer **out) {
    mos_map_drawer *drawer;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof *drawer, "a drawing", &drawer));
    drawer->draw = draw;
    drawer->context = context;
    drawer->done = -1;
    bool mutex = pthread_mutex_init(&drawer->mutex, NULL) == 0,
         changed = mutex && pthread_cond_init(&drawer->changed, NULL) == 0;
    if (changed && pthread_create(&drawer->thread, NULL, work, drawer) == 0) {
        *out = drawer;
        return MOSAIC_OK;
    }
    if (changed) (void)pthread_cond_destroy(&drawer->changed);
    if (mutex) (void)pthread_mutex_destroy(&drawer->mutex);
    mos_free(drawer);
    return mos_fail(MOSAIC_ERR_RUNTIME, "the system gives no thread for drawing");
}

mosaic_status mos_map_drawer_tell(mos_map_drawer *drawer, int64_t done) {
    (void)pthread_mutex_lock(&drawer->mutex);
    drawer->done = done;
    mosaic_status status = drawer->status;
    if (status != MOSAIC_OK) mos_error_restore(drawer->error);
    (void)pthread_cond_signal(&drawer->changed);
    (void)pthread_mutex_unlock(&drawer->mutex);
    return status;
}

mosaic_status mos_map_drawer_wait(mos_map_drawer *drawer, int64_t wanted) {
    (void)pthread_mutex_lock(&drawer->mutex);
    while (drawer->done < wanted && !drawer->ended)
        (void)pthread_cond_wait(&drawer->changed, &drawer->mutex);
    bool there = drawer->done >= wanted;
    (void)pthread_mutex_unlock(&drawer->mutex);
    return there ? MOSAIC_OK : mos_fail(MOSAIC_INTERRUPTED, "the prediction ended early");
}

int64_t mos_map_drawer_told(mos_map_drawer *drawer) {
    (void)pthread_mutex_lock(&drawer->mutex);
    const int64_t done = drawer->done;
    (void)pthread_mutex_unlock(&drawer->mutex);
    return done;
}

mosaic_status mos_map_drawer_end(mos_map_drawer **slot, bool whole) {
    mos_map_drawer *drawer = *slot;
    if (drawer == NULL) return MOSAIC_OK;
    (void)pthread_mutex_lock(&drawer->mutex);
    drawer->ended = true;
    if (!whole) drawer->done = -1;
    (void)pthread_cond_signal(&drawer->changed);
    (void)pthread_mutex_unlock(&drawer->mutex);
    (void)pthread_join(drawer->thread, NULL);
    mosaic_status status = drawer->status;
    if (whole && status != MOSAIC_OK) mos_error_restore(drawer->error);
    (void)pthread_cond_destroy(&drawer->changed);
    (void)pthread_mutex_destroy(&drawer->mutex);
    mos_free(drawer);
    *slot = NULL;
    return status;
}
