/* Symbols of the styles that QGIS applies to layers of patches. */
#ifndef MOS_DEPLOY_QGIS_STYLE_H
#define MOS_DEPLOY_QGIS_STYLE_H

#include "base/text.h"
#include "deploy/map_colours.h"

/* A filled polygon with a thin light outline, so that neighbours of one colour can be told apart and
 * small patches on a whole scene keep their colour. */
void mos_qgis_fill_add(mos_text *out, int64_t name, mos_map_colour colour);

#endif
