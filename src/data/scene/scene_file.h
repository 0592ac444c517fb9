/* The description of scenes: a YAML file that names rasters, the grid to cut them on and the land
 * cover to label from. docs/guide.md shows one; docs/configuration.md lists its keys.
 *
 * grid and land_cover's classes hold for all scenes; a file with one scene may give the
 * scene's keys at the top. */
#ifndef MOS_DATA_SCENE_SCENE_FILE_H
#define MOS_DATA_SCENE_SCENE_FILE_H

#include "data/dataset.h"

enum { MOS_EDGES_DROP, MOS_EDGES_SHIFT };
enum { MOS_MISSING_DROP, MOS_MISSING_KEEP };
enum { MOS_UNKNOWN_COUNT, MOS_UNKNOWN_REFUSE };

typedef struct mos_scene_grid_options {
    char *crs, *area, *area_crs;
    double resolution, resolution_m, size_m, minimum_valid;
    mos_text_list origin;
    int64_t size, stride;
    int edges;   /* MOS_EDGES_... */
    int missing; /* MOS_MISSING_... */
    bool labels; /* false: land cover is not looked at */
} mos_scene_grid_options;

typedef struct mos_scene_modality {
    char *name; /* owned, not of the table */
    char *file;
    mos_text_list files;
    mos_text_list bands;
    int resampling; /* mos_resampling */
    double resolution;
    char *nodata, *crs, *datetime, *product;
} mos_scene_modality;

typedef struct mos_scene_class {
    double value;
    char *name;
} mos_scene_class;

typedef struct mos_scene_land_cover {
    char *file, *crs, *classes;
    int64_t band;
    mos_text_list ignore;
    int unknown; /* MOS_UNKNOWN_... */
    double minimum_share;
    mos_scene_class *map; /* owned, not of the table: `classes` given as a map */
    size_t map_count, map_capacity;
} mos_scene_land_cover;

typedef struct mos_scene_options {
    char *name, *split, *country, *mask;
    mos_text_list mask_values;
    mos_scene_modality *modalities; /* owned, not of the table */
    size_t modality_count, modality_capacity;
    mos_scene_land_cover land_cover; /* file NULL: none */
} mos_scene_options;

typedef struct mos_scene_file {
    char *path, *folder;
    mos_scene_grid_options grid;
    mos_scene_land_cover land_cover; /* what holds for all scenes */
    mos_scene_options *scenes;
    size_t count, capacity;
} mos_scene_file;

/* Unknown keys and wrong values are MOSAIC_ERR_USAGE with path:line:column and the nearest key.
 * Relative paths start at the file's folder. */
mosaic_status mos_scene_file_read(const char *path, mos_scene_file *out);
/* One scene of rasters at hand, without a file: a modality for each path that is not NULL, named as
 * in `names`. `path` stands for the file in messages. */
mosaic_status mos_scene_file_of_rasters(const char *path, const char *const *names,
                                        const char *const *rasters, int count, mos_scene_file *out);
/* "stride=60": a key of the grid; mask and mask_values are set for every scene. */
mosaic_status mos_scene_file_set_grid(mos_scene_file *file, const char *assignment);
/* The same of what a file at `path` holds. */
struct mos_yaml;
mosaic_status mos_scene_file_parse(const char *path, const struct mos_yaml *root,
                                   mos_scene_file *out);
void mos_scene_file_release(mos_scene_file *file);

/* The tables the file is read by, for the docs: "grid", "scenes", "modalities",
 * "land_cover"; NULL name ends. */
extern const mos_option_table *const mos_scene_tables[];

#endif
