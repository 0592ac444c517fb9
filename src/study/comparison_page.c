/* The page of a comparison: verdict, scores, differences, classes, curves, configurations, origins.
 */
#include "base/log.h"
#include "report/page.h"
#include "report/report_parts.h"
#include "report/report_terms.h"
#include "report/svg_chart.h"
#include "study/comparison_ground.h"
#include "study/comparison_seeds.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- verdict ---- */

static bool facts_differ(const mos_comparison *comparison, const char *fact) {
    const char *first = mos_run_document_fact(&comparison->run[0].document, fact, "");
    for (int64_t r = 1; r < comparison->runs; r++)
        if (strcmp(mos_run_document_fact(&comparison->run[r].document, fact, ""), first) != 0)
            return true;
    return false;
}

/* What may be said of a run's difference from the reference, by macro F1; p: with Holm's factor. */
static void add_claim(const mos_compared_run *run, double p, mos_text *out) {
    const mos_interval *d = &run->difference.macro_f1;
    mos_text_add(out, "<li><b>");
    mos_html_add(out, run->name);
    mos_text_add(out, "</b> ");
    mos_report_signed(out, d->value, 3);
    mos_text_add(out, " (");
    mos_report_signed(out, d->low, 3);
    mos_text_add(out, " to ");
    mos_report_signed(out, d->high, 3);
    mos_text_add(out, "): %s</li>",
                 !(p < 0.05)    ? "not told apart by these patches"
                 : d->value > 0 ? "ahead on other patches too; one training a side, no difference "
                                  "is claimed"
                                : "behind on other patches too; one training a side, no difference "
                                  "is claimed");
}

static void add_excuse(const mos_compared_run *run, mos_text *out) {
    mos_text_add(out, "<li><b>");
    mos_html_add(out, run->name);
    mos_text_add(out, "</b> not compared: %s</li>", run->why);
}

/* What a run does not share with the reference: scores of other bands or data are no contest. */
static mosaic_status add_grounds(const mos_comparison *comparison, mos_text *out) {
    for (int64_t r = 0; r < comparison->runs; r++) {
        mos_text_list found = {0};
        mosaic_status status = mos_comparison_ground(comparison, r, &found);
        for (size_t i = 0; status == MOSAIC_OK && i < found.count; i++) {
            mos_log(MOS_LOG_WARNING, "%s: %s", comparison->run[r].name, found.items[i]);
            mos_text_add(out, i == 0 ? "<p class=\"note\"><b>" : "; ");
            if (i == 0) mos_html_add(out, comparison->run[r].name);
            if (i == 0) mos_text_add(out, "</b>: not on the same ground: ");
            mos_html_add(out, found.items[i]);
        }
        if (found.count > 0) mos_text_add(out, ".</p>");
        mos_text_list_release(&found);
        MOS_TRY(status);
    }
    return MOSAIC_OK;
}

static void add_claims(const mos_comparison *comparison, mos_text *out) {
    double p[MOS_COMPARISON_MOST_RUNS], adjusted[MOS_COMPARISON_MOST_RUNS];
    for (int64_t r = 0; r < comparison->runs; r++) {
        const mos_bootstrap *d = &comparison->run[r].difference;
        p[r] = d->resamples > 0 ? d->macro_f1.p : NAN;
    }
    mos_holm_adjust(p, comparison->runs, adjusted);
    for (int64_t r = 0; r < comparison->runs; r++)
        if (comparison->run[r].difference.resamples > 0)
            add_claim(&comparison->run[r], adjusted[r], out);
        else if (comparison->run[r].why != NULL)
            add_excuse(&comparison->run[r], out);
}

