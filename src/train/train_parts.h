/* The parts of a run in flight. A function takes the parts it touches; what needs all of them takes
 * the whole (train_state.h). Internal to the room. */
#ifndef MOS_TRAIN_TRAIN_PARTS_H
#define MOS_TRAIN_TRAIN_PARTS_H

#include "artifact/model_file.h"
#include "base/log.h"
#include "config/config_struct.h"
#include "train/norm_ranks.h"
#include "train/run_directory.h"
#include "train/run_log.h"
#include "train/schedule.h"
#include "train/step_ranks.h"
#include "train/trainer.h"

/* ---- job: what was asked for ---- */

typedef struct mos_train_job {
    const mos_train_options *options;
    mos_config *config;
    mos_objective_options objective; /* its pos_weight comes with the data */
    unsigned needs;                  /* MOS_NEEDS_* of the terms that are on */
    char staged[4096];               /* the copy that is read in place of data.root; empty: none */
    mos_view_plan views;
} mos_train_job;

/* ---- run: the folder, and what is written there ---- */

typedef struct mos_train_run_files {
    mos_run_directory directory; /* path empty: there is none, and nothing is written */
    mos_run_log log;
    bool log_open;
    FILE *text_log;
    mos_metric_row row;
    mos_text_list notices; /* said at the start, kept for provenance.json */
    int64_t resumed_from;  /* step of the checkpoint, 0: a new run */
    char *init_from;       /* file the weights came from; NULL: none. Travels in checkpoints */
    char init_sha256[65];
    bool reduced;
} mos_train_run_files;

/* ---- data: patches, labels, batches ---- */

typedef struct mos_train_data {
    mos_dataset *set;
    char fingerprint[65];
    int64_t classes;
    int64_t *train_rows, train_count, dropped_rows; /* dropped: no modality in use */
    int64_t *valid_rows, valid_count;
    int64_t *probe_rows, probe_count; /* labelled training rows, all of them */
    int64_t labeled_count;            /* training rows with at least one known label */
    uint8_t *keep;                    /* [data set] labels of these rows count as known */
    int8_t *labels;                   /* [data set, classes] or NULL: the data set's own */
    bool use_macro_ap;                /* the score is macro AP; else minus the mean loss */
    double *pos_weight;
    mos_loader_options loader_options;
    mos_loader *loader;
    int64_t batches;                /* per epoch */
    mos_repairs validation_repairs; /* of the last validation */
} mos_train_data;

/* ---- learner: the model and what changes it ---- */

typedef struct mos_train_learner {
    mos_device *device;
    mos_model *model, *eval_model; /* the second one has a plan of its own, for validation */
    mos_comm *comm; /* shares the rows that eval_model runs over; NULL: this process does all */
    mos_model_card *card;
    mos_objective *objective;
    mos_schedule schedule;
    int64_t msc_warmup;
    mos_step step;
    float *rows_z, *rows_pair; /* [batch, latent] for the health check */
} mos_train_learner;

/* ---- position: how far the run is ---- */

/* Sums over the steps of an interval or an epoch. Checkpoints keep them, so that a resumed run writes
 * the lines that an uninterrupted one would have written. New ones come last, because their order is
 * that of the file. */
enum {
    MOS_SUM_STEPS,
    MOS_SUM_LOSS,
    MOS_SUM_TERM,
    MOS_SUM_FLOOR = MOS_SUM_TERM + MOS_TERM_COUNT,
    MOS_SUM_GRADIENT,
    MOS_SUM_ANCHORS,
    MOS_SUM_LONELY,
    MOS_SUM_KNOWN,
    MOS_SUM_INVALID,
    MOS_SUM_SKIPPED,
    MOS_SUM_POSITIVES,
    MOS_SUM_QUEUED,
    MOS_SUM_NOT_FINITE,
    MOS_SUM_ABSENT,
    MOS_SUM_UNREADABLE,
    MOS_SUM_CONSTANT,
    MOS_SUM_CONSTANT_SKIPPED,
    MOS_SUM_COUNT
};

/* Everything that steps change besides weights and moments. */
typedef struct mos_train_position {
    int64_t step, epoch, batch;    /* done so far; batch: within the epoch */
    int64_t best_step, best_epoch; /* 0: none yet */
    int64_t stale;                 /* validations since the best */
    int64_t collapsed_in_a_row;
    int64_t finished; /* all epochs done, or stopped early */
    int64_t stopped_early;
    double best_score, last_score;
    double interval[MOS_SUM_COUNT], whole[MOS_SUM_COUNT]; /* since the last line; this epoch */
    double run[MOS_SUM_COUNT];                            /* all steps */
} mos_train_position;

/* ---- clock: what this process did, and how fast ---- */

typedef struct mos_train_clock {
    bool begun, feeding;  /* files of the beginning are written; the loader is in the epoch */
    mos_step_result last; /* of the latest step */
    int64_t steps_here, samples_here, heap_calls;
    int64_t started_ns;
    int64_t wait_before_ns, lap_ns, lap_samples; /* since the last line of the log */
    mos_progress progress;
} mos_train_clock;

/* ---- ranks: what they share in every step ---- */

typedef struct mos_train_ranks {
    mos_shared_step step;
    mos_norm_ranks norms;
    size_t block;               /* bytes of a rank: its repairs, presence, labels */
    unsigned char *mine, *all;  /* [block], [ranks, block] */
    int8_t *labels;             /* [batch, classes] */
    float *targets;             /* [batch, classes] of mixed patches; NULL: none is mixed */
    uint8_t *present;           /* [modalities, batch] */
    int64_t steps_ns, calls_ns; /* of the steps since the last line; in calls to other ranks */
} mos_train_ranks;

#endif
