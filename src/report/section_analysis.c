/* Behind the scores: intervals, calibration, confused classes, clusters and maps of the headline
 * evaluation. */
#include "report/report_sections.h"
#include "report/svg_chart.h"

#include <math.h>
#include <string.h>

enum { SHOWN_PAIRS = 15, COLOURS = 8, MAP_SIDE = 420 };

static void add_cell(mos_text *out, double value, int digits) {
    mos_text_add(out, "<td class=\"n\">");
    mos_report_number(out, value, digits);
    mos_text_add(out, "</td>");
}

static const mos_report_analysis *headline(const mos_run_document *run) {
    const mos_report_evaluation *e = mos_report_headline(run);
    return e ? &e->analysis : NULL;
}

void mos_section_confidence(const mos_run_document *run, mos_text *out) {
    static const char *const titles[MOS_REPORT_INTERVALS] = {"F1 macro", "F1 micro", "AP macro",
                                                             "AP micro", "Hamming loss"};
    const mos_report_analysis *a = headline(run);
    if (!a || a->confidence_sets == 0) return;
    mos_text_add(out,
                 "<section id=\"confidence\"><h2>How sure</h2><p class=\"soft\">%.0f %% intervals "
                 "from %.0f resamples of the patches; how much another training run would differ "
                 "is not in them.</p><div class=\"scroll\"><table><tr><th>score</th>",
                 100 * a->level, a->resamples);
    for (int s = 0; s < a->confidence_sets; s++)
        mos_text_add(out, "<th class=\"n\">%s</th><th class=\"n\">from</th><th class=\"n\">to</th>",
                     strcmp(a->confidence[s].thresholds, "0.5") == 0 ? "threshold 0.5"
                                                                     : "tuned per class");
    mos_text_add(out, "</tr>");
    for (int k = 0; k < MOS_REPORT_INTERVALS; k++) {
        mos_text_add(out, "<tr><td>%s</td>", titles[k]);
        for (int s = 0; s < a->confidence_sets; s++) {
            const mos_report_interval *i = &a->confidence[s].score[k];
            add_cell(out, i->value, 3);
            add_cell(out, i->low, 3);
            add_cell(out, i->high, 3);
        }
        mos_text_add(out, "</tr>");
    }
    mos_text_add(out, "</table></div></section>\n");
}

void mos_section_calibration(const mos_run_document *run, mos_text *out) {
    const mos_report_analysis *a = headline(run);
    if (!a || a->bins == 0) return;
    static const double diagonal[] = {0, 1};
    double x[MOS_REPORT_BINS], y[MOS_REPORT_BINS];
    for (int b = 0; b < a->bins; b++) {
        x[b] = a->bin[b].confidence;
        y[b] = a->bin[b].frequency;
    }
    const mos_chart chart = {.title = "Share of positives by predicted probability",
                             .x_name = "predicted probability",
                             .line = {{"found", x, y, a->bins}, {"ideal", diagonal, diagonal, 2}},
                             .lines = 2,
                             .from_zero = true};
    mos_text_add(out, "<section id=\"calibration\"><h2>Calibration</h2><p class=\"soft\">Expected "
                      "calibration error ");
    mos_report_number(out, a->ece, 4);
    mos_text_add(out, ", Brier score ");
    mos_report_number(out, a->brier, 4);
    mos_text_add(out, ", over all known labels.</p><div class=\"charts\">");
    mos_chart_write(&chart, out);
    mos_text_add(out, "</div></section>\n");
}

void mos_section_confusability(const mos_run_document *run, mos_text *out) {
    const mos_report_analysis *a = headline(run);
    if (!a || a->confusion_count == 0) return;
    mos_text_add(
        out,
        "<section id=\"confusability\"><h2>Confused classes</h2><p class=\"soft\">How often the "
        "second class is predicted where the first is and the second is not, against how often "
        "where neither is: what really occurs together does not count. Most confusable "
        "first.</p><div class=\"scroll\"><table><tr><th>there is</th><th>predicted</th><th>how "
        "often</th><th class=\"n\">patches</th><th class=\"n\">without either</th><th "
        "class=\"n\">lift</th><th class=\"n\">score correlation</th><th class=\"n\">embedding "
        "cosine</th></tr>");
    for (size_t k = 0; k < a->confusion_count && k < SHOWN_PAIRS; k++) {
        const mos_report_confusion *c = &a->confusions[k];
        if (!(c->rows > 0)) break;
        mos_text_add(out, "<tr><td>");
        mos_html_add(out, c->from);
        mos_text_add(out, "</td><td>");
        mos_html_add(out, c->to);
        mos_text_add(out, "</td><td style=\"white-space:nowrap\">");
        mos_bar_write(c->rate, c->base_rate, out);
        mos_text_add(out, "</td><td class=\"n\">%.0f of %.0f</td>", c->confused, c->rows);
        add_cell(out, c->base_rate, 3);
        add_cell(out, c->lift, 2);
        add_cell(out, c->score_correlation, 2);
        add_cell(out, c->prototype_cosine, 2);
        mos_text_add(out, "</tr>");
    }
    mos_text_add(out, "</table></div></section>\n");
}

