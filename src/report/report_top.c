#include "report/report_top.h"

#include "report/report_parts.h"
#include "report/report_warnings.h"
#include "report/svg_chart.h"

#include <stdio.h>
#include <string.h>

static const char *fact(const mos_run_document *run, const char *name) {
    return mos_run_document_fact(run, name, "");
}

static void add(const char *name, const char *value, mos_text *out) {
    if (!value || !value[0]) return;
    mos_text_add(out, "<div><dt>%s</dt><dd>", name);
    mos_html_add(out, value);
    mos_text_add(out, "</dd></div>");
}

/* "BigEarthNet (bigearthnet-v2), 600 training patches" */
static void add_data(const mos_run_document *run, mos_text *out) {
    char root[256], shown[512];
    (void)snprintf(root, sizeof root, "%s", fact(run, "data.root"));
    for (size_t end = strlen(root); end > 1 && root[end - 1] == '/';)
        root[--end] = 0;
    const char *slash = strrchr(root, '/'), *trained = fact(run, "data.trained_on");
    const char *name = slash && slash[1] ? slash + 1 : root;
    if (!name[0]) return;
    (void)snprintf(shown, sizeof shown, "%s (%s)%s%s%s", name, fact(run, "data.format"),
                   trained[0] ? ", " : "", trained, trained[0] ? " training patches" : "");
    add("data set", shown, out);
}

static void add_labels(const mos_run_document *run, mos_text *out) {
    double fraction, labelled, all;
    char shown[128], percent[32];
    if (!mos_parse_double(fact(run, "data.labeled_fraction"), &fraction) ||
        !mos_parse_double(fact(run, "data.labeled"), &labelled))
        return;
    (void)mos_format_double(percent, sizeof percent, 100 * fraction, 4);
    (void)snprintf(shown, sizeof shown, "%s %%, %.0f", percent, labelled);
    if (mos_parse_double(fact(run, "data.trained_on"), &all))
        (void)snprintf(shown, sizeof shown, "%s %%, %.0f of %.0f patches", percent, labelled, all);
    add("labelled", shown, out);
}

static void add_training(const mos_run_document *run, mos_text *out) {
    char shown[640];
    const char *steps = fact(run, "steps"), *epochs = fact(run, "epochs");
    if (!steps[0]) return;
    (void)snprintf(shown, sizeof shown, "%s step%s%s%s%s", steps,
                   strcmp(steps, "1") == 0 ? "" : "s", epochs[0] ? " in " : "", epochs,
                   !epochs[0]                 ? ""
                   : strcmp(epochs, "1") == 0 ? " epoch"
                                              : " epochs");
    add("trained", shown, out);
}

void mos_report_top_write(const mos_run_document *run, mos_text *out) {
    const mos_report_evaluation *e = mos_report_headline(run);
    const char *method = fact(run, "method");
    char date[24];
    (void)snprintf(date, sizeof date, "%.10s", fact(run, "written"));
    mos_text_add(out, "<dl class=\"about\">");
    add("method", method[0] ? method : e ? e->method : "", out);
    add_data(run, out);
    add_labels(run, out);
    add_training(run, out);
    add("seed", fact(run, "seed"), out);
    add("date", date, out);
    mos_text_add(out, "</dl>");
    mos_report_warnings_write(run, out);
}
