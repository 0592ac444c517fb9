/* Scores side by side, and differences sample by sample and class by class. */
#include "report/report_parts.h"
#include "report/report_terms.h"
#include "report/svg_chart.h"
#include "study/comparison.h"
#include "study/sweep_results.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int64_t best_run(const mos_comparison *comparison, int metric) {
    int64_t best = -1;
    double value = NAN;
    for (int64_t r = 0; r < comparison->runs; r++) {
        const mos_report_evaluation *e = comparison->run[r].evaluation;
        double own = e == NULL ? NAN : mos_sweep_score(e, metric);
        bool ahead = mos_sweep_metric_is_loss(metric) ? own < value : own > value;
        if (!isfinite(own) || (best >= 0 && !ahead)) continue;
        best = r;
        value = own;
    }
    return best;
}

/* ---- scores ---- */

static void add_score(const mos_report_evaluation *e, int metric, bool best, mos_text *out) {
    mos_text_add(out, best ? "<td class=\"n\"><b>" : "<td class=\"n\">");
    mos_report_number(out, mos_sweep_score(e, metric), 3);
    mos_text_add(out, best ? "</b>" : "");
    int sets = e->analysis.confidence_sets;
    if (sets > 0) {
        const mos_report_interval *i = &e->analysis.confidence[sets - 1].score[metric];
        if (isfinite(i->low))
            mos_text_add(out, "<br><span class=\"soft\">%.3f–%.3f</span>", i->low, i->high);
    }
    mos_text_add(out, "</td>");
}

/* The best floor that any of the runs has of the same samples. */
static const mos_report_evaluation *best_floor(const mos_comparison *comparison,
                                               const mos_report_evaluation *e) {
    const mos_report_evaluation *best = NULL;
    for (int64_t r = 0; r < comparison->runs; r++) {
        const mos_run_document *document = &comparison->run[r].document;
        for (size_t i = 0; i < document->evaluation_count; i++) {
            const mos_report_evaluation *floor = &document->evaluations[i];
            double ap = floor->at[0].macro.average_precision;
            if (mos_report_floor(floor) == NULL || strcmp(floor->split, e->split) != 0 ||
                floor->samples != e->samples || floor->known_labels != e->known_labels ||
                !isfinite(ap))
                continue;
            if (best == NULL || ap > best->at[0].macro.average_precision) best = floor;
        }
    }
    return best;
}

/* A method that does not beat what nobody trained has failed, and its row says so. */
static void add_floor(const mos_comparison *comparison, const mos_report_evaluation *e,
                      mos_text *out) {
    const mos_report_evaluation *floor = best_floor(comparison, e);
    if (floor == NULL || e->at[0].macro.average_precision > floor->at[0].macro.average_precision)
        return;
    mos_text_add(out, "<br><b>below %s (macro AP %.3f)</b>", mos_report_floor(floor),
                 floor->at[0].macro.average_precision);
}

static void add_run(const mos_comparison *comparison, int64_t r, mos_text *out) {
    const mos_compared_run *run = &comparison->run[r];
    const mos_report_evaluation *e = run->evaluation;
    mos_text_add(out, "<tr><th scope=\"row\">");
    mos_comparison_run_name(comparison, r, out);
    if (e == NULL) {
        mos_text_add(out,
                     "</th><td class=\"soft\" colspan=\"%d\">not evaluated on this split</td>"
                     "</tr>",
                     MOS_SWEEP_METRICS + 4);
        return;
    }
    mos_text_add(out, "</th>");
    for (int m = 0; m < MOS_SWEEP_METRICS; m++)
        add_score(e, m, best_run(comparison, m) == r, out);
    mos_text_add(out, "<td>");
    mos_html_add(out, e->method);
    mos_text_add(out, "</td><td>");
    mos_html_add(out, e->scorer);
    mos_text_add(out, "%s", e->reduced ? ", reduced" : "");
    add_floor(comparison, e, out);
    mos_text_add(out, "</td><td class=\"n\">%lld", (long long)e->samples);
    if (e->skipped > 0)
        mos_text_add(out, "<br><span class=\"soft\">%lld skipped</span>", (long long)e->skipped);
    mos_text_add(out, "</td><td class=\"n\">");
    if (e->averaged >= 0)
        mos_text_add(out, "%lld of %lld", (long long)e->averaged, (long long)e->class_count);
    else
        mos_text_add(out, "–");
    mos_text_add(out, "</td></tr>");
}

