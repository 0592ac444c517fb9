/* What sections share: which evaluation they are about, numbers, cells, colours of classes. */
#ifndef MOS_REPORT_REPORT_PARTS_H
#define MOS_REPORT_REPORT_PARTS_H

#include "base/text.h"
#include "report/class_colour.h"
#include "report/run_document.h"

enum { MOS_REPORT_SHOWN = 15 }; /* rows of a table of pairs */

/* The evaluation the headline is about: test if there is one, otherwise the first. NULL: none. */
const mos_report_evaluation *mos_report_headline(const mos_run_document *run);
/* "random features", "band statistics" or "untrained features" when the evaluation is of a floor
 * under trained encoders (its folder says so), or else NULL. */
const char *mos_report_floor(const mos_report_evaluation *e);
/* Its analyses; NULL: none. */
const mos_report_analysis *mos_report_headline_analysis(const mos_run_document *run);

/* The chance level of one class: AP of a random ranking (the share of positives), and F1 of always
 * predicting the class. NaN without known labels. */
double mos_report_class_chance_ap(const mos_report_class *class);
double mos_report_class_chance_f1(const mos_report_class *class);
/* Their means over the classes that have positives and negatives; NaN without any. */
double mos_report_chance_ap(const mos_report_evaluation *e);
double mos_report_chance_f1(const mos_report_evaluation *e);
/* Over all labels together. */
double mos_report_chance_micro_ap(const mos_report_evaluation *e);
double mos_report_chance_micro_f1(const mos_report_evaluation *e);

/* Tells a run where the page about it will lie, so that links lead from there. */
void mos_report_link_from(const char *page, mos_run_document *run);
/* An address in the page for a file of the run, of an evaluation's folder when there is one; false:
 * there is no such file. */
enum { MOS_REPORT_LINK = 4096 };
bool mos_report_link(const mos_run_document *run, const mos_report_evaluation *e, const char *name,
                     char link[MOS_REPORT_LINK]);
/* " CSV" (the name's last part, in capitals) as a link to it; nothing without such a file. */
void mos_report_source(const mos_run_document *run, const mos_report_evaluation *e,
                       const char *name, mos_text *out);

/* "0.677", or an en dash for what does not exist. */
void mos_report_number(mos_text *out, double value, int digits);
/* A difference: "+0.059", "−0.026", "0.000". */
void mos_report_signed(mos_text *out, double value, int digits);
void mos_report_cell(mos_text *out, double value, int digits);
/* A table cell: "0.677 (0.61 to 0.72)", without what is NaN. */
void mos_report_interval_cell(mos_text *out, const mos_report_interval *interval);

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
