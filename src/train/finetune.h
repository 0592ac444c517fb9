/* `probe --kind finetune`: the whole network from a trained model, with a new head. */
#ifndef MOS_TRAIN_FINETUNE_H
#define MOS_TRAIN_FINETUNE_H

#include "evaluate/evaluate.h"

typedef struct mos_finetune_options {
    mos_session_options session; /* set: over the model's configuration, then what is below */
    const char *run;             /* the run directory that is made */
    bool resume, overwrite;
    mos_split split; /* scored at the end, as mos_evaluate does */
    int64_t limit, pictures;
    const mos_text_list *modalities; /* names; NULL or empty: all of the model */
    double fraction;                 /* share of labelled training patches; < 0: the model's */
    uint64_t seed;                   /* of the labelled fraction, where it is chosen here, and of
                                        training */
    int64_t epochs, batch;           /* batch 0: as the model was trained */
    double lr, encoder_lr;           /* 0: by the batch; a tenth of lr */
    int64_t freeze_stages;
    bool freeze_norms;
    int64_t max_steps; /* 0: all; a smaller number marks the run as reduced */
} mos_finetune_options;

/* An ordinary run of method `supervised` on the labelled patches, from the encoders and band
 * statistics of the model; then the split's scores in its eval/. Stops and resumes as mos_train_run
 * does. */
mosaic_status mos_finetune(const mos_finetune_options *options, mos_evaluate_summary *out);

#endif
