#include "command/scene_options.h"

#include <stddef.h>

#define AT(FIELD) .offset = offsetof(mos_command_scene, FIELD)
static const mos_option scene_options[] = {
    {.key = "s1",
     .type = MOS_OPTION_PATH,
     AT(s1),
     .help = "Sentinel-1 raster of one scene in place of DATA, on any grid"},
    {.key = "s2",
     .type = MOS_OPTION_PATH,
     AT(s2),
     .help = "Sentinel-2 raster, or .SAFE folder, of the same scene: its grid is that of what is "
             "written"},
    {.key = "minimum-valid",
     .type = MOS_OPTION_REAL,
     AT(minimum_valid),
     .fallback = "0.5",
     .minimum = 0,
     .maximum = 1,
     .help = "share of a window's pixels that must be valid in every modality"},
    {.key = "mask",
     .type = MOS_OPTION_PATH,
     AT(mask),
     .help = "raster of codes (clouds, SCL): pixels with --mask-values are left out"},
    {.key = "mask-values", .type = MOS_OPTION_LIST, AT(mask_values), .help = "as in 3,8,9,10"},
    {.key = "aoi",
     .type = MOS_OPTION_TEXT,
     .unit = "FILE|BOX",
     AT(area),
     .help = "only this area of a scene: polygons of a GeoJSON, GeoPackage, FlatGeobuf or "
             "shapefile, or xmin,ymin,xmax,ymax; a map is its box, no data outside"},
    {.key = "aoi-crs",
     .type = MOS_OPTION_TEXT,
     AT(area_crs),
     .help = "reference system of the area, as in EPSG:32633; unset: the file's own, of numbers "
             "degrees (EPSG:4326)"},
    {.key = "bands",
     .type = MOS_OPTION_LIST,
     .unit = "NAMES",
     AT(bands),
     .help =
         "names of bands that the files do not name, in the files' order, as in s2=B02,B03,B04; "
         "may be repeated; `model`: the model's own bands, in its order"},
    {.key = "allow",
     .type = MOS_OPTION_LIST,
     AT(allow),
     .help = "classes of defects (docs/defects.md) that shall not stop the command"},
};
#undef AT
const mos_option_table mos_command_scene_table = {"scene", scene_options,
                                                  sizeof scene_options / sizeof *scene_options};

void mos_command_scene_fill(const mos_command_scene *scene, mos_predict_options *out) {
    out->s1 = scene->s1;
    out->s2 = scene->s2;
    out->minimum_valid = scene->minimum_valid;
    out->mask = scene->mask;
    out->mask_values = &scene->mask_values;
    out->area = scene->area;
    out->area_crs = scene->area_crs;
    out->bands = &scene->bands;
    out->allow = &scene->allow;
}
