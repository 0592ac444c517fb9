/* A sweep expanded: every run with its name, its resolved configuration and that one's hash. */
#ifndef MOS_STUDY_SWEEP_PLAN_H
#define MOS_STUDY_SWEEP_PLAN_H

#include "study/sweep_spec.h"

/* One variant at one point of the grid: what a row of the tables is about. */
typedef struct mos_sweep_setting {
    int variant; /* -1: there are no variants */
    int point[MOS_SWEEP_AXES];
    char label[256]; /* "mosaic-1 tau_ntx=0.5" */
} mos_sweep_setting;

#define MOS_SWEEP_START_LINE "# starts from the encoders of "

typedef struct mos_sweep_run {
    int64_t setting;
    int fraction, seed; /* indices; -1: the base's own */
    double labeled;     /* data.labeled.fraction */
    int64_t number;     /* train.seed */
    char name[160];     /* of its folder and files: letters, digits, dot, dash, underscore */
    char *config;       /* the resolved file's text, after a MOS_SWEEP_START_LINE where it has a
                           start; owned */
    char hash[65];      /* of all keys that can change results, and of its start's */
    int64_t twin;       /* an earlier run with the same hash, whose results are this one's; -1 */
    int64_t start;      /* the run whose encoders it starts from, or -1 */
    bool has_data;      /* its configuration names a data set */
} mos_sweep_run;

typedef struct mos_sweep_plan {
    mos_sweep_spec spec;
    mos_sweep_setting *setting;
    int64_t settings;
    mos_sweep_run *run; /* settings x fractions x seeds, in this order */
    int64_t runs;
    int64_t unique;    /* runs without a twin */
    int64_t reference; /* setting others are compared with where no variant is meant, or -1 */
    char reference_variant[MOS_SWEEP_NAME]; /* compare at the same grid point; "": see reference */
} mos_sweep_plan;

/* `out`: the sweep's folder, where the procedural data set will lie. Every configuration is
 * resolved and checked, so that nothing starts when one of them is wrong. */
mosaic_status mos_sweep_plan_make(const char *source, const mos_sweep_choices *choices,
                                  const char *out_folder, mos_sweep_plan **out);
void mos_sweep_plan_destroy(mos_sweep_plan **plan);

/* The setting that `setting` is compared with; -1: itself is one. */
int64_t mos_sweep_plan_reference(const mos_sweep_plan *plan, int64_t setting);
/* The variant, where there are several, and the axes but `without` (-1: all); an axis of methods
 * needs no title. */
void mos_sweep_plan_label(const mos_sweep_plan *plan, const mos_sweep_setting *setting, int without,
                          mos_text *out);
/* Value of a grid axis at a setting, as text. */
void mos_sweep_plan_value(const mos_sweep_plan *plan, const mos_sweep_setting *setting, int axis,
                          mos_text *out);

#endif
