#include "report/svg_panel.h"

#include "report/report_parts.h"
#include "report/svg_chart.h"

#include <math.h>

enum { LEFT = 26, TOP = 6, SIDE = 130, BOTTOM = 18, WIDTH = LEFT + SIDE + 8, MOST_POINTS = 60 };

static double x_of(double value) {
    return LEFT + SIDE * fmin(fmax(value, 0), 1);
}

static double y_of(double value) {
    return TOP + SIDE * (1 - fmin(fmax(value, 0), 1));
}

static void add_path(const mos_panel_line *line, const char *attributes, mos_text *out) {
    int64_t stride = (line->count + MOST_POINTS - 1) / MOST_POINTS;
    bool pen = false;
    if (line->count < 2) return;
    mos_text_add(out, "<path %s d=\"", attributes);
    for (int64_t i = 0; i < line->count; i += stride) {
        int64_t at = i + stride < line->count ? i : line->count - 1;
        if (!isfinite(line->x[at]) || !isfinite(line->y[at])) continue;
        mos_text_add(out, "%s%.0f,%.0f", pen ? "L" : "M", x_of(line->x[at]), y_of(line->y[at]));
        pen = true;
    }
    mos_text_add(out, "\"/>");
}

static void add_frame(mos_text *out) {
    static const char *const numbers[] = {"0", "0.5", "1"};
    for (int k = 0; k < 3; k++) {
        double at = k / 2.0;
        mos_text_add(out,
                     "<path class=\"grid\" d=\"M%d,%.0fh%dM%.0f,%dv%d\"/><text class=\"tick\" "
                     "text-anchor=\"end\" x=\"%d\" y=\"%.0f\">%s</text><text class=\"tick\" "
                     "text-anchor=\"%s\" x=\"%.0f\" y=\"%d\">%s</text>",
                     LEFT, y_of(at), SIDE, x_of(at), TOP, SIDE, LEFT - 4, y_of(at) + 4, numbers[k],
                     k == 0   ? "start"
                     : k == 1 ? "middle"
                              : "end",
                     x_of(at), TOP + SIDE + 14, numbers[k]);
    }
}

static void add_chance(const mos_panel *panel, mos_text *out) {
    if (panel->diagonal)
        mos_text_add(out, "<path class=\"level\" d=\"M%d,%dL%d,%d\"/>", LEFT, TOP + SIDE,
                     LEFT + SIDE, TOP);
    else if (isfinite(panel->chance))
        mos_text_add(out, "<path class=\"level\" d=\"M%d,%.0fh%d\"/>", LEFT, y_of(panel->chance),
                     SIDE);
}

void mos_panel_write(const mos_panel *panel, mos_text *out) {
    mos_text own = {0};
    mos_text_add(out, "<figure class=\"panel\" data-class=\"");
    mos_html_add(out, panel->name);
    mos_text_add(out, "\"><figcaption>");
    mos_report_class_name(out, panel->colour, panel->name);
    mos_text_add(out, "</figcaption><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH,
                 TOP + SIDE + BOTTOM);
    mos_html_add(out, panel->name);
    mos_text_add(out, "\">");
    add_frame(out);
    add_chance(panel, out);
    add_path(&panel->all, "class=\"all\"", out);
    add_path(&panel->own, "class=\"case\"", out);
    mos_text_add(&own, "class=\"line\" style=\"stroke:%s\"", panel->colour);
    add_path(&panel->own, own.data ? own.data : "", out);
    mos_text_release(&own);
    mos_text_add(out, "</svg><p class=\"soft\">");
    mos_html_add(out, panel->text);
    mos_text_add(out, "</p></figure>");
}