static mosaic_status add_verdict(const mos_comparison *comparison,
                                 const mos_compared_settings *settings, mos_text *out) {
    mos_text_add(out, "<section id=\"verdict\"><h2>Verdict</h2>");
    mos_comparison_settings_claims(comparison, settings, out);
    mos_text_add(out, "<p>Macro F1 of each run minus that of "
                      "<b>");
    mos_html_add(out, comparison->run[comparison->reference].name);
    mos_text_add(out, "</b>, patch by patch, with 95 %% intervals:</p><ul>");
    add_claims(comparison, out);
    mos_text_add(out,
                 "</ul><p>Other trainings of the same runs, with other seeds, may differ by more: "
                 "<code>mosaic sweep</code> measures that.</p>");
    MOS_TRY(add_grounds(comparison, out));
    for (int64_t r = 0; r < comparison->runs; r++) {
        const mos_compared_run *run = &comparison->run[r];
        bool reduced = run->evaluation != NULL && run->evaluation->reduced;
        const char *status = mos_run_document_fact(&run->document, "status", "complete");
        if (!reduced && strcmp(status, "complete") == 0) continue;
        mos_text_add(out, "<p class=\"note\"><b>");
        mos_html_add(out, run->name);
        mos_text_add(out, "</b> is %s: its scores are not final.</p>",
                     reduced ? "a reduced run" : "not complete");
    }
    mos_text_add(out, "</section>\n");
    return MOSAIC_OK;
}

/* ---- curves ---- */

static bool has_values(const mos_report_curve *curve) {
    for (int64_t i = 0; curve != NULL && i < curve->count; i++)
        if (isfinite(curve->y[i])) return true;
    return false;
}

static void add_chart(const mos_comparison *comparison, const char *title, const char *kind,
                      const char *name, mos_text *out) {
    mos_chart chart = {.title = title, .x_name = kind[0] == 'e' ? "epoch" : "step"};
    for (int64_t r = 0; r < comparison->runs && chart.lines < MOS_CHART_MOST_LINES; r++) {
        const mos_compared_run *run = &comparison->run[r];
        const mos_report_curve *curve = mos_run_document_curve(&run->document, kind, name);
        if (!has_values(curve)) continue;
        chart.line[chart.lines++] = (mos_chart_line){.name = run->name,
                                                     .x = curve->x,
                                                     .y = curve->y,
                                                     .count = curve->count,
                                                     .colour = mos_palette_colour((size_t)r)};
    }
    mos_chart_write(&chart, out);
}

/* Every health measure any run has, a chart each: names are health.<modality>.<measure>. */
static void add_health(const mos_comparison *comparison, mos_text *out) {
    static const char *const measures[][2] = {{".spread", "spread"},
                                              {".rankme", "RankMe"},
                                              {".modality_alignment", "alignment of modalities"}};
    char title[96];
    for (int64_t r = 0; r < comparison->runs; r++) {
        const mos_run_document *document = &comparison->run[r].document;
        for (size_t c = 0; c < document->curve_count; c++) {
            const mos_report_curve *curve = &document->curves[c];
            const char *wanted = NULL, *measure = strrchr(curve->name, '.');
            bool shown = false;
            if (strcmp(curve->kind, "health") != 0 || strncmp(curve->name, "health.", 7) != 0)
                continue;
            for (size_t k = 0; k < sizeof measures / sizeof *measures; k++)
                if (strcmp(measure, measures[k][0]) == 0) wanted = measures[k][1];
            for (int64_t i = 0; i < r; i++)
                shown = shown || mos_run_document_curve(&comparison->run[i].document, "health",
                                                        curve->name) != NULL;
            if (wanted == NULL || shown) continue;
            (void)snprintf(title, sizeof title, "%.*s: %s", (int)(measure - curve->name - 7),
                           curve->name + 7, wanted);
            add_chart(comparison, title, "health", curve->name, out);
        }
    }
}

