/* Symbols of the styles that QGIS applies to layers of patches. */
#ifndef MOS_DEPLOY_QGIS_STYLE_H
#define MOS_DEPLOY_QGIS_STYLE_H

#include "base/error.h"
#include "base/text.h"
#include "deploy/map_colours.h"

/* Round marks in the middle of polygons, so that patches are seen where the whole of a country is; mm. */
enum { MOS_QGIS_PATCH_MARK = 1, MOS_QGIS_ANSWER_MARK = 3 };
/* A filled polygon with a thin light outline, so that neighbours of one colour can be told apart and
 * small patches on a whole scene keep their colour. */
void mos_qgis_fill_add(mos_text *out, int64_t name, mos_map_colour colour, int mark_mm);

/* A style beside a raster: one band from 0 to 1 in colours from dark to light. Without it QGIS draws the
 * first three bands as red, green and blue. */
mosaic_status mos_qgis_ramp_write(const char *path, int band);

#endif
