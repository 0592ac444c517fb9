#include "deploy/map_colours.h"

#include "report/class_colour.h"

#include <math.h>
#include <stdlib.h>

/* Hues by the golden angle, at one lightness and saturation. */
static mos_map_colour numbered(int64_t number) {
    double hue = fmod((double)number * 137.508, 360) / 60;
    const double shift[3] = {0, 4, 2};
    uint8_t parts[3];
    for (int i = 0; i < 3; i++) {
        double at = fmod(hue + shift[i], 6), strength = fmin(fmax(fabs(at - 3) - 1, 0), 1);
        parts[i] = (uint8_t)lrint(50 + 180 * strength);
    }
    return (mos_map_colour){parts[0], parts[1], parts[2]};
}

mos_map_colour mos_map_colour_of(const mos_model_card *card, int64_t class_index) {
    const mos_legend legend = mos_legend_choose(card->class_names[0], sizeof card->class_names[0],
                                                (size_t)card->spec.classes);
    const char *colour =
        mos_class_colour(legend, card->class_names[class_index], (size_t)class_index);
    if (colour[0] != '#') return numbered(class_index); /* the page's palette is CSS */
    const unsigned long rgb = strtoul(colour + 1, NULL, 16);
    return (mos_map_colour){(uint8_t)(rgb >> 16), (uint8_t)(rgb >> 8), (uint8_t)rgb};
}