static void add_curves(const mos_comparison *comparison, mos_text *out) {
    static const char *const charts[][3] = {
        {"Validation macro AP", "epoch", "validation.macro_ap"},
        {"Validation macro F1", "epoch", "validation.macro_f1"},
        {"Total loss", "step", "loss"},
        {"Intra-modal contrast (intra)", "step", "intra"},
        {"Inter-modal contrast (inter)", "step", "inter"},
        {"Supervised contrast (msc)", "step", "msc"},
        {"Binary cross entropy (bce)", "step", "bce"},
        {"Gradient norm", "step", "gradient_norm"},
    };
    static const char *const losses[] = {"intra", "inter", "msc", "bce", NULL};
    static const char *const health[] = {"spread", "RankMe", "alignment", NULL};
    mos_text_add(out, "<section id=\"curves\"><h2>Training</h2>");
    if (comparison->runs > MOS_CHART_MOST_LINES)
        mos_text_add(out, "<p class=\"soft\">A chart shows at most %d runs: the first ones.</p>",
                     MOS_CHART_MOST_LINES);
    mos_text_add(out, "<p class=\"soft\">Losses of runs with other terms or weights are not on one "
                      "scale. The curves are in:");
    for (int64_t r = 0; r < comparison->runs; r++) {
        char link[MOS_REPORT_LINK];
        if (!mos_report_link(&comparison->run[r].document, NULL, "metrics.csv", link)) continue;
        mos_text_add(out, " ");
        mos_html_add(out, comparison->run[r].name);
        mos_source_add(link, out);
    }
    mos_text_add(out, "</p><div class=\"charts\">");
    for (size_t k = 0; k < sizeof charts / sizeof *charts; k++)
        add_chart(comparison, charts[k][0], charts[k][1], charts[k][2], out);
    mos_text_add(out, "</div>");
    mos_report_terms(losses, out);
    mos_text_add(out, "<h3>Health of the embedding</h3><div class=\"charts\">");
    add_health(comparison, out);
    mos_text_add(out, "</div>");
    mos_report_terms(health, out);
    mos_text_add(out, "</section>\n");
}

/* ---- configurations ---- */

/* One row when not all values are the same. */
static mosaic_status add_key(const mos_comparison *comparison, size_t i, bool *end, int *rows,
                             mos_text *out) {
    mos_text values[64] = {{0}};
    const char *key = NULL;
    bool is_free, differ = false;
    int64_t first = -1;
    mosaic_status status = MOSAIC_OK;
    *end = true;
    for (int64_t r = 0; r < comparison->runs; r++) {
        if (comparison->run[r].config == NULL) continue;
        MOS_GOTO(mos_config_entry(comparison->run[r].config, i, &key, &is_free, &values[r]));
        if (key == NULL) goto done;
        mos_text_add(&values[r], "%s", "");
        if (first < 0) first = r;
        differ = differ || values[r].data == NULL || values[first].data == NULL ||
                 strcmp(values[r].data, values[first].data) != 0;
    }
    *end = first < 0;
    if (!differ) goto done;
    (*rows)++;
    mos_text_add(out, "<tr><th scope=\"row\">");
    mos_html_add(out, key);
    mos_text_add(out, "</th>");
    for (int64_t r = 0; r < comparison->runs; r++) {
        mos_text_add(out, "<td>");
        mos_html_add(out, values[r].data == NULL ? "–" : values[r].data);
        mos_text_add(out, "</td>");
    }
    mos_text_add(out, "</tr>");
done:
    for (int64_t r = 0; r < comparison->runs; r++)
        mos_text_release(&values[r]);
    return status;
}

static void add_heads(const mos_comparison *comparison, const char *first, mos_text *out) {
    mos_text_add(out, "<div class=\"scroll\"><table><tr><th scope=\"col\">%s</th>", first);
    for (int64_t r = 0; r < comparison->runs; r++) {
        mos_text_add(out, "<th scope=\"col\">");
        mos_comparison_run_name(comparison, r, out);
        mos_text_add(out, "</th>");
    }
    mos_text_add(out, "</tr>");
}

static mosaic_status add_configurations(const mos_comparison *comparison, mos_text *out) {
    bool end = false;
    int rows = 0;
    mos_text_add(out, "<section id=\"configuration\"><h2>Configuration</h2><p class=\"soft\">Keys "
                      "whose values are not the same in all runs.</p>");
    add_heads(comparison, "key", out);
    for (size_t i = 0; !end; i++)
        MOS_TRY(add_key(comparison, i, &end, &rows, out));
    if (rows == 0)
        mos_text_add(out, "<tr><td colspan=\"%lld\">none: the configurations are equal</td></tr>",
                     (long long)comparison->runs + 1);
    mos_text_add(out, "</table></div></section>\n");
    return MOSAIC_OK;
}

