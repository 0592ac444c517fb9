#include "report/report_warnings.h"

#include "base/text.h"
#include "report/report_parts.h"
#include "report/svg_chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* From which number on a thing is worth no warning. */
enum { ENOUGH_STEPS = 500, ENOUGH_POSITIVES = 10, ENOUGH_SAMPLES = 100, ENOUGH_LABELED = 100 };
enum { NAMED = 4 }; /* classes of one sentence */
static const double clear_gap = 0.01, poor_calibration = 0.1;

static bool fact_number(const mos_run_document *run, const char *name, double *out) {
    return mos_parse_double(mos_run_document_fact(run, name, ""), out);
}

static double macro_ap(const mos_report_evaluation *e) {
    return e->at[0].macro.average_precision;
}

static bool has_labels(const mos_report_evaluation *e) {
    return e && e->known_labels > 0;
}

/* ---- what was run ---- */

static void say_not_evaluated(const mos_run_document *run, mos_text *out) {
    if (!mos_report_headline(run))
        mos_text_add(out,
                     "Nothing has been evaluated yet: run mosaic eval on the run's model, then "
                     "write the report again.");
}

static void say_no_labels(const mos_run_document *run, mos_text *out) {
    const mos_report_evaluation *e = mos_report_headline(run);
    if (e && e->samples > 0 && e->known_labels == 0)
        mos_text_add(out, "No labels in split %s: there are predictions and no scores.", e->split);
}

static void say_reduced(const mos_run_document *run, mos_text *out) {
    const mos_report_evaluation *e = mos_report_headline(run);
    if (strcmp(mos_run_document_fact(run, "reduced", "no"), "yes") == 0 || (e && e->reduced))
        mos_text_add(out, "Reduced run: fewer patches, steps or epochs than the whole. The scores "
                          "are not final.");
}

static void say_incomplete(const mos_run_document *run, mos_text *out) {
    if (strcmp(mos_run_document_fact(run, "status", "complete"), "complete") != 0)
        mos_text_add(out, "The run is not complete: it was interrupted, failed or is still going.");
}

static void say_few_steps(const mos_run_document *run, mos_text *out) {
    double steps;
    if (fact_number(run, "steps", &steps) && steps < ENOUGH_STEPS)
        mos_text_add(out, "%.0f step%s: hardly trained.", steps, steps == 1 ? "" : "s");
}

static void say_few_labelled(const mos_run_document *run, mos_text *out) {
    double labelled;
    if (fact_number(run, "data.labeled", &labelled) && labelled > 0 && labelled < ENOUGH_LABELED)
        mos_text_add(out,
                     "%.0f labelled training patch%s: another draw of them may score otherwise.",
                     labelled, labelled == 1 ? "" : "es");
}

static void say_loss_rose(const mos_run_document *run, mos_text *out) {
    const mos_report_curve *loss = mos_run_document_curve(run, "step", "loss");
    double last = mos_report_last(loss);
    for (int64_t i = 0; loss && i < loss->count; i++) {
        if (!isfinite(loss->y[i])) continue;
        if (last > loss->y[i])
            mos_text_add(out, "The loss ended above where it began: %.3g after %.3g.", last,
                         loss->y[i]);
        return;
    }
}

/* What an evaluation found in clusters.json and tsne.json: the same verdict on its own patches. */
static void say_evaluated_collapsed(const mos_report_evaluation *e, mos_text *out) {
    const mos_report_analysis *a = &e->analysis;
    bool any = false;
    for (int k = 0; k < a->spaces; k++) {
        const mos_report_space *s = &a->space[k];
        if (!s->collapsed) continue;
        if (!any)
            mos_text_add(out,
                         "%sEvaluation %s found collapsed embeddings: ", out->size > 0 ? " " : "",
                         e->folder);
        mos_text_add(out, "%s%s %ss", any ? ", " : "", s->name, s->kind);
        if (isfinite(s->rankme)) mos_text_add(out, " (RankMe %.1f)", s->rankme);
        any = true;
    }
    for (int k = 0; !any && k < a->maps; k++) {
        if (!a->map[k].collapsed) continue;
        mos_text_add(out, "%sEvaluation %s mapped a collapsed embedding: %s",
                     out->size > 0 ? " " : "", e->folder, a->map[k].name);
        any = true;
    }
    if (any) mos_text_add(out, ".");
}

