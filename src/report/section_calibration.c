/* Calibration: does a probability match the frequency of the class? */
#include "report/report_parts.h"
#include "report/report_sections.h"
#include "report/report_terms.h"
#include "report/svg_chart.h"

#include <math.h>
#include <stdio.h>

static void add_bins(const mos_report_analysis *a, mos_text *out) {
    double most = 0;
    for (int b = 0; b < a->bins; b++)
        most = fmax(most, a->bin[b].count);
    mos_text_add(out, "<figure><figcaption>How many labels each point stands for: bars are "
                      "logarithmic</figcaption><div "
                      "class=\"scroll\"><table><tr><th scope=\"col\" class=\"n\">predicted</th><th "
                      "scope=\"col\" class=\"n\">found</th><th scope=\"col\">labels (bar: "
                      "logarithmic)</th></tr>");
    for (int b = 0; b < a->bins; b++) {
        char text[32];
        mos_text_add(out, "<tr>");
        mos_report_cell(out, a->bin[b].confidence, 3);
        mos_report_cell(out, a->bin[b].frequency, 3);
        (void)snprintf(text, sizeof text, "%.0f", a->bin[b].count);
        mos_text_add(out, "<td>");
        /* counts span orders of magnitude: the bar's length is their logarithm */
        mos_bar_draw(&(mos_bar){.value = log1p(a->bin[b].count) / log1p(most),
                                .mark = NAN,
                                .low = NAN,
                                .high = NAN,
                                .text = text},
                     out);
        mos_text_add(out, "</td></tr>");
    }
    mos_text_add(out, "</table></div></figure>");
}

void mos_section_calibration(const mos_run_document *run, mos_text *out) {
    const mos_report_analysis *a = mos_report_headline_analysis(run);
    if (!a || a->bins == 0) return;
    static const char *const words[] = {"expected calibration error", "Brier score", NULL};
    static const double diagonal[] = {0, 1};
    char link[MOS_REPORT_LINK];
    const mos_report_evaluation *e = mos_report_headline(run);
    double x[MOS_REPORT_BINS], y[MOS_REPORT_BINS];
    for (int b = 0; b < a->bins; b++) {
        x[b] = a->bin[b].confidence;
        y[b] = a->bin[b].frequency;
    }
    const mos_chart chart = {.title = "Share of positives by predicted probability",
                             .x_name = "predicted probability",
                             .line = {{.name = "found", .x = x, .y = y, .count = a->bins},
                                      {.name = "ideal",
                                       .x = diagonal,
                                       .y = diagonal,
                                       .count = 2,
                                       .colour = "var(--chance)",
                                       .dashed = true,
                                       .thin = true}},
                             .lines = 2,
                             .unit = true,
                             .source =
                                 mos_report_link(run, e, "calibration.csv", link) ? link : NULL};
    mos_text_add(out, "<section id=\"calibration\"><h2>Calibration</h2><p class=\"soft\">Expected "
                      "calibration error ");
    mos_report_number(out, a->ece, 4);
    mos_text_add(out, ", Brier score ");
    mos_report_number(out, a->brier, 4);
    mos_text_add(out, ", over all known labels. Below the diagonal the model is too sure of a "
                      "class, above it not sure enough.</p><div class=\"charts\">");
    mos_chart_write(&chart, out);
    add_bins(a, out);
    mos_text_add(out, "</div>");
    mos_report_terms(words, out);
    mos_text_add(out, "</section>\n");
}
