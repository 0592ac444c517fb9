#include "base/thread.h"

#include "base/team.h"

typedef struct loop_job {
    mos_loop_body body;
    void *context;
    int64_t count;
    int threads;
} loop_job;

/* Range p of t: the first count % t ranges hold one more than the others. */
static void run_range(const loop_job *job, int range) {
    int64_t each = job->count / job->threads, longer = job->count % job->threads;
    int64_t begin = each * range + (range < longer ? range : longer);
    int64_t end = begin + each + (range < longer ? 1 : 0);
    if (begin < end) job->body(job->context, begin, end, range);
}

/* Every range runs even if there are fewer threads than ranges (nested, or the system gives no
 * more). */
static void run_ranges(void *context, int thread, int threads, mos_team *team) {
    const loop_job *job = context;
    (void)team;
    for (int range = thread; range < job->threads; range += threads)
        run_range(job, range);
}

void mos_parallel_for(int threads, int64_t count, mos_loop_body body, void *context) {
    if (count <= 0) return;
    loop_job job = {.body = body, .context = context, .count = count, .threads = threads};
    if (job.threads < 1) job.threads = 1;
    if (job.threads > count) job.threads = (int)count;
    if (job.threads == 1)
        run_range(&job, 0);
    else
        mos_team_run(job.threads, run_ranges, &job);
}