static void add_origins(const mos_comparison *comparison, mos_text *out) {
    static const char *const rows[][2] = {
        {"data.fingerprint", "data"},
        {"data.trained_on", "patches trained on"},
        {"data.labeled", "with labels"},
        {"epochs", "epochs"},
        {"steps", "steps"},
        {"best_epoch", "best epoch"},
        {"best_score", "best score"},
        {"score", "chosen by"},
        {"seed", "seed"},
        {"device", "device"},
        {"precision", "precision"},
        {"threads", "threads"},
        {"mosaic_version", "mosaic"},
        {"written", "written"},
    };
    mos_text_add(out, "<section id=\"origins\"><h2>Origins</h2>");
    add_heads(comparison, "", out);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        mos_text_add(out, "<tr><th scope=\"row\">%s</th>", rows[i][1]);
        for (int64_t r = 0; r < comparison->runs; r++) {
            const char *value =
                mos_run_document_fact(&comparison->run[r].document, rows[i][0], "–");
            mos_text shown = {0};
            mos_text_add(&shown, i == 0 ? "%.12s" : "%s", value);
            mos_text_add(out, "<td>");
            mos_html_add(out, shown.data == NULL ? "" : shown.data);
            mos_text_add(out, "</td>");
            mos_text_release(&shown);
        }
        mos_text_add(out, "</tr>");
    }
    mos_text_add(out, "</table></div></section>\n");
}

/* What all runs share, once. */
static void add_about(const mos_comparison *comparison, mos_text *out) {
    static const char *const rows[][2] = {{"data.root", "data set"},
                                          {"data.labeled_fraction", "labelled fraction"},
                                          {"method", "method"}};
    mos_text_add(out, "<dl class=\"about\"><div><dt>evaluation</dt><dd>");
    mos_html_add(out, comparison->split);
    mos_text_add(out, "</dd></div>");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *value =
            mos_run_document_fact(&comparison->run[0].document, rows[i][0], "unknown");
        mos_text_add(out, "<div><dt>%s</dt><dd>", rows[i][1]);
        double share;
        char percent[32];
        if (facts_differ(comparison, rows[i][0]))
            mos_text_add(out, "differs, see Configuration");
        else if (i == 1 && mos_parse_double(value, &share))
            mos_text_add(out, "%s %%", mos_format_double(percent, sizeof percent, 100 * share, 4));
        else
            mos_html_add(out, value);
        mos_text_add(out, "</dd></div>");
    }
    mos_text_add(out, "</dl>");
}

static mosaic_status write_page(const mos_comparison *comparison,
                                const mos_compared_settings *settings, mos_text *out) {
    char title[64];
    (void)snprintf(title, sizeof title, "%lld runs side by side", (long long)comparison->runs);
    mos_page_begin(out, "comparison", title);
    add_about(comparison, out);
    mos_text_add(out, "<nav><a href=\"#verdict\">Verdict</a><a href=\"#scores\">Scores</a><a "
                      "href=\"#differences\">Differences</a><a href=\"#classes\">Classes</a><a "
                      "href=\"#curves\">Training</a><a href=\"#configuration\">Configuration</a><a "
                      "href=\"#origins\">Origins</a></nav>\n");
    MOS_TRY(add_verdict(comparison, settings, out));
    mos_comparison_scores(comparison, out);
    mos_comparison_settings_table(comparison, settings, out);
    MOS_TRY(mos_comparison_classes(comparison, out));
    add_curves(comparison, out);
    MOS_TRY(add_configurations(comparison, out));
    add_origins(comparison, out);
    mos_page_end(out);
    return MOSAIC_OK;
}

mosaic_status mos_comparison_page(const mos_comparison *comparison, mos_text *out) {
    mos_compared_settings settings;
    MOS_TRY(mos_comparison_settings(comparison, comparison->threads, &settings));
    mosaic_status status = write_page(comparison, &settings, out);
    mos_comparison_settings_release(&settings);
    return status;
}
