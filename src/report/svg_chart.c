#include "report/svg_chart.h"

#include <math.h>
#include <string.h>

enum {
    WIDTH = 640,
    HEIGHT = 260,
    LEFT = 56,
    RIGHT = 12,
    TOP = 28,
    BOTTOM = 40,
    MOST_POINTS = 400,
    TICKS = 5
};

typedef struct axis {
    double low, high;
    double from, to; /* pixels */
} axis;

void mos_html_add(mos_text *out, const char *text) {
    for (; *text; text++) {
        switch (*text) {
        case '&':
            mos_text_add(out, "&amp;");
            break;
        case '<':
            mos_text_add(out, "&lt;");
            break;
        case '>':
            mos_text_add(out, "&gt;");
            break;
        case '"':
            mos_text_add(out, "&quot;");
            break;
        case '\'':
            mos_text_add(out, "&#39;");
            break;
        default:
            mos_text_add_bytes(out, text, 1);
        }
    }
}

static double place(const axis *a, double value) {
    return a->from + (value - a->low) / (a->high - a->low) * (a->to - a->from);
}

static bool is_point(const mos_chart_line *line, int64_t i) {
    return isfinite(line->x[i]) && isfinite(line->y[i]);
}

/* The range of all points; false when there is nothing to draw. */
static bool find_ranges(const mos_chart *chart, axis *x, axis *y) {
    int64_t points = 0;
    *x = (axis){INFINITY, -INFINITY, LEFT, WIDTH - RIGHT};
    *y = (axis){INFINITY, -INFINITY, HEIGHT - BOTTOM, TOP};
    for (int l = 0; l < chart->lines; l++)
        for (int64_t i = 0; i < chart->line[l].count; i++) {
            if (!is_point(&chart->line[l], i)) continue;
            x->low = fmin(x->low, chart->line[l].x[i]);
            x->high = fmax(x->high, chart->line[l].x[i]);
            y->low = fmin(y->low, chart->line[l].y[i]);
            y->high = fmax(y->high, chart->line[l].y[i]);
            points++;
        }
    if (points < 2 || !(x->high > x->low)) return false;
    if (chart->from_zero) y->low = fmin(y->low, 0);
    double margin = y->high > y->low ? 0.04 * (y->high - y->low) : fmax(fabs(y->high) * 0.1, 1e-6);
    y->high += margin;
    if (!chart->from_zero || y->low < 0) y->low -= margin;
    return true;
}

/* 1, 2 or 5 times a power of ten, so that about TICKS fit. */
static double tick_step(double range) {
    double raw = range / TICKS, power = pow(10, floor(log10(raw))), lead = raw / power;
    return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
}

static void add_pixel(mos_text *out, double value) {
    char number[32];
    mos_text_add(out, "%s", mos_format_double(number, sizeof number, round(value * 10) / 10, 6));
}

static void draw_x_tick(double at, const char *number, mos_text *out) {
    mos_text_add(out, "<line class=\"grid\" y1=\"%d\" y2=\"%d\" x1=\"", TOP, HEIGHT - BOTTOM);
    add_pixel(out, at);
    mos_text_add(out, "\" x2=\"");
    add_pixel(out, at);
    mos_text_add(out, "\"/><text class=\"tick\" text-anchor=\"middle\" y=\"%d\" x=\"",
                 HEIGHT - BOTTOM + 16);
    add_pixel(out, at);
    mos_text_add(out, "\">%s</text>", number);
}

static void draw_y_tick(double at, const char *number, mos_text *out) {
    mos_text_add(out, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"", LEFT, WIDTH - RIGHT);
    add_pixel(out, at);
    mos_text_add(out, "\" y2=\"");
    add_pixel(out, at);
    mos_text_add(out, "\"/><text class=\"tick\" text-anchor=\"end\" x=\"%d\" y=\"", LEFT - 6);
    add_pixel(out, at + 4);
    mos_text_add(out, "\">%s</text>", number);
}

static void draw_ticks(const axis *a, void (*draw)(double at, const char *number, mos_text *out),
                       mos_text *out) {
    double step = tick_step(a->high - a->low);
    for (double value = ceil(a->low / step) * step; value <= a->high + 1e-9 * step; value += step) {
        char number[32];
        mos_format_double(number, sizeof number, fabs(value) < 1e-9 * step ? 0 : value, 4);
        draw(place(a, value), number, out);
    }
}

static void draw_line(const mos_chart_line *line, int number, const axis *x, const axis *y,
                      mos_text *out) {
    int64_t stride = line->count > MOST_POINTS ? (line->count + MOST_POINTS - 1) / MOST_POINTS : 1;
    bool pen = false;
    mos_text_add(out, "<path class=\"line s%d\" d=\"", number);
    for (int64_t i = 0; i < line->count; i += stride) {
        int64_t at =
            i + stride < line->count ? i : line->count - 1; /* the last point is always drawn */
        if (!is_point(line, at)) {
            pen = false;
            continue;
        }
        mos_text_add(out, pen ? "L" : "M");
        add_pixel(out, place(x, line->x[at]));
        mos_text_add(out, ",");
        add_pixel(out, place(y, line->y[at]));
        pen = true;
    }
    mos_text_add(out, "\"/>");
}

