/* Learning rate and loss-weight warm-up as functions of the step alone, so that a checkpoint need not
 * hold them. */
#ifndef MOS_TRAIN_SCHEDULE_H
#define MOS_TRAIN_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct mos_schedule {
    int64_t steps;  /* of the whole run */
    int64_t warmup; /* steps of linear growth */
    double peak, final_ratio;
    bool cosine; /* else constant after the warm-up */
} mos_schedule;

/* warmup_share of the steps, rounded up. */
int64_t mos_schedule_warmup_steps(double warmup_share, int64_t steps);
/* Rate of step `step` (0 is the first): peak (s + 1) / warmup while s < warmup, then
 * peak (f + (1 - f) (1 + cos(pi t)) / 2) with t from 0 to 1 at the last step. */
double mos_schedule_rate(const mos_schedule *schedule, int64_t step);
/* (s + 1) / warmup, at most 1. */
double mos_schedule_ramp(int64_t warmup, int64_t step);

#endif
