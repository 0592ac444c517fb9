/* The data a model is to predict on, which need not be what it was trained on. */
#ifndef MOS_DEPLOY_PREDICT_SOURCE_H
#define MOS_DEPLOY_PREDICT_SOURCE_H

#include "deploy/predict.h"

/* With options->data every data.* key starts from its default, whatever the model was trained
 * with, save the two that say how lacks are dealt with (data.policy, data.constant_bands); then
 * options->session.set holds. */
mosaic_status mos_predict_open(const mos_predict_options *options, mos_session *out);

#endif
