/* Explanations of the terms of a page, one line each, shown beside the term. */
#ifndef MOS_REPORT_REPORT_TERMS_H
#define MOS_REPORT_REPORT_TERMS_H

#include "base/text.h"

/* The explanation of a term; NULL: there is none. */
const char *mos_report_term(const char *name);
/* A small list of terms with their explanations; names: then NULL. A name without an explanation is
 * left out. */
void mos_report_terms(const char *const *names, mos_text *out);

#endif