/* Few points show as dots whose tooltip gives the numbers. */
static void draw_dots(const mos_chart_line *line, int number, const axis *x, const axis *y,
                      mos_text *out) {
    if (line->count > 120) return;
    for (int64_t i = 0; i < line->count; i++) {
        char a[32], b[32];
        if (!is_point(line, i)) continue;
        mos_text_add(out, "<circle class=\"dot s%d\" r=\"2.5\" cx=\"", number);
        add_pixel(out, place(x, line->x[i]));
        mos_text_add(out, "\" cy=\"");
        add_pixel(out, place(y, line->y[i]));
        mos_text_add(out, "\"><title>");
        mos_html_add(out, line->name);
        mos_text_add(out, ": %s at %s</title></circle>",
                     mos_format_double(b, sizeof b, line->y[i], 5),
                     mos_format_double(a, sizeof a, line->x[i], 8));
    }
}

static void draw_legend(const mos_chart *chart, mos_text *out) {
    mos_text_add(out, "<p class=\"legend\">");
    for (int l = 0; l < chart->lines; l++) {
        mos_text_add(out, "<span class=\"key k%d\"></span>", l);
        mos_html_add(out, chart->line[l].name);
        mos_text_add(out, " ");
    }
    mos_text_add(out, "</p>");
}

void mos_chart_write(const mos_chart *chart, mos_text *out) {
    axis x, y;
    if (!find_ranges(chart, &x, &y)) return;
    mos_text_add(out, "<figure><figcaption>");
    mos_html_add(out, chart->title);
    mos_text_add(out, "</figcaption><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH,
                 HEIGHT);
    mos_html_add(out, chart->title);
    mos_text_add(out, "\">");
    draw_ticks(&x, draw_x_tick, out);
    draw_ticks(&y, draw_y_tick, out);
    for (int l = 0; l < chart->lines; l++) {
        draw_line(&chart->line[l], l, &x, &y, out);
        draw_dots(&chart->line[l], l, &x, &y, out);
    }
    mos_text_add(out, "<text class=\"tick\" text-anchor=\"end\" x=\"%d\" y=\"%d\">", WIDTH - RIGHT,
                 HEIGHT - 6);
    mos_html_add(out, chart->x_name);
    mos_text_add(out, "</text></svg>");
    draw_legend(chart, out);
    mos_text_add(out, "</figure>\n");
}

void mos_bar_write(double value, double mark, mos_text *out) {
    if (!isfinite(value)) {
        mos_text_add(out, "<span class=\"none\">–</span>");
        return;
    }
    mos_text_add(
        out,
        "<span class=\"meter\"><svg class=\"bar\" viewBox=\"0 0 100 10\" "
        "preserveAspectRatio=\"none\" "
        "aria-hidden=\"true\"><rect "
        "class=\"back\" width=\"100\" height=\"10\"/><rect class=\"fill\" height=\"10\" width=\"");
    add_pixel(out, 100 * fmin(fmax(value, 0), 1));
    mos_text_add(out, "\"/>");
    if (isfinite(mark)) {
        mos_text_add(out, "<rect class=\"mark\" width=\"1.2\" height=\"10\" x=\"");
        add_pixel(out, 100 * fmin(fmax(mark, 0), 1) - 0.6);
        mos_text_add(out, "\"/>");
    }
    mos_text_add(out, "</svg><span class=\"number\">%.3f</span></span>", value);
}

void mos_interval_write(double low, double value, double high, double reach, mos_text *out) {
    if (!isfinite(low) || !isfinite(value) || !isfinite(high) || !(reach > 0)) {
        mos_text_add(out, "<span class=\"none\">–</span>");
        return;
    }
    const axis x = {-reach, reach, 2, 98};
    mos_text_add(out, "<svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" "
                      "aria-hidden=\"true\"><rect class=\"back\" x=\"49.2\" width=\"1.6\" "
                      "height=\"10\"/><path class=\"line s0\" d=\"M");
    add_pixel(out, place(&x, fmax(low, -reach)));
    mos_text_add(out, ",5L");
    add_pixel(out, place(&x, fmin(high, reach)));
    mos_text_add(out, ",5\"/><rect class=\"mark\" y=\"1\" width=\"2\" height=\"8\" x=\"");
    add_pixel(out, place(&x, fmin(fmax(value, -reach), reach)) - 1);
    mos_text_add(out, "\"/></svg>");
}
