/* What a model says of the rows of a data set. */
#ifndef MOS_DEPLOY_ANSWERS_H
#define MOS_DEPLOY_ANSWERS_H

#include "evaluate/session.h"

typedef struct mos_answers {
    int64_t count, classes;
    int64_t *samples;   /* [count] rows of the data set, as they were asked for */
    uint8_t *known;     /* [count] 0: thrown out by a policy, or nothing to look at */
    float *probability; /* [count, classes], 0 where not known */
} mos_answers;

typedef struct mos_answers_options {
    const char *journal; /* file that a stopped run goes on from; NULL: none */
    const char *key;     /* 64 hex digits: what the answers depend on */
    bool anew;           /* throw away what the journal holds */
    /* The first `done` rows of `out` are final: told once before anything is computed, then again
     * and again. NULL: nobody listens. What it returns ends the run unless it is MOSAIC_OK. */
    mosaic_status (*answered)(void *context, int64_t done);
    void *context;
} mos_answers_options;

/* Every some hundred rows the journal has what is known by then. A signal to stop
 * ends with MOSAIC_INTERRUPTED where there is a journal. `out` is the caller's to release, after a
 * failure too: somebody else may still look at it. */
mosaic_status mos_answers_run(mos_session *session, const int64_t *index, int64_t count,
                              const mos_answers_options *options, mos_answers *out);
void mos_answers_release(mos_answers *answers);
/* Mean over the classes of the entropy of a yes or no, in bits: 0 certain, 1 as good as a coin. */
double mos_answer_entropy(const float *probability, int64_t classes);
/* The threshold of a class: tuned on validation, or 0.5. */
double mos_answer_threshold(const mos_model_card *card, int64_t class_index);

#endif
