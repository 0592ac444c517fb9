/* How features and latents group by label. */
#include "report/report_parts.h"
#include "report/report_sections.h"
#include "report/report_terms.h"
#include "report/svg_chart.h"

#include <math.h>
#include <string.h>

static void add_alignments(const mos_report_analysis *a, mos_text *out) {
    if (a->alignments == 0) return;
    mos_text_add(out,
                 "<h3>Between modalities</h3><p class=\"soft\">Mean squared distance of the "
                 "unit vectors of one patch (0 to 4: lower is closer, 2 is unrelated), and how "
                 "far the modalities' centres lie apart; how often the nearest row of the other "
                 "modality is the same patch's.</p><div class=\"scroll\"><table><tr>"
                 "<th scope=\"col\">pair</th><th scope=\"col\" class=\"n\">rows</th><th "
                 "scope=\"col\" class=\"n\">distance</th><th scope=\"col\" class=\"n\">gap of "
                 "centres</th><th scope=\"col\" class=\"n\">first finds second</th><th "
                 "scope=\"col\" class=\"n\">second finds first</th></tr>");
    for (int k = 0; k < a->alignments; k++) {
        const mos_report_alignment *pair = &a->alignment[k];
        mos_text_add(out, "<tr><th scope=\"row\">");
        mos_html_add(out, pair->a);
        mos_text_add(out, " – ");
        mos_html_add(out, pair->b);
        mos_text_add(out, ", %s</th>", strcmp(pair->kind, "feature") == 0 ? "feature" : "latent");
        mos_report_cell(out, pair->rows, 0);
        mos_report_cell(out, pair->alignment, 3);
        mos_report_cell(out, pair->centre_gap, 3);
        mos_report_cell(out, pair->finds[0], 3);
        mos_report_cell(out, pair->finds[1], 3);
        mos_text_add(out, "</tr>");
    }
    mos_text_add(out, "</table></div>");
}

/* The pairs of classes that lie most mixed between the modalities; the table comes in that order.
 * Latents where there are any: they are what training aligns. */
static void add_class_alignments(const mos_run_document *run, const mos_report_analysis *a,
                                 mos_text *out) {
    mos_legend legend = mos_report_legend(run);
    const char *kind = "feature";
    int shown = 0;
    for (size_t k = 0; k < a->class_alignments; k++)
        if (strcmp(a->class_alignment[k].kind, "latent") == 0) kind = "latent";
    for (size_t k = 0; k < a->class_alignments && shown < MOS_REPORT_SHOWN; k++) {
        const mos_report_class_alignment *line = &a->class_alignment[k];
        if (strcmp(line->kind, kind) != 0 || !isfinite(line->margin)) continue;
        if (shown++ == 0)
            mos_text_add(
                out,
                "<h3>Classes between modalities</h3><p class=\"soft\">Patches with one of two "
                "classes, %ss: how much closer (cosine) a row of one modality is to the other "
                "modality's rows of its own class than to those of the other class, and how often "
                "it is nearest to its own class (chance 0.5). The most mixed first.</p><div "
                "class=\"scroll\"><table class=\"sort\"><tr><th scope=\"col\">class</th><th "
                "scope=\"col\">other class</th><th scope=\"col\">modalities</th><th scope=\"col\" "
                "class=\"n\">patches</th><th scope=\"col\" class=\"n\">closer by</th><th "
                "scope=\"col\" class=\"n\">first by second</th><th scope=\"col\" "
                "class=\"n\">second by first</th></tr>",
                kind);
        mos_text_add(out, "<tr><td>");
        mos_report_class_name(out, mos_report_class_colour(run, legend, line->class), line->class);
        mos_text_add(out, "</td><td>");
        mos_report_class_name(out, mos_report_class_colour(run, legend, line->other), line->other);
        mos_text_add(out, "</td><td>");
        mos_html_add(out, line->a);
        mos_text_add(out, " – ");
        mos_html_add(out, line->b);
        mos_text_add(out, "</td><td class=\"n\">%.0f, %.0f</td>", line->rows[0], line->rows[1]);
        mos_report_cell(out, line->margin, 3);
        mos_report_cell(out, line->told_apart[0], 3);
        mos_report_cell(out, line->told_apart[1], 3);
        mos_text_add(out, "</tr>");
    }
    if (shown > 0) mos_text_add(out, "</table></div>");
}

void mos_section_clusters(const mos_run_document *run, mos_text *out) {
    static const char *const words[] = {"silhouette", "Davies–Bouldin", "label agreement",
                                        "uniformity", "RankMe",         NULL};
    const mos_report_analysis *a = mos_report_headline_analysis(run);
    if (!a || a->spaces == 0) return;
    mos_text_add(
        out,
        "<section id=\"clusters\"><h2>Clusters</h2><p class=\"soft\">Features and latents "
        "by label: silhouette (cosine) and Davies–Bouldin of the most frequent label "
        "sets, agreement of a patch's labels with its ten nearest, mean cosine within and "
        "between classes.</p><div class=\"scroll\"><table class=\"sort\"><tr><th "
        "scope=\"col\">space</th><th scope=\"col\" class=\"n\">rows</th><th scope=\"col\" "
        "class=\"n\">silhouette</th><th scope=\"col\" class=\"n\">Davies–Bouldin ↓</th><th "
        "scope=\"col\" class=\"n\">label agreement</th><th scope=\"col\" class=\"n\">within</th>"
        "<th scope=\"col\" class=\"n\">between</th><th scope=\"col\" class=\"n\">uniformity</th>"
        "<th scope=\"col\" class=\"n\">RankMe</th></tr>");
    for (int k = 0; k < a->spaces; k++) {
        const mos_report_space *s = &a->space[k];
        mos_text_add(out, "<tr><th scope=\"row\">");
        mos_html_add(out, s->name);
        mos_text_add(out, ", %s%s</th><td class=\"n\">%.0f</td>",
                     strcmp(s->kind, "latent") == 0 ? "latent" : "feature",
                     s->collapsed ? ", <b class=\"bad\">collapsed</b>" : "", s->rows);
        mos_report_cell(out, s->silhouette, 3);
        mos_report_cell(out, s->davies_bouldin, 2);
        mos_report_cell(out, s->neighbour_jaccard, 3);
        mos_report_cell(out, s->intra, 3);
        mos_report_cell(out, s->inter, 3);
        mos_report_cell(out, s->uniformity, 2);
        mos_report_cell(out, s->rankme, 1);
        mos_text_add(out, "</tr>");
    }
    mos_text_add(out, "</table></div>");
    mos_report_terms(words, out);
    add_alignments(a, out);
    add_class_alignments(run, a, out);
    mos_text_add(out, "</section>\n");
}
