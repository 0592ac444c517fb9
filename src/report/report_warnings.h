/* Warnings for the reader of a run's scores: a table of rules, each with its sentence. */
#ifndef MOS_REPORT_REPORT_WARNINGS_H
#define MOS_REPORT_REPORT_WARNINGS_H

#include "base/text.h"
#include "report/run_document.h"

typedef struct mos_report_warning {
    const char *id;
    /* Appends one sentence, plain text; nothing when the rule does not apply. */
    void (*say)(const mos_run_document *run, mos_text *out);
} mos_report_warning;

extern const mos_report_warning mos_report_warning_rules[];
extern const size_t mos_report_warning_count;

/* All that apply, as a list; says so when none does. */
void mos_report_warnings_write(const mos_run_document *run, mos_text *out);

#endif
