#include "score/paired_t.h"

#include <math.h>

/* The continued fraction of the incomplete beta function (Abramowitz & Stegun 26.5.8) by Lentz's
 * method; quick for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x) {
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double value = d;
    for (int m = 1; m < 500; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        for (int k = 0; k < 2; k++) {
            double step = k == 0 ? even : odd;
            d = 1 + step * d;
            c = 1 + step / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            if (fabs(c) < tiny) c = tiny;
            value *= c * d;
        }
        if (fabs(c * d - 1) < 1e-15) break;
    }
    return value;
}

/* Regularised incomplete beta function. */
static double beta_share(double a, double b, double x) {
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double mos_student_p(double t, double freedom) {
    if (isnan(t) || !(freedom > 0)) return NAN;
    if (isinf(t)) return 0;
    return beta_share(freedom / 2, 0.5, freedom / (freedom + t * t));
}

mos_paired_t mos_paired_t_test(const double *d, int64_t n) {
    mos_paired_t out = {.n = n, .mean = NAN, .sd = NAN, .t = NAN, .p = NAN, .effect = NAN};
    double sum = 0, squares = 0;
    if (n < 1) return out;
    for (int64_t i = 0; i < n; i++)
        sum += d[i];
    out.mean = sum / (double)n;
    if (n < 2) return out;
    for (int64_t i = 0; i < n; i++)
        squares += (d[i] - out.mean) * (d[i] - out.mean);
    out.sd = sqrt(squares / (double)(n - 1));
    if (out.sd == 0) {
        out.t = out.mean == 0 ? 0 : copysign(INFINITY, out.mean);
        out.effect = out.t;
    } else {
        out.t = out.mean / (out.sd / sqrt((double)n));
        out.effect = out.mean / out.sd;
    }
    out.p = mos_student_p(out.t, (double)(n - 1));
    return out;
}
