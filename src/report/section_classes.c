/* Every class of the headline evaluation, in its own colour. */
#include "report/report_parts.h"
#include "report/report_sections.h"
#include "report/report_terms.h"
#include "report/svg_chart.h"

#include <math.h>

static void add_class(const mos_run_document *run, mos_legend legend, const mos_report_class *c,
                      int set, mos_text *out) {
    const char *colour = mos_report_class_colour(run, legend, c->name);
    bool absent = c->positives == 0; /* in no mean, and 0 by convention alone */
    mos_text_add(out, "<tr data-class=\"");
    mos_html_add(out, c->name);
    mos_text_add(out, "\"><th scope=\"row\">");
    mos_report_class_name(out, colour, c->name);
    mos_text_add(out, "</th><td class=\"n\">%lld</td><td>", (long long)c->positives);
    mos_bar_draw(&(mos_bar){.value = absent ? NAN : c->at[set].f1,
                            .mark = set ? c->at[0].f1 : NAN,
                            .low = c->f1.low,
                            .high = c->f1.high,
                            .chance = mos_report_class_chance_f1(c),
                            .colour = colour},
                 out);
    mos_text_add(out, "</td><td>");
    mos_bar_draw(&(mos_bar){.value = c->average_precision,
                            .mark = NAN,
                            .low = c->ap.low,
                            .high = c->ap.high,
                            .chance = mos_report_class_chance_ap(c),
                            .colour = colour},
                 out);
    mos_text_add(out, "</td>");
    mos_report_cell(out, c->roc_auc, 3);
    mos_report_cell(out, absent ? NAN : c->at[set].precision, 3);
    mos_report_cell(out, absent ? NAN : c->at[set].recall, 3);
    mos_report_cell(out, c->at[set].threshold, 3);
    mos_text_add(out, "</tr>");
}

void mos_section_classes(const mos_run_document *run, mos_text *out) {
    static const char *const words[] = {"F1", "AP", "ROC-AUC", "chance", "interval", NULL};
    const mos_report_evaluation *e = mos_report_headline(run);
    if (!e || e->class_count == 0 || e->known_labels == 0) return;
    mos_legend legend = mos_report_legend(run);
    int set = e->sets - 1;
    bool intervals = false;
    for (int64_t j = 0; j < e->class_count; j++)
        intervals = intervals || isfinite(e->classes[j].f1.low);
    mos_text_add(out,
                 "<section id=\"classes\" data-filter><h2>Classes</h2><p class=\"soft\">Split ");
    mos_html_add(out, e->folder);
    mos_text_add(out, "; F1 at %s%s; the red mark is chance%s",
                 set ? "thresholds tuned per class; the mark in the colour of the text is F1 at "
                       "threshold 0.5"
                     : "threshold 0.5",
                 intervals ? "; the line is the interval" : "",
                 legend == MOS_LEGEND_NONE ? "." : "; colours as in the classes' legend.");
    mos_report_source(run, e, "per_class.csv", out);
    mos_text_add(out, "</p><div class=\"scroll\"><table class=\"sort\"><tr>");
    mos_text_add(out, "<th scope=\"col\">class</th><th scope=\"col\" class=\"n\">positives</th>"
                      "<th scope=\"col\">F1");
    mos_bar_axis_write(out);
    mos_text_add(out, "</th><th scope=\"col\">AP");
    mos_bar_axis_write(out);
    mos_text_add(out,
                 "</th><th scope=\"col\" class=\"n\">ROC-AUC</th><th scope=\"col\" "
                 "class=\"n\">precision</th><th "
                 "scope=\"col\" class=\"n\">recall</th><th scope=\"col\" class=\"n\">threshold</th>"
                 "</tr>");
    for (int64_t j = 0; j < e->class_count; j++)
        add_class(run, legend, &e->classes[j], set, out);
    mos_text_add(out, "</table></div>");
    mos_report_terms(words, out);
    mos_text_add(out, "</section>\n");
}