static void add_chance(const mos_report_evaluation *e, mos_text *out) {
    double chance[MOS_SWEEP_METRICS];
    if (e == NULL) return;
    mos_sweep_chance(e, chance);
    mos_text_add(out, "<tr class=\"soft\"><th scope=\"row\">chance</th>");
    for (int m = 0; m < MOS_SWEEP_METRICS; m++)
        mos_report_cell(out, chance[m], 3);
    mos_text_add(out, "<td colspan=\"4\"></td></tr>");
}

/* A mean over other classes or samples is another number: said, not compared in silence. */
static void warn_of_means(const mos_comparison *comparison, mos_text *out) {
    const mos_report_evaluation *first = NULL;
    bool samples = false, classes = false;
    for (int64_t r = 0; r < comparison->runs; r++) {
        const mos_report_evaluation *e = comparison->run[r].evaluation;
        if (e == NULL) continue;
        if (first == NULL) first = e;
        samples = samples || e->samples != first->samples;
        classes =
            classes || (e->averaged >= 0 && first->averaged >= 0 && e->averaged != first->averaged);
    }
    if (!samples && !classes) return;
    mos_text_add(out,
                 "<p class=\"note\"><b>Not over the same %s:</b> scores of different runs are over "
                 "different %s, as the columns say, and do not compare as they stand.</p>",
                 samples ? "samples" : "classes",
                 samples && classes ? "samples and classes"
                 : samples          ? "samples"
                                    : "classes");
}

static void add_scores(const mos_comparison *comparison, mos_text *out) {
    static const char *const words[] = {"head",  "AP",           "F1",     "macro",
                                        "micro", "Hamming loss", "chance", NULL};
    mos_text_add(out, "<section id=\"scores\"><h2>Scores</h2><p class=\"soft\">Evaluation ");
    mos_html_add(out, comparison->split);
    mos_text_add(out, "; F1 and Hamming loss at thresholds tuned per class on validation where the "
                      "run has them, otherwise at 0.5. Below a score its bootstrap interval over "
                      "samples. Bold: the best.</p><div class=\"scroll\"><table><tr><th "
                      "scope=\"col\">run</th>");
    for (int m = 0; m < MOS_SWEEP_METRICS; m++)
        mos_text_add(out, "<th scope=\"col\" class=\"n\">%s</th>", mos_sweep_metric_titles[m]);
    mos_text_add(out, "<th scope=\"col\">method</th><th scope=\"col\">scored by</th><th "
                      "scope=\"col\" class=\"n\">samples</th><th scope=\"col\" "
                      "class=\"n\">classes averaged</th></tr>");
    for (int64_t r = 0; r < comparison->runs; r++)
        add_run(comparison, r, out);
    add_chance(comparison->run[comparison->reference].evaluation, out);
    mos_text_add(out, "</table></div>");
    warn_of_means(comparison, out);
    mos_report_terms(words, out);
    mos_text_add(out, "</section>\n");
}

/* ---- differences ---- */

static const mos_interval *difference_of(const mos_compared_run *run, int metric) {
    const mos_bootstrap *b = &run->difference;
    const mos_interval *const all[MOS_SWEEP_METRICS] = {&b->macro_f1, &b->micro_f1, &b->macro_ap,
                                                        &b->micro_ap, &b->hamming_loss};
    return b->resamples > 0 ? all[metric] : NULL;
}

static double reach_of(const mos_comparison *comparison, int metric) {
    double reach = 0;
    for (int64_t r = 0; r < comparison->runs; r++) {
        const mos_interval *d = difference_of(&comparison->run[r], metric);
        if (d != NULL && isfinite(d->low)) reach = fmax(reach, fmax(fabs(d->low), fabs(d->high)));
    }
    return reach > 0 ? reach : 1;
}

void mos_comparison_p(mos_text *out, double p) {
    mos_text_add(out, "<td class=\"n\">");
    if (isfinite(p) && p < 0.001)
        mos_text_add(out, "&lt; 0.001");
    else
        mos_report_number(out, p, 3);
    mos_text_add(out, "</td>");
}

static void add_difference(const mos_interval *d, double reach, mos_text *out) {
    if (!isfinite(d->value)) {
        mos_text_add(out, "<td class=\"n\">–</td><td></td><td></td>");
        return;
    }
    mos_text_add(out, "<td class=\"n\">");
    mos_report_signed(out, d->value, 3);
    mos_text_add(out, "</td><td>");
    mos_interval_write(d->low, d->value, d->high, reach, out);
    mos_text_add(out, "</td><td class=\"n\">");
    mos_report_signed(out, d->low, 3);
    mos_text_add(out, " to ");
    mos_report_signed(out, d->high, 3);
    mos_text_add(out, "</td>");
}

