#include "loader/band_drift.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* In standard deviations of the statistics in use: one patch may be a cloud or the open sea, the
 * mean of many may not. */
static const double far_sd = 8, moved_sd = 2;

void mos_drift_init(mos_drift *drift) {
    *drift = (mos_drift){.lock = PTHREAD_MUTEX_INITIALIZER};
}

void mos_drift_release(mos_drift *drift) {
    (void)pthread_mutex_destroy(&drift->lock);
}

typedef struct drift_job {
    mos_drift *drift;
    const mos_loader_modality *modality;
    int64_t index;
    const mos_modality *names;
    const char *sample;
} drift_job;

/* Under the lock. */
static void note(const drift_job *job, int64_t b, mos_drift_kind kind, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void note(const drift_job *job, int64_t b, mos_drift_kind kind, const char *format, ...) {
    mos_drift *drift = job->drift;
    mos_drift_band *band = &drift->band[job->index][b];
    int64_t at = atomic_load(&drift->noted);
    char what[160];
    va_list arguments;
    if (band->told >> kind & 1) return;
    band->told |= UINT32_C(1) << kind;
    if (at == MOS_DRIFT_MOST) return;
    va_start(arguments, format);
    (void)mos_vformat(what, sizeof what, format, arguments);
    va_end(arguments);
    (void)snprintf(drift->words[at], MOS_DRIFT_WORDS, "sample '%.120s': %s of %s %s", job->sample,
                   job->names->bands[job->modality->band[b]].name, job->names->name, what);
    atomic_store(&drift->noted, at + 1);
}

static void look_at_band(const drift_job *job, int64_t b, const mos_band_look *look) {
    const mos_band_promise *promise = &job->modality->promise[b];
    mos_drift_band *band = &job->drift->band[job->index][b];
    double mean = (double)job->modality->mean[b], sd = (double)job->modality->sd[b];
    if (look->valid == 0) {
        if (promise->gaps < 0.5)
            note(job, b, MOS_DRIFT_GAPS, "is all no-data; of the first patches %.0f %% was",
                 100 * promise->gaps);
        return;
    }
    if (look->minimum == look->maximum && look->looked > 1) {
        if (!promise->constant)
            note(job, b, MOS_DRIFT_CONSTANT, "is %.6g everywhere; none of the first patches was so",
                 look->mean);
        return;
    }
    if (promise->radar && mean < -2 && look->minimum >= 0)
        note(job, b, MOS_DRIFT_UNIT,
             "is never negative, mean %.4g; decibels with a mean of %.4g were promised: power?",
             look->mean, mean);
    if (fabs(look->mean - mean) > far_sd * sd || look->sd > far_sd * sd)
        note(job, b, MOS_DRIFT_FAR,
             "has mean %.4g and deviation %.4g, far from the %.4g and %.4g of the statistics",
             look->mean, look->sd, mean, sd);
    band->sum += look->mean;
    if (++band->patches < MOS_DRIFT_WINDOW) return;
    double window = band->sum / (double)band->patches;
    if (fabs(window - mean) > moved_sd * sd)
        note(job, b, MOS_DRIFT_MOVED,
             "ends %d patches with mean %.4g, the statistics say %.4g with deviation %.4g",
             MOS_DRIFT_WINDOW, window, mean, sd);
    band->sum = 0;
    band->patches = 0;
}

/* Every surface band begins where it would with 1000 more than the first patches: the darkest is
 * named. */
static void look_at_offset(const drift_job *job, const mos_band_look *looks,
                           const mos_band_promise *const *promises, int64_t count) {
    int64_t darkest = -1;
    if (!job->modality->dark || !mos_patch_is_shifted(looks, promises, count)) return;
    for (int64_t b = 0; b < count; b++) {
        if (promises[b]->surface && looks[b].valid > 0 &&
            (darkest < 0 || looks[b].minimum < looks[darkest].minimum))
            darkest = b;
    }
    if (darkest >= 0)
        note(job, darkest, MOS_DRIFT_OFFSET,
             "begins at %.6g, and every band as those of the first patches would with 1000 more: "
             "the +1000 of baseline 04.00? (data.boa_offset)",
             looks[darkest].minimum);
}

void mos_drift_look(mos_drift *drift, const mos_loader_modality *modality, int64_t index,
                    const mos_modality *names, const char *sample, const mos_patch *patch) {
    const drift_job job = {drift, modality, index, names, sample};
    const mos_band_promise *promises[MOS_DATA_MAX_BANDS];
    mos_band_look look[MOS_DATA_MAX_BANDS];
    if (!modality->promise[0].known) return;
    for (int64_t b = 0; b < patch->bands; b++) {
        promises[b] = &modality->promise[b];
        mos_band_look_at(&patch->band[b], &look[b]);
    }
    (void)pthread_mutex_lock(&drift->lock);
    for (int64_t b = 0; b < patch->bands; b++)
        look_at_band(&job, b, &look[b]);
    look_at_offset(&job, look, promises, patch->bands);
    (void)pthread_mutex_unlock(&drift->lock);
}

bool mos_drift_next(mos_drift *drift, char *words, size_t size) {
    if (drift->told == atomic_load(&drift->noted)) return false;
    (void)snprintf(words, size, "%s", drift->words[drift->told++]);
    return true;
}
