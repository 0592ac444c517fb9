/* What the scene format alone reads. */
#ifndef MOS_DATA_SCENE_SCENE_OWN_OPTIONS_H
#define MOS_DATA_SCENE_SCENE_OWN_OPTIONS_H

#include "data/format_options.h"

typedef struct mos_scene_own_options {
    mos_text_list grid; /* "stride=60": keys of the scene file's grid, over those in it */
} mos_scene_own_options;

extern const mos_format_options mos_scene_format_options;
const mos_scene_own_options *mos_scene_own_options_of(const mos_data_options *options);

#endif
