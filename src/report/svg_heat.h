/* A square table of shares as inline SVG: rows named and numbered, columns numbered. */
#ifndef MOS_REPORT_SVG_HEAT_H
#define MOS_REPORT_SVG_HEAT_H

#include "base/text.h"

enum { MOS_HEAT_MOST = 44 };

typedef struct mos_heat {
    const char *title;
    const char *source;  /* address of the numbers; NULL: none */
    const char *scale;   /* what the numbers are, below the scale */
    const char *between; /* "is taken for": stands between row and column in a cell's tooltip */
    const char *name[MOS_HEAT_MOST], *colour[MOS_HEAT_MOST];
    double value[MOS_HEAT_MOST][MOS_HEAT_MOST]; /* 0 .. 1; NaN or at most 0: left empty */
    int count;
    double full; /* the value of the strongest colour; 0: the largest there is */
} mos_heat;

/* Nothing without a cell to show. */
void mos_heat_write(const mos_heat *heat, mos_text *out);

#endif
