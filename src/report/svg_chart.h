/* Charts as inline SVG: they need no script, print, and follow the page's colours through CSS
 * classes s0..s7. */
#ifndef MOS_REPORT_SVG_CHART_H
#define MOS_REPORT_SVG_CHART_H

#include "base/text.h"

enum { MOS_CHART_MAX_LINES = 8, MOS_CHART_MOST_LINES = 40 }; /* by palette; with own colours */

typedef struct mos_chart_line {
    const char *name;
    const double *x, *y; /* [count]; points that are not finite are left out and break the line */
    int64_t count;
    const double *spread; /* [count] whiskers at the points, half their height; NULL, NaN: none */
    const char *colour;   /* NULL: the palette's, in turn */
    bool thin;            /* one of many */
    bool dashed;          /* a level to compare with */
    bool unnamed;         /* not in the legend: its name shows under the pointer alone */
} mos_chart_line;

typedef struct mos_chart {
    const char *title, *x_name;
    mos_chart_line line[MOS_CHART_MOST_LINES];
    int lines;
    bool from_zero;     /* the y axis starts at 0 */
    bool log_x;         /* x are decimal logarithms: ticks show the numbers */
    bool unit;          /* both axes from 0 to 1, square */
    bool by_class;      /* lines are classes: a page's filter by class picks them out */
    const char *source; /* address of the numbers drawn; NULL: none */
} mos_chart;

/* A line chart with axes, ticks, a legend and a point's values as tooltips; long lines are thinned
 * to the pixels there are. Nothing is written when no line has two points. */
void mos_chart_write(const mos_chart *chart, mos_text *out);

/* A horizontal bar of `value` in 0..1 with a mark at `mark` (NaN: none), for table cells. */
void mos_bar_write(double value, double mark, mos_text *out);

/* The same with a colour of its own, an interval, and any text beside it. */
typedef struct mos_bar {
    double value, mark, low, high; /* shares of the bar; NaN: none */
    double chance;                 /* a level worth nothing, a dashed mark; 0: none */
    const char *colour;            /* NULL: the page's first */
    const char *text;              /* NULL: the value with three digits */
} mos_bar;
void mos_bar_draw(const mos_bar *bar, mos_text *out);

/* An interval low..high with its value on an axis from -reach to reach, zero marked, for table
 * cells; what lies outside is cut off at the edge. */
void mos_interval_write(double low, double value, double high, double reach, mos_text *out);

/* Numbers below the head of a column of bars, of intervals. */
void mos_bar_axis_write(mos_text *out);
void mos_interval_axis_write(double reach, mos_text *out);

/* A link " CSV" (or JSON: the name's last part) to an address that is escaped already. */
void mos_source_add(const char *link, mos_text *out);

/* Text with the five characters that mean something in HTML escaped. */
void mos_html_add(mos_text *out, const char *text);

#endif
