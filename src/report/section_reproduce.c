/* How to make this run again, and what it was made of. */
#include "report/report_parts.h"
#include "report/report_sections.h"
#include "report/svg_chart.h"

#include <string.h>

enum { MOST_CONFIG_BYTES = 256 << 10 };

/* Quotes any text as one argument of a shell. */
static void add_argument(mos_text *out, const char *text) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "/._-+=:,@%";
    if (text[0] && strspn(text, plain) == strlen(text)) {
        mos_html_add(out, text);
        return;
    }
    mos_text_add(out, "&#39;");
    for (; *text; text++) {
        const char one[2] = {*text, 0};
        if (*text == '\'')
            mos_text_add(out, "&#39;\\&#39;&#39;");
        else
            mos_html_add(out, one);
    }
    mos_text_add(out, "&#39;");
}

static void add_commands(const mos_run_document *run, mos_text *out) {
    const mos_report_evaluation *e = mos_report_headline(run);
    mos_text_add(out, "<pre>mosaic train ");
    mos_text path = {0};
    mos_text_add(&path, "%s/config.yaml", run->path);
    add_argument(out, path.data ? path.data : "");
    mos_text_release(&path);
    mos_text_add(out, " --out NEW_RUN");
    if (e) {
        bool probe = strcmp(e->scorer, "linear probe") == 0;
        mos_text_add(out, "\nmosaic %s NEW_RUN --split ", probe ? "probe" : "eval");
        add_argument(out, e->split);
        if (e->analysis.spaces > 0) mos_text_add(out, " --embeddings");
        if (e->analysis.maps > 0) mos_text_add(out, " --tsne");
        if (e->analysis.modalities.subsets > 0) mos_text_add(out, " --ablation");
        if (e->analysis.modalities.repairs > 0) mos_text_add(out, " --repair-lag");
    }
    mos_text_add(out, "\nmosaic report NEW_RUN</pre>");
}

void mos_section_reproduce(const mos_run_document *run, mos_text *out) {
    static const char *const rows[][2] = {
        {"mosaic_version", "mosaic"},
        {"device", "device"},
        {"precision", "precision"},
        {"threads", "threads"},
        {"seed", "seed"},
        {"steps", "steps"},
        {"epochs", "epochs"},
        {"best_epoch", "best epoch"},
        {"score", "chosen by"},
        {"init_from", "started from"},
        {"init_sha256", "SHA-256 of those weights"},
        {"data.fingerprint", "fingerprint of the data"},
        {"data.split_file.sha256", "SHA-256 of the split file"},
        {"config_sha256", "SHA-256 of the configuration"},
        {"written", "written"},
    };
    mos_text_add(out, "<section id=\"reproduce\"><h2>Reproduce</h2><p class=\"soft\">Bit for bit, "
                      "with the same version, device, precision and thread count on the same "
                      "data.</p>");
    add_commands(run, out);
    mos_text_add(out, "<div class=\"scroll\"><table class=\"facts\">");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *value = mos_run_document_fact(run, rows[i][0], NULL);
        if (!value || !value[0]) continue;
        mos_text_add(out, "<tr><th scope=\"row\">%s</th><td>", rows[i][1]);
        mos_html_add(out, value);
        mos_text_add(out, "</td></tr>");
    }
    mos_text_add(out, "</table></div>");
    if (run->config && strlen(run->config) <= MOST_CONFIG_BYTES) {
        mos_text_add(out, "<details><summary>Resolved configuration, every key and where it came "
                          "from</summary><pre>");
        mos_html_add(out, run->config);
        mos_text_add(out, "</pre></details>");
    }
    mos_text_add(out, "</section>\n");
}
