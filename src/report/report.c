#include "report/report.h"

#include "base/file.h"
#include "base/log.h"
#include "report/page.h"
#include "report/report_sections.h"

#include <string.h>

/* The page, in order. `id` is the section's own. */
static const struct section {
    const char *id, *title;
    void (*write)(const mos_run_document *run, mos_text *out);
} sections[] = {
    {"verdict", "Verdict", mos_section_verdict},
    {"data", "Data", mos_section_data},
    {"curves", "Training", mos_section_curves},
    {"metrics", "Scores", mos_section_metrics},
    {"confidence", "How sure", mos_section_confidence},
    {"classes", "Classes", mos_section_classes},
    {"confusability", "Confused classes", mos_section_confusability},
    {"modalities", "Modalities", mos_section_modalities},
    {"lag", "Days between", mos_section_lag},
    {"calibration", "Calibration", mos_section_calibration},
    {"clusters", "Clusters", mos_section_clusters},
    {"maps", "Maps", mos_section_maps},
    {"reproduce", "Reproduce", mos_section_reproduce},
};

/* Sections into `body`, and into `nav` a link to each that had something to say. */
static void write_sections(const mos_run_document *run, mos_text *nav, mos_text *body) {
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        size_t before = body->size;
        sections[i].write(run, body);
        if (body->size > before)
            mos_text_add(nav, "<a href=\"#%s\">%s</a>", sections[i].id, sections[i].title);
    }
    if (nav->failed || body->failed) body->failed = true;
}

static void write_page(const mos_run_document *run, mos_text *out) {
    const char *name = strrchr(run->path, '/');
    const char *shown = name && name[1] ? name + 1 : run->path;
    mos_text nav = {0}, body = {0};
    write_sections(run, &nav, &body);
    mos_page_begin(out, "report", shown);
    mos_text_add(out, "<nav>");
    if (nav.size > 0) mos_text_add_bytes(out, nav.data, nav.size);
    mos_text_add(out, "</nav>\n");
    if (body.size > 0) mos_text_add_bytes(out, body.data, body.size);
    mos_page_end(out);
    if (body.failed) out->failed = true;
    mos_text_release(&nav);
    mos_text_release(&body);
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
    write_page(&document, &page);
    if (page.failed) status = mos_fail_memory(page.size, "report");
    if (status == MOSAIC_OK) status = mos_atomic_write(out, page.data, page.size);
done:
    mos_text_release(&page);
    mos_run_document_release(&document);
    return status;
}
