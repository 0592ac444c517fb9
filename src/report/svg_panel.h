/* One of many small charts of one kind: a class's curve over all labels' in grey, both axes from 0
 * to 1. */
#ifndef MOS_REPORT_SVG_PANEL_H
#define MOS_REPORT_SVG_PANEL_H

#include "base/text.h"

typedef struct mos_panel_line {
    const double *x, *y;
    int64_t count;
} mos_panel_line;

typedef struct mos_panel {
    const char *name, *colour, *text; /* text: below the name */
    mos_panel_line own, all;
    double chance; /* of y, a dashed line; NaN: none */
    bool diagonal; /* chance is y = x */
} mos_panel;

void mos_panel_write(const mos_panel *panel, mos_text *out);

#endif
