#include "data/names/nomenclature.h"

#include <string.h>

const char *const mos_ben_classes[MOS_BEN_CLASSES] = {
    "Agro-forestry areas",
    "Arable land",
    "Beaches, dunes, sands",
    "Broad-leaved forest",
    "Coastal wetlands",
    "Complex cultivation patterns",
    "Coniferous forest",
    "Industrial or commercial units",
    "Inland waters",
    "Inland wetlands",
    "Land principally occupied by agriculture, with significant areas of natural vegetation",
    "Marine waters",
    "Mixed forest",
    "Moors, heathland and sclerophyllous vegetation",
    "Natural grassland and sparsely vegetated areas",
    "Pastures",
    "Permanent crops",
    "Transitional woodland, shrub",
    "Urban fabric",
};

const int mos_ben_paper_order[MOS_BEN_CLASSES] = {18, 7,  1,  16, 15, 5, 10, 0, 3, 6,
                                                  12, 14, 13, 17, 2,  9, 4,  8, 11};

int mos_ben_class_find(const char *name, size_t size) {
    for (int i = 0; i < MOS_BEN_CLASSES; i++) {
        if (strlen(mos_ben_classes[i]) == size && memcmp(mos_ben_classes[i], name, size) == 0)
            return i;
    }
    return -1;
}

int mos_ben_class_of_code(int code) {
    switch (code) {
    case 111:
    case 112:
        return 18;
    case 121:
        return 7;
    case 211:
    case 212:
    case 213:
        return 1;
    case 221:
    case 222:
    case 223:
    case 241:
        return 16;
    case 231:
        return 15;
    case 242:
        return 5;
    case 243:
        return 10;
    case 244:
        return 0;
    case 311:
        return 3;
    case 312:
        return 6;
    case 313:
        return 12;
    case 321:
    case 333:
        return 14;
    case 322:
    case 323:
        return 13;
    case 324:
        return 17;
    case 331:
        return 2;
    case 411:
    case 412:
        return 9;
    case 421:
    case 422:
        return 4;
    case 511:
    case 512:
        return 8;
    case 521:
    case 522:
    case 523:
        return 11;
    default:
        return -1;
    }
}
