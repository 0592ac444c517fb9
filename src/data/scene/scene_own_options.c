#include "data/scene/scene_own_options.h"

MOS_FORMAT_OPTIONS_FIT(mos_scene_own_options);

static const mos_format_option rows[] = {
    {{.key = "data.grid",
      .type = MOS_OPTION_LIST,
      .offset = offsetof(mos_scene_own_options, grid),
      .help = "scene: KEY=VALUE pairs that override the grid of the scene file, as in stride=60; "
              "also mask and mask_values, for every scene"},
     .after = "data.scale"},
};

const mos_format_options mos_scene_format_options = {.rows = rows,
                                                     .count = sizeof rows / sizeof *rows};

const mos_scene_own_options *mos_scene_own_options_of(const mos_data_options *options) {
    return mos_format_values_of(options, &mos_scene_format_options);
}
