#include "evaluate/model_ahead.h"

#include "base/file.h"
#include "base/memory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

struct mos_model_ahead {
    const char *path;
    mos_device *device;
    mos_model_plan plan;
    bool planned, started;
    pthread_t thread;
    atomic_bool hashed; /* somebody does it: the thread after loading, or who waits for it */
    /* The thread's until it has ended. */
    mos_model *model;
    mosaic_status status;
    char error[2048];
    /* Of whoever took `hashed`. */
    char sha256[65];
};

static mosaic_status hash(mos_model_ahead *ahead) {
    if (!ahead->planned || atomic_exchange(&ahead->hashed, true)) return MOSAIC_OK;
    return mos_sha256_file(ahead->path, ahead->sha256);
}

static mosaic_status load(mos_model_ahead *ahead) {
    mos_model_card card;
    MOS_TRY(mos_model_file_load(ahead->path, ahead->device, &card, &ahead->model));
    mos_model_card_release(&card); /* the caller has read its own */
    if (!ahead->planned) return MOSAIC_OK;
    MOS_TRY(mos_model_plan_make(ahead->model, &ahead->plan));
    return hash(ahead);
}

static void *work(void *pointer) {
    mos_model_ahead *ahead = pointer;
    ahead->status = load(ahead);
    if (ahead->status != MOSAIC_OK) mos_error_copy(ahead->error, sizeof ahead->error);
    return NULL;
}

mosaic_status mos_model_ahead_start(const char *path, mos_device *device,
                                    const mos_model_plan *plan, mos_model_ahead **out) {
    mos_model_ahead *ahead;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof *ahead, "a model", &ahead));
    ahead->path = path;
    ahead->device = device;
    ahead->planned = plan != NULL;
    if (plan != NULL) ahead->plan = *plan;
    ahead->started = pthread_create(&ahead->thread, NULL, work, ahead) == 0;
    if (!ahead->started) (void)work(ahead); /* the system gives no thread: here and now */
    *out = ahead;
    return MOSAIC_OK;
}

mosaic_status mos_model_ahead_take(mos_model_ahead **slot, mos_model **out, char sha256[65]) {
    mos_model_ahead *ahead = *slot;
    *slot = NULL;
    *out = NULL;
    const mosaic_status own = hash(ahead);
    if (ahead->started) (void)pthread_join(ahead->thread, NULL);
    const mosaic_status status = ahead->status != MOSAIC_OK ? ahead->status : own;
    if (status == MOSAIC_OK) {
        *out = ahead->model;
        memcpy(sha256, ahead->sha256, sizeof ahead->sha256);
    } else {
        mos_model_destroy(&ahead->model);
        if (ahead->status != MOSAIC_OK) mos_error_restore(ahead->error);
    }
    mos_free(ahead);
    return status;
}
