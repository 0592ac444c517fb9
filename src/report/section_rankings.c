/* ROC and precision-recall curves: all labels together, and a small chart of every class. */
#include "base/memory.h"
#include "report/report_parts.h"
#include "report/report_sections.h"
#include "report/report_terms.h"
#include "report/svg_chart.h"
#include "report/svg_panel.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PRECISION_RECALL, ROC, MOST_PANELS = 48 };
static const char all_name[] = "(micro)";

static const mos_report_ranking *all_labels(const mos_report_analysis *a) {
    for (size_t k = 0; k < a->rankings; k++)
        if (strcmp(a->ranking[k].name, all_name) == 0) return &a->ranking[k];
    return NULL;
}

static const double *x_of(const mos_report_ranking *r, int which) {
    return which == ROC ? r->false_positive_rate : r->recall;
}

static const double *y_of(const mos_report_ranking *r, int which) {
    return which == ROC ? r->recall : r->precision;
}

/* All classes in grey, so that none hides another; the page's filter colours what is asked for. */
static void add_overview(const mos_report_evaluation *e, int which, const char *source,
                         mos_text *out) {
    static const char *const titles[] = {"Precision by recall",
                                         "True positive rate by false positive rate (ROC)"};
    static const char *const x_names[] = {"recall", "false positive rate"};
    static const double ends[] = {0, 1};
    const mos_report_analysis *a = &e->analysis;
    const mos_report_ranking *all = all_labels(a);
    double share = mos_report_chance_micro_ap(e);
    const double level[2] = {share, share};
    mos_chart chart = {.title = titles[which],
                       .x_name = x_names[which],
                       .unit = true,
                       .by_class = true,
                       .source = source};
    if (all)
        chart.line[chart.lines++] = (mos_chart_line){.name = "all labels",
                                                     .x = x_of(all, which),
                                                     .y = y_of(all, which),
                                                     .count = all->count,
                                                     .colour = "var(--ink)"};
    chart.line[chart.lines++] =
        (mos_chart_line){.name = which == ROC ? "chance" : "chance, all labels",
                         .x = ends,
                         .y = which == ROC ? ends : level,
                         .count = 2,
                         .colour = "var(--chance)",
                         .dashed = true,
                         .thin = true};
    int named = 0;
    for (size_t k = 0; k < a->rankings && chart.lines < MOS_CHART_MOST_LINES; k++) {
        const mos_report_ranking *r = &a->ranking[k];
        if (r == all) continue;
        chart.line[chart.lines++] = (mos_chart_line){.name = r->name,
                                                     .x = x_of(r, which),
                                                     .y = y_of(r, which),
                                                     .count = r->count,
                                                     .colour = "var(--faint)",
                                                     .thin = true,
                                                     .unnamed = true};
        named++;
    }
    if (named > 0 || all) mos_chart_write(&chart, out);
}

static const mos_report_class *find_class(const mos_report_evaluation *e, const char *name) {
    for (int64_t j = 0; j < e->class_count; j++)
        if (strcmp(e->classes[j].name, name) == 0) return &e->classes[j];
    return NULL;
}

/* Without positives there is no recall, without negatives no false positive. */
static bool has_no_curve(const mos_report_class *class) {
    return class && (class->positives == 0 || class->negatives == 0);
}

static int64_t left_out(const mos_report_evaluation *e) {
    int64_t count = 0;
    for (int64_t j = 0; j < e->class_count; j++)
        count += has_no_curve(&e->classes[j]);
    return count;
}

static void add_panels(const mos_run_document *run, const mos_report_evaluation *e, int which,
                       mos_text *out) {
    const mos_report_analysis *a = &e->analysis;
    const mos_report_ranking *all = all_labels(a);
    mos_legend legend = mos_report_legend(run);
    int shown = 0;
    mos_text_add(out, "<div class=\"multiples\">");
    for (size_t k = 0; k < a->rankings && shown < MOST_PANELS; k++) {
        const mos_report_ranking *r = &a->ranking[k];
        if (r == all) continue;
        const mos_report_class *class = find_class(e, r->name);
        char text[96] = "";
        if (has_no_curve(class)) continue;
        if (class)
            (void)snprintf(text, sizeof text, "%s %.3f, %lld positive%s",
                           which == ROC ? "AUC" : "AP",
                           which == ROC ? class->roc_auc : class->average_precision,
                           (long long)class->positives, class->positives == 1 ? "" : "s");
        const mos_panel panel = {.name = r->name,
                                 .colour = mos_report_class_colour(run, legend, r->name),
                                 .text = text,
                                 .own = {x_of(r, which), y_of(r, which), r->count},
                                 .all = {all ? x_of(all, which) : NULL,
                                         all ? y_of(all, which) : NULL, all ? all->count : 0},
                                 .chance = class ? mos_report_class_chance_ap(class) : NAN,
                                 .diagonal = which == ROC};
        mos_panel_write(&panel, out);
        shown++;
    }
    mos_text_add(out, "</div>");
}

void mos_section_rankings(const mos_run_document *run, mos_text *out) {
    static const char *const words[] = {"AP", "ROC-AUC", "chance", NULL};
    const mos_report_evaluation *e = mos_report_headline(run);
    if (!e || e->analysis.rankings == 0) return;
    char link[MOS_REPORT_LINK];
    const char *source = mos_report_link(run, e, "curves.csv", link) ? link : NULL;
    mos_text_add(out,
                 "<section id=\"rankings\" data-filter><h2>ROC and precision-recall</h2><p "
                 "class=\"soft\">Every class by its scores alone, without a threshold. The heavy "
                 "line is all labels together, a grey one a class; dashed is chance.</p><div "
                 "class=\"charts\">");
    for (int which = 0; which < 2; which++)
        add_overview(e, which, source, out);
    mos_text_add(out, "</div><h3>Precision by recall, class by class</h3><p class=\"soft\">In the "
                      "class's colour; grey is all labels together, dashed the class's share of "
                      "the patches.");
    if (e->analysis.rankings > MOST_PANELS)
        mos_text_add(out, " The first %d classes of %zu are drawn.", MOST_PANELS,
                     e->analysis.rankings - (all_labels(&e->analysis) != NULL));
    if (left_out(e) > 0)
        mos_text_add(out, " %lld without positives or without negatives here are left out.",
                     (long long)left_out(e));
    mos_text_add(out, "</p>");
    add_panels(run, e, PRECISION_RECALL, out);
    mos_text_add(out, "<details><summary>ROC, class by class</summary>");
    add_panels(run, e, ROC, out);
    mos_text_add(out, "</details>");
    mos_report_terms(words, out);
    mos_text_add(out, "</section>\n");
}
