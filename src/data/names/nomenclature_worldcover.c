#include "data/names/nomenclature_worldcover.h"

const mos_worldcover_class mos_worldcover_classes[MOS_WORLDCOVER_CLASSES] = {
    {10, "Tree cover"},         {20, "Shrubland"},
    {30, "Grassland"},          {40, "Cropland"},
    {50, "Built-up"},           {60, "Bare / sparse vegetation"},
    {70, "Snow and ice"},       {80, "Permanent water bodies"},
    {90, "Herbaceous wetland"}, {95, "Mangroves"},
    {100, "Moss and lichen"},
};
