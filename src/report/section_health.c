/* Has the embedding collapsed? Curves of every modality's measures, and where they ended. */
#include "report/report_parts.h"
#include "report/report_sections.h"
#include "report/report_terms.h"
#include "report/svg_chart.h"
#include "score/health.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MEASURES = 6, MOST_SPACES = 16 };
static const struct measure {
    const char *name, *title;
    int digits;
} measures[MEASURES] = {
    {"spread", "Spread (sd·√d; 1 fills the sphere)", 3},
    {"mean_cosine", "Mean pairwise cosine", 3},
    {"rankme", "RankMe (directions the embedding uses)", 1},
    {"uniformity", "Uniformity (lower is more even)", 2},
    {"view_alignment", "Alignment of two views of one patch (lower is closer)", 3},
    {"modality_alignment", "Alignment of a patch's modalities (lower is closer)", 3},
};

/* health.<space>.<measure>: where the space's name ends, 0 when it is another curve. */
static size_t space_of(const mos_report_curve *curve, const char *measure) {
    size_t size = strlen(curve->name), tail = strlen(measure);
    if (strcmp(curve->kind, "health") != 0 || strncmp(curve->name, "health.", 7) != 0 ||
        size <= 7 + tail + 1 || strcmp(curve->name + size - tail, measure) != 0 ||
        curve->name[size - tail - 1] != '.')
        return 0;
    return size - tail - 8;
}

static void add_chart(const mos_run_document *run, const struct measure *measure, mos_text *out) {
    char link[MOS_REPORT_LINK];
    mos_chart chart = {.title = measure->title,
                       .x_name = "step",
                       .source = mos_report_link(run, NULL, "metrics.csv", link) ? link : NULL};
    char names[MOS_CHART_MAX_LINES][64];
    for (size_t i = 0; i < run->curve_count && chart.lines < MOS_CHART_MAX_LINES; i++) {
        const mos_report_curve *curve = &run->curves[i];
        size_t size = space_of(curve, measure->name);
        if (size == 0 || !isfinite(mos_report_last(curve))) continue;
        (void)snprintf(names[chart.lines], sizeof names[0], "%.*s", (int)size, curve->name + 7);
        chart.line[chart.lines] = (mos_chart_line){
            .name = names[chart.lines], .x = curve->x, .y = curve->y, .count = curve->count};
        chart.lines++;
    }
    mos_chart_write(&chart, out);
}

static int find_spaces(const mos_run_document *run, char spaces[MOST_SPACES][64]) {
    int count = 0;
    for (int m = 0; m < MEASURES; m++)
        for (size_t i = 0; i < run->curve_count; i++) {
            char name[64];
            size_t size = space_of(&run->curves[i], measures[m].name);
            bool known = size == 0 || !isfinite(mos_report_last(&run->curves[i]));
            (void)snprintf(name, sizeof name, "%.*s", (int)size, run->curves[i].name + 7);
            for (int k = 0; k < count; k++)
                known = known || strcmp(spaces[k], name) == 0;
            if (!known && count < MOST_SPACES)
                (void)snprintf(spaces[count++], sizeof spaces[0], "%s", name);
        }
    return count;
}

static void add_table(const mos_run_document *run, char spaces[MOST_SPACES][64], int count,
                      mos_text *out) {
    mos_text_add(out, "<div class=\"scroll\"><table><tr><th scope=\"col\">at the end</th>");
    for (int m = 0; m < MEASURES; m++) {
        mos_text_add(out, "<th scope=\"col\" class=\"n\">%.*s",
                     (int)strcspn(measures[m].title, "("), measures[m].title);
        const mos_collapse_bound *bound = mos_collapse_bound_of(measures[m].name);
        if (bound)
            mos_text_add(out, "<br><span class=\"soft\">healthy %s %g</span>",
                         bound->above ? "above" : "below", bound->bound);
        mos_text_add(out, "</th>");
    }
    mos_text_add(out, "</tr>");
    for (int k = 0; k < count; k++) {
        mos_text_add(out, "<tr><th scope=\"row\">");
        mos_html_add(out, spaces[k]);
        mos_text_add(out, "</th>");
        for (int m = 0; m < MEASURES; m++) {
            char name[96];
            (void)snprintf(name, sizeof name, "health.%.63s.%s", spaces[k], measures[m].name);
            double value = mos_report_last(mos_run_document_curve(run, "health", name));
            bool bad = mos_report_collapsed(measures[m].name, value);
            mos_text_add(out, "<td class=\"n%s\">%s", bad ? " bad" : "", bad ? "⚠ " : "");
            mos_report_number(out, value, measures[m].digits);
            mos_text_add(out, "</td>");
        }
        mos_text_add(out, "</tr>");
    }
    mos_text_add(out, "</table></div>");
}

void mos_section_health(const mos_run_document *run, mos_text *out) {
    char spaces[MOST_SPACES][64];
    static const char *const words[] = {"spread",     "mean cosine", "RankMe",
                                        "uniformity", "alignment",   NULL};
    int count = find_spaces(run, spaces);
    if (count == 0) return;
    mos_text_add(out, "<section id=\"health\"><h2>Health of the embedding</h2><p class=\"soft\">A "
                      "collapsed embedding shows here while the loss still falls: spread towards "
                      "0, cosine towards 1, RankMe towards 1. Measured on the latents of training "
                      "batches.</p>");
    add_table(run, spaces, count, out);
    mos_text_add(out, "<div class=\"charts\">");
    for (int m = 0; m < MEASURES; m++)
        add_chart(run, &measures[m], out);
    mos_text_add(out, "</div>");
    mos_report_terms(words, out);
    mos_text_add(out, "</section>\n");
}
