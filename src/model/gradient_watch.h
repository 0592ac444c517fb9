/* Tells a watcher which gradients are final while the backward pass still runs, so that it can sum
 * them over processes meanwhile. */
#ifndef MOS_MODEL_GRADIENT_WATCH_H
#define MOS_MODEL_GRADIENT_WATCH_H

#include "model/model.h"

/* `final` is called for the gradients [offset, offset + count) of one unit of an encoder as soon as the
 * backward pass adds nothing more to them; units come in the same order in every step. Gradients behind
 * the features are final before the first call. There are no calls for encoders that run at the
 * same time, nor for a modality that sits the step out. All calls come from the thread that runs the step. */
typedef struct mos_gradient_watch {
    void *context;
    void (*final)(void *context, int64_t offset, int64_t count);
} mos_gradient_watch;

/* watch: the caller's, as long as the model runs steps; NULL: nobody is told. */
void mos_model_watch(mos_model *model, const mos_gradient_watch *watch);

#endif
