/* The verdict: the result in a few numbers and sentences, and the warnings. */
#include "report/report_parts.h"
#include "report/report_sections.h"
#include "report/svg_chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The thresholds the verdict speaks of: those tuned per class (the last set), unless 0.5 does
 * better. */
static int shown_set(const mos_report_evaluation *e) {
    int last = e->sets - 1;
    return e->at[last].macro.f1 < e->at[0].macro.f1 ? 0 : last;
}

/* At the same thresholds as the tile's score. */
static const mos_report_interval *interval_of(const mos_report_evaluation *e, int which) {
    const mos_report_analysis *a = &e->analysis;
    int set = shown_set(e) == 0 ? 0 : a->confidence_sets - 1;
    return set < a->confidence_sets && set >= 0 ? &a->confidence[set].score[which] : NULL;
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

/* ---- in words ---- */

static int compare_f1(const mos_report_class *a, const mos_report_class *b, int set) {
    return (a->at[set].f1 > b->at[set].f1) - (a->at[set].f1 < b->at[set].f1);
}

enum { MOST_EXTREMES = 3 };

static bool is_among(const mos_report_class *const *classes, int count, const mos_report_class *c) {
    for (int k = 0; k < count; k++)
        if (classes[k] == c) return true;
    return false;
}

/* The classes of the macro means: one that all patches have is found by who always says yes. */
static bool is_in_means(const mos_report_class *c, int set) {
    return c->positives > 0 && c->negatives > 0 && isfinite(c->at[set].f1);
}

/* Up to three classes of the macro means, best (or worst) first; said: those that stand in the sentence
 * already. A class of F1 0 is none of the strongest. */
static void add_extremes(const mos_run_document *run, const mos_report_evaluation *e, bool best,
                         int most, const mos_report_class **said, int *count, mos_text *out) {
    int set = shown_set(e), begin = *count;
    mos_legend legend = mos_report_legend(run);
    for (int k = 0; k < most; k++) {
        const mos_report_class *found = NULL;
        for (int64_t j = 0; j < e->class_count; j++) {
            const mos_report_class *c = &e->classes[j];
            if (!is_in_means(c, set) || is_among(said, *count, c) || (best && !(c->at[set].f1 > 0)))
                continue;
            int order = found ? compare_f1(c, found, set) : 1;
            if (!found || (best ? order > 0 : order < 0)) found = c;
        }
        if (!found) break;
        said[(*count)++] = found;
        mos_text_add(out, "%s<span class=\"class\">", k ? ", " : "");
        mos_report_class_name(out, mos_report_class_colour(run, legend, found->name), found->name);
        mos_text_add(out, " (%.2f)</span>", found->at[set].f1);
    }
    if (*count == begin) mos_text_add(out, "none");
}

enum { FEWEST_CONFUSED_AMONG = 5 }; /* patches: two of two are no finding */

/* The first pair of the list, unless the second class is predicted no more often beside the first
 * than where neither is: a class that is predicted everywhere is confused with none. */
static void add_confused(const mos_report_analysis *a, mos_text *out) {
    const mos_report_confusion *c = a->confusions;
    if (a->confusion_count == 0 || !(c->confused > 0) || !(c->rate > c->base_rate) ||
        c->rows < FEWEST_CONFUSED_AMONG)
        return;
    mos_text_add(out, "<p>Most confused: <b>");
    mos_html_add(out, c->from);
    mos_text_add(out, "</b> with <b>");
    mos_html_add(out, c->to);
    mos_text_add(out,
                 "</b>, which is predicted in %.0f of the %.0f patches that have the first and not "
                 "the second (%.0f %%, against %.0f %% of the patches with neither).</p>",
                 c->confused, c->rows, 100 * c->rate, 100 * c->base_rate);
}

static void add_words(const mos_run_document *run, const mos_report_evaluation *e, mos_text *out) {
    const mos_report_analysis *a = &e->analysis;
    int scored = 0, most;
    for (int64_t j = 0; j < e->class_count; j++)
        scored += is_in_means(&e->classes[j], shown_set(e));
    most = scored >= 2 * MOST_EXTREMES ? MOST_EXTREMES : scored / 2; /* none is both */
    if (most > 0) {
        const mos_report_class *said[2 * MOST_EXTREMES] = {0};
        int count = 0;
        mos_text_add(out, "<p>Strongest by F1: ");
        add_extremes(run, e, true, most, said, &count, out);
        mos_text_add(out, ". Weakest: ");
        add_extremes(run, e, false, most, said, &count, out);
        mos_text_add(out, ".</p>");
    }
    add_confused(a, out);
}

static void add_method(const mos_report_evaluation *e, mos_text *out) {
    int last = e->sets - 1, shown = shown_set(e);
    mos_text_add(out, "<p>Method <b>");
    mos_html_add(out, e->method);
    mos_text_add(out, "</b>, scored by its ");
    mos_html_add(out, e->scorer);
    mos_text_add(out, " on %lld samples of split <b>", (long long)e->samples);
    mos_html_add(out, e->split);
    mos_text_add(out, "</b>%s.",
                 shown == 0 ? "; F1 at threshold 0.5"
                            : "; F1 with thresholds tuned per class on validation");
    if (last > 0)
        mos_text_add(out, " Macro F1 is %.3f at 0.5 and %.3f with the tuned thresholds%s.",
                     e->at[0].macro.f1, e->at[last].macro.f1,
                     shown == 0 ? ", which lose here" : "");
    if (last > 0 && e->at_global_threshold > 0)
        mos_text_add(out,
                     " %lld classes had too few positives or negatives for a threshold of their "
                     "own and use the one tuned for all.",
                     (long long)e->at_global_threshold);
    mos_text_add(out, "</p>");
}

static void add_macro_tile(const mos_report_evaluation *e, const char *score, double value,
                           int which, double chance, mos_text *out) {
    char name[96];
    if (e->averaged < 0)
        (void)snprintf(name, sizeof name, "macro %s", score);
    else
        (void)snprintf(name, sizeof name, "macro %s, %lld of %lld classes", score,
                       (long long)e->averaged, (long long)e->class_count);
    add_tile(out, name, value, 3, interval_of(e, which), chance);
}

static void add_tiles(const mos_report_evaluation *e, mos_text *out) {
    int shown = shown_set(e);
    mos_text_add(out, "<div class=\"tiles\">");
    add_macro_tile(e, "F1", e->at[shown].macro.f1, 0, mos_report_chance_f1(e), out);
    add_tile(out, "micro F1", e->at[shown].micro.f1, 3, interval_of(e, 1),
             mos_report_chance_micro_f1(e));
    add_macro_tile(e, "AP", e->at[0].macro.average_precision, 2, mos_report_chance_ap(e), out);
    add_tile(out, "micro AP", e->at[0].micro.average_precision, 3, interval_of(e, 3),
             mos_report_chance_micro_ap(e));
    add_tile(out, "Hamming loss", e->at[shown].hamming_loss, 4, interval_of(e, 4), NAN);
    mos_text_add(out, "</div>");
    if (e->averaged >= 0 && e->averaged < e->class_count && isfinite(e->at[shown].macro_all.f1))
        mos_text_add(out,
                     "<p class=\"soft\">Macro means are over the classes that have positives and "
                     "negatives here. Over all %lld, as scikit-learn counts them: F1 %.3f, AP "
                     "%.3f.</p>",
                     (long long)e->class_count, e->at[shown].macro_all.f1,
                     e->at[0].macro_all.average_precision);
}

void mos_section_verdict(const mos_run_document *run, mos_text *out) {
    const mos_report_evaluation *e = mos_report_headline(run);
    if (!e) return;
    mos_text_add(out, "<section id=\"verdict\"><h2>Verdict</h2>");
    if (e->known_labels == 0) {
        mos_text_add(out, "<p>No labels in the evaluated split: predictions only.</p>");
    } else {
        add_method(e, out);
        add_tiles(e, out);
        add_words(run, e, out);
    }
    mos_text_add(out, "</section>\n");
}
