/* The options of commands that take windows of a scene: which rasters, which part of them, what of
 * them is valid, what they may lack. */
#ifndef MOS_COMMAND_SCENE_OPTIONS_H
#define MOS_COMMAND_SCENE_OPTIONS_H

#include "base/options.h"
#include "deploy/predict.h"

typedef struct mos_command_scene {
    char *s1, *s2, *mask, *area, *area_crs;
    mos_text_list mask_values, bands, allow;
    double minimum_valid;
} mos_command_scene;
extern const mos_option_table mos_command_scene_table;
/* Members of `out` point into `scene`. */
void mos_command_scene_fill(const mos_command_scene *scene, mos_predict_options *out);

#endif
