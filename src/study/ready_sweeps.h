/* The sweeps that come with the program, as the text a sweep file would have. */
#ifndef MOS_STUDY_READY_SWEEPS_H
#define MOS_STUDY_READY_SWEEPS_H

typedef struct mos_ready_sweep {
    const char *name, *summary, *text;
} mos_ready_sweep;
extern const mos_ready_sweep mos_ready_sweeps[]; /* until the first NULL name */

/* NULL when there is none of this name. */
const mos_ready_sweep *mos_ready_sweep_find(const char *name);

#endif
