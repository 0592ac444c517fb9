/* Runs of a comparison that differ in their seeds alone are trainings of one setting. Settings are
 * compared as a sweep compares them: seed by seed, over patches and over seeds. */
#ifndef MOS_STUDY_COMPARISON_SEEDS_H
#define MOS_STUDY_COMPARISON_SEEDS_H

#include "study/comparison.h"
#include "study/sweep_results.h"

typedef struct mos_compared_setting {
    int64_t run;   /* the first that was named */
    int64_t pairs; /* seeds that it and the reference's setting have */
    mos_sweep_difference difference[MOS_SWEEP_METRICS]; /* minus the reference's setting */
} mos_compared_setting;

typedef struct mos_compared_settings {
    mos_compared_setting *setting; /* [count], owned: those of two pairs or more */
    int64_t count;
} mos_compared_settings;

/* threads: without effect on the numbers. */
mosaic_status mos_comparison_settings(const mos_comparison *comparison, int threads,
                                      mos_compared_settings *out);
void mos_comparison_settings_release(mos_compared_settings *settings);
/* What may be claimed of them by macro F1, for the verdict; nothing without settings. */
void mos_comparison_settings_claims(const mos_comparison *comparison,
                                    const mos_compared_settings *settings, mos_text *out);
/* Their differences by every metric. */
void mos_comparison_settings_table(const mos_comparison *comparison,
                                   const mos_compared_settings *settings, mos_text *out);

#endif
