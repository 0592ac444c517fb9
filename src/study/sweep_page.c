/* table.html: the tables of a sweep for people, with charts over labels and grid values. */
#include "config/config.h"
#include "report/page.h"
#include "report/report_parts.h"
#include "report/report_terms.h"
#include "report/svg_chart.h"
#include "study/sweep_tables.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *label_of(const mos_sweep_results *results, int64_t row) {
    return results->plan->setting[results->row[row].setting].label;
}

/* A setting has one colour through all tables and charts. */
static void add_label(const mos_sweep_results *results, int64_t row, mos_text *out) {
    mos_report_class_name(out, mos_palette_colour((size_t)results->row[row].setting),
                          label_of(results, row));
}

static void add_percent(mos_text *out, double share) {
    char number[32];
    mos_text_add(out, "%s %%", mos_format_double(number, sizeof number, 100 * share, 4));
}

/* ---- verdict ---- */

/* What may be said of a setting's difference from the reference, by macro AP. */
static void add_claim(const mos_sweep_results *results, int64_t i, int split, mos_text *out) {
    const mos_sweep_cell *cell = &results->row[i].cell[split];
    const mos_sweep_difference *d = &cell->difference[2];
    mos_text_add(out, "<li><b>");
    mos_html_add(out, label_of(results, i));
    mos_text_add(out, "</b> ");
    mos_report_signed(out, d->interval.value, 3);
    mos_text_add(out, " against ");
    mos_html_add(out, label_of(results, results->row[i].reference));
    mos_sweep_claim(d, cell->pairs, out);
    mos_text_add(out, "</li>");
}

static void add_claims(const mos_sweep_results *results, int fraction, mos_text *out) {
    const mos_sweep_spec *spec = &results->plan->spec;
    int split = spec->splits - 1;
    bool any = false;
    for (int64_t i = 0; i < results->rows; i++) {
        const mos_sweep_row *row = &results->row[i];
        if (row->fraction != fraction || row->cell[split].pairs == 0) continue;
        if (!any) {
            mos_text_add(out, "<p>");
            add_percent(out, row->labeled);
            mos_text_add(out, " labels, macro AP on %s:</p><ul>",
                         mos_split_names[spec->evaluate[split]]);
        }
        any = true;
        add_claim(results, i, split, out);
    }
    if (any) mos_text_add(out, "</ul>");
}

static void add_below(const mos_sweep_results *results, int fraction, mos_text *out) {
    const mos_sweep_spec *spec = &results->plan->spec;
    int split = spec->splits - 1;
    bool any = false;
    for (int64_t i = 0; i < results->rows; i++) {
        const mos_sweep_row *row = &results->row[i];
        int floor = row->fraction == fraction ? mos_sweep_below(results, row, split) : -1;
        if (floor < 0) continue;
        if (!any) mos_text_add(out, "<ul>");
        any = true;
        mos_text_add(out, "<li><b>");
        mos_html_add(out, label_of(results, i));
        mos_text_add(out, "</b> has failed on %s: macro AP ",
                     mos_split_names[spec->evaluate[split]]);
        mos_report_number(out, row->cell[split].mean[2], 3);
        mos_text_add(out, ", and the %s, which nobody trained, has ",
                     mos_sweep_floor_titles[floor]);
        mos_report_number(out, mos_sweep_floor_at(results, fraction, floor)->cell[split].mean[2],
                          3);
        mos_text_add(out, "</li>");
    }
    if (any) mos_text_add(out, "</ul>");
}

/* Chosen on validation, reported on the last split. */
static void add_choice(const mos_sweep_results *results, int fraction, mos_text *out) {
    const mos_sweep_spec *spec = &results->plan->spec;
    int last = spec->splits - 1, validation = -1;
    for (int s = 0; s < spec->splits; s++)
        if (spec->evaluate[s] == MOS_SPLIT_VALIDATION) validation = s;
    if (validation < 0 || validation == last) return;
    int64_t best = mos_sweep_best_row(results, fraction, validation, 2);
    if (best < 0) return;
    const mos_sweep_cell *cell = &results->row[best].cell[last];
    mos_text_add(out, "<p>");
    add_percent(out, results->row[best].labeled);
    mos_text_add(out, " labels: validation (macro AP) chooses <b>");
    mos_html_add(out, label_of(results, best));
    mos_text_add(out, "</b>; on %s it has macro AP ", mos_split_names[spec->evaluate[last]]);
    mos_report_number(out, cell->mean[2], 3);
    mos_text_add(out, ", macro F1 ");
    mos_report_number(out, cell->mean[0], 3);
    mos_text_add(out, ".</p>");
}

