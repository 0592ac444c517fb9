/* Training curves: losses by term, validation scores, gradient norm, learning rate. */
#include "report/report_parts.h"
#include "report/report_sections.h"
#include "report/report_terms.h"
#include "report/svg_chart.h"

#include <math.h>
#include <string.h>

static bool has_values(const mos_report_curve *curve) {
    for (int64_t i = 0; i < curve->count; i++)
        if (isfinite(curve->y[i])) return true;
    return false;
}

static void add_line(mos_chart *chart, const mos_report_curve *curve, const char *name) {
    if (!curve || !has_values(curve) || chart->lines == MOS_CHART_MAX_LINES) return;
    chart->line[chart->lines++] =
        (mos_chart_line){.name = name, .x = curve->x, .y = curve->y, .count = curve->count};
}

/* Scores as the rest of the page calls them; terms of the loss as the configuration does. */
static const char *shown_name(const char *name) {
    static const char *const names[][2] = {
        {"macro_ap", "macro AP"}, {"micro_ap", "micro AP"},   {"macro_f1", "macro F1"},
        {"micro_f1", "micro F1"}, {"msc_floor", "msc floor"}, {"gradient_norm", "gradient norm"},
        {"lr", "learning rate"}};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcmp(names[k][0], name) == 0) return names[k][1];
    return name;
}

static void add_named(const mos_run_document *run, mos_chart *chart, const char *kind,
                      const char *const *names) {
    for (; *names; names++) {
        const char *dot = strrchr(*names, '.');
        add_line(chart, mos_run_document_curve(run, kind, *names),
                 shown_name(dot ? dot + 1 : *names));
    }
}

void mos_section_curves(const mos_run_document *run, mos_text *out) {
    static const char *const total[] = {"loss", NULL};
    static const char *const terms[] = {"intra", "inter", "msc", "msc_floor", "bce", NULL};
    static const char *const scores[] = {"validation.macro_ap", "validation.micro_ap",
                                         "validation.macro_f1", "validation.micro_f1", NULL};
    static const char *const online[] = {"online.macro_ap", "online.micro_ap", "online.macro_f1",
                                         "online.micro_f1", NULL};
    static const char *const gradient[] = {"gradient_norm", NULL}, *const rate[] = {"lr", NULL};
    mos_chart losses = {.title = "Total loss", .x_name = "step"},
              parts = {.title = "Loss terms, unweighted", .x_name = "step"};
    mos_chart validation = {.title = "Validation scores", .x_name = "epoch"},
              norms = {.title = "Gradient norm", .x_name = "step", .from_zero = true};
    mos_chart probe = {.title = "On-line probe of the features", .x_name = "epoch"};
    mos_chart rates = {.title = "Learning rate", .x_name = "step", .from_zero = true};
    mos_chart *const all[] = {&losses, &parts, &validation, &probe, &norms, &rates};
    const char *words[MOS_CHART_MAX_LINES + 1] = {0};
    char link[MOS_REPORT_LINK];
    const char *source = mos_report_link(run, NULL, "metrics.csv", link) ? link : NULL;
    if (run->curve_count == 0) return;
    add_named(run, &losses, "step", total);
    add_named(run, &parts, "step", terms);
    add_named(run, &validation, "epoch", scores);
    add_named(run, &probe, "epoch", online);
    add_named(run, &norms, "step", gradient);
    add_named(run, &rates, "step", rate);
    mos_text_add(out, "<section id=\"curves\"><h2>Training</h2><div class=\"charts\">");
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        all[k]->source = source;
        mos_chart_write(all[k], out);
    }
    mos_text_add(out, "</div>");
    for (int l = 0; l < parts.lines; l++)
        words[l] = parts.line[l].name;
    mos_report_terms(words, out);
    mos_text_add(out, "</section>\n");
}
