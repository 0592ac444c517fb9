#include "data/names/nomenclature_worldcover.h"

#include <stdio.h>
#include <string.h>

const mos_worldcover_class mos_worldcover_classes[MOS_WORLDCOVER_CLASSES] = {
    {10, "Tree cover"},         {20, "Shrubland"},
    {30, "Grassland"},          {40, "Cropland"},
    {50, "Built-up"},           {60, "Bare / sparse vegetation"},
    {70, "Snow and ice"},       {80, "Permanent water bodies"},
    {90, "Herbaceous wetland"}, {95, "Mangroves"},
    {100, "Moss and lichen"},
};

const char *mos_worldcover_name(const char *code, size_t size) {
    for (int c = 0; c < MOS_WORLDCOVER_CLASSES; c++) {
        char digits[8];
        int length = snprintf(digits, sizeof digits, "%d", mos_worldcover_classes[c].code);
        if ((size_t)length == size && memcmp(digits, code, size) == 0)
            return mos_worldcover_classes[c].name;
    }
    return NULL;
}
