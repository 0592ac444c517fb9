/* A model that a thread of its own loads, plans for inference and hashes, while the caller opens
 * data. */
#ifndef MOS_EVALUATE_MODEL_AHEAD_H
#define MOS_EVALUATE_MODEL_AHEAD_H

#include "artifact/model_file.h"

typedef struct mos_model_ahead mos_model_ahead;

/* plan: NULL: the model is loaded only, and not hashed. `path` and `device` stay until the model is taken; the
 * device is the thread's until then. */
mosaic_status mos_model_ahead_start(const char *path, mos_device *device,
                                    const mos_model_plan *plan, mos_model_ahead **out);
/* Waits for the thread and ends it: its model and the digest of its file, or its failure. */
mosaic_status mos_model_ahead_take(mos_model_ahead **ahead, mos_model **out, char sha256[65]);

#endif
