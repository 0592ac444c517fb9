/* Gradient checks by finite differences in double, along random directions.
 *
 * For f: inputs -> outputs and random r, s(t) = r . f(x + t u). The central differences at h and
 * h/2 agree to O(h^2) where s is smooth; where a ReLU or a maximum switches within the step they do
 * not, and the direction says nothing: it is drawn again, and counted. Otherwise the extrapolated
 * difference (4 D(h/2) - D(h)) / 3 is compared with backward(r) . u. */
#ifndef MOS_TESTS_COMPUTE_GRAD_CHECK_H
#define MOS_TESTS_COMPUTE_GRAD_CHECK_H

#include <stdint.h>

enum { GRAD_MAX_PARTS = 6 };

typedef struct grad_part {
    const char *name;
    int64_t count;
} grad_part;

typedef struct grad_problem {
    grad_part parts[GRAD_MAX_PARTS]; /* the inputs lie one after the other; checked one by one */
    int part_count;
    int64_t outputs;
    void (*forward)(void *context, const double *in, double *out);
    /* gradient of dout . f at `in`, written to din */
    void (*backward)(void *context, const double *in, const double *dout, double *din);
    void *context;
} grad_problem;

typedef enum grad_verdict {
    GRAD_RIGHT,
    GRAD_WRONG,
    GRAD_INCONCLUSIVE /* every direction tried met a kink */
} grad_verdict;

typedef struct grad_report {
    grad_verdict verdict;
    double error;     /* the greatest relative error, or that of the wrong part */
    const char *part; /* the part that is wrong or inconclusive, else NULL */
    int kinks;        /* directions drawn again */
} grad_report;

int64_t grad_inputs(const grad_problem *problem);
/* `point`: the inputs at which to differentiate. Error relative to the larger of both derivatives
 * and of what a gradient of this length gives along a random direction. */
grad_report grad_check(const grad_problem *problem, const double *point, double tolerance,
                       uint64_t seed);

#endif
