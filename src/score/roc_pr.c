#include "score/roc_pr.h"

#include "base/memory.h"
#include "score/ranked.h"

#include <math.h>

static double share(int64_t part, int64_t whole) {
    return whole > 0 ? (double)part / (double)whole : NAN;
}

static void add_points(const mos_ranked *rows, int64_t known, mos_score_curve *out) {
    int64_t tp = 0;
    out->points[out->count++] =
        (mos_curve_point){INFINITY, share(0, out->positives), share(0, out->negatives), 1};
    for (int64_t i = 0; i < known; i++) {
        tp += rows[i].label == 1;
        if (i + 1 < known && rows[i + 1].score == rows[i].score) continue;
        out->points[out->count++] =
            (mos_curve_point){(double)rows[i].score, share(tp, out->positives),
                              share(i + 1 - tp, out->negatives), share(tp, i + 1)};
    }
}

static double change(double a, double b) {
    double delta = fabs(a - b);
    return isfinite(delta) ? delta : 0;
}

/* Greedy along the path: a point is kept when the path since the last one kept is long enough. */
static void thin(mos_score_curve *curve, int64_t most) {
    double length = 0;
    mos_curve_point *p = curve->points;
    for (int64_t i = 1; i < curve->count; i++)
        length += change(p[i].recall, p[i - 1].recall) +
                  change(p[i].false_positive_rate, p[i - 1].false_positive_rate) +
                  change(p[i].precision, p[i - 1].precision);
    double spacing = length / (double)(most - 1), since = 0;
    int64_t kept = 1;
    mos_curve_point before = p[0];
    for (int64_t i = 1; i < curve->count; i++) {
        mos_curve_point here = p[i];
        since += change(here.recall, before.recall) +
                 change(here.false_positive_rate, before.false_positive_rate) +
                 change(here.precision, before.precision);
        before = here;
        if (i + 1 == curve->count || (since >= spacing && kept + 1 < most)) {
            p[kept++] = here;
            since = 0;
        }
    }
    curve->count = kept;
}

mosaic_status mos_score_curve_make(const float *score, const int8_t *labels, int64_t n,
                                   int64_t stride, int64_t most, mos_score_curve *out) {
    mos_ranked *rows = NULL;
    int64_t known;
    mosaic_status status = MOSAIC_OK;
    *out = (mos_score_curve){0};
    if (most != 0 && most < 2)
        return mos_fail(MOSAIC_ERR_USAGE, "a curve has at least 2 points, wanted %lld",
                        (long long)most);
    for (int64_t i = 0; i < n; i++)
        if (labels[i * stride] >= 0 && !isfinite(score[i * stride]))
            return mos_fail(MOSAIC_ERR_NUMERIC, "score %lld is not finite", (long long)i);
    MOS_GOTO(mos_rank(score, labels, n, stride, &rows, &known, &out->positives));
    out->negatives = known - out->positives;
    MOS_GOTO(mos_alloc((size_t)(known + 1), sizeof *out->points, "curve points", &out->points));
    add_points(rows, known, out);
    if (most > 0 && out->count > most) thin(out, most);
done:
    mos_free(rows);
    if (status != MOSAIC_OK) mos_score_curve_release(out);
    return status;
}

void mos_score_curve_release(mos_score_curve *curve) {
    mos_free(curve->points);
    *curve = (mos_score_curve){0};
}
