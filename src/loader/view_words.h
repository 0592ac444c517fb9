/* What was drawn for a view, in words. */
#ifndef MOS_LOADER_VIEW_WORDS_H
#define MOS_LOADER_VIEW_WORDS_H

#include "base/text.h"
#include "loader/view_plan.h"

/* "crop 62 % of the area at 12 %, 30 %; mirrored left-right": of the turned patch. */
void mos_view_geometry_words(const mos_view_geometry *geometry, mos_text *out);
/* "blur 0.8 px; gain 0.94 to 1.07; ..."; "nothing else" when nothing was drawn. */
void mos_view_light_words(const mos_view_light *light, const mos_loader_modality *modality,
                          mos_text *out);

#endif