/* Collapse shows in the health curves while a loss still falls. */
static void say_collapsed(const mos_run_document *run, mos_text *out) {
    bool any = false;
    for (size_t i = 0; i < run->curve_count; i++) {
        const mos_report_curve *curve = &run->curves[i];
        const char *dot = strrchr(curve->name, '.');
        double value = mos_report_last(curve);
        if (strcmp(curve->kind, "health") != 0 || strncmp(curve->name, "health.", 7) != 0 ||
            !mos_report_collapsed(dot + 1, value))
            continue;
        mos_text_add(out, "%s%s ended at %.3g",
                     any ? ", " : "The embedding looks collapsed: ", curve->name + 7, value);
        any = true;
    }
    if (any) mos_text_add(out, ".");
    for (size_t i = 0; i < run->evaluation_count; i++)
        say_evaluated_collapsed(&run->evaluations[i], out);
}

static void say_defects(const mos_run_document *run, mos_text *out) {
    const char *kind = mos_run_document_fact(run, "data.defects.0.kind", NULL);
    if (kind)
        mos_text_add(out, "The data had defects (%s × %s, see Data).",
                     mos_run_document_fact(run, "data.defects.0.count", "?"), kind);
}

/* ---- what it was scored on ---- */

static void say_skipped(const mos_run_document *run, mos_text *out) {
    const mos_report_evaluation *e = mos_report_headline(run);
    if (e && e->skipped > 0)
        mos_text_add(out, "%lld samples of the split were skipped because of damaged data.",
                     (long long)e->skipped);
}

static void say_few_samples(const mos_run_document *run, mos_text *out) {
    const mos_report_evaluation *e = mos_report_headline(run);
    if (has_labels(e) && e->samples < ENOUGH_SAMPLES)
        mos_text_add(out, "%lld patches in split %s: the intervals are wide.",
                     (long long)e->samples, e->split);
}

static int compare_positives(const void *a, const void *b) {
    const mos_report_class *x = *(const mos_report_class *const *)a,
                           *y = *(const mos_report_class *const *)b;
    if (x->positives != y->positives) return x->positives < y->positives ? -1 : 1;
    return (x > y) - (x < y);
}

/* The rarest first, a few by name. */
static void say_few_positives(const mos_run_document *run, mos_text *out) {
    const mos_report_evaluation *e = mos_report_headline(run);
    const mos_report_class *rare[512];
    size_t count = 0;
    for (int64_t j = 0; has_labels(e) && j < e->class_count; j++)
        if (e->classes[j].positives > 0 && e->classes[j].positives < ENOUGH_POSITIVES &&
            count < sizeof rare / sizeof *rare)
            rare[count++] = &e->classes[j];
    if (count == 0) return;
    qsort(rare, count, sizeof *rare, compare_positives);
    for (size_t k = 0; k < count && k < NAMED; k++) {
        long long n = (long long)rare[k]->positives;
        if (k == 0)
            mos_text_add(out, "%lld positive%s in %s", n, n == 1 ? "" : "s", rare[k]->name);
        else
            mos_text_add(out, ", %lld in %s", n, rare[k]->name);
    }
    if (count > NAMED) mos_text_add(out, ", and few in %zu more", count - NAMED);
    mos_text_add(out, ": the scores of %s say little.",
                 count == 1 ? "this class" : "these classes");
}

static void say_absent_classes(const mos_run_document *run, mos_text *out) {
    const mos_report_evaluation *e = mos_report_headline(run);
    int64_t absent = 0;
    for (int64_t j = 0; has_labels(e) && j < e->class_count; j++)
        absent += e->classes[j].positives == 0;
    if (absent > 0)
        mos_text_add(out, "%lld of %lld classes %s no positive in split %s.", (long long)absent,
                     (long long)e->class_count, absent == 1 ? "has" : "have", e->split);
}

/* ---- what it scored ---- */

