#include "data/names/nomenclature_sen12ms.h"

const char *const mos_igbp_classes[MOS_IGBP_CLASSES] = {
    "Evergreen Needleleaf",
    "Evergreen Broadleaf",
    "Deciduous Needleleaf",
    "Deciduous Broadleaf",
    "Mixed Forests",
    "Closed Shrublands",
    "Open Shrublands",
    "Woody Savannas",
    "Savannas",
    "Grasslands",
    "Permanent Wetlands",
    "Croplands",
    "Urban and Built-Up",
    "Cropland/Natural Vegetation Mosaics",
    "Permanent Snow and Ice",
    "Barren",
    "Water Bodies",
};

const char *const mos_igbp_simple_classes[MOS_IGBP_SIMPLE_CLASSES] = {
    "Forest",    "Shrubland",      "Savanna",  "Grassland", "Wetlands",
    "Croplands", "Urban/Built-up", "Snow/Ice", "Barren",    "Water",
};

const int mos_igbp_simple_of[MOS_IGBP_CLASSES] = {0, 0, 0, 0, 0, 1, 1, 2, 2,
                                                  3, 4, 5, 6, 5, 7, 8, 9};
