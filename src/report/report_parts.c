#include "report/report_parts.h"

#include "base/file.h"
#include "report/svg_chart.h"
#include "score/health.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const mos_report_evaluation *mos_report_headline(const mos_run_document *run) {
    for (size_t i = 0; i < run->evaluation_count; i++)
        if (strcmp(run->evaluations[i].folder, "test") == 0) return &run->evaluations[i];
    return run->evaluation_count ? &run->evaluations[0] : NULL;
}

const char *mos_report_floor(const mos_report_evaluation *e) {
    static const char *const floors[][2] = {{"random", "random features"},
                                            {"statistics", "band statistics"},
                                            {"untrained", "untrained features"}};
    for (size_t k = 0; k < sizeof floors / sizeof *floors; k++)
        if (strstr(e->folder, floors[k][0])) return floors[k][1];
    return NULL;
}

const mos_report_analysis *mos_report_headline_analysis(const mos_run_document *run) {
    const mos_report_evaluation *e = mos_report_headline(run);
    return e ? &e->analysis : NULL;
}

/* ---- chance ---- */

double mos_report_class_chance_ap(const mos_report_class *class) {
    int64_t known = class->positives + class->negatives;
    return known > 0 ? (double)class->positives / (double)known : NAN;
}

static double always_yes(double share) {
    return 2 * share / (1 + share);
}

double mos_report_class_chance_f1(const mos_report_class *class) {
    return always_yes(mos_report_class_chance_ap(class));
}

static double mean_chance(const mos_report_evaluation *e,
                          double (*of)(const mos_report_class *class)) {
    double sum = 0;
    int64_t count = 0;
    for (int64_t j = 0; j < e->class_count; j++) {
        if (e->classes[j].positives == 0 || e->classes[j].negatives == 0) continue;
        sum += of(&e->classes[j]);
        count++;
    }
    return count > 0 ? sum / (double)count : NAN;
}

double mos_report_chance_ap(const mos_report_evaluation *e) {
    return mean_chance(e, mos_report_class_chance_ap);
}

double mos_report_chance_f1(const mos_report_evaluation *e) {
    return mean_chance(e, mos_report_class_chance_f1);
}

double mos_report_chance_micro_ap(const mos_report_evaluation *e) {
    int64_t positives = 0, known = 0;
    for (int64_t j = 0; j < e->class_count; j++) {
        positives += e->classes[j].positives;
        known += e->classes[j].positives + e->classes[j].negatives;
    }
    return known > 0 ? (double)positives / (double)known : NAN;
}

double mos_report_chance_micro_f1(const mos_report_evaluation *e) {
    return always_yes(mos_report_chance_micro_ap(e));
}

/* ---- links ---- */

/* From the page's folder to the run's: links lead there wherever both are moved together. A page
 * elsewhere than in its run climbs out of its folder first. */
void mos_report_link_from(const char *page, mos_run_document *run) {
    char folder[4096], full[4096];
    const char *slash = strrchr(page, '/');
    (void)snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - page) : 1,
                   slash ? page : ".");
    if (!folder[0]) (void)snprintf(folder, sizeof folder, "/");
    char *from = realpath(folder, NULL), *to = realpath(run->path, NULL);
    size_t same = 0, at = 0;
    run->link[0] = 0;
    if (!from || !to) goto done; /* writing will say what is wrong */
    for (size_t i = 0;; i++) {   /* whole names in common */
        bool end_from = from[i] == 0 || from[i] == '/', end_to = to[i] == 0 || to[i] == '/';
        if (end_from && end_to) same = i;
        if (from[i] != to[i] || from[i] == 0) break;
    }
    for (const char *rest = from + same; *rest && at + 4 < sizeof run->link; rest++)
        if (rest[0] == '/' && rest[1]) at += (size_t)snprintf(run->link + at, 4, "../");
    (void)snprintf(full, sizeof full, "%s", to + same + (to[same] == '/'));
    if (full[0] && snprintf(run->link + at, sizeof run->link - at, "%s/", full) >=
                       (int)(sizeof run->link - at))
        run->link[0] = 0;
done:
    free(from);
    free(to);
}

/* Bytes that mean something in an address are written as %XX; false: no room. */
static bool add_escaped(const char *text, char *out, size_t size) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "/._-~+=,@";
    size_t at = strlen(out);
    for (; *text; text++) {
        bool same = strchr(plain, *text) != NULL;
        if (at + 4 > size) return false;
        (void)snprintf(out + at, size - at, same ? "%c" : "%%%02X", (unsigned char)*text);
        at += same ? 1 : 3;
    }
    return true;
}

