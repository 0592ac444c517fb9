/* One self-contained HTML file about a run: opens offline, readable without scripts, light and
 * dark, printable. */
#ifndef MOS_REPORT_REPORT_H
#define MOS_REPORT_REPORT_H

#include "base/error.h"

/* No report is larger: what does not fit is left out and said to be, pictures first. */
enum { MOS_REPORT_MOST_BYTES = 5000000 };

/* Reads the run directory (see run_document.h) and writes `out` atomically; NULL:
 * <run>/report.html. */
mosaic_status mos_report_write(const char *run, const char *out);

#endif
