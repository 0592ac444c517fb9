/* Where the model is good and where it is not: scores by country, season, and what a table said. */
#include "report/report_parts.h"
#include "report/report_sections.h"
#include "report/svg_chart.h"

#include <math.h>
#include <string.h>

/* "country" as a heading, "cloud_cover" as "Cloud cover". */
static void add_heading(const char *column, mos_text *out) {
    char words[64];
    size_t size = strlen(column) < sizeof words ? strlen(column) : sizeof words - 1;
    memcpy(words, column, size);
    words[size] = 0;
    for (size_t i = 0; i < size; i++)
        if (words[i] == '_') words[i] = ' ';
    if (words[0] >= 'a' && words[0] <= 'z') words[0] = (char)(words[0] - 'a' + 'A');
    mos_text_add(out, "<h3>");
    mos_html_add(out, words);
    mos_text_add(out, "</h3><div class=\"scroll\"><table><tr><th scope=\"col\">");
    mos_html_add(out, column);
    mos_text_add(out, "</th><th scope=\"col\" class=\"n\">patches</th><th scope=\"col\">micro F1");
    mos_bar_axis_write(out);
    mos_text_add(out, "</th><th scope=\"col\" class=\"n\">with its interval</th><th scope=\"col\" "
                      "class=\"n\">macro AP</th><th scope=\"col\" class=\"n\">over "
                      "classes</th></tr>");
}

static void add_row(const mos_report_group *group, mos_text *out) {
    mos_text_add(out, "<tr><td>");
    mos_html_add(out, group->value);
    mos_text_add(out, "</td><td class=\"n\">%.0f</td><td style=\"white-space:nowrap\">",
                 group->rows);
    mos_bar_draw(&(mos_bar){.value = group->micro_f1.value,
                            .mark = NAN,
                            .low = group->micro_f1.low,
                            .high = group->micro_f1.high,
                            .text = ""}, /* the next cell has the number */
                 out);
    mos_text_add(out, "</td>");
    mos_report_interval_cell(out, &group->micro_f1);
    mos_report_interval_cell(out, &group->macro_ap);
    mos_text_add(out, "<td class=\"n\">%.0f</td></tr>", group->classes);
}

void mos_section_groups(const mos_run_document *run, mos_text *out) {
    const mos_report_analysis *a = mos_report_headline_analysis(run);
    if (!a || a->groups == 0) return;
    mos_text_add(out,
                 "<section id=\"groups\"><h2>Groups of patches</h2><p class=\"soft\">Scores of "
                 "the patches of one country, season or other value alone, at the thresholds "
                 "of the whole; in parentheses, and as a line, 95 %% intervals over patches. "
                 "Groups hold different classes: macro AP is over those that occur, as many "
                 "as the last column says.");
    mos_report_source(run, mos_report_headline(run), "groups.csv", out);
    mos_text_add(out, "</p>");
    for (size_t k = 0; k < a->groups; k++) {
        bool begins = k == 0 || strcmp(a->group[k].column, a->group[k - 1].column) != 0;
        if (begins && k > 0) mos_text_add(out, "</table></div>");
        if (begins) add_heading(a->group[k].column, out);
        add_row(&a->group[k], out);
    }
    mos_text_add(out, "</table></div></section>\n");
}