bool mos_report_link(const mos_run_document *run, const mos_report_evaluation *e, const char *name,
                     char link[MOS_REPORT_LINK]) {
    char local[1024], path[sizeof run->path + sizeof local];
    if (snprintf(local, sizeof local, "%s%s%s%s", e ? "eval/" : "", e ? e->folder : "",
                 e ? "/" : "", name) >= (int)sizeof local ||
        mos_path_join(path, sizeof path, run->path, local) != MOSAIC_OK || !mos_path_exists(path))
        return false;
    link[0] = 0;
    return add_escaped(run->link, link, MOS_REPORT_LINK) &&
           add_escaped(local, link, MOS_REPORT_LINK);
}

void mos_report_source(const mos_run_document *run, const mos_report_evaluation *e,
                       const char *name, mos_text *out) {
    char link[MOS_REPORT_LINK];
    if (mos_report_link(run, e, name, link)) mos_source_add(link, out);
}

/* ---- numbers and names ---- */

/* A minus is as wide as a plus, and what is rounded to nothing has no sign. */
static void add_number(mos_text *out, double value, int digits, const char *plus) {
    char text[64];
    if (!isfinite(value)) {
        mos_text_add(out, "–");
        return;
    }
    (void)snprintf(text, sizeof text, "%.*f", digits, fabs(value));
    bool none = text[strspn(text, "0.")] == 0;
    mos_text_add(out, "%s%s", none ? "" : value < 0 ? "−" : plus, text);
}

void mos_report_number(mos_text *out, double value, int digits) {
    add_number(out, value, digits, "");
}

void mos_report_signed(mos_text *out, double value, int digits) {
    add_number(out, value, digits, "+");
}

void mos_report_cell(mos_text *out, double value, int digits) {
    mos_text_add(out, "<td class=\"n\">");
    mos_report_number(out, value, digits);
    mos_text_add(out, "</td>");
}

void mos_report_interval_cell(mos_text *out, const mos_report_interval *interval) {
    mos_text_add(out, "<td class=\"n\">");
    mos_report_number(out, interval->value, 3);
    if (isfinite(interval->low) && isfinite(interval->high)) {
        mos_text_add(out, " <span class=\"soft\">(");
        mos_report_number(out, interval->low, 3);
        mos_text_add(out, " to ");
        mos_report_number(out, interval->high, 3);
        mos_text_add(out, ")</span>");
    }
    mos_text_add(out, "</td>");
}

mos_legend mos_report_legend(const mos_run_document *run) {
    const mos_report_evaluation *e = mos_report_headline(run);
    if (e && e->class_count > 0)
        return mos_legend_choose(e->classes[0].name, sizeof *e->classes, (size_t)e->class_count);
    if (run->data.class_count > 0)
        return mos_legend_choose(run->data.classes[0].name, sizeof *run->data.classes,
                                 (size_t)run->data.class_count);
    return MOS_LEGEND_NONE;
}

const char *mos_report_class_colour(const mos_run_document *run, mos_legend legend,
                                    const char *name) {
    const mos_report_evaluation *e = mos_report_headline(run);
    size_t number = 0;
    for (int64_t j = 0; e && j < e->class_count; j++)
        if (strcmp(e->classes[j].name, name) == 0) number = (size_t)j;
    for (int64_t j = 0; !e && j < run->data.class_count; j++)
        if (strcmp(run->data.classes[j].name, name) == 0) number = (size_t)j;
    return mos_class_colour(legend, name, number);
}

/* A line may break anywhere in the name but not between the square and its first word. */
void mos_report_class_name(mos_text *out, const char *colour, const char *name) {
    char word[64];
    size_t size = strcspn(name, " ");
    bool whole = size < sizeof word;
    (void)snprintf(word, sizeof word, "%.*s", whole ? (int)size : 0, name);
    mos_text_add(out, "<span class=\"nb\"><i class=\"key\" style=\"background:%s\"></i>", colour);
    mos_html_add(out, word);
    mos_text_add(out, "</span>");
    mos_html_add(out, whole ? name + size : name);
}

bool mos_report_collapsed(const char *measure, double value) {
    const mos_collapse_bound *bound = mos_collapse_bound_of(measure);
    return bound && isfinite(value) && mos_collapse_bound_passed(bound, value);
}

double mos_report_last(const mos_report_curve *curve) {
    for (int64_t i = curve ? curve->count : 0; i > 0; i--)
        if (isfinite(curve->y[i - 1])) return curve->y[i - 1];
    return NAN;
}
