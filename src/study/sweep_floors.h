/* Floors of a sweep: linear probes of features that were never trained, which every method has to
 * beat. They depend on data, labels and the draw of these alone, so they are probed once a labelled
 * fraction and seed, at the run of the reference, and lie among that run's evaluations. */
#ifndef MOS_STUDY_SWEEP_FLOORS_H
#define MOS_STUDY_SWEEP_FLOORS_H

#include "study/sweep_folder.h"

enum { MOS_SWEEP_FLOORS = 3 };
extern const char *const mos_sweep_floor_names[MOS_SWEEP_FLOORS]; /* as `probe --features` */

/* Are the floors of its fraction and seed probed at this run? */
bool mos_sweep_has_floors(const mos_sweep_plan *plan, int64_t run);
/* The run that floors of a fraction and seed (indices, 0 where there is no list) are probed at. */
int64_t mos_sweep_floor_run(const mos_sweep_plan *plan, int fraction, int seed);
/* Where the scores of a floor on the split-th split lie. */
mosaic_status mos_sweep_floor_folder(const mos_sweep_plan *plan, const char *folder, int64_t run,
                                     int floor, int split, char *path, size_t size);
/* All floors of all splits have been probed at this run. */
mosaic_status mos_sweep_floors_done(const mos_sweep_plan *plan, const char *folder, int64_t run,
                                    bool *out);

#endif
