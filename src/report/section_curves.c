/* Training curves: losses by term, validation scores, embedding health by modality. */
#include "report/report_sections.h"
#include "report/svg_chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool has_values(const mos_report_curve *curve) {
    for (int64_t i = 0; i < curve->count; i++)
        if (isfinite(curve->y[i])) return true;
    return false;
}

static void add_line(mos_chart *chart, const mos_report_curve *curve, const char *name) {
    if (!curve || !has_values(curve) || chart->lines == MOS_CHART_MAX_LINES) return;
    chart->line[chart->lines++] = (mos_chart_line){name, curve->x, curve->y, curve->count};
}

static void add_named(const mos_run_document *run, mos_chart *chart, const char *kind,
                      const char *const *names) {
    for (; *names; names++) {
        const char *dot = strrchr(*names, '.');
        add_line(chart, mos_run_document_curve(run, kind, *names), dot ? dot + 1 : *names);
    }
}

/* One chart per health measure, a line per modality: names are health.<modality>.<measure>. */
static void add_health(const mos_run_document *run, const char *measure, const char *title,
                       mos_text *out) {
    mos_chart chart = {.title = title, .x_name = "step"};
    char names[MOS_CHART_MAX_LINES][64];
    size_t tail = strlen(measure);
    for (size_t i = 0; i < run->curve_count && chart.lines < MOS_CHART_MAX_LINES; i++) {
        const mos_report_curve *curve = &run->curves[i];
        size_t size = strlen(curve->name);
        if (strcmp(curve->kind, "health") != 0 || strncmp(curve->name, "health.", 7) != 0 ||
            size <= 7 + tail + 1 || strcmp(curve->name + size - tail, measure) != 0 ||
            curve->name[size - tail - 1] != '.')
            continue;
        (void)snprintf(names[chart.lines], sizeof names[0], "%.*s", (int)(size - tail - 8),
                       curve->name + 7);
        add_line(&chart, curve, names[chart.lines]);
    }
    mos_chart_write(&chart, out);
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
    if (run->curve_count == 0) return;
    add_named(run, &losses, "step", total);
    add_named(run, &parts, "step", terms);
    add_named(run, &validation, "epoch", scores);
    add_named(run, &probe, "epoch", online);
    add_named(run, &norms, "step", gradient);
    add_named(run, &rates, "step", rate);
    mos_text_add(out, "<section id=\"curves\"><h2>Training</h2><div class=\"charts\">");
    mos_chart_write(&losses, out);
    mos_chart_write(&parts, out);
    mos_chart_write(&validation, out);
    mos_chart_write(&probe, out);
    mos_chart_write(&norms, out);
    mos_chart_write(&rates, out);
    mos_text_add(out, "</div><h3>Health of the embedding</h3><p class=\"soft\">A collapsed "
                      "embedding shows here while the loss still "
                      "falls: spread towards 0, cosine towards 1, effective rank towards "
                      "1.</p><div class=\"charts\">");
    add_health(run, "spread", "Spread (sd·√d; 1 fills the sphere)", out);
    add_health(run, "mean_cosine", "Mean pairwise cosine", out);
    add_health(run, "effective_rank", "Effective rank", out);
    add_health(run, "uniformity", "Uniformity (lower is more even)", out);
    add_health(run, "alignment", "Alignment of co-registered pairs (lower is closer)", out);
    mos_text_add(out, "</div></section>\n");
}
