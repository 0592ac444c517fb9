/* The journal of predictions, written to disk as they are made: a run that was killed goes on after
 * the last complete block. */
#ifndef MOS_DEPLOY_ANSWER_JOURNAL_H
#define MOS_DEPLOY_ANSWER_JOURNAL_H

#include "deploy/answers.h"

#include <stdio.h>

typedef struct mos_answer_journal {
    char path[4096];
    FILE *file;
    int64_t rows; /* whole ones in it */
} mos_answer_journal;

/* Reads the journal into `answers`: its first *done rows are then known. A journal of another key is
 * MOSAIC_ERR_RESUME; with `anew` any journal is thrown away. A block that was cut short is dropped. */
mosaic_status mos_answer_journal_open(const char *path, const char *key, bool anew,
                                      mos_answers *answers, int64_t *done, mos_answer_journal *out);
/* Rows [first, first + count), on disk when it returns. */
mosaic_status mos_answer_journal_add(mos_answer_journal *journal, const mos_answers *answers,
                                     int64_t first, int64_t count);
/* The file stays, unless it holds no answer. Takes an empty one. */
void mos_answer_journal_close(mos_answer_journal *journal);

#endif
