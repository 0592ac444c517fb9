/* The colours people know classes by: the legends of CORINE Land Cover (BigEarthNet's 19 and 43
 * classes), of the MODIS land cover product in the IGBP scheme (SEN12MS), of ESA WorldCover and of
 * Esri's land cover. */
#ifndef MOS_REPORT_CLASS_COLOUR_H
#define MOS_REPORT_CLASS_COLOUR_H

#include "base/error.h"

#include <stddef.h>

typedef enum mos_legend {
    MOS_LEGEND_NONE, /* other classes: the page's palette in turn */
    MOS_LEGEND_CORINE,
    MOS_LEGEND_IGBP,
    MOS_LEGEND_WORLDCOVER,
    MOS_LEGEND_ESRI,
    MOS_LEGENDS
} mos_legend;
extern const char *const mos_legend_titles[MOS_LEGENDS]; /* "" for none */

/* Eight hues of the page (--c0 .. --c7), then the same darker, then paler: no two alike. */
enum { MOS_HUES = 8, MOS_PALETTE = 3 * MOS_HUES };

/* The legend that knows most of the names; none unless it knows at least half of them. names: the
 * first one, the others `stride` bytes apart. */
mos_legend mos_legend_choose(const char *names, size_t stride, size_t count);
/* A CSS colour: the legend's for the name, or of the palette by `number` (the class's own). */
const char *mos_class_colour(mos_legend legend, const char *name, size_t number);

/* A colour of the palette, for runs and settings, which are no classes. */
const char *mos_palette_colour(size_t number);

#endif
