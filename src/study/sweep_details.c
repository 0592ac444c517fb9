#include "study/sweep_details.h"

#include "base/memory.h"
#include "io/csv.h"
#include "report/report_parts.h"
#include "report/svg_chart.h"
#include "study/sweep_tables.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const mos_sweep_detail_names[MOS_SWEEP_DETAILS] = {
    "macro_precision", "micro_precision",   "macro_recall", "micro_recall",
    "silhouette",      "neighbour_jaccard", "rankme"};
const char *const mos_sweep_detail_titles[MOS_SWEEP_DETAILS] = {
    "macro precision", "micro precision",       "macro recall", "micro recall",
    "silhouette",      "k-NN label Jaccard@10", "RankMe"};

/* ---- reading ---- */

/* Features of all modalities side by side, or of the only one. */
static const mos_report_space *whole_features(const mos_report_analysis *analysis) {
    const mos_report_space *found = NULL;
    for (int s = 0; s < analysis->spaces; s++) {
        const mos_report_space *space = &analysis->space[s];
        if (strcmp(space->kind, "feature") != 0) continue;
        if (found == NULL || strcmp(space->name, "joint") == 0) found = space;
    }
    return found;
}

static mosaic_status take(const mos_report_evaluation *e, mos_sweep_detail *out) {
    int last = e->sets - 1;
    const mos_report_space *space = whole_features(&e->analysis);
    const double value[MOS_SWEEP_DETAILS] = {e->at[last].macro.precision,
                                             e->at[last].micro.precision,
                                             e->at[last].macro.recall,
                                             e->at[last].micro.recall,
                                             space == NULL ? NAN : space->silhouette,
                                             space == NULL ? NAN : space->neighbour_jaccard,
                                             space == NULL ? NAN : space->rankme};
    memcpy(out->value, value, sizeof value);
    MOS_TRY(mos_alloc((size_t)e->class_count, sizeof *out->classes, "classes", &out->classes));
    out->class_count = e->class_count;
    for (int64_t c = 0; c < e->class_count; c++) {
        const mos_report_class *from = &e->classes[c];
        mos_sweep_class *to = &out->classes[c];
        memcpy(to->name, from->name, sizeof to->name);
        to->positives = from->positives;
        to->precision = from->at[last].precision;
        to->recall = from->at[last].recall;
        to->f1 = from->at[last].f1;
        to->average_precision = from->average_precision;
    }
    return MOSAIC_OK;
}

mosaic_status mos_sweep_details_read(const mos_sweep_results *results, const char *folder,
                                     mos_sweep_details *out) {
    const mos_sweep_plan *plan = results->plan;
    int splits = plan->spec.splits;
    *out = (mos_sweep_details){.results = results};
    MOS_TRY(mos_alloc((size_t)plan->runs, sizeof *out->run, "runs", &out->run));
    for (int64_t r = 0; r < plan->runs; r++) {
        char path[4096];
        mos_report_evaluation evaluation = {0};
        for (int d = 0; d < MOS_SWEEP_DETAILS; d++)
            out->run[r].value[d] = NAN;
        if (!results->scores[r * splits + splits - 1].known) continue;
        MOS_TRY(mos_sweep_evaluation_folder(plan, folder, r, splits - 1, path, sizeof path));
        mosaic_status status = mos_report_evaluation_read(path, &evaluation);
        if (status == MOSAIC_OK) status = take(&evaluation, &out->run[r]);
        mos_report_evaluation_release(&evaluation);
        if (status != MOSAIC_OK) return status;
    }
    return MOSAIC_OK;
}

void mos_sweep_details_release(mos_sweep_details *details) {
    for (int64_t r = 0; details->run != NULL && r < details->results->plan->runs; r++)
        mos_free(details->run[r].classes);
    mos_free(details->run);
    *details = (mos_sweep_details){0};
}

/* ---- tables for programs ---- */

