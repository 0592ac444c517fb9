/* A procedural data set with planted truth that looks like BigEarthNet V2 on disk. */
#ifndef MOS_PREPARE_SYNTH_SYNTH_H
#define MOS_PREPARE_SYNTH_SYNTH_H

#include "base/options.h"

typedef struct mos_synth_options {
    int64_t patches, size, seed,
        classes;       /* size: side in 10 m pixels, a multiple of 6 (120); classes: 2..19 */
    double similarity; /* 0 classes far apart .. 1 look-alike pairs identical but for their planted
                          cue */
    double noise;      /* scale of all nuisances, 1 */
    double lag_drift;  /* dB a day, sd from site to site: what changes for radar between the
                          acquisitions; 0 */
    double missing_s1, missing_s2; /* share of patches that lack a modality */
    double clouds;                 /* share of patches whose optical image has clouds; 0 */
    int layout;                    /* "lmdb" | "tree" | "scene" */
    int64_t threads;
    bool progress;
} mos_synth_options;
extern const mos_option_table mos_synth_option_table;
/* The same options give the same bytes, whatever the thread count. folder must be new or empty
 * unless overwrite. */
mosaic_status mos_synth_write(const mos_synth_options *options, const char *folder, bool overwrite);

#endif
