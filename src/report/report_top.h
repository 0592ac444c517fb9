/* The first lines of a report: what was trained, by which method, on which data, and when. */
#ifndef MOS_REPORT_REPORT_TOP_H
#define MOS_REPORT_REPORT_TOP_H

#include "base/text.h"
#include "report/run_document.h"

void mos_report_top_write(const mos_run_document *run, mos_text *out);

#endif
