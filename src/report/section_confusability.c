/* Which classes the model predicts where another is: all pairs at a glance, the worst in numbers,
 * and patches in which it happened. */
#include "base/memory.h"
#include "report/report_parts.h"
#include "report/report_pictures.h"
#include "report/report_sections.h"
#include "report/report_terms.h"
#include "report/svg_chart.h"
#include "report/svg_heat.h"

#include <math.h>
#include <string.h>

static int find_class(const mos_heat *heat, const char *name) {
    for (int k = 0; k < heat->count; k++)
        if (strcmp(heat->name[k], name) == 0) return k;
    return -1;
}

static void add_heat(const mos_run_document *run, const mos_report_evaluation *e, mos_text *out) {
    mos_legend legend = mos_report_legend(run);
    char link[MOS_REPORT_LINK];
    mos_heat *heat;
    if (e->class_count < 2 || mos_alloc(1, sizeof *heat, "heat map", &heat) != MOSAIC_OK) return;
    heat->title =
        "How much more often the column is predicted where the row is than where neither is";
    heat->source = mos_report_link(run, e, "confusability.csv", link) ? link : NULL;
    heat->scale = "rate above the base rate";
    heat->between = "is there; above the base rate also predicted:";
    for (; heat->count < MOS_HEAT_MOST && heat->count < e->class_count; heat->count++) {
        heat->name[heat->count] = e->classes[heat->count].name;
        heat->colour[heat->count] =
            mos_report_class_colour(run, legend, e->classes[heat->count].name);
    }
    for (size_t k = 0; k < e->analysis.confusion_count; k++) {
        const mos_report_confusion *c = &e->analysis.confusions[k];
        int from = find_class(heat, c->from), to = find_class(heat, c->to);
        if (from >= 0 && to >= 0) heat->value[from][to] = c->rate - c->base_rate;
    }
    mos_heat_write(heat, out);
    mos_free(heat);
}

/* Predicted more often beside the first class than without it: the rest is no confusion. */
static bool is_confused(const mos_report_confusion *c) {
    return c->rows > 0 && c->rate > c->base_rate;
}

static void add_table(const mos_run_document *run, const mos_report_analysis *a, mos_text *out) {
    static const char *const words[] = {"lift", "score correlation", "embedding cosine", NULL};
    mos_legend legend = mos_report_legend(run);
    mos_text_add(
        out, "<div class=\"scroll\"><table class=\"sort\"><tr><th scope=\"col\">there is</th><th "
             "scope=\"col\">predicted</th><th scope=\"col\">how often");
    mos_bar_axis_write(out);
    mos_text_add(
        out,
        "</th><th scope=\"col\" class=\"n\">patches</th><th scope=\"col\" class=\"n\">without "
        "either</th><th "
        "scope=\"col\" class=\"n\">lift</th><th scope=\"col\" class=\"n\">score correlation</th>"
        "<th scope=\"col\" class=\"n\">embedding cosine</th></tr>");
    for (size_t k = 0; k < a->confusion_count && k < MOS_REPORT_SHOWN; k++) {
        const mos_report_confusion *c = &a->confusions[k];
        if (!is_confused(c)) continue;
        mos_text_add(out, "<tr data-class=\"");
        mos_html_add(out, c->from);
        mos_text_add(out, "; ");
        mos_html_add(out, c->to);
        mos_text_add(out, "\"><td>");
        mos_report_class_name(out, mos_report_class_colour(run, legend, c->from), c->from);
        mos_text_add(out, "</td><td>");
        mos_report_class_name(out, mos_report_class_colour(run, legend, c->to), c->to);
        mos_text_add(out, "</td><td>");
        mos_bar_write(c->rate, c->base_rate, out);
        mos_text_add(out, "</td><td class=\"n\">%.0f of %.0f</td>", c->confused, c->rows);
        mos_report_cell(out, c->base_rate, 3);
        mos_report_cell(out, c->lift, 2);
        mos_report_cell(out, c->score_correlation, 2);
        mos_report_cell(out, c->prototype_cosine, 2);
        mos_text_add(out, "</tr>");
    }
    mos_text_add(out, "</table></div>");
    mos_report_terms(words, out);
}

static void add_examples(const mos_run_document *run, const mos_report_analysis *a, mos_text *out) {
    for (size_t k = 0; k < a->confusion_count && k < MOS_REPORT_PAIRS; k++) {
        const mos_report_confusion *c = &a->confusions[k];
        bool any = false;
        if (!is_confused(c)) continue;
        for (int e = 0; e < MOS_REPORT_EXAMPLES; e++) {
            const mos_report_patch *patch = mos_run_patches_find(&a->patches, c->example[e]);
            if (!patch) continue;
            if (!any) {
                mos_text_add(out, "<div class=\"pair\"><h3>");
                mos_html_add(out, c->from);
                mos_text_add(out, " <span class=\"soft\">there, predicted</span> ");
                mos_html_add(out, c->to);
                mos_text_add(out, "</h3><div class=\"patches\">");
            }
            any = true;
            mos_report_patch_write(run, patch, c->to, out);
        }
        if (any) mos_text_add(out, "</div></div>");
    }
}

void mos_section_confusability(const mos_run_document *run, mos_text *out) {
    const mos_report_evaluation *e = mos_report_headline(run);
    bool any = false;
    if (!e || e->analysis.confusion_count == 0) return;
    mos_text_add(
        out,
        "<section id=\"confusability\" data-filter><h2>Confused classes</h2><p class=\"soft\">How "
        "often the "
        "second class is predicted where the first is and the second is not, against how often "
        "where neither is (the mark): what really occurs together does not count. Most confusable "
        "first.</p>");
    for (size_t k = 0; k < e->analysis.confusion_count; k++)
        any = any || is_confused(&e->analysis.confusions[k]);
    if (!any) {
        mos_text_add(out, "<p>No class is predicted more often beside another than without "
                          "it.</p></section>\n");
        return;
    }
    add_table(run, &e->analysis, out);
    add_heat(run, e, out);
    if (e->analysis.patches.count > 0) {
        mos_text_add(out, "<div class=\"pairs\">");
        add_examples(run, &e->analysis, out);
        mos_text_add(out, "</div>");
    }
    mos_text_add(out, "</section>\n");
}
