/* What the run was given: counts, classes, which occur together, seasons, places, lags, what was
 * wrong with the data and what was done about it. */
#include "base/memory.h"
#include "report/report_parts.h"
#include "report/report_sections.h"
#include "report/svg_chart.h"
#include "report/svg_heat.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_DEFECTS = 60, MOST_COUNTRIES = 20 };

static void add_fact_row(const mos_run_document *run, const char *fact, const char *title,
                         mos_text *out) {
    const char *value = mos_run_document_fact(run, fact, NULL);
    if (!value || !value[0]) return;
    mos_text_add(out, "<tr><th scope=\"row\">%s</th><td>", title);
    mos_html_add(out, value);
    mos_text_add(out, "</td></tr>");
}

static void add_facts(const mos_run_document *run, mos_text *out) {
    static const char *const rows[][2] = {
        {"data.format", "format"},
        {"data.root", "root"},
        {"data.split_train", "patches, train"},
        {"data.split_validation", "patches, validation"},
        {"data.split_test", "patches, test"},
        {"data.classes", "classes"},
        {"data.trained_on", "trained on"},
        {"data.labeled", "of these with known labels"},
        {"data.labeled_fraction", "labelled fraction"},
        {"data.split_file.path", "split file"},
        {"data.without_modality", "without any modality in use, left out"},
        {"data.fingerprint", "fingerprint of ids, splits and labels"},
    };
    if (run->fact_count == 0) return;
    mos_text_add(out, "<div class=\"scroll\"><table class=\"facts\">");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        add_fact_row(run, rows[i][0], rows[i][1], out);
    mos_text_add(out, "</table></div>");
}

/* ---- counts ---- */

static void add_count_bar(int64_t count, int64_t most, const char *colour, mos_text *out) {
    char text[32];
    (void)snprintf(text, sizeof text, "%lld", (long long)count);
    mos_bar_draw(&(mos_bar){.value = most > 0 ? (double)count / (double)most : 0,
                            .mark = NAN,
                            .low = NAN,
                            .high = NAN,
                            .colour = colour,
                            .text = text},
                 out);
}

static void add_classes(const mos_run_document *run, mos_text *out) {
    const mos_report_data *d = &run->data;
    mos_legend legend = mos_report_legend(run);
    int64_t most = 0;
    for (int64_t j = 0; j < d->class_count; j++)
        most = d->classes[j].all > most ? d->classes[j].all : most;
    mos_text_add(out, "<h3>Classes");
    mos_report_source(run, NULL, "data.json", out);
    mos_text_add(out, "</h3>");
    if (legend != MOS_LEGEND_NONE)
        mos_text_add(out, "<p class=\"soft\">Colours are those of the legend of %s.</p>",
                     mos_legend_titles[legend]);
    mos_text_add(out, "<div class=\"scroll\"><table class=\"sort\"><tr><th scope=\"col\">class</th>"
                      "<th scope=\"col\">patches</th><th scope=\"col\" class=\"n\">train</th><th "
                      "scope=\"col\" class=\"n\">validation</th><th scope=\"col\" class=\"n\">test"
                      "</th></tr>");
    for (int64_t j = 0; j < d->class_count; j++) {
        const struct mos_report_data_class *c = &d->classes[j];
        const char *colour = mos_report_class_colour(run, legend, c->name);
        mos_text_add(out, "<tr><th scope=\"row\">");
        mos_report_class_name(out, colour, c->name);
        mos_text_add(out, "</th><td>");
        add_count_bar(c->all, most, colour, out);
        mos_text_add(out, "</td>");
        for (int s = 0; s < 3; s++)
            mos_text_add(out, "<td class=\"n\">%lld</td>", (long long)c->positives[s]);
        mos_text_add(out, "</tr>");
    }
    mos_text_add(out, "</table></div>");
}

/* Row a, column b: the share of patches with a that have b too. */
static void add_together(const mos_run_document *run, mos_text *out) {
    const mos_report_data *d = &run->data;
    mos_legend legend = mos_report_legend(run);
    char link[MOS_REPORT_LINK];
    mos_heat *heat;
    if (d->class_count < 2 || mos_alloc(1, sizeof *heat, "heat map", &heat) != MOSAIC_OK) return;
    heat->title = "Which classes occur together: the share of the row's patches that have the "
                  "column's class too";
    heat->source = mos_report_link(run, NULL, "data.json", link) ? link : NULL;
    heat->scale = "share of the row's patches";
    heat->between = "occurs with";
    heat->full = 1;
    for (; heat->count < MOS_HEAT_MOST && heat->count < d->class_count; heat->count++) {
        heat->name[heat->count] = d->classes[heat->count].name;
        heat->colour[heat->count] =
            mos_report_class_colour(run, legend, d->classes[heat->count].name);
    }
    for (int a = 0; a < heat->count; a++)
        for (int b = 0; b < heat->count; b++) {
            int64_t both = d->together[a * d->class_count + b];
            int64_t all = d->together[a * d->class_count + a];
            if (a != b && all > 0) heat->value[a][b] = (double)both / (double)all;
        }
    mos_heat_write(heat, out);
    mos_free(heat);
}

