/* Score tables of every evaluation, and per-class bars of the headline one. */
#include "report/report_sections.h"
#include "report/svg_chart.h"

#include <math.h>

static const char *const set_titles[MOS_REPORT_SETS] = {"0.5", "one tuned for all classes",
                                                        "tuned per class"};

static void add_cell(mos_text *out, double value, int digits) {
    mos_text_add(out, "<td class=\"n\">");
    mos_report_number(out, value, digits);
    mos_text_add(out, "</td>");
}

static void add_average(mos_text *out, const char *name, const mos_report_scores *s) {
    mos_text_add(out, "<tr><td>%s</td>", name);
    add_cell(out, s->precision, 3);
    add_cell(out, s->recall, 3);
    add_cell(out, s->f1, 3);
    add_cell(out, s->f2, 3);
    add_cell(out, s->average_precision, 3);
    add_cell(out, s->roc_auc, 3);
    mos_text_add(out, "</tr>");
}

static void add_evaluation(const mos_report_evaluation *e, mos_text *out) {
    mos_text_add(out, "<h3>");
    mos_html_add(out, e->folder);
    mos_text_add(out,
                 "</h3><p class=\"soft\">%lld samples, %lld known labels, scored by the %s%s</p>",
                 (long long)e->samples, (long long)e->known_labels, e->scorer,
                 e->reduced ? "; reduced" : "");
    mos_text_add(out, "<div class=\"scroll\"><table><tr><th>threshold, average</th><th "
                      "class=\"n\">precision</th><th class=\"n\">recall</th><th "
                      "class=\"n\">F1</th><th class=\"n\">F2</th><th class=\"n\">AP</th><th "
                      "class=\"n\">ROC-AUC</th></tr>");
    for (int s = 0; s < e->sets; s++) {
        mos_text_add(out, "<tr><th colspan=\"7\">%s: Hamming loss ", set_titles[s]);
        mos_report_number(out, e->at[s].hamming_loss, 4);
        mos_text_add(out, ", subset accuracy ");
        mos_report_number(out, e->at[s].subset_accuracy, 3);
        mos_text_add(out, "</th></tr>");
        add_average(out, "micro", &e->at[s].micro);
        add_average(out, "macro", &e->at[s].macro);
        add_average(out, "per sample", &e->at[s].sample);
    }
    mos_text_add(out, "</table></div>");
}

void mos_section_metrics(const mos_run_document *run, mos_text *out) {
    if (run->evaluation_count == 0) return;
    mos_text_add(out, "<section id=\"metrics\"><h2>Scores</h2><p class=\"soft\">Over the whole "
                      "set, as scikit-learn defines them; 0/0 counts as 0.</p>");
    for (size_t i = 0; i < run->evaluation_count; i++)
        add_evaluation(&run->evaluations[i], out);
    mos_text_add(out, "</section>\n");
}

void mos_section_classes(const mos_run_document *run, mos_text *out) {
    const mos_report_evaluation *e = mos_report_headline(run);
    if (!e || e->class_count == 0) return;
    int s = e->sets - 1;
    mos_text_add(out, "<section id=\"classes\"><h2>Classes</h2><p class=\"soft\">Split ");
    mos_html_add(out, e->folder);
    mos_text_add(out,
                 "; F1 at %s; the mark is F1 at threshold 0.5.</p><div "
                 "class=\"scroll\"><table><tr><th>class</th><th class=\"n\">positives</th>"
                 "<th>F1</th><th>AP</th><th class=\"n\">precision</th><th "
                 "class=\"n\">recall</th><th class=\"n\">threshold</th></tr>",
                 s ? "thresholds tuned per class" : "threshold 0.5");
    for (int64_t j = 0; j < e->class_count; j++) {
        const mos_report_class *c = &e->classes[j];
        mos_text_add(out, "<tr><td>");
        mos_html_add(out, c->name);
        mos_text_add(out, "</td><td class=\"n\">%lld</td><td>", (long long)c->positives);
        mos_bar_write(c->at[s].f1, s ? c->at[0].f1 : NAN, out);
        mos_text_add(out, "</td><td>");
        mos_bar_write(c->average_precision, NAN, out);
        mos_text_add(out, "</td>");
        add_cell(out, c->at[s].precision, 3);
        add_cell(out, c->at[s].recall, 3);
        add_cell(out, c->at[s].threshold, 3);
        mos_text_add(out, "</tr>");
    }
    mos_text_add(out, "</table></div></section>\n");
}
