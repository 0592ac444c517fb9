/* t-SNE maps of the embeddings, by class and by modality. */
#include "report/report_parts.h"
#include "report/report_sections.h"
#include "report/report_terms.h"
#include "report/svg_chart.h"

#include <math.h>
#include <string.h>

enum { SIDE = 420, MARGIN = 10, MOST_COLOURS = 24, MANY_POINTS = 1500 };

/* Which names have a colour of their own: the most frequent ones; the rest share one. */
typedef struct map_key {
    int name[MOST_COLOURS];
    const char *colour[MOST_COLOURS + 1]; /* the last: the rest's */
    int count;
    bool by_modality;
} map_key;

static int name_of(const map_key *key, const mos_report_point *point) {
    return key->by_modality ? point->modality : point->class;
}

static int colour_of(const map_key *key, int name) {
    for (int k = 0; k < key->count; k++)
        if (key->name[k] == name) return k;
    return key->count;
}

static int most_frequent(const mos_report_analysis *a, const mos_report_map *map,
                         const map_key *key) {
    size_t most = 0;
    int best = -1;
    for (int name = 0; name < (int)a->name_count; name++) {
        size_t here = 0;
        if (colour_of(key, name) < key->count) continue;
        for (size_t i = 0; i < map->count; i++)
            here += name_of(key, &map->points[i]) == name;
        if (here <= most) continue;
        most = here;
        best = name;
    }
    return best;
}

/* A class has its own colour, the same as in every other chart. */
static void choose_colours(const mos_run_document *run, const mos_report_analysis *a,
                           const mos_report_map *map, map_key *key) {
    mos_legend legend = key->by_modality ? MOS_LEGEND_NONE : mos_report_legend(run);
    for (int best; key->count < MOST_COLOURS && (best = most_frequent(a, map, key)) >= 0;
         key->count++) {
        key->name[key->count] = best;
        key->colour[key->count] = key->by_modality
                                      ? mos_palette_colour((size_t)key->count)
                                      : mos_report_class_colour(run, legend, a->names[best]);
    }
    key->colour[key->count] = "var(--soft)";
}

/* One path a colour: a point is a line of no length with round ends. False: no such points. */
static bool draw_points(const mos_report_map *map, const map_key *key, int colour,
                        const float *middle, float scale, mos_text *out) {
    bool any = false;
    for (size_t i = 0; i < map->count; i++) {
        const mos_report_point *p = &map->points[i];
        if (colour_of(key, name_of(key, p)) != colour) continue;
        if (!any)
            mos_text_add(out,
                         "<path data-s=\"%d\" style=\"stroke:%s\" fill=\"none\" stroke-width=\"%d\""
                         " stroke-linecap=\"round\" d=\"",
                         colour, key->colour[colour], map->count > MANY_POINTS ? 3 : 5);
        any = true;
        mos_text_add(out, "M%d %dh0", (int)((float)SIDE / 2 + (p->x - middle[0]) * scale),
                     (int)((float)SIDE / 2 - (p->y - middle[1]) * scale));
    }
    return any;
}

static void draw_map(const mos_report_analysis *a, const mos_report_map *map, const map_key *key,
                     mos_text *out) {
    float low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (size_t i = 0; i < map->count; i++) {
        low[0] = fminf(low[0], map->points[i].x);
        low[1] = fminf(low[1], map->points[i].y);
        high[0] = fmaxf(high[0], map->points[i].x);
        high[1] = fmaxf(high[1], map->points[i].y);
    }
    const float middle[2] = {(low[0] + high[0]) / 2, (low[1] + high[1]) / 2};
    float wide = fmaxf(high[0] - low[0], high[1] - low[1]);
    float scale = wide > 0 ? (float)(SIDE - 2 * MARGIN) / wide : 0;
    for (int colour = key->count; colour >= 0; colour--) { /* the rare ones under the others */
        if (!draw_points(map, key, colour, middle, scale, out)) continue;
        mos_text_add(out, "\"><title>");
        mos_html_add(out, colour < key->count ? a->names[key->name[colour]] : "other or none");
        mos_text_add(out, "</title></path>");
    }
}

static void add_quality(const mos_report_map *map, mos_text *out) {
    if (map->collapsed) {
        mos_text_add(out, "<p class=\"bad\">⚠ The embedding mapped here has collapsed (RankMe ");
        mos_report_number(out, map->rankme, 1);
        mos_text_add(out, ").</p>");
    }
    if (map->degenerate)
        mos_text_add(out, "<p class=\"bad\">⚠ Nearly all points coincide: the map shows the "
                          "optimiser's noise.</p>");
    if (!isfinite(map->trustworthiness)) return;
    mos_text_add(out, "<p class=\"soft\">Trustworthiness ");
    mos_report_number(out, map->trustworthiness, 3);
    mos_text_add(out, ", divergence ");
    mos_report_number(out, map->divergence, 3);
    mos_text_add(out, "</p>");
}

static void add_map(const mos_run_document *run, const mos_report_analysis *a,
                    const mos_report_map *map, bool by_modality, mos_text *out) {
    map_key key = {.by_modality = by_modality};
    choose_colours(run, a, map, &key);
    mos_text_add(out, "<figure class=\"map\"><figcaption>");
    mos_html_add(out, map->name);
    mos_text_add(out, ", by %s", by_modality ? "modality" : "class");
    mos_report_source(run, mos_report_headline(run), "tsne.csv", out);
    mos_text_add(out, "</figcaption><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", SIDE,
                 SIDE);
    mos_html_add(out, map->name);
    mos_text_add(out, ": %zu points\">", map->count);
    draw_map(a, map, &key, out);
    mos_text_add(out, "</svg><p class=\"legend\">");
    for (int k = 0; k < key.count; k++) {
        mos_text_add(out, "<span data-s=\"%d\">", k);
        mos_report_class_name(out, key.colour[k], a->names[key.name[k]]);
        mos_text_add(out, "</span> ");
    }
    if (!by_modality) {
        mos_text_add(out, "<span data-s=\"%d\">", key.count);
        mos_report_class_name(out, key.colour[key.count], "other or none");
        mos_text_add(out, "</span>");
    }
    mos_text_add(out, "</p>");
    add_quality(map, out);
    mos_text_add(out, "</figure>\n");
}

void mos_section_maps(const mos_run_document *run, mos_text *out) {
    static const char *const words[] = {"t-SNE", "trustworthiness", "divergence", NULL};
    const mos_report_analysis *a = mos_report_headline_analysis(run);
    if (!a || a->maps == 0) return;
    mos_text_add(out,
                 "<section id=\"maps\"><h2>Maps of the embeddings</h2><p class=\"soft\">t-SNE; "
                 "near points are alike, distances between far ones mean little. A patch with "
                 "several classes is shown as the first of them. In the shared map every "
                 "patch has one point a modality.</p><div class=\"charts\">");
    for (int k = 0; k < a->maps; k++) {
        add_map(run, a, &a->map[k], false, out);
        if (strcmp(a->map[k].name, "shared") == 0) add_map(run, a, &a->map[k], true, out);
    }
    mos_text_add(out, "</div>");
    mos_report_terms(words, out);
    mos_text_add(out, "</section>\n");
}
