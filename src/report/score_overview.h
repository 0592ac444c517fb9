/* A table of the head's scores beside those of the probes, one row per split. */
#ifndef MOS_REPORT_SCORE_OVERVIEW_H
#define MOS_REPORT_SCORE_OVERVIEW_H

#include "base/text.h"
#include "report/run_document.h"

void mos_report_overview_write(const mos_run_document *run, mos_text *out);

#endif
