#include "study/comparison_seeds.h"

#include "base/memory.h"
#include "report/report_parts.h"
#include "report/report_terms.h"
#include "report/svg_chart.h"

#include <math.h>
#include <string.h>

enum { RESAMPLES = 1000 };

/* ---- which runs are of one setting ---- */

static bool is_seed(const char *key) {
    return strcmp(key, "train.seed") == 0 || strcmp(key, "data.labeled.seed") == 0;
}

/* Every key that can change results, how the run was scored and on which data; the seeds apart. */
typedef struct run_identity {
    mos_text setting, seeds; /* both empty: nothing is known of the run */
} run_identity;

static mosaic_status identify(const mos_compared_run *run, run_identity *out) {
    const char *key = NULL;
    bool is_free;
    mos_text value = {0};
    mosaic_status status = MOSAIC_OK;
    if (run->config == NULL || run->predictions.n == 0) return MOSAIC_OK;
    for (size_t i = 0;; i++) {
        mos_text_release(&value);
        MOS_GOTO(mos_config_entry(run->config, i, &key, &is_free, &value));
        if (key == NULL) break;
        if (is_seed(key) || !is_free)
            mos_text_add(is_seed(key) ? &out->seeds : &out->setting, "%s=%s\n", key,
                         value.data == NULL ? "" : value.data);
    }
    const mos_run_document *document = &run->document;
    mos_text_add(&out->setting, "scored by %s, trained on %s, %s", run->evaluation->scorer,
                 mos_run_document_fact(document, "data.fingerprint", ""),
                 mos_run_document_fact(document, "init_from", "")[0] == '\0' ? "from scratch"
                                                                             : "from weights");
    if (out->setting.failed || out->seeds.failed) status = mos_fail_memory(0, "a configuration");
done:
    mos_text_release(&value);
    return status;
}

