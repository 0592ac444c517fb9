/* The colour of a class on a map. */
#ifndef MOS_DEPLOY_MAP_COLOURS_H
#define MOS_DEPLOY_MAP_COLOURS_H

#include "artifact/model_file.h"

typedef struct mos_map_colour {
    uint8_t red, green, blue;
} mos_map_colour;

/* The colour of the known legend that has the class, as in the report (report/class_colour.h). A
 * class of no legend gets a colour by its number, as far as possible from those of neighbouring
 * numbers. */
mos_map_colour mos_map_colour_of(const mos_model_card *card, int64_t class_index);

#endif
