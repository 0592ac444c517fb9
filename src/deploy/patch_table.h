/* Predictions as a table, a row for each patch. */
#ifndef MOS_DEPLOY_PATCH_TABLE_H
#define MOS_DEPLOY_PATCH_TABLE_H

#include "deploy/answers.h"

/* id, crs, x, y, width, height (empty where the source does not tell), valid (of scenes), entropy,
 * probability:<class> and predicted:<class>; patches without a prediction have no row. Atomic. */
mosaic_status mos_patch_table_csv(const mos_session *session, const mos_answers *answers,
                                  const char *path);

#endif