static void add_metric(const mos_comparison *comparison, int metric, mos_text *out) {
    double p[MOS_COMPARISON_MOST_RUNS], adjusted[MOS_COMPARISON_MOST_RUNS],
        reach = reach_of(comparison, metric);
    for (int64_t r = 0; r < comparison->runs; r++) {
        const mos_interval *d = difference_of(&comparison->run[r], metric);
        p[r] = d == NULL ? NAN : d->p;
    }
    mos_holm_adjust(p, comparison->runs, adjusted);
    mos_text_add(
        out,
        "<h3>%s</h3><div class=\"scroll\"><table class=\"fit\"><tr><th scope=\"col\">run</th><th "
        "scope=\"col\" class=\"n\">"
        "difference</th><th scope=\"col\">95 %% interval",
        mos_sweep_metric_titles[metric]);
    mos_interval_axis_write(reach, out);
    mos_text_add(
        out, "</th><th scope=\"col\" class=\"n\">from, to</th><th scope=\"col\" class=\"n\">p</th>"
             "<th scope=\"col\" class=\"n\">p, Holm</th></tr>");
    for (int64_t r = 0; r < comparison->runs; r++) {
        const mos_interval *d = difference_of(&comparison->run[r], metric);
        if (d == NULL) continue;
        mos_text_add(out, "<tr><th scope=\"row\">");
        mos_comparison_run_name(comparison, r, out);
        mos_text_add(out, "</th>");
        add_difference(d, reach, out);
        mos_comparison_p(out, p[r]);
        mos_comparison_p(out, adjusted[r]);
        mos_text_add(out, "</tr>");
    }
    mos_text_add(out, "</table></div>");
}

static void add_differences(const mos_comparison *comparison, mos_text *out) {
    static const char *const words[] = {"interval", "p", "p, Holm", NULL};
    int64_t compared = 0, resamples = 0;
    for (int64_t r = 0; r < comparison->runs; r++) {
        compared += comparison->run[r].difference.resamples > 0;
        if (comparison->run[r].difference.resamples > 0)
            resamples = comparison->run[r].difference.resamples;
    }
    mos_text_add(out, "<section id=\"differences\"><h2>Differences</h2><p class=\"soft\">A run's "
                      "score minus that of <b>");
    mos_html_add(out, comparison->run[comparison->reference].name);
    mos_text_add(out,
                 "</b> on the same samples: %lld paired bootstrap resamples of the samples; Holm "
                 "counts the runs of a table as one family. One run a side knows nothing of the "
                 "spread over seeds.</p>",
                 (long long)resamples);
    for (int64_t r = 0; r < comparison->runs; r++) {
        if (comparison->run[r].why == NULL) continue;
        mos_text_add(out, "<p class=\"note\"><b>");
        mos_html_add(out, comparison->run[r].name);
        mos_text_add(out, "</b> cannot be compared sample by sample: %s.</p>",
                     comparison->run[r].why);
    }
    for (int m = 0; m < MOS_SWEEP_METRICS && compared > 0; m++)
        add_metric(comparison, m, out);
    if (compared > 0) mos_report_terms(words, out);
    mos_text_add(out, "</section>\n");
}

void mos_comparison_scores(const mos_comparison *comparison, mos_text *out) {
    add_scores(comparison, out);
    add_differences(comparison, out);
}

/* ---- classes ---- */

typedef struct class_row {
    int64_t number; /* in the reference's evaluation */
    double most;    /* largest difference of F1 */
} class_row;

static int compare_rows(const void *a, const void *b) {
    const class_row *x = a, *y = b;
    if (x->most != y->most) return x->most < y->most ? 1 : -1;
    return (x->number > y->number) - (x->number < y->number);
}

/* The class of this name in a run's evaluation: data sets may name others. */
static const mos_report_class *find_class(const mos_report_evaluation *e, const char *name) {
    for (int64_t j = 0; e != NULL && j < e->class_count; j++)
        if (strcmp(e->classes[j].name, name) == 0) return &e->classes[j];
    return NULL;
}

static double f1_of(const mos_report_evaluation *e, const char *name) {
    const mos_report_class *class = find_class(e, name);
    return class == NULL ? NAN : class->at[e->sets - 1].f1;
}