static void add_run_cells(const mos_sweep_plan *plan, int64_t r, mos_text *out) {
    const mos_sweep_run *run = &plan->run[r];
    mos_csv_add_field(out, run->name);
    mos_text_add_bytes(out, ",", 1);
    mos_csv_add_field(out, plan->setting[run->setting].label);
    mos_csv_add_number(out, run->labeled);
    mos_text_add(out, ",%lld,%s", (long long)run->number,
                 mos_split_names[plan->spec.evaluate[plan->spec.splits - 1]]);
}

static mosaic_status write_classes(const mos_sweep_details *details, const char *folder) {
    const mos_sweep_plan *plan = details->results->plan;
    mos_text out = {0};
    mos_text_add(&out, "run,setting,labels,seed,split,class,positives,precision,recall,f1,"
                       "average_precision\n");
    for (int64_t r = 0; r < plan->runs; r++)
        for (int64_t c = 0; c < details->run[r].class_count; c++) {
            const mos_sweep_class *class = &details->run[r].classes[c];
            add_run_cells(plan, r, &out);
            mos_text_add_bytes(&out, ",", 1);
            mos_csv_add_field(&out, class->name);
            mos_text_add(&out, ",%lld", (long long)class->positives);
            mos_csv_add_number(&out, class->precision);
            mos_csv_add_number(&out, class->recall);
            mos_csv_add_number(&out, class->f1);
            mos_csv_add_number(&out, class->average_precision);
            mos_text_add(&out, "\n");
        }
    return mos_sweep_file(folder, "classes.csv", &out);
}

mosaic_status mos_sweep_details_write(const mos_sweep_details *details, const char *folder) {
    const mos_sweep_plan *plan = details->results->plan;
    mos_text out = {0};
    MOS_TRY(write_classes(details, folder));
    mos_text_add(&out, "run,setting,labels,seed,split");
    for (int d = 0; d < MOS_SWEEP_DETAILS; d++)
        mos_text_add(&out, ",%s", mos_sweep_detail_names[d]);
    mos_text_add(&out, "\n");
    for (int64_t r = 0; r < plan->runs; r++) {
        if (details->run[r].class_count == 0) continue;
        add_run_cells(plan, r, &out);
        for (int d = 0; d < MOS_SWEEP_DETAILS; d++)
            mos_csv_add_number(&out, details->run[r].value[d]);
        mos_text_add(&out, "\n");
    }
    return mos_sweep_file(folder, "details.csv", &out);
}

/* ---- the page ---- */

/* The first complete run of a fraction: its classes name the rows. NULL: none. */
static const mos_sweep_detail *first_run(const mos_sweep_details *details, int fraction) {
    const mos_sweep_results *results = details->results;
    for (int64_t i = 0; i < results->rows; i++) {
        const mos_sweep_row *row = &results->row[i];
        for (int64_t r = row->first; r < row->first + row->runs; r++)
            if (row->fraction == fraction && details->run[r].class_count > 0)
                return &details->run[r];
    }
    return NULL;
}

/* Mean over the seeds that have the number; sd NaN below two. */
typedef struct seed_mean {
    double mean, sd;
} seed_mean;

static seed_mean mean_of(const mos_sweep_details *details, const mos_sweep_row *row, int detail,
                         int64_t class) {
    double sum = 0, squares = 0;
    int64_t count = 0;
    for (int pass = 0; pass < 2; pass++) {
        double mean = count > 0 ? sum / (double)count : NAN;
        for (int64_t r = row->first; r < row->first + row->runs; r++) {
            const mos_sweep_detail *run = &details->run[r];
            double value = class < 0                  ? run->value[detail]
                           : class < run->class_count ? run->classes[class].f1
                                                      : NAN;
            if (!isfinite(value)) continue;
            if (pass == 0) {
                sum += value;
                count++;
            } else {
                squares += (value - mean) * (value - mean);
            }
        }
    }
    return (seed_mean){count > 0 ? sum / (double)count : NAN,
                       count > 1 ? sqrt(squares / (double)(count - 1)) : NAN};
}

static void add_cell(mos_text *out, seed_mean value) {
    mos_text_add(out, "<td class=\"n\">");
    mos_report_number(out, value.mean, 3);
    if (isfinite(value.sd)) mos_text_add(out, " <span class=\"soft\">± %.3f</span>", value.sd);
    mos_text_add(out, "</td>");
}

