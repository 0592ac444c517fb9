/* The colour of a class on a map. */
#ifndef MOS_DEPLOY_MAP_COLOURS_H
#define MOS_DEPLOY_MAP_COLOURS_H

#include "artifact/model_file.h"

typedef struct mos_map_colour {
    uint8_t red, green, blue;
} mos_map_colour;

/* That of the legend people know the class by, as in the report (report/class_colour.h); of a class
 * that no legend knows the one of its number, as far as possible from its neighbours. */
mos_map_colour mos_map_colour_of(const mos_model_card *card, int64_t class_index);

#endif
