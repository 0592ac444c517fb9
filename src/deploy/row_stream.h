/* A model over rows of a data set, as records of one size: computed in blocks, written to a journal
 * as they come, whatever their number. */
#ifndef MOS_DEPLOY_ROW_STREAM_H
#define MOS_DEPLOY_ROW_STREAM_H

#include "deploy/row_journal.h"
#include "evaluate/inference.h"
#include "evaluate/session.h"

typedef struct mos_row_stream_options {
    const char *doing;   /* "predicting", of the progress */
    const char *journal; /* file that a stopped run goes on from */
    const char *key;     /* 64 hex digits: what the rows depend on, apart from which they are */
    bool anew;           /* throw away what the journal holds */
    bool latents;        /* are wanted */
    size_t bytes;        /* of a record */
    /* Writes the record of a row of results. It holds zeros before, and they stay where a row that
     * was asked for has no result: data.policy left it out, or it has no data. */
    void (*fill)(void *context, const mos_inference *part, int64_t row, void *record);
    /* Records [first, first + count) are final. Called for what the journal holds, once with count
     * 0 before anything is computed, then whenever more are there. A status other than MOSAIC_OK
     * ends the run. */
    mosaic_status (*take)(void *context, int64_t first, int64_t count, const void *records);
    void *context;
} mos_row_stream_options;

/* Collective, with session->comm: ranks share the rows in rounds. Rank 0 alone has the journal, and
 * only its `take` is called. A signal to stop ends the call with MOSAIC_INTERRUPTED. The caller
 * closes the journal, after a failure too. */
mosaic_status mos_row_stream_run(mos_session *session, const int64_t *index, int64_t count,
                                 const mos_row_stream_options *options, mos_row_journal *journal);

#endif
