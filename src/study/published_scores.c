#include "study/published_scores.h"

#include "base/memory.h"
#include "report/report_parts.h"
#include "report/svg_chart.h"

#include <math.h>
#include <string.h>

#define CARD     "Hugging Face model card BIFOLD-BigEarthNetv2-0/"
#define OFFICIAL "official test split, whole"

/* macro F1, micro F1, macro AP, micro AP, Hamming loss */
const mos_published_score mos_published_scores[] = {
    {"BigEarthNet V2",
     "supervised ResNet-50",
     "s1+s2",
     1,
     {.644, .764, .703, .859, NAN},
     {.657, .767, .711, .861, NAN},
     OFFICIAL,
     CARD "resnet50-all, v0.1.1 and v0.2.0"},
    {"BigEarthNet V2",
     "supervised ResNet-50",
     "s1",
     1,
     {.576, .702, .628, .801, NAN},
     {.576, .702, .628, .801, NAN},
     OFFICIAL,
     CARD "resnet50-s1"},
    {.data = NULL},
};

const char *mos_published_data(const char *format) {
    if (strncmp(format, "bigearthnet-v2", 14) == 0) return "BigEarthNet V2";
    if (strncmp(format, "bigearthnet-v1", 14) == 0) return "BigEarthNet V1";
    return strcmp(format, "sen12ms") == 0 ? "SEN12MS" : NULL;
}

/* ---- a file of the user's ---- */

static mosaic_status read_cell(const mos_csv *csv, size_t row, const char *column, double *out) {
    int64_t at = mos_csv_column(csv, column);
    const char *cell = at < 0 ? "" : csv->cells[row * csv->columns + (size_t)at];
    *out = NAN;
    if (cell[0] == '\0' || (mos_parse_double(cell, out) && *out >= 0 && *out <= 1))
        return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_DATA, "line %u: column '%s' wants a number from 0 to 1, found '%s'",
                    csv->lines[row], column, cell);
}

static mosaic_status read_row(const mos_csv *csv, size_t row, mos_published_score *out) {
    static const char *const names[] = {"data", "method", "modalities", "scored", "source"};
    const char *text[5];
    for (int k = 0; k < 5; k++) {
        int64_t at = mos_csv_column(csv, names[k]);
        if (at < 0) return mos_fail(MOSAIC_ERR_DATA, "a column '%s' is needed", names[k]);
        text[k] = csv->cells[row * csv->columns + (size_t)at];
    }
    *out = (mos_published_score){.data = text[0],
                                 .method = text[1],
                                 .modalities = text[2],
                                 .scored = text[3],
                                 .source = text[4]};
    if (out->source[0] == '\0')
        return mos_fail(MOSAIC_ERR_DATA, "line %u: a figure without a source", csv->lines[row]);
    MOS_TRY(read_cell(csv, row, "labels", &out->labels));
    if (!(out->labels > 0))
        return mos_fail(MOSAIC_ERR_DATA,
                        "line %u: column 'labels' wants the labelled fraction, 0.1 for 10 %%",
                        csv->lines[row]);
    for (int m = 0; m < MOS_SWEEP_METRICS; m++) {
        MOS_TRY(read_cell(csv, row, mos_sweep_metric_names[m], &out->low[m]));
        out->high[m] = out->low[m];
    }
    return MOSAIC_OK;
}

mosaic_status mos_published_read(const char *path, mos_published_table *out) {
    mosaic_status status;
    *out = (mos_published_table){0};
    MOS_GOTO(mos_csv_read(path, 0, &out->csv));
    MOS_GOTO(mos_alloc(out->csv.rows, sizeof *out->row, "published figures", &out->row));
    for (size_t r = 0; r < out->csv.rows; r++) {
        status = read_row(&out->csv, r, &out->row[out->count++]);
        if (status != MOSAIC_OK) {
            status = mos_context(status, "%s", path);
            goto done;
        }
    }
done:
    if (status != MOSAIC_OK) mos_published_release(out);
    return status;
}

void mos_published_release(mos_published_table *table) {
    mos_csv_release(&table->csv);
    mos_free(table->row);
    *table = (mos_published_table){0};
}

/* ---- the page ---- */