static void add_counts(const char *title, const mos_report_count *counts, int count, int shown,
                       mos_text *out) {
    int64_t most = 0, others = 0, known = 0;
    for (int k = 0; k < count; k++) {
        if (strcmp(counts[k].name, "unknown") != 0) known += counts[k].all;
        most = counts[k].all > most ? counts[k].all : most;
        if (k >= shown) others += counts[k].all;
    }
    if (known == 0) return;
    mos_text_add(out, "<figure><figcaption>%s</figcaption><table>", title);
    for (int k = 0; k < count && k < shown; k++) {
        if (counts[k].all == 0 && strcmp(counts[k].name, "unknown") == 0) continue;
        mos_text_add(out, "<tr><th scope=\"row\">");
        mos_html_add(out, counts[k].name);
        mos_text_add(out, "</th><td>");
        add_count_bar(counts[k].all, most, NULL, out);
        mos_text_add(out, "</td></tr>");
    }
    if (others > 0)
        mos_text_add(out, "<tr><th scope=\"row\">%d others</th><td>%lld</td></tr>", count - shown,
                     (long long)others);
    mos_text_add(out, "</table></figure>");
}

/* ---- what was wrong ---- */

/* Defects found while opening the data set: kind, number, first example. */
static void add_defects(const mos_run_document *run, mos_text *out) {
    for (int i = 0; i < MOST_DEFECTS; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "data.defects.%d.kind", i);
        const char *kind = mos_run_document_fact(run, name, NULL);
        if (!kind && i == 0 && run->fact_count > 0)
            mos_text_add(out, "<p>No defects met while opening the data.</p>");
        if (!kind) return;
        (void)snprintf(name, sizeof name, "data.defects.%d.count", i);
        mos_text_add(out, "<p class=\"note\"><b>%s</b> × ", mos_run_document_fact(run, name, "?"));
        mos_html_add(out, kind);
        (void)snprintf(name, sizeof name, "data.defects.%d.examples.0", i);
        const char *example = mos_run_document_fact(run, name, "");
        if (example[0]) mos_text_add(out, ", e.g. ");
        mos_html_add(out, example);
        mos_text_add(out, "</p>");
    }
}

/* What data.policy and data.constant_bands did about it, as counted while training and validating.
 */
static void add_policy(const mos_run_document *run, mos_text *out) {
    static const char *const counts[][2] = {
        {"not_finite_pixels", "pixels NaN or infinite"},
        {"nodata_pixels", "no-data pixels"},
        {"absent_modalities", "modalities absent"},
        {"skipped", "patches skipped"},
        {"unreadable", "of these unreadable"},
        {"constant_skipped", "of these for a constant band"},
        {"constant_bands", "bands of one value"},
    };
    const char *policy = mos_run_document_fact(run, "data.policy.name", NULL);
    if (!policy) return;
    mos_text_add(out, "<p>What was done about it: policy <b>");
    mos_html_add(out, policy);
    mos_text_add(out, "</b>, ");
    mos_html_add(out, mos_run_document_fact(run, "data.policy.offsets_removed", "0"));
    mos_text_add(out, " offsets of +1000 removed, bands of one value: <b>");
    mos_html_add(out, mos_run_document_fact(run, "data.policy.constant_bands", "keep"));
    mos_text_add(out, "</b>.</p><div class=\"scroll\"><table><tr><th "
                      "scope=\"col\">dealt with</th><th scope=\"col\" class=\"n\">in all training "
                      "steps</th><th scope=\"col\" class=\"n\">in one validation</th></tr>");
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
        mos_text_add(out, "<tr><th scope=\"row\">%s</th>", counts[k][1]);
        for (int s = 0; s < 2; s++) {
            char name[96];
            (void)snprintf(name, sizeof name, "data.policy.%s.%s", s ? "validation" : "training",
                           counts[k][0]);
            mos_text_add(out, "<td class=\"n\">");
            mos_html_add(out, mos_run_document_fact(run, name, "–"));
            mos_text_add(out, "</td>");
        }
        mos_text_add(out, "</tr>");
    }
    mos_text_add(out, "</table></div>");
}

void mos_section_data(const mos_run_document *run, mos_text *out) {
    if (run->fact_count == 0 && !run->has_data) return;
    mos_text_add(out, "<section id=\"data\"><h2>Data</h2>");
    add_facts(run, out);
    mos_text_add(out, "<h3>Defects</h3>");
    add_defects(run, out);
    add_policy(run, out);
    if (run->has_data) {
        if (run->data.class_count > 0) add_classes(run, out);
        add_together(run, out);
        mos_text_add(out, "<div class=\"charts small\">");
        add_counts("Days between radar and optical image", run->data.lag, run->data.lags,
                   MOS_REPORT_COUNTS, out);
        add_counts("Seasons", run->data.season, run->data.seasons, MOS_REPORT_COUNTS, out);
        add_counts("Countries", run->data.country, run->data.countries, MOST_COUNTRIES, out);
        mos_text_add(out, "</div>");
    }
    mos_text_add(out, "</section>\n");
}
