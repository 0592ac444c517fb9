#include "report/report_pictures.h"

#include "base/base64.h"
#include "report/report_parts.h"
#include "report/svg_chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_OTHERS = 4, FRAME_BYTES = 400 }; /* of an <img> without its data, with room to spare */

/* ---- which ---- */

/* How often the page shows a patch, and how soon it should have its pictures: the lower the
 * sooner. */
static size_t uses_of(const mos_report_analysis *a, const mos_report_patch *patch, int *turn) {
    size_t uses = 0;
    *turn = 1000;
    for (int role = 0; role < MOS_REPORT_ROLES; role++) {
        if (patch->rank[role] == 0) continue;
        uses++;
        if (patch->rank[role] < *turn) *turn = patch->rank[role];
    }
    for (size_t k = 0; k < a->confusion_count && k < MOS_REPORT_PAIRS; k++)
        for (int e = 0; e < MOS_REPORT_EXAMPLES; e++) {
            if (strcmp(a->confusions[k].example[e], patch->id) != 0) continue;
            uses++;
            if ((int)k + e + 1 < *turn) *turn = (int)k + e + 1;
        }
    return uses;
}

static size_t cost_of(const mos_report_patch *patch) {
    size_t bytes = 0;
    for (int p = 0; p < patch->pictures; p++)
        bytes += FRAME_BYTES + mos_base64_size(patch->picture[p].size);
    return bytes;
}

size_t mos_report_pictures_choose(mos_run_document *run, size_t bytes) {
    /* the headline, to be written to: the document is the caller's */
    const mos_report_evaluation *headline = mos_report_headline(run);
    if (!headline) return 0;
    mos_report_analysis *a = &run->evaluations[headline - run->evaluations].analysis;
    size_t left_out = 0;
    for (int now = 1; now <= 1000; now++)
        for (size_t k = 0; k < a->patches.count; k++) {
            mos_report_patch *patch = &a->patches.patch[k];
            int turn;
            size_t uses = uses_of(a, patch, &turn), cost = uses * cost_of(patch);
            if (turn != now || uses == 0) continue;
            patch->embedded = cost <= bytes;
            if (patch->embedded)
                bytes -= cost;
            else
                left_out += patch->pictures > 0;
        }
    return left_out;
}

/* ---- how ---- */

static void add_picture(const mos_report_patch *patch, const mos_report_picture *picture,
                        mos_text *out) {
    mos_text_add(out, "<img width=\"%d\" height=\"%d\" alt=\"", picture->width, picture->height);
    mos_html_add(out, picture->modality);
    mos_text_add(out, ", ");
    mos_html_add(out, picture->shows);
    mos_text_add(out, ", of ");
    mos_html_add(out, patch->id);
    mos_text_add(out, "\" src=\"data:image/png;base64,");
    mos_text_add_base64(out, picture->bytes, picture->size);
    mos_text_add(out, "\">");
}

/* Is a name among names with ';' between? */
static bool listed(const char *names, const char *name, size_t size) {
    for (const char *at = names; *at;) {
        size_t here = strcspn(at, ";");
        if (here == size && memcmp(at, name, size) == 0) return true;
        at += here + (at[here] == ';');
    }
    return false;
}

enum label_kind { HIT, MISSED, WRONG, OPEN, KINDS };

/* Of a name among the labels (or, for the others, among the predicted ones). */
static enum label_kind kind_of(const mos_report_patch *patch, bool label, const char *name,
                               size_t size) {
    if (label) return listed(patch->missed, name, size) ? MISSED : HIT;
    if (listed(patch->labels, name, size)) return KINDS; /* said already */
    return listed(patch->wrong, name, size) ? WRONG : OPEN;
}

static void add_name(const mos_run_document *run, mos_legend legend, const char *before,
                     const char *name, size_t size, mos_text *out) {
    char text[256];
    (void)snprintf(text, sizeof text, "%.*s", (int)size, name);
    mos_text_add(out, "%s", before);
    mos_report_class_name(out, mos_report_class_colour(run, legend, text), text);
}

/* The names of one kind on one line; what was predicted too much can be long and is cut off. */
static void add_kind(const mos_run_document *run, const mos_report_patch *patch,
                     enum label_kind kind, const char *first, mos_text *out) {
    static const char *const begin[KINDS] = {
        "<li class=\"hit\"><b>✓</b> ", "<li class=\"missed\"><b>○ missed</b> ",
        "<li class=\"wrong\"><b>✗ not there</b> ", "<li class=\"open\"><b>? unknown</b> "};
    mos_legend legend = mos_report_legend(run);
    int count = 0;
    bool label = kind == HIT || kind == MISSED;
    if (kind == WRONG && first && listed(patch->wrong, first, strlen(first))) {
        add_name(run, legend, begin[kind], first, strlen(first), out);
        count = 1;
    } else {
        first = "";
    }
    for (const char *at = label ? patch->labels : patch->predicted; *at;) {
        size_t size = strcspn(at, ";");
        bool said = !label && size == strlen(first) && strncmp(at, first, size) == 0;
        if (!said && kind_of(patch, label, at, size) == kind && (++count <= MOST_OTHERS || label))
            add_name(run, legend, count == 1 ? begin[kind] : ", ", at, size, out);
        at += size + (at[size] == ';');
    }
    if (!label && count > MOST_OTHERS) mos_text_add(out, " and %d more", count - MOST_OTHERS);
    if (count > 0) mos_text_add(out, "</li>");
}

static void add_labels(const mos_run_document *run, const mos_report_patch *patch,
                       const char *first, mos_text *out) {
    mos_text_add(out, "<ul>");
    for (int kind = 0; kind < KINDS; kind++)
        add_kind(run, patch, (enum label_kind)kind, first, out);
    if (!patch->labels[0]) mos_text_add(out, "<li class=\"open\">no label</li>");
    mos_text_add(out, "</ul>");
}

void mos_report_patch_write(const mos_run_document *run, const mos_report_patch *patch,
                            const char *first, mos_text *out) {
    mos_text_add(out, "<figure class=\"patch\"><div class=\"views\">");
    for (int p = 0; patch->embedded && p < patch->pictures; p++)
        add_picture(patch, &patch->picture[p], out);
    if (patch->pictures == 0)
        mos_text_add(out, "<p class=\"soft\">cannot be read</p>");
    else if (!patch->embedded)
        mos_text_add(out, "<p class=\"soft\">no room for its pictures</p>");
    mos_text_add(out, "</div>");
    add_labels(run, patch, first, out);
    mos_text_add(out, "<figcaption>");
    mos_html_add(out, patch->id);
    mos_text_add(out, "<br>error ");
    mos_report_number(out, patch->error, 3);
    mos_text_add(out, ", entropy ");
    mos_report_number(out, patch->entropy, 3);
    mos_text_add(out, "</figcaption></figure>");
}
