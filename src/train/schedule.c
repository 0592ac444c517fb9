#include "train/schedule.h"

#include <math.h>

int64_t mos_schedule_warmup_steps(double warmup_share, int64_t steps) {
    return (int64_t)ceil(warmup_share * (double)steps);
}

double mos_schedule_ramp(int64_t warmup, int64_t step) {
    return step >= warmup ? 1.0 : (double)(step + 1) / (double)warmup;
}

double mos_schedule_rate(const mos_schedule *schedule, int64_t step) {
    const double pi = 3.14159265358979323846;
    if (step < schedule->warmup) return schedule->peak * mos_schedule_ramp(schedule->warmup, step);
    if (!schedule->cosine) return schedule->peak;
    int64_t span = schedule->steps - 1 - schedule->warmup;
    double t = span > 0 ? (double)(step - schedule->warmup) / (double)span : 1.0;
    double f = schedule->final_ratio;
    return schedule->peak * (f + (1 - f) * 0.5 * (1 + cos(pi * fmin(t, 1.0))));
}