static void add_setting(const mos_sweep_results *results, const mos_sweep_row *row, mos_text *out) {
    mos_report_class_name(out, mos_palette_colour((size_t)row->setting),
                          results->plan->setting[row->setting].label);
}

static void add_numbers(const mos_sweep_details *details, int fraction, mos_text *out) {
    const mos_sweep_results *results = details->results;
    mos_text_add(out, "<div class=\"scroll\"><table><tr><th scope=\"col\">setting</th>");
    for (int d = 0; d < MOS_SWEEP_DETAILS; d++)
        mos_text_add(out, "<th scope=\"col\" class=\"n\">%s</th>", mos_sweep_detail_titles[d]);
    mos_text_add(out, "</tr>");
    for (int64_t i = 0; i < results->rows; i++) {
        const mos_sweep_row *row = &results->row[i];
        if (row->fraction != fraction) continue;
        mos_text_add(out, "<tr><th scope=\"row\">");
        add_setting(results, row, out);
        mos_text_add(out, "</th>");
        for (int d = 0; d < MOS_SWEEP_DETAILS; d++)
            add_cell(out, mean_of(details, row, d, -1));
        mos_text_add(out, "</tr>");
    }
    mos_text_add(out, "</table></div>");
}

static void add_classes(const mos_sweep_details *details, int fraction,
                        const mos_sweep_detail *names, mos_text *out) {
    const mos_sweep_results *results = details->results;
    mos_text_add(out, "<details><summary>F1 of every class</summary><div class=\"scroll\"><table>"
                      "<tr><th scope=\"col\">class</th><th scope=\"col\" class=\"n\">positives"
                      "</th>");
    for (int64_t i = 0; i < results->rows; i++) {
        if (results->row[i].fraction != fraction) continue;
        mos_text_add(out, "<th scope=\"col\" class=\"n\">");
        add_setting(results, &results->row[i], out);
        mos_text_add(out, "</th>");
    }
    mos_text_add(out, "</tr>");
    for (int64_t c = 0; c < names->class_count; c++) {
        mos_text_add(out, "<tr><th scope=\"row\">");
        mos_html_add(out, names->classes[c].name);
        mos_text_add(out, "</th><td class=\"n\">%lld</td>", (long long)names->classes[c].positives);
        for (int64_t i = 0; i < results->rows; i++)
            if (results->row[i].fraction == fraction)
                add_cell(out, mean_of(details, &results->row[i], 0, c));
        mos_text_add(out, "</tr>");
    }
    mos_text_add(out, "</table></div></details>");
}

void mos_sweep_details_page(const mos_sweep_details *details, mos_text *out) {
    const mos_sweep_results *results = details->results;
    const mos_sweep_spec *spec = &results->plan->spec;
    bool begun = false;
    for (int f = spec->fractions > 0 ? 0 : -1; f < spec->fractions; f++) {
        const mos_sweep_detail *names = first_run(details, f);
        if (names == NULL) continue;
        if (!begun)
            mos_text_add(out,
                         "<section id=\"details\"><h2>Precision, clusters and classes, split "
                         "%s</h2><p class=\"soft\">Mean ± standard deviation over seeds, at "
                         "thresholds tuned per class on validation. Silhouette (cosine, by label "
                         "set), label overlap of the ten nearest neighbours and effective rank are "
                         "of the features of all modalities side by side; they are there where a "
                         "sweep says <code>pages: true</code>. Numbers of every run: "
                         "<a href=\"details.csv\">CSV</a>, of every class: <a "
                         "href=\"classes.csv\">CSV</a>.</p>",
                         mos_split_names[spec->evaluate[spec->splits - 1]]);
        begun = true;
        mos_text_add(out, "<h3>%g %% labels</h3>",
                     100 * (f >= 0 ? spec->fraction[f] : results->row[0].labeled));
        add_numbers(details, f, out);
        add_classes(details, f, names, out);
    }
    if (begun) mos_text_add(out, "</section>\n");
}
