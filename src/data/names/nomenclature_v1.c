#include "data/names/nomenclature_v1.h"

#include "data/names/nomenclature.h"

#include <string.h>

const mos_ben43_class mos_ben43_classes[MOS_BEN43_CLASSES] = {
    {111, "Continuous urban fabric"},
    {112, "Discontinuous urban fabric"},
    {121, "Industrial or commercial units"},
    {122, "Road and rail networks and associated land"},
    {123, "Port areas"},
    {124, "Airports"},
    {131, "Mineral extraction sites"},
    {132, "Dump sites"},
    {133, "Construction sites"},
    {141, "Green urban areas"},
    {142, "Sport and leisure facilities"},
    {211, "Non-irrigated arable land"},
    {212, "Permanently irrigated land"},
    {213, "Rice fields"},
    {221, "Vineyards"},
    {222, "Fruit trees and berry plantations"},
    {223, "Olive groves"},
    {231, "Pastures"},
    {241, "Annual crops associated with permanent crops"},
    {242, "Complex cultivation patterns"},
    {243, "Land principally occupied by agriculture, with significant areas of natural vegetation"},
    {244, "Agro-forestry areas"},
    {311, "Broad-leaved forest"},
    {312, "Coniferous forest"},
    {313, "Mixed forest"},
    {321, "Natural grassland"},
    {322, "Moors and heathland"},
    {323, "Sclerophyllous vegetation"},
    {324, "Transitional woodland/shrub"},
    {331, "Beaches, dunes, sands"},
    {332, "Bare rock"},
    {333, "Sparsely vegetated areas"},
    {334, "Burnt areas"},
    {411, "Inland marshes"},
    {412, "Peatbogs"},
    {421, "Salt marshes"},
    {422, "Salines"},
    {423, "Intertidal flats"},
    {511, "Water courses"},
    {512, "Water bodies"},
    {521, "Coastal lagoons"},
    {522, "Estuaries"},
    {523, "Sea and ocean"},
};

const int mos_ben43_lexicographic[MOS_BEN43_CLASSES] = {
    21, 5,  18, 30, 29, 22, 32, 40, 19, 23, 8, 0,  1,  7,  41, 15, 9,  2,  33, 37, 20, 6,
    24, 26, 25, 11, 16, 17, 34, 12, 4,  13, 3, 36, 35, 27, 42, 31, 10, 28, 14, 39, 38};

int mos_ben43_find(const char *name, size_t size) {
    for (int i = 0; i < MOS_BEN43_CLASSES; i++) {
        const char *known = mos_ben43_classes[i].name;
        if (strlen(known) == size && memcmp(known, name, size) == 0) return i;
    }
    return -1;
}

/* Both nomenclatures are CORINE's: the code joins them, and a code without a class is dropped. */
int mos_ben43_to_19(int index) {
    if (index < 0 || index >= MOS_BEN43_CLASSES) return -1;
    return mos_ben_class_of_code(mos_ben43_classes[index].code);
}
