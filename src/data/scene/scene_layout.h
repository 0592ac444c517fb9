/* Scenes made ready for cutting: the rasters behind every band, the grid, how many patches. */
#ifndef MOS_DATA_SCENE_SCENE_LAYOUT_H
#define MOS_DATA_SCENE_SCENE_LAYOUT_H

#include "data/sample_table.h"
#include "data/scene/land_cover.h"
#include "data/scene/scene_file.h"
#include "io/area.h"
#include "io/raster_window.h"

/* One modality of one scene. */
typedef struct mos_scene_source {
    const mos_scene_modality *options; /* NULL: the scene has not this modality */
    mos_grid grid;                     /* of its pixels */
    int64_t size, stride;              /* of patches, in its pixels */
    size_t raster_count;
    const char *paths[MOS_DATA_MAX_BANDS];
    int raster[MOS_DATA_MAX_BANDS]; /* [bands of the data set] which raster */
    int number[MOS_DATA_MAX_BANDS]; /* ... and which band of it, 1-based */
    char level[4];                  /* of the product, by its name or a tag; "" unknown */
    int8_t offset_tag; /* what scale and offset tags say of the +1000 (data/offset_guard.h) */
    bool scaled;       /* values are scaled on the way, and are floats */
    double scale[MOS_DATA_MAX_BANDS], offset[MOS_DATA_MAX_BANDS]; /* [bands of the data set] */
    bool has_nodata;                                              /* replaces what the files say */
    double nodata;
    int64_t time_s;
} mos_scene_source;

typedef struct mos_scene {
    const mos_scene_options *options;
    mos_split split;
    uint16_t country;
    const char *crs; /* in the data set's pool */
    const char *product;
    mos_grid grid;
    int64_t first_column, first_row, columns, rows; /* of patches on the grid's lattice */
    int64_t size, stride;                           /* px of the grid */
    int64_t width, height;  /* px that the patches are cut from, from the first patch's corner */
    int64_t last_x, last_y; /* px from the first patch to the last: with grid.edges shift less
                               than whole strides */
    const char *reference;  /* the raster whose pixels the grid's are, unless it was told others */
    int64_t first_patch;    /* patches of the scenes before */
    mos_scene_source sources[MOS_DATA_MAX_MODALITIES];
    mos_grid cover_grid; /* the same grid, for the land cover */
    double *mask_values; /* [mask_count] of options->mask */
    size_t mask_count;
    mos_area *area; /* patches that do not touch it are no samples; NULL: everywhere */
} mos_scene;

typedef struct mos_scene_set {
    mos_scene_file file;
    mos_scene *scenes; /* [file.count] */
    int64_t patches;   /* of all scenes */
    mos_cover_map map; /* empty: no land cover */
    float *valid;      /* [patches] share of valid pixels of the modality that has fewest */
} mos_scene_set;

/* Adds the modalities and classes to the data set. */
mosaic_status mos_scene_layout(mos_dataset *dataset, mos_scene_set *set);
void mos_scene_set_release(mos_scene_set *set);

#endif
