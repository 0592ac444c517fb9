/* One run: configuration to trained model in a run directory, resumable bit for bit. */
#ifndef MOS_TRAIN_TRAINER_H
#define MOS_TRAIN_TRAINER_H

#include "base/options.h"
#include "dist/comm.h"

typedef struct mos_train_options {
    const char *config;       /* YAML file */
    const char *config_text;  /* its text, in place of a file; config names it then */
    const char *out;          /* run directory: new or empty unless resume or overwrite */
    const mos_text_list *set; /* "key=value" */
    bool resume, overwrite, fail_on_collapse;
    const char *init_from, *init_pattern;
    const mos_text_list *init_bands; /* of foreign stems, "s2=B04,B03,B02"; may be NULL */
    const char *device;              /* "auto" */
    int threads;
    int64_t max_steps; /* 0: all; a smaller number marks the run as reduced */
    bool save_initial; /* also model/initial.safetensors, before the first step */
    const char
        *stage; /* folder of the machine's own disk where the data set is copied to; NULL: none */
    mos_comm *comm; /* train together with other processes; NULL: alone */
    mos_text *plan; /* not NULL: a dry run, which adds the plan here and does no step */
} mos_train_options;

typedef struct mos_train_summary {
    int64_t epochs, steps, best_epoch;
    double best_score;  /* of the configured validation measure */
    bool score_is_loss; /* best_score is minus the mean training loss of an epoch */
    char model[4096];   /* path of model.safetensors */
    double seconds, samples_per_second;
    bool reduced, stopped_early;
} mos_train_summary;

/* Collective, with options.comm: every rank asks for the same run. Rank 0 alone reads and writes the run
 * directory and makes the model's files; the other ranks get only what they know of the summary.
 * MOSAIC_INTERRUPTED when it was asked to stop (base/stop.h): a checkpoint was written. */
mosaic_status mos_train_run(const mos_train_options *options, mos_train_summary *out);

#endif
