/* Mean and standard deviation over the official train split, "120_nearest": ConfigILM's
 * _defaults.py, as listed by reBEN. */
#include "data/statistics.h"

#include <string.h>

static const struct {
    char modality[4], band[4];
    double mean, sd;
} reben[] = {
    {"s1", "VV", -12.643863677978516, 5.133493900299072},
    {"s1", "VH", -19.352558135986328, 5.590505599975586},
    {"s2", "B01", 361.0767822265625, 575.0687255859375},
    {"s2", "B02", 438.3720703125, 607.02685546875},
    {"s2", "B03", 614.0556640625, 603.2968139648438},
    {"s2", "B04", 588.4096069335938, 684.56884765625},
    {"s2", "B05", 942.8433227539062, 738.4326782226562},
    {"s2", "B06", 1769.931640625, 1100.4560546875},
    {"s2", "B07", 2049.551513671875, 1275.805419921875},
    {"s2", "B08", 2193.2919921875, 1369.3717041015625},
    {"s2", "B8A", 2235.556640625, 1356.5440673828125},
    {"s2", "B09", 2241.455322265625, 1316.393310546875},
    {"s2", "B11", 1568.226806640625, 1070.1612548828125},
    {"s2", "B12", 997.7324829101562, 813.5276489257812},
};

bool mos_statistics_reben(const char *modality, const char *band, double *mean, double *sd) {
    for (size_t i = 0; i < sizeof reben / sizeof reben[0]; i++) {
        if (strcmp(reben[i].modality, modality) == 0 && strcmp(reben[i].band, band) == 0) {
            *mean = reben[i].mean;
            *sd = reben[i].sd;
            return true;
        }
    }
    return false;
}
