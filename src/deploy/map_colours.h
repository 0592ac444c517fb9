/* The colour of a class on a map. */
#ifndef MOS_DEPLOY_MAP_COLOURS_H
#define MOS_DEPLOY_MAP_COLOURS_H

#include <stdint.h>

typedef struct mos_map_colour {
    uint8_t red, green, blue;
} mos_map_colour;

/* Classes of CORINE's 19 have the colours of its legend (of the member that covers most of
 * Europe), those of WorldCover theirs; any other the one of its number, as far as possible from
 * its neighbours. */
mos_map_colour mos_map_colour_of(const char *class_name, int number);

#endif
