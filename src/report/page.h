/* The frame of every page the program writes: head, style, title. */
#ifndef MOS_REPORT_PAGE_H
#define MOS_REPORT_PAGE_H

#include "base/text.h"

/* Up to and with the heading; kind: "report", for the tab's and the page's first line. */
void mos_page_begin(mos_text *out, const char *kind, const char *title);
void mos_page_end(mos_text *out);

#endif
