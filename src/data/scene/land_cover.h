/* What the values of a land-cover raster mean, and the labels of a patch from how often each
 * occurs in it. */
#ifndef MOS_DATA_SCENE_LAND_COVER_H
#define MOS_DATA_SCENE_LAND_COVER_H

#include "data/sample_table.h"
#include "data/scene/scene_file.h"
#include "io/raster_window.h"

enum { MOS_COVER_NO_CLASS = -1 /* a known value that is no class */ };

typedef struct mos_cover_value {
    double value;
    int class_index; /* of the data set, or MOS_COVER_NO_CLASS */
} mos_cover_value;
typedef struct mos_cover_map {
    mos_cover_value *values; /* in order of value */
    size_t count, capacity;
} mos_cover_map;

/* Adds the classes to the data set where they are not there yet, and the values to the map.
 *
 * corine19, corine43: CORINE's codes 111..523 and its raster values 1..44; classes in
 * data.class_order; codes outside the 19 (43), 48 and 999 are no class. worldcover: ESA's codes.
 * igbp10, igbp17: MODIS's 1..17, 255 is no class. */
mosaic_status mos_cover_map_make(mos_dataset *dataset, const mos_scene_land_cover *options,
                                 const char *folder, const char *where, mos_cover_map *out);
void mos_cover_map_release(mos_cover_map *map);
const mos_cover_value *mos_cover_map_find(const mos_cover_map *map, double value);

typedef struct mos_cover_shares {
    double known;                       /* share of the patch that is in a class */
    double share[MOS_DATA_MAX_CLASSES]; /* of the patch, by class */
    int64_t strange;                    /* pixels of values not in the map */
} mos_cover_shares;
void mos_cover_shares_of(const mos_cover_map *map, const mos_value_counts *counts,
                         int64_t class_count, mos_cover_shares *out);
/* 1 where the share reaches the threshold, else 0; -1 everywhere where less than `minimum` of the
 * patch is in a class. True when the labels are known. */
bool mos_cover_labels(const mos_cover_shares *shares, int64_t class_count, double threshold,
                      double minimum, int8_t *labels);

#endif
