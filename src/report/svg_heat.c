#include "report/svg_heat.h"

#include "report/svg_chart.h"

#include <math.h>

enum { CELL = 22, NAMES = 280, HEAD = 22, MOST_LETTERS = 36, STEPS = 6 };

static double strongest(const mos_heat *heat) {
    double most = 0;
    for (int a = 0; a < heat->count; a++)
        for (int b = 0; b < heat->count; b++)
            if (heat->value[a][b] > most) most = heat->value[a][b];
    return most;
}

/* At most so many letters, then an ellipsis: UTF-8 sequences stay whole. */
static void add_short(mos_text *out, const char *name) {
    char text[4 * MOST_LETTERS + 1];
    size_t bytes = 0, letters = 0;
    for (; name[bytes] && letters < MOST_LETTERS && bytes + 4 < sizeof text; letters++)
        do
            text[bytes] = name[bytes];
        while (((unsigned char)name[++bytes] & 0xc0) == 0x80 && bytes + 1 < sizeof text);
    text[bytes] = 0;
    mos_html_add(out, text);
    if (name[bytes]) mos_text_add(out, "…");
}

static double opacity(double share) {
    return 0.08 + 0.92 * fmin(share, 1);
}

/* From nothing to the strongest colour, with its numbers. */
static void add_scale(const mos_heat *heat, double full, mos_text *out) {
    mos_text_add(out,
                 "<p class=\"scale\"><span>0</span><svg viewBox=\"0 0 %d 12\" "
                 "aria-hidden=\"true\"><rect class=\"ground\" width=\"%d\" "
                 "height=\"12\"/>",
                 STEPS * 24, STEPS * 24);
    for (int k = 0; k < STEPS; k++)
        mos_text_add(out,
                     "<rect class=\"heat\" x=\"%d\" width=\"24\" height=\"12\" "
                     "fill-opacity=\"%.2f\"/>",
                     k * 24, opacity((double)(k + 1) / STEPS));
    mos_text_add(out, "</svg><span>%.3g</span> <span class=\"soft\">", full);
    mos_html_add(out, heat->scale ? heat->scale : "");
    mos_text_add(out, ". Columns are numbered as rows; an empty cell is 0 or less.</span></p>");
}

static void add_row(const mos_heat *heat, int a, double full, mos_text *out) {
    int y = HEAD + a * CELL;
    mos_text_add(out, "<text class=\"tick\" text-anchor=\"end\" x=\"%d\" y=\"%d\">", NAMES - 38,
                 y + 15);
    add_short(out, heat->name[a]);
    mos_text_add(out,
                 "</text><rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" rx=\"2\" class=\"edge\""
                 " style=\"fill:%s\"/><text class=\"tick\" text-anchor=\"end\" x=\"%d\" "
                 "y=\"%d\">%d</text>",
                 NAMES - 32, y + 5, heat->colour[a], NAMES - 4, y + 15, a + 1);
    for (int b = 0; b < heat->count; b++) {
        double value = heat->value[a][b];
        if (!(value > 0)) continue;
        mos_text_add(out,
                     "<rect class=\"heat\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
                     "fill-opacity=\"%.2f\"><title>",
                     NAMES + b * CELL, y, CELL - 1, CELL - 1, opacity(value / full));
        mos_html_add(out, heat->name[a]);
        mos_text_add(out, " %s ", heat->between);
        mos_html_add(out, heat->name[b]);
        mos_text_add(out, ": %.3f</title></rect>", value);
    }
}

void mos_heat_write(const mos_heat *heat, mos_text *out) {
    double most = strongest(heat), full = heat->full > 0 ? heat->full : most;
    int side = heat->count * CELL;
    if (!(most > 0)) return;
    mos_text_add(out, "<figure class=\"wide\"><figcaption>");
    mos_html_add(out, heat->title);
    if (heat->source) mos_source_add(heat->source, out);
    mos_text_add(out,
                 "</figcaption><div class=\"scroll\"><svg style=\"min-width:%dpx;max-width:%dpx\" "
                 "viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"",
                 (NAMES + side) * 9 / 10, (NAMES + side) * 3 / 2, NAMES + side + 2,
                 HEAD + side + 2);
    mos_html_add(out, heat->title);
    mos_text_add(out, "\">");
    for (int b = 0; b < heat->count; b++)
        mos_text_add(out, "<text class=\"tick\" text-anchor=\"middle\" x=\"%d\" y=\"15\">%d</text>",
                     NAMES + b * CELL + CELL / 2, b + 1);
    mos_text_add(out, "<rect class=\"ground\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>",
                 NAMES, HEAD, side, side);
    for (int a = 0; a < heat->count; a++)
        add_row(heat, a, full, out);
    mos_text_add(out, "</svg></div>");
    add_scale(heat, full, out);
    mos_text_add(out, "</figure>\n");
}
