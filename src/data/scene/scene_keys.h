/* The keys of a scene file as option tables. */
#ifndef MOS_DATA_SCENE_SCENE_KEYS_H
#define MOS_DATA_SCENE_SCENE_KEYS_H

#include "base/options.h"

extern const mos_option_table mos_scene_grid_table, mos_scene_scene_table, mos_scene_modality_table,
    mos_scene_cover_table;

#endif
