/* Where a map comes from, as metadata of its file: model, thresholds, windows, sources. */
#ifndef MOS_DEPLOY_PREDICT_FACTS_H
#define MOS_DEPLOY_PREDICT_FACTS_H

#include "data/scene/scene_frame.h"
#include "deploy/predict.h"

enum { MOS_FACTS = 16 };

typedef struct mos_predict_facts {
    mos_text value[MOS_FACTS];
    int count, shared;                    /* shared: those of no scene in particular, first */
    const char *pairs[2 * MOS_FACTS + 1]; /* KEY, VALUE, ..., NULL */
} mos_predict_facts;

mosaic_status mos_predict_facts_make(const mos_predict_options *options, const mos_session *session,
                                     mos_predict_facts *out);
/* Replaces the facts of the previous scene by those of this one. */
mosaic_status mos_predict_facts_scene(mos_predict_facts *facts, const mos_scene_frame *frame);
void mos_predict_facts_release(mos_predict_facts *facts);

#endif