static void add_figure(mos_text *out, double low, double high) {
    mos_text_add(out, "<td class=\"n\">");
    mos_report_number(out, low, 3);
    if (high > low) mos_text_add(out, "–%.3f", high);
    mos_text_add(out, "</td>");
}

static void add_score(const mos_published_score *score, mos_text *out) {
    mos_text_add(out, "<tr><td>");
    mos_html_add(out, score->method);
    mos_text_add(out, ", ");
    mos_html_add(out, score->modalities);
    mos_text_add(out, "</td><td class=\"n\">%g %%</td>", 100 * score->labels);
    for (int m = 0; m < MOS_SWEEP_METRICS; m++)
        add_figure(out, score->low[m], score->high[m]);
    mos_text_add(out, "<td>");
    mos_html_add(out, score->scored);
    mos_text_add(out, "; ");
    mos_html_add(out, score->source);
    mos_text_add(out, "</td></tr>");
}

/* Rows of the sweep at that labelled fraction. */
static void add_own(const mos_sweep_results *results, double labels, mos_text *out) {
    const mos_sweep_plan *plan = results->plan;
    int split = plan->spec.splits - 1;
    for (int64_t i = 0; i < results->rows; i++) {
        const mos_sweep_row *row = &results->row[i];
        const mos_sweep_cell *cell = &row->cell[split];
        if (fabs(row->labeled - labels) > 1e-9 || cell->seeds == 0) continue;
        mos_text_add(out, "<tr><th scope=\"row\">");
        mos_report_class_name(out, mos_palette_colour((size_t)row->setting),
                              plan->setting[row->setting].label);
        mos_text_add(out, "</th><td class=\"n\">%g %%</td>", 100 * row->labeled);
        for (int m = 0; m < MOS_SWEEP_METRICS; m++)
            add_figure(out, cell->mean[m], cell->mean[m]);
        mos_text_add(out, "<td>this sweep, %s, %lld samples, mean of %lld seed%s</td></tr>",
                     mos_split_names[plan->spec.evaluate[split]],
                     (long long)results->scores[row->first * plan->spec.splits + split].samples,
                     (long long)cell->seeds, cell->seeds == 1 ? "" : "s");
    }
}

static void add_scores(const mos_published_score *score, int64_t count, const char *data,
                       double labels, mos_text *out) {
    for (int64_t i = 0; i < count; i++)
        if (strcmp(score[i].data, data) == 0 && fabs(score[i].labels - labels) < 1e-9)
            add_score(&score[i], out);
}

static bool has_scores(const mos_published_score *score, int64_t count, const char *data) {
    for (int64_t i = 0; i < count; i++)
        if (strcmp(score[i].data, data) == 0) return true;
    return false;
}

void mos_published_page(const mos_sweep_results *results, const char *data,
                        const mos_published_table *table, mos_text *out) {
    const mos_sweep_spec *spec = &results->plan->spec;
    int64_t own = sizeof mos_published_scores / sizeof *mos_published_scores - 1;
    if (data == NULL || (!has_scores(mos_published_scores, own, data) &&
                         !has_scores(table->row, table->count, data)))
        return;
    mos_text_add(out,
                 "<section id=\"published\"><h2>Published figures beside ours, %s</h2><p "
                 "class=\"soft\">Comparable only over the same samples: look at the split and its "
                 "number of samples first. F1 of this sweep is at thresholds tuned per class on "
                 "validation, published F1 mostly at 0.5.</p><div class=\"scroll\"><table><tr><th "
                 "scope=\"col\">method</th><th scope=\"col\" class=\"n\">labels</th>",
                 data);
    for (int m = 0; m < MOS_SWEEP_METRICS; m++)
        mos_text_add(out, "<th scope=\"col\" class=\"n\">%s</th>", mos_sweep_metric_titles[m]);
    mos_text_add(out, "<th scope=\"col\">over what, source</th></tr>");
    for (int f = spec->fractions > 0 ? 0 : -1; f < spec->fractions; f++) {
        double labels = f >= 0 ? spec->fraction[f] : results->row[0].labeled;
        add_scores(mos_published_scores, own, data, labels, out);
        add_scores(table->row, table->count, data, labels, out);
        add_own(results, labels, out);
    }
    mos_text_add(out, "</table></div></section>\n");
}
