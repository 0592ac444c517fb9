/* Tells a watcher which gradients are final while the backward pass still runs, so that it can sum
 * them over processes meanwhile. */
#ifndef MOS_MODEL_GRADIENT_WATCH_H
#define MOS_MODEL_GRADIENT_WATCH_H

#include "model/model.h"

/* Of the encoders' gradients, unit by unit, in the same order in every step; those behind the features are
 * final before the first call. Encoders side by side tell nothing, nor do those whose modality sits the
 * step out. Calls come from the caller's thread. */
typedef struct mos_gradient_watch {
    void *context;
    void (*final)(void *context, int64_t offset, int64_t count);
} mos_gradient_watch;

/* watch: the caller's, as long as the model runs steps; NULL: nobody is told. */
void mos_model_watch(mos_model *model, const mos_gradient_watch *watch);

#endif