static void add_verdict(const mos_sweep_results *results, mos_text *out) {
    const mos_sweep_plan *plan = results->plan;
    const mos_sweep_spec *spec = &plan->spec;
    bool reduced = false;
    for (int64_t i = 0; i < plan->runs * spec->splits; i++)
        reduced = reduced || (results->scores[i].known && results->scores[i].reduced);
    mos_text_add(out,
                 "<section id=\"verdict\"><h2>Verdict</h2><p>%lld settings, %d labelled "
                 "fraction%s, %d seed%s: %lld of %lld runs complete.</p>",
                 (long long)plan->settings, spec->fractions > 0 ? spec->fractions : 1,
                 spec->fractions > 1 ? "s" : "", spec->seeds > 0 ? spec->seeds : 1,
                 spec->seeds > 1 ? "s" : "", (long long)results->complete, (long long)plan->runs);
    if (results->complete < plan->runs)
        mos_text_add(out, "<p class=\"note\">Not all runs are complete: means are over those that "
                          "are, and the number of seeds says how many.</p>");
    if (reduced)
        mos_text_add(out, "<p class=\"note\">Reduced runs are among them: their scores are not "
                          "final.</p>");
    if (spec->seeds < 2)
        mos_text_add(out,
                     "<p class=\"note\">One seed: how far another training would differ is not "
                     "known.</p>");
    for (int f = spec->fractions > 0 ? 0 : -1; f < spec->fractions; f++) {
        add_choice(results, f, out);
        add_claims(results, f, out);
        add_below(results, f, out);
    }
    mos_text_add(out, "<p class=\"soft\">All numbers:");
    mos_source_add("results.csv", out);
    mos_text_add(out, "</p></section>\n");
}

/* ---- tables ---- */

static void add_mean(const mos_sweep_cell *cell, int metric, bool best, mos_text *out) {
    mos_text_add(out, best ? "<td class=\"n\"><b>" : "<td class=\"n\">");
    mos_report_number(out, cell->mean[metric], 3);
    mos_text_add(out, best ? "</b>" : "");
    if (isfinite(cell->sd[metric]))
        mos_text_add(out, " <span class=\"soft\">± %.3f</span>", cell->sd[metric]);
    if (mos_sweep_is_marked(cell, metric)) mos_text_add(out, "*");
    mos_text_add(out, "</td>");
}

/* The scores of a run of this split: all are of the same labels. NULL: none is known. */
static const mos_sweep_scores *any_scores(const mos_sweep_results *results, int split) {
    const mos_sweep_plan *plan = results->plan;
    for (int64_t r = 0; r < plan->runs; r++) {
        const mos_sweep_scores *scores = &results->scores[r * plan->spec.splits + split];
        if (scores->known) return scores;
    }
    return NULL;
}

static void add_chance(const mos_sweep_results *results, int split, mos_text *out) {
    const mos_sweep_scores *scores = any_scores(results, split);
    if (scores == NULL) return;
    mos_text_add(out, "<tr class=\"soft\"><th scope=\"row\" colspan=\"2\">chance</th>");
    for (int m = 0; m < MOS_SWEEP_METRICS; m++)
        mos_report_cell(out, scores->chance[m], 3);
    mos_text_add(out, "</tr>");
}

static void add_floors(const mos_sweep_results *results, int fraction, int split, mos_text *out) {
    for (int k = 0; results->floor != NULL && k < MOS_SWEEP_FLOORS; k++) {
        const mos_sweep_cell *cell = &mos_sweep_floor_at(results, fraction, k)->cell[split];
        if (cell->seeds == 0) continue;
        mos_text_add(out, "<tr class=\"soft\"><th scope=\"row\">%s</th><td class=\"n\">%lld</td>",
                     mos_sweep_floor_titles[k], (long long)cell->seeds);
        for (int m = 0; m < MOS_SWEEP_METRICS; m++)
            add_mean(cell, m, false, out);
        mos_text_add(out, "</tr>");
    }
}

