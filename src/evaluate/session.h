/* A session: a trained model together with the data it was trained on, or with other data.
 * Evaluation, probing and prediction start from it. */
#ifndef MOS_EVALUATE_SESSION_H
#define MOS_EVALUATE_SESSION_H

#include "artifact/model_file.h"
#include "base/options.h"
#include "config/config.h"
#include "data/dataset.h"
#include "dist/comm.h"

typedef struct mos_session_options {
    const char *model;        /* file, run directory or its model folder */
    const mos_text_list *set; /* "data.root=/elsewhere" over the configuration in the model file */
    const char *device;
    int threads;
    mos_precision_choice precision; /* AUTO: that of the model's thresholds */
    mos_comm *comm; /* ranks that each open the same and share its rows; NULL: this process alone */
    bool predicts;  /* inference without latents follows: it is planned while the data are opened */
} mos_session_options;

typedef struct mos_session {
    char model_path[4096];
    char run[4096];        /* the run directory, or the folder of the model file */
    char model_sha256[65]; /* of the file, where the options say that it predicts; else empty */
    mos_device *device;
    mos_model *model;
    mos_model_card card;
    mos_config *config;
    mos_dataset *dataset;
    mos_comm *comm; /* the caller's */
    int threads;
} mos_session;

/* The configuration inside the model file, with `set` over it, decides the data set. */
mosaic_status mos_session_open(const mos_session_options *options, mos_session *out);
void mos_session_close(mos_session *session);
/* <run>/eval/<name> */
mosaic_status mos_session_folder(const mos_session *session, const char *name, char *buffer,
                                 size_t size);

#endif
