/* The data a model is to predict on, which need not be what it was trained on. */
#ifndef MOS_DEPLOY_PREDICT_SOURCE_H
#define MOS_DEPLOY_PREDICT_SOURCE_H

#include "deploy/predict.h"

/* With other data every data.* key starts from its default, whatever the model was trained with,
 * except the two that say how gaps are dealt with (data.policy, data.constant_bands); then
 * options->session.set holds. Scenes are cut in windows of the model's size, the last ones moved
 * back inside. The modalities of options->without are left out. */
mosaic_status mos_predict_open(const mos_predict_options *options, mos_session *out);
/* The data settings of a session that are not their defaults, as KEY=VALUE; paths are whole, so that
 * they hold in any folder. */
mosaic_status mos_predict_settings(const mos_session *session, mos_text_list *out);
/* Opens the same data again, to look at patches: `settings` in place of the training data's, and
 * session->set over them. */
mosaic_status mos_predict_reopen(const mos_session_options *session, const mos_text_list *settings,
                                 mos_session *out);
/* 64 hex digits of everything an answer depends on: the model (its own digest), data, settings, the
 * rasters' sizes and times. */
mosaic_status mos_predict_key(const mos_predict_options *options, const mos_session *session,
                              char key[65]);

#endif