static void add_means(const mos_sweep_results *results, int fraction, int split, mos_text *out) {
    mos_text_add(out, "<div class=\"scroll\"><table><tr><th scope=\"col\">setting</th><th "
                      "scope=\"col\" class=\"n\">seeds</th>");
    for (int m = 0; m < MOS_SWEEP_METRICS; m++)
        mos_text_add(out, "<th scope=\"col\" class=\"n\">%s</th>", mos_sweep_metric_titles[m]);
    mos_text_add(out, "</tr>");
    for (int64_t i = 0; i < results->rows; i++) {
        const mos_sweep_row *row = &results->row[i];
        const mos_sweep_cell *cell = &row->cell[split];
        if (row->fraction != fraction) continue;
        mos_text_add(out, "<tr><th scope=\"row\">");
        add_label(results, i, out);
        mos_text_add(out, "</th><td class=\"n\">%lld</td>", (long long)cell->seeds);
        for (int m = 0; m < MOS_SWEEP_METRICS; m++)
            add_mean(cell, m, mos_sweep_best_row(results, fraction, split, m) == i, out);
        mos_text_add(out, "</tr>");
    }
    add_floors(results, fraction, split, out);
    add_chance(results, split, out);
    mos_text_add(out,
                 "</table></div><p class=\"soft\">Bold: best mean. *: differs from the "
                 "reference: Holm-adjusted p &lt; 0.05 over samples (paired bootstrap) and over "
                 "seeds (paired t).</p>");
}

/* The widest interval of a table sets the scale of its marks. */
static double find_reach(const mos_sweep_results *results, int fraction, int split, int metric) {
    double reach = 0;
    for (int64_t i = 0; i < results->rows; i++) {
        const mos_sweep_cell *cell = &results->row[i].cell[split];
        const mos_interval *d = &cell->difference[metric].interval;
        if (results->row[i].fraction == fraction && cell->pairs > 0 && isfinite(d->low))
            reach = fmax(reach, fmax(fabs(d->low), fabs(d->high)));
    }
    return reach > 0 ? reach : 1;
}

static void add_p(mos_text *out, double p) {
    if (isfinite(p) && p < 0.001)
        mos_text_add(out, "&lt; 0.001");
    else
        mos_report_number(out, p, 3);
}

static void add_difference_row(const mos_sweep_results *results, int64_t i, int split, int metric,
                               double reach, mos_text *out) {
    const mos_sweep_row *row = &results->row[i];
    const mos_sweep_cell *cell = &row->cell[split];
    const mos_sweep_difference *d = &cell->difference[metric];
    mos_text_add(out, "<tr><th scope=\"row\">");
    add_label(results, i, out);
    mos_text_add(out, "</th><td>");
    add_label(results, row->reference, out);
    mos_text_add(out, "</td><td class=\"n\">");
    mos_report_signed(out, d->interval.value, 3);
    mos_text_add(out, "</td><td>");
    mos_interval_write(d->interval.low, d->interval.value, d->interval.high, reach, out);
    mos_text_add(out, "</td><td class=\"n\">");
    mos_report_signed(out, d->interval.low, 3);
    mos_text_add(out, " to ");
    mos_report_signed(out, d->interval.high, 3);
    mos_text_add(out, "</td><td class=\"n\">");
    add_p(out, d->interval.p);
    mos_text_add(out, "</td><td class=\"n\">");
    add_p(out, d->p_holm);
    mos_text_add(out, "</td><td class=\"n\">");
    add_p(out, d->p_seeds_holm);
    mos_text_add(out, "</td><td class=\"n\">");
    mos_report_number(out, d->seeds.effect, 1);
    mos_text_add(out, "</td><td class=\"n\">%lld of %lld</td><td>%s</td></tr>",
                 (long long)d->better, (long long)cell->pairs,
                 mos_sweep_differs(d) ? "<b>differs</b>" : "<span class=\"nb\">no claim</span>");
}

