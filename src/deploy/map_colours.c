#include "deploy/map_colours.h"

#include <math.h>
#include <stddef.h>
#include <strings.h>

typedef struct named_colour {
    const char *name;
    mos_map_colour colour;
} named_colour;

static const named_colour named[] = {
    /* CORINE Land Cover, codes 112 121 211 221 231 241 242 243 244 311 312 313 321 322 324 331 411
     * 421 512 523 */
    {"Urban fabric", {255, 0, 0}},
    {"Industrial or commercial units", {204, 77, 242}},
    {"Arable land", {255, 255, 168}},
    {"Permanent crops", {230, 128, 0}},
    {"Pastures", {230, 230, 77}},
    {"Complex cultivation patterns", {255, 230, 77}},
    {"Land principally occupied by agriculture, with significant areas of natural vegetation",
     {230, 204, 77}},
    {"Agro-forestry areas", {242, 204, 166}},
    {"Broad-leaved forest", {128, 255, 0}},
    {"Coniferous forest", {0, 166, 0}},
    {"Mixed forest", {77, 255, 0}},
    {"Natural grassland and sparsely vegetated areas", {204, 242, 77}},
    {"Moors, heathland and sclerophyllous vegetation", {166, 255, 128}},
    {"Transitional woodland, shrub", {166, 242, 0}},
    {"Beaches, dunes, sands", {230, 230, 230}},
    {"Inland wetlands", {166, 166, 255}},
    {"Coastal wetlands", {204, 204, 255}},
    {"Inland waters", {128, 242, 230}},
    {"Marine waters", {0, 204, 242}},
    /* ESA WorldCover, codes 10 to 100 */
    {"Tree cover", {0, 100, 0}},
    {"Shrubland", {255, 187, 34}},
    {"Grassland", {255, 255, 76}},
    {"Cropland", {240, 150, 255}},
    {"Built-up", {250, 0, 0}},
    {"Bare / sparse vegetation", {180, 180, 180}},
    {"Bare or sparse vegetation", {180, 180, 180}},
    {"Snow and ice", {240, 240, 240}},
    {"Permanent water bodies", {0, 100, 200}},
    {"Herbaceous wetland", {0, 150, 160}},
    {"Mangroves", {0, 207, 117}},
    {"Moss and lichen", {250, 230, 160}},
};

/* Hues by the golden angle, at one lightness and saturation. */
static mos_map_colour numbered(int number) {
    double hue = fmod(number * 137.508, 360) / 60;
    const double shift[3] = {0, 4, 2};
    uint8_t parts[3];
    for (int i = 0; i < 3; i++) {
        double at = fmod(hue + shift[i], 6), strength = fmin(fmax(fabs(at - 3) - 1, 0), 1);
        parts[i] = (uint8_t)lrint(50 + 180 * strength);
    }
    return (mos_map_colour){parts[0], parts[1], parts[2]};
}

mos_map_colour mos_map_colour_of(const char *class_name, int number) {
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (strcasecmp(named[i].name, class_name) == 0) return named[i].colour;
    return numbered(number);
}
