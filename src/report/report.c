#include "report/report.h"

#include "base/file.h"
#include "base/log.h"
#include "report/page.h"
#include "report/report_parts.h"
#include "report/report_pictures.h"
#include "report/report_sections.h"
#include "report/report_top.h"
#include "report/svg_chart.h"

#include <string.h>

/* The page, in order. `id` is the section's own. */
static const struct section {
    const char *id, *title;
    void (*write)(const mos_run_document *run, mos_text *out);
} sections[] = {
    {"verdict", "Verdict", mos_section_verdict},
    {"metrics", "Scores", mos_section_metrics},
    {"confidence", "How sure", mos_section_confidence},
    {"classes", "Classes", mos_section_classes},
    {"rankings", "ROC and PR", mos_section_rankings},
    {"calibration", "Calibration", mos_section_calibration},
    {"confusability", "Confused classes", mos_section_confusability},
    {"patches", "Patches", mos_section_patches},
    {"modalities", "Modalities", mos_section_modalities},
    {"lag", "Days between", mos_section_lag},
    {"groups", "Groups", mos_section_groups},
    {"curves", "Training", mos_section_curves},
    {"health", "Health", mos_section_health},
    {"clusters", "Clusters", mos_section_clusters},
    {"maps", "Maps", mos_section_maps},
    {"scenes", "Scenes", mos_section_scenes},
    {"data", "Data", mos_section_data},
    {"reproduce", "Reproduce", mos_section_reproduce},
};
enum { SECTIONS = sizeof sections / sizeof *sections, FRAME_BYTES = 64 << 10 };

typedef struct page_parts {
    mos_text body[SECTIONS];
    bool dropped[SECTIONS];
} page_parts;

static void release_parts(page_parts *parts) {
    for (int s = 0; s < SECTIONS; s++)
        mos_text_release(&parts->body[s]);
}

/* Every section that was not dropped, anew. Returns how many bytes they are. */
static size_t write_parts(const mos_run_document *run, page_parts *parts) {
    size_t bytes = 0;
    for (int s = 0; s < SECTIONS; s++) {
        mos_text_release(&parts->body[s]);
        if (parts->dropped[s])
            mos_text_add(&parts->body[s],
                         "<section id=\"%s\"><h2>%s</h2><p class=\"note\">Left out: with it the "
                         "page would be larger than %d MB.</p></section>\n",
                         sections[s].id, sections[s].title, MOS_REPORT_MOST_BYTES / 1000000);
        else
            sections[s].write(run, &parts->body[s]);
        bytes += parts->body[s].size;
    }
    return bytes;
}

/* Leaves out what does not fit. Words and numbers come first: while they alone are too long, the
 * largest section goes. What room is left is for pictures. */
static void fit_parts(mos_run_document *run, page_parts *parts) {
    const size_t most = MOS_REPORT_MOST_BYTES - FRAME_BYTES;
    size_t bytes = write_parts(run, parts);
    while (bytes > most) {
        int largest = 0;
        for (int s = 1; s < SECTIONS; s++)
            if (parts->body[s].size > parts->body[largest].size) largest = s;
        if (parts->dropped[largest]) return;
        parts->dropped[largest] = true;
        mos_log(MOS_LOG_WARNING, "report: section '%s' is left out, the page would be too large",
                sections[largest].title);
        bytes = write_parts(run, parts);
    }
    size_t left_out = mos_report_pictures_choose(run, most - bytes);
    if (left_out > 0)
        mos_log(MOS_LOG_NOTICE, "report: no room for the pictures of %zu patches", left_out);
    (void)write_parts(run, parts);
}

static void write_page(mos_run_document *run, mos_text *out) {
    const char *name = strrchr(run->path, '/');
    const char *shown = name && name[1] ? name + 1 : run->path;
    page_parts parts = {0};
    fit_parts(run, &parts);
    mos_page_begin(out, "report", shown);
    mos_report_top_write(run, out);
    mos_text_add(out, "<nav aria-label=\"sections\">");
    for (int s = 0; s < SECTIONS; s++)
        if (parts.body[s].size > 0)
            mos_text_add(out, "<a href=\"#%s\">%s</a>", sections[s].id, sections[s].title);
    mos_text_add(out, "</nav>\n");
    for (int s = 0; s < SECTIONS; s++) {
        if (parts.body[s].size > 0) mos_text_add_bytes(out, parts.body[s].data, parts.body[s].size);
        if (parts.body[s].failed) out->failed = true;
    }
    mos_page_end(out);
    release_parts(&parts);
}

mosaic_status mos_report_write(const char *run, const char *out) {
    mos_run_document document = {0};
    mos_text page = {0};
    char path[4096];
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_run_document_read(run, &document));
    if (!out) {
        MOS_GOTO(mos_path_join(path, sizeof path, run, "report.html"));
        out = path;
    }
    mos_report_link_from(out, &document);
    write_page(&document, &page);
    if (page.failed) status = mos_fail_memory(page.size, "report");
    if (status == MOSAIC_OK) status = mos_atomic_write(out, page.data, page.size);
done:
    mos_text_release(&page);
    mos_run_document_release(&document);
    return status;
}
