/* The sections of a report, in page order; adding one is a function here, its file, and a row in
 * report.c. Each writes nothing when its data is not there. */
#ifndef MOS_REPORT_REPORT_SECTIONS_H
#define MOS_REPORT_REPORT_SECTIONS_H

#include "base/text.h"
#include "report/run_document.h"

void mos_section_verdict(const mos_run_document *run, mos_text *out);
void mos_section_data(const mos_run_document *run, mos_text *out);
void mos_section_curves(const mos_run_document *run, mos_text *out);
void mos_section_metrics(const mos_run_document *run, mos_text *out);
void mos_section_classes(const mos_run_document *run, mos_text *out);
void mos_section_confidence(const mos_run_document *run, mos_text *out);
void mos_section_confusability(const mos_run_document *run, mos_text *out);
void mos_section_calibration(const mos_run_document *run, mos_text *out);
void mos_section_clusters(const mos_run_document *run, mos_text *out);
void mos_section_maps(const mos_run_document *run, mos_text *out);
void mos_section_modalities(const mos_run_document *run, mos_text *out);
void mos_section_lag(const mos_run_document *run, mos_text *out);
void mos_section_reproduce(const mos_run_document *run, mos_text *out);

/* The evaluation the headline is about: test if there is one, otherwise the first. NULL: none. */
const mos_report_evaluation *mos_report_headline(const mos_run_document *run);
/* "0.677", or an en dash for what does not exist. */
void mos_report_number(mos_text *out, double value, int digits);

#endif
