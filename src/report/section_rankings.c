/* ROC and precision-recall curves, of all labels together and of every class. */
#include "report/report_parts.h"
#include "report/report_sections.h"
#include "report/svg_chart.h"

#include <string.h>

enum { PRECISION_RECALL, ROC };

static void add_curve(const mos_run_document *run, mos_legend legend,
                      const mos_report_ranking *ranking, int which, mos_chart *chart) {
    bool all = strcmp(ranking->name, "(micro)") == 0;
    if (chart->lines == MOS_CHART_MOST_LINES) return;
    chart->line[chart->lines++] = (mos_chart_line){
        .name = all ? "all labels" : ranking->name,
        .x = which == ROC ? ranking->false_positive_rate : ranking->recall,
        .y = which == ROC ? ranking->recall : ranking->precision,
        .count = ranking->count,
        .colour = all ? "var(--ink)" : mos_report_class_colour(run, legend, ranking->name),
        .thin = !all};
}

void mos_section_rankings(const mos_run_document *run, mos_text *out) {
    static const char *const titles[] = {"Precision by recall",
                                         "True positive rate by false positive rate (ROC)"};
    static const char *const x_names[] = {"recall", "false positive rate"};
    static const double diagonal[] = {0, 1};
    const mos_report_analysis *a = mos_report_headline_analysis(run);
    if (!a || a->rankings == 0) return;
    mos_legend legend = mos_report_legend(run);
    mos_text_add(out, "<section id=\"rankings\"><h2>ROC and precision-recall</h2><p "
                      "class=\"soft\">Every class by its scores alone, without a threshold; the "
                      "thick line is all labels together.");
    if (a->rankings > MOS_CHART_MOST_LINES)
        mos_text_add(out, " The first %d classes of %zu are drawn.", MOS_CHART_MOST_LINES - 2,
                     a->rankings - 1);
    mos_text_add(out, "</p><div class=\"charts\">");
    for (int which = 0; which < 2; which++) {
        mos_chart chart = {.title = titles[which], .x_name = x_names[which], .unit = true};
        for (size_t k = 0; k < a->rankings; k++)
            if (chart.lines < MOS_CHART_MOST_LINES - 1)
                add_curve(run, legend, &a->ranking[k], which, &chart);
        if (which == ROC)
            chart.line[chart.lines++] = (mos_chart_line){.name = "chance",
                                                         .x = diagonal,
                                                         .y = diagonal,
                                                         .count = 2,
                                                         .colour = "var(--soft)",
                                                         .thin = true};
        mos_chart_write(&chart, out);
    }
    mos_text_add(out, "</div></section>\n");
}
