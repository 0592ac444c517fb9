/* table.tex: one tabular for booktabs, a block a labelled fraction, on the last split evaluated. */
#include "study/sweep_tables.h"

#include <math.h>
#include <string.h>

static void add_escaped(mos_text *out, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            mos_text_add(out, "\\textbackslash{}");
        else if (*text == '~' || *text == '^')
            mos_text_add(out, "\\%c{}", *text);
        else
            mos_text_add(out, strchr("&%$#_{}", *text) != NULL ? "\\%c" : "%c", *text);
    }
}

static void add_number(mos_text *out, const mos_sweep_cell *cell, int metric, bool best,
                       bool marked) {
    if (!isfinite(cell->mean[metric])) {
        mos_text_add(out, " & --");
        return;
    }
    mos_text_add(out, best ? " & \\textbf{%.3f}" : " & %.3f", cell->mean[metric]);
    if (isfinite(cell->sd[metric])) mos_text_add(out, " $\\pm$ %.3f", cell->sd[metric]);
    if (marked) mos_text_add(out, "$^{*}$");
}

static void add_row(const mos_sweep_results *results, int64_t i, int split, mos_text *out) {
    const mos_sweep_row *row = &results->row[i];
    const mos_sweep_cell *cell = &row->cell[split];
    add_escaped(out, results->plan->setting[row->setting].label);
    for (int m = 0; m < MOS_SWEEP_METRICS; m++) {
        bool best = mos_sweep_best_row(results, row->fraction, split, m) == i;
        add_number(out, cell, m, best, mos_sweep_is_marked(cell, m));
    }
    mos_text_add(out, " \\\\\n");
}

static void add_block(const mos_sweep_results *results, int fraction, int split, mos_text *out) {
    bool titled = false;
    for (int64_t i = 0; i < results->rows; i++) {
        if (results->row[i].fraction != fraction) continue;
        if (!titled)
            mos_text_add(out, "\\midrule\n\\multicolumn{%d}{l}{%g\\,\\%% labels} \\\\\n",
                         MOS_SWEEP_METRICS + 1, 100 * results->row[i].labeled);
        titled = true;
        add_row(results, i, split, out);
    }
    for (int k = 0; results->floor != NULL && k < MOS_SWEEP_FLOORS; k++) {
        const mos_sweep_cell *cell = &mos_sweep_floor_at(results, fraction, k)->cell[split];
        if (cell->seeds == 0) continue;
        mos_text_add(out, "%s", mos_sweep_floor_titles[k]);
        for (int m = 0; m < MOS_SWEEP_METRICS; m++)
            add_number(out, cell, m, false, false);
        mos_text_add(out, " \\\\\n");
    }
}

mosaic_status mos_sweep_latex_write(const mos_sweep_results *results, const char *folder) {
    const mos_sweep_spec *spec = &results->plan->spec;
    int split = spec->splits - 1;
    mos_text out = {0};
    mos_text_add(&out,
                 "%% mosaic %s, sweep %s: split %s, mean and standard deviation over seeds;\n"
                 "%% bold: best mean; *: differs from the reference, Holm-adjusted p < 0.05 both "
                 "over samples (paired bootstrap) and over seeds (paired t)\n"
                 "\\begin{tabular}{l*{%d}{r}}\n\\toprule\nsetting",
                 MOSAIC_VERSION, spec->name, mos_split_names[spec->evaluate[split]],
                 MOS_SWEEP_METRICS);
    for (int m = 0; m < MOS_SWEEP_METRICS; m++)
        mos_text_add(&out, " & %s", mos_sweep_metric_titles[m]);
    mos_text_add(&out, " \\\\\n");
    for (int f = spec->fractions > 0 ? 0 : -1; f < spec->fractions; f++)
        add_block(results, f, split, &out);
    mos_text_add(&out, "\\bottomrule\n\\end{tabular}\n");
    return mos_sweep_file(folder, "table.tex", &out);
}
