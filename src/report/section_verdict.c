/* What came out, in a few numbers and words, and what to be wary of. */
#include "report/report_parts.h"
#include "report/report_sections.h"
#include "report/svg_chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* At the same thresholds as the tile's score: the last ones measured. */
static const mos_report_interval *interval_of(const mos_report_evaluation *e, int which) {
    const mos_report_analysis *a = &e->analysis;
    return a->confidence_sets > 0 ? &a->confidence[a->confidence_sets - 1].score[which] : NULL;
}

/* chance: NaN for none. */
static void add_tile(mos_text *out, const char *name, double value, int digits,
                     const mos_report_interval *interval, double chance) {
    mos_text_add(out, "<div class=\"tile\"><b>");
    mos_report_number(out, value, digits);
    mos_text_add(out, "</b><span>%s</span>", name);
    if (interval && isfinite(interval->low) && isfinite(interval->high))
        mos_text_add(out, "<small>%.*f to %.*f</small>", digits, interval->low, digits,
                     interval->high);
    if (isfinite(chance)) mos_text_add(out, "<small>chance %.*f</small>", digits, chance);
    mos_text_add(out, "</div>");
}

/* ---- in words */

static int compare_f1(const mos_report_class *a, const mos_report_class *b, int set) {
    return (a->at[set].f1 > b->at[set].f1) - (a->at[set].f1 < b->at[set].f1);
}

/* Up to three classes that occur, best (or worst) first. */
static void add_extremes(const mos_run_document *run, const mos_report_evaluation *e, bool best,
                         int most, mos_text *out) {
    int set = e->sets - 1;
    mos_legend legend = mos_report_legend(run);
    const mos_report_class *before[3] = {0};
    for (int k = 0; k < most; k++) {
        const mos_report_class *found = NULL;
        for (int64_t j = 0; j < e->class_count; j++) {
            const mos_report_class *c = &e->classes[j];
            if (c->positives == 0 || !isfinite(c->at[set].f1) || c == before[0] || c == before[1])
                continue;
            int order = found ? compare_f1(c, found, set) : 1;
            if (!found || (best ? order > 0 : order < 0)) found = c;
        }
        if (!found) return;
        before[k] = found;
        mos_text_add(out, "%s<span class=\"class\">", k ? ", " : "");
        mos_report_class_name(out, mos_report_class_colour(run, legend, found->name), found->name);
        mos_text_add(out, " (%.2f)</span>", found->at[set].f1);
    }
}

static void add_words(const mos_run_document *run, const mos_report_evaluation *e, mos_text *out) {
    const mos_report_analysis *a = &e->analysis;
    int scored = 0, most;
    for (int64_t j = 0; j < e->class_count; j++)
        scored += e->classes[j].positives > 0 && isfinite(e->classes[j].at[e->sets - 1].f1);
    most = scored >= 6 ? 3 : scored / 2; /* none is both */
    if (most > 0) {
        mos_text_add(out, "<p>Strongest by F1: ");
        add_extremes(run, e, true, most, out);
        mos_text_add(out, ". Weakest: ");
        add_extremes(run, e, false, most, out);
        mos_text_add(out, ".</p>");
    }
    if (a->confusion_count > 0 && a->confusions[0].confused > 0) {
        const mos_report_confusion *c = &a->confusions[0];
        mos_text_add(out, "<p>Most confused: <b>");
        mos_html_add(out, c->from);
        mos_text_add(out, "</b> taken for <b>");
        mos_html_add(out, c->to);
        mos_text_add(out, "</b>, in %.0f of %.0f patches.</p>", c->confused, c->rows);
    }
}

void mos_section_verdict(const mos_run_document *run, mos_text *out) {
    const mos_report_evaluation *e = mos_report_headline(run);
    if (!e) return;
    mos_text_add(out, "<section id=\"verdict\"><h2>Verdict</h2>");
    {
        int tuned = e->sets - 1;
        mos_text_add(out, "<p>Method <b>");
        mos_html_add(out, e->method);
        mos_text_add(out, "</b>, scored by its ");
        mos_html_add(out, e->scorer);
        mos_text_add(out, " on %lld samples of split <b>", (long long)e->samples);
        mos_html_add(out, e->split);
        mos_text_add(out, "</b>%s.</p><div class=\"tiles\">",
                     tuned ? "; F1 with thresholds tuned per class on validation"
                           : "; F1 at threshold 0.5");
        add_tile(out, "F1 macro", e->at[tuned].macro.f1, 3, interval_of(e, 0),
                 mos_report_chance_f1(e));
        add_tile(out, "F1 micro", e->at[tuned].micro.f1, 3, interval_of(e, 1),
                 mos_report_chance_micro_f1(e));
        add_tile(out, "AP macro", e->at[0].macro.average_precision, 3, interval_of(e, 2),
                 mos_report_chance_ap(e));
        add_tile(out, "AP micro", e->at[0].micro.average_precision, 3, interval_of(e, 3),
                 mos_report_chance_micro_ap(e));
        add_tile(out, "Hamming loss", e->at[tuned].hamming_loss, 4, interval_of(e, 4), NAN);
        mos_text_add(out, "</div>");
        add_words(run, e, out);
    }
    mos_text_add(out, "</section>\n");
}