static void add_differences(const mos_sweep_results *results, int fraction, int split, int metric,
                            mos_text *out) {
    bool any = false;
    double reach = find_reach(results, fraction, split, metric);
    for (int64_t i = 0; i < results->rows; i++) {
        if (results->row[i].fraction != fraction || results->row[i].cell[split].pairs == 0)
            continue;
        if (!any) {
            mos_text_add(
                out,
                "<h3>%s: difference from the reference</h3><div class=\"scroll\"><table>"
                "<tr><th scope=\"col\">setting</th><th scope=\"col\">minus</th><th "
                "scope=\"col\" class=\"n\">difference</th><th scope=\"col\">%g %% interval",
                mos_sweep_metric_titles[metric], 100 * results->level);
            mos_interval_axis_write(reach, out);
            mos_text_add(out, "</th><th scope=\"col\" class=\"n\">from, to</th><th scope=\"col\" "
                              "class=\"n\">p</th><th scope=\"col\" class=\"n\">p, Holm</th><th "
                              "scope=\"col\" class=\"n\">p of seeds, Holm</th><th "
                              "scope=\"col\" class=\"n\">effect</th><th scope=\"col\" "
                              "class=\"n\">seeds ahead</th><th scope=\"col\">verdict</th></tr>");
        }
        any = true;
        add_difference_row(results, i, split, metric, reach, out);
    }
    if (any) mos_text_add(out, "</table></div>");
}

static void add_tables(const mos_sweep_results *results, int split, mos_text *out) {
    const mos_sweep_spec *spec = &results->plan->spec;
    const char *name = mos_split_names[spec->evaluate[split]];
    const mos_sweep_scores *scores = any_scores(results, split);
    mos_text_add(out,
                 "<section id=\"%s\"><h2>Split %s</h2><p class=\"soft\">Mean ± standard deviation "
                 "over seeds; F1 and Hamming loss at thresholds tuned per class on "
                 "validation%s. Bold: the best mean of a column, whatever its spread.",
                 name, name,
                 spec->evaluate[split] == MOS_SPLIT_VALIDATION ? ", so they flatter here" : "");
    if (scores != NULL && scores->averaged >= 0)
        mos_text_add(out,
                     " Macro means are over the %lld classes that have positives and negatives "
                     "there.",
                     (long long)scores->averaged);
    mos_text_add(out, "</p>");
    for (int f = spec->fractions > 0 ? 0 : -1; f < spec->fractions; f++) {
        mos_text_add(out, "<h3>");
        add_percent(out, f >= 0 ? spec->fraction[f] : results->row[0].labeled);
        mos_text_add(out, " labels</h3>");
        add_means(results, f, split, out);
        add_differences(results, f, split, 0, out);
        add_differences(results, f, split, 2, out);
    }
    mos_text_add(out, "</section>\n");
}

/* ---- charts ---- */

enum {
    MOST_POINTS = 64,
    MOST_SETTINGS = MOS_CHART_MOST_LINES - 1 /* and chance */,
    MOST_SPREADS = 4
};
enum { AXIS_NAME = 256 };
typedef struct line_points {
    double x[MOST_POINTS], y[MOST_POINTS], spread[MOST_POINTS];
} line_points;

/* A dashed line from end to end of what is drawn; line: room for its points. Whiskers of many lines
 * hide each other and are left out. */
static void finish_lines(const mos_sweep_results *results, int split, int metric, mos_chart *chart,
                         line_points *line) {
    const mos_sweep_scores *scores = any_scores(results, split);
    for (int l = 0; l < chart->lines && chart->lines > MOST_SPREADS; l++)
        chart->line[l].spread = NULL;
    if (scores == NULL || !isfinite(scores->chance[metric])) return;
    *line = (line_points){.x = {INFINITY, -INFINITY},
                          .y = {scores->chance[metric], scores->chance[metric]}};
    for (int l = 0; l < chart->lines; l++)
        for (int64_t i = 0; i < chart->line[l].count; i++) {
            line->x[0] = fmin(line->x[0], chart->line[l].x[i]);
            line->x[1] = fmax(line->x[1], chart->line[l].x[i]);
        }
    chart->line[chart->lines++] = (mos_chart_line){.name = "chance",
                                                   .colour = "var(--chance)",
                                                   .dashed = true,
                                                   .thin = true,
                                                   .x = line->x,
                                                   .y = line->y,
                                                   .count = 2};
}

