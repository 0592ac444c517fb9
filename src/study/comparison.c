#include "study/comparison.h"

#include "base/file.h"
#include "base/memory.h"
#include "report/report_parts.h"

#include <stdio.h>
#include <string.h>

enum { RESAMPLES = 1000, MOST_RUNS = MOS_COMPARISON_MOST_RUNS };

/* ---- one run ---- */

/* The last part of the path; all of it where two runs would have one name. */
static void name_runs(const mos_text_list *paths, mos_comparison *out) {
    for (int64_t r = 0; r < out->runs; r++) {
        const char *path = paths->items[r];
        size_t size = strlen(path), start;
        while (size > 1 && path[size - 1] == '/')
            size--;
        start = size;
        while (start > 0 && path[start - 1] != '/')
            start--;
        (void)snprintf(out->run[r].name, sizeof out->run[r].name, "%.*s", (int)(size - start),
                       path + start);
    }
    for (int64_t r = 0; r < out->runs; r++)
        for (int64_t i = 0; i < out->runs; i++)
            if (i != r && strcmp(out->run[r].name, out->run[i].name) == 0) {
                (void)snprintf(out->run[r].name, sizeof out->run[r].name, "%.255s",
                               paths->items[r]);
                (void)snprintf(out->run[i].name, sizeof out->run[i].name, "%.255s",
                               paths->items[i]);
            }
}

static const mos_report_evaluation *find_evaluation(const mos_run_document *document,
                                                    const char *folder) {
    for (size_t i = 0; i < document->evaluation_count; i++)
        if (strcmp(document->evaluations[i].folder, folder) == 0) return &document->evaluations[i];
    return NULL;
}

static mosaic_status read_config(mos_compared_run *run) {
    char what[4200];
    if (run->document.config == NULL) return MOSAIC_OK;
    (void)snprintf(what, sizeof what, "%s/config.yaml", run->document.path);
    MOS_TRY(mos_config_create(&run->config));
    return mos_config_read_text(run->config, run->document.config, what);
}

static mosaic_status read_predictions(mos_compared_run *run) {
    char folder[4600], path[4700];
    if (run->evaluation == NULL) return MOSAIC_OK;
    (void)snprintf(folder, sizeof folder, "%s/eval/%s", run->document.path,
                   run->evaluation->folder);
    MOS_TRY(mos_path_join(path, sizeof path, folder, "predictions.csv"));
    if (!mos_path_exists(path)) return MOSAIC_OK;
    return mos_predictions_read(folder, run->evaluation, &run->predictions);
}

/* ---- which evaluation, which reference ---- */

static mosaic_status fail_split(const mos_comparison *comparison, const char *wanted) {
    const char *names[64];
    size_t count = 0;
    for (int64_t r = 0; r < comparison->runs; r++) {
        const mos_run_document *document = &comparison->run[r].document;
        for (size_t i = 0; i < document->evaluation_count && count < 64; i++)
            names[count++] = document->evaluations[i].folder;
    }
    const char *near = mos_nearest_name(wanted, names, count);
    return mos_fail(MOSAIC_ERR_USAGE, "--split: no run has an evaluation '%s'%s%s%s", wanted,
                    near == NULL ? "" : ", did you mean '", near == NULL ? "" : near,
                    near == NULL ? "" : "'?");
}

/* The one most runs have, test before others; a probe's where a run has no other of that split. */
static mosaic_status choose_split(const char *wanted, mos_comparison *out) {
    static const char *const order[] = {"test",  "test-probe", "validation", "validation-probe",
                                        "train", "train-probe"};
    int64_t most = 0;
    for (size_t k = 0; wanted == NULL && k < sizeof order / sizeof *order; k++) {
        int64_t have = 0;
        for (int64_t r = 0; r < out->runs; r++)
            have += find_evaluation(&out->run[r].document, order[k]) != NULL;
        if (have <= most) continue;
        most = have;
        (void)snprintf(out->split, sizeof out->split, "%s", order[k]);
    }
    if (wanted != NULL) (void)snprintf(out->split, sizeof out->split, "%.255s", wanted);
    bool any = wanted == NULL;
    for (int64_t r = 0; r < out->runs; r++) {
        char probe[300];
        mos_compared_run *run = &out->run[r];
        (void)snprintf(probe, sizeof probe, "%s-probe", out->split);
        run->evaluation = find_evaluation(&run->document, out->split);
        if (run->evaluation == NULL) run->evaluation = find_evaluation(&run->document, probe);
        any = any || run->evaluation != NULL;
    }
    return any ? MOSAIC_OK : fail_split(out, wanted);
}

