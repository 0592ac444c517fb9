/* Watches the bands of a training run. Every patch is compared with the first patches, as they were
 * when the data set was opened (data/band_promise.h), and with the statistics in use. A band that
 * departs from them is named once for each kind of departure, with the sample: pixels that are all
 * gaps or all one value where the first patches had none, 1000 added to optical numbers, radar that
 * is never negative, a mean or spread far from the statistics, or a mean of the last patches that
 * has moved away. The watch refuses nothing and changes no pixel. */
#ifndef MOS_LOADER_BAND_DRIFT_H
#define MOS_LOADER_BAND_DRIFT_H

#include "loader/loader.h"

#include <pthread.h>
#include <stdatomic.h>

enum { MOS_DRIFT_WINDOW = 64, MOS_DRIFT_WORDS = 512, MOS_DRIFT_MOST = 64 };

typedef enum mos_drift_kind {
    MOS_DRIFT_GAPS,
    MOS_DRIFT_CONSTANT,
    MOS_DRIFT_OFFSET,
    MOS_DRIFT_UNIT,
    MOS_DRIFT_FAR,
    MOS_DRIFT_MOVED,
    MOS_DRIFT_KINDS
} mos_drift_kind;

typedef struct mos_drift_band {
    uint32_t told;   /* bit: mos_drift_kind */
    int64_t patches; /* in the window */
    double sum;      /* of their means */
} mos_drift_band;

typedef struct mos_drift {
    pthread_mutex_t lock;
    mos_drift_band band[MOS_DATA_MAX_MODALITIES][MOS_DATA_MAX_BANDS];
    char words[MOS_DRIFT_MOST][MOS_DRIFT_WORDS];
    int64_t told;
    _Atomic int64_t noted;
} mos_drift;

void mos_drift_init(mos_drift *drift);
void mos_drift_release(mos_drift *drift);
/* Compares a patch as it was read; `index` counts the options' modalities. Any thread may call
 * it. */
void mos_drift_look(mos_drift *drift, const mos_loader_modality *modality, int64_t index,
                    const mos_modality *names, const char *sample, const mos_patch *patch);
/* The next departure that was not told yet, as one line of words; false: there is none. */
bool mos_drift_next(mos_drift *drift, char *words, size_t size);

#endif
