/* The frame of every page the program writes: head, style, title, script. A page fetches nothing
 * and says so itself, by a content security policy. */
#ifndef MOS_REPORT_PAGE_H
#define MOS_REPORT_PAGE_H

#include "base/text.h"

extern const char *const mos_page_style[], *const mos_page_script[]; /* lines, then NULL */

/* Up to and with the heading; kind: "report", for the tab's and the page's first line. */
void mos_page_begin(mos_text *out, const char *kind, const char *title);
void mos_page_end(mos_text *out);

#endif