/* A line per setting over the labelled fractions, log10 of per cent. */
static mosaic_status add_label_chart(const mos_sweep_results *results, int split, int metric,
                                     mos_text *out) {
    const mos_sweep_spec *spec = &results->plan->spec;
    line_points *points = NULL;
    char title[96];
    if (spec->fractions < 2) return MOSAIC_OK;
    (void)snprintf(title, sizeof title, "%s by labels%s", mos_sweep_metric_titles[metric],
                   results->plan->settings > MOST_SETTINGS ? " (first settings)" : "");
    MOS_TRY(mos_alloc(MOS_CHART_MOST_LINES, sizeof *points, "chart points", &points));
    mos_chart chart = {
        .title = title, .x_name = "labels, %, logarithmic", .log_x = true, .source = "results.csv"};
    for (int64_t s = 0; s < results->plan->settings && chart.lines < MOST_SETTINGS; s++) {
        line_points *p = &points[chart.lines];
        for (int f = 0; f < spec->fractions; f++) {
            p->x[f] = log10(100 * spec->fraction[f]);
            p->y[f] = results->row[s * spec->fractions + f].cell[split].mean[metric];
            p->spread[f] = results->row[s * spec->fractions + f].cell[split].sd[metric];
        }
        chart.line[chart.lines++] = (mos_chart_line){.name = results->plan->setting[s].label,
                                                     .colour = mos_palette_colour((size_t)s),
                                                     .x = p->x,
                                                     .y = p->y,
                                                     .spread = p->spread,
                                                     .count = spec->fractions};
    }
    finish_lines(results, split, metric, &chart, &points[chart.lines]);
    mos_chart_write(&chart, out);
    mos_free(points);
    return MOSAIC_OK;
}

/* Value of an axis as a number; NaN where it is none. */
static double axis_number(const mos_sweep_plan *plan, int axis, int at) {
    const mos_yaml *value = &plan->spec.axis[axis].values->items[at];
    double number;
    return value->kind == MOS_YAML_SCALAR && mos_parse_double(value->value, &number) ? number : NAN;
}

/* Learning rates and temperatures are chosen by factors. */
static bool is_logarithmic(const mos_sweep_plan *plan, int axis) {
    double low = INFINITY, high = 0;
    for (int k = 0; k < (int)plan->spec.axis[axis].values->count; k++) {
        low = fmin(low, axis_number(plan, axis, k));
        high = fmax(high, axis_number(plan, axis, k));
    }
    return low > 0 && high / low >= 20;
}

/* Over an axis of numbers: a line per other setting of the grid, at one fraction. */
static mosaic_status add_axis_chart(const mos_sweep_results *results, int axis, int fraction,
                                    int split, int metric, mos_text *out) {
    const mos_sweep_plan *plan = results->plan;
    int64_t count = (int64_t)plan->spec.axis[axis].values->count;
    int64_t fractions = plan->spec.fractions > 0 ? plan->spec.fractions : 1;
    line_points *points = NULL;
    char title[160], names[MOS_CHART_MOST_LINES][AXIS_NAME], x_name[160];
    bool logarithmic = is_logarithmic(plan, axis);
    for (int64_t k = 0; k < count; k++)
        if (isnan(axis_number(plan, axis, (int)k))) return MOSAIC_OK;
    if (count < 2 || count > MOST_POINTS) return MOSAIC_OK;
    (void)snprintf(title, sizeof title, "%s by %s, %g %% labels", mos_sweep_metric_titles[metric],
                   plan->spec.axis[axis].key,
                   100 * results->row[fraction < 0 ? 0 : fraction].labeled);
    MOS_TRY(mos_alloc(MOS_CHART_MOST_LINES, sizeof *points, "chart points", &points));
    (void)snprintf(x_name, sizeof x_name, "%s%s", plan->spec.axis[axis].key,
                   logarithmic ? ", logarithmic" : "");
    mos_chart chart = {
        .title = title, .x_name = x_name, .log_x = logarithmic, .source = "results.csv"};
    for (int64_t s = 0; s < plan->settings && chart.lines < MOST_SETTINGS; s++) {
        if (plan->setting[s].point[axis] != 0) continue;
        line_points *p = &points[chart.lines];
        int64_t filled = 0;
        for (int64_t t = 0; t < plan->settings; t++) {
            mos_sweep_setting other = plan->setting[t];
            int at = other.point[axis];
            other.point[axis] = 0;
            if (other.variant != plan->setting[s].variant ||
                memcmp(other.point, plan->setting[s].point, sizeof other.point) != 0)
                continue;
            const mos_sweep_cell *cell =
                &results->row[t * fractions + (fraction < 0 ? 0 : fraction)].cell[split];
            p->x[filled] =
                logarithmic ? log10(axis_number(plan, axis, at)) : axis_number(plan, axis, at);
            p->spread[filled] = cell->sd[metric];
            p->y[filled++] = cell->mean[metric];
        }
        mos_text name = {0};
        mos_sweep_plan_label(plan, &plan->setting[s], axis, &name);
        (void)snprintf(names[chart.lines], AXIS_NAME, "%s", name.data ? name.data : "");
        mos_text_release(&name);
        chart.line[chart.lines] = (mos_chart_line){.name = names[chart.lines],
                                                   .x = p->x,
                                                   .y = p->y,
                                                   .spread = p->spread,
                                                   .count = filled,
                                                   .colour = mos_palette_colour((size_t)s)};
        chart.lines++;
    }
    finish_lines(results, split, metric, &chart, &points[chart.lines]);
    mos_chart_write(&chart, out);
    mos_free(points);
    return MOSAIC_OK;
}