static bool same(const mos_text *a, const mos_text *b) {
    return a->size > 0 && a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

static mosaic_status identify_all(const mos_comparison *comparison, run_identity **out) {
    MOS_TRY(mos_alloc((size_t)comparison->runs, sizeof **out, "runs", out));
    for (int64_t r = 0; r < comparison->runs; r++)
        MOS_TRY(identify(&comparison->run[r], &(*out)[r]));
    return MOSAIC_OK;
}

/* ---- pairs of runs ---- */

typedef struct run_pairs {
    const mos_compared_run *own[MOS_COMPARISON_MOST_RUNS], *other[MOS_COMPARISON_MOST_RUNS];
    int64_t count;
} run_pairs;

/* The first run of a setting that has these seeds; -1: none. */
static int64_t find_run(const mos_comparison *comparison, const run_identity *identity,
                        const mos_text *setting, const mos_text *seeds) {
    for (int64_t r = 0; r < comparison->runs; r++)
        if (same(&identity[r].setting, setting) && same(&identity[r].seeds, seeds)) return r;
    return -1;
}

/* In the order of the reference's seeds. A run that is named twice counts once, and one of other
 * samples not at all. */
static void find_pairs(const mos_comparison *comparison, const run_identity *identity,
                       const mos_text *setting, run_pairs *out) {
    const mos_text *reference = &identity[comparison->reference].setting;
    out->count = 0;
    for (int64_t r = 0; r < comparison->runs; r++) {
        const mos_text *seeds = &identity[r].seeds;
        const int64_t own = find_run(comparison, identity, setting, seeds);
        if (own < 0 || find_run(comparison, identity, reference, seeds) != r) continue;
        const mos_compared_run *pair[] = {&comparison->run[own], &comparison->run[r]};
        const mos_predictions *as = &(out->count > 0 ? out->own[0] : pair[0])->predictions;
        if (mos_predictions_differ(as, &pair[0]->predictions) != NULL ||
            mos_predictions_differ(as, &pair[1]->predictions) != NULL)
            continue;
        out->own[out->count] = pair[0];
        out->other[out->count++] = pair[1];
    }
}

/* ---- their differences ---- */

static void test_seeds(const run_pairs *pairs, int metric, mos_sweep_difference *out) {
    double ahead[MOS_COMPARISON_MOST_RUNS];
    for (int64_t k = 0; k < pairs->count; k++) {
        ahead[k] = mos_sweep_score(pairs->own[k]->evaluation, metric) -
                   mos_sweep_score(pairs->other[k]->evaluation, metric);
        out->better += mos_sweep_metric_is_loss(metric) ? ahead[k] < 0 : ahead[k] > 0;
    }
    out->seeds = mos_paired_t_test(ahead, pairs->count);
}

static mosaic_status compare_pairs(const run_pairs *pairs, int threads, mos_compared_setting *out) {
    mos_score_input a[MOS_COMPARISON_MOST_RUNS], b[MOS_COMPARISON_MOST_RUNS];
    mos_bootstrap_options options = mos_bootstrap_defaults(threads);
    mos_bootstrap found = {0};
    options.resamples = RESAMPLES;
    for (int64_t k = 0; k < pairs->count; k++) {
        a[k] = mos_predictions_input(&pairs->own[k]->predictions);
        b[k] = mos_predictions_input(&pairs->other[k]->predictions);
    }
    MOS_TRY(mos_bootstrap_paired_mean(a, b, pairs->count, &options, &found));
    const mos_interval *const interval[MOS_SWEEP_METRICS] = {
        &found.macro_f1, &found.micro_f1, &found.macro_ap, &found.micro_ap, &found.hamming_loss};
    out->pairs = pairs->count;
    for (int m = 0; m < MOS_SWEEP_METRICS; m++) {
        out->difference[m] =
            (mos_sweep_difference){.interval = *interval[m], .p_holm = NAN, .p_seeds_holm = NAN};
        test_seeds(pairs, m, &out->difference[m]);
    }
    mos_bootstrap_release(&found);
    return MOSAIC_OK;
}

/* The settings are one family by each metric, of each test. */
static void adjust(mos_compared_settings *settings) {
    double p[MOS_COMPARISON_MOST_RUNS], adjusted[MOS_COMPARISON_MOST_RUNS];
    for (int m = 0; m < MOS_SWEEP_METRICS; m++)
        for (int test = 0; test < 2; test++) {
            for (int64_t s = 0; s < settings->count; s++) {
                const mos_sweep_difference *d = &settings->setting[s].difference[m];
                p[s] = test == 0 ? d->interval.p : d->seeds.p;
            }
            mos_holm_adjust(p, settings->count, adjusted);
            for (int64_t s = 0; s < settings->count; s++) {
                mos_sweep_difference *d = &settings->setting[s].difference[m];
                *(test == 0 ? &d->p_holm : &d->p_seeds_holm) = adjusted[s];
            }
        }
}

static mosaic_status compare_settings(const mos_comparison *comparison,
                                      const run_identity *identity, int threads,
                                      mos_compared_settings *out) {
    const mos_text *reference = &identity[comparison->reference].setting;
    run_pairs pairs;
    MOS_TRY(mos_alloc((size_t)comparison->runs, sizeof *out->setting, "settings", &out->setting));
    for (int64_t r = 0; r < comparison->runs; r++) {
        bool first = identity[r].setting.size > 0 && !same(&identity[r].setting, reference);
        for (int64_t k = 0; k < r; k++)
            first = first && !same(&identity[k].setting, &identity[r].setting);
        if (!first) continue;
        find_pairs(comparison, identity, &identity[r].setting, &pairs);
        if (pairs.count < 2) continue;
        out->setting[out->count].run = r;
        MOS_TRY(compare_pairs(&pairs, threads, &out->setting[out->count++]));
    }
    adjust(out);
    return MOSAIC_OK;
}

mosaic_status mos_comparison_settings(const mos_comparison *comparison, int threads,
                                      mos_compared_settings *out) {
    run_identity *identity = NULL;
    *out = (mos_compared_settings){0};
    mosaic_status status = identify_all(comparison, &identity);
    if (status == MOSAIC_OK) status = compare_settings(comparison, identity, threads, out);
    for (int64_t r = 0; identity != NULL && r < comparison->runs; r++) {
        mos_text_release(&identity[r].setting);
        mos_text_release(&identity[r].seeds);
    }
    mos_free(identity);
    if (status != MOSAIC_OK) mos_comparison_settings_release(out);
    return status;
}

void mos_comparison_settings_release(mos_compared_settings *settings) {
    mos_free(settings->setting);
    *settings = (mos_compared_settings){0};
}

/* ---- on the page ---- */

void mos_comparison_settings_claims(const mos_comparison *comparison,
                                    const mos_compared_settings *settings, mos_text *out) {
    if (settings->count == 0) return;
    mos_text_add(out, "<p>Settings, each over the seeds that it shares with the setting of <b>");
    mos_html_add(out, comparison->run[comparison->reference].name);
    mos_text_add(out, "</b>; macro F1 minus that one's:</p><ul>");
    for (int64_t s = 0; s < settings->count; s++) {
        const mos_compared_setting *setting = &settings->setting[s];
        const mos_sweep_difference *d = &setting->difference[0];
        mos_text_add(out, "<li>the setting of <b>");
        mos_html_add(out, comparison->run[setting->run].name);
        mos_text_add(out, "</b>, %lld seeds, ", (long long)setting->pairs);
        mos_report_signed(out, d->interval.value, 3);
        mos_sweep_claim(d, setting->pairs, out);
        mos_text_add(out, "</li>");
    }
    mos_text_add(out, "</ul>");
}

static void add_row(const mos_comparison *comparison, const mos_compared_setting *setting,
                    int metric, mos_text *out) {
    const mos_sweep_difference *d = &setting->difference[metric];
    mos_text_add(out, "<tr><th scope=\"row\">");
    mos_comparison_run_name(comparison, setting->run, out);
    mos_text_add(out, "</th><td>%s</td>", mos_sweep_metric_titles[metric]);
    mos_report_cell(out, d->interval.value, 3);
    mos_text_add(out, "<td class=\"n\">");
    mos_report_signed(out, d->interval.low, 3);
    mos_text_add(out, " to ");
    mos_report_signed(out, d->interval.high, 3);
    mos_text_add(out, "</td>");
    mos_comparison_p(out, d->p_holm);
    mos_comparison_p(out, d->p_seeds_holm);
    mos_report_cell(out, d->seeds.effect, 1);
    mos_text_add(out, "<td class=\"n\">%lld of %lld</td><td>%s</td></tr>", (long long)d->better,
                 (long long)setting->pairs,
                 mos_sweep_differs(d) ? "<b>differs</b>" : "<span class=\"nb\">no claim</span>");
}

void mos_comparison_settings_table(const mos_comparison *comparison,
                                   const mos_compared_settings *settings, mos_text *out) {
    static const char *const words[] = {"p of seeds, Holm", "effect", "seeds ahead", "verdict",
                                        NULL};
    if (settings->count == 0) return;
    mos_text_add(out,
                 "<section id=\"seeds\"><h2>Over seeds</h2><p class=\"soft\">Runs whose "
                 "configurations differ in "
                 "their seeds alone are one setting, named by its first run. Mean over seeds "
                 "of the difference from the reference's setting, seed by seed; Holm counts "
                 "the settings as one family.</p><div class=\"scroll\"><table><tr><th "
                 "scope=\"col\">setting</th><th scope=\"col\">score</th><th scope=\"col\" "
                 "class=\"n\">difference</th><th scope=\"col\" class=\"n\">95 %% interval</th>"
                 "<th scope=\"col\" class=\"n\">p, Holm</th><th scope=\"col\" class=\"n\">p of "
                 "seeds, Holm</th><th scope=\"col\" class=\"n\">effect</th><th scope=\"col\" "
                 "class=\"n\">seeds ahead</th><th scope=\"col\">verdict</th></tr>");
    for (int64_t s = 0; s < settings->count; s++)
        for (int m = 0; m < MOS_SWEEP_METRICS; m++)
            add_row(comparison, &settings->setting[s], m, out);
    mos_text_add(out, "</table></div>");
    mos_report_terms(words, out);
    mos_text_add(out, "</section>\n");
}
