/* Is a mean difference more than the spread of repetitions, such as seeds, would make it? */
#ifndef MOS_SCORE_PAIRED_T_H
#define MOS_SCORE_PAIRED_T_H

#include <stdint.h>

typedef struct mos_paired_t {
    int64_t n;
    double mean, sd; /* of the differences; sd with n - 1, NaN for one */
    double t, p;     /* two-sided, n - 1 degrees of freedom; NaN for one */
    double effect;   /* mean / sd (Cohen's d of paired differences); NaN for one */
} mos_paired_t;

/* Student's test of the differences d [n]. Differences that are all the same number have no
 * spread: p is 0, or 1 where the number is 0, and the effect infinite, or 0. */
mos_paired_t mos_paired_t_test(const double *d, int64_t n);
/* Two-sided probability of a t as large with so many degrees of freedom. */
double mos_student_p(double t, double freedom);

#endif
