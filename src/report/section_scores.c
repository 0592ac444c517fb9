/* Score tables of every evaluation. */
#include "report/report_parts.h"
#include "report/report_sections.h"
#include "report/score_overview.h"
#include "report/svg_chart.h"

#include <stdio.h>

static const char *const set_titles[MOS_REPORT_SETS] = {"0.5", "one tuned for all classes",
                                                        "tuned per class"};

static void add_average(mos_text *out, const char *name, const mos_report_scores *s) {
    mos_text_add(out, "<tr><th scope=\"row\">%s</th>", name);
    mos_report_cell(out, s->precision, 3);
    mos_report_cell(out, s->recall, 3);
    mos_report_cell(out, s->f1, 3);
    mos_report_cell(out, s->f2, 3);
    mos_report_cell(out, s->average_precision, 3);
    mos_report_cell(out, s->roc_auc, 3);
    mos_text_add(out, "</tr>");
}

/* "macro, 3 of 19 classes"; both means where they differ. */
static void add_macros(const mos_report_evaluation *e, int set, mos_text *out) {
    char name[64];
    long long averaged = (long long)e->averaged, classes = (long long)e->class_count;
    if (averaged < 0) { /* written before it was told */
        add_average(out, "macro", &e->at[set].macro);
        return;
    }
    (void)snprintf(name, sizeof name, "macro, %lld of %lld classes", averaged, classes);
    add_average(out, name, &e->at[set].macro);
    if (averaged == classes) return;
    (void)snprintf(name, sizeof name, "macro, all %lld classes", classes);
    add_average(out, name, &e->at[set].macro_all);
}

static void add_evaluation(const mos_report_evaluation *e, mos_text *out) {
    mos_text_add(out, "<h3>");
    mos_html_add(out, e->folder);
    mos_text_add(out, "</h3><p class=\"soft\">%lld samples, %lld known labels, scored by the ",
                 (long long)e->samples, (long long)e->known_labels);
    mos_html_add(out, e->scorer);
    mos_text_add(out, "%s</p>", e->reduced ? "; reduced" : "");
    mos_text_add(
        out, "<div class=\"scroll\"><table><tr><th scope=\"col\">threshold, average</th><th "
             "scope=\"col\" "
             "class=\"n\">precision</th><th scope=\"col\" class=\"n\">recall</th><th scope=\"col\" "
             "class=\"n\">F1</th><th scope=\"col\" class=\"n\">F2</th><th scope=\"col\" "
             "class=\"n\">AP</th><th scope=\"col\" "
             "class=\"n\">ROC-AUC</th></tr>");
    for (int s = 0; s < e->sets; s++) {
        mos_text_add(out, "<tr><th scope=\"colgroup\" colspan=\"7\">%s: Hamming loss ",
                     set_titles[s]);
        mos_report_number(out, e->at[s].hamming_loss, 4);
        mos_text_add(out, ", subset accuracy ");
        mos_report_number(out, e->at[s].subset_accuracy, 3);
        mos_text_add(out, "</th></tr>");
        add_average(out, "micro", &e->at[s].micro);
        add_macros(e, s, out);
        add_average(out, "per sample", &e->at[s].sample);
    }
    mos_text_add(out, "</table></div>");
}

void mos_section_metrics(const mos_run_document *run, mos_text *out) {
    int64_t known = 0;
    for (size_t i = 0; i < run->evaluation_count; i++)
        known += run->evaluations[i].known_labels;
    if (known == 0) return; /* the verdict says so */
    mos_text_add(out, "<section id=\"metrics\"><h2>Scores</h2><p class=\"soft\">Over the whole "
                      "set, as scikit-learn defines them; 0/0 counts as 0. Macro means are over "
                      "the classes that have positives and negatives among the known labels; the "
                      "mean over all classes stands below where it differs.</p>");
    mos_report_overview_write(run, out);
    mos_text_add(out, "<details><summary>All scores: micro, macro and per sample, at every "
                      "threshold</summary>");
    for (size_t i = 0; i < run->evaluation_count; i++)
        add_evaluation(&run->evaluations[i], out);
    mos_text_add(out, "</details></section>\n");
}
