#include "study/sweep_floors.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>

const char *const mos_sweep_floor_names[MOS_SWEEP_FLOORS] = {"random", "statistics", "untrained"};

/* The reference, at the first point of the grid where it is a variant: it has the data that the
 * others are compared on, which the first setting (one sensor alone) need not have. */
static int64_t floor_setting(const mos_sweep_plan *plan) {
    if (plan->reference_variant[0] == '\0') return plan->reference < 0 ? 0 : plan->reference;
    for (int64_t s = 0; s < plan->settings; s++) {
        int variant = plan->setting[s].variant;
        if (strcmp(plan->spec.variant[variant].name, plan->reference_variant) == 0) return s;
    }
    return 0;
}

int64_t mos_sweep_floor_run(const mos_sweep_plan *plan, int fraction, int seed) {
    int64_t seeds = plan->spec.seeds > 0 ? plan->spec.seeds : 1;
    int64_t each = plan->runs / plan->settings;
    int64_t run = floor_setting(plan) * each + fraction * seeds + seed;
    return plan->run[run].twin >= 0 ? plan->run[run].twin : run;
}

bool mos_sweep_has_floors(const mos_sweep_plan *plan, int64_t run) {
    const mos_sweep_run *it = &plan->run[run];
    int fraction = it->fraction < 0 ? 0 : it->fraction, seed = it->seed < 0 ? 0 : it->seed;
    return plan->spec.floors && mos_sweep_floor_run(plan, fraction, seed) == run;
}

mosaic_status mos_sweep_floor_folder(const mos_sweep_plan *plan, const char *folder, int64_t run,
                                     int floor, int split, char *path, size_t size) {
    char ending[96];
    (void)snprintf(ending, sizeof ending, "/eval/%s-probe-%s",
                   mos_split_names[plan->spec.evaluate[split]], mos_sweep_floor_names[floor]);
    return mos_sweep_path(folder, "runs", plan->run[run].name, ending, path, size);
}

mosaic_status mos_sweep_floors_done(const mos_sweep_plan *plan, const char *folder, int64_t run,
                                    bool *out) {
    *out = true;
    for (int f = 0; f < MOS_SWEEP_FLOORS; f++)
        for (int s = 0; s < plan->spec.splits; s++) {
            char path[4096], file[4096];
            MOS_TRY(mos_sweep_floor_folder(plan, folder, run, f, s, path, sizeof path));
            MOS_TRY(mos_path_join(file, sizeof file, path, "metrics.json"));
            *out = *out && mos_path_exists(file);
        }
    return MOSAIC_OK;
}
