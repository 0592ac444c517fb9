/* What sections share: which evaluation they are about, numbers, cells, colours of classes. */
#ifndef MOS_REPORT_REPORT_PARTS_H
#define MOS_REPORT_REPORT_PARTS_H

#include "base/text.h"
#include "report/class_colour.h"
#include "report/run_document.h"

enum { MOS_REPORT_SHOWN = 15 }; /* rows of a table of pairs */

/* The evaluation the headline is about: test if there is one, otherwise the first. NULL: none. */
const mos_report_evaluation *mos_report_headline(const mos_run_document *run);
/* Its analyses; NULL: none. */
const mos_report_analysis *mos_report_headline_analysis(const mos_run_document *run);

/* "0.677", or an en dash for what does not exist. */
void mos_report_number(mos_text *out, double value, int digits);
void mos_report_cell(mos_text *out, double value, int digits);

/* The legend of the run's classes, and the colour of one. */
mos_legend mos_report_legend(const mos_run_document *run);
const char *mos_report_class_colour(const mos_run_document *run, mos_legend legend,
                                    const char *name);
/* The class's name after a square of its colour, which stays on its line. */
void mos_report_class_name(mos_text *out, const char *colour, const char *name);

/* Is the last value of a health measure that of a collapsed embedding? The bounds are those of
 * training; measure: the curve's name after its last dot. */
bool mos_report_collapsed(const char *measure, double value);
/* The last value that is there; NaN. */
double mos_report_last(const mos_report_curve *curve);

#endif
