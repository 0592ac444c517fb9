/* The sections of a report, in page order; adding one is a function here, its file, and a row in
 * report.c. Each writes nothing when its data is not there. */
#ifndef MOS_REPORT_REPORT_SECTIONS_H
#define MOS_REPORT_REPORT_SECTIONS_H

#include "base/text.h"
#include "report/run_document.h"

void mos_section_verdict(const mos_run_document *run, mos_text *out);
void mos_section_data(const mos_run_document *run, mos_text *out);
void mos_section_curves(const mos_run_document *run, mos_text *out);
void mos_section_health(const mos_run_document *run, mos_text *out);
void mos_section_metrics(const mos_run_document *run, mos_text *out);
void mos_section_confidence(const mos_run_document *run, mos_text *out);
void mos_section_classes(const mos_run_document *run, mos_text *out);
void mos_section_rankings(const mos_run_document *run, mos_text *out);
void mos_section_calibration(const mos_run_document *run, mos_text *out);
void mos_section_confusability(const mos_run_document *run, mos_text *out);
void mos_section_patches(const mos_run_document *run, mos_text *out);
void mos_section_modalities(const mos_run_document *run, mos_text *out);
void mos_section_groups(const mos_run_document *run, mos_text *out);
void mos_section_lag(const mos_run_document *run, mos_text *out);
void mos_section_clusters(const mos_run_document *run, mos_text *out);
void mos_section_maps(const mos_run_document *run, mos_text *out);
void mos_section_scenes(const mos_run_document *run, mos_text *out);
void mos_section_reproduce(const mos_run_document *run, mos_text *out);

#endif
