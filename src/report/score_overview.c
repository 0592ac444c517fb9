#include "report/score_overview.h"

#include "report/report_parts.h"
#include "report/report_terms.h"
#include "report/svg_chart.h"

#include <math.h>
#include <string.h>

enum { MOST = 32 };

typedef struct overview {
    const char *split[MOST], *scorer[MOST];
    int splits, scorers;
} overview;

static void note(const char **names, int *count, const char *name) {
    for (int k = 0; k < *count; k++)
        if (strcmp(names[k], name) == 0) return;
    if (*count < MOST) names[(*count)++] = name;
}

static const mos_report_evaluation *find(const mos_run_document *run, const char *split,
                                         const char *scorer) {
    for (size_t i = 0; i < run->evaluation_count; i++)
        if (strcmp(run->evaluations[i].split, split) == 0 &&
            strcmp(run->evaluations[i].scorer, scorer) == 0)
            return &run->evaluations[i];
    return NULL;
}

/* The head first: it is what probes are held against. */
static void collect(const mos_run_document *run, overview *o) {
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < run->evaluation_count; i++) {
            const mos_report_evaluation *e = &run->evaluations[i];
            if ((strcmp(e->scorer, "head") == 0) == (pass == 0))
                note(o->scorer, &o->scorers, e->scorer);
        }
    for (size_t i = 0; i < run->evaluation_count; i++)
        note(o->split, &o->splits, run->evaluations[i].split);
}

static double value_of(const mos_report_evaluation *e, int which) {
    int last = e ? e->sets - 1 : 0;
    if (!e || e->known_labels == 0) return NAN;
    return which == 0 ? e->at[0].macro.average_precision : e->at[last].macro.f1;
}

static void add_cells(const mos_run_document *run, const overview *o, const char *split, int which,
                      mos_text *out) {
    double best = -INFINITY;
    for (int s = 0; s < o->scorers; s++)
        best = fmax(best, value_of(find(run, split, o->scorer[s]), which));
    for (int s = 0; s < o->scorers; s++) {
        double value = value_of(find(run, split, o->scorer[s]), which);
        bool bold = o->scorers > 1 && value == best;
        mos_text_add(out, "<td class=\"n\">%s", bold ? "<b>" : "");
        mos_report_number(out, value, 3);
        mos_text_add(out, "%s</td>", bold ? "</b>" : "");
    }
}

static void add_row(const mos_run_document *run, const overview *o, const char *split,
                    mos_text *out) {
    const mos_report_evaluation *any = NULL;
    for (int s = 0; s < o->scorers && !any; s++)
        any = find(run, split, o->scorer[s]);
    mos_text_add(out, "<tr><th scope=\"row\">");
    mos_html_add(out, split);
    mos_text_add(out, "</th><td class=\"n\">%lld</td>", any ? (long long)any->samples : 0LL);
    add_cells(run, o, split, 0, out);
    mos_report_cell(out, any ? mos_report_chance_ap(any) : NAN, 3);
    add_cells(run, o, split, 1, out);
    mos_report_cell(out, any ? mos_report_chance_f1(any) : NAN, 3);
    mos_text_add(out, "</tr>");
}

void mos_report_overview_write(const mos_run_document *run, mos_text *out) {
    static const char *const scores[] = {"macro AP", "macro F1"};
    const char *words[MOST + 6] = {0};
    overview o = {0};
    int count = 0;
    collect(run, &o);
    mos_text_add(out, "<div class=\"scroll\"><table class=\"overview\"><tr><th scope=\"col\" "
                      "rowspan=\"2\">split</th><th scope=\"col\" rowspan=\"2\" "
                      "class=\"n\">patches</th>");
    for (int which = 0; which < 2; which++)
        mos_text_add(out, "<th scope=\"colgroup\" colspan=\"%d\">%s</th>", o.scorers + 1,
                     scores[which]);
    mos_text_add(out, "</tr><tr>");
    for (int which = 0; which < 2; which++) {
        for (int s = 0; s < o.scorers; s++) {
            mos_text_add(out, "<th scope=\"col\" class=\"n\">");
            mos_html_add(out, o.scorer[s]);
            mos_text_add(out, "</th>");
        }
        mos_text_add(out, "<th scope=\"col\" class=\"n\">chance</th>");
    }
    mos_text_add(out, "</tr>");
    for (int k = 0; k < o.splits; k++)
        add_row(run, &o, o.split[k], out);
    mos_text_add(out, "</table></div>");
    for (int s = 0; s < o.scorers; s++)
        words[count++] = o.scorer[s];
    words[count++] = "AP";
    words[count++] = "F1";
    words[count++] = "macro";
    words[count++] = "chance";
    mos_report_terms(words, out);
}
