/* The patches the model is best and worst at, and least sure of, as pictures. */
#include "report/report_parts.h"
#include "report/report_pictures.h"
#include "report/report_sections.h"
#include "report/svg_chart.h"

#include <string.h>

enum { MOST_RANK = 24 };

static const mos_report_patch *find_rank(const mos_report_patches *patches, int role, int rank) {
    for (size_t k = 0; k < patches->count; k++)
        if (patches->patch[k].rank[role] == rank) return &patches->patch[k];
    return NULL;
}

/* What the pictures of each modality show, said once. */
static void add_key(const mos_report_patches *patches, mos_text *out) {
    const char *seen[MOS_REPORT_PICTURES] = {0};
    int count = 0;
    for (size_t k = 0; k < patches->count; k++)
        for (int p = 0; p < patches->patch[k].pictures; p++) {
            const mos_report_picture *picture = &patches->patch[k].picture[p];
            bool known = false;
            for (int i = 0; i < count; i++)
                known = known || strcmp(seen[i], picture->modality) == 0;
            if (known || count == MOS_REPORT_PICTURES) continue;
            seen[count++] = picture->modality;
            mos_text_add(out, " <b>");
            mos_html_add(out, picture->modality);
            mos_text_add(out, "</b>: ");
            if (strcmp(picture->shows, "radar") == 0)
                mos_text_add(out, "VV red, VH green, VV − VH blue, in dB over fixed ranges.");
            else if (strcmp(picture->shows, "natural colour") == 0)
                mos_text_add(out, "B04, B03, B02, stretched from the 2nd to the 98th percentile.");
            else if (strcmp(picture->shows, "false colour") == 0)
                mos_text_add(out, "three optical bands, the longest wave red and the shortest "
                                  "blue, stretched from the 2nd to the 98th percentile.");
            else
                mos_text_add(out, "first band, stretched from the 2nd to the 98th percentile.");
        }
}

void mos_section_patches(const mos_run_document *run, mos_text *out) {
    static const char *const titles[MOS_REPORT_ROLES] = {"Best", "Worst", "Most uncertain"};
    static const char *const words[MOS_REPORT_ROLES] = {
        "Least mean cross entropy of the known labels, among patches with a label.",
        "Largest mean cross entropy of the known labels.", "Largest mean entropy of the scores."};
    const mos_report_analysis *a = mos_report_headline_analysis(run);
    bool any = false;
    for (int role = 0; a && role < MOS_REPORT_ROLES; role++)
        any = any || find_rank(&a->patches, role, 1);
    if (!any) return;
    mos_text_add(out,
                 "<section id=\"patches\"><h2>Patches</h2><p class=\"soft\">✓ found, ○ missed, "
                 "✗ predicted and not there, ? predicted where nothing is known.");
    add_key(&a->patches, out);
    mos_text_add(out, "</p>");
    for (int role = 0; role < MOS_REPORT_ROLES; role++) {
        const mos_report_patch *patch = find_rank(&a->patches, role, 1);
        if (!patch) continue;
        mos_text_add(out, "<h3>%s</h3><p class=\"soft\">%s</p><div class=\"patches\">",
                     titles[role], words[role]);
        for (int rank = 1; rank <= MOST_RANK; rank++)
            if ((patch = find_rank(&a->patches, role, rank)) != NULL)
                mos_report_patch_write(run, patch, NULL, out);
        mos_text_add(out, "</div>");
    }
    mos_text_add(out, "</section>\n");
}
