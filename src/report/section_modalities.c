/* What each modality is worth, and what the days between them cost. */
#include "report/report_parts.h"
#include "report/report_sections.h"
#include "report/svg_chart.h"

#include <math.h>

static const mos_report_modalities *headline(const mos_run_document *run) {
    const mos_report_evaluation *e = mos_report_headline(run);
    return e ? &e->analysis.modalities : NULL;
}

void mos_section_modalities(const mos_run_document *run, mos_text *out) {
    const mos_report_modalities *a = headline(run);
    bool differ = false;
    if (!a || a->subsets == 0) return;
    for (int k = 1; k < a->subsets; k++)
        differ = differ || a->subset[k].samples != a->subset[0].samples;
    mos_text_add(out,
                 "<section id=\"modalities\"><h2>Modalities</h2><p class=\"soft\">The trained "
                 "model on each subset of the modalities, and with partners taken from other "
                 "samples: labels are those of the sample whose modality is named first. In "
                 "parentheses, and as a line, 95 %% intervals; lacking are patches without one "
                 "of the modalities given.");
    mos_report_source(run, mos_report_headline(run), "modality_ablation.csv", out);
    mos_text_add(out, "</p>");
    if (differ)
        mos_text_add(out, "<p class=\"note\">Not every patch has every modality: rows are of "
                          "different patches and compare only roughly.</p>");
    mos_text_add(out, "<div class=\"scroll\"><table><tr><th scope=\"col\">given to the "
                      "model</th><th scope=\"col\" "
                      "class=\"n\">patches</th><th scope=\"col\" class=\"n\">lacking</th><th "
                      "scope=\"col\">macro F1");
    mos_bar_axis_write(out);
    mos_text_add(out,
                 "</th><th scope=\"col\" "
                 "class=\"n\">with its interval</th><th scope=\"col\" class=\"n\">micro F1</th>"
                 "<th scope=\"col\" class=\"n\">macro AP</th></tr>");
    for (int k = 0; k < a->subsets; k++) {
        const mos_report_subset *s = &a->subset[k];
        mos_text_add(out, "<tr><td>");
        mos_html_add(out, s->name);
        mos_text_add(out, "</td><td class=\"n\">%.0f</td><td class=\"n\">%.0f</td>", s->samples,
                     s->lacking);
        mos_text_add(out, "<td style=\"white-space:nowrap\">");
        mos_bar_draw(&(mos_bar){.value = s->macro_f1.value,
                                .mark = NAN,
                                .low = s->macro_f1.low,
                                .high = s->macro_f1.high,
                                .text = ""}, /* the next cell has the number */
                     out);
        mos_text_add(out, "</td>");
        mos_report_interval_cell(out, &s->macro_f1);
        mos_report_interval_cell(out, &s->micro_f1);
        mos_report_interval_cell(out, &s->macro_ap);
        mos_text_add(out, "</tr>");
    }
    mos_text_add(out, "</table></div></section>\n");
}

static void add_bins(const mos_report_lag_bin *bins, int count, bool increase, mos_text *out) {
    for (int k = 0; k < count; k++) {
        const mos_report_lag_bin *b = &bins[k];
        if (!(b->rows > 0)) continue;
        if (isfinite(b->high_days))
            mos_text_add(out, "<tr><td>%g to %g</td>", b->low_days, b->high_days);
        else
            mos_text_add(out, "<tr><td>%g and more</td>", b->low_days);
        mos_text_add(out, "<td class=\"n\">%.0f</td>", b->rows);
        mos_report_interval_cell(out, &b->score);
        if (increase) mos_report_interval_cell(out, &b->increase);
        mos_text_add(out, "</tr>");
    }
    mos_text_add(out, "</table></div>");
}

static bool any_rows(const mos_report_lag_bin *bins, int count) {
    for (int k = 0; k < count; k++)
        if (bins[k].rows > 0) return true;
    return false;
}

void mos_section_lag(const mos_run_document *run, mos_text *out) {
    const mos_report_modalities *a = headline(run);
    if (!a) return;
    bool own = any_rows(a->lag, a->lags), exchanged = any_rows(a->repair, a->repairs);
    if (!own && !exchanged) return;
    mos_text_add(out, "<section id=\"lag\"><h2>Days between the images</h2>");
    if (own) {
        mos_text_add(out, "<p class=\"soft\">Scores by the days between the two acquisitions, as "
                          "they are. Patches with a long lag may differ in more than the "
                          "lag.");
        mos_report_source(run, mos_report_headline(run), "lag.csv", out);
        mos_text_add(
            out,
            "</p><div class=\"scroll\"><table><tr><th scope=\"col\">days</th><th scope=\"col\" "
            "class=\"n\">patches</th><th scope=\"col\" class=\"n\">micro F1</th></tr>");
        add_bins(a->lag, a->lags, false, out);
    }
    if (exchanged) {
        mos_text_add(out, "<h3>Exchanged partners</h3><p class=\"soft\">The same patches with the "
                          "radar image of the same place from another day: nothing but the lag "
                          "changes. Error is the share of labels that are wrong; the rise is over "
                          "the patch's own pair.");
        mos_report_source(run, mos_report_headline(run), "lag_repair.csv", out);
        mos_text_add(out,
                     "</p><div "
                     "class=\"scroll\"><table><tr><th scope=\"col\">days</th><th scope=\"col\" "
                     "class=\"n\">pairs</th><th scope=\"col\" class=\"n\">error</th><th "
                     "scope=\"col\" class=\"n\">rise of "
                     "the error</th></tr>");
        add_bins(a->repair, a->repairs, true, out);
    }
    mos_text_add(out, "</section>\n");
}