static mosaic_status add_charts(const mos_sweep_results *results, mos_text *out) {
    const mos_sweep_spec *spec = &results->plan->spec;
    int split = spec->splits - 1;
    mos_text charts = {0};
    mosaic_status status = MOSAIC_OK;
    for (int m = 0; m < 3 && status == MOSAIC_OK; m += 2) {
        status = add_label_chart(results, split, m, &charts);
        for (int a = 0; a < spec->axes && status == MOSAIC_OK; a++)
            for (int f = spec->fractions > 0 ? 0 : -1; f < spec->fractions; f++)
                if (status == MOSAIC_OK) status = add_axis_chart(results, a, f, split, m, &charts);
    }
    if (charts.size > 0)
        mos_text_add(out,
                     "<section id=\"charts\"><h2>Curves, split %s</h2><p class=\"soft\">Means over "
                     "seeds%s; dashed is chance.</p><div class=\"charts\">%s</div></section>\n",
                     mos_split_names[spec->evaluate[split]],
                     spec->seeds > 1 ? ", with a standard deviation up and down where few are drawn"
                                     : "",
                     charts.data);
    if (charts.failed) out->failed = true;
    mos_text_release(&charts);
    return status;
}

/* ---- runs ---- */

/* A link to the run's report, where every run has one. */
static void add_run_name(const mos_sweep_plan *plan, int64_t r, mos_text *out) {
    const mos_sweep_run *run = &plan->run[r];
    if (plan->spec.pages) /* names are what a file system takes: nothing to escape */
        mos_text_add(out, "<a href=\"runs/%s/report.html\">",
                     run->twin < 0 ? run->name : plan->run[run->twin].name);
    mos_html_add(out, run->name);
    if (plan->spec.pages) mos_text_add(out, "</a>");
}

static void add_runs(const mos_sweep_results *results, mos_text *out) {
    const mos_sweep_plan *plan = results->plan;
    mos_text_add(out,
                 "<section id=\"runs\"><h2>Runs</h2><p class=\"soft\">%lld of %lld are complete, "
                 "%lld failed.",
                 (long long)results->complete, (long long)plan->runs, (long long)results->failed);
    mos_source_add("results.csv", out);
    mos_text_add(out, "</p>");
    for (int64_t r = 0; r < plan->runs; r++) {
        const mos_sweep_record *record = &results->record[r];
        if (record->state != MOS_SWEEP_FAILED) continue;
        mos_text_add(out, "<p class=\"note\"><b>");
        mos_html_add(out, plan->run[r].name);
        mos_text_add(out, "</b> failed with exit code %lld: ", (long long)record->code);
        mos_html_add(out, record->message);
        mos_text_add(out, "</p>");
    }
    mos_text_add(
        out,
        "<details><summary>All runs</summary><div class=\"scroll\"><table><tr><th scope=\"col\">run"
        "</th><th scope=\"col\">state</th><th scope=\"col\" class=\"n\">seconds</th><th "
        "scope=\"col\">configuration</th></tr>");
    for (int64_t r = 0; r < plan->runs; r++) {
        const mos_sweep_run *run = &plan->run[r];
        mos_text_add(out, "<tr><td>");
        add_run_name(plan, r, out);
        mos_text_add(out, "</td><td>%s", mos_sweep_state_names[results->record[r].state]);
        if (run->twin >= 0) {
            mos_text_add(out, ", the same as ");
            mos_html_add(out, plan->run[run->twin].name);
        }
        mos_text_add(out, "</td><td class=\"n\">%.0f</td><td>%.12s</td></tr>",
                     results->record[r].seconds, run->hash);
    }
    mos_text_add(out, "</table></div></details></section>\n");
}