void mos_section_clusters(const mos_run_document *run, mos_text *out) {
    const mos_report_analysis *a = headline(run);
    if (!a || a->spaces == 0) return;
    mos_text_add(out,
                 "<section id=\"clusters\"><h2>Clusters</h2><p class=\"soft\">Features and latents "
                 "by label: silhouette (cosine) and Davies–Bouldin of the most frequent label "
                 "sets, agreement of a patch's labels with its ten nearest, mean cosine within and "
                 "between classes.</p><div class=\"scroll\"><table><tr><th>space</th><th "
                 "class=\"n\">rows</th><th class=\"n\">silhouette</th><th "
                 "class=\"n\">Davies–Bouldin</th><th class=\"n\">label agreement</th><th "
                 "class=\"n\">within</th><th class=\"n\">between</th><th "
                 "class=\"n\">uniformity</th><th class=\"n\">effective rank</th></tr>");
    for (int k = 0; k < a->spaces; k++) {
        const mos_report_space *s = &a->space[k];
        mos_text_add(out, "<tr><td>");
        mos_html_add(out, s->name);
        mos_text_add(out, ", %s%s</td><td class=\"n\">%.0f</td>",
                     strcmp(s->kind, "latent") == 0 ? "latent" : "feature",
                     s->collapsed ? ", <b>collapsed</b>" : "", s->rows);
        add_cell(out, s->silhouette, 3);
        add_cell(out, s->davies_bouldin, 2);
        add_cell(out, s->neighbour_jaccard, 3);
        add_cell(out, s->intra, 3);
        add_cell(out, s->inter, 3);
        add_cell(out, s->uniformity, 2);
        add_cell(out, s->effective_rank, 1);
        mos_text_add(out, "</tr>");
    }
    mos_text_add(out, "</table></div></section>\n");
}

/* The names that get a colour of their own: the most frequent ones; the last colour is for the
 * rest. */
static int choose_names(const mos_report_analysis *a, const mos_report_map *map, bool by_modality,
                        int chosen[COLOURS - 1]) {
    int count = 0;
    for (; count < COLOURS - 1; count++) {
        size_t most = 0;
        int best = -1;
        for (int name = 0; name < (int)a->name_count; name++) {
            size_t here = 0;
            for (int k = 0; k < count; k++)
                if (chosen[k] == name) goto next;
            for (size_t i = 0; i < map->count; i++)
                here += (by_modality ? map->points[i].modality : map->points[i].class) == name;
            if (here > most) {
                most = here;
                best = name;
            }
        next:;
        }
        if (best < 0) break;
        chosen[count] = best;
    }
    return count;
}

static int colour_of(int name, const int *chosen, int count) {
    for (int k = 0; k < count; k++)
        if (chosen[k] == name) return k;
    return COLOURS - 1;
}

/* One path a colour: a point is a line of no length with round ends. */
static void draw_points(const mos_report_map *map, bool by_modality, const int *chosen, int count,
                        mos_text *out) {
    float low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (size_t i = 0; i < map->count; i++) {
        low[0] = fminf(low[0], map->points[i].x);
        low[1] = fminf(low[1], map->points[i].y);
        high[0] = fmaxf(high[0], map->points[i].x);
        high[1] = fmaxf(high[1], map->points[i].y);
    }
    float wide = fmaxf(high[0] - low[0], high[1] - low[1]);
    float scale = wide > 0 ? (float)(MAP_SIDE - 20) / wide : 0;
    for (int colour = 0; colour < COLOURS; colour++) {
        mos_text_add(out,
                     "<path class=\"s%d\" fill=\"none\" stroke-width=\"%d\" "
                     "stroke-linecap=\"round\" stroke-opacity=\".7\" d=\"",
                     colour, map->count > 1500 ? 3 : 5);
        for (size_t i = 0; i < map->count; i++) {
            const mos_report_point *p = &map->points[i];
            if (colour_of(by_modality ? p->modality : p->class, chosen, count) != colour) continue;
            mos_text_add(out, "M%d %dh0", (int)(10 + (p->x - low[0]) * scale),
                         (int)(10 + (high[1] - p->y) * scale));
        }
        mos_text_add(out, "\"/>");
    }
}

static void draw_map(const mos_report_analysis *a, const mos_report_map *map, bool by_modality,
                     mos_text *out) {
    int chosen[COLOURS - 1], count = choose_names(a, map, by_modality, chosen);
    mos_text_add(out, "<figure><figcaption>");
    mos_html_add(out, map->name);
    mos_text_add(out, ", by %s</figcaption><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"",
                 by_modality ? "modality" : "class", MAP_SIDE, MAP_SIDE);
    mos_html_add(out, map->name);
    mos_text_add(out, "\">");
    draw_points(map, by_modality, chosen, count, out);
    mos_text_add(out, "</svg><p class=\"legend\">");
    for (int k = 0; k < count; k++) {
        mos_text_add(out, "<span class=\"key k%d\"></span>", k);
        mos_html_add(out, a->names[chosen[k]]);
    }
    if (!by_modality) mos_text_add(out, "<span class=\"key k%d\"></span>other", COLOURS - 1);
    mos_text_add(out, "</p></figure>\n");
}

void mos_section_maps(const mos_run_document *run, mos_text *out) {
    const mos_report_analysis *a = headline(run);
    if (!a || a->maps == 0) return;
    mos_text_add(out,
                 "<section id=\"maps\"><h2>Maps of the embeddings</h2><p class=\"soft\">t-SNE; "
                 "near points are alike, distances between far ones mean little. A patch with "
                 "several classes is shown as the first of them. In the shared map every "
                 "patch has one point a modality.</p><div class=\"charts\">");
    for (int k = 0; k < a->maps; k++) {
        draw_map(a, &a->map[k], false, out);
        if (strcmp(a->map[k].name, "shared") == 0) draw_map(a, &a->map[k], true, out);
    }
    mos_text_add(out, "</div></section>\n");
}