static mosaic_status choose_reference(const char *wanted, mos_comparison *out) {
    const char *names[MOST_RUNS];
    for (int64_t r = 0; r < out->runs; r++) {
        names[r] = out->run[r].name;
        if (wanted == NULL || strcmp(wanted, names[r]) == 0 ||
            strcmp(wanted, out->run[r].document.path) == 0) {
            out->reference = r;
            return MOSAIC_OK;
        }
    }
    const char *near = mos_nearest_name(wanted, names, (size_t)out->runs);
    return mos_fail(MOSAIC_ERR_USAGE, "--reference: no run '%s'%s%s%s", wanted,
                    near == NULL ? "" : ", did you mean '", near == NULL ? "" : near,
                    near == NULL ? "" : "'?");
}

/* ---- sample by sample ---- */

static mosaic_status compare_runs(mos_comparison *comparison, int threads) {
    const mos_compared_run *reference = &comparison->run[comparison->reference];
    mos_bootstrap_options options = mos_bootstrap_defaults(threads);
    options.resamples = RESAMPLES;
    for (int64_t r = 0; r < comparison->runs; r++) {
        mos_compared_run *run = &comparison->run[r];
        if (r == comparison->reference) continue;
        if (run->predictions.n == 0 || reference->predictions.n == 0)
            run->why = "no predictions";
        else
            run->why = mos_predictions_differ(&reference->predictions, &run->predictions);
        if (run->why != NULL) continue;
        mos_score_input a = mos_predictions_input(&run->predictions);
        mos_score_input b = mos_predictions_input(&reference->predictions);
        MOS_TRY(mos_bootstrap_paired(&a, &b, &options, &run->difference));
    }
    return MOSAIC_OK;
}

/* ---- the whole ---- */

static mosaic_status read_all(const mos_compare_options *options, mos_comparison *out) {
    for (int64_t r = 0; r < out->runs; r++) {
        MOS_TRY(mos_run_document_read(options->runs->items[r], &out->run[r].document));
        MOS_TRY(read_config(&out->run[r]));
    }
    name_runs(options->runs, out);
    MOS_TRY(choose_reference(options->reference, out));
    MOS_TRY(choose_split(options->split, out));
    for (int64_t r = 0; r < out->runs; r++)
        MOS_TRY(read_predictions(&out->run[r]));
    return compare_runs(out, options->threads);
}

mosaic_status mos_comparison_read(const mos_compare_options *options, mos_comparison *out) {
    *out = (mos_comparison){.runs = (int64_t)options->runs->count, .threads = options->threads};
    if (out->runs < 2 || out->runs > MOST_RUNS)
        return mos_fail(MOSAIC_ERR_USAGE, "wanted 2 to %d runs to compare, found %lld", MOST_RUNS,
                        (long long)out->runs);
    MOS_TRY(mos_alloc((size_t)out->runs, sizeof *out->run, "runs", &out->run));
    mosaic_status status = read_all(options, out);
    if (status != MOSAIC_OK) mos_comparison_release(out);
    return status;
}

void mos_comparison_release(mos_comparison *comparison) {
    for (int64_t r = 0; comparison->run != NULL && r < comparison->runs; r++) {
        mos_compared_run *run = &comparison->run[r];
        mos_run_document_release(&run->document);
        mos_predictions_release(&run->predictions);
        mos_config_destroy(&run->config);
        mos_bootstrap_release(&run->difference);
    }
    mos_free(comparison->run);
    *comparison = (mos_comparison){0};
}

mosaic_status mos_compare(const mos_compare_options *options) {
    mos_comparison comparison = {0};
    mos_text page = {0};
    mosaic_status status = mos_comparison_read(options, &comparison);
    for (int64_t r = 0; status == MOSAIC_OK && r < comparison.runs; r++)
        mos_report_link_from(options->out, &comparison.run[r].document);
    if (status == MOSAIC_OK) status = mos_comparison_page(&comparison, &page);
    if (status == MOSAIC_OK && page.failed) status = mos_fail_memory(page.size, "page");
    if (status == MOSAIC_OK) status = mos_atomic_write(options->out, page.data, page.size);
    mos_text_release(&page);
    mos_comparison_release(&comparison);
    return status;
}