static const mos_report_evaluation *best_probe(const mos_run_document *run,
                                               const mos_report_evaluation *head) {
    const mos_report_evaluation *best = NULL;
    for (size_t i = 0; i < run->evaluation_count; i++) {
        const mos_report_evaluation *e = &run->evaluations[i];
        if (strcmp(e->split, head->split) != 0 || !strstr(e->scorer, "probe") ||
            mos_report_floor(e) || !isfinite(macro_ap(e)))
            continue;
        if (!best || macro_ap(e) > macro_ap(best)) best = e;
    }
    return best;
}

static void say_probe_beats_head(const mos_run_document *run, mos_text *out) {
    const mos_report_evaluation *e = mos_report_headline(run);
    if (!has_labels(e) || strcmp(e->scorer, "head") != 0) return;
    const mos_report_evaluation *probe = best_probe(run, e);
    if (probe && macro_ap(probe) > macro_ap(e) + clear_gap)
        mos_text_add(out, "The %s beats the head on %s: macro AP %.3f to %.3f.", probe->scorer,
                     e->split, macro_ap(probe), macro_ap(e));
}

/* The best of what nobody trained. */
static void say_below_floor(const mos_run_document *run, mos_text *out) {
    const mos_report_evaluation *e = mos_report_headline(run), *probe, *floor = NULL;
    if (!has_labels(e)) return;
    probe = best_probe(run, e); /* like with like, where there is a probe */
    if (!probe) probe = e;
    for (size_t i = 0; i < run->evaluation_count; i++) {
        const mos_report_evaluation *other = &run->evaluations[i];
        if (mos_report_floor(other) && strcmp(other->split, e->split) == 0 &&
            macro_ap(other) >= macro_ap(floor ? floor : probe))
            floor = other;
    }
    if (floor)
        mos_text_add(out, "Below %s on %s: macro AP %.3f to %.3f without training.",
                     mos_report_floor(floor), e->split, macro_ap(probe), macro_ap(floor));
}

static void say_chance(const mos_run_document *run, mos_text *out) {
    const mos_report_evaluation *e = mos_report_headline(run);
    double chance = has_labels(e) ? mos_report_chance_ap(e) : NAN;
    if (isfinite(chance) && macro_ap(e) < chance + clear_gap)
        mos_text_add(out, "No better than chance on %s: macro AP %.3f, chance %.3f.", e->split,
                     macro_ap(e), chance);
}

static void say_calibration(const mos_run_document *run, mos_text *out) {
    const mos_report_evaluation *e = mos_report_headline(run);
    if (has_labels(e) && e->analysis.bins > 0 && e->analysis.ece > poor_calibration)
        mos_text_add(out, "The probabilities are off by %.2f on average: see Calibration.",
                     e->analysis.ece);
}

const mos_report_warning mos_report_warning_rules[] = {
    {"not evaluated", say_not_evaluated},
    {"no labels", say_no_labels},
    {"reduced", say_reduced},
    {"incomplete", say_incomplete},
    {"collapsed", say_collapsed},
    {"few steps", say_few_steps},
    {"loss rose", say_loss_rose},
    {"below floor", say_below_floor},
    {"chance", say_chance},
    {"probe beats head", say_probe_beats_head},
    {"few labelled", say_few_labelled},
    {"few samples", say_few_samples},
    {"few positives", say_few_positives},
    {"absent classes", say_absent_classes},
    {"skipped", say_skipped},
    {"calibration", say_calibration},
    {"defects", say_defects},
};
const size_t mos_report_warning_count =
    sizeof mos_report_warning_rules / sizeof *mos_report_warning_rules;

void mos_report_warnings_write(const mos_run_document *run, mos_text *out) {
    bool any = false;
    for (size_t k = 0; k < mos_report_warning_count; k++) {
        mos_text said = {0};
        mos_report_warning_rules[k].say(run, &said);
        if (said.failed) out->failed = true;
        if (said.size > 0) {
            mos_text_add(out, any ? "<li>" : "<ul class=\"warnings note\"><li>");
            mos_html_add(out, said.data);
            mos_text_add(out, "</li>");
            any = true;
        }
        mos_text_release(&said);
    }
    mos_text_add(out, any ? "</ul>" : "<p class=\"note good\">No warnings.</p>");
}
