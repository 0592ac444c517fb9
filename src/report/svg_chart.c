#include "report/svg_chart.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    WIDTH = 480,
    HEIGHT = 230,
    SQUARE_WIDTH = 480, /* of a unit chart */
    SQUARE_HEIGHT = 470,
    LEFT = 52,
    RIGHT = 12,
    TOP = 28,
    BOTTOM = 40,
    MOST_POINTS = 400,
    TICKS = 5,
    MOST_DOTS = 40 /* more of them hide the line */
};

typedef struct axis {
    double low, high;
    double from, to; /* pixels */
} axis;

/* Where a chart's axes lie. */
typedef struct frame {
    axis x, y;
    bool whole; /* every x is a whole number: so are the ticks */
    int width, height;
} frame;

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

static double spread_at(const mos_chart_line *line, int64_t i) {
    return line->spread != NULL && isfinite(line->spread[i]) ? line->spread[i] : 0;
}

/* The range of all points; false when there is nothing to draw. */
static bool find_ranges(const mos_chart *chart, frame *f) {
    int64_t points = 0;
    axis *x = &f->x, *y = &f->y;
    f->width = chart->unit ? SQUARE_WIDTH : WIDTH;
    f->height = chart->unit ? SQUARE_HEIGHT : HEIGHT;
    f->whole = !chart->unit;
    *x = (axis){INFINITY, -INFINITY, LEFT, f->width - RIGHT};
    *y = (axis){INFINITY, -INFINITY, f->height - BOTTOM, TOP};
    for (int l = 0; l < chart->lines; l++)
        for (int64_t i = 0; i < chart->line[l].count; i++) {
            if (!is_point(&chart->line[l], i)) continue;
            double spread = spread_at(&chart->line[l], i);
            x->low = fmin(x->low, chart->line[l].x[i]);
            x->high = fmax(x->high, chart->line[l].x[i]);
            f->whole = f->whole && floor(chart->line[l].x[i]) == chart->line[l].x[i];
            y->low = fmin(y->low, chart->line[l].y[i] - spread);
            y->high = fmax(y->high, chart->line[l].y[i] + spread);
            points++;
        }
    if (chart->unit) {
        x->low = y->low = 0;
        x->high = y->high = 1;
        return points > 0;
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

static void draw_tick(const frame *f, bool x, double at, const char *number, mos_text *out) {
    mos_text_add(out, "<line class=\"grid\" %c1=\"%d\" %c2=\"%d\" %c1=\"", x ? 'y' : 'x',
                 x ? TOP : LEFT, x ? 'y' : 'x', x ? f->height - BOTTOM : f->width - RIGHT,
                 x ? 'x' : 'y');
    add_pixel(out, at);
    mos_text_add(out, "\" %c2=\"", x ? 'x' : 'y');
    add_pixel(out, at);
    if (x)
        mos_text_add(out, "\"/><text class=\"tick\" text-anchor=\"middle\" y=\"%d\" x=\"",
                     f->height - BOTTOM + 16);
    else
        mos_text_add(out, "\"/><text class=\"tick\" text-anchor=\"end\" x=\"%d\" y=\"", LEFT - 6);
    add_pixel(out, x ? at : at + 4);
    mos_text_add(out, "\">%s</text>", number);
}

/* 1, 2 and 5 times the powers of ten in range. */
static void draw_log_ticks(const frame *f, mos_text *out) {
    static const double leads[] = {1, 2, 5};
    for (double power = floor(f->x.low); power <= f->x.high; power++)
        for (int k = 0; k < 3; k++) {
            double at = power + log10(leads[k]);
            char number[32];
            if (at < f->x.low - 1e-9 || at > f->x.high + 1e-9) continue;
            mos_format_double(number, sizeof number, leads[k] * pow(10, power), 3);
            draw_tick(f, true, place(&f->x, at), number, out);
        }
}

static void draw_ticks(const frame *f, bool x, mos_text *out) {
    const axis *a = x ? &f->x : &f->y;
    double step = tick_step(a->high - a->low);
    if (x && f->whole) step = fmax(step, 1);
    for (double value = ceil(a->low / step) * step; value <= a->high + 1e-9 * step; value += step) {
        char number[32];
        mos_format_double(number, sizeof number, fabs(value) < 1e-9 * step ? 0 : value, 4);
        draw_tick(f, x, place(a, value), number, out);
    }
}

/* class="..." and the line's own colour. */
static void add_series(const mos_chart_line *line, int number, const char *class, mos_text *out) {
    mos_text_add(out, " class=\"%s%s%s s%d\" data-s=\"%d\"", class, line->thin ? " thin" : "",
                 line->dashed ? " dashed" : "", number % MOS_CHART_MAX_LINES, number);
    if (line->colour)
        mos_text_add(out, " style=\"%s:%s\"", class[0] == 'd' ? "fill" : "stroke", line->colour);
}

/* A colour of a legend can be as pale as the page or as dark: its line is drawn over a wider one
 * that shows on both. */
static bool needs_case(const mos_chart_line *line) {
    return line->colour != NULL && line->colour[0] == '#';
}

static void add_points(const mos_chart_line *line, const frame *f, mos_text *out) {
    int64_t stride = line->count > MOST_POINTS ? (line->count + MOST_POINTS - 1) / MOST_POINTS : 1;
    bool pen = false;
    for (int64_t i = 0; i < line->count; i += stride) {
        int64_t at =
            i + stride < line->count ? i : line->count - 1; /* the last point is always drawn */
        if (!is_point(line, at)) {
            pen = false;
            continue;
        }
        mos_text_add(out, pen ? "L" : "M");
        add_pixel(out, place(&f->x, line->x[at]));
        mos_text_add(out, ",");
        add_pixel(out, place(&f->y, line->y[at]));
        pen = true;
    }
}

static void add_class(const mos_chart *chart, const mos_chart_line *line, mos_text *out) {
    if (!chart->by_class) return;
    mos_text_add(out, " data-class=\"");
    mos_html_add(out, line->name);
    mos_text_add(out, "\"");
}

static void draw_line(const mos_chart *chart, const mos_chart_line *line, int number,
                      const frame *f, mos_text *out) {
    mos_text points = {0};
    add_points(line, f, &points);
    const char *d = points.data ? points.data : "";
    if (needs_case(line)) {
        mos_text_add(out, "<path class=\"case\" data-s=\"%d\"", number);
        add_class(chart, line, out);
        mos_text_add(out, " d=\"%s\"/>", d);
    }
    mos_text_add(out, "<path");
    add_series(line, number, "line", out);
    add_class(chart, line, out);
    mos_text_add(out, " d=\"%s\"><title>", d);
    if (points.failed) out->failed = true;
    mos_text_release(&points);
    mos_html_add(out, line->name);
    mos_text_add(out, "</title></path>");
}

static void add_whisker_end(const frame *f, double x, double y, const char *pen, mos_text *out) {
    mos_text_add(out, "%s", pen);
    add_pixel(out, x);
    mos_text_add(out, ",");
    add_pixel(out, place(&f->y, y));
}

/* From the value less its spread to the value and its spread, at every point. */
static void draw_whiskers(const mos_chart_line *line, int number, const frame *f, mos_text *out) {
    mos_text points = {0};
    for (int64_t i = 0; i < line->count; i++) {
        double spread = spread_at(line, i), x = place(&f->x, line->x[i]);
        if (!is_point(line, i) || !(spread > 0)) continue;
        add_whisker_end(f, x, line->y[i] - spread, "M", &points);
        add_whisker_end(f, x, line->y[i] + spread, "L", &points);
    }
    if (points.size > 0) {
        mos_text_add(out, "<path");
        add_series(line, number, "whisker", out);
        mos_text_add(out, " d=\"%s\"/>", points.data);
    }
    if (points.failed) out->failed = true;
    mos_text_release(&points);
}

/* Few points show as dots whose tooltip gives the numbers. */
static void draw_dots(const mos_chart_line *line, int number, const frame *f, mos_text *out) {
    if (line->count > MOST_DOTS || line->thin || needs_case(line)) return;
    for (int64_t i = 0; i < line->count; i++) {
        char a[32], b[32];
        if (!is_point(line, i)) continue;
        mos_text_add(out, "<circle");
        add_series(line, number, "dot", out);
        mos_text_add(out, " r=\"2.5\" cx=\"");
        add_pixel(out, place(&f->x, line->x[i]));
        mos_text_add(out, "\" cy=\"");
        add_pixel(out, place(&f->y, line->y[i]));
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
        const mos_chart_line *line = &chart->line[l];
        if (line->unnamed) continue;
        mos_text_add(out, "<span data-s=\"%d\"", l);
        add_class(chart, line, out);
        mos_text_add(out, "><i class=\"key k%d\"", l % MOS_CHART_MAX_LINES);
        if (line->colour) mos_text_add(out, " style=\"background:%s\"", line->colour);
        mos_text_add(out, "></i>");
        mos_html_add(out, line->name);
        mos_text_add(out, "</span> ");
    }
    mos_text_add(out, "</p>");
}

/* What a script needs to turn pixels back into values. */
static void add_axis(const char *name, const axis *a, mos_text *out) {
    mos_text_add(out, " data-%s=\"", name);
    mos_text_add_number(out, a->low);
    mos_text_add(out, " ");
    mos_text_add_number(out, a->high);
    mos_text_add(out, " %.0f %.0f\"", a->from, a->to);
}

void mos_chart_write(const mos_chart *chart, mos_text *out) {
    frame f;
    if (!find_ranges(chart, &f)) return;
    mos_text_add(out, "<figure class=\"chart%s\"><figcaption>", chart->unit ? " unit" : "");
    mos_html_add(out, chart->title);
    if (chart->source) mos_source_add(chart->source, out);
    mos_text_add(out, "</figcaption><svg viewBox=\"0 0 %d %d\"", f.width, f.height);
    add_axis("x", &f.x, out);
    add_axis("y", &f.y, out);
    mos_text_add(out, " role=\"img\" aria-label=\"");
    mos_html_add(out, chart->title);
    mos_text_add(out, "\">");
    if (chart->log_x)
        draw_log_ticks(&f, out);
    else
        draw_ticks(&f, true, out);
    draw_ticks(&f, false, out);
    for (int l = chart->lines - 1; l >= 0; l--) { /* the first, which matters most, on top */
        draw_whiskers(&chart->line[l], l, &f, out);
        draw_line(chart, &chart->line[l], l, &f, out);
        draw_dots(&chart->line[l], l, &f, out);
    }
    mos_text_add(out, "<text class=\"tick\" text-anchor=\"end\" x=\"%d\" y=\"%d\">",
                 f.width - RIGHT, f.height - 6);
    mos_html_add(out, chart->x_name);
    mos_text_add(out, "</text></svg>");
    draw_legend(chart, out);
    mos_text_add(out, "</figure>\n");
}

static void add_rect(const char *class, double from, double to, int y, int height, mos_text *out) {
    mos_text_add(out, "<rect class=\"%s\" y=\"%d\" height=\"%d\" x=\"", class, y, height);
    add_pixel(out, 100 * fmin(fmax(from, 0), 1));
    mos_text_add(out, "\" width=\"");
    add_pixel(out, 100 * fmax(fmin(fmax(to, 0), 1) - fmin(fmax(from, 0), 1), 0));
    mos_text_add(out, "\"/>");
}

void mos_bar_draw(const mos_bar *bar, mos_text *out) {
    if (!isfinite(bar->value)) {
        mos_text_add(out, "<span class=\"none\">–</span>");
        return;
    }
    mos_text_add(out, "<span class=\"meter\"><svg class=\"bar\" viewBox=\"0 0 100 10\" "
                      "preserveAspectRatio=\"none\" aria-hidden=\"true\"");
    if (bar->colour) mos_text_add(out, " style=\"--fill:%s\"", bar->colour);
    mos_text_add(out, ">");
    add_rect("back", 0, 1, 0, 10, out);
    add_rect("fill", 0, bar->value, 0, 10, out);
    if (isfinite(bar->low) && isfinite(bar->high)) add_rect("span", bar->low, bar->high, 4, 2, out);
    /* marks reach over the bar's edges: in a bar of any colour they are seen */
    if (bar->chance > 0) add_rect("chance", bar->chance - 0.008, bar->chance + 0.008, -3, 16, out);
    if (isfinite(bar->mark)) add_rect("mark", bar->mark - 0.008, bar->mark + 0.008, -2, 14, out);
    mos_text_add(out, "</svg>");
    if (!bar->text)
        mos_text_add(out, "<span class=\"number\">%.3f</span>", bar->value);
    else if (bar->text[0]) {
        mos_text_add(out, "<span class=\"number\">");
        mos_html_add(out, bar->text);
        mos_text_add(out, "</span>");
    }
    mos_text_add(out, "</span>");
}

void mos_bar_write(double value, double mark, mos_text *out) {
    mos_bar_draw(&(mos_bar){.value = value, .mark = mark, .low = NAN, .high = NAN}, out);
}

void mos_interval_write(double low, double value, double high, double reach, mos_text *out) {
    if (!isfinite(low) || !isfinite(value) || !isfinite(high) || !(reach > 0)) {
        mos_text_add(out, "<span class=\"none\">–</span>");
        return;
    }
    const axis x = {-reach, reach, 2, 98};
    mos_text_add(out, "<svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" "
                      "aria-hidden=\"true\"><rect class=\"zero\" x=\"49.4\" y=\"-2\" width=\"1.2\" "
                      "height=\"14\"/><path class=\"line reach\" d=\"M");
    add_pixel(out, place(&x, fmax(low, -reach)));
    mos_text_add(out, ",5L");
    add_pixel(out, place(&x, fmin(high, reach)));
    mos_text_add(out, ",5\"/><rect class=\"mark\" y=\"1\" width=\"2\" height=\"8\" x=\"");
    add_pixel(out, place(&x, fmin(fmax(value, -reach), reach)) - 1);
    mos_text_add(out, "\"/></svg>");
}

static void add_axis_numbers(const char *low, const char *middle, const char *high, mos_text *out) {
    mos_text_add(out, "<span class=\"axis\"><span>%s</span><span>%s</span><span>%s</span></span>",
                 low, middle, high);
}

void mos_bar_axis_write(mos_text *out) {
    add_axis_numbers("0", "0.5", "1", out);
}

void mos_interval_axis_write(double reach, mos_text *out) {
    char low[40], high[40], number[32];
    (void)mos_format_double(number, sizeof number, reach, 2);
    (void)snprintf(low, sizeof low, "−%s", number);
    (void)snprintf(high, sizeof high, "+%s", number);
    add_axis_numbers(low, "0", high, out);
}

void mos_source_add(const char *link, mos_text *out) {
    const char *dot = strrchr(link, '.');
    mos_text_add(out, " <a class=\"csv\" href=\"");
    mos_html_add(out, link);
    mos_text_add(out, "\">");
    for (const char *at = dot ? dot + 1 : "file"; *at; at++) {
        const char one[2] = {(char)toupper((unsigned char)*at), 0};
        mos_html_add(out, one);
    }
    mos_text_add(out, "</a>");
}