static const mos_interval *class_difference(const mos_compared_run *run, const char *name) {
    if (run->difference.resamples == 0) return NULL;
    for (int64_t j = 0; j < run->predictions.l; j++)
        if (strcmp(run->predictions.classes[j], name) == 0) return &run->difference.class_f1[j];
    return NULL;
}

static void add_class(const mos_comparison *comparison, const mos_report_class *class, double reach,
                      mos_text *out) {
    mos_text_add(out, "<tr><th scope=\"row\">");
    mos_html_add(out, class->name);
    mos_text_add(out, "</th><td class=\"n\">%lld</td>", (long long)class->positives);
    for (int64_t r = 0; r < comparison->runs; r++) {
        const mos_compared_run *run = &comparison->run[r];
        const mos_interval *d = class_difference(run, class->name);
        mos_text_add(out, "<td>");
        mos_bar_draw(&(mos_bar){.value = f1_of(run->evaluation, class->name),
                                .mark = NAN,
                                .low = NAN,
                                .high = NAN,
                                .chance = mos_report_class_chance_f1(class),
                                .colour = mos_palette_colour((size_t)r)},
                     out);
        if (d != NULL && isfinite(d->value) && (d->low != 0 || d->high != 0)) {
            mos_text_add(out, "<br><span class=\"meter\">");
            mos_interval_write(d->low, d->value, d->high, reach, out);
            mos_text_add(out, "<span class=\"number\">");
            mos_report_signed(out, d->value, 3);
            mos_text_add(out, "</span></span>");
        }
        mos_text_add(out, "</td>");
    }
    mos_text_add(out, "</tr>");
}

mosaic_status mos_comparison_classes(const mos_comparison *comparison, mos_text *out) {
    const mos_report_evaluation *e = comparison->run[comparison->reference].evaluation;
    class_row *rows = NULL;
    double reach = 0;
    if (e == NULL || e->class_count == 0) return MOSAIC_OK;
    MOS_TRY(mos_alloc((size_t)e->class_count, sizeof *rows, "classes", &rows));
    for (int64_t j = 0; j < e->class_count; j++) {
        rows[j] = (class_row){j, -1};
        double own = f1_of(e, e->classes[j].name);
        for (int64_t r = 0; r < comparison->runs; r++) {
            const mos_compared_run *run = &comparison->run[r];
            double off = fabs(f1_of(run->evaluation, e->classes[j].name) - own);
            const mos_interval *d = class_difference(run, e->classes[j].name);
            if (off > rows[j].most) rows[j].most = off;
            if (d != NULL && isfinite(d->low))
                reach = fmax(reach, fmax(fabs(d->low), fabs(d->high)));
        }
    }
    qsort(rows, (size_t)e->class_count, sizeof *rows, compare_rows);
    mos_text_add(out, "<section id=\"classes\"><h2>Classes</h2><p class=\"soft\">F1 of every class "
                      "(the red mark is chance), "
                      "those first that differ most; below it the difference from <b>");
    mos_html_add(out, comparison->run[comparison->reference].name);
    mos_text_add(out, "</b> with its 95 %% interval, not adjusted for the number of classes; its "
                      "axis goes from ");
    mos_report_signed(out, reach > 0 ? -reach : -1, 2);
    mos_text_add(out, " to ");
    mos_report_signed(out, reach > 0 ? reach : 1, 2);
    mos_text_add(out, ".</p>");
    mos_text_add(out, "<div class=\"scroll\"><table><tr><th scope=\"col\">class</th><th "
                      "scope=\"col\" class=\"n\">positives"
                      "</th>");
    for (int64_t r = 0; r < comparison->runs; r++) {
        mos_text_add(out, "<th scope=\"col\">");
        mos_comparison_run_name(comparison, r, out);
        mos_bar_axis_write(out);
        mos_text_add(out, "</th>");
    }
    mos_text_add(out, "</tr>");
    for (int64_t j = 0; j < e->class_count; j++)
        add_class(comparison, &e->classes[rows[j].number], reach > 0 ? reach : 1, out);
    mos_text_add(out, "</table></div></section>\n");
    mos_free(rows);
    return MOSAIC_OK;
}

/* A run has one colour through all tables and charts. */
void mos_comparison_run_name(const mos_comparison *comparison, int64_t r, mos_text *out) {
    mos_report_class_name(out, mos_palette_colour((size_t)r), comparison->run[r].name);
}
