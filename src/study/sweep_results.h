/* What came out of a sweep: scores of every run, mean and spread over seeds, and paired differences
 * from the reference. */
#ifndef MOS_STUDY_SWEEP_RESULTS_H
#define MOS_STUDY_SWEEP_RESULTS_H

#include "report/run_document.h"
#include "score/bootstrap.h"
#include "score/paired_t.h"
#include "study/sweep_floors.h"

enum { MOS_SWEEP_METRICS = MOS_REPORT_INTERVALS };
extern const char *const mos_sweep_metric_names[MOS_SWEEP_METRICS];  /* "macro_f1" */
extern const char *const mos_sweep_metric_titles[MOS_SWEEP_METRICS]; /* "macro F1" */
bool mos_sweep_metric_is_loss(int metric);                           /* less is better */
/* F1 and Hamming loss are at the last thresholds, those tuned on validation where there are any. */
double mos_sweep_score(const mos_report_evaluation *evaluation, int metric);
/* Chance level of these labels, in the order of the metrics. */
void mos_sweep_chance(const mos_report_evaluation *evaluation, double out[MOS_SWEEP_METRICS]);

/* F1 and Hamming loss at the thresholds tuned per class on validation (0.5 where there are none).
 */
typedef struct mos_sweep_scores {
    bool known;
    double metric[MOS_SWEEP_METRICS], chance[MOS_SWEEP_METRICS]; /* chance: NaN for none */
    int64_t samples, averaged; /* classes of the macro means, -1: not told */
    bool reduced, tuned;
    char scorer[32];
} mos_sweep_scores;

/* The mean over seeds of a setting's score minus the reference's, seed by seed on the same samples.
 */
typedef struct mos_sweep_difference {
    mos_interval interval; /* bootstrap over samples */
    double p_holm;       /* interval.p times Holm's factor within one fraction, split and metric */
    mos_paired_t seeds;  /* over seeds: would other trainings agree? */
    double p_seeds_holm; /* seeds.p with Holm's factor of the same family */
    int64_t better;      /* seeds in which the setting is ahead */
} mos_sweep_difference;

typedef struct mos_sweep_cell {                            /* of one split */
    int64_t seeds;                                         /* that have scores */
    double mean[MOS_SWEEP_METRICS], sd[MOS_SWEEP_METRICS]; /* sd: n - 1; NaN for one seed */
    int64_t pairs;                                         /* seeds compared; 0: none */
    mos_sweep_difference difference[MOS_SWEEP_METRICS];
} mos_sweep_cell;

typedef struct mos_sweep_row {  /* a setting at a fraction */
    int64_t setting, reference; /* row of the reference, or -1 */
    int fraction;               /* index; -1: the base's own */
    double labeled;
    int64_t first, runs;                  /* of the plan */
    mos_sweep_cell cell[MOS_SPLIT_COUNT]; /* as spec.evaluate */
} mos_sweep_row;

typedef struct mos_sweep_floor {          /* at a fraction */
    mos_sweep_scores *scores;             /* [seeds][splits] */
    mos_sweep_cell cell[MOS_SPLIT_COUNT]; /* compared with nothing */
} mos_sweep_floor;

typedef struct mos_sweep_results {
    const mos_sweep_plan *plan;
    mos_sweep_record *record; /* [runs] */
    mos_sweep_scores *scores; /* [runs][splits] */
    mos_sweep_row *row;       /* [rows] */
    mos_sweep_floor *floor;   /* [fractions][MOS_SWEEP_FLOORS]; NULL: not asked for */
    int64_t rows, complete, failed;
    int64_t resamples;
    double level;
} mos_sweep_results;

/* A setting "differs" only where both tests say so: the bootstrap over patches and the t-test over
 * seeds. */
bool mos_sweep_differs(const mos_sweep_difference *difference);
/* ": differs, ..." or why it is not claimed, of a difference over `pairs` seeds. */
void mos_sweep_claim(const mos_sweep_difference *difference, int64_t pairs, mos_text *out);

/* Reads the evaluations of all complete runs. threads: without effect on the numbers. */
mosaic_status mos_sweep_results_read(const mos_sweep_plan *plan, const char *folder, int threads,
                                     mos_sweep_results *out);
void mos_sweep_results_release(mos_sweep_results *results);

/* The floor that a row's mean macro AP does not exceed, the highest where several; -1: it is above
 * all that were probed. A method below a floor has failed. */
int mos_sweep_below(const mos_sweep_results *results, const mos_sweep_row *row, int split);
/* A floor of a fraction (index, -1: the base's own). */
const mos_sweep_floor *mos_sweep_floor_at(const mos_sweep_results *results, int fraction,
                                          int floor);
extern const char *const mos_sweep_floor_titles[MOS_SWEEP_FLOORS]; /* "floor: random features" */

/* Where the evaluation of a run (of its twin, where it has one) on the split-th split lies. */
mosaic_status mos_sweep_evaluation_folder(const mos_sweep_plan *plan, const char *folder,
                                          int64_t run, int split, char *path, size_t size);

/* Holm's step-down adjustment of `count` p-values; NaN stays and does not count. */
void mos_holm_adjust(const double *p, int64_t count, double *out);

#endif
