#include "grad_check.h"

#include "base/memory.h"
#include "base/rng.h"
#include "op_support.h"

#include <math.h>
#include <string.h>

enum { DIRECTIONS = 3, TRIES = 12 };

/* h: truncation after extrapolation is of order h^4 = 1e-14, rounding of order 1e-16 / h = 3e-13.
 * kink: smooth problems differ between h and h/2 by about h^2 = 1e-7 times a third derivative. */
static const double h = 3e-4, kink = 1e-4;

int64_t grad_inputs(const grad_problem *problem) {
    int64_t count = 0;
    for (int i = 0; i < problem->part_count; i++)
        count += problem->parts[i].count;
    return count;
}

typedef struct workspace {
    double *direction, *moved, *gradient; /* [inputs] */
    double *out, *dout;                   /* [outputs] */
    int64_t inputs;
} workspace;

static double projection(const grad_problem *problem, const double *point, double t,
                         const workspace *work) {
    double sum = 0;
    for (int64_t i = 0; i < work->inputs; i++)
        work->moved[i] = point[i] + t * work->direction[i];
    problem->forward(problem->context, work->moved, work->out);
    for (int64_t i = 0; i < problem->outputs; i++)
        sum += work->dout[i] * work->out[i];
    return sum;
}

static double central(const grad_problem *problem, const double *point, double step,
                      const workspace *work) {
    return (projection(problem, point, step, work) - projection(problem, point, -step, work)) /
           (2 * step);
}

/* One direction within one part; returns the relative error and whether it met a kink. */
static double one_direction(const grad_problem *problem, const double *point, int64_t offset,
                            int64_t count, mos_rng *rng, const workspace *work, bool *met_kink) {
    double analytic = 0, length = 0;
    memset(work->direction, 0, (size_t)work->inputs * sizeof *work->direction);
    for (int64_t i = offset; i < offset + count; i++)
        work->direction[i] = mos_rng_normal(rng);
    for (int64_t i = 0; i < problem->outputs; i++)
        work->dout[i] = mos_rng_normal(rng);
    problem->backward(problem->context, point, work->dout, work->gradient);
    for (int64_t i = offset; i < offset + count; i++) {
        analytic += work->gradient[i] * work->direction[i];
        length += work->gradient[i] * work->gradient[i];
    }
    const double coarse = central(problem, point, h, work);
    const double fine = central(problem, point, h / 2, work);
    const double numeric = (4 * fine - coarse) / 3;
    double scale = fmax(fmax(fabs(analytic), fabs(numeric)), sqrt(length));
    scale = fmax(scale, 1e-6); /* a gradient that is zero everywhere */
    *met_kink = fabs(fine - coarse) > kink * scale;
    return fabs(numeric - analytic) / scale;
}

/* True when the part is done with; the report then holds its worst error. */
static bool check_part(const grad_problem *problem, const double *point, int64_t offset, int part,
                       double tolerance, mos_rng *rng, const workspace *work, grad_report *report) {
    int conclusive = 0;
    for (int tries = 0; tries < TRIES && conclusive < DIRECTIONS; tries++) {
        bool met_kink = false;
        const double error =
            one_direction(problem, point, offset, problem->parts[part].count, rng, work, &met_kink);
        if (met_kink) {
            report->kinks++;
            continue;
        }
        conclusive++;
        if (!(error <= tolerance)) {
            report->verdict = GRAD_WRONG;
            report->error = error;
            report->part = problem->parts[part].name;
            return false;
        }
        report->error = fmax(report->error, error);
    }
    if (conclusive == DIRECTIONS) return true;
    report->verdict = GRAD_INCONCLUSIVE;
    report->part = problem->parts[part].name;
    return false;
}

grad_report grad_check(const grad_problem *problem, const double *point, double tolerance,
                       uint64_t seed) {
    grad_report report = {.verdict = GRAD_RIGHT};
    mos_rng rng = mos_rng_at(seed, MOS_RNG_TEST, 1, 0, 0);
    workspace work = {.inputs = grad_inputs(problem)};
    work.direction = support_host(work.inputs, sizeof(double));
    work.moved = support_host(work.inputs, sizeof(double));
    work.gradient = support_host(work.inputs, sizeof(double));
    work.out = support_host(problem->outputs, sizeof(double));
    work.dout = support_host(problem->outputs, sizeof(double));
    int64_t offset = 0;
    for (int part = 0; part < problem->part_count; part++) {
        if (!check_part(problem, point, offset, part, tolerance, &rng, &work, &report)) break;
        offset += problem->parts[part].count;
    }
    mos_free(work.direction);
    mos_free(work.moved);
    mos_free(work.gradient);
    mos_free(work.out);
    mos_free(work.dout);
    return report;
}
