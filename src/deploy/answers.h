/* A model's predictions ("answers") for rows of a data set. */
#ifndef MOS_DEPLOY_ANSWERS_H
#define MOS_DEPLOY_ANSWERS_H

#include "evaluate/session.h"

typedef struct mos_answers {
    int64_t count, classes;
    int64_t *samples; /* [count] rows of the data set, as they were asked for */
    uint8_t *known; /* [count] 0: no prediction; data.policy left the row out, or it has no data */
    float *probability; /* [count, classes], 0 where not known */
} mos_answers;

typedef struct mos_answers_options {
    const char *journal; /* file that a stopped run goes on from */
    const char *key;     /* 64 hex digits: what the answers depend on */
    bool anew;           /* throw away what the journal holds */
    /* The first `done` rows of `out` are final: called once before anything is computed, then
     * whenever more rows are final. NULL: not called. A status other than MOSAIC_OK ends the
     * run. */
    mosaic_status (*answered)(void *context, int64_t done);
    void *context;
} mos_answers_options;

/* Collective, with session->comm: ranks share the rows in rounds (deploy/row_stream.h). Rank 0 alone
 * has the answers and the journal, and only its `answered` is called. A signal to stop ends the call
 * with MOSAIC_INTERRUPTED. The caller releases `out`, after a failure too: another thread may still
 * read it. */
mosaic_status mos_answers_run(mos_session *session, const int64_t *index, int64_t count,
                              const mos_answers_options *options, mos_answers *out);
void mos_answers_release(mos_answers *answers);
/* Mean over the classes of the binary entropy, in bits: 0 certain, 1 a coin toss. */
double mos_answer_entropy(const float *probability, int64_t classes);
/* The threshold of a class: tuned on validation, or 0.5. */
double mos_answer_threshold(const mos_model_card *card, int64_t class_index);

#endif
