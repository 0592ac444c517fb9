/* Predictions as polygons: the table of patches for a GIS. */
#ifndef MOS_DEPLOY_PATCH_LAYER_H
#define MOS_DEPLOY_PATCH_LAYER_H

#include "deploy/answers.h"

/* A GeoPackage with a polygon for each patch that has a prediction: id, dominant class, labels by
 * the model's thresholds, valid share, entropy, days between the first two modalities,
 * probability:<class>; coloured by the dominant class. In the patches' reference system where they
 * have one, else in degrees (EPSG:4326). *written false: no patch has a known place. */
mosaic_status mos_patch_layer_write(const mos_session *session, const mos_answers *answers,
                                    const char *path, bool *written);

#endif
