/* Patches as pictures in the page, within a budget of bytes. */
#ifndef MOS_REPORT_REPORT_PICTURES_H
#define MOS_REPORT_REPORT_PICTURES_H

#include "base/text.h"
#include "report/run_document.h"

enum { MOS_REPORT_PAIRS = 8 }; /* pairs with examples */

/* Marks the headline evaluation's patches as embedded as long as their pictures, each as often as
 * the page shows it, fit into so many bytes: of every kind the first ones first. Returns how many
 * had no room. */
size_t mos_report_pictures_choose(mos_run_document *run, size_t bytes);

/* Pictures, labels and what was predicted of them; first: the class to be named first among those
 * predicted wrongly, NULL: none. */
void mos_report_patch_write(const mos_run_document *run, const mos_report_patch *patch,
                            const char *first, mos_text *out);

#endif
