#include "data/scene/scene_keys.h"

#include "data/scene/scene_file.h"
#include "io/raster_window.h"

#include <math.h>

static const char *const missing_choices[] = {"drop", "keep", NULL};
static const char *const edges_choices[] = {"drop", "shift", NULL};
static const char *const unknown_choices[] = {"count", "refuse", NULL};

#define TEXT(KEY, STRUCT, HELP)                                                                    \
    { #KEY, 0, MOS_OPTION_TEXT, offsetof(STRUCT, KEY), NULL, NULL, 0, 0, "", NULL, HELP }
#define PATH(KEY, STRUCT, HELP)                                                                    \
    { #KEY, 0, MOS_OPTION_PATH, offsetof(STRUCT, KEY), NULL, NULL, 0, 0, "", NULL, HELP }
#define LIST(KEY, STRUCT, HELP)                                                                    \
    { #KEY, 0, MOS_OPTION_LIST, offsetof(STRUCT, KEY), NULL, NULL, 0, 0, "", NULL, HELP }
#define INT(KEY, STRUCT, VALUE, LOW, HIGH, UNIT, HELP)                                             \
    { #KEY, 0, MOS_OPTION_INT, offsetof(STRUCT, KEY), VALUE, NULL, LOW, HIGH, UNIT, "chosen", HELP }
#define REAL(KEY, STRUCT, VALUE, LOW, HIGH, UNIT, SOURCE, HELP)                                    \
    { #KEY, 0, MOS_OPTION_REAL, offsetof(STRUCT, KEY), VALUE, NULL, LOW, HIGH, UNIT, SOURCE, HELP }
#define CHOICE(KEY, STRUCT, VALUE, CHOICES, HELP)                                                  \
    { #KEY, 0, MOS_OPTION_CHOICE, offsetof(STRUCT, KEY), VALUE, CHOICES, 0, 0, "", "chosen", HELP }
#define BOOL(KEY, STRUCT, VALUE, HELP)                                                             \
    { #KEY, 0, MOS_OPTION_BOOL, offsetof(STRUCT, KEY), VALUE, NULL, 0, 0, "", "chosen", HELP }
#define TABLE(NAME, OPTIONS)                                                                       \
    { NAME, OPTIONS, sizeof OPTIONS / sizeof OPTIONS[0] }

static const mos_option grid_options[] = {
    TEXT(crs, mos_scene_grid_options,
         "reference system of the patches, as in EPSG:32633; unset: that of the scene's first "
         "optical raster"),
    REAL(resolution, mos_scene_grid_options, "0", 0, INFINITY, "units of crs", "chosen",
         "side of a square pixel; 0: pixels are those of the scene's first optical raster"),
    REAL(
        resolution_m, mos_scene_grid_options, "0", 0, INFINITY, "m", "chosen",
        "the same in metres, for reference systems in metres and where resolution is 0: rasters of "
        "other pixels are resampled, and it is said"),
    LIST(origin, mos_scene_grid_options,
         "[x, y] of a corner of the grid; unset: the upper left corner of the scene's first "
         "optical raster. Patches lie on this grid wherever the scene is"),
    INT(size, mos_scene_grid_options, "120", 1, 4096, "px", "side of a patch"),
    REAL(size_m, mos_scene_grid_options, "0", 0, INFINITY, "units of crs", "chosen",
         "side of a patch, instead of size"),
    INT(stride, mos_scene_grid_options, "0", 0, 1048576, "px",
        "from one patch to the next; 0: the size, so that patches touch"),
    REAL(minimum_valid, mos_scene_grid_options, "1", 0, 1, "", "inherited (from BigEarthNet V2)",
         "share of a patch's pixels that must be valid in the first band of a modality"),
    CHOICE(
        edges, mos_scene_grid_options, "drop", edges_choices,
        "what is less than a patch at the right and lower edge: left out, or covered by a patch "
        "moved back inside. With shift the first patch is at the first whole pixel of the scene"),
    TEXT(area, mos_scene_grid_options,
         "only patches that touch it: xmin,ymin,xmax,ymax, or a GeoJSON, GeoPackage, FlatGeobuf or "
         "shapefile with polygons"),
    TEXT(area_crs, mos_scene_grid_options,
         "reference system of the area, in place of what the file says; unset: of numbers degrees, "
         "EPSG:4326"),
    CHOICE(missing, mos_scene_grid_options, "drop", missing_choices,
           "patches where a modality has too few valid pixels: dropped and counted, or kept "
           "without it"),
    BOOL(labels, mos_scene_grid_options, "true",
         "whether land cover is read for labels; false: as if there were none, as `mosaic predict` "
         "has it"),
};
const mos_option_table mos_scene_grid_table = TABLE("grid", grid_options);

static const mos_option scene_options[] = {
    TEXT(name, mos_scene_options, "ids of the scene's patches begin with it"),
    TEXT(split, mos_scene_options,
         "train, validation, test or none: of the whole scene; `mosaic data split` divides one"),
    TEXT(country, mos_scene_options, "country of the scene's patches"),
    PATH(
        mask, mos_scene_options,
        "raster of codes, as clouds or the scene classification SCL, whose mask_values are no data "
        "in optical modalities"),
    LIST(mask_values, mos_scene_options, "values of the mask that leave a pixel out"),
};
const mos_option_table mos_scene_scene_table = TABLE("scenes", scene_options);

static const mos_option modality_options[] = {
    PATH(file, mos_scene_modality, "one raster with all bands, or a Sentinel-2 .SAFE folder"),
    LIST(files, mos_scene_modality,
         "several rasters: a list whose bands follow each other, or a map of band names to paths"),
    LIST(
        bands, mos_scene_modality,
        "names of the bands, in the order of the files; unset: data.bands, the descriptions in "
        "the files, or what follows from the number of bands. Of a .SAFE folder: the bands wanted"),
    CHOICE(resampling, mos_scene_modality, "bilinear", mos_resampling_names,
           "how pixels come onto the grid; nearest or mode for classes"),
    REAL(resolution, mos_scene_modality, "0", 0, INFINITY, "units of crs", "chosen",
         "side of this modality's pixels; 0: that of the grid"),
    TEXT(nodata, mos_scene_modality,
         "value of pixels without data, or none; unset: what the files say, and 0 for optical "
         "integers"),
    TEXT(crs, mos_scene_modality, "reference system of the files, where they have none"),
    TEXT(datetime, mos_scene_modality, "acquisition, as in 2017-06-13T10:10:31Z"),
    TEXT(product, mos_scene_modality,
         "ESA's product name, whose baseline tells whether +1000 was added; unset: looked for in "
         "the paths"),
};
const mos_option_table mos_scene_modality_table = TABLE("modalities", modality_options);

static const mos_option cover_options[] = {
    PATH(file, mos_scene_land_cover, "raster of class values"),
    TEXT(classes, mos_scene_land_cover,
         "what the values mean: corine19, corine43, worldcover, igbp10, igbp17, a csv table with "
         "columns value and class, or a map of values to names"),
    INT(band, mos_scene_land_cover, "1", 1, 256, "", "band of the raster that holds the values"),
    TEXT(crs, mos_scene_land_cover, "reference system of the raster, where it has none"),
    LIST(ignore, mos_scene_land_cover,
         "values that are no class and no mistake, besides the raster's no-data value"),
    CHOICE(unknown, mos_scene_land_cover, "count", unknown_choices,
           "values that have no class: counted and listed, or an error"),
    REAL(minimum_share, mos_scene_land_cover, "0.75", 0, 1, "", "inherited (from BigEarthNet V2)",
         "patches with less of their area in classes are unlabelled"),
};
const mos_option_table mos_scene_cover_table = TABLE("land_cover", cover_options);

const mos_option_table *const mos_scene_tables[] = {&mos_scene_grid_table, &mos_scene_scene_table,
                                                    &mos_scene_modality_table,
                                                    &mos_scene_cover_table, NULL};