static void add_notes(const mos_sweep_results *results, const char *command, mos_text *out) {
    static const char *const words[] = {
        "chance",           "AP",     "F1",       "macro",       "micro",
        "Hamming loss",     "±",      "interval", "p",           "p, Holm",
        "p of seeds, Holm", "effect", "verdict",  "seeds ahead", NULL};
    mos_text_add(out,
                 "<section id=\"notes\"><h2>How to read it</h2><p>A difference is the mean over "
                 "seeds of a setting's score minus the reference's with the same seed, on the "
                 "same samples. Its interval and p come from %lld bootstrap resamples of the "
                 "samples, the same for both: they say how far another draw of samples would move "
                 "it, not how far other seeds would. p, Holm counts all settings of a table as one "
                 "family. What other seeds would do is in the columns ±, p of seeds, effect "
                 "and seeds ahead.</p>",
                 (long long)results->resamples);
    mos_report_terms(words, out);
    mos_text_add(out, "<pre>");
    mos_html_add(out, command);
    mos_text_add(out, "</pre></section>\n");
}

/* What all runs share: the data set; and what the sweep goes through. */
static mosaic_status add_about(const mos_sweep_results *results, mos_text *out) {
    const mos_sweep_spec *spec = &results->plan->spec;
    mos_config *config = NULL;
    mos_text root = {0};
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_config_create(&config));
    MOS_GOTO(
        mos_config_read_text(config, results->plan->run[0].config, results->plan->run[0].name));
    MOS_GOTO(mos_config_get(config, "data.root", &root));
    mos_text_add(out, "<dl class=\"about\"><div><dt>data set</dt><dd>");
    mos_html_add(out, root.data ? root.data : "");
    mos_text_add(out,
                 "</dd></div><div><dt>settings</dt><dd>%lld</dd></div><div><dt>labelled "
                 "fractions</dt><dd>",
                 (long long)results->plan->settings);
    for (int f = 0; f < spec->fractions; f++) {
        if (f > 0) mos_text_add(out, ", ");
        add_percent(out, spec->fraction[f]);
    }
    if (spec->fractions == 0) add_percent(out, results->row[0].labeled);
    mos_text_add(out, "</dd></div><div><dt>seeds</dt><dd>%d</dd></div></dl>",
                 spec->seeds > 0 ? spec->seeds : 1);
done:
    mos_text_release(&root);
    mos_config_destroy(&config);
    return status;
}

mosaic_status mos_sweep_page_write(const mos_sweep_results *results, const mos_text *sections,
                                   const char *folder, const char *command) {
    const mos_sweep_spec *spec = &results->plan->spec;
    mos_text out = {0}, charts = {0};
    mos_page_begin(&out, "sweep", spec->name);
    MOS_TRY(add_about(results, &out));
    mosaic_status status = add_charts(results, &charts);
    mos_text_add(&out, "<nav><a href=\"#verdict\">Verdict</a>%s",
                 charts.size > 0 ? "<a href=\"#charts\">Curves</a>" : "");
    for (int s = spec->splits - 1; s >= 0; s--)
        mos_text_add(&out, "<a href=\"#%s\">Split %s</a>", mos_split_names[spec->evaluate[s]],
                     mos_split_names[spec->evaluate[s]]);
    if (strstr(sections->size > 0 ? sections->data : "", "id=\"published\"") != NULL)
        mos_text_add(&out, "<a href=\"#published\">Published figures</a>");
    if (strstr(sections->size > 0 ? sections->data : "", "id=\"details\"") != NULL)
        mos_text_add(&out, "<a href=\"#details\">Precision, clusters and classes</a>");
    mos_text_add(&out, "<a href=\"#runs\">Runs</a><a href=\"#notes\">How to read it</a></nav>\n");
    add_verdict(results, &out);
    if (charts.size > 0) mos_text_add_bytes(&out, charts.data, charts.size);
    if (charts.failed) out.failed = true;
    mos_text_release(&charts);
    for (int s = spec->splits - 1; s >= 0; s--)
        add_tables(results, s, &out);
    if (sections->size > 0) mos_text_add_bytes(&out, sections->data, sections->size);
    add_runs(results, &out);
    add_notes(results, command, &out);
    mos_page_end(&out);
    if (status == MOSAIC_OK) return mos_sweep_file(folder, "table.html", &out);
    mos_text_release(&out);
    return status;
}
