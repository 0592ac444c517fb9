/* Confidence intervals: how far the scores may be off because patches are few. */
#include "report/report_parts.h"
#include "report/report_sections.h"

#include <string.h>

void mos_section_confidence(const mos_run_document *run, mos_text *out) {
    static const char *const titles[MOS_REPORT_INTERVALS] = {"macro F1", "micro F1", "macro AP",
                                                             "micro AP", "Hamming loss"};
    const mos_report_analysis *a = mos_report_headline_analysis(run);
    if (!a || a->confidence_sets == 0) return;
    mos_text_add(out,
                 "<section id=\"confidence\"><h2>How sure</h2><p class=\"soft\">%.0f %% intervals "
                 "from %.0f resamples of the patches, corrected for bias (BCa); how much another "
                 "training run would differ "
                 "is not in them.</p><div class=\"scroll\"><table><tr><th scope=\"col\">score</th>",
                 100 * a->level, a->resamples);
    for (int s = 0; s < a->confidence_sets; s++)
        mos_text_add(
            out,
            "<th scope=\"col\" class=\"n\">%s</th><th scope=\"col\" class=\"n\">from</th><th "
            "scope=\"col\" class=\"n\">to</th>",
            strcmp(a->confidence[s].thresholds, "0.5") == 0 ? "threshold 0.5" : "tuned per class");
    mos_text_add(out, "</tr>");
    for (int k = 0; k < MOS_REPORT_INTERVALS; k++) {
        mos_text_add(out, "<tr><th scope=\"row\">%s</th>", titles[k]);
        for (int s = 0; s < a->confidence_sets; s++) {
            const mos_report_interval *i = &a->confidence[s].score[k];
            mos_report_cell(out, i->value, 3);
            mos_report_cell(out, i->low, 3);
            mos_report_cell(out, i->high, 3);
        }
        mos_text_add(out, "</tr>");
    }
    mos_text_add(out, "</table></div></section>\n");
}
