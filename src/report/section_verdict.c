/* Verdict, data and reproduction: what the run is and what came out, in words. */
#include "report/report_sections.h"
#include "report/svg_chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const mos_report_evaluation *mos_report_headline(const mos_run_document *run) {
    for (size_t i = 0; i < run->evaluation_count; i++)
        if (strcmp(run->evaluations[i].folder, "test") == 0) return &run->evaluations[i];
    return run->evaluation_count ? &run->evaluations[0] : NULL;
}

void mos_report_number(mos_text *out, double value, int digits) {
    if (isfinite(value))
        mos_text_add(out, "%.*f", digits, value);
    else
        mos_text_add(out, "–");
}

static void add_tile(mos_text *out, const char *name, double value, int digits) {
    mos_text_add(out, "<div class=\"tile\"><b>");
    mos_report_number(out, value, digits);
    mos_text_add(out, "</b><span>%s</span></div>", name);
}

static void add_note(mos_text *out, bool good, const char *text) {
    mos_text_add(out, "<p class=\"note%s\">", good ? " good" : "");
    mos_html_add(out, text);
    mos_text_add(out, "</p>");
}

static double last_value(const mos_report_curve *curve) {
    for (int64_t i = curve ? curve->count : 0; i > 0; i--)
        if (isfinite(curve->y[i - 1])) return curve->y[i - 1];
    return NAN;
}

/* Collapse shows in the health curves while a loss still falls: the thresholds are those of
 * training. */
static void warn_of_collapse(const mos_run_document *run, mos_text *out) {
    for (size_t i = 0; i < run->curve_count; i++) {
        const mos_report_curve *curve = &run->curves[i];
        double value = last_value(curve);
        const char *measure = strrchr(curve->name, '.');
        if (strcmp(curve->kind, "health") != 0 || strncmp(curve->name, "health.", 7) != 0 ||
            !isfinite(value))
            continue;
        bool spread = strcmp(measure, ".spread") == 0 && value < 0.1;
        bool cosine = strcmp(measure, ".mean_cosine") == 0 && value > 0.95;
        bool rank = strcmp(measure, ".effective_rank") == 0 && value < 2;
        if (!spread && !cosine && !rank) continue;
        char text[256];
        (void)snprintf(text, sizeof text, "The embedding looks collapsed: %s ended at %.3g.",
                       curve->name + 7, value);
        add_note(out, false, text);
    }
}

static void add_warnings(const mos_run_document *run, const mos_report_evaluation *headline,
                         mos_text *out) {
    if (strcmp(mos_run_document_fact(run, "reduced", "no"), "yes") == 0 ||
        (headline && headline->reduced))
        add_note(out, false,
                 "Reduced run: fewer patches, steps or epochs than the whole. The scores are not "
                 "final.");
    if (strcmp(mos_run_document_fact(run, "status", "complete"), "complete") != 0)
        add_note(out, false,
                 "The run is not complete: it was interrupted, failed or is still going.");
    warn_of_collapse(run, out);
    if (headline && headline->skipped > 0) {
        char text[160];
        (void)snprintf(text, sizeof text,
                       "%lld samples of the split were skipped because of damaged data.",
                       (long long)headline->skipped);
        add_note(out, false, text);
    }
    if (!headline)
        add_note(out, false,
                 "Nothing has been evaluated yet: run mosaic eval on the run's model, then write "
                 "the report again.");
}

void mos_section_verdict(const mos_run_document *run, mos_text *out) {
    const mos_report_evaluation *e = mos_report_headline(run);
    mos_text_add(out, "<section id=\"verdict\"><h2>Verdict</h2>");
    if (e) {
        int tuned = e->sets - 1;
        mos_text_add(out, "<p>Method <b>");
        mos_html_add(out, e->method);
        mos_text_add(out, "</b>, scored by its %s on %lld samples of split <b>", e->scorer,
                     (long long)e->samples);
        mos_html_add(out, e->split);
        mos_text_add(out, "</b>%s.</p><div class=\"tiles\">",
                     tuned ? "; F1 with thresholds tuned per class on validation"
                           : "; F1 at threshold 0.5");
        add_tile(out, "F1 macro", e->at[tuned].macro.f1, 3);
        add_tile(out, "F1 micro", e->at[tuned].micro.f1, 3);
        add_tile(out, "AP macro", e->at[0].macro.average_precision, 3);
        add_tile(out, "AP micro", e->at[0].micro.average_precision, 3);
        add_tile(out, "Hamming loss", e->at[tuned].hamming_loss, 4);
        mos_text_add(out, "</div>");
    }
    add_warnings(run, e, out);
    mos_text_add(out, "</section>\n");
}

static void add_fact_row(const mos_run_document *run, const char *fact, const char *title,
                         mos_text *out) {
    const char *value = mos_run_document_fact(run, fact, NULL);
    if (!value || !value[0]) return;
    mos_text_add(out, "<tr><td>%s</td><td>", title);
    mos_html_add(out, value);
    mos_text_add(out, "</td></tr>");
}

/* Defects found while opening the data set: kind, number, first example. */
static void add_defects(const mos_run_document *run, mos_text *out) {
    for (int i = 0;; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "data.defects.%d.kind", i);
        const char *kind = mos_run_document_fact(run, name, NULL);
        if (!kind) return;
        if (i == 0) mos_text_add(out, "<h3>Defects found in the data</h3>");
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

void mos_section_data(const mos_run_document *run, mos_text *out) {
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
        {"data.without_modality", "without any modality in use, left out"},
        {"data.fingerprint", "fingerprint of ids, splits and labels"},
    };
    if (run->fact_count == 0) return;
    mos_text_add(out, "<section id=\"data\"><h2>Data</h2><table>");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        add_fact_row(run, rows[i][0], rows[i][1], out);
    mos_text_add(out, "</table>");
    add_defects(run, out);
    mos_text_add(out, "</section>\n");
}

void mos_section_reproduce(const mos_run_document *run, mos_text *out) {
    static const char *const rows[][2] = {
        {"mosaic_version", "mosaic"},
        {"device", "device"},
        {"precision", "precision"},
        {"threads", "threads"},
        {"seed", "seed"},
        {"steps", "steps"},
        {"epochs", "epochs"},
        {"best_epoch", "best epoch"},
        {"score", "chosen by"},
        {"config_sha256", "SHA-256 of the configuration"},
        {"written", "written"},
    };
    mos_text_add(out, "<section id=\"reproduce\"><h2>Reproduce</h2><table>");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        add_fact_row(run, rows[i][0], rows[i][1], out);
    mos_text_add(out, "</table><pre>mosaic train ");
    mos_html_add(out, run->path);
    mos_text_add(out, "/config.yaml --out NEW_RUN</pre>");
    if (run->config) {
        mos_text_add(out, "<details><summary>Resolved configuration, every key and where it came "
                          "from</summary><pre>");
        mos_html_add(out, run->config);
        mos_text_add(out, "</pre></details>");
    }
    mos_text_add(out, "</section>\n");
}
