/* What the runs of a sweep have besides the five scores of its tables: precision, how well their
 * features cluster, and every class. Of the last split, the one that is reported. */
#ifndef MOS_STUDY_SWEEP_DETAILS_H
#define MOS_STUDY_SWEEP_DETAILS_H

#include "study/sweep_results.h"

enum { MOS_SWEEP_DETAILS = 7 };
extern const char *const mos_sweep_detail_names[MOS_SWEEP_DETAILS];  /* "macro_precision" */
extern const char *const mos_sweep_detail_titles[MOS_SWEEP_DETAILS]; /* "macro precision" */

typedef struct mos_sweep_class {
    char name[128];
    int64_t positives;
    double precision, recall, f1, average_precision; /* thresholds as in mos_sweep_scores */
} mos_sweep_class;

typedef struct mos_sweep_detail {
    double value[MOS_SWEEP_DETAILS]; /* NaN: not measured */
    mos_sweep_class *classes;        /* [class_count], owned; none: the run is not complete */
    int64_t class_count;
} mos_sweep_detail;

typedef struct mos_sweep_details {
    const mos_sweep_results *results; /* borrowed */
    mos_sweep_detail *run;            /* [runs], owned */
} mos_sweep_details;

/* Reads the details of all complete runs. Release *out also after a failure. */
mosaic_status mos_sweep_details_read(const mos_sweep_results *results, const char *folder,
                                     mos_sweep_details *out);
void mos_sweep_details_release(mos_sweep_details *details);
/* classes.csv: a line a run and class; details.csv: a line a run. */
mosaic_status mos_sweep_details_write(const mos_sweep_details *details, const char *folder);
/* The page's section; nothing where no run is complete. */
void mos_sweep_details_page(const mos_sweep_details *details, mos_text *out);

#endif
